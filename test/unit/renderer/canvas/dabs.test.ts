import { describe, expect, it } from 'vitest'
import { DEFAULT_BRUSH, ceilingAt, radiusAt } from '../../../../renderer/canvas/strokes/brush.ts'
import { DabCache, coverageAt, makeDab } from '../../../../renderer/canvas/strokes/dabs.ts'

function sum(coverage: Uint8Array): number {
  return coverage.reduce((all, value) => all + value / 255, 0)
}

describe('dabs', () => {
  it('are full inside of the hardness, empty outside of the radius, and fall evenly in between', () => {
    expect(coverageAt(0, 20, 0.5)).toBe(1)
    expect(coverageAt(10, 20, 0.5)).toBe(1)
    expect(coverageAt(15, 20, 0.5)).toBeCloseTo(0.5, 9)
    expect(coverageAt(20, 20, 0.5)).toBe(0)
    let last = 1
    for (let d = 0; d <= 21; d += 0.25) {
      expect(coverageAt(d, 20, 0)).toBeLessThanOrEqual(last)
      last = coverageAt(d, 20, 0)
    }
  })

  it('cover the area of their circle when they are hard', () => {
    for (const radius of [1, 2.5, 7, 30]) expect(sum(makeDab(radius, 1, 0.5, 0.5).coverage) / (Math.PI * radius * radius)).toBeCloseTo(1, radius < 2 ? 0 : 1)
    const large = sum(makeDab(100, 1, 0.5, 0.5).coverage)
    expect(Math.abs(large / (Math.PI * 100 * 100) - 1)).toBeLessThan(0.001)
  })

  it('have their weight where they were asked for, below one pixel too', () => {
    for (const [fx, fy] of [[0.5, 0.5], [0.1, 0.8], [0.9, 0.25]]) {
      const { coverage, side, reach } = makeDab(6, 0.5, fx, fy)
      let [x, y, all] = [0, 0, 0]
      coverage.forEach((value, i) => {
        x += value * ((i % side) + 0.5 - reach)
        y += value * (Math.floor(i / side) + 0.5 - reach)
        all += value
      })
      expect(x / all).toBeCloseTo(fx, 1)
      expect(y / all).toBeCloseTo(fy, 1)
    }
  })

  it('of the smallest brush still leave a mark', () => {
    expect(Math.max(...makeDab(0.5, 1, 0.5, 0.5).coverage)).toBe(255)
  })

  it('are made once for places that no eye tells apart', () => {
    const cache = new DabCache()
    expect(cache.dab(40, 0.5, 10.1, 20.2)).toBe(cache.dab(40, 0.5, 99.15, 0.22))
    expect(cache.dab(4, 0.5, 10.1, 20.2)).not.toBe(cache.dab(4, 0.5, 10.6, 20.2))
    expect(cache.dab(200, 0.5, 0.1, 0.1)).toBe(cache.dab(200, 0.5, 7.9, 3.9))
  })
})

describe('pressure', () => {
  it('changes size and opacity only where a brush says so', () => {
    const brush = { ...DEFAULT_BRUSH, size: 100, opacity: 0.5, pressureSize: false, pressureOpacity: false }
    expect(radiusAt(brush, 0.2)).toBe(50)
    expect(ceilingAt(brush, 0.2)).toBe(128)
    const pen = { ...brush, pressureSize: true, pressureOpacity: true }
    expect(radiusAt(pen, 1)).toBe(50)
    expect(radiusAt(pen, 0)).toBe(5)
    expect(ceilingAt(pen, 0)).toBe(0)
    expect(radiusAt(pen, 0.5)).toBeGreaterThan(radiusAt(pen, 0.4))
  })
})
