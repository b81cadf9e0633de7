/**
 * The `.tiles` file: a sparse set of 256 x 256 tiles with random access. Two uses: a display pyramid (written by the
 * task `tiles`, read tile by tile while a person pans) and the painted tiles of a layer (written from a project's
 * history, read by `compose`).
 *
 * Layout, version 1, little-endian. Header of 64 bytes: "PTLS", version u32, width u32, height u32, levels u32,
 * count u32, index offset u64, crc32 of the index u32, 24 bytes of zeros, crc32 of the 60 bytes before it u32. Then the
 * tiles' bytes. Then the index: count entries of 40 bytes, sorted by level, row, column: level u32, column i32, row i32,
 * format u32, encoding u32 (0 as they are, 1 raw deflate), length u32, offset u64, crc32 of the stored bytes u32, 0 u32.
 *
 * A tile holds 256 * 256 pixels row by row, straight (not premultiplied) alpha, 16-bit samples little-endian; what lies
 * beyond the picture is 0. A tile that is not there is all 0. Level 0 is the full size; each level has half the sides of
 * the one before, rounded up; width and height of a file of painted tiles are 0, its columns and rows may be negative.
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { badInput, type EngineError, failed } from '../errors.ts'

/** Edge of a tile in pixels. */
export const TILE_EDGE = 256
/** Bytes per pixel of each format. */
export const TILE_FORMATS = { grey8: 1, grey16: 2, rgba8: 4, rgba16: 8 } as const
/** Name of a format. */
export type TileFormat = keyof typeof TILE_FORMATS

/** A tile's pixels: {@link tileBytes} bytes. */
export interface TilePixels {
  readonly format: TileFormat
  readonly bytes: Uint8Array
}

/** Where a tile lies: level of the pyramid, column and row in tiles. */
export interface TileAddress {
  readonly level: number
  readonly x: number
  readonly y: number
}

/** What a pyramid is of; all 0 but `levels` 1 for painted tiles. */
export interface TileFileSize {
  readonly width: number
  readonly height: number
  readonly levels: number
}

const MAGIC = 0x534c5450 // "PTLS"
const VERSION = 1
const HEADER = 64
const ENTRY = 40
const MAX_TILES = 4_000_000
const MAX_LEVELS = 32
const FORMAT_NAMES = Object.keys(TILE_FORMATS) as TileFormat[]
const RAW = 0
const DEFLATED = 1
/** Deflate never lengthens a tile by more than this. */
const DEFLATE_MARGIN = 4096

/** Bytes of a tile of one format. */
export function tileBytes(format: TileFormat): number {
  return TILE_EDGE * TILE_EDGE * TILE_FORMATS[format]
}

/** Levels of a pyramid whose last level is a single tile. */
export function pyramidLevels(size: { readonly width: number; readonly height: number }): number {
  let levels = 1
  for (let side = Math.max(size.width, size.height); side > TILE_EDGE; side = Math.ceil(side / 2)) levels++
  return levels
}

/** Size of one level of a pyramid in pixels. */
export function levelSize(size: { readonly width: number; readonly height: number }, level: number): { width: number; height: number } {
  const shrink = (side: number): number => Math.ceil(side / 2 ** level)
  return { width: shrink(size.width), height: shrink(size.height) }
}

interface Entry extends TileAddress {
  readonly format: TileFormat
  readonly encoding: number
  readonly length: number
  readonly offset: number
  readonly crc32: number
}

/** Writes a `.tiles` file under a temporary name; end it with `finish` or `abort`. */
export class TileFileWriter {
  readonly #target: string
  readonly #temporary: string
  readonly #size: TileFileSize
  readonly #entries: Entry[] = []
  readonly #keys = new Set<string>()
  #fd: number | null
  #position = HEADER

