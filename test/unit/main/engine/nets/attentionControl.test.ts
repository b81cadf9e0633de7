/** Attention control in the UNet's graph: exact where nothing is asked, the stated arithmetic where something is. */
import { afterAll, describe, expect, test } from 'vitest'
import { compileAttentionControl } from '../../../../../main/engine/nets/attentionControl.ts'
import { crossMapSizes, listAttentionSites } from '../../../../../main/engine/nets/attentionSite.ts'
import type { AttentionControl, AttentionSite } from '../../../../../main/engine/nets/attentionSite.ts'
import { GraphBuilder } from '../../../../../main/engine/graph/builder.ts'
import { buildUNet2DCondition } from '../../../../../main/engine/nets/unet2dCondition.ts'
import { planUNet } from '../../../../../main/engine/nets/unetPlan.ts'
import { TorchGenerator } from '../../../../../main/engine/tensor/random.ts'
import { concatRows, row, tensor } from '../../../../../main/engine/tensor/tensor.ts'
import type { Tensor } from '../../../../../main/engine/tensor/tensor.ts'
import { cleanUp, loadNetFixture, relativeError, runGraph } from '../../../../support/netFixtures.ts'

afterAll(cleanUp)

const TOKENS = 6
const { config, weights } = loadNetFixture('unet-sd1')
const size = { height: 8, width: 12, tokens: TOKENS }
const plan = planUNet(config)
const sites = listAttentionSites(plan, size)
const generator = new TorchGenerator(3)
const samples = generator.randn([2, 4, 8, 12])
const prompts = generator.randn([2, TOKENS, plan.crossAttentionDim])

const eye = tensor(Float32Array.from({ length: TOKENS * TOKENS }, (_, i) => (i % (TOKENS + 1) === 0 ? 1 : 0)), [1, TOKENS, TOKENS])
const filled = (value: number, dims: number[]): Tensor => tensor(new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(value), dims)

async function run(control: AttentionControl | undefined, feeds: Record<string, Tensor>, rows: { sample: Tensor; prompt: Tensor }): Promise<Record<string, Tensor>> {
  const batch = rows.sample.dims[0]!
  const graph = buildUNet2DCondition(config, weights, { batch, ...size, fused: true, ...(control ? { control } : {}) })
  return runGraph(graph, { sample: rows.sample, timestep: filled(501, [batch]), encoder_hidden_states: rows.prompt, ...feeds })
}

const pairs = [{ row: 1, source: 0 }]
const selfSites = sites.filter((site) => !site.isCross).map((site) => site.index)
const everything: AttentionControl = {
  cross: { pairs, bias: false },
  self: { swap: 'queriesAndKeys', sites: selfSites, pairs },
  features: { resnets: ['up_blocks.1.resnets.1'], pairs },
  observe: { rows: [0, 1], sizes: crossMapSizes(sites) },
}
const different = { sample: concatRows([row(samples, 0), row(samples, 0), row(samples, 1)]), prompt: concatRows([row(prompts, 0), row(prompts, 1), row(prompts, 1)]) }
const on = { cross_mapper: eye, cross_keep: filled(0, [1, TOKENS]), self_gate: filled(1, [1]), feature_gate: filled(1, [1]) }
const off = { cross_mapper: filled(0, [1, TOKENS, TOKENS]), cross_keep: filled(1, [1, TOKENS]), self_gate: filled(0, [1]), feature_gate: filled(0, [1]) }

