import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { levelSize, pyramidLevels, TILE_FORMATS, tileBytes, TileFile, TileFileWriter, tileSamples, type TileAddress, type TileFormat } from '../../../../../main/engine/document/tileFile.ts'
import { EngineError } from '../../../../../main/engine/errors.ts'

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-tiles-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
const at = (name: string): string => path.join(folder, name)

/** A tile whose bytes follow from a seed; cheap to make and to check. */
function tile(format: TileFormat, seed: number): { format: TileFormat; bytes: Uint8Array } {
  const bytes = new Uint8Array(tileBytes(format))
  for (let i = 0; i < bytes.length; i += 97) bytes[i] = (seed + i * 31) % 256
  bytes[5] = 1 + (seed % 255)
  return { format, bytes }
}

const addresses = fc.uniqueArray(fc.record({ level: fc.integer({ min: 0, max: 3 }), x: fc.integer({ min: -3, max: 3 }), y: fc.integer({ min: -3, max: 3 }) }), {
  selector: ({ level, x, y }: TileAddress) => `${level}/${x}/${y}`,
  maxLength: 8,
})
const formats = fc.constantFrom(...(Object.keys(TILE_FORMATS) as TileFormat[]))

describe('a .tiles file', () => {
  it('gives back every tile that was added, packed or not, and null elsewhere', () => {
    fc.assert(
      fc.property(addresses, formats, fc.boolean(), fc.nat(1000), (places, format, deflate, seed) => {
        const file = at('round.tiles')
        const writer = new TileFileWriter(file, { width: 4000, height: 3000, levels: 4 })
        places.forEach((place, i) => writer.add(place, tile(format, seed + i), deflate))
        expect(writer.finish()).toEqual({ tiles: places.length, bytes: fs.statSync(file).size })
        const open = TileFile.open(file)
        try {
          expect(open).toMatchObject({ width: 4000, height: 3000, levels: 4 })
          expect(open.addresses()).toHaveLength(places.length)
          places.forEach((place, i) => {
            const read = open.read(place)!
            expect(read.format).toBe(format)
            expect(Buffer.from(read.bytes).equals(tile(format, seed + i).bytes)).toBe(true)
          })
          expect(open.read({ level: 0, x: 99, y: 0 })).toBeNull()
        } finally {
          open.close()
        }
      }),
      { numRuns: 40 },
    )
  })

  it('lists its tiles by level, row and column, and leaves out what is all 0', () => {
    const file = at('order.tiles')
    const writer = new TileFileWriter(file)
    for (const [x, y] of [[2, 0], [-1, 0], [0, -1]] as const) writer.add({ level: 0, x, y }, tile('grey8', 3))
    writer.add({ level: 0, x: 7, y: 7 }, { format: 'grey8', bytes: new Uint8Array(tileBytes('grey8')) })
    writer.finish()
    const open = TileFile.open(file)
    expect(open.addresses().map(({ x, y }) => [x, y])).toEqual([[0, -1], [-1, 0], [2, 0]])
    expect(open.formatAt({ level: 0, x: 7, y: 7 })).toBeNull()
    open.close()
  })

  it('refuses a damaged file with a sentence, whatever byte is wrong, and never crashes or reads beyond it', () => {
    const file = at('whole.tiles')
    const writer = new TileFileWriter(file)
    writer.add({ level: 0, x: 0, y: 0 }, tile('grey8', 1), true)
    writer.add({ level: 0, x: 1, y: 0 }, tile('grey8', 2), true)
    writer.finish()
    const whole = fs.readFileSync(file)
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (place, change, cut) => {
        const damaged = Buffer.from(whole)
        if (!cut) damaged[place]! ^= change
        fs.writeFileSync(at('damaged.tiles'), cut ? damaged.subarray(0, place) : damaged)
        try {
          const open = TileFile.open(at('damaged.tiles'))
          try {
            for (const address of open.addresses()) open.read(address)
          } finally {
            open.close()
          }
          return false
        } catch (error) {
          return error instanceof EngineError && error.exitCode === 2 && /damaged|version/.test(error.code)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('is whole or absent: an aborted one leaves nothing behind', () => {
    const before = fs.readdirSync(folder).length
    const writer = new TileFileWriter(at('aborted.tiles'))
    writer.add({ level: 0, x: 0, y: 0 }, tile('rgba8', 1))
    writer.abort()
    expect(fs.readdirSync(folder)).toHaveLength(before)
    expect(() => writer.add({ level: 0, x: 1, y: 0 }, tile('rgba8', 1))).toThrow(/closed/)
    expect(() => new TileFileWriter(at('no/folder.tiles'))).toThrow(/no folder/)
  })

  it('refuses a tile of the wrong length, in a place twice and out of range', () => {
    const writer = new TileFileWriter(at('refused.tiles'))
    expect(() => writer.add({ level: 0, x: 0, y: 0 }, { format: 'rgba8', bytes: new Uint8Array(4) })).toThrow(/262144 bytes/)
    writer.add({ level: 0, x: 0, y: 0 }, tile('rgba8', 1))
    expect(() => writer.add({ level: 0, x: 0, y: 0 }, tile('rgba8', 1))).toThrow(/once/)
    expect(() => writer.add({ level: 1, x: 0, y: 0 }, tile('rgba8', 1))).toThrow(/range/)
    writer.abort()
  })

  it('reads 16-bit samples as little-endian whatever their alignment', () => {
    const bytes = new Uint8Array(tileBytes('grey16') + 1).subarray(1)
    bytes.set([0x34, 0x12], 0)
    expect(tileSamples({ format: 'grey16', bytes })[0]).toBe(0x1234)
  })

  it('halves the sides of a pyramid, rounded up, until one tile holds all', () => {
    expect(pyramidLevels({ width: 256, height: 1 })).toBe(1)
    expect(pyramidLevels({ width: 257, height: 1 })).toBe(2)
    expect(pyramidLevels({ width: 6000, height: 4000 })).toBe(6)
    expect(levelSize({ width: 6000, height: 4001 }, 5)).toEqual({ width: 188, height: 126 })
  })
})
