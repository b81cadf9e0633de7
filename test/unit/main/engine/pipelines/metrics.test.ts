/** Likeness of pictures: closed forms, symmetry, masks; and maps per word. */
import { expect, test } from 'vitest'
import { mapsOutput } from '../../../../../main/engine/nets/attentionSite.ts'
import { meanSquaredError, peakSignalToNoise, ssim } from '../../../../../main/engine/pipelines/metrics.ts'
import { combinedWordMap, heatOverlay, resizeMap, spreadOf, wordMap } from '../../../../../main/engine/pipelines/wordMaps.ts'
import { TorchGenerator } from '../../../../../main/engine/tensor/random.ts'
import type { Pixels, Tensor } from '../../../../../main/engine/tensor/tensor.ts'

const SIDE = 24
const noise = (seed: number): Pixels => ({ data: new TorchGenerator(seed).rand([3 * SIDE * SIDE]).data.map((value) => value * 2 - 1), dims: [1, 3, SIDE, SIDE] })
const shifted = (pixels: Pixels, by: number): Pixels => ({ data: pixels.data.map((value) => value * 0.5 + by), dims: pixels.dims })

test('a constant difference of d in 0..1 has an MSE of d squared', () => {
  const grey: Pixels = { data: new Float32Array(3 * SIDE * SIDE).fill(0), dims: [1, 3, SIDE, SIDE] }
  const lighter: Pixels = { ...grey, data: grey.data.map(() => 0.2) }
  expect(meanSquaredError(grey, lighter)).toBeCloseTo(0.01, 6)
  expect(peakSignalToNoise(grey, lighter)).toBeCloseTo(20, 3)
  expect(peakSignalToNoise(grey, grey)).toBe(Infinity)
})

test('values beyond the range count as its ends', () => {
  const white: Pixels = { data: new Float32Array(3 * SIDE * SIDE).fill(1), dims: [1, 3, SIDE, SIDE] }
  expect(meanSquaredError(white, { ...white, data: white.data.map(() => 7) })).toBe(0)
})

test('what the mask leaves out does not count, but the frame does', () => {
  const [a, b] = [noise(1), noise(2)]
  const half = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (i % SIDE < SIDE / 2 ? 1 : 0))
  const other = half.map((value) => 1 - value)
  expect(meanSquaredError(a, b, half) + meanSquaredError(a, b, other)).toBeCloseTo(meanSquaredError(a, b), 6)
  const same: Pixels = { ...a, data: a.data.map((value, i) => (half[i % (SIDE * SIDE)] ? value : b.data[i]!)) }
  expect(peakSignalToNoise(a, same, half)).toBe(Infinity)
  expect(ssim(a, same, half)).toBeCloseTo(1, 9)
})

test('SSIM is 1 for equal pictures, symmetric, less for less alike ones', () => {
  const a = noise(3)
  expect(ssim(a, a)).toBeCloseTo(1, 9)
  expect(ssim(a, noise(4))).toBeCloseTo(ssim(noise(4), a), 9)
  expect(ssim(a, noise(4))).toBeLessThan(0.3)
  expect(ssim(a, shifted(a, 0))).toBeGreaterThan(ssim(a, noise(4)))
})

test('SSIM of two constants is the luminance term', () => {
  const constant = (value: number): Pixels => ({ data: new Float32Array(3 * SIDE * SIDE).fill(value * 2 - 1), dims: [1, 3, SIDE, SIDE] })
  expect(ssim(constant(0.4), constant(0.6))).toBeCloseTo((2 * 0.24 + 1e-4) / (0.16 + 0.36 + 1e-4), 5)
})

const size = [2, 4] as const
const tokens = 3
/** token 1 looks at the left column of both branches, token 2 everywhere */
const maps = new Map<string, Tensor>([[mapsOutput(size), { data: Float32Array.from({ length: 2 * 8 * tokens }, (_, i) => (i % tokens === 1 ? (Math.floor(i / tokens) % 4 === 0 ? 0.9 : 0.1) : i % tokens === 2 ? 0.3 : 0)), dims: [2, 8, tokens] }]])

test('a word’s map is the sum of its tokens, and tells how far it spreads', () => {
  expect([...wordMap(maps, size, 0, [1, 2])!.data.slice(0, 4)].map((value) => value.toFixed(2))).toEqual(['1.20', '0.40', '0.40', '0.40'])
  expect(wordMap(maps, [3, 3], 0, [1])).toBeNull()
  expect(spreadOf(maps, size, 1, [1])).toBe(0.25)
  expect(spreadOf(maps, size, 1, [2])).toBe(1)
})

test('maps of several sizes are averaged after scaling each to a mean of 1', () => {
  const map = combinedWordMap(maps, [size], 0, [1], 4, 8)
  expect(map.data.length).toBe(32)
  expect(Math.max(...map.data)).toBeCloseTo(0.9 / 0.3, 4)
})

test('resizing keeps a constant map and the ends of a slope', () => {
  expect([...resizeMap({ height: 1, width: 2, data: Float32Array.of(0, 1) }, 1, 4)]).toEqual([0, 0.25, 0.75, 1])
  expect(resizeMap({ height: 2, width: 2, data: new Float32Array(4).fill(3) }, 5, 7).every((value) => Math.abs(value - 3) < 1e-6)).toBe(true)
})

test('the overlay is as large as the picture and hottest where the word looks', () => {
  const rgb = new Uint8Array(8 * 4 * 3).fill(128)
  const heat = heatOverlay(rgb, { width: 8, height: 4 }, wordMap(maps, size, 0, [1])!)
  expect(heat).toHaveLength(rgb.length)
  expect(heat[0]! + heat[1]!).toBeGreaterThan(heat[21]! + heat[22]!)
})
