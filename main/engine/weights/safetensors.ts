/**
 * Reader for the safetensors format. A file is: the header's length (u64, little-endian), the header (JSON:
 * name -> dtype, shape, data_offsets counted from the end of the header), the data. Nothing a stranger wrote
 * in it is believed before it has been checked: the reader either returns a header whose every tensor lies
 * exactly where it says, or refuses the file in one sentence.
 *
 * The rules are those of the format's reference implementation (no overlap, no gap, no trailing bytes), plus:
 * no repeated keys, and a smaller header limit.
 */
import fs from 'node:fs'
import { badInput, failed } from '../errors.ts'
import { type IntTensor, type Tensor, elementCount } from '../tensor/tensor.ts'
import { DTYPE_BITS, isDtype, toFloat32 } from './dtypes.ts'
import { FORMAT_PHRASES, openOrRefuse, readFileHead, sniffFormat } from './fileFormat.ts'
import { type JsonValue, JsonSyntaxError, isJsonObject, parseStrictJson } from './strictJson.ts'
import type { TensorEntry } from './weightIndex.ts'

/**
 * Largest accepted header: 25 MB. An SD checkpoint's is 0.15 MB, SDXL's 0.35 MB, the largest training
 * metadata met in adapters a few MB; the format's own cap of 100 MB would cost this reader seconds and a
 * gigabyte of strings before it could say no.
 */
export const MAX_HEADER_BYTES = 25_000_000
/** Most dimensions a tensor may have; nothing in the field goes beyond 5. */
const MAX_RANK = 16
/** Names are cut to this length in sentences. */
const SHOWN_NAME = 100

/** A checked header. */
export interface SafetensorsHeader {
  /** Real path of the file. */
  readonly file: string
  /** Bytes of the whole file. */
  readonly size: number
  /** Where tensor data begins. */
  readonly dataStart: number
  /** `__metadata__`: free text written by whoever made the file. */
  readonly metadata: Readonly<Record<string, string>>
  /** By stored name, in file order. */
  readonly tensors: ReadonlyMap<string, TensorEntry>
  /** The header's own bytes. */
  readonly headerBytes: Uint8Array
}

/**
 * Reads and checks the header of a safetensors file; the data itself is not read.
 * @throws EngineError weights/no-file, weights/not-safetensors or weights/bad-header (exit 2)
 */
export function readSafetensorsHeader(path: string): SafetensorsHeader {
  const { size, head } = readFileHead(path)
  if (size < 9) throw refuse(path, 'weights/not-safetensors', 'a safetensors file', size === 0 ? FORMAT_PHRASES.empty : `${size} bytes`)
  const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true)
  const format = sniffFormat(head, path)
  if (head[8] !== 0x7b) {
    const found = format === 'unknown' ? 'a file whose header does not start with "{"' : FORMAT_PHRASES[format]
    throw refuse(path, 'weights/not-safetensors', 'a safetensors file', found)
  }
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw refuse(path, 'weights/bad-header', `a header of at most ${MAX_HEADER_BYTES} bytes`, `one that claims ${length} bytes`)
  }
  const headerLength = Number(length)
  const dataStart = 8 + headerLength
  if (dataStart > size) throw refuse(path, 'weights/bad-header', `a header of ${headerLength} bytes`, `a file of ${size} bytes`, TRUNCATED)
  const file = fs.realpathSync(path)
  const headerBytes = readBytes(file, 8, headerLength)
  return { file, size, dataStart, headerBytes, ...parseHeader(path, file, headerBytes, dataStart, size) }
}

const TRUNCATED = 'the file is cut short, so fetch it again'
const DAMAGED = 'the file is damaged or was made by a faulty program, so fetch it again'

function refuse(thing: string, code: string, expected: string, found: string, todo: string = DAMAGED): Error {
  return badInput(code, { thing, expected, found, todo })
}

function parseHeader(
  path: string, file: string, bytes: Uint8Array, dataStart: number, size: number,
): Pick<SafetensorsHeader, 'metadata' | 'tensors'> {
  let root: JsonValue
  try {
    root = parseStrictJson(bytes, 3) // { name: { shape: [ ] } }
  } catch (cause) {
    if (!(cause instanceof JsonSyntaxError)) throw cause
    throw refuse(path, 'weights/bad-header', 'a JSON header', cause.message)
  }
  if (!isJsonObject(root)) throw refuse(path, 'weights/bad-header', 'a JSON object as header', 'another JSON value')
  const metadata: Record<string, string> = Object.create(null) as Record<string, string>
  const entries: TensorEntry[] = []
  for (const [name, value] of Object.entries(root)) {
    if (name === '__metadata__') readMetadata(path, value, metadata)
    else entries.push(readEntry(path, file, name, value, dataStart))
  }
  entries.sort((a, b) => a.offset - b.offset || a.length - b.length)
  checkLayout(path, entries, dataStart, size)
  return { metadata, tensors: new Map(entries.map((entry) => [entry.name, entry])) }
}

function readMetadata(path: string, value: JsonValue, metadata: Record<string, string>): void {
  if (!isJsonObject(value)) throw refuse(path, 'weights/bad-header', 'text pairs under __metadata__', 'another JSON value')
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw refuse(path, 'weights/bad-header', `text as __metadata__ ${shown(key)}`, `${typeof text}`)
    metadata[key] = text
  }
}

