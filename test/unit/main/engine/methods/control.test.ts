/** The attention methods as the pipeline sees them: rows, windows, folded mappers, and the edit-friendly inversion. */
import { describe, expect, test } from 'vitest'
import { masaCtrl } from '../../../../../main/engine/methods/editing/masaCtrl.ts'
import { plugAndPlay } from '../../../../../main/engine/methods/editing/plugAndPlay.ts'
import { promptToPrompt } from '../../../../../main/engine/methods/editing/promptToPrompt.ts'
import { invertEditFriendly } from '../../../../../main/engine/methods/inversion/editFriendlyDdpm.ts'
import { editCrossAttention } from '../../../../../main/engine/methods/shared/attentionEdits.ts'
import type { MapEdit } from '../../../../../main/engine/methods/shared/attentionEdits.ts'
import { createDdimPath } from '../../../../../main/engine/methods/shared/ddimPath.ts'
import type { EpsilonModel } from '../../../../../main/engine/methods/shared/ddimPath.ts'
import { biasFeeds } from '../../../../../main/engine/methods/shared/drawnBias.ts'
import { layOutRows } from '../../../../../main/engine/methods/shared/editRows.ts'
import { foldMapper } from '../../../../../main/engine/methods/shared/foldedMapper.ts'
import { crossAttentionTable } from '../../../../../main/engine/methods/shared/timeWindows.ts'
import type { AttentionSite } from '../../../../../main/engine/nets/attentionSite.ts'
import { DdimScheduler } from '../../../../../main/engine/schedulers/ddim.ts'
import { TorchGenerator } from '../../../../../main/engine/tensor/random.ts'
import type { Latents, PromptEmbeds } from '../../../../../main/engine/tensor/tensor.ts'

const TOKENS = 5
const site = (index: number, place: 'down' | 'mid' | 'up', block: number, kind: 'attn1' | 'attn2', side: number): AttentionSite => ({
  index, name: `${place}.${block}.${index}.${kind}`, place, block, kind, isCross: kind === 'attn2', heads: 2, height: side, width: side, keys: kind === 'attn2' ? TOKENS : side * side,
})
// down 64 and 16, mid 8, up 16 and 64
const sites = [['down', 0, 64], ['down', 1, 16], ['mid', 0, 8], ['up', 1, 16], ['up', 1, 16], ['up', 2, 64]].flatMap(([place, block, side], i) => [
  site(2 * i, place as 'up', block as number, 'attn1', side as number),
  site(2 * i + 1, place as 'up', block as number, 'attn2', side as number),
])

test('rows: the source needs no unconditional prediction where its way is known', () => {
  expect(layOutRows(true, false)).toEqual({ source: 0, target: 1, targetNegative: 2, sourceNegative: null, count: 3 })
  expect(layOutRows(true, true).count).toBe(4)
  expect(layOutRows(false, true)).toEqual({ source: 0, target: 1, targetNegative: null, sourceNegative: null, count: 2 })
})

