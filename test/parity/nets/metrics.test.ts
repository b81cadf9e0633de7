/** LPIPS and DINO's structure distance against PyTorch (scripts/fixtures/make_metrics.py): relative error <= 3e-5. */
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { buildStructureDistance, planDino } from '../../../main/engine/nets/dinoVit.ts'
import { buildLpips, lpipsNetOf } from '../../../main/engine/nets/lpips.ts'
import type { Tensor } from '../../../main/engine/tensor/tensor.ts'
import { readTensor } from '../../../main/engine/weights/safetensors.ts'
import { openWeights } from '../../../main/engine/weights/storedWeights.ts'
import { makeWeightIndex } from '../../../main/engine/weights/weightIndex.ts'
import { cleanUp, relativeError, runGraph, upcast } from '../../support/netFixtures.ts'

const folder = path.resolve(import.meta.dirname, '../../fixtures/metrics')
const cases = openWeights(path.join(folder, 'cases.safetensors')).entries
const read = (name: string): Tensor => readTensor(cases.get(name)!)
const TOLERANCE = 3e-5

afterAll(cleanUp)

describe.each(['alex', 'vgg', 'squeeze'] as const)('LPIPS with the features of %s', (name) => {
  const file = path.join(folder, `lpips-${name}.safetensors`)
  const weights = upcast(file)

  test('is recognised by its tensors', () => expect(lpipsNetOf(weights, file)).toBe(name))

  test.each(['even', 'odd'])('case %s equals PyTorch', async (label) => {
    const [a, b] = [read(`lpips-${name}/${label}/a`), read(`lpips-${name}/${label}/b`)]
    const [, , height, width] = a.dims as [number, number, number, number]
    const graph = buildLpips(name, weights, { height, width })
    const { distance } = await runGraph(graph, { a, b })
    expect(relativeError(distance, read(`lpips-${name}/${label}/distance`))).toBeLessThanOrEqual(TOLERANCE)
    expect((await runGraph(graph, { a, b: a })).distance!.data[0]).toBe(0)
    expect((await runGraph(graph, { a: b, b: a })).distance!.data[0]).toBeCloseTo(distance!.data[0]!, 6)
  })
})

describe('structure distance', () => {
  const [a, b] = [read('vit/a'), read('vit/b')]

  test.each(['vit-dino', 'vit-transformers'])('of %s equals PyTorch, fused and unfused', async (name) => {
    const file = path.join(folder, `${name}.safetensors`)
    const weights = upcast(file)
    const plan = planDino(weights, file)
    expect(plan).toMatchObject({ width: 128, layers: 2, heads: 2, patch: 8, side: 32 })
    for (const fused of [true, false]) {
      const { distance } = await runGraph(buildStructureDistance(plan, weights, fused), { a, b })
      // a mean of squared differences of cosines: cancellation costs a digit
      expect(relativeError(distance, read(`${name}/distance`)), `fused ${fused}`).toBeLessThanOrEqual(10 * TOLERANCE)
    }
  })

  test('the names of transformers 5 are known as well', async () => {
    const old = upcast(path.join(folder, 'vit-transformers.safetensors'))
    const rename = (name: string): string =>
      name.replace('encoder.layer.', 'layers.').replace('attention.attention.query', 'attention.q_proj').replace('attention.attention.key', 'attention.k_proj')
        .replace('attention.attention.value', 'attention.v_proj').replace('attention.output.dense', 'attention.o_proj').replace('intermediate.dense', 'mlp.fc1').replace('output.dense', 'mlp.fc2')
    const file = [...old.entries.values()][0]!.file
    const weights = makeWeightIndex([...old.entries.values()].map((entry) => ({ ...entry, name: rename(entry.name) })), [{ file, contentHash: old.contentHash, fingerprint: old.fingerprint }])
    const { distance } = await runGraph(buildStructureDistance(planDino(weights, file), weights), { a, b })
    expect(relativeError(distance, read('vit-transformers/distance'))).toBeLessThanOrEqual(10 * TOLERANCE)
  })
})

test('other files are refused by name', () => {
  const [lpips, vit] = ['lpips-alex', 'vit-dino'].map((name) => path.join(folder, `${name}.safetensors`)) as [string, string]
  expect(() => lpipsNetOf(openWeights(vit), vit)).toThrow(/vit-dino\.safetensors: expected LPIPS weights as the lpips package names them/)
  expect(() => planDino(openWeights(lpips), lpips)).toThrow(/lpips-alex\.safetensors: expected a DINO ViT/)
})
