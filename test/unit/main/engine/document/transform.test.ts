import { describe, expect, it } from 'vitest'
import { catmullRom, composeAffine, invertAffine, isExact, mapBox, rearrange, resample, type Affine, type LayerPixels } from '../../../../../main/engine/document/transform.ts'
import { intersectBoxes, type Box } from '../../../../../main/engine/image/geometry.ts'

/** A layer of opaque pixels from a function; outside it everything is 0. */
function layer(width: number, height: number, value: (x: number, y: number) => number, alpha: (x: number, y: number) => number = () => 1) {
  const extent = { x: 0, y: 0, width, height }
  const read = async (box: Box): Promise<LayerPixels> => {
    const rgba = new Float32Array(box.width * box.height * 4)
    const inside = intersectBoxes(box, extent)
    for (let y = inside.y; y < inside.y + inside.height; y++) {
      for (let x = inside.x; x < inside.x + inside.width; x++) rgba.set([value(x, y), value(x, y), value(x, y), alpha(x, y)], 4 * ((y - box.y) * box.width + x - box.x))
    }
    return { rgba, weights: null }
  }
  return { extent, read }
}
const reds = (rgba: Float32Array): number[] => Array.from({ length: rgba.length / 4 }, (_, i) => rgba[4 * i]!)
const alphas = (rgba: Float32Array): number[] => Array.from({ length: rgba.length / 4 }, (_, i) => rgba[4 * i + 3]!)
const inverse = (map: Affine): Affine => invertAffine(map)!

describe('affine maps', () => {
  it('compose, invert and box as matrices do', () => {
    const map: Affine = [2, 0.5, -0.25, 3, 10, -4]
    composeAffine(map, inverse(map)).forEach((value, i) => expect(value).toBeCloseTo([1, 0, 0, 1, 0, 0][i]!, 12))
    expect(invertAffine([1, 2, 2, 4, 0, 0])).toBeNull()
    expect(mapBox([0, 1, -1, 0, 30, 0], { x: 0, y: 0, width: 20, height: 30 })).toEqual({ x: 0, y: 0, width: 30, height: 20 })
    expect(mapBox([0.5, 0, 0, 0.5, 0, 0], { x: 1, y: 1, width: 3, height: 3 })).toEqual({ x: 0, y: 0, width: 2, height: 2 })
  })

  it('knows whole moves, flips and quarter turns, and nothing else, as exact', () => {
    for (const map of [[1, 0, 0, 1, 5, -7], [-1, 0, 0, 1, 9, 0], [1, 0, 0, -1, 0, 9], [-1, 0, 0, -1, 4, 4], [0, 1, -1, 0, 30, 0], [0, -1, 1, 0, 0, 20], [0, 1, 1, 0, 0, 0]] as const) expect(isExact(map)).toBe(true)
    for (const map of [[1, 0, 0, 1, 0.5, 0], [2, 0, 0, 1, 0, 0], [1, 0.1, 0, 1, 0, 0], [Math.SQRT1_2, Math.SQRT1_2, -Math.SQRT1_2, Math.SQRT1_2, 0, 0]] as const) expect(isExact(map)).toBe(false)
  })
})

describe('rearranging', () => {
  const three = layer(3, 2, (x, y) => 10 * y + x)
  const seen = async (map: Affine, width: number, height: number): Promise<number[]> => reds((await rearrange(three.read, inverse(map), { x: 0, y: 0, width, height })).rgba)

  it('moves, flips and turns samples to where they belong, unchanged', async () => {
    expect(await seen([1, 0, 0, 1, 0, 0], 3, 2)).toEqual([0, 1, 2, 10, 11, 12])
    expect(await seen([-1, 0, 0, 1, 3, 0], 3, 2)).toEqual([2, 1, 0, 12, 11, 10])
    expect(await seen([1, 0, 0, -1, 0, 2], 3, 2)).toEqual([10, 11, 12, 0, 1, 2])
    // a quarter turn clockwise: the left column becomes the top row, from below upwards
    expect(await seen([0, 1, -1, 0, 2, 0], 2, 3)).toEqual([10, 0, 11, 1, 12, 2])
    expect(await seen([0, -1, 1, 0, 0, 3], 2, 3)).toEqual([2, 12, 1, 11, 0, 10])
    expect((await seen([1, 0, 0, 1, 1, 0], 4, 1))).toEqual([0, 0, 1, 2])
  })
})

