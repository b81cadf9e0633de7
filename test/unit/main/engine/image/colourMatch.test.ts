import { describe, expect, it } from 'vitest'
import { ringColourMatch } from '../../../../../main/engine/image/colourMatch.ts'
import { numbers } from '../../../../support/pictures.ts'

const size = { width: 96, height: 96 }
const plane = size.width * size.height
/** everything but a disc in the middle */
const ring = new Uint8Array(plane).map((_, i) => (Math.hypot((i % 96) - 48, Math.floor(i / 96) - 48) > 26 ? 255 : 0))

function texture(seed: number): Float32Array {
  const next = numbers(seed)
  return Float32Array.from({ length: plane * 3 }, (_, i) => 0.45 + 0.25 * Math.sin((i % 96) / 9 + Math.floor(i / plane)) * Math.cos((Math.floor(i / 96) % 96) / 13) + 0.05 * (next() - 0.5))
}
const largest = (a: Float32Array, b: Float32Array): number => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)

describe('ring colour match', () => {
  it('a patch that fits is left exactly as it is', () => {
    const original = texture(1)
    const { planes, report } = ringColourMatch(original, original, ring, size)
    expect(planes).toEqual(original)
    expect(report.channels.map(({ gain, offset }) => [gain, Math.abs(offset)])).toEqual([[1, 0], [1, 0], [1, 0]])
    expect(report.membrane).toBe(0)
  })

  it('an empty ring changes nothing', () => {
    const patch = texture(2)
    const { planes, report } = ringColourMatch(patch, texture(1), new Uint8Array(plane), size)
    expect(planes).toEqual(patch)
    expect(report.cells).toBe(0)
  })

  it('takes out a constant offset to within one level, inside the mask too', () => {
    const original = texture(3)
    const patch = original.map((value, i) => value + [0.08, -0.05, 0.03][Math.floor(i / plane)]!)
    expect(largest(ringColourMatch(patch, original, ring, size).planes, original)).toBeLessThan(1 / 255)
  })

  it('takes out a loss of contrast and of saturation', () => {
    const original = texture(4)
    const patch = original.slice()
    for (let i = 0; i < plane; i++) {
      const luma = 0.2126 * original[i]! + 0.7152 * original[plane + i]! + 0.0722 * original[2 * plane + i]!
      for (let c = 0; c < 3; c++) patch[c * plane + i] = 0.5 + 0.88 * (luma - 0.5) + 0.85 * (original[c * plane + i]! - luma)
    }
    const { planes } = ringColourMatch(patch, original, ring, size)
    expect(largest(planes, original)).toBeLessThan(0.35 * largest(patch, original))
    expect(largest(planes, original)).toBeLessThan(4 / 255)
  })

  it('is driven by the ring alone: what the edit put inside does not matter', () => {
    const original = texture(5)
    const patch = original.map((value) => value + 0.05)
    const edited = patch.map((value, i) => (ring[i % plane] ? value : 1 - value))
    const { report } = ringColourMatch(patch, original, ring, size)
    expect(ringColourMatch(edited, original, ring, size).report).toEqual(report)
  })

  it('cells that show something else do not pull the colours', () => {
    const original = texture(6)
    const patch = original.slice()
    // an object that reaches over the mask's border into a tenth of the ring
    for (let c = 0; c < 3; c++) for (let y = 0; y < 30; y++) for (let x = 0; x < 24; x++) patch[c * plane + y * 96 + x] = 0.95
    const { planes } = ringColourMatch(patch, original, ring, size, { membrane: false })
    const middle = 48 * 96 + 48
    expect(Math.abs(planes[middle]! - patch[middle]!)).toBeLessThan(2 / 255)
  })

  it('follows a drift that differs from side to side', () => {
    const original = texture(7)
    const patch = original.map((value, i) => value + 0.05 * (((i % 96) - 48) / 48))
    const { planes, report } = ringColourMatch(patch, original, ring, size)
    expect(report.membrane).toBeGreaterThan(0.02)
    expect(largest(planes, original)).toBeLessThan(0.25 * largest(patch, original))
  })
})
