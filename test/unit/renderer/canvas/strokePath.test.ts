import { describe, expect, it } from 'vitest'
import { type Brush, DEFAULT_BRUSH, type Sample } from '../../../../renderer/canvas/strokes/brush.ts'
import { StrokePath } from '../../../../renderer/canvas/strokes/strokePath.ts'

const BRUSH: Brush = { ...DEFAULT_BRUSH, size: 20, spacing: 0.25, smoothing: 0, pressureSize: false }

function stamps(brush: Brush, samples: readonly [number, number, number?][]): Sample[] {
  const made: Sample[] = []
  const path = new StrokePath(brush, (at) => made.push(at))
  for (const [x, y, pressure] of samples) path.add({ x, y, pressure: pressure ?? 1 })
  path.end()
  return made
}

function gaps(made: readonly Sample[]): number[] {
  return made.slice(1).map((at, i) => Math.hypot(at.x - made[i].x, at.y - made[i].y))
}

describe('the path of a stroke', () => {
  it('begins with a dab under the pointer', () => {
    expect(stamps(BRUSH, [[7, 9]])).toEqual([{ x: 7, y: 9, pressure: 1 }])
  })

  it('has dabs at a share of the size, however many readings there were', () => {
    for (const steps of [1, 7, 100]) {
      const made = stamps(BRUSH, Array.from({ length: steps + 1 }, (_, i): [number, number] => [(100 * i) / steps, 0]))
      expect(made.length).toBe(21)
      for (const gap of gaps(made)) expect(gap).toBeCloseTo(5, 6)
    }
  })

  it('goes through the readings and makes no corners or loops between them', () => {
    const circle = Array.from({ length: 13 }, (_, i): [number, number] => [100 * Math.cos(i / 2), 100 * Math.sin(i / 2)])
    const made = stamps({ ...BRUSH, spacing: 0.05 }, circle)
    for (const [x, y] of circle) expect(Math.min(...made.map((at) => Math.hypot(at.x - x, at.y - y)))).toBeLessThan(1)
    // chords of half a radian would come as near to the middle as 96.9
    const near = made.map((at) => Math.hypot(at.x, at.y)).slice(10)
    expect(Math.min(...near)).toBeGreaterThan(95)
    expect(Math.max(...near)).toBeLessThan(104)
  })

  it('stays between readings that are far apart after close ones', () => {
    const made = stamps(BRUSH, [[0, 0], [1, 0], [200, 0], [201, 0]])
    for (const { x, y } of made) {
      expect(x).toBeGreaterThanOrEqual(-0.001)
      expect(x).toBeLessThanOrEqual(202)
      expect(Math.abs(y)).toBeLessThan(0.001)
    }
  })

  it('is calmer when smoothed, and still ends where the hand ended', () => {
    const zigzag = Array.from({ length: 40 }, (_, i): [number, number] => [i * 5, i % 2 === 0 ? 0 : 12])
    const rough = stamps(BRUSH, zigzag)
    const calm = stamps({ ...BRUSH, smoothing: 0.8 }, zigzag)
    const wobble = (made: readonly Sample[]): number => made.slice(1).reduce((all, at, i) => all + Math.abs(at.y - made[i].y), 0)
    expect(wobble(calm)).toBeLessThan(wobble(rough) / 3)
    const [last, end] = [calm.at(-1)!, zigzag.at(-1)!]
    expect(Math.hypot(last.x - end[0], last.y - end[1])).toBeLessThan(5)
  })

  it('carries pressure evenly from reading to reading', () => {
    const made = stamps(BRUSH, [[0, 0, 0], [100, 0, 1]])
    for (const { x, pressure } of made) expect(pressure).toBeCloseTo(x / 100, 1)
  })
})
