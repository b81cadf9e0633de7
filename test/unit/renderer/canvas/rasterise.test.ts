import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Point } from '../../../../renderer/canvas/geometry/affine.ts'
import { joined, modeFor, reachesOutside } from '../../../../renderer/canvas/shapes/combine.ts'
import { gradientAt, gradientTile } from '../../../../renderer/canvas/shapes/gradient.ts'
import { type Outline, ellipseOutline, rectangleOutline, simplified } from '../../../../renderer/canvas/shapes/outlines.ts'
import { rasterise } from '../../../../renderer/canvas/shapes/rasterise.ts'
import { grey } from './fakes.ts'

const CANVAS = { left: 0, top: 0, right: 600, bottom: 500 }

function valueAt(outline: Outline, x: number, y: number): number {
  const tile = rasterise(outline, CANVAS).find((one) => one.x === x >> 8 && one.y === y >> 8)
  return tile ? tile.coverage[(y & 255) * 256 + (x & 255)] : 0
}

function area(outline: Outline): number {
  return rasterise(outline, CANVAS).reduce((sum, { coverage }) => sum + coverage.reduce((all, value) => all + value / 255, 0), 0)
}

describe('shapes as coverage', () => {
  it('fill whole pixels fully and broken ones by their share', () => {
    const box = rectangleOutline({ left: 10.25, top: 20.5, right: 30, bottom: 40 })
    expect(valueAt(box, 15, 30)).toBe(255)
    expect(valueAt(box, 10, 30)).toBe(Math.round(255 * 0.75))
    expect(valueAt(box, 15, 20)).toBe(Math.round(255 * 0.5))
    expect(valueAt(box, 10, 20)).toBe(Math.round(255 * 0.75 * 0.5))
    expect(valueAt(box, 30, 30)).toBe(0)
    expect(valueAt(box, 9, 30)).toBe(0)
  })

  it('have the area of their triangle to the last level of grey, whatever its shape', () => {
    const coordinate = fc.double({ min: 1, max: 490, noNaN: true })
    const point = fc.record({ x: coordinate, y: coordinate })
    fc.assert(fc.property(point, point, point, (a: Point, b: Point, c: Point) => {
      const exact = Math.abs((b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y)) / 2
      const edge = Math.hypot(b.x - a.x, b.y - a.y) + Math.hypot(c.x - b.x, c.y - b.y) + Math.hypot(a.x - c.x, a.y - c.y)
      // every pixel on the edge is rounded to 1/255
      expect(Math.abs(area([[a, b, c]]) - exact)).toBeLessThan(0.05 + (2 * edge) / 255)
    }), { numRuns: 60 })
  })

  it('have the area of their ellipse', () => {
    expect(area(ellipseOutline({ left: 50, top: 60, right: 450, bottom: 260 })) / (Math.PI * 200 * 100)).toBeCloseTo(1, 3)
  })

  it('are empty where they cover themselves twice: even-odd', () => {
    const star = Array.from({ length: 5 }, (_, i) => ({ x: 250 + 200 * Math.sin((4 * Math.PI * i) / 5), y: 250 - 200 * Math.cos((4 * Math.PI * i) / 5) }))
    expect(valueAt([star], 250, 250)).toBe(0)
    expect(valueAt([star], 250, 90)).toBe(255)
    const ring = [...rectangleOutline({ left: 100, top: 100, right: 200, bottom: 200 }), ...rectangleOutline({ left: 120, top: 120, right: 180, bottom: 180 })]
    expect(area(ring)).toBeCloseTo(100 * 100 - 60 * 60, 3)
  })

  it('are cut at the limits, with what lies beyond the left side still counted right', () => {
    expect(area(rectangleOutline({ left: -300, top: -100, right: 900, bottom: 2000 }))).toBe(600 * 500)
    const slanted: Outline = [[{ x: -100, y: 0 }, { x: 700, y: 0 }, { x: 700, y: 500 }, { x: 300, y: 500 }]]
    const exact = 600 * 500 - 0.5 * 300 * 375
    expect(Math.abs(area(slanted) - exact)).toBeLessThan(3)
    expect(rasterise(rectangleOutline({ left: 700, top: 0, right: 800, bottom: 10 }), CANVAS)).toEqual([])
  })

  it('of crossing edges are right to a sixty-fourth of a pixel', () => {
    const bow: Outline = [[{ x: 100, y: 100 }, { x: 300, y: 200 }, { x: 300, y: 100 }, { x: 100, y: 200 }]]
    expect(Math.abs(area(bow) - 2 * 0.5 * 100 * 100)).toBeLessThan(3)
  })

  it('drawn by hand lose points that add nothing, and no others', () => {
    const line = Array.from({ length: 100 }, (_, i) => ({ x: i, y: 0.1 * (i % 2) }))
    expect(simplified(line, 0.25)).toEqual([line[0], line[99]])
    const corner = [...line, { x: 99, y: 50 }]
    expect(simplified(corner, 0.25)).toContainEqual({ x: 99, y: 50 })
    expect(simplified(corner, 0.25)).toHaveLength(3)
  })
})

describe('joining a shape to a mask', () => {
  it('follows the engine: larger, what is left, smaller, the shape', () => {
    expect(joined(100, 200, 'add')).toBe(200)
    expect(joined(200, 100, 'subtract')).toBe(155)
    expect(joined(100, 100, 'subtract')).toBe(100)
    expect(joined(100, 200, 'intersect')).toBe(100)
    expect(joined(100, 3, 'replace')).toBe(3)
    expect(['replace', 'add', 'subtract', 'intersect'].map((mode) => reachesOutside(mode as 'add'))).toEqual([true, false, false, true])
  })

  it('takes its mode from the keys', () => {
    expect(modeFor({ shift: true, alt: false }, 'replace')).toBe('add')
    expect(modeFor({ shift: false, alt: true }, 'replace')).toBe('subtract')
    expect(modeFor({ shift: true, alt: true }, 'replace')).toBe('intersect')
    expect(modeFor({ shift: false, alt: false }, 'add')).toBe('add')
  })
})

describe('gradient masks', () => {
  it('run evenly from nothing to everything and stay there', () => {
    const [from, to] = [{ x: 10, y: 10 }, { x: 110, y: 10 }]
    expect(gradientAt({ x: 60, y: 400 }, from, to, 'linear')).toBeCloseTo(0.5, 9)
    expect(gradientAt({ x: 0, y: 10 }, from, to, 'linear')).toBe(0)
    expect(gradientAt({ x: 500, y: 10 }, from, to, 'linear')).toBe(1)
    expect(gradientAt({ x: 10, y: 60 }, from, to, 'radial')).toBeCloseTo(0.5, 9)
  })

  it('end at the limits', () => {
    const coverage = grey(0)
    gradientTile(coverage, 0, 0, { x: 0, y: 0 }, { x: 1, y: 0 }, 'linear', { left: 0, top: 0, right: 20, bottom: 256 })
    expect(coverage[19]).toBe(255)
    expect(coverage[20]).toBe(0)
  })
})
