/** One pass over a component's tensors: float32 copy, content hash and the search for NaN, in small pieces. */
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { badInput, throwIfCancelled } from '../errors.ts'
import { elementCount } from '../tensor/tensor.ts'
import { DTYPE_BITS, type Dtype, FLOAT_DTYPES, firstNonFiniteElement, toFloat32 } from './dtypes.ts'
import { type HeaderRow, safetensorsPreamble } from './safetensorsWriter.ts'
import { type TensorEntry, type WeightIndex, hashParts } from './weightIndex.ts'

/** Elements per piece: 4 M, so that at most 32 + 16 MB are held whatever the tensor's size. */
const PIECE = 4 << 20
/**
 * The system is asked to write to the disk after every so many bytes, while the conversion goes on; left to the
 * end, the final flush of a few GB would take as long as everything before it.
 */
const FLUSH_EVERY = 128 << 20
/** Data begins at a page boundary, as memory mapping likes it. */
const DATA_ALIGNMENT = 4096

/** What a pass over the tensors needs and reports. */
export interface PassOptions {
  readonly signal?: AbortSignal
  /** Bytes of source read so far. */
  readonly onBytes?: (done: number) => void
}

/** The converted file's tensors in file order: 8-byte integers first, so that everything is aligned. */
export function convertedRows(index: WeightIndex): (HeaderRow & { readonly source: TensorEntry })[] {
  return [...index.entries.values()]
    .map((source) => {
      const dtype: Dtype = FLOAT_DTYPES.has(source.dtype) ? 'F32' : source.dtype
      return { name: source.name, dtype, shape: source.shape, length: (elementCount(source.shape) * DTYPE_BITS[dtype]) / 8, source }
    })
    .sort((a, b) => DTYPE_BITS[b.dtype] - DTYPE_BITS[a.dtype] || (a.name < b.name ? -1 : 1))
}

/** Bytes of the file {@link convertTensors} writes, up to the header. */
export function convertedBytes(index: WeightIndex): number {
  return convertedRows(index).reduce((sum, row) => sum + row.length, 0)
}

/**
 * The index as it would look converted, pointing at nothing useful: for building graphs that are only checked or
 * printed, never run, without converting gigabytes for it.
 */
export function shapesAsFloat32(index: WeightIndex): WeightIndex {
  const entries = [...index.entries.values()].map((entry): TensorEntry =>
    FLOAT_DTYPES.has(entry.dtype) ? { ...entry, dtype: 'F32', length: elementCount(entry.shape) * 4 } : entry)
  return { ...index, entries: new Map(entries.map((entry) => [entry.name, entry])) }
}

/**
 * sha256 (hex) over name, type, shape and every byte of every tensor: the same for the same tensors, in
 * whatever files and order they lie.
 */
export async function contentHashOf(index: WeightIndex, options: PassOptions = {}): Promise<string> {
  return passOver(index, options, undefined)
}

/**
 * Writes all tensors as a safetensors file, floats as float32, to an open empty file.
 * @returns the content hash of the source, as {@link contentHashOf} gives it
 * @throws EngineError weights/not-finite (exit 2) naming the tensor, weights/truncated, CancelledError
 */
export async function convertTensors(index: WeightIndex, target: FileHandle, options: PassOptions = {}): Promise<string> {
  return passOver(index, options, target)
}

