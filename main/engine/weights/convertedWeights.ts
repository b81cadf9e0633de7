/**
 * The float32 cache. The CPU computes in float32 (engineering notes B.4: half precision only adds casts), so a
 * half-precision component is converted once, into a safetensors file that onnxruntime then maps like any
 * checkpoint. The conversion knows nothing of pictures, graphs or attention control: one file per component.
 *
 * Folder layout, all of it safe to delete at any time:
 *   KEY.safetensors               a converted component; KEY = sha256 of its source's content, engine version
 *   FINGERPRINT-SAMPLED.ref       "the component in these files is KEY", so that a second start reads nothing
 *   *.lock, *.tmp                 a conversion under way
 *
 * The key is the hash of every byte, found while converting (one read of the source). The reference file
 * carries the cheap change marker of the source files; when that is new but the sampled content is known (the
 * file was moved or copied), the source is hashed before anything is converted.
 */
import fs from 'node:fs'
import path from 'node:path'
import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { EngineError, badInput } from '../errors.ts'
import { notWritable, writeFileAtomic } from './atomicFile.ts'
import { evict, listCached } from './cacheEviction.ts'
import { type PassOptions, contentHashOf, convertTensors, convertedBytes } from './conversion.ts'
import { FLOAT_DTYPES, isNarrowFloat } from './dtypes.ts'
import { withFileLock } from './fileLock.ts'
import { readSafetensorsHeader } from './safetensors.ts'
import { type WeightIndex, hashParts, makeWeightIndex } from './weightIndex.ts'

/**
 * The part of the engine's version that converted bytes depend on; raised whenever they would come out
 * different, so that a new release does not convert everything again for nothing.
 */
export const CONVERSION_VERSION = 1

/** Where converted weights are kept, and how much of the disk they may take. */
export interface WeightCache {
  readonly dir: string
  /** Bytes. The component being opened is kept even if it alone is larger. */
  readonly maxBytes: number
}

/** What a conversion tells while it runs. */
export interface ConversionProgress {
  /** waiting: another process converts the same component; hashing: checking a file that was moved. */
  readonly phase: 'waiting' | 'hashing' | 'converting'
  /** Bytes of the checkpoint, done and in all. */
  readonly done: number
  readonly total: number
}

/** Options of {@link ensureFloat32}. */
export interface EnsureOptions {
  readonly onProgress?: (progress: ConversionProgress) => void
  readonly signal?: AbortSignal
}

/** True when some tensor is not float32, or not where float32 may lie (a multiple of 4 bytes). */
export function needsConversion(index: WeightIndex): boolean {
  for (const { dtype, offset } of index.entries.values()) {
    if (FLOAT_DTYPES.has(dtype) && (dtype !== 'F32' || offset % 4 !== 0)) return true
  }
  return false
}

/**
 * The component with every float tensor as float32: the index itself when it already is (nothing is copied),
 * else an index of the converted file, made now or found in the cache. First and later calls return the same
 * bytes, because both read the cached file.
 * @throws EngineError weights/fp8, weights/not-finite, output/not-writable, weights/disk-full (exit 2), CancelledError
 */
export async function ensureFloat32(index: WeightIndex, cache: WeightCache, options: EnsureOptions = {}): Promise<WeightIndex> {
  refuseNarrowFloats(index)
  if (!needsConversion(index)) return index
  try {
    fs.mkdirSync(cache.dir, { recursive: true })
  } catch (cause) {
    throw notWritable(cache.dir, cause)
  }
  const ready = lookUp(index, cache)
  if (ready) return ready
  const total = [...index.entries.values()].reduce((sum, entry) => sum + entry.length, 0)
  const report = (phase: ConversionProgress['phase']) => (done: number) => options.onProgress?.({ phase, done, total })
  const lock = path.join(cache.dir, `${index.fingerprint.slice(0, 16)}.lock`)
  const lockOptions = { ...(options.signal ? { signal: options.signal } : {}), onWait: () => report('waiting')(0) }
  return withFileLock(lock, lockOptions, async () => {
    const meanwhile = lookUp(index, cache)
    if (meanwhile) return meanwhile
    const signal = options.signal ? { signal: options.signal } : {}
    const moved = await findMoved(index, cache, { ...signal, onBytes: report('hashing') })
    if (moved) return moved
    return convert(index, cache, { ...signal, onBytes: report('converting') })
  })
}

