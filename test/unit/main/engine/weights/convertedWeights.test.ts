import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { evict, listCached } from '../../../../../main/engine/weights/cacheEviction.ts'
import { type ConversionProgress, cacheBytes, ensureFloat32, needsConversion } from '../../../../../main/engine/weights/convertedWeights.ts'
import type { Dtype } from '../../../../../main/engine/weights/dtypes.ts'
import { readTensor } from '../../../../../main/engine/weights/safetensors.ts'
import { safetensorsPreamble } from '../../../../../main/engine/weights/safetensorsWriter.ts'
import { openWeights } from '../../../../../main/engine/weights/storedWeights.ts'
import type { WeightIndex } from '../../../../../main/engine/weights/weightIndex.ts'

const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'converted-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))
const at = (...names: string[]) => path.join(folder, ...names)
let run = 0
let cache = { dir: '', maxBytes: 1e9 }
beforeEach(() => { cache = { dir: at(`cache-${run++}`), maxBytes: 1e9 } })

type Stored = Record<string, { dtype: Dtype; array: ArrayBufferView & { length: number }; shape?: number[] }>

function store(name: string, tensors: Stored, alignment = 8): string {
  const rows = Object.entries(tensors).map(([key, { dtype, array, shape }]) => ({ name: key, dtype, shape: shape ?? [array.length], length: array.byteLength }))
  const data = Object.values(tensors).map(({ array }) => Buffer.from(array.buffer, array.byteOffset, array.byteLength))
  fs.mkdirSync(path.dirname(at(name)), { recursive: true })
  fs.writeFileSync(at(name), Buffer.concat([safetensorsPreamble(rows, {}, alignment), ...data]))
  return at(name)
}

const halves = (...bits: number[]) => ({ dtype: 'F16' as const, array: Uint16Array.from(bits) })
const mixed = (): Stored => ({
  half: halves(0x3c00, 0xb800, 0x0001, 0x8000),
  brain: { dtype: 'BF16', array: Uint16Array.of(0x3f80, 0xc000) },
  double: { dtype: 'F64', array: Float64Array.of(0.1) },
  single: { dtype: 'F32', array: Float32Array.of(1e-45, -0), shape: [1, 2] },
  count: { dtype: 'I64', array: BigInt64Array.of(7n) },
  empty: { dtype: 'F16', array: new Uint16Array(0), shape: [0, 3] },
})

const valuesOf = (index: WeightIndex) => Object.fromEntries([...index.entries.values()].map((e) => [e.name, { dtype: e.dtype, dims: e.shape, data: [...readTensor(e).data] }]))
const files = () => fs.readdirSync(cache.dir)

async function convertWithPhases(index: WeightIndex): Promise<{ index: WeightIndex; phases: string[]; last: ConversionProgress | undefined }> {
  const phases = new Set<string>()
  let last: ConversionProgress | undefined
  const converted = await ensureFloat32(index, cache, { onProgress: (progress) => { phases.add(progress.phase); last = progress } })
  return { index: converted, phases: [...phases], last }
}

