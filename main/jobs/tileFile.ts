/**
 * Writes the painted tiles of a layer as a `.tiles` file, the form in which the engine takes them. The layout is told in
 * main/engine/document/tileFile.ts, which reads it; width and height are 0, levels 1.
 */
import { crc32, deflateRawSync } from 'node:zlib'
import { writeDurably } from '../history/durableFiles.ts'
import { TILE_FORMATS, type TileFormat } from '../history/model.ts'
import type { TilePixels } from '../history/tilePacks.ts'

/** A tile with its column and row in tiles. */
export interface PlacedPixels {
  readonly x: number
  readonly y: number
  readonly pixels: TilePixels
}

const VERSION = 1
const HEADER = 64
const ENTRY = 40
const DEFLATED = 1
const FORMAT_NUMBERS = Object.keys(TILE_FORMATS) as TileFormat[] // the file counts them in this order

/** Writes the tiles, whole or not at all. @throws EngineError project/disk-full, project/not-writable */
export function writeTileFile(file: string, tiles: readonly PlacedPixels[]): void {
  const sorted = [...tiles].sort((a, b) => a.y - b.y || a.x - b.x)
  const bodies = sorted.map(({ pixels }) => deflateRawSync(pixels.bytes, { level: 1 }))
  const index = Buffer.alloc(ENTRY * sorted.length)
  let offset = HEADER
  for (const [number, { x, y, pixels }] of sorted.entries()) {
    const at = number * ENTRY
    const body = bodies[number]!
    index.writeUInt32LE(0, at)
    index.writeInt32LE(x, at + 4)
    index.writeInt32LE(y, at + 8)
    index.writeUInt32LE(FORMAT_NUMBERS.indexOf(pixels.format), at + 12)
    index.writeUInt32LE(DEFLATED, at + 16)
    index.writeUInt32LE(body.length, at + 20)
    index.writeBigUInt64LE(BigInt(offset), at + 24)
    index.writeUInt32LE(crc32(body), at + 32)
    offset += body.length
  }
  const header = Buffer.alloc(HEADER)
  header.write('PTLS', 0, 'latin1')
  for (const [place, value] of [VERSION, 0, 0, 1, sorted.length].entries()) header.writeUInt32LE(value, 4 + 4 * place)
  header.writeBigUInt64LE(BigInt(offset), 24)
  header.writeUInt32LE(crc32(index), 32)
  header.writeUInt32LE(crc32(header.subarray(0, 60)), 60)
  writeDurably(file, header, ...bodies, index)
}