function readEntry(path: string, file: string, name: string, value: JsonValue, dataStart: number): TensorEntry {
  const tensor = `tensor ${shown(name)}`
  if (!isJsonObject(value)) throw refuse(path, 'weights/bad-header', `a description of ${tensor}`, 'another JSON value')
  const { dtype, shape, data_offsets: offsets } = value
  if (typeof dtype !== 'string') throw refuse(path, 'weights/bad-header', `a dtype for ${tensor}`, shownJson(dtype))
  if (!isDtype(dtype)) throw refuse(path, 'weights/bad-dtype', `a known dtype for ${tensor}`, shownJson(dtype))
  if (!Array.isArray(shape) || shape.length > MAX_RANK || !shape.every(isCount)) {
    throw refuse(path, 'weights/bad-header', `a shape of at most ${MAX_RANK} whole numbers for ${tensor}`, shownJson(shape))
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw refuse(path, 'weights/bad-header', `two whole numbers as data_offsets of ${tensor}`, shownJson(offsets))
  }
  const [begin, end] = offsets as [number, number]
  if (end < begin) throw refuse(path, 'weights/bad-offsets', `data_offsets in order for ${tensor}`, `[${begin}, ${end}]`)
  // BigInt, because a hostile shape's product exceeds every float
  const bits = shape.reduce((product, dim) => product * BigInt(dim), BigInt(DTYPE_BITS[dtype]))
  if (bits !== BigInt(end - begin) * 8n) {
    const expected = `${shown(String(bits / 8n))} bytes for ${tensor} (${dtype} [${shown(shape.join(', '))}])`
    throw refuse(path, 'weights/bad-offsets', expected, `${end - begin} in its data_offsets`)
  }
  return { name, dtype, shape, file, offset: dataStart + begin, length: end - begin }
}

function isCount(value: JsonValue): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)
}

/** Entries sorted by place must tile the data exactly. */
function checkLayout(path: string, entries: readonly TensorEntry[], dataStart: number, size: number): void {
  let end = dataStart
  let before: TensorEntry | undefined
  for (const entry of entries) {
    const last = entry.offset + entry.length
    if (last > size) {
      throw refuse(path, 'weights/truncated', `${last} bytes, where tensor ${shown(entry.name)} ends`, `a file of ${size} bytes`, TRUNCATED)
    }
    if (entry.offset < end) {
      throw refuse(path, 'weights/bad-offsets', 'tensors that do not overlap', `${shown(entry.name)} beginning inside ${shown(before?.name ?? '')}`)
    }
    if (entry.offset > end) {
      throw refuse(path, 'weights/bad-offsets', 'tensors without gaps', `${entry.offset - end} unclaimed bytes in front of ${shown(entry.name)}`)
    }
    end = last
    before = entry
  }
  if (end !== size) throw refuse(path, 'weights/bad-offsets', `a file of ${end} bytes, as its tensors add up to`, `${size} bytes`)
}

function shown(name: string): string {
  const printable = name.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?')
  return printable.length > SHOWN_NAME ? `${printable.slice(0, SHOWN_NAME)}...` : printable || '""'
}

function shownJson(value: JsonValue | undefined): string {
  return value === undefined ? 'none' : shown(JSON.stringify(value))
}

/** One read() call takes at most 2 GiB. */
const READ_CHUNK = 1 << 30

/**
 * Reads `length` bytes at `offset` into fresh memory (byteOffset 0, so any typed view is aligned).
 * @throws EngineError weights/truncated when the file has become shorter, weights/no-file when it is gone
 */
export function readBytes(file: string, offset: number, length: number): Uint8Array {
  const fd = openOrRefuse(file)
  try {
    const bytes = new Uint8Array(length)
    for (let done = 0; done < length;) {
      const read = fs.readSync(fd, bytes, done, Math.min(READ_CHUNK, length - done), offset + done)
      if (read === 0) throw refuse(file, 'weights/truncated', `${length} bytes at ${offset}`, `${done}`, 'the file changed while it was read, so try again')
      done += read
    }
    return bytes
  } finally {
    fs.closeSync(fd)
  }
}

/**
 * Reads one tensor as float32, whatever it is stored as. Shape: the entry's own. The result is owned by the
 * caller. NaN and infinities are returned as they are.
 * @throws EngineError weights/dtype for 8-bit floats, weights/truncated
 */
export function readTensor(entry: TensorEntry): Tensor {
  const bytes = readBytes(entry.file, entry.offset, entry.length)
  const count = elementCount(entry.shape)
  if (entry.dtype === 'F32') return { data: new Float32Array(bytes.buffer, 0, count), dims: entry.shape }
  const data = new Float32Array(count)
  toFloat32(entry.dtype, bytes, data, count)
  return { data, dims: entry.shape }
}

/**
 * Reads one I64 or I32 tensor as integers.
 * @throws EngineError weights/dtype for any other type
 */
export function readIntTensor(entry: TensorEntry): IntTensor {
  const bytes = readBytes(entry.file, entry.offset, entry.length)
  const count = elementCount(entry.shape)
  if (entry.dtype === 'I64') return { data: new BigInt64Array(bytes.buffer, 0, count), dims: entry.shape }
  if (entry.dtype === 'I32') return { data: new Int32Array(bytes.buffer, 0, count), dims: entry.shape }
  throw failed('weights/dtype', `Expected whole numbers (I64 or I32) in tensor ${shown(entry.name)} of ${entry.file} but found ${entry.dtype}.`)
}
