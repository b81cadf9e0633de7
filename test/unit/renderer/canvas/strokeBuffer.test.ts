import { describe, expect, it } from 'vitest'
import { makeDab } from '../../../../renderer/canvas/strokes/dabs.ts'
import { cloneInk, colourInk, eraserInk, greyInk } from '../../../../renderer/canvas/strokes/inks.ts'
import { StrokeBuffer } from '../../../../renderer/canvas/strokes/strokeBuffer.ts'
import { grey, rgba } from './fakes.ts'

const WHOLE = { left: 0, top: 0, right: 256, bottom: 256 }

function at(buffer: StrokeBuffer, x: number, y: number): number {
  return buffer.tile(Math.floor(x / 256), Math.floor(y / 256)).coverage[((y % 256) + 256) % 256 * 256 + (((x % 256) + 256) % 256)]
}

describe('the coverage of a stroke', () => {
  it('never rises above its opacity, however often it passes', () => {
    const buffer = new StrokeBuffer()
    const dab = makeDab(10, 0.5, 0.5, 0.5)
    for (let i = 0; i < 50; i++) buffer.stamp(dab, 100, 100, 128)
    expect(at(buffer, 100, 100)).toBe(128)
    expect(at(buffer, 107, 100)).toBe(Math.floor((dab.coverage[dab.reach * dab.side + dab.reach + 7] * 128 + 127) / 255))
  })

  it('keeps the soft edge of a single dab along a whole stroke', () => {
    const buffer = new StrokeBuffer()
    const dab = makeDab(12, 0, 0.5, 0.5)
    for (let x = 50; x < 150; x += 1) buffer.stamp(dab, x, 100, 255)
    for (let dy = 0; dy < 13; dy++) expect(at(buffer, 100, 100 + dy)).toBe(dab.coverage[(dab.reach + dy) * dab.side + dab.reach])
  })

  it('crosses tiles without a seam, also to the left of zero', () => {
    const buffer = new StrokeBuffer()
    const dab = makeDab(20, 1, 0.5, 0.5)
    buffer.stamp(dab, 0, 256, 255)
    expect(buffer.size).toBe(4)
    for (const [x, y] of [[-1, 255], [0, 255], [-1, 256], [0, 256], [-15, 250], [15, 262]]) expect(at(buffer, x, y)).toBe(255)
    const [first] = [...buffer.tiles]
    expect(first.dirty).not.toBeNull()
  })

  it('covers nothing outside of its limits and makes no tiles there', () => {
    const buffer = new StrokeBuffer({ left: 0, top: 0, right: 200, bottom: 200 })
    buffer.stamp(makeDab(30, 1, 0.5, 0.5), 195, 100, 255)
    buffer.stamp(makeDab(30, 1, 0.5, 0.5), -500, 100, 255)
    expect(at(buffer, 199, 100)).toBe(255)
    expect(at(buffer, 200, 100)).toBe(0)
    expect(buffer.size).toBe(1)
  })

  it('says which part of a tile changed, and nothing when nothing did', () => {
    const buffer = new StrokeBuffer()
    const dab = makeDab(5, 1, 0.5, 0.5)
    buffer.stamp(dab, 40, 60, 255)
    const tile = buffer.tile(0, 0)
    expect(tile.dirty).toEqual({ left: 34, top: 54, right: 47, bottom: 67 })
    tile.dirty = null
    buffer.stamp(dab, 40, 60, 255)
    expect(tile.dirty).toBeNull()
  })
})

describe('inks', () => {
  const coverage = grey(0)
  coverage[0] = 255
  coverage[1] = 128
  coverage[2] = 0

  it('add to a mask and take away from it, keeping grey values in between', () => {
    const out = grey(9)
    greyInk(255)(grey(100), coverage, WHOLE, out, 0, 0)
    expect([...out.subarray(0, 3)]).toEqual([255, 178, 100])
    greyInk(0)(grey(100), coverage, WHOLE, out, 0, 0)
    expect([...out.subarray(0, 3)]).toEqual([0, 50, 100])
    greyInk(255, 127)(null, coverage, WHOLE, out, 0, 0)
    expect([...out.subarray(0, 3)]).toEqual([255, 191, 127])
  })

  it('paint over opaque, half clear and empty pixels as source-over does', () => {
    const out = rgba(1, 2, 3, 4)
    colourInk([200, 100, 0])(rgba(0, 100, 200, 255), coverage, WHOLE, out, 0, 0)
    expect([...out.subarray(0, 12)]).toEqual([200, 100, 0, 255, 100, 100, 100, 255, 0, 100, 200, 255])
    colourInk([200, 100, 0])(null, coverage, WHOLE, out, 0, 0)
    expect([...out.subarray(0, 12)]).toEqual([200, 100, 0, 255, 200, 100, 0, 128, 0, 0, 0, 0])
    colourInk([200, 0, 0])(rgba(0, 0, 100, 128), coverage, WHOLE, out, 0, 0)
    const alpha = 128 / 255 + (128 / 255) * (1 - 128 / 255)
    expect(out[7]).toBe(Math.round(alpha * 255))
    expect(out[4]).toBeCloseTo((200 * 128) / 255 / alpha, -0.3)
    expect(out[6]).toBeCloseTo((100 * (128 / 255) * (1 - 128 / 255)) / alpha, -0.3)
  })

  it('erase alpha and keep colours while any of it is left', () => {
    const out = rgba(0, 0, 0, 0)
    eraserInk()(rgba(10, 20, 30, 200), coverage, WHOLE, out, 0, 0)
    expect([...out.subarray(0, 12)]).toEqual([0, 0, 0, 0, 10, 20, 30, 100, 10, 20, 30, 200])
    eraserInk()(null, coverage, WHOLE, out, 0, 0)
    expect(out[7]).toBe(0)
  })

  it('clone pixels from a distance and leave what comes from outside of the picture', () => {
    const out = rgba(0, 0, 0, 0)
    const seen: number[][] = []
    const ink = cloneInk((x, y) => {
      seen.push([x, y])
      return x > 255 + 50 ? null : [9, 8, 7, 255]
    }, 50, -3)
    ink(rgba(1, 1, 1, 255), coverage, { left: 0, top: 0, right: 2, bottom: 1 }, out, 1, 2)
    expect(seen).toEqual([[306, 509], [307, 509]])
    expect([...out.subarray(0, 4)]).toEqual([1, 1, 1, 255])
    ink(null, coverage, { left: 0, top: 0, right: 2, bottom: 1 }, out, 0, 0)
    expect([...out.subarray(0, 8)]).toEqual([9, 8, 7, 255, 9, 8, 7, 128])
  })

  it('resolve a part again to the same pixels when coverage has not changed', () => {
    const before = rgba(3, 50, 99, 77)
    const [once, twice] = [rgba(0, 0, 0, 0), rgba(0, 0, 0, 0)]
    const ink = colourInk([250, 4, 90])
    ink(before, coverage, WHOLE, once, 0, 0)
    ink(before, coverage, WHOLE, twice, 0, 0)
    ink(before, coverage, WHOLE, twice, 0, 0)
    expect(twice).toEqual(once)
  })
})
