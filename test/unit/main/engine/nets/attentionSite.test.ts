/** One place computes attention: a strategy sees every site once, in order, and may replace what is computed. */
import { afterAll, expect, test } from 'vitest'
import { plainAttention } from '../../../../../main/engine/nets/attentionSite.ts'
import type { AttentionSite } from '../../../../../main/engine/nets/attentionSite.ts'
import { buildUNet2DCondition } from '../../../../../main/engine/nets/unet2dCondition.ts'
import { cleanUp, loadNetFixture, relativeError, runGraph } from '../../../../support/netFixtures.ts'

afterAll(cleanUp)

const fixture = loadNetFixture('unet-sd1')
const one = fixture.cases.find((item) => item.label === '2x9x5')!
const spec = { batch: 2, height: 9, width: 5, tokens: 5, fused: true }

test('a strategy is asked once per site, in execution order, with q, k and v of the site\'s sizes', async () => {
  const seen: AttentionSite[] = []
  const graph = buildUNet2DCondition(fixture.config, fixture.weights, {
    ...spec,
    attentionAt: (call) => {
      seen.push(call.site)
      expect(call.q.dims[1]).toBe(call.site.height * call.site.width)
      expect(call.k.dims[1]).toBe(call.site.keys)
      return plainAttention(call)
    },
  })
  expect(seen.map((site) => site.index)).toEqual(seen.map((_, index) => index))
  expect(seen).toHaveLength(32)
  expect(relativeError((await runGraph(graph, one.inputs)).sample, one.outputs.sample!)).toBeLessThanOrEqual(3e-5)
})

test('swapping keys and values of the batch at one site changes the result', async () => {
  const build = (index: number) =>
    buildUNet2DCondition(fixture.config, fixture.weights, {
      ...spec,
      attentionAt: (call) => {
        if (call.site.index !== index) return plainAttention(call)
        const [first, second] = call.builder.split(call.k, 0, 2)
        return plainAttention({ ...call, k: call.builder.concat([second!, first!], 0) })
      },
    })
  const [plain, swapped] = [await runGraph(build(-1), one.inputs), await runGraph(build(20), one.inputs)]
  expect(relativeError(swapped.sample, plain.sample!)).toBeGreaterThan(1e-4)
})