describe('attention control', () => {
  test('leaves every row as it is while all windows are closed', async () => {
    const plain = await run(undefined, {}, different)
    const controlled = await run(everything, off, different)
    expect(relativeError(controlled.sample, plain.sample!)).toBeLessThan(1e-5)
  })

  test('makes equal rows equal to the last bit while all windows are open', async () => {
    const same = { sample: concatRows([row(samples, 0), row(samples, 0), row(samples, 1)]), prompt: concatRows([row(prompts, 0), row(prompts, 0), row(prompts, 1)]) }
    const { sample } = await run(everything, on, same)
    expect(Buffer.from(row(sample!, 1).data.slice().buffer).equals(Buffer.from(row(sample!, 0).data.slice().buffer))).toBe(true)
    const single = await run(undefined, {}, { sample: row(samples, 0), prompt: row(prompts, 0) })
    expect(relativeError(row(sample!, 0), single.sample!)).toBeLessThan(1e-5)
  })

  test('steers the row that follows and no other', async () => {
    const plain = await run(undefined, {}, different)
    const { sample } = await run(everything, on, different)
    expect(relativeError(row(sample!, 1), row(plain.sample!, 1))).toBeGreaterThan(1e-4)
    expect(relativeError(row(sample!, 0), row(plain.sample!, 0))).toBeLessThan(1e-5)
    expect(relativeError(row(sample!, 2), row(plain.sample!, 2))).toBeLessThan(1e-5)
  })

  test('shows maps that are distributions over the tokens, scaled as asked', async () => {
    const keep = tensor(Float32Array.of(1, 1, 3, 1, 1, 1), [1, TOKENS])
    const observe: AttentionControl = { cross: { pairs, bias: false }, observe: { rows: [0, 1], sizes: crossMapSizes(sites) } }
    const plain = await run(observe, { cross_mapper: filled(0, [1, TOKENS, TOKENS]), cross_keep: filled(1, [1, TOKENS]) }, different)
    const scaled = await run(observe, { cross_mapper: filled(0, [1, TOKENS, TOKENS]), cross_keep: keep }, different)
    expect(Object.keys(plain).filter((name) => name.startsWith('cross_maps'))).toEqual(crossMapSizes(sites).map(([h, w]) => `cross_maps_${h}x${w}`))
    const maps = plain.cross_maps_8x12!
    expect(maps.dims).toEqual([2, 96, TOKENS])
    for (let pixel = 0; pixel < 2 * 96; pixel++) {
      expect(maps.data.subarray(pixel * TOKENS, (pixel + 1) * TOKENS).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5)
    }
    // the first site already sees other features behind it, so only the coarse relation is exact there
    const sum = (source: Tensor): number => row(source, 1).data.reduce((total, value) => total + value, 0)
    expect(sum(scaled.cross_maps_8x12!)).toBeGreaterThan(sum(maps))
  })

  test('a drawn bias moves attention to its word inside the paint only', async () => {
    const control: AttentionControl = { cross: { pairs, bias: true }, observe: { rows: [1], sizes: [[8, 12]] } }
    const painted = (pixel: number): boolean => pixel % 12 < 6
    const bias = (strength: number): Record<string, Tensor> =>
      Object.fromEntries(
        crossMapSizes(sites).flatMap(([height, width]) => {
          const left = (pixel: number): boolean => (pixel % width) * 2 < width
          return [
            [`cross_bias_${height}x${width}`, tensor(Float32Array.from({ length: height * width * TOKENS }, (_, i) => (i % TOKENS === 2 && left(Math.floor(i / TOKENS)) ? strength : 0)), [1, height * width, TOKENS])],
            [`cross_free_${height}x${width}`, tensor(Float32Array.from({ length: height * width }, (_, pixel) => (left(pixel) ? 1 : 0)), [1, height * width])],
          ]
        }),
      )
    const mass = async (strength: number): Promise<[inside: number, outside: number]> => {
      const { cross_maps_8x12: maps } = await run(control, { ...on, ...bias(strength) }, different)
      const totals: [number, number] = [0, 0]
      for (let pixel = 0; pixel < 96; pixel++) totals[painted(pixel) ? 0 : 1] += maps!.data[pixel * TOKENS + 2]! / 48
      return totals
    }
    const [before, after] = [await mass(0), await mass(3)]
    expect(after[0]).toBeGreaterThan(before[0] * 1.5)
    expect(Math.abs(after[1] - before[1]) / before[1]).toBeLessThan(0.05)
  })

  test('refuses rows that do not exist, double masters and chains', () => {
    const compile = (control: AttentionControl) => () => compileAttentionControl(new GraphBuilder('test', null), control, { sites, batch: 3, tokens: TOKENS })
    expect(compile({ cross: { pairs: [{ row: 3, source: 0 }], bias: false } })).toThrow(/row 3 cannot follow row 0 in a batch of 3/)
    expect(compile({ cross: { pairs: [{ row: 1, source: 0 }, { row: 1, source: 2 }], bias: false } })).toThrow(/follows two others/)
    expect(compile({ cross: { pairs: [{ row: 1, source: 0 }, { row: 2, source: 1 }], bias: false } })).toThrow(/edited itself/)
    expect(compile({ self: { swap: 'keysAndValues', sites: [1], pairs } })).toThrow(/no self-attention/)
  })
})

test('sizes of cross-attention maps are listed once, finest first', () => {
  const sizes = crossMapSizes(sites)
  expect(sizes[0]).toEqual([8, 12])
  expect(new Set(sizes.map(String)).size).toBe(sizes.length)
  expect(sites.filter((site: AttentionSite) => site.isCross).every((site) => sizes.some(([h, w]) => h === site.height && w === site.width))).toBe(true)
})
