/**
 * Writes ZIP files: stored or deflated entries, ZIP64 where needed, no data descriptors, the same bytes for the same
 * content (every entry is dated 1980-01-01). Headers are written again once the sizes are known.
 */
import fs from 'node:fs'
import zlib from 'node:zlib'
import { Readable, Transform } from 'node:stream'
import { through } from './streams.ts'
import { COUNT_IN_ZIP64, DEFLATED, IN_ZIP64, SIGNATURES, STORED, ZIP64_EXTRA } from './zipFormat.ts'

interface Written {
  readonly name: Buffer
  readonly method: number
  readonly crc32: number
  readonly size: number
  readonly compressed: number
  readonly offset: number
}

/** A ZIP file being written to a descriptor that the caller opens, flushes and closes. */
export class ZipWriter {
  readonly #fd: number
  readonly #entries: Written[] = []
  #position = 0

  constructor(fd: number) {
    this.#fd = fd
  }

  /**
   * Adds an entry.
   * @param name path with forward slashes
   * @param content the bytes, or where to read them from
   * @param options deflate: compress; size: how many bytes to take of a file that may still grow
   */
  async add(name: string, content: Uint8Array | { readonly file: string; readonly size: number }, options: { readonly deflate: boolean }): Promise<void> {
    const size = content instanceof Uint8Array ? content.length : content.size
    const offset = this.#position
    const method = options.deflate ? DEFLATED : STORED
    const nameBytes = Buffer.from(name)
    this.#write(localHeader({ name: nameBytes, method, crc32: 0, size, compressed: size, offset }))
    const start = this.#position
    let crc32 = 0
    let read = 0
    const source = content instanceof Uint8Array ? Readable.from([content]) : size === 0 ? Readable.from([]) : fs.createReadStream(content.file, { end: size - 1, highWaterMark: 1 << 20 })
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        crc32 = zlib.crc32(chunk, crc32)
        read += chunk.length
        done(null, chunk)
      },
    })
    for await (const chunk of through([source, counted, ...(options.deflate ? [zlib.createDeflateRaw({ level: 6 })] : [])])) this.#write(chunk)
    if (read !== size) throw new Error(`${name} changed while it was being packed: ${read} of ${size} bytes`)
    const entry: Written = { name: nameBytes, method, crc32, size, compressed: this.#position - start, offset }
    this.#entries.push(entry)
    const header = localHeader(entry)
    for (let done = 0; done < header.length; ) done += fs.writeSync(this.#fd, header, done, header.length - done, offset + done)
  }

  /** Writes the directory; the file is complete afterwards. */
  finish(): void {
    const start = this.#position
    for (const entry of this.#entries) this.#write(centralHeader(entry))
    this.#write(endRecords(this.#entries.length, start, this.#position - start))
  }

  #write(bytes: Uint8Array): void {
    // Written by position, because headers are written twice.
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(this.#fd, bytes, done, Math.min(1 << 30, bytes.length - done), this.#position + done)
    this.#position += bytes.length
  }
}

/** 4.3.7. The ZIP64 field is there whenever the size before packing is large, so that its length never changes. */
function localHeader(entry: Written): Buffer {
  const large = needsZip64(entry)
  const head = Buffer.alloc(30)
  head.writeUInt32LE(SIGNATURES.local, 0)
  head.writeUInt16LE(large ? 45 : 20, 4)
  commonFields(head, 6, entry, large)
  head.writeUInt16LE(entry.name.length, 26)
  const extra = large ? zip64Extra([entry.size, entry.compressed]) : Buffer.alloc(0)
  head.writeUInt16LE(extra.length, 28)
  return Buffer.concat([head, entry.name, extra])
}

/** 4.3.12 */
function centralHeader(entry: Written): Buffer {
  const large = needsZip64(entry)
  const far = entry.offset >= IN_ZIP64
  const head = Buffer.alloc(46)
  head.writeUInt32LE(SIGNATURES.central, 0)
  head.writeUInt16LE((3 << 8) | 45, 4) // made on Unix, so that the attributes below are read as a file mode
  head.writeUInt16LE(large || far ? 45 : 20, 6)
  commonFields(head, 8, entry, large)
  head.writeUInt16LE(entry.name.length, 28)
  const extra = zip64Extra([...(large ? [entry.size, entry.compressed] : []), ...(far ? [entry.offset] : [])])
  head.writeUInt16LE(extra.length, 30)
  head.writeUInt32LE((0o100644 << 16) >>> 0, 38)
  head.writeUInt32LE(far ? IN_ZIP64 : entry.offset, 42)
  return Buffer.concat([head, entry.name, extra])
}

/** Flags, method, date, sum and sizes: the same order in both headers. */
function commonFields(head: Buffer, at: number, entry: Written, large: boolean): void {
  head.writeUInt16LE(0x0800, at) // the name is UTF-8
  head.writeUInt16LE(entry.method, at + 2)
  head.writeUInt16LE(0, at + 4)
  head.writeUInt16LE((1 << 5) | 1, at + 6) // 1980-01-01
  head.writeUInt32LE(entry.crc32, at + 8)
  head.writeUInt32LE(large ? IN_ZIP64 : entry.compressed, at + 12)
  head.writeUInt32LE(large ? IN_ZIP64 : entry.size, at + 16)
}

/** A deflated stream can be a little longer than its content, hence the margin. */
function needsZip64(entry: Written): boolean {
  return entry.size >= IN_ZIP64 - (64 << 20)
}

function zip64Extra(values: readonly number[]): Buffer {
  if (values.length === 0) return Buffer.alloc(0)
  const extra = Buffer.alloc(4 + 8 * values.length)
  extra.writeUInt16LE(ZIP64_EXTRA, 0)
  extra.writeUInt16LE(8 * values.length, 2)
  values.forEach((value, index) => extra.writeBigUInt64LE(BigInt(value), 4 + 8 * index))
  return extra
}

/** 4.3.14 to 4.3.16; the ZIP64 records only where the plain one cannot hold the numbers. */
function endRecords(count: number, start: number, size: number): Buffer {
  const large = count >= COUNT_IN_ZIP64 || start >= IN_ZIP64 || size >= IN_ZIP64
  const end = Buffer.alloc(22)
  end.writeUInt32LE(SIGNATURES.end, 0)
  end.writeUInt16LE(large ? COUNT_IN_ZIP64 : count, 8)
  end.writeUInt16LE(large ? COUNT_IN_ZIP64 : count, 10)
  end.writeUInt32LE(large ? IN_ZIP64 : size, 12)
  end.writeUInt32LE(large ? IN_ZIP64 : start, 16)
  if (!large) return end
  const wide = Buffer.alloc(56)
  wide.writeUInt32LE(SIGNATURES.zip64End, 0)
  wide.writeBigUInt64LE(44n, 4)
  wide.writeUInt16LE((3 << 8) | 45, 12)
  wide.writeUInt16LE(45, 14)
  wide.writeBigUInt64LE(BigInt(count), 24)
  wide.writeBigUInt64LE(BigInt(count), 32)
  wide.writeBigUInt64LE(BigInt(size), 40)
  wide.writeBigUInt64LE(BigInt(start), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(SIGNATURES.zip64Locator, 0)
  locator.writeBigUInt64LE(BigInt(start + size), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([wide, locator, end])
}
