import { describe, expect, it } from 'vitest'
import { tileContour } from '../../../../renderer/canvas/overlay/contours.ts'
import { SCRIBBLE_RAMP, WORD_RAMP, glowPixels } from '../../../../renderer/canvas/overlay/ramps.ts'
import { grey } from './fakes.ts'

describe('the edge of a mask', () => {
  it('runs along the borders of its pixels, in whole pieces', () => {
    const tile = grey(0)
    for (let y = 10; y < 14; y++) tile.fill(200, y * 256 + 20, y * 256 + 25)
    const segments = tileContour(tile, null, null)
    const pieces = Array.from({ length: segments.length / 4 }, (_, i) => [...segments.subarray(4 * i, 4 * i + 4)])
    expect(pieces).toEqual([[20, 10, 25, 10], [20, 14, 25, 14], [20, 10, 20, 14], [25, 10, 25, 14]])
  })

  it('is not drawn between two tiles that are both inside, and drawn once where one is not', () => {
    expect(tileContour(grey(255), grey(255), grey(255))).toHaveLength(0)
    expect([...tileContour(grey(255), null, grey(255))]).toEqual([0, 0, 0, 256])
    expect([...tileContour(null, grey(255), null)]).toEqual([0, 0, 0, 256])
  })

  it('lies where values cross one half', () => {
    expect(tileContour(grey(127), null, null)).toHaveLength(0)
    expect(tileContour(grey(128), null, null)).toHaveLength(8)
  })
})

describe('colours of grey tiles', () => {
  it('are nothing at the neutral value and two different colours around it', () => {
    for (const ramp of [WORD_RAMP, SCRIBBLE_RAMP]) {
      expect(ramp[127] >>> 24).toBe(0)
      expect(ramp[255] >>> 24).toBeGreaterThan(150)
      expect(ramp[0] >>> 24).toBeGreaterThan(150)
      expect(ramp[0] & 0xffffff).not.toBe(ramp[255] & 0xffffff)
    }
  })

  it('make attention glow from nothing to bright', () => {
    const pixels = glowPixels(Uint8Array.from([0, 128, 255]))
    expect(pixels[3]).toBe(0)
    expect(pixels[7]).toBeGreaterThan(120)
    expect([...pixels.subarray(8)]).toEqual([255, 240, 150, 255])
  })
})
