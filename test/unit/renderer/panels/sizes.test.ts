import { describe, expect, test } from 'vitest'
import { barPlace } from '../../../../renderer/app/canvas/barPlace.ts'
import { expandOf, reachesOut } from '../../../../renderer/app/canvas/frame.ts'
import { bytesText, timeText } from '../../../../renderer/app/format.ts'
import { plainName } from '../../../../renderer/app/actions/open.ts'
import { linked, offsetOf, straightened } from '../../../../renderer/panels/document/sizes.ts'

describe('sizes', () => {
  test('linked sides keep their proportion and never vanish', () => {
    expect(linked({ width: 300, height: 200 }, 'width', 150)).toEqual({ width: 150, height: 100 })
    expect(linked({ width: 3000, height: 2 }, 'width', 10)).toEqual({ width: 10, height: 1 })
  })

  test('the anchor says where the old picture stays', () => {
    expect(offsetOf('middle', { width: 100, height: 100 }, { width: 200, height: 120 })).toEqual({ offsetX: 50, offsetY: 10 })
    expect(offsetOf('top-left', { width: 100, height: 100 }, { width: 200, height: 120 })).toEqual({ offsetX: 0, offsetY: 0 })
    expect(offsetOf('bottom-right', { width: 100, height: 100 }, { width: 60, height: 100 })).toEqual({ offsetX: -40, offsetY: 0 })
  })

  test('the straightened box has no empty corner and is the largest of its shape', () => {
    const size = { width: 600, height: 400 }
    for (const degrees of [-30, -3, 0.5, 12, 45]) {
      const box = straightened(size, degrees)
      const angle = (Math.abs(degrees) * Math.PI) / 180
      const reach = (w: number, h: number): number => Math.max((w * Math.cos(angle) + h * Math.sin(angle)) / size.width, (w * Math.sin(angle) + h * Math.cos(angle)) / size.height)
      expect(reach(box.width, box.height)).toBeLessThanOrEqual(1 + 1e-9)
      expect(reach(box.width + 3, box.height + 2)).toBeGreaterThan(1)
    }
    expect(straightened(size, 0)).toEqual({ x: 0, y: 0, ...size })
  })

  test('a frame beyond the picture says how far to expand', () => {
    expect(expandOf({ x: -20, y: 10, width: 400, height: 100 }, { width: 300, height: 200 })).toEqual({ left: 20, right: 80, top: 0, bottom: 0 })
    expect(reachesOut({ x: 5, y: 5, width: 10, height: 10 }, { width: 300, height: 200 })).toBe(false)
  })

  test('the bar of a selection stays under it and inside of the canvas', () => {
    const [bar, room] = [{ width: 400, height: 40 }, { width: 1000, height: 600 }]
    expect(barPlace({ left: 400, right: 600, top: 100, bottom: 200 }, bar, room)).toEqual({ left: 300, top: 212 })
    expect(barPlace({ left: 0, right: 50, top: 0, bottom: 590 }, bar, room)).toEqual({ left: 12, top: 516 })
    expect(barPlace({ left: 2000, right: 2050, top: -900, bottom: -800 }, bar, room)).toEqual({ left: 588, top: 12 })
  })

  test('bytes and times are read as people say them', () => {
    expect(bytesText(1.4e9)).toBe('1.3 GB')
    expect(bytesText(432 * 2 ** 20)).toBe('432 MB')
    expect([0.2, 8.4, 41, 150].map(timeText)).toEqual(['1 s', '8 s', '40 s', '3 min'])
  })

  test('a project is called after its file', () => {
    expect(plainName('Evening hills.tiff')).toBe('Evening hills')
    expect(plainName('.png')).toBe('Untitled')
  })
})
