import { describe, expect, it } from 'vitest'
import type { Edges } from '../../../../renderer/canvas/geometry/boxes.ts'
import { apply } from '../../../../renderer/canvas/geometry/affine.ts'
import { type Viewport, toDocument, viewMatrix, zoomedTo } from '../../../../renderer/canvas/geometry/viewport.ts'
import { type MotionFrame, Motion, REST_MS, outside } from '../../../../renderer/canvas/stage/motion.ts'

const VIEW: Viewport = { width: 120, height: 80, ratio: 1, centre: { x: 300, y: 200 }, zoom: 0.5, angle: 0 }
const SCREEN: Edges = { left: 0, top: 0, right: 120, bottom: 80 }

function areaOf(parts: readonly Edges[]): number {
  return parts.reduce((sum, { left, top, right, bottom }) => sum + (right - left) * (bottom - top), 0)
}

/** Every pixel of the screen is in exactly one part. */
function expectWholeScreen({ filled, exposed }: MotionFrame): void {
  const parts = [...(filled ? [filled] : []), ...exposed]
  for (let y = 0; y < 80; y++) {
    for (let x = 0; x < 120; x++) expect(parts.filter(({ left, top, right, bottom }) => x >= left && x < right && y >= top && y < bottom)).toHaveLength(1)
  }
}

describe('a view in motion', () => {
  it('is stretched from the picture that was flattened when it began, in the right place', () => {
    const motion = new Motion()
    const after = zoomedTo(VIEW, 0.55, { x: 30, y: 20 })
    expect(motion.step(VIEW, after, 0)).toEqual({ begins: true })
    const frame = motion.frame(after)!
    const place = toDocument(VIEW, { x: 50, y: 40 })
    const [now, stretched] = [apply(viewMatrix(after), place.x, place.y), apply(frame.stretch!, 50, 40)]
    expect(Math.hypot(now.x - stretched.x, now.y - stretched.y)).toBeLessThan(1e-6)
    expect(frame).toMatchObject({ filled: SCREEN, exposed: [], renew: false })
    expect(motion.frame(after)).toBeNull() // it is on the screen already
    expect(motion.step(after, zoomedTo(after, 0.6, { x: 30, y: 20 }), 10)).toEqual({ begins: false })
  })

  it('is painted around the stretched picture when it zooms out, without gaps', () => {
    const motion = new Motion()
    const after = zoomedTo(VIEW, 0.45, { x: 30, y: 20 })
    motion.step(VIEW, after, 0)
    const frame = motion.frame(after)!
    expectWholeScreen(frame)
    expect(areaOf(frame.exposed)).toBeGreaterThan(0)
    expect(frame.renew).toBe(false)
  })

  it('is flattened anew when much had to be painted around, and goes on from there', () => {
    const motion = new Motion()
    const small = zoomedTo(VIEW, 0.35, { x: 60, y: 40 })
    motion.step(VIEW, small, 0)
    const frame = motion.frame(small)!
    expect(frame.renew).toBe(true)
    expectWholeScreen(frame)
    const back = zoomedTo(small, 0.36, { x: 60, y: 40 })
    motion.step(small, back, 10)
    expect(motion.frame(back)!.exposed).toEqual([])
  })

  it('is painted from tiles when it turns, or is enlarged too much', () => {
    const motion = new Motion()
    const turned = { ...VIEW, angle: 0.1 }
    motion.step(VIEW, turned, 0)
    expect(motion.frame(turned)).toMatchObject({ filled: null, exposed: [SCREEN] })
    const far = zoomedTo(turned, 3, { x: 60, y: 40 })
    motion.step(turned, far, 5)
    expect(motion.frame(far)).toMatchObject({ filled: null, exposed: [SCREEN] })
  })

  it('does not begin with a jump or a window of another size', () => {
    const motion = new Motion()
    expect(motion.step(VIEW, { ...VIEW, zoom: 2 }, 0)).toBeNull()
    expect(motion.step(VIEW, { ...VIEW, angle: Math.PI / 2 }, 0)).toBeNull()
    expect(motion.active).toBe(false)
    motion.step(VIEW, { ...VIEW, zoom: 0.55 }, 0)
    expect(motion.step({ ...VIEW, zoom: 0.55 }, { ...VIEW, zoom: 0.55, centre: { x: 310, y: 200 } }, 0)).toEqual({ begins: false }) // a move goes along
    expect(motion.step(VIEW, { ...VIEW, width: 130 }, 0)).toBeNull()
    expect(motion.active).toBe(false)
  })

  it('comes back for real in bands once it rests, and at once when it is hurried', () => {
    const motion = new Motion()
    const after = { ...VIEW, zoom: 0.55 }
    motion.step(VIEW, after, 100)
    expect(motion.real(after)).toEqual({ ...SCREEN, bottom: 0 })
    expect(motion.comesToRest(100 + REST_MS - 1)).toBe(false)
    expect(motion.nextBand(after, false)).toBeNull()
    expect(motion.comesToRest(100 + REST_MS)).toBe(true)
    const first = motion.nextBand(after, false)!
    expect(motion.real(after)).toEqual(first)
    const bands = [first]
    while (motion.active) bands.push(motion.nextBand(after, false)!)
    expect(areaOf(bands)).toBe(120 * 80)
    expect(bands.at(-1)!.bottom).toBe(80)
    expect(motion.real(after)).toEqual(SCREEN)

    motion.step(VIEW, after, 0)
    motion.arrive()
    expect(motion.comesToRest(1)).toBe(true)
    motion.nextBand(after, false)
    expect(motion.nextBand(after, true)).toEqual({ ...SCREEN, top: first.bottom })
    expect(motion.active).toBe(false)
  })

  it('that goes on while it comes back is flattened as it is then', () => {
    const motion = new Motion()
    const after = { ...VIEW, zoom: 0.55 }
    motion.step(VIEW, after, 0)
    motion.comesToRest(REST_MS)
    motion.nextBand(after, false)
    expect(motion.step(after, { ...VIEW, zoom: 0.6 }, 90)).toEqual({ begins: true })
    expect(motion.moving).toBe(true)
  })
})

describe('what lies outside of a box', () => {
  it('is up to four parts that do not overlap', () => {
    const inner = { left: 10, top: 20, right: 100, bottom: 60 }
    const parts = outside(SCREEN, inner)
    expect(parts).toHaveLength(4)
    expect(areaOf(parts)).toBe(120 * 80 - 90 * 40)
    expect(outside(SCREEN, SCREEN)).toEqual([])
  })
})
