/** Arithmetic on tiles, maps and the grey PNG; a scratch of what the engine does in floating point. */
import zlib from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compose, isIdentity, move, rotateAbout } from '../../../../main/host/documents/affine.ts'
import { displayBytes, halve, overlayFor, paintOver, TILE_PIXELS } from '../../../../main/host/documents/tileMath.ts'
import { frameMask } from '../../../../main/host/greyPng.ts'

const pixel = fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 255 }))) as fc.Arbitrary<[number, number, number, number]>
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('painting over a picture', () => {
  it('shows what was wanted wherever that can be: on opaque pixels, in opaque colours, exactly', () => {
    fc.assert(fc.property(pixel, pixel, pixel, ([r, g, b], [R, G, B], painted) => {
      const picture = bytes(r, g, b, 255)
      const wanted = bytes(R, G, B, 255)
      const before = painted[3] === 0 ? null : bytes(...painted)
      const shown = before ? paintOver(picture, before) : picture
      expect([...paintOver(picture, overlayFor(wanted, shown, picture, before))]).toEqual([...wanted])
    }))
  })

  it('leaves pixels that look as before to the picture', () => {
    const picture = bytes(1, 2, 3, 255, 9, 9, 9, 255)
    expect([...overlayFor(bytes(1, 2, 3, 255, 8, 8, 8, 255), picture, picture, null)]).toEqual([0, 0, 0, 0, 8, 8, 8, 255])
  })

  it('comes within a few steps on transparent pixels that become more opaque, in colour before alpha', () => {
    fc.assert(fc.property(pixel, pixel, (below, above) => {
      const picture = bytes(...below)
      const wanted = paintOver(picture, bytes(...above))
      const made = paintOver(picture, overlayFor(wanted, picture, picture, null))
      for (let c = 0; c < 3; c++) expect(Math.abs(made[c]! - wanted[c]!) * wanted[3]! / 255).toBeLessThanOrEqual(3)
      expect(Math.abs(made[3]! - wanted[3]!)).toBeLessThanOrEqual(16)
    }), { numRuns: 2000 })
  })
})

describe('halving', () => {
  it('averages masks, and colours by their alpha', () => {
    const grey = new Uint8Array(TILE_PIXELS).fill(200)
    expect(halve([grey, null, null, null], 1)!.slice(0, 2)).toEqual(bytes(200, 200))
    const colour = new Uint8Array(TILE_PIXELS * 4)
    colour.set([100, 0, 0, 255, 0, 0, 0, 0], 0)
    expect([...halve([colour, null, null, null], 4)!.subarray(0, 4)]).toEqual([100, 0, 0, 64])
    expect(halve([null, null, null, null], 4)).toBeNull()
    expect(halve([null, null, null, grey], 1)![TILE_PIXELS - 1]).toBe(200)
  })

  it('rounds 16-bit samples to 8', () => {
    expect([...displayBytes({ format: 'grey16', bytes: bytes(0xff, 0xff, 0x80, 0x80, 0, 0) })]).toEqual([255, 128, 0])
  })
})

describe('maps', () => {
  it('come back exactly after turns and moves', () => {
    let map = move(3, 4)
    for (let i = 0; i < 4; i++) map = compose(rotateAbout(90, 50, 20), map)
    expect(isIdentity(compose(move(-3, -4), map))).toBe(true)
  })
})

describe('the frame of an expanded picture', () => {
  it('is a grey PNG, white but for the hole', () => {
    const png = frameMask(5, 3, { x: 1, y: 1, width: 2, height: 1 })
    expect(png.subarray(0, 8)).toEqual(Buffer.from('89504e470d0a1a0a', 'hex'))
    const at = png.indexOf('IDAT')
    const rows = zlib.inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))
    expect([...rows]).toEqual([0, 255, 255, 255, 255, 255, 0, 255, 0, 0, 255, 255, 0, 255, 255, 255, 255, 255])
    expect(png.readUInt32BE(at + 4 + png.readUInt32BE(at - 4))).toBe(zlib.crc32(png.subarray(at, at + 4 + png.readUInt32BE(at - 4))))
  })
})
