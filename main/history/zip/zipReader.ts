/**
 * Reads ZIP files from anybody. The directory is read and judged as a whole before a byte is unpacked: names, kinds,
 * sizes, overlaps. Unpacking stops the moment an entry is longer than it said.
 */
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { BlobHash } from '../ids.ts'
import { through } from '../../engine/zip/streams.ts'
import { COUNT_IN_ZIP64, DEFLATED, IN_ZIP64, SIGNATURES, STORED, ZIP64_EXTRA, readUInt64 } from '../../engine/zip/zipFormat.ts'
import { refuseZip } from './refuseZip.ts'

/** A file in the archive. */
export interface ZipEntry {
  /** path with forward slashes; never absolute, never with a `..` */
  readonly name: string
  readonly size: number
  readonly compressed: number
  readonly method: number
  readonly crc32: number
  /** where its local header starts */
  readonly offset: number
  /** whether sizes follow the content instead of standing in the local header */
  readonly described: boolean
}

/** What an archive may be at most. */
export interface ZipLimits {
  readonly entries: number
  /** bytes of all entries unpacked */
  readonly bytes: number
}

/** Two million files and 256 GiB. */
export const DEFAULT_ZIP_LIMITS: ZipLimits = { entries: 2_000_000, bytes: 256 * 2 ** 30 }
/** An entry above 16 MiB that packs better than this was made to burst; text of a record log reaches 40. */
const MOST_RATIO = 200
const RATIO_FROM = 16 << 20
/** Bytes read at once. */
const CHUNK = 1 << 20
/** Longest directory read into memory. */
const MOST_DIRECTORY = 512 << 20

/** An archive opened for reading. */
export class ZipReader {
  readonly entries: readonly ZipEntry[]
  readonly #fd: number
  readonly #name: string
  readonly #directoryStart: number