describe('ensureFloat32', () => {
  it('gives every float tensor as float32, other types as they are', async () => {
    const { index, last } = await convertWithPhases(openWeights(store('mixed.safetensors', mixed())))
    expect(valuesOf(index)).toEqual({
      half: { dtype: 'F32', dims: [4], data: [1, -0.5, 2 ** -24, -0] },
      brain: { dtype: 'F32', dims: [2], data: [1, -2] },
      double: { dtype: 'F32', dims: [1], data: [Math.fround(0.1)] },
      single: { dtype: 'F32', dims: [1, 2], data: [Math.fround(1e-45), -0] },
      count: { dtype: 'I64', dims: [1], data: [7] },
      empty: { dtype: 'F32', dims: [0, 3], data: [] },
    })
    expect(index.root).toBe(cache.dir)
    expect(last).toEqual({ phase: 'converting', done: 8 + 4 + 8 + 8 + 8, total: 36 })
    for (const entry of index.entries.values()) expect(entry.offset % (entry.dtype === 'I64' ? 8 : 4)).toBe(0)
  })

  it('passes float32 through without copying anything', async () => {
    const index = openWeights(store('f32.safetensors', { a: { dtype: 'F32', array: Float32Array.of(1) } }))
    expect(needsConversion(index)).toBe(false)
    expect(await ensureFloat32(index, cache)).toBe(index)
    expect(fs.existsSync(cache.dir)).toBe(false)
  })

  it('copies float32 that lies where it cannot be mapped', async () => {
    const index = openWeights(store('odd.safetensors', { byte: { dtype: 'U8', array: Uint8Array.of(1) }, a: { dtype: 'F32', array: Float32Array.of(2.5) } }))
    expect(index.entries.get('a')!.offset % 4).toBe(1)
    expect(valuesOf(await ensureFloat32(index, cache))['a']).toEqual({ dtype: 'F32', dims: [1], data: [2.5] })
  })

  it('answers a second call from the cache, with the same bytes', async () => {
    const file = store('again.safetensors', mixed())
    const first = await convertWithPhases(openWeights(file))
    const bytes = fs.readFileSync(first.index.entries.get('half')!.file)
    const second = await convertWithPhases(openWeights(file))
    expect(second.phases).toEqual([])
    expect(second.index).toEqual(first.index)
    fs.rmSync(cache.dir, { recursive: true })
    const third = await convertWithPhases(openWeights(file))
    expect(third.phases).toEqual(['converting'])
    expect(fs.readFileSync(third.index.entries.get('half')!.file).equals(bytes)).toBe(true)
    expect(third.index.contentHash).toBe(first.index.contentHash)
  })

  it('recognises a copied file by hashing it, and the same tensors in another file', async () => {
    const first = await convertWithPhases(openWeights(store('one.safetensors', mixed())))
    fs.copyFileSync(at('one.safetensors'), at('two.safetensors'))
    const copy = await convertWithPhases(openWeights(at('two.safetensors')))
    expect(copy.phases).toEqual(['hashing'])
    expect(copy.index.entries.get('half')!.file).toBe(first.index.entries.get('half')!.file)
    const reordered = Object.fromEntries(Object.entries(mixed()).reverse())
    const other = await convertWithPhases(openWeights(store('three.safetensors', reordered, 64)))
    expect(other.index.contentHash).toBe(first.index.contentHash)
    expect(listCached(cache.dir)).toHaveLength(1)
    expect((await convertWithPhases(openWeights(at('two.safetensors')))).phases, 'remembered').toEqual([])
  })

  it('converts again when one byte of the source changed, even with its time put back', async () => {
    const file = store('changed.safetensors', mixed())
    const before = await ensureFloat32(openWeights(file), cache)
    const { atime, mtime } = fs.statSync(file)
    const bytes = fs.readFileSync(file)
    bytes[bytes.length - 8]! ^= 1 // the I64 tensor's first byte
    fs.writeFileSync(file, bytes)
    fs.utimesSync(file, atime, mtime)
    expect((await ensureFloat32(openWeights(file), cache)).contentHash).not.toBe(before.contentHash)
  })

  it('slices of a joined tensor convert on their own', async () => {
    const index = openWeights(store('joined.safetensors', { qkv: { ...halves(0x3c00, 0x4000, 0x4200), shape: [3, 1] } }))
    const whole = index.entries.get('qkv')!
    const slices = [0, 1, 2].map((i) => ({ ...whole, name: `part${i}`, shape: [1, 1], offset: whole.offset + 2 * i, length: 2 }))
    const converted = await ensureFloat32({ ...index, entries: new Map(slices.map((s) => [s.name, s])) }, cache)
    expect([0, 1, 2].map((i) => readTensor(converted.entries.get(`part${i}`)!).data[0])).toEqual([1, 2, 3])
  })

  it('names the tensor that holds NaN or infinity, and keeps nothing', async () => {
    const index = openWeights(store('nan.safetensors', { fine: halves(0), 'mid.block.weight': halves(0x3c00, 0x7e00) }))
    await expect(ensureFloat32(index, cache)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(/nan\.safetensors: expected finite weights, found NaN or infinity in tensor mid\.block\.weight at element 1; /) as string })
    expect(files()).toEqual([])
  })

  it('refuses 8-bit floats before it writes anything', async () => {
    const index = openWeights(store('fp8.safetensors', { w: { dtype: 'F8_E4M3', array: Uint8Array.of(1) } }))
    await expect(ensureFloat32(index, cache)).rejects.toThrow(/found F8_E4M3 in tensor w; use the checkpoint's fp16 version/)
    expect(fs.existsSync(cache.dir)).toBe(false)
  })

  it('makes a cut or garbled cached file again', async () => {
    const file = store('cut.safetensors', mixed())
    const { entries } = await ensureFloat32(openWeights(file), cache)
    const cached = entries.get('half')!.file
    const good = fs.readFileSync(cached)
    fs.truncateSync(cached, good.length - 3)
    await ensureFloat32(openWeights(file), cache)
    expect(fs.readFileSync(cached).equals(good)).toBe(true)
    for (const name of files().filter((n) => n.endsWith('.ref'))) fs.writeFileSync(path.join(cache.dir, name), '../../etc/passwd')
    expect((await convertWithPhases(openWeights(file))).phases).toEqual(['converting'])
  })

  it('a cancelled conversion leaves no file and no lock', async () => {
    const index = openWeights(store('cancel.safetensors', mixed()))
    const stop = new AbortController()
    const cancelled = ensureFloat32(index, cache, { signal: stop.signal, onProgress: () => stop.abort() })
    await expect(cancelled).rejects.toMatchObject({ exitCode: 130 })
    expect(files()).toEqual([])
  })

  it('says so in a sentence when the cache folder cannot be made', async () => {
    fs.writeFileSync(at('a-file'), '')
    const index = openWeights(store('x.safetensors', mixed()))
    await expect(ensureFloat32(index, { dir: at('a-file', 'cache'), maxBytes: 1 })).rejects.toMatchObject({ exitCode: 2 })
  })
})

