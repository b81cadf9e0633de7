import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutWindow, spans, spanWeights, WindowBlender } from '../../../../../main/engine/pipelines/tiles.ts'

describe('spans', () => {
  it('cover everything, stay inside, keep the tile size and the least overlap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 8, max: 128 }), fc.nat(100), (total, tile, share) => {
        const overlap = Math.floor((share / 101) * (tile / 2))
        const all = spans(total, tile, overlap)
        expect(all[0]!.start).toBe(0)
        expect(all.at(-1)!.start + all.at(-1)!.length).toBe(total)
        for (const [i, span] of all.entries()) {
          expect(span.length).toBe(Math.min(tile, total))
          if (i > 0) expect(all[i - 1]!.start + all[i - 1]!.length - span.start).toBeGreaterThanOrEqual(Math.max(0, overlap - 1))
        }
      }),
    )
  })

  it('are a single short one when the whole is smaller than a tile', () => {
    expect(spans(50, 64, 16)).toEqual([{ start: 0, length: 50 }])
  })
})

describe('blending windows', () => {
  it('gives back a picture that was cut into overlapping windows', () => {
    const [height, width] = [37, 53]
    const source = { data: Float32Array.from({ length: 2 * height * width }, (_, i) => Math.sin(i * 0.37)), dims: [1, 2, height, width] }
    const blender = new WindowBlender([1, 2, height, width])
    for (const y of spans(height, 16, 6)) {
      for (const x of spans(width, 16, 6)) {
        blender.add(cutWindow(source, y, x), y, x, spanWeights(y, height, 6), spanWeights(x, width, 6))
      }
    }
    const result = blender.finish()
    expect(result.dims).toEqual([1, 2, height, width])
    expect(Math.max(...result.data.map((value, i) => Math.abs(value - source.data[i]!)))).toBeLessThan(1e-6)
  })

  it('changes smoothly from one window to the next: no step larger than the ramp allows', () => {
    const blender = new WindowBlender([1, 1, 1, 24])
    const all = spans(24, 16, 8)
    expect(all.length).toBe(2)
    for (const [i, x] of all.entries()) {
      const flat = { data: new Float32Array(16).fill(i), dims: [1, 1, 1, 16] }
      blender.add(flat, { start: 0, length: 1 }, x, new Float32Array([1]), spanWeights(x, 24, 8))
    }
    const values = [...blender.finish().data]
    expect(values[0]).toBe(0)
    expect(values[23]).toBe(1)
    const steps = values.slice(1).map((value, i) => value - values[i]!)
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...steps)).toBeLessThan(0.3)
  })
})
