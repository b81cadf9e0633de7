/**
 * The int8 form of a UNet, for `--fast`: made once per checkpoint beside the float32 cache and mapped like it.
 *
 * A large weight W becomes `NAME.int8` and `NAME.scale`: one scale per output channel, symmetric, so that
 * W ~ int8 * scale with int8 in -127..127. The layout is the one the int8 ops multiply with:
 *   linear [out, in]              -> int8 [in, out],        scale [out]
 *   convolution [out, in, kh, kw] -> int8 [kh, kw, in, out], scale [out]
 * Everything else (norms, biases, the time embedding, the resnets' shortcuts, the first and last convolution) stays float32.
 */
import fs from 'node:fs'
import path from 'node:path'
import { throwIfCancelled } from '../errors.ts'
import { elementCount } from '../tensor/tensor.ts'
import { createAtomicFile, notWritable } from './atomicFile.ts'
import { evict } from './cacheEviction.ts'
import type { EnsureOptions, WeightCache } from './convertedWeights.ts'
import { notFinite } from './conversion.ts'
import { FLOAT_DTYPES } from './dtypes.ts'
import { withFileLock } from './fileLock.ts'
import { readSafetensorsHeader, readTensor } from './safetensors.ts'
import { type HeaderRow, safetensorsPreamble } from './safetensorsWriter.ts'
import { type TensorEntry, type WeightIndex, hashParts, makeWeightIndex } from './weightIndex.ts'

/** Raised whenever quantised bytes would come out different. */
const QUANTISATION_VERSION = 2
/** Layers narrower than this stay float32: they cost nothing and lose most. */
const LEAST_CHANNELS = 32
/** Output channels quantised together, so that the transposed writes fill whole cache lines. */
const CHANNELS_PER_BLOCK = 64
const DATA_ALIGNMENT = 4096

/** Whether a tensor of a UNet gets an int8 form. */
export function isQuantised({ name, shape, dtype }: Pick<TensorEntry, 'name' | 'shape' | 'dtype'>): boolean {
  if (!FLOAT_DTYPES.has(dtype) || !name.endsWith('.weight')) return false
  if (shape.length !== 2 && shape.length !== 4) return false
  // The time embedding is one row per picture: nothing to gain, and every block depends on it.
  if (/(^|\.)(time_embedding|time_emb_proj|add_embedding|class_embedding)\./.test(name)) return false
  // A shortcut reads the residual stream as it is, where no norm has brought channels to one scale: a few large values leave
  // all others a handful of levels. Measured on the starter: 84 % of the whole net's error, 3 % of its work.
  if (/(^|\.)conv_shortcut\./.test(name)) return false
  return shape[0]! >= LEAST_CHANNELS && shape[1]! >= LEAST_CHANNELS
}

/**
 * A component with int8 weights: made now or found in the cache. `index` may hold any float type.
 * @throws EngineError weights/not-finite, output/not-writable (exit 2), CancelledError
 */
export async function ensureInt8(index: WeightIndex, cache: WeightCache, options: EnsureOptions = {}): Promise<WeightIndex> {
  try {
    fs.mkdirSync(cache.dir, { recursive: true })
  } catch (cause) {
    throw notWritable(cache.dir, cause)
  }
  const key = hashParts([`int8 v${QUANTISATION_VERSION}`, index.contentHash, index.fingerprint]).slice(0, 40)
  const file = path.join(cache.dir, `${key}.safetensors`)
  const ready = openQuantised(file, key)
  if (ready) return ready
  const total = [...index.entries.values()].reduce((sum, entry) => sum + entry.length, 0)
  const lockOptions = { ...(options.signal ? { signal: options.signal } : {}), onWait: () => options.onProgress?.({ phase: 'waiting', done: 0, total }) }
  return withFileLock(path.join(cache.dir, `${key.slice(0, 16)}.lock`), lockOptions, async () => {
    const meanwhile = openQuantised(file, key)
    if (meanwhile) return meanwhile
    await writeQuantised(index, file, cache, { ...options, total })
    const made = openQuantised(file, key)
    if (!made) throw notWritable(file, new Error('a file that vanished right after it was written'))
    return made
  })
}