  /** @throws EngineError output/not-writable (exit 2) */
  constructor(target: string, size: TileFileSize = { width: 0, height: 0, levels: 1 }) {
    this.#target = target
    this.#size = size
    this.#temporary = path.join(path.dirname(path.resolve(target)), `.${path.basename(target)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`)
    this.#fd = this.#guard(() => fs.openSync(this.#temporary, 'wx'))
  }

  /**
   * Adds a tile; one that is all 0 is left out.
   * @param deflate pack it (masks and strokes shrink to little, photographs do not)
   * @throws EngineError tiles/tile for wrong lengths and places twice or out of range; output/not-writable
   */
  add(at: TileAddress, tile: TilePixels, deflate = false): void {
    if (this.#fd === null) throw failed('tiles/closed', 'A tile was added to a .tiles file that is already closed; please report it.')
    const key = keyOf(at)
    if (tile.bytes.length !== tileBytes(tile.format)) throw failed('tiles/tile', `Expected ${tileBytes(tile.format)} bytes for a ${tile.format} tile but received ${tile.bytes.length}; please report it.`)
    if (!validAddress(at, this.#size.levels) || this.#keys.has(key) || this.#entries.length >= MAX_TILES) throw failed('tiles/tile', `Expected each tile once and in range but received tile ${key}; please report it.`)
    if (isEmpty(tile.bytes)) return
    const packed = deflate ? zlib.deflateRawSync(tile.bytes, { level: 1 }) : null
    const smaller = packed !== null && packed.length < tile.bytes.length
    const bytes = smaller ? packed : tile.bytes
    this.#write(bytes, this.#position)
    this.#keys.add(key)
    this.#entries.push({ level: at.level, x: at.x, y: at.y, format: tile.format, encoding: smaller ? DEFLATED : RAW, length: bytes.length, offset: this.#position, crc32: zlib.crc32(bytes) })
    this.#position += bytes.length
  }

  /** Writes the index and puts the file in place. @returns its length in bytes @throws EngineError output/not-writable */
  finish(): { readonly tiles: number; readonly bytes: number } {
    const index = encodeIndex(this.#entries)
    this.#write(index, this.#position)
    this.#write(encodeHeader(this.#size, this.#entries.length, this.#position, index), 0)
    const fd = this.#fd!
    this.#guard(() => fs.fsyncSync(fd))
    this.#fd = null
    this.#guard(() => {
      fs.closeSync(fd)
      fs.renameSync(this.#temporary, this.#target)
    })
    return { tiles: this.#entries.length, bytes: this.#position + index.length }
  }

  /** Removes what was written; harmless after {@link finish}. */
  abort(): void {
    if (this.#fd === null) return
    fs.closeSync(this.#fd)
    this.#fd = null
    fs.rmSync(this.#temporary, { force: true })
  }

  #write(bytes: Uint8Array, position: number): void {
    const fd = this.#fd!
    this.#guard(() => {
      for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done, Math.min(1 << 30, bytes.length - done), position + done)
    })
  }

  #guard<T>(work: () => T): T {
    try {
      return work()
    } catch (cause) {
      if (this.#fd !== null && this.#fd !== undefined) this.abort()
      else fs.rmSync(this.#temporary, { force: true })
      const code = (cause as NodeJS.ErrnoException).code ?? 'unknown reason'
      const found = code === 'ENOSPC' ? 'a full disk' : code === 'ENOENT' ? `no folder ${path.dirname(path.resolve(this.#target))}` : `one that cannot be written (${code})`
      throw badInput('output/not-writable', { thing: this.#target, expected: 'a place to write', found, todo: 'choose another folder or make room; nothing was written', cause })
    }
  }
}

/** An open `.tiles` file; every read is a positional read, so it may be shared. */
export class TileFile {
  readonly width: number
  readonly height: number
  readonly levels: number
  readonly #file: string
  readonly #fd: number
  readonly #entries: ReadonlyMap<string, Entry>

  private constructor(file: string, fd: number, size: TileFileSize, entries: ReadonlyMap<string, Entry>) {
    this.#file = file
    this.#fd = fd
    this.#entries = entries
    this.width = size.width
    this.height = size.height
    this.levels = size.levels
  }

  /**
   * Opens and checks a file: header, index, every place and range; the pixels are checked as they are read.
   * @throws EngineError tiles/not-found (exit 2), tiles/damaged (exit 2)
   */
  static open(file: string): TileFile {
    let fd: number
    try {
      fd = fs.openSync(file, 'r')
    } catch (cause) {
      throw badInput('tiles/not-found', { thing: file, expected: 'a .tiles file', found: (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : 'a file that could not be opened', todo: 'check the path', cause })
    }
    try {
      const { size, entries } = readIndex(file, fd)
      return new TileFile(file, fd, size, entries)
    } catch (error) {
      fs.closeSync(fd)
      throw error
    }
  }

  /** Addresses of all tiles there are, by level, row, column. */
  addresses(): TileAddress[] {
    return [...this.#entries.values()].map(({ level, x, y }) => ({ level, x, y }))
  }

  /** The format of a tile, or null where none is. */
  formatAt(at: TileAddress): TileFormat | null {
    return this.#entries.get(keyOf(at))?.format ?? null
  }

  /**
   * A tile's pixels (the caller's own bytes), or null where none is: then it is all 0.
   * @throws EngineError tiles/damaged (exit 2)
   */
  read(at: TileAddress): TilePixels | null {
    const entry = this.#entries.get(keyOf(at))
    if (!entry) return null
    const stored = readExactly(this.#file, this.#fd, entry.length, entry.offset)
    if (zlib.crc32(stored) !== entry.crc32) throw damaged(this.#file, `a tile at ${keyOf(at)} that fails its checksum`)
    if (entry.encoding === RAW) return { format: entry.format, bytes: stored }
    const expected = tileBytes(entry.format)
    let bytes: Buffer
    try {
      bytes = zlib.inflateRawSync(stored, { maxOutputLength: expected })
    } catch (cause) {
      throw damaged(this.#file, `a tile at ${keyOf(at)} that cannot be unpacked`, cause)
    }
    if (bytes.length !== expected) throw damaged(this.#file, `a tile at ${keyOf(at)} of ${bytes.length} bytes`)
    return { format: entry.format, bytes }
  }

  /** Closes the file; reading afterwards fails. */
  close(): void {
    fs.closeSync(this.#fd)
  }
}

/** The samples of a 16-bit tile as numbers, whatever the machine's byte order and the buffer's alignment. */
export function tileSamples(tile: TilePixels): Uint8Array | Uint16Array {
  if (tile.format === 'grey8' || tile.format === 'rgba8') return tile.bytes
  const { bytes } = tile
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => view.getUint16(2 * i, true))
}

function encodeIndex(entries: Entry[]): Buffer {
  entries.sort((a, b) => a.level - b.level || a.y - b.y || a.x - b.x)
  const index = Buffer.alloc(ENTRY * entries.length)
  entries.forEach((entry, i) => {
    const at = ENTRY * i
    index.writeUInt32LE(entry.level, at)
    index.writeInt32LE(entry.x, at + 4)
    index.writeInt32LE(entry.y, at + 8)
    index.writeUInt32LE(FORMAT_NAMES.indexOf(entry.format), at + 12)
    index.writeUInt32LE(entry.encoding, at + 16)
    index.writeUInt32LE(entry.length, at + 20)
    index.writeBigUInt64LE(BigInt(entry.offset), at + 24)
    index.writeUInt32LE(entry.crc32, at + 32)
  })
  return index
}

function encodeHeader(size: TileFileSize, count: number, indexAt: number, index: Buffer): Buffer {
  const header = Buffer.alloc(HEADER)
  for (const [i, value] of [MAGIC, VERSION, size.width, size.height, size.levels, count].entries()) header.writeUInt32LE(value, 4 * i)
  header.writeBigUInt64LE(BigInt(indexAt), 24)
  header.writeUInt32LE(zlib.crc32(index), 32)
  header.writeUInt32LE(zlib.crc32(header.subarray(0, HEADER - 4)), HEADER - 4)
  return header
}

function readIndex(file: string, fd: number): { size: TileFileSize; entries: Map<string, Entry> } {
  const length = fs.fstatSync(fd).size
  if (length < HEADER) throw damaged(file, `${length} bytes`)
  const header = readExactly(file, fd, HEADER, 0)
  const word = (i: number): number => header.readUInt32LE(4 * i)
  if (word(0) !== MAGIC) throw damaged(file, 'something else')
  if (word(1) !== VERSION) throw badInput('tiles/version', { thing: file, expected: `a .tiles file of version ${VERSION}`, found: `version ${word(1)}`, todo: 'open it with the version of Palimpsest that wrote it' })
  if (header.readUInt32LE(HEADER - 4) !== zlib.crc32(header.subarray(0, HEADER - 4))) throw damaged(file, 'a header that fails its checksum')
  const size = { width: word(2), height: word(3), levels: word(4) }
  const count = word(5)
  const indexAt = Number(header.readBigUInt64LE(24))
  if (size.levels < 1 || size.levels > MAX_LEVELS || count > MAX_TILES || indexAt < HEADER || indexAt + ENTRY * count !== length) throw damaged(file, 'sizes that do not fit together')
  const index = readExactly(file, fd, ENTRY * count, indexAt)
  if (zlib.crc32(index) !== word(8)) throw damaged(file, 'an index that fails its checksum')
  const entries = new Map<string, Entry>()
  for (let i = 0; i < count; i++) {
    const entry = readEntry(index, ENTRY * i)
    if (!entry || !validAddress(entry, size.levels) || entry.offset < HEADER || entry.offset + entry.length > indexAt || entries.has(keyOf(entry))) throw damaged(file, `an impossible entry ${i}`)
    entries.set(keyOf(entry), entry)
  }
  return { size, entries }
}

function readEntry(index: Buffer, at: number): Entry | null {
  const format = FORMAT_NAMES[index.readUInt32LE(at + 12)]
  const encoding = index.readUInt32LE(at + 16)
  const length = index.readUInt32LE(at + 20)
  if (format === undefined || (encoding === RAW ? length !== tileBytes(format) : encoding !== DEFLATED || length > tileBytes(format) + DEFLATE_MARGIN)) return null
  return { level: index.readUInt32LE(at), x: index.readInt32LE(at + 4), y: index.readInt32LE(at + 8), format, encoding, length, offset: Number(index.readBigUInt64LE(at + 24)), crc32: index.readUInt32LE(at + 32) }
}

function readExactly(file: string, fd: number, length: number, position: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let done = 0; done < length; ) {
    const got = fs.readSync(fd, bytes, done, length - done, position + done)
    if (got === 0) throw damaged(file, 'one that ends too early')
    done += got
  }
  return bytes
}

function validAddress({ level, x, y }: TileAddress, levels: number): boolean {
  const index = (value: number): boolean => Number.isInteger(value) && Math.abs(value) <= 1_000_000
  return Number.isInteger(level) && level >= 0 && level < levels && index(x) && index(y)
}

function keyOf({ level, x, y }: TileAddress): string {
  return `${level}/${x}/${y}`
}

function isEmpty(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.equals(ZEROS.subarray(0, view.length))
}

const ZEROS = Buffer.alloc(TILE_EDGE * TILE_EDGE * TILE_FORMATS.rgba16)

function damaged(file: string, found: string, cause?: unknown): EngineError {
  return badInput('tiles/damaged', { thing: file, expected: 'a whole .tiles file', found, todo: 'it is made anew when the document is opened again', ...(cause === undefined ? {} : { cause }) })
}