describe('resampling', () => {
  it("uses Keys' cubic, which passes through the samples and whose weights add up to 1", () => {
    expect([0, 1, 2, 3].map(catmullRom)).toEqual([1, 0, 0, 0])
    expect(catmullRom(0.5)).toBeCloseTo(0.5625, 12)
    for (const phase of [0.1, 0.37, 0.9]) expect([-1, 0, 1, 2].reduce((sum, k) => sum + catmullRom(k - phase), 0)).toBeCloseTo(1, 12)
  })

  it('a half-pixel move of a ramp is the ramp half a pixel on', async () => {
    const ramp = layer(40, 4, (x) => x / 64)
    const moved = await resample(ramp.read, inverse([1, 0, 0, 1, 0.5, 0]), { x: 10, y: 1, width: 8, height: 1 }, ramp.extent)
    reds(moved).forEach((value, i) => expect(value).toBeCloseTo((9.5 + i) / 64, 6))
  })

  it('enlarging to a whole canvas leaves its border opaque', async () => {
    const flat = layer(7, 5, () => 0.25)
    const large = await resample(flat.read, inverse([3, 0, 0, 3, 0, 0]), { x: 0, y: 0, width: 21, height: 15 }, flat.extent)
    expect(new Set(alphas(large))).toEqual(new Set([1]))
    for (const value of reds(large)) expect(value).toBeCloseTo(0.25, 6)
  })

  it('shrinking averages: fine stripes become their mean, not one of their colours', async () => {
    const stripes = layer(256, 256, (x) => x % 2)
    const small = await resample(stripes.read, inverse([0.125, 0, 0, 0.125, 0, 0]), { x: 4, y: 4, width: 24, height: 24 }, stripes.extent)
    for (const value of reds(small)) expect(value).toBeCloseTo(0.5, 2)
  })

  it('colours of transparent pixels do not bleed in', async () => {
    const half = layer(64, 64, (x) => (x < 32 ? 0.75 : 0), (x) => (x < 32 ? 1 : 0))
    const small = await resample(half.read, inverse([0.5, 0, 0, 0.5, 0, 0]), { x: 0, y: 0, width: 32, height: 1 }, half.extent)
    const edge = reds(small).filter((_, i) => alphas(small)[i]! > 0.05)
    for (const value of edge) expect(value).toBeCloseTo(0.75, 5)
  })

  it('a turned layer keeps its area, with soft sides', async () => {
    const flat = layer(40, 20, () => 1)
    const [cos, sin] = [Math.cos(0.4), Math.sin(0.4)]
    const turned = alphas(await resample(flat.read, inverse([cos, sin, -sin, cos, 30, 10]), { x: 0, y: 0, width: 80, height: 60 }, flat.extent))
    // coverage is measured along the layer's axes: at corners it is a little off
    expect(turned.reduce((sum, value) => sum + value, 0)).toBeCloseTo(800, -1)
    expect(turned.some((value) => value > 0.2 && value < 0.8)).toBe(true)
  })

  it('a layer shrunk beyond what fits into memory at once gives the same as in one go', async () => {
    const waves = layer(3000, 3000, (x, y) => 0.5 + 0.4 * Math.sin(x / 150) * Math.cos(y / 170))
    const map = inverse([0.005, 0, 0, 0.005, 0, 0])
    const whole = reds(await resample(waves.read, map, { x: 0, y: 0, width: 15, height: 15 }, waves.extent))
    const part = reds(await resample(waves.read, map, { x: 7, y: 7, width: 1, height: 1 }, waves.extent))
    expect(whole[7 * 15 + 7]).toBeCloseTo(part[0]!, 6)
  })
})