function refuseNarrowFloats(index: WeightIndex): void {
  for (const { dtype, name, file } of index.entries.values()) {
    if (!isNarrowFloat(dtype)) continue
    throw badInput('weights/fp8', {
      thing: file, expected: 'F16, BF16, F32 or F64 weights', found: `${dtype} in tensor ${name}`, todo: "use the checkpoint's fp16 version",
    })
  }
}

const keyOf = (contentHash: string): string => hashParts([`float32 v${CONVERSION_VERSION}`, contentHash]).slice(0, 40)
const dataFile = (cache: WeightCache, key: string): string => path.join(cache.dir, `${key}.safetensors`)
const sampledPart = (index: WeightIndex): string => hashParts([`v${CONVERSION_VERSION}`, index.contentHash]).slice(0, 16)
const refFile = (index: WeightIndex, cache: WeightCache): string =>
  path.join(cache.dir, `${index.fingerprint.slice(0, 32)}-${sampledPart(index)}.ref`)

/** The cached component these very files were converted to, if it is still there and whole. */
function lookUp(index: WeightIndex, cache: WeightCache): WeightIndex | undefined {
  const key = readKey(refFile(index, cache))
  return key === undefined ? undefined : openCached(cache, key)
}

function readKey(file: string): string | undefined {
  try {
    const key = fs.readFileSync(file, 'utf8')
    return /^[0-9a-f]{40}$/.test(key) ? key : undefined
  } catch {
    return undefined // never converted, or the cache was cleared
  }
}

/** Opens a cached file and marks it as used now; a damaged one is deleted. */
function openCached(cache: WeightCache, key: string): WeightIndex | undefined {
  const file = dataFile(cache, key)
  if (!fs.existsSync(file)) return undefined
  try {
    const header = readSafetensorsHeader(file)
    fs.utimesSync(file, new Date(), new Date())
    return makeWeightIndex(header.tensors.values(), [{ file: header.file, contentHash: key, fingerprint: key }])
  } catch {
    fs.rmSync(file, { force: true }) // half-copied by a backup, cut by a full disk: made again
    return undefined
  }
}

/** A component whose sampled content is known from other files: hashed in full, used when it is the same. */
async function findMoved(index: WeightIndex, cache: WeightCache, pass: PassOptions): Promise<WeightIndex | undefined> {
  const suffix = `-${sampledPart(index)}.ref`
  const keys = fs.readdirSync(cache.dir).filter((name) => name.endsWith(suffix)).map((name) => readKey(path.join(cache.dir, name)))
  if (!keys.some((key) => key !== undefined && fs.existsSync(dataFile(cache, key)))) return undefined
  const key = keyOf(await contentHashOf(index, pass))
  const found = openCached(cache, key)
  if (found) writeFileAtomic(refFile(index, cache), key)
  return found
}

async function convert(index: WeightIndex, cache: WeightCache, pass: PassOptions): Promise<WeightIndex> {
  const needed = convertedBytes(index)
  evict(cache, needed)
  requireSpace(cache, needed)
  const temporary = path.join(cache.dir, `.${process.pid}.${randomBytes(6).toString('hex')}.tmp`)
  let key: string
  try {
    const target = await open(temporary, 'wx')
    try {
      key = keyOf(await convertTensors(index, target, pass))
      await target.sync()
    } finally {
      await target.close()
    }
    // another set of files may have held the same content: then its converted form is already there
    if (!openCached(cache, key)) fs.renameSync(temporary, dataFile(cache, key))
    writeFileAtomic(refFile(index, cache), key)
  } catch (error) {
    if (error instanceof EngineError) throw error
    throw notWritable(cache.dir, error)
  } finally {
    fs.rmSync(temporary, { force: true })
  }
  const converted = openCached(cache, key)
  if (!converted) throw notWritable(dataFile(cache, key), new Error('a file that vanished right after it was written'))
  return converted
}

function requireSpace(cache: WeightCache, needed: number): void {
  const { bavail, bsize } = fs.statfsSync(cache.dir)
  if (bavail * bsize >= needed) return
  throw badInput('weights/disk-full', {
    thing: cache.dir,
    expected: `${megabytes(needed)} MB free for the float32 form of the weights`,
    found: `${megabytes(bavail * bsize)} MB`,
    todo: 'free some space or move the cache',
  })
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6)

/** Bytes the cache takes now. */
export function cacheBytes(cache: Pick<WeightCache, 'dir'>): number {
  return listCached(cache.dir).reduce((sum, file) => sum + file.bytes, 0)
}
