import { describe, expect, it } from 'vitest'
import { scrollBetween } from '../../../../renderer/canvas/geometry/viewport.ts'
import { DirtyParts } from '../../../../renderer/canvas/stage/dirtyParts.ts'

const SCREEN = { left: 0, top: 0, right: 100, bottom: 80 }

/** Pixels that are right after moving and painting: each was on the screen before, or is painted. */
function uncovered(taken: ReturnType<DirtyParts['take']>): number {
  let missing = 0
  for (let y = 0; y < 80; y++) {
    for (let x = 0; x < 100; x++) {
      const kept = x - taken.dx >= 0 && x - taken.dx < 100 && y - taken.dy >= 0 && y - taken.dy < 80
      if (!kept && !taken.parts.some((part) => x >= part.left && x < part.right && y >= part.top && y < part.bottom)) missing++
    }
  }
  return missing
}

describe('parts to paint again', () => {
  it('that overlap become one, others stay apart', () => {
    const dirty = new DirtyParts()
    dirty.mark({ left: 0, top: 0, right: 10, bottom: 10 }, SCREEN)
    dirty.mark({ left: 50, top: 50, right: 60, bottom: 60 }, SCREEN)
    dirty.mark({ left: 5, top: 5, right: 15, bottom: 15 }, SCREEN)
    expect(dirty.take().parts).toEqual([{ left: 50, top: 50, right: 60, bottom: 60 }, { left: 0, top: 0, right: 15, bottom: 15 }])
    expect(dirty.none).toBe(true)
  })

  it('outside of the screen are none, and very many are one', () => {
    const dirty = new DirtyParts()
    dirty.mark({ left: 200, top: 0, right: 210, bottom: 10 }, SCREEN)
    expect(dirty.none).toBe(true)
    for (let i = 0; i < 9; i++) dirty.mark({ left: 10 * i, top: 0, right: 10 * i + 5, bottom: 5 }, SCREEN)
    expect(dirty.take().parts.length).toBeLessThanOrEqual(6)
  })

  it('after moves cover exactly what came into sight, and move along', () => {
    for (const moves of [[[7, 0]], [[0, -9]], [[7, 5]], [[-20, 30], [10, -5]], [[30, 0], [-30, 0]], [[5, 5], [5, 5], [-3, 9]]] as const) {
      const dirty = new DirtyParts()
      dirty.mark({ left: 40, top: 40, right: 45, bottom: 45 }, SCREEN)
      for (const [dx, dy] of moves) dirty.scroll(dx, dy, SCREEN)
      const taken = dirty.take()
      const [x, y] = [moves.reduce((sum, [dx]) => sum + dx, 0), moves.reduce((sum, [, dy]) => sum + dy, 0)]
      expect([taken.dx, taken.dy]).toEqual([x, y])
      expect(uncovered(taken)).toBe(0)
      expect(taken.parts.some((part) => part.left <= 40 + x && part.right >= 45 + x && part.top <= 40 + y && part.bottom >= 45 + y)).toBe(true)
    }
  })

  it('are the whole screen when it has moved out of sight', () => {
    const dirty = new DirtyParts()
    dirty.scroll(60, 0, SCREEN)
    dirty.scroll(60, 0, SCREEN)
    expect(dirty.take()).toEqual({ parts: [SCREEN], dx: 0, dy: 0 })
  })
})

describe('a view that only moves', () => {
  const view = { width: 100, height: 80, ratio: 1, centre: { x: 10.3, y: 7.7 }, zoom: 3, angle: 0 }

  it('is moved by whole pixels; one that turns or zooms is painted anew', () => {
    const shift = scrollBetween(view, { ...view, centre: { x: 14.9, y: 7.7 } })!
    expect(Number.isInteger(shift.x)).toBe(true)
    expect(shift.x).toBeCloseTo(-14, 0)
    expect(shift.y).toBe(0)
    expect(scrollBetween(view, { ...view, zoom: 4 })).toBeNull()
    expect(scrollBetween({ ...view, angle: 0.3 }, { ...view, angle: 0.3, centre: { x: 0, y: 0 } })).toBeNull()
    expect(scrollBetween({ ...view, angle: Math.PI }, { ...view, angle: Math.PI, centre: { x: 11.3, y: 7.7 } })).toEqual({ x: 3, y: 0 })
  })
})
