import { describe, expect, it } from 'vitest'
import { apply } from '../../../../renderer/canvas/geometry/affine.ts'
import {
  type Viewport, ZOOM_LIMITS, between, fitted, levelOf, nextStop, panned, seenBox, steppedZoom, toDocument, toScreen, turnedTo, viewMatrix, withinReach, zoomedTo,
} from '../../../../renderer/canvas/geometry/viewport.ts'

function view(more: Partial<Viewport> = {}): Viewport {
  return { width: 1600, height: 1000, ratio: 1, centre: { x: 3000, y: 2000 }, zoom: 1, angle: 0, ...more }
}

const RATIOS = [1, 1.25, 1.5, 2]
const ANGLES = [0, Math.PI / 2, 0.3, -2.1]

describe('the view', () => {
  for (const ratio of RATIOS) {
    for (const angle of ANGLES) {
      it(`leads from the screen to the document and back at ${ratio * 100} % and ${Math.round((angle * 180) / Math.PI)} degrees`, () => {
        for (const zoom of [0.02, 0.37, 1, 7, 64]) {
          const now = view({ ratio, angle, zoom, width: Math.round(1600 * ratio), height: Math.round(1000 * ratio) })
          const back = toScreen(now, toDocument(now, { x: 123.25, y: 777.5 }))
          expect(back.x).toBeCloseTo(123.25, 6)
          expect(back.y).toBeCloseTo(777.5, 6)
        }
      })
    }

    it(`shows pixels as whole squares at whole zooms, display at ${ratio * 100} %`, () => {
      for (const zoom of [1, 2, 5]) {
        const map = viewMatrix(view({ ratio, zoom, centre: { x: 17.37, y: 4.81 } }))
        for (const pixel of [0, 1, 2]) {
          const at = apply(map, pixel, pixel)
          expect(Number.isInteger(at.x)).toBe(true)
          expect(at.x - apply(map, pixel - 1, pixel).x).toBeCloseTo(zoom, 9)
        }
      }
    })
  }

  it('keeps the place under the cursor while it zooms, up to the rounding of the shift', () => {
    for (const angle of ANGLES) {
      const before = view({ angle, ratio: 1.5, zoom: 0.4 })
      const at = { x: 200, y: 900 }
      const place = toDocument(before, at)
      const after = zoomedTo(before, 3, at)
      const now = toDocument(after, at)
      expect(Math.hypot(now.x - place.x, now.y - place.y)).toBeLessThan(1.5 / before.zoom)
      const still = toScreen(after, place)
      expect(Math.hypot(still.x - at.x, still.y - at.y)).toBeLessThan(3 / before.zoom)
    }
  })

  it('keeps the place under the cursor exactly when nothing is rounded', () => {
    const before = view({ angle: 0.5, zoom: 0.4 })
    const place = toDocument(before, { x: 200, y: 900 })
    const now = toDocument(zoomedTo(before, 11, { x: 200, y: 900 }), { x: 200, y: 900 })
    expect(now.x).toBeCloseTo(place.x, 6)
    expect(now.y).toBeCloseTo(place.y, 6)
  })

  it('moves the picture with the hand, whatever its angle', () => {
    const before = view({ angle: 1, zoom: 0.5, ratio: 2 })
    const place = toDocument(before, { x: 100, y: 100 })
    const moved = toScreen(panned(before, 40, -30), place)
    expect(moved.x).toBeCloseTo(140, 6)
    expect(moved.y).toBeCloseTo(70, 6)
  })

  it('turns around the place it is told', () => {
    const before = view({ zoom: 2 })
    const place = toDocument(before, { x: 300, y: 300 })
    const after = toScreen(turnedTo(before, 0.7, { x: 300, y: 300 }), place)
    expect(after.x).toBeCloseTo(300, 0)
    expect(after.y).toBeCloseTo(300, 0)
  })

  it('fits a canvas into the window: a large one exactly, a small one mostly by whole numbers and fourfold at most', () => {
    const seen = seenBox(fitted(view(), { x: 0, y: 0, width: 6000, height: 4000 }))
    expect(seen.left).toBeLessThanOrEqual(0)
    expect(seen.bottom).toBeGreaterThanOrEqual(4000)
    expect(fitted(view(), { x: 0, y: 0, width: 384, height: 256 }).zoom).toBe(3)
    expect(fitted(view(), { x: 0, y: 0, width: 1100, height: 700 }).zoom).toBe(1)
    expect(fitted(view(), { x: 0, y: 0, width: 800, height: 520 }).zoom).toBeCloseTo(1.8, 6)
    expect(fitted(view(), { x: 0, y: 0, width: 64, height: 64 }).zoom).toBe(4)
    expect(fitted(view({ ratio: 2, width: 3200, height: 2000 }), { x: 0, y: 0, width: 64, height: 64 }).zoom).toBe(8)
    expect(fitted(view({ angle: Math.PI / 2 }), { x: 0, y: 0, width: 6000, height: 4000 }).zoom).toBeCloseTo(936 / 6000, 6)
  })

  it('glides so that the place under the cursor stays there all the way', () => {
    const from = view({ angle: 0.3 })
    const at = { x: 1400, y: 100 }
    const to = zoomedTo(from, 4, at)
    const place = toDocument(from, at)
    for (const share of [0, 0.2, 0.5, 0.9, 1]) {
      const now = toScreen(between(from, to, share), place)
      expect(Math.hypot(now.x - at.x, now.y - at.y)).toBeLessThan(0.001)
    }
    expect(between(from, to, 0.5).zoom).toBeCloseTo(2, 9)
  })

  it('stops at round zooms on its way and at both ends', () => {
    expect(steppedZoom(0.9, 1.2)).toBe(1)
    expect(steppedZoom(1, 1.2)).toBeCloseTo(1.2, 9)
    expect(steppedZoom(1.1, 1 / 1.2)).toBe(1)
    expect(steppedZoom(63, 4)).toBe(64)
    expect(steppedZoom(64, 4)).toBe(ZOOM_LIMITS.most)
    expect(steppedZoom(0.02, 0.1)).toBe(ZOOM_LIMITS.least)
    expect(nextStop(1, 1)).toBe(2)
    expect(nextStop(1, -1)).toBeCloseTo(0.6667, 4)
    expect(nextStop(64, 1)).toBe(64)
  })

  it('reads the coarsest tiles that still have a sample for each pixel of the display', () => {
    expect(levelOf(1, 8)).toBe(0)
    expect(levelOf(0.5, 8)).toBe(1)
    expect(levelOf(0.51, 8)).toBe(0)
    expect(levelOf(0.25, 8)).toBe(2)
    expect(levelOf(0.02, 4)).toBe(4)
    expect(levelOf(64, 8)).toBe(0)
  })

  it('never loses the picture out of the window', () => {
    const lost = withinReach(view({ centre: { x: 90_000, y: -50_000 } }), { width: 6000, height: 4000 })
    const seen = seenBox(lost)
    expect(seen.left).toBeLessThan(6000)
    expect(seen.bottom).toBeGreaterThan(0)
    const here = view()
    expect(withinReach(here, { width: 6000, height: 4000 })).toBe(here)
  })
})
