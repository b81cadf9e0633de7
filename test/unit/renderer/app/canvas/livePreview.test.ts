import { describe, expect, it } from 'vitest'
import { placedPreview } from '../../../../../renderer/app/canvas/livePreview.ts'

const CANVAS = { width: 100, height: 40 }
/** A preview whose pixels tell their column in red and their row in green. */
const preview = (width: number, height: number, box: { x: number; y: number; width: number; height: number } | null) => ({
  width, height, box, rgba: Uint8Array.from({ length: 4 * width * height }, (_, at) => [Math.floor(at / 4) % width, Math.floor(at / 4 / width), 0, 255][at % 4]!),
})
const corner = (bytes: Uint8Array): number[] => [bytes[0]!, bytes[1]!]

describe('a live preview', () => {
  it('lies over the whole canvas when the run names no part of it', () => {
    expect(placedPreview(preview(10, 4, null), CANVAS, false)).toMatchObject({ width: 10, height: 4, box: { x: 0, y: 0, width: 100, height: 40 } })
  })

  it('lies where the run says, pixel for pixel', () => {
    const box = { x: 20, y: 10, width: 50, height: 20 }
    const given = preview(5, 2, box)
    expect(placedPreview(given, CANVAS, false)).toEqual({ width: 5, height: 2, bytes: given.rgba, box })
  })

  it('is cut where a model that works in whole cells goes over the edge, and keeps its scale', () => {
    const placed = placedPreview(preview(13, 6, { x: 0, y: 0, width: 104, height: 48 }), CANVAS, false)!
    expect(placed).toMatchObject({ width: 12, height: 5, box: { x: 0, y: 0, width: 96, height: 40 } })
    expect(placed.bytes).toHaveLength(4 * 12 * 5)
    expect([...placed.bytes.subarray(-4)]).toEqual([11, 4, 0, 255])
  })

  it('is cut at the left and upper edge as well', () => {
    const placed = placedPreview(preview(10, 10, { x: -20, y: -10, width: 100, height: 50 }), CANVAS, false)!
    expect(placed).toMatchObject({ width: 8, height: 8, box: { x: 0, y: 0, width: 80, height: 40 } })
    expect(corner(placed.bytes)).toEqual([2, 2])
  })

  it('is seen beyond the edges where the picture grows, and not at all where nothing of it lies on the canvas', () => {
    const box = { x: -64, y: 0, width: 100, height: 40 }
    expect(placedPreview(preview(10, 4, box), CANVAS, true)).toMatchObject({ width: 10, height: 4, box })
    expect(placedPreview(preview(10, 4, { ...box, x: 200 }), CANVAS, false)).toBeNull()
  })
})
