import { describe, expect, it } from 'vitest'
import { fittedBox, movedBy, seenFrame } from '../../../../renderer/app/canvas/navigatorBox.ts'

describe('the navigator', () => {
  it('is as large as it may be in the picture\'s shape, and a panorama can still be grasped', () => {
    expect(fittedBox({ width: 6000, height: 4000 })).toEqual({ width: 12, height: 8 })
    expect(fittedBox({ width: 1000, height: 2000 })).toEqual({ width: 4.5, height: 9 })
    expect(fittedBox({ width: 10_000, height: 500 }).height).toBe(2.5)
  })

  it('moves the view by an eighth of what is seen, along the screen\'s own sides when it is turned', () => {
    const upright = [{ x: 100, y: 100 }, { x: 900, y: 100 }, { x: 900, y: 500 }, { x: 100, y: 500 }]
    expect(movedBy(upright, [1, 0])).toEqual({ x: 600, y: 300 })
    expect(movedBy(upright, [0, -1])).toEqual({ x: 500, y: 250 })
    const turned = [{ x: 900, y: 100 }, { x: 900, y: 900 }, { x: 500, y: 900 }, { x: 500, y: 100 }]
    expect(movedBy(turned, [1, 0])).toEqual({ x: 700, y: 600 })
  })

  it('draws nothing before the canvas has told its corners', () => {
    expect(seenFrame([])).toBe('')
    expect(seenFrame([{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 10, y: 5 }])).toBe('M0.0 0.0L10.0 0.0L10.0 5.0Z')
  })
})
