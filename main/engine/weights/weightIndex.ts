/**
 * Where every tensor of a component lies: name -> file, byte offset, length. Graphs refer to weights only
 * through this index, so a checkpoint is never loaded as a whole; onnxruntime maps the bytes in place.
 */
import path from 'node:path'
import { createHash } from 'node:crypto'
import { EngineError, failed } from '../errors.ts'
import type { Dtype } from './dtypes.ts'

export type { Dtype } from './dtypes.ts'

/**
 * One tensor as stored: a run of bytes in a file. It may be a slice of a larger stored tensor (the q, k and v
 * rows of a joined projection), and its shape may drop trailing 1s (a 1x1 convolution read as a matrix):
 * both are the same bytes seen differently.
 */
export interface TensorEntry {
  /** The component's name for it: diffusers' or transformers' key. */
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Absolute real path (symbolic links resolved). */
  readonly file: string
  /** First byte, counted from the start of the file. */
  readonly offset: number
  /** Bytes. */
  readonly length: number
}

/** The tensors of one component. */
export interface WeightIndex {
  readonly entries: ReadonlyMap<string, TensorEntry>
  /** A folder below which every file of the index lies: onnxruntime's external-data root. */
  readonly root: string
  /**
   * sha256 (hex) that depends only on what the files hold, not on where or when they were stored. For a
   * converted component it covers every byte; for files used as they are it covers the headers and evenly
   * spread samples of the data, so that opening a 4 GB file stays instant.
   */
  readonly contentHash: string
  /**
   * sha256 (hex) of path, size, time and inode of every file: changes when a file on this machine is
   * rewritten, even where the samples of `contentHash` miss it. Local caches that copy weights key on both.
   */
  readonly fingerprint: string
}

/** A stable content key and a local change marker of one file; see {@link WeightIndex}. */
export interface FileIdentity {
  readonly file: string
  readonly contentHash: string
  readonly fingerprint: string
}

/** sha256 in hex of the parts, each length-prefixed so that no two lists collide by concatenation. */
export function hashParts(parts: Iterable<string>): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part)
  return hash.digest('hex')
}

/**
 * The deepest folder that contains all files; the folder of the file when there is only one.
 * @throws EngineError weights/no-common-root when they lie on different drives.
 */
export function commonRoot(files: Iterable<string>): string {
  let root: string | undefined
  for (const file of files) {
    let folder = path.dirname(file)
    while (root !== undefined && folder !== root && !root.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep)) {
      const parent = path.dirname(folder)
      if (parent === folder) throw failed('weights/no-common-root', `Expected weight files on one drive but received ${root} and ${file}.`)
      folder = parent
    }
    root = folder
  }
  return root ?? path.parse(process.cwd()).root
}

/**
 * Builds an index from entries (keyed by their `name`) and the identities of their files.
 * The hashes cover the names, types, shapes and places of the entries, so two components of one file differ.
 */
export function makeWeightIndex(entries: Iterable<TensorEntry>, identities: readonly FileIdentity[]): WeightIndex {
  const map = new Map<string, TensorEntry>()
  for (const entry of entries) map.set(entry.name, entry)
  const used = new Set<string>()
  for (const entry of map.values()) used.add(entry.file)
  const files = identities.filter((identity) => used.has(identity.file)).sort((a, b) => (a.contentHash < b.contentHash ? -1 : 1))
  const number = new Map(files.map((identity, i) => [identity.file, i]))
  const listing = [...map.values()]
    .map((e) => JSON.stringify([e.name, e.dtype, e.shape, number.get(e.file), e.offset, e.length]))
    .sort()
  return {
    entries: map,
    root: commonRoot(used),
    contentHash: hashParts([...files.map((f) => f.contentHash), ...listing]),
    fingerprint: hashParts([...files.map((f) => f.fingerprint), ...listing]),
  }
}

/**
 * The entry of a tensor that must exist.
 * @throws EngineError weights/missing-key (exit 2: the file is at fault) naming the key and the nearest ones present.
 */
export function requireEntry(index: WeightIndex, key: string): TensorEntry {
  const entry = index.entries.get(key)
  if (entry) return entry
  const prefix = key.split('.').slice(0, -1)
  let near: string[] = []
  while (near.length === 0 && prefix.length > 0) {
    const start = prefix.join('.') + '.'
    near = [...index.entries.keys()].filter((name) => name.startsWith(start)).slice(0, 3)
    prefix.pop()
  }
  const hint = near.length > 0 ? `it has ${near.join(', ')}` : `none of its ${index.entries.size} tensors is named like it`
  throw new EngineError('weights/missing-key', `The checkpoint in ${index.root} lacks the tensor ${key} (${hint}).`, { exitCode: 2, details: { key } })
}
