import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../../../../main/engine/errors.ts'
import { sha256OfFile } from '../../../../../main/engine/weights/fileIdentity.ts'
import { openWeights, readStoredWeights } from '../../../../../main/engine/weights/storedWeights.ts'
import { writeSafetensors } from '../../../../../main/engine/weights/safetensorsWriter.ts'
import { requireEntry } from '../../../../../main/engine/weights/weightIndex.ts'

const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'stored-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))
const at = (name: string) => path.join(folder, name)
const floats = (...values: number[]) => ({ data: Float32Array.from(values), dims: [values.length] })

const INDEX = 'model.safetensors.index.json'
const writeIndex = (map: unknown) => fs.writeFileSync(at(INDEX), JSON.stringify({ metadata: { total_size: 12 }, weight_map: map }))

beforeEach(() => {
  writeSafetensors(at('model-00001-of-00002.safetensors'), { a: floats(1, 2), unused: floats(0) })
  writeSafetensors(at('model-00002-of-00002.safetensors'), { b: floats(3) })
  writeIndex({ a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' })
})

function refusal(): string {
  try {
    readStoredWeights(at(INDEX))
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError)
    expect((error as EngineError).exitCode).toBe(2)
    return (error as Error).message
  }
  throw new Error('the index was accepted')
}

describe('sharded weights', () => {
  it('list the tensors of every shard under one root', () => {
    const index = openWeights(at(INDEX))
    expect([...index.entries.keys()]).toEqual(['a', 'b'])
    expect(index.root).toBe(folder)
    expect(path.basename(index.entries.get('b')!.file)).toBe('model-00002-of-00002.safetensors')
  })

  it('name the shard that is missing', () => {
    fs.rmSync(at('model-00002-of-00002.safetensors'))
    expect(refusal()).toMatch(/all of its 2 shards beside it, found no model-00002-of-00002\.safetensors; fetch the missing file/)
  })

  it('never leave the folder', () => {
    for (const shard of ['../x.safetensors', '/etc/x.safetensors', 'a/b.safetensors', 'a\\b.safetensors', 'x.bin', 7, null]) {
      writeIndex({ a: shard })
      expect(refusal()).toMatch(/same folder for a, found/)
    }
  })

  it('refuse an index that promises what a shard lacks, or is none', () => {
    writeIndex({ a: 'model-00002-of-00002.safetensors' })
    expect(refusal()).toMatch(/tensor a in shard model-00002-of-00002\.safetensors, found a shard without it/)
    writeIndex([])
    expect(refusal()).toMatch(/a weight_map/)
    fs.writeFileSync(at(INDEX), '{"weight_map":{"a":"x.safetensors","a":"y.safetensors"}}')
    expect(refusal()).toMatch(/twice/)
    fs.writeFileSync(at(INDEX), '')
    expect(refusal()).toMatch(/an empty file/)
    fs.writeFileSync(at(INDEX), '[]')
    expect(refusal()).toMatch(/not an object/)
  })
})

describe('the hashes of an index', () => {
  it('depend on content alone, the fingerprint also on place and time', () => {
    const before = openWeights(at(INDEX))
    fs.mkdirSync(at('copy'), { recursive: true })
    for (const name of fs.readdirSync(folder)) if (/^model/.test(name)) fs.copyFileSync(at(name), path.join(at('copy'), name))
    const copy = openWeights(path.join(at('copy'), INDEX))
    expect(copy.contentHash).toBe(before.contentHash)
    expect(copy.fingerprint).not.toBe(before.fingerprint)
    writeSafetensors(at('model-00002-of-00002.safetensors'), { b: floats(4) })
    expect(openWeights(at(INDEX)).contentHash).not.toBe(before.contentHash)
  })

  it('notice a byte rewritten in place with its time put back', () => {
    const shard = at('model-00002-of-00002.safetensors')
    const before = openWeights(at(INDEX))
    const { atime, mtime } = fs.statSync(shard)
    const bytes = fs.readFileSync(shard)
    bytes[bytes.length - 1]! ^= 1
    fs.writeFileSync(shard, bytes)
    fs.utimesSync(shard, atime, mtime)
    expect(openWeights(at(INDEX)).fingerprint).not.toBe(before.fingerprint)
  })

  it('sha256OfFile is the file\'s sha256 and can be cancelled', async () => {
    fs.writeFileSync(at('abc'), 'abc')
    let seen = 0
    expect(await sha256OfFile(at('abc'), { onBytes: (n) => { seen = n } })).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(seen).toBe(3)
    await expect(sha256OfFile(at('abc'), { signal: AbortSignal.abort() })).rejects.toThrow(/cancelled/)
    await expect(sha256OfFile(at('absent'))).rejects.toThrow(/nothing at that path/)
  })
})

it('requireEntry names the missing key and its neighbours', () => {
  const index = openWeights(at(INDEX))
  expect(requireEntry(index, 'a').shape).toEqual([2])
  expect(() => requireEntry(index, 'conv.weight')).toThrow(/lacks the tensor conv\.weight \(none of its 2 tensors/)
})