describe('the folded mapper', () => {
  const generator = new TorchGenerator(5)
  const maps = (): Float32Array => generator.rand([12, TOKENS]).data
  const edits: MapEdit[] = [
    { kind: 'refine', mapper: { mapper: [0, 2, -1, 3, 4], alphas: [1, 1, 0, 1, 1] } },
    { kind: 'replace', matrix: generator.rand([TOKENS, TOKENS]).data },
    { kind: 'keep' },
  ]
  test.each(edits)('equals the stated arithmetic: $kind', (edit) => {
    for (const window of [[1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [1, 0, 1, 0, 1]]) {
      const steering = { edit, scale: Float32Array.of(1, 2, 0.5, 1, 0), window: Float32Array.from(window) }
      const [source, target] = [maps(), maps()]
      const { mapper, keep } = foldMapper(steering)
      const folded = target.map((own, i) => {
        const [pixel, n] = [Math.floor(i / TOKENS), i % TOKENS]
        let sum = own * keep[n]!
        for (let w = 0; w < TOKENS; w++) sum += source[pixel * TOKENS + w]! * mapper[w * TOKENS + n]!
        return sum
      })
      editCrossAttention(source, target, steering).forEach((value, i) => expect(folded[i]).toBeCloseTo(value, 5))
    }
  })

  test('is the exact identity for equal prompts', () => {
    const { mapper, keep } = foldMapper({ edit: { kind: 'refine', mapper: { mapper: [0, 1, 2, 3, 4], alphas: [1, 1, 1, 1, 1] } }, window: new Float32Array(TOKENS).fill(1) })
    expect([...keep]).toEqual([0, 0, 0, 0, 0])
    expect([...mapper]).toEqual(Array.from({ length: 25 }, (_, i) => (i % 6 === 0 ? 1 : 0)))
  })
})

describe('prompt-to-prompt', () => {
  const rows = layOutRows(true, false)
  const common = { sites, rows, tokens: TOKENS, numSteps: 10, edit: { kind: 'keep' } as const, crossTable: crossAttentionTable(10, 0.4, [], TOKENS) }

  test('replaces self-attention maps of at most 32 x 32 queries, in its window', () => {
    const method = promptToPrompt({ ...common, selfWindow: 0.5 })
    expect(method.control.self).toEqual({ swap: 'queriesAndKeys', sites: [2, 4, 6, 8], pairs: [{ row: 1, source: 0 }] })
    expect([0, 4, 5, 9].map((stepIndex) => method.feedsAt({ stepIndex, sigma: 1 })['self_gate']!.data[0])).toEqual([1, 1, 0, 0])
    expect(promptToPrompt({ ...common, selfWindow: 0.5, selfMaxQueries: 64 }).control.self?.sites).toEqual([4])
  })

  test('compiles in what an edit needs and no more', () => {
    const method = promptToPrompt({ ...common, selfWindow: 0 })
    expect(method.control).toEqual({ cross: { pairs: [{ row: 1, source: 0 }], bias: false } })
    expect(Object.keys(method.feedsAt({ stepIndex: 0, sigma: 1 }))).toEqual(['cross_mapper', 'cross_keep'])
  })

  test('closes the cross window after its share of the steps', () => {
    const method = promptToPrompt({ ...common, edit: { kind: 'refine', mapper: { mapper: [0, 1, 2, 3, 4], alphas: [1, 1, 1, 1, 1] } }, selfWindow: 0 })
    // windows are shares of steps + 1: int(0.4 * 11) = 4 steps
    expect([3, 4].map((stepIndex) => method.feedsAt({ stepIndex, sigma: 1 })['cross_keep']!.data[2])).toEqual([0, 1])
  })
})

test('MasaCtrl: keys and values of the source from step 4 and layer 10 of 16 on, each half its own source', () => {
  const { control, feedsAt } = masaCtrl({ sites, rows: layOutRows(true, true) })
  expect(control.self).toEqual({ swap: 'keysAndValues', sites: [8, 10], pairs: [{ row: 1, source: 0 }, { row: 2, source: 3 }] })
  expect([3, 4].map((stepIndex) => [...feedsAt({ stepIndex, sigma: 1 })['self_gate']!.data])).toEqual([[0, 0], [1, 1]])
  expect(masaCtrl({ sites, rows: layOutRows(true, false) }).control.self?.pairs).toEqual([{ row: 1, source: 0 }, { row: 2, source: 0 }])
})

test('plug-and-play: features of the first decoder block with attention, and all decoder self-attention but the first', () => {
  const { control, feedsAt } = plugAndPlay({ sites, rows: layOutRows(true, false), numSteps: 10 })
  expect(control.features?.resnets).toEqual(['up_blocks.1.resnets.1'])
  expect(control.self?.sites).toEqual([8, 10])
  expect([4, 5, 7, 8].map((stepIndex) => [feedsAt({ stepIndex, sigma: 1 })['self_gate']!.data[0], feedsAt({ stepIndex, sigma: 1 })['feature_gate']!.data[1]])).toEqual([[1, 1], [0, 1], [0, 1], [0, 0]])
})

test('a drawing raises its word by strength log(1 + sigma) where it is painted, and frees those cells', () => {
  const cells = new Map([['2x2', Float32Array.of(1, 0.5, 0, 0)]])
  const feeds = biasFeeds([{ positions: [3], cells }], [[2, 2]], TOKENS, 0.4, Math.E - 1)
  const bias = feeds['cross_bias_2x2']!
  expect(bias.dims).toEqual([1, 4, TOKENS])
  expect([3, 8, 13].map((i) => bias.data[i])).toEqual([0.4, 0.2, 0].map(Math.fround))
  expect([...feeds['cross_free_2x2']!.data]).toEqual([1, 1, 0, 0])
})

test('a drawing of where a word is not to be lowers it, as strongly in the last steps as in the middle, and frees those cells too', () => {
  const words = [{ positions: [3], cells: new Map([['2x2', Float32Array.of(-1, -0.5, 0, 1)]]) }]
  const at = (sigma: number): number[] => [3, 8, 13, 18].map((i) => biasFeeds(words, [[2, 2]], TOKENS, 0.4, sigma)['cross_bias_2x2']!.data[i]!)
  const rounded = (values: readonly number[]): number[] => values.map(Math.fround)
  expect(at(Math.E ** 2 - 1)).toEqual(rounded([-0.8, -0.4, 0, 0.8]))
  expect(at(Math.E - 1)).toEqual(rounded([-0.4, -0.2, 0, 0.4]))
  expect(at(0)).toEqual(rounded([-0.4, -0.2, 0, 0]))
  expect([...biasFeeds(words, [[2, 2]], TOKENS, 0.4, 1)['cross_free_2x2']!.data]).toEqual([1, 1, 0, 1])
})

test('edit-friendly DDPM: sampling with the found noise gives the picture back', async () => {
  const file = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear', clip_sample: false, set_alpha_to_one: false, steps_offset: 1 }
  const path = createDdimPath(file, 20)
  const clean = new TorchGenerator(1).randn([1, 4, 4, 4]) as Latents
  const embeds: PromptEmbeds = { data: new Float32Array(6), dims: [1, 2, 3] }
  const model: EpsilonModel = async (sample, timestep) => ({ data: sample.data.map((x) => Math.tanh(0.7 * x) * (0.4 + (0.6 * timestep) / 1000)), dims: sample.dims })
  const generator = new TorchGenerator(2)
  const { trajectory, noises } = await invertEditFriendly(path, model, clean, embeds, () => generator.randn(clean.dims) as Latents)
  expect(trajectory[0]).toBe(clean)
  expect(noises.at(-1)!.data.every((value) => value === 0)).toBe(true)
  const scheduler = new DdimScheduler(file)
  scheduler.setTimesteps(20, { eta: 1 })
  let sample = trajectory.at(-1)!
  for (const [i, timestep] of scheduler.timesteps.entries()) {
    sample = scheduler.step(await model(sample, timestep, embeds), i, sample, () => noises[i]!).prevSample
    const wanted = trajectory[trajectory.length - 2 - i]!
    // every level comes back; the last step, whose noise is dropped, comes near
    const worst = sample.data.reduce((most, value, k) => Math.max(most, Math.abs(value - wanted.data[k]!)), 0)
    expect(worst, `step ${i + 1}`).toBeLessThan(i < 19 ? 1e-4 : 0.2)
  }
})