function openQuantised(file: string, key: string): WeightIndex | undefined {
  if (!fs.existsSync(file)) return undefined
  try {
    const header = readSafetensorsHeader(file)
    fs.utimesSync(file, new Date(), new Date())
    return makeWeightIndex(header.tensors.values(), [{ file: header.file, contentHash: key, fingerprint: key }])
  } catch {
    fs.rmSync(file, { force: true }) // damaged: made again
    return undefined
  }
}

interface Row extends HeaderRow {
  readonly source: TensorEntry
  readonly part: 'int8' | 'scale' | 'float'
}

/** int8 tensors first: their scales are known once they are written. Those that would misalign the floats come last. */
function quantisedRows(index: WeightIndex): Row[] {
  const entries = [...index.entries.values()].filter((entry) => FLOAT_DTYPES.has(entry.dtype)).sort((a, b) => (a.name < b.name ? -1 : 1))
  const large = entries.filter(isQuantised)
  const bytes = large.map((source): Row => {
    const [out, width, ...kernel] = source.shape as [number, number, ...number[]]
    return { name: `${source.name}.int8`, dtype: 'I8', shape: [...kernel, width, out], length: elementCount(source.shape), source, part: 'int8' }
  })
  const scales = large.map((source): Row => ({ name: `${source.name}.scale`, dtype: 'F32', shape: [source.shape[0]!], length: 4 * source.shape[0]!, source, part: 'scale' }))
  const floats = entries
    .filter((entry) => !isQuantised(entry))
    .map((source): Row => ({ name: source.name, dtype: 'F32', shape: source.shape, length: 4 * elementCount(source.shape), source, part: 'float' }))
  const odd = bytes.filter((row) => row.length % 4 !== 0)
  return [...bytes.filter((row) => row.length % 4 === 0), ...scales, ...floats, ...odd]
}

async function writeQuantised(index: WeightIndex, file: string, cache: WeightCache, options: EnsureOptions & { total: number }): Promise<void> {
  const rows = quantisedRows(index)
  evict(cache, rows.reduce((sum, row) => sum + row.length, 0))
  const target = createAtomicFile(file)
  const scales = new Map<string, Float32Array>()
  let done = 0
  try {
    target.write(safetensorsPreamble(rows, {}, DATA_ALIGNMENT))
    for (const row of rows) {
      throwIfCancelled(options.signal)
      if (row.part === 'scale') {
        target.write(asBytes(scales.get(row.source.name) ?? quantise(row.source).scale))
        continue
      }
      if (row.part === 'float') {
        target.write(asBytes(finite(row.source)))
      } else {
        const { values, scale } = quantise(row.source)
        scales.set(row.source.name, scale)
        target.write(asBytes(values))
      }
      done += row.source.length
      options.onProgress?.({ phase: 'converting', done, total: options.total })
      await new Promise(setImmediate) // messages and cancellation get their turn between tensors
    }
    target.commit()
  } finally {
    target.abort()
  }
}

const asBytes = (array: Float32Array | Int8Array): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

function finite(source: TensorEntry): Float32Array {
  const { data } = readTensor(source)
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) throw notFinite(source, i)
  return data
}

/** The int8 form of one weight; see the head of the file. A channel of zeros gets scale 1. */
export function quantise(source: TensorEntry): { values: Int8Array; scale: Float32Array } {
  const weights = finite(source)
  const [out, width, kernelHeight = 1, kernelWidth = 1] = source.shape as [number, number, number?, number?]
  const taps = kernelHeight * kernelWidth
  const perChannel = width * taps
  const scale = new Float32Array(out)
  const values = new Int8Array(weights.length)
  for (let first = 0; first < out; first += CHANNELS_PER_BLOCK) {
    const last = Math.min(out, first + CHANNELS_PER_BLOCK)
    const inverse = new Float32Array(last - first)
    for (let channel = first; channel < last; channel++) {
      let largest = 0
      for (let i = channel * perChannel; i < (channel + 1) * perChannel; i++) {
        const size = Math.abs(weights[i]!)
        if (size > largest) largest = size
      }
      scale[channel] = largest > 0 ? largest / 127 : 1
      inverse[channel - first] = 1 / scale[channel]!
    }
    for (let feature = 0; feature < width; feature++) {
      for (let tap = 0; tap < taps; tap++) {
        const row = (tap * width + feature) * out
        for (let channel = first; channel < last; channel++) {
          values[row + channel] = Math.round(weights[channel * perChannel + feature * taps + tap]! * inverse[channel - first]!)
        }
      }
    }
  }
  return { values, scale }
}