describe('two processes', () => {
  it('convert a component once: the second waits for the first', async () => {
    const big = { dtype: 'F16' as const, array: new Uint16Array(30_000_000).fill(0x3c00) }
    const file = store('big.safetensors', { big })
    const script = path.join(import.meta.dirname, '../../../../fixtures/weights/convert_in_process.mjs')
    const start = async () => JSON.parse((await promisify(execFile)(process.execPath, [script, file, cache.dir])).stdout) as { phases: string[]; contentHash: string }
    const [one, two] = await Promise.all([start(), start()])
    expect(one.contentHash).toBe(two.contentHash)
    expect([one, two].filter(({ phases }) => phases.includes('converting'))).toHaveLength(1)
    expect(files().filter((name) => /lock|tmp/.test(name))).toEqual([])
    fs.rmSync(file)
  })

  it('take over the lock of a process that is gone, and of an earlier life with the same pid', async () => {
    const index = openWeights(store('stale.safetensors', mixed()))
    fs.mkdirSync(cache.dir)
    const lock = path.join(cache.dir, `${index.fingerprint.slice(0, 16)}.lock`)
    const owners = [{ pid: 2 ** 22 + 12345, host: os.hostname() }, { pid: process.pid, host: os.hostname() }]
    for (const owner of owners) {
      fs.writeFileSync(lock, JSON.stringify(owner))
      await ensureFloat32(index, cache)
      expect(files().filter((name) => name.endsWith('.lock'))).toEqual([])
      fs.rmSync(cache.dir, { recursive: true })
      fs.mkdirSync(cache.dir)
    }
    fs.writeFileSync(lock, JSON.stringify({ pid: 1, host: 'another machine' }))
    fs.utimesSync(lock, new Date(0), new Date(0))
    await ensureFloat32(index, cache)
    expect(listCached(cache.dir)).toHaveLength(1)
  })

  it('a waiting one can be cancelled', async () => {
    const index = openWeights(store('waiting.safetensors', mixed()))
    fs.mkdirSync(cache.dir)
    fs.writeFileSync(path.join(cache.dir, `${index.fingerprint.slice(0, 16)}.lock`), JSON.stringify({ pid: process.ppid, host: os.hostname() }))
    const stop = new AbortController()
    const waiting = ensureFloat32(index, cache, { signal: stop.signal, onProgress: ({ phase }) => phase === 'waiting' && stop.abort() })
    await expect(waiting).rejects.toMatchObject({ exitCode: 130 })
  })
})

describe('the size of the cache', () => {
  const component = (i: number) => openWeights(store(`c${i}.safetensors`, { w: { dtype: 'F16', array: new Uint16Array(10_000).fill(0x3c00 + i) } }))
  const age = (index: WeightIndex, minutes: number) => {
    const { file } = index.entries.get('w')!
    const then = new Date(Date.now() - minutes * 60_000)
    fs.utimesSync(file, then, then)
  }

  it('stays below its limit by dropping what was used longest ago', async () => {
    cache.maxBytes = 120_000 // two of 40 KB plus headers, not three
    const [a, b] = [await ensureFloat32(component(0), cache), await ensureFloat32(component(1), cache)]
    age(a, 30)
    age(b, 20)
    await ensureFloat32(component(0), cache) // used again: b is now the oldest
    await ensureFloat32(component(2), cache)
    expect(cacheBytes(cache)).toBeLessThanOrEqual(cache.maxBytes)
    expect(fs.existsSync(a.entries.get('w')!.file)).toBe(true)
    expect(fs.existsSync(b.entries.get('w')!.file)).toBe(false)
    const keys = files().filter((name) => name.endsWith('.ref')).map((name) => fs.readFileSync(path.join(cache.dir, name), 'utf8'))
    expect([...new Set(keys)].sort().map((key) => `${key}.safetensors`), 'no reference to a deleted file').toEqual(files().filter((name) => name.endsWith('.safetensors')).sort())
  })

  it('keeps what is being opened even when it alone is larger, and what was used just now', async () => {
    cache.maxBytes = 10
    const a = await ensureFloat32(component(3), cache)
    await ensureFloat32(component(4), cache)
    expect(fs.existsSync(a.entries.get('w')!.file)).toBe(true)
    expect(listCached(cache.dir)).toHaveLength(2)
  })

  it('clears what dead conversions left and touches nothing else', () => {
    fs.mkdirSync(cache.dir)
    for (const name of ['.1.aa.tmp', '.2.bb.tmp', 'note.txt', 'model.safetensors']) fs.writeFileSync(path.join(cache.dir, name), 'x')
    fs.utimesSync(path.join(cache.dir, '.1.aa.tmp'), new Date(0), new Date(0))
    evict(cache, 1e12)
    expect(files().sort()).toEqual(['.2.bb.tmp', 'model.safetensors', 'note.txt'])
  })
})