async function passOver(index: WeightIndex, options: PassOptions, target: FileHandle | undefined): Promise<string> {
  const rows = convertedRows(index)
  const preamble = safetensorsPreamble(rows, {}, DATA_ALIGNMENT)
  if (target) await writeAll(target, preamble, 0)
  const handles = new Map<string, FileHandle>()
  const piece = pieceLength(rows.map(({ source }) => source))
  const floats = new Float32Array(target ? piece : 0)
  const bytes = new Uint8Array(piece * 8)
  const digests: string[] = []
  let position = preamble.length
  let flushed = 0
  let flushing: Promise<void> = Promise.resolve()
  let done = 0
  try {
    for (const row of rows) {
      const { source } = row
      const handle = handles.get(source.file) ?? (await openSource(source.file))
      handles.set(source.file, handle)
      const width = DTYPE_BITS[source.dtype] / 8
      const hash = createHash('sha256')
      const count = source.length / width
      for (let first = 0; first < count; first += piece) {
        throwIfCancelled(options.signal)
        const part = bytes.subarray(0, Math.min(piece, count - first) * width)
        await readAll(handle, part, source.offset + first * width, source.file)
        hash.update(part)
        done += part.length
        if (target) {
          const converted = convertPiece(source, row.dtype, part, floats, first)
          await writeAll(target, converted, position)
          position += converted.length
          if (position - flushed >= FLUSH_EVERY) {
            await flushing
            flushing = target.datasync()
            flushing.catch(() => undefined) // thrown by the await above or in `finally`, never unhandled
            flushed = position
          }
        }
        options.onBytes?.(done)
      }
      digests.push(JSON.stringify([row.name, source.dtype, source.shape, hash.digest('hex')]))
    }
    await flushing
  } finally {
    await flushing.catch(() => undefined) // the caller closes the target next
    await Promise.all([...handles.values()].map((handle) => handle.close()))
  }
  return hashParts(digests.sort())
}

/** Elements per piece: no more than the longest tensor has. */
function pieceLength(entries: Iterable<TensorEntry>): number {
  let longest = 1
  for (const { length, dtype } of entries) longest = Math.max(longest, (length * 8) / DTYPE_BITS[dtype])
  return Math.min(PIECE, Math.ceil(longest))
}

function convertPiece(source: TensorEntry, dtype: Dtype, piece: Uint8Array, floats: Float32Array, first: number): Uint8Array {
  const count = (piece.length * 8) / DTYPE_BITS[source.dtype]
  const bad = firstNonFiniteElement(source.dtype, piece, count)
  if (bad >= 0) throw notFinite(source, first + bad)
  if (source.dtype === dtype) return piece
  toFloat32(source.dtype, piece, floats, count)
  return new Uint8Array(floats.buffer, 0, count * 4)
}

/** The refusal of a checkpoint with a NaN or infinity among its weights. */
export function notFinite(entry: TensorEntry, element: number): Error {
  return badInput('weights/not-finite', {
    thing: entry.file,
    expected: 'finite weights',
    found: `NaN or infinity in tensor ${entry.name} at element ${element}`,
    todo: 'the checkpoint is damaged, so fetch it again or use another one',
    details: { tensor: entry.name, element },
  })
}

/**
 * Reads all float tensors and throws at the first NaN or infinity.
 * @throws EngineError weights/not-finite (exit 2), CancelledError
 */
export async function requireFinite(entries: Iterable<TensorEntry>, options: PassOptions = {}): Promise<void> {
  const floats = [...entries].filter(({ dtype }) => FLOAT_DTYPES.has(dtype))
  const piece = pieceLength(floats)
  const bytes = new Uint8Array(piece * 8)
  let done = 0
  for (const [file, inFile] of Map.groupBy(floats, (entry) => entry.file)) {
    const handle = await openSource(file)
    try {
      for (const entry of inFile) {
        const width = DTYPE_BITS[entry.dtype] / 8
        for (let first = 0; first < entry.length / width; first += piece) {
          throwIfCancelled(options.signal)
          const count = Math.min(piece, entry.length / width - first)
          const part = bytes.subarray(0, count * width)
          await readAll(handle, part, entry.offset + first * width, file)
          const bad = firstNonFiniteElement(entry.dtype, part, count)
          if (bad >= 0) throw notFinite(entry, first + bad)
          options.onBytes?.((done += part.length))
        }
      }
    } finally {
      await handle.close()
    }
  }
}

async function openSource(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r')
  } catch (cause) {
    throw badInput('weights/no-file', { thing: file, expected: 'the weights that were opened a moment ago', found: 'nothing readable', cause })
  }
}

async function readAll(handle: FileHandle, target: Uint8Array, position: number, file: string): Promise<void> {
  for (let done = 0; done < target.length;) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done)
    if (bytesRead === 0) {
      throw badInput('weights/truncated', { thing: file, expected: `${target.length} bytes at ${position}`, found: `${done}`, todo: 'the file changed while it was read, so try again' })
    }
    done += bytesRead
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}
