/**
 * Tile packs: one blob holds every tile that one operation changed, each deflated on its own so that a single tile
 * can be read without the others.
 *
 * Layout, little-endian: "PTP1", count u32, then count x { offset u32 from the file's start, length u32, format u32,
 * crc32 u32 of the raw pixels }, then the raw-deflate streams.
 */
import fs from 'node:fs'
import zlib from 'node:zlib'
import { tileBytes, type TilePixels } from '../engine/document/tileFile.ts'
import { type EngineError, failed } from '../engine/errors.ts'
import { type BlobStore, shortName } from './blobs.ts'
import type { BlobHash } from './ids.ts'
import { TILE_EDGE, TILE_FORMATS, type TileFormat, type TileRef } from './model.ts'

export { tileBytes, type TilePixels }

const MAGIC = 0x31505450 // "PTP1"
const HEADER = 8
const ENTRY = 16
const FORMAT_NAMES = Object.keys(TILE_FORMATS) as TileFormat[]

/**
 * Checks a tile's length and deflates it; level 1, because a brush must not wait.
 * @throws EngineError project/tile when the bytes do not fit the format
 */
export function deflateTile(tile: TilePixels): Buffer {
  const expected = tileBytes(tile.format)
  if (tile.bytes.length !== expected)
    throw failed('project/tile', `expected ${expected} bytes for a ${tile.format} tile of ${TILE_EDGE} pixels but received ${tile.bytes.length}; please report it.`)
  return zlib.deflateRawSync(tile.bytes, { level: 1 })
}

/**
 * Inflates a tile; never writes more than the format's bytes, whatever the stream claims.
 * @throws EngineError project/tile
 */
export function inflateTile(bytes: Uint8Array, format: TileFormat): Buffer {
  const expected = tileBytes(format)
  let raw: Buffer
  try {
    raw = zlib.inflateRawSync(bytes, { maxOutputLength: expected })
  } catch (error) {
    throw failed('project/tile', `A tile's pixels cannot be unpacked (${(error as Error).message}).`, error)
  }
  if (raw.length !== expected) throw failed('project/tile', `A tile holds ${raw.length} bytes where ${expected} were expected.`)
  return raw
}

/** A tile already deflated, as the autosave of strokes keeps it. */
export interface DeflatedTile {
  readonly format: TileFormat
  readonly deflated: Uint8Array
  readonly crc32: number
}

/** Deflates and sums a tile for {@link encodeTilePack}. */
export function packTile(tile: TilePixels): DeflatedTile {
  return { format: tile.format, deflated: deflateTile(tile), crc32: zlib.crc32(tile.bytes) }
}

/** The bytes of a pack of these tiles, in this order; the number of a tile is its index. */
export function encodeTilePack(tiles: readonly DeflatedTile[]): Buffer {
  const head = Buffer.alloc(HEADER + ENTRY * tiles.length)
  head.writeUInt32LE(MAGIC, 0)
  head.writeUInt32LE(tiles.length, 4)
  let offset = head.length
  tiles.forEach((tile, index) => {
    const at = HEADER + ENTRY * index
    head.writeUInt32LE(offset, at)
    head.writeUInt32LE(tile.deflated.length, at + 4)
    head.writeUInt32LE(FORMAT_NAMES.indexOf(tile.format), at + 8)
    head.writeUInt32LE(tile.crc32, at + 12)
    offset += tile.deflated.length
  })
  return Buffer.concat([head, ...tiles.map((tile) => tile.deflated)])
}

/**
 * Reads one tile out of a pack without reading the rest.
 * @throws EngineError project/blob-missing, project/blob-damaged
 */
export function readTile(blobs: BlobStore, [pack, index]: TileRef): TilePixels {
  let fd: number
  try {
    fd = fs.openSync(blobs.path(pack), 'r')
  } catch (error) {
    throw failed('project/blob-missing', `The file ${shortName(pack)} with the pixels of a stroke is missing; the rest of the project is intact.`, error)
  }
  try {
    const head = readExactly(fd, HEADER, 0, pack)
    const count = head.readUInt32LE(4)
    if (head.readUInt32LE(0) !== MAGIC || index >= count) throw damaged(pack)
    const entry = readExactly(fd, ENTRY, HEADER + ENTRY * index, pack)
    const format = FORMAT_NAMES[entry.readUInt32LE(8)]
    // Deflate never grows a stream by more than a few bytes per 16 KB block.
    if (format === undefined || entry.readUInt32LE(4) > tileBytes(format) + 4096) throw damaged(pack)
    const bytes = inflateTile(readExactly(fd, entry.readUInt32LE(4), entry.readUInt32LE(0), pack), format)
    if (zlib.crc32(bytes) !== entry.readUInt32LE(12)) throw damaged(pack)
    return { format, bytes }
  } catch (error) {
    throw (error as { code?: string }).code === 'project/tile' ? damaged(pack, error) : error
  } finally {
    fs.closeSync(fd)
  }
}

function readExactly(fd: number, length: number, position: number, pack: BlobHash): Buffer {
  const bytes = Buffer.alloc(length)
  for (let done = 0; done < length; ) {
    const got = fs.readSync(fd, bytes, done, length - done, position + done)
    if (got === 0) throw damaged(pack)
    done += got
  }
  return bytes
}

function damaged(pack: BlobHash, cause?: unknown): EngineError {
  return failed('project/blob-damaged', `The file ${shortName(pack)} with the pixels of a stroke is damaged; the rest of the project is intact.`, cause)
}
