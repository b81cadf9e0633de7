import { describe, expect, it } from 'vitest'
import { type Fingers, followFingers, underFingers } from '../../../../renderer/canvas/geometry/fingers.ts'
import { type Viewport, toDocument } from '../../../../renderer/canvas/geometry/viewport.ts'

const view: Viewport = { width: 1600, height: 1000, ratio: 2, centre: { x: 500, y: 400 }, zoom: 0.83, angle: 0.3 }
const pair = (ax: number, ay: number, bx: number, by: number): Fingers => ({ centre: { x: (ax + bx) / 2, y: (ay + by) / 2 }, span: Math.hypot(bx - ax, by - ay), angle: Math.atan2(by - ay, bx - ax) })

describe('the view under two fingers', () => {
  it('keeps under each finger what lay there', () => {
    const after = underFingers(view, pair(100, 100, 300, 150), pair(180, 90, 240, 400), true)
    for (const [was, now] of [[{ x: 100, y: 100 }, { x: 180, y: 90 }], [{ x: 300, y: 150 }, { x: 240, y: 400 }]] as const) {
      expect(toDocument(after, now).x).toBeCloseTo(toDocument(view, was).x, 4)
      expect(toDocument(after, now).y).toBeCloseTo(toDocument(view, was).y, 4)
    }
  })

  it('does not turn for the twist that every pinch has, then turns and stays turning', () => {
    const follow = followFingers({ ...view, angle: 0 }, pair(100, 100, 300, 100))
    expect(follow(pair(90, 95, 310, 115)).angle).toBe(0)
    expect(follow(pair(100, 100, 270, 200)).angle).toBeGreaterThan(0.4)
    expect(follow(pair(100, 100, 300, 125)).angle).toBeCloseTo(Math.atan2(25, 200), 6)
    expect(follow(pair(100, 100, 300, 104)).angle).toBe(0) // upright holds on to it
  })

  it('moves with one finger', () => {
    const [from, to] = [{ centre: { x: 10, y: 10 }, span: 1, angle: 0 }, { centre: { x: 60, y: 20 }, span: 1, angle: 0 }]
    const after = followFingers(view, from)(to)
    expect(after.zoom).toBe(view.zoom)
    expect(toDocument(after, to.centre).x).toBeCloseTo(toDocument(view, from.centre).x, 6)
  })
})