  /**
   * Opens an archive and judges its directory.
   * @throws EngineError zip/... (exit 2), a sentence for each reason to refuse it
   */
  constructor(file: string, limits: ZipLimits = DEFAULT_ZIP_LIMITS) {
    this.#name = path.basename(file)
    try {
      this.#fd = fs.openSync(file, 'r')
    } catch (error) {
      throw refuseZip(this.#name, 'unreadable', `a file that cannot be opened (${(error as NodeJS.ErrnoException).code})`)
    }
    try {
      const directory = this.#findDirectory(fs.fstatSync(this.#fd).size)
      this.#directoryStart = directory.start
      if (directory.count > limits.entries) throw refuseZip(this.#name, 'too-many', `${directory.count} entries where ${limits.entries} are the most`)
      if (directory.size > MOST_DIRECTORY) throw refuseZip(this.#name, 'too-large', 'a table of contents of more than 512 MiB')
      this.entries = this.#readDirectory(this.#read(directory.start, directory.size), directory.count)
      this.#judge(limits)
    } catch (error) {
      fs.closeSync(this.#fd)
      throw error
    }
  }

  /** Closes the file. */
  close(): void {
    fs.closeSync(this.#fd)
  }

  /**
   * Unpacks an entry into a file that does not exist yet; flushing it is left to the caller.
   * @returns the SHA-256 of what was written
   * @throws EngineError zip/wrong-size, zip/wrong-sum, zip/broken (exit 2); the file is then removed
   */
  async extract(entry: ZipEntry, target: string): Promise<BlobHash> {
    const start = this.#contentStart(entry)
    const raw = this.#chunks(start, entry.compressed)
    const content = entry.method === DEFLATED ? through([Readable.from(raw, { objectMode: false }), zlib.createInflateRaw()]) : raw
    const out = fs.openSync(target, 'wx')
    const hasher = createHash('sha256')
    let size = 0
    let crc32 = 0
    try {
      for await (const chunk of content) {
        size += chunk.length
        if (size > entry.size) break
        crc32 = zlib.crc32(chunk, crc32)
        hasher.update(chunk)
        for (let done = 0; done < chunk.length; ) done += fs.writeSync(out, chunk, done)
      }
      if (size !== entry.size) throw refuseZip(this.#name, 'wrong-size', `"${entry.name}" with ${size > entry.size ? 'more' : 'fewer'} bytes than the ${entry.size} it claims`)
      if (crc32 !== entry.crc32) throw refuseZip(this.#name, 'wrong-sum', `"${entry.name}" with another checksum than it claims`, 'get the file again; it was damaged on the way')
    } catch (error) {
      fs.rmSync(target, { force: true })
      const code = (error as NodeJS.ErrnoException).code ?? ''
      throw code.startsWith('Z_') ? refuseZip(this.#name, 'broken', `"${entry.name}" whose packed bytes are broken`) : error
    } finally {
      fs.closeSync(out)
    }
    return hasher.digest('hex') as BlobHash // a SHA-256 digest is a blob hash
  }

  /**
   * Compares what the archive says of an entry in its two places, without unpacking it: a name changed in one of them
   * must not make a file disappear.
   * @throws EngineError zip/contradiction (exit 2)
   */
  check(entry: ZipEntry): void {
    this.#contentStart(entry)
  }

  /** The local header must say the same as the directory: tools that believe one or the other must see one file. */
  #contentStart(entry: ZipEntry): number {
    const head = this.#read(entry.offset, 30)
    const differs = (): never => { throw refuseZip(this.#name, 'contradiction', `"${entry.name}" described in two ways that contradict each other`) }
    if (head.readUInt32LE(0) !== SIGNATURES.local || head.readUInt16LE(8) !== entry.method) return differs()
    const nameLength = head.readUInt16LE(26)
    const extraLength = head.readUInt16LE(28)
    const rest = this.#read(entry.offset + 30, nameLength + extraLength)
    if (decodeName(rest.subarray(0, nameLength)) !== entry.name) return differs()
    const described = (head.readUInt16LE(6) & 8) !== 0
    if (described !== entry.described) return differs()
    if (!described) {
      const sizes = wideFields(rest.subarray(nameLength), [head.readUInt32LE(22), head.readUInt32LE(18)])
      if (!sizes || sizes[0] !== entry.size || sizes[1] !== entry.compressed || head.readUInt32LE(14) !== entry.crc32) return differs()
    }
    const start = entry.offset + 30 + nameLength + extraLength
    if (start + entry.compressed > this.#directoryStart) return differs()
    return start
  }

  *#chunks(position: number, length: number): Generator<Buffer> {
    for (let done = 0; done < length; done += CHUNK) yield this.#read(position + done, Math.min(CHUNK, length - done))
  }

  #read(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    for (let done = 0; done < length; ) {
      const got = fs.readSync(this.#fd, bytes, done, length - done, position + done)
      if (got === 0) throw refuseZip(this.#name, 'cut-off', 'a file that ends too early', 'get the file again; it was cut off on the way')
      done += got
    }
    return bytes
  }

  #findDirectory(fileSize: number): { start: number; size: number; count: number } {
    const tailSize = Math.min(fileSize, 22 + 0xffff)
    const tail = this.#read(fileSize - tailSize, tailSize)
    let at = tail.length - 22
    while (at >= 0 && !(tail.readUInt32LE(at) === SIGNATURES.end && at + 22 + tail.readUInt16LE(at + 20) === tail.length)) at--
    if (at < 0) throw refuseZip(this.#name, 'not-a-zip', 'a file that is no ZIP archive or was cut off')
    const endPosition = fileSize - tailSize + at
    const plain = { disk: tail.readUInt16LE(at + 4), start: tail.readUInt32LE(at + 16), size: tail.readUInt32LE(at + 12), count: tail.readUInt16LE(at + 10) }
    const wide = plain.start === IN_ZIP64 || plain.size === IN_ZIP64 || plain.count === COUNT_IN_ZIP64
    const found = wide ? this.#wideDirectory(endPosition) : { ...plain, end: endPosition }
    if (plain.disk !== 0) throw refuseZip(this.#name, 'parts', 'one part of an archive split into several')
    if (found.start + found.size !== found.end) throw refuseZip(this.#name, 'contradiction', 'a table of contents that is not where it should be')
    return found
  }

  #wideDirectory(endPosition: number): { start: number; size: number; count: number; end: number } {
    const bad = refuseZip(this.#name, 'contradiction', 'a table of contents that is not where it should be')
    if (endPosition < 76) throw bad
    const locator = this.#read(endPosition - 20, 20)
    const position = readUInt64(locator, 8)
    if (locator.readUInt32LE(0) !== SIGNATURES.zip64Locator || position !== endPosition - 76) throw bad
    const record = this.#read(position, 56)
    const [count, size, start] = [readUInt64(record, 32), readUInt64(record, 40), readUInt64(record, 48)]
    if (record.readUInt32LE(0) !== SIGNATURES.zip64End || count === undefined || size === undefined || start === undefined) throw bad
    return { start, size, count, end: position }
  }

  #readDirectory(bytes: Buffer, count: number): ZipEntry[] {
    const entries: ZipEntry[] = []
    let at = 0
    const broken = (): never => { throw refuseZip(this.#name, 'broken', 'a table of contents that is broken') }
    while (at < bytes.length) {
      if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== SIGNATURES.central) return broken()
      const [nameLength, extraLength, commentLength] = [bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32)]
      const next = at + 46 + nameLength + extraLength + commentLength
      if (next > bytes.length) return broken()
      const name = decodeName(bytes.subarray(at + 46, at + 46 + nameLength))
      if (name === undefined) throw refuseZip(this.#name, 'name', 'an entry whose name is not text')
      const flags = bytes.readUInt16LE(at + 8)
      const method = bytes.readUInt16LE(at + 10)
      const wide = wideFields(bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength),
        [bytes.readUInt32LE(at + 24), bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 42)])
      if (!wide) return broken()
      if ((flags & 0x2041) !== 0) throw refuseZip(this.#name, 'encrypted', `"${name}" encrypted`)
      if (method !== STORED && method !== DEFLATED) throw refuseZip(this.#name, 'method', `"${name}" packed in a way Palimpsest does not read (${method})`)
      const [size, compressed, offset] = wide as [number, number, number] // as many as were asked for
      entries.push({ name: safeName(this.#name, name, bytes.readUInt32LE(at + 38), bytes.readUInt16LE(at + 4) >> 8), size, compressed, method, crc32: bytes.readUInt32LE(at + 16), offset, described: (flags & 8) !== 0 })
      at = next
    }
    if (entries.length !== count) return broken()
    return entries
  }

  #judge(limits: ZipLimits): void {
    const seen = new Set<string>()
    let total = 0
    for (const entry of this.entries) {
      // Two names that differ only in case or in how an accent is written are one file on many disks.
      const key = entry.name.normalize('NFC').toLowerCase()
      if (seen.has(key)) throw refuseZip(this.#name, 'duplicate', `"${entry.name}" twice`)
      seen.add(key)
      total += entry.size
      if (entry.method === STORED && entry.size !== entry.compressed) throw refuseZip(this.#name, 'contradiction', `"${entry.name}" stored as it is, yet with two sizes`)
      if (entry.size > RATIO_FROM && entry.size > entry.compressed * MOST_RATIO)
        throw refuseZip(this.#name, 'bomb', `"${entry.name}", which would grow from ${entry.compressed} to ${entry.size} bytes`)
    }
    if (total > limits.bytes) throw refuseZip(this.#name, 'too-large', `${total} bytes when unpacked, where ${limits.bytes} are the most`)
    const ordered = [...this.entries].sort((a, b) => a.offset - b.offset)
    ordered.forEach((entry, index) => {
      const end = entry.offset + 30 + Buffer.byteLength(entry.name) + entry.compressed
      if (end > (ordered[index + 1]?.offset ?? this.#directoryStart)) throw refuseZip(this.#name, 'overlap', `"${entry.name}" overlapping what comes after it`)
    })
  }
}

function decodeName(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined // told apart by the caller
  }
}

/** Refuses names that lead out of the folder and entries that are no plain file or folder. */
function safeName(archive: string, name: string, attributes: number, madeOn: number): string {
  const parts = name.split('/')
  if (name === '' || name.startsWith('/') || /[\\:\u0000-\u001f]/.test(name) || parts.includes('..') || parts.includes('.'))
    throw refuseZip(archive, 'leads-out', `${JSON.stringify(name)}, a name that could lead out of the project's folder`)
  const kind = madeOn === 3 ? (attributes >>> 16) & 0o170000 : 0 // 4.4.2: only on Unix are these a file mode
  if (kind !== 0 && kind !== 0o100000 && kind !== 0o040000)
    throw refuseZip(archive, 'link', `"${name}", which is ${kind === 0o120000 ? 'a symbolic link' : 'no plain file'}`)
  return name
}

/** Replaces 32-bit fields that say "see ZIP64" by those of the extra field (4.5.3); undefined when it lacks them. */
function wideFields(extra: Buffer, plain: readonly number[]): number[] | undefined {
  let fields = Buffer.alloc(0)
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2)
    if (at + 4 + length > extra.length) return undefined
    if (extra.readUInt16LE(at) === ZIP64_EXTRA) fields = Buffer.from(extra.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  let at = 0
  const values: number[] = []
  for (const value of plain) {
    if (value !== IN_ZIP64) {
      values.push(value)
      continue
    }
    const wide = at + 8 <= fields.length ? readUInt64(fields, at) : undefined
    if (wide === undefined) return undefined
    values.push(wide)
    at += 8
  }
  return values
}
