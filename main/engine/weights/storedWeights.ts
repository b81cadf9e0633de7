/** The tensors of one component as stored: in one safetensors file, or in shards listed by an index file. */
import fs from 'node:fs'
import path from 'node:path'
import { badInput } from '../errors.ts'
import { identifyFile } from './fileIdentity.ts'
import { MAX_LARGE_JSON_BYTES, readJsonObject } from './jsonFile.ts'
import { type SafetensorsHeader, readSafetensorsHeader } from './safetensors.ts'
import { isJsonObject } from './strictJson.ts'
import { type FileIdentity, type TensorEntry, type WeightIndex, makeWeightIndex } from './weightIndex.ts'

/** Stored tensors by their stored names, before any key rule is applied. */
export interface StoredWeights {
  /** What the person named: the file, or the index file of shards. */
  readonly path: string
  readonly entries: ReadonlyMap<string, TensorEntry>
  readonly identities: readonly FileIdentity[]
  /** `__metadata__` of the file; of the first shard where there are several. */
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Opens a `.safetensors` file or a `*.safetensors.index.json` with its shards; only headers are read.
 * @throws EngineError of {@link readSafetensorsHeader}; weights/bad-index, weights/missing-shard (exit 2)
 */
export function readStoredWeights(file: string): StoredWeights {
  if (/\.json$/i.test(file)) return readShards(file)
  const header = readSafetensorsHeader(file)
  return { path: file, entries: header.tensors, identities: [identifyFile(header)], metadata: header.metadata }
}

/** The stored tensors under their stored names as an index; for files that already use the final names. */
export function openWeights(file: string): WeightIndex {
  const { entries, identities } = readStoredWeights(file)
  return makeWeightIndex(entries.values(), identities)
}

function readShards(indexFile: string): StoredWeights {
  const refuse = (expected: string, found: string): Error => badInput('weights/bad-index', { thing: indexFile, expected, found, todo: 'fetch the file again' })
  const map = readJsonObject(indexFile, 'a shard index', MAX_LARGE_JSON_BYTES)['weight_map']
  if (!isJsonObject(map)) throw refuse('a weight_map of tensor names to shard files', map === undefined ? 'none' : 'another JSON value')
  const folder = path.dirname(indexFile)
  const headers = new Map<string, SafetensorsHeader>()
  const entries = new Map<string, TensorEntry>()
  for (const [name, shard] of Object.entries(map)) {
    // a plain name only: an index must not reach files outside its own folder
    if (typeof shard !== 'string' || !/\.safetensors$/i.test(shard) || shard !== path.basename(shard) || shard.includes('\\')) {
      throw refuse(`the name of a .safetensors file in the same folder for ${name.slice(0, 100)}`, JSON.stringify(shard).slice(0, 100))
    }
    let header = headers.get(shard)
    if (!header) {
      if (headers.size >= MAX_SHARDS) throw refuse(`at most ${MAX_SHARDS} shards`, 'more')
      headers.set(shard, (header = readShard(indexFile, path.join(folder, shard), Object.values(map))))
    }
    const entry = header.tensors.get(name)
    if (!entry) throw refuse(`tensor ${name.slice(0, 100)} in shard ${shard}`, 'a shard without it')
    entries.set(name, entry)
  }
  const all = [...headers.values()]
  return { path: indexFile, entries, identities: all.map(identifyFile), metadata: all[0]?.metadata ?? {} }
}

/** More than any checkpoint has; bounds the work a hostile index can ask for. */
const MAX_SHARDS = 1000

function readShard(indexFile: string, shardFile: string, shards: readonly unknown[]): SafetensorsHeader {
  if (fs.existsSync(shardFile)) return readSafetensorsHeader(shardFile)
  const names = [...new Set(shards)].filter((name) => typeof name === 'string').slice(0, MAX_SHARDS)
  const missing = names.filter((name) => !fs.existsSync(path.join(path.dirname(indexFile), name)))
  throw badInput('weights/missing-shard', {
    thing: indexFile,
    expected: `all of its ${names.length} shards beside it`,
    found: `${missing.length === 1 ? 'no' : `${missing.length} missing, first`} ${path.basename(shardFile)}`,
    todo: 'fetch the missing file into the same folder',
    details: { missing },
  })
}
