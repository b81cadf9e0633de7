import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { EngineError } from '../../../../../main/engine/errors.ts'
import { MAX_HEADER_BYTES, readIntTensor, readSafetensorsHeader, readTensor } from '../../../../../main/engine/weights/safetensors.ts'
import { writeSafetensors } from '../../../../../main/engine/weights/safetensorsWriter.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'safetensors-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))
const file = (name = 'x.safetensors') => path.join(folder, name)

/** A file with exactly this header text and data. */
function craft(header: string | Uint8Array, data: Uint8Array | number = 0, length?: bigint): string {
  const json = Buffer.from(header as string)
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(length ?? BigInt(json.length))
  fs.writeFileSync(file(), Buffer.concat([size, json, typeof data === 'number' ? Buffer.alloc(data) : data]))
  return file()
}

/** The refusal of a file: one sentence with the file's name, exit code 2. */
function refusal(target: string): string {
  try {
    readSafetensorsHeader(target)
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError)
    const { exitCode, message } = error as EngineError
    expect(exitCode).toBe(2)
    expect(message.startsWith(target)).toBe(true)
    expect(message).toMatch(/: expected .+, found .+\.$/)
    expect(message).not.toMatch(/\n/)
    return message.slice(target.length + 2)
  }
  throw new Error('the file was accepted')
}

const entry = (dtype: string, shape: unknown, begin: unknown, end: unknown) => JSON.stringify({ dtype, shape, data_offsets: [begin, end] })

describe('readSafetensorsHeader', () => {
  it('reads what Python wrote, with its metadata and an empty tensor', () => {
    const target = path.join(import.meta.dirname, '../../../../fixtures/weights/mixed.safetensors')
    const header = readSafetensorsHeader(target)
    expect(header.metadata).toEqual({ format: 'pt', note: 'é "quoted"' })
    const get = (name: string) => header.tensors.get(name)!
    expect(readTensor(get('f32'))).toEqual({ data: Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5), dims: [2, 3] })
    expect([...readTensor(get('f16')).data]).toEqual([1, -0.5, 65504])
    expect([...readTensor(get('bf16')).data]).toEqual([1, -2, 0.15625])
    expect([...readTensor(get('f64')).data]).toEqual([Math.fround(0.1)])
    expect(readTensor(get('scalar'))).toEqual({ data: Float32Array.of(7), dims: [] })
    expect(readTensor(get('empty'))).toEqual({ data: new Float32Array(0), dims: [0, 4] })
    expect(readIntTensor(get('i64'))).toEqual({ data: BigInt64Array.of(-1n, 2n ** 40n), dims: [2] })
    expect(readIntTensor(get('i32')).data).toEqual(Int32Array.of(3))
    expect(() => readIntTensor(get('f32'))).toThrow(/I64 or I32.*F32/)
  })

  it('returns real paths, so that a linked file keeps its root', () => {
    writeSafetensors(file('real.safetensors'), { a: { data: Float32Array.of(1), dims: [1] } })
    fs.mkdirSync(file('links'), { recursive: true })
    fs.symlinkSync(file('real.safetensors'), file('links/link.safetensors'))
    expect(readSafetensorsHeader(file('links/link.safetensors')).tensors.get('a')?.file).toBe(fs.realpathSync(file('real.safetensors')))
  })

  it.each([
    ['nothing there', () => file('absent'), /nothing at that path/],
    ['a folder', () => folder, /a folder/],
    ['an empty file', () => { fs.writeFileSync(file(), ''); return file() }, /an empty file/],
    ['five bytes', () => { fs.writeFileSync(file(), 'abcde'); return file() }, /5 bytes/],
    ['a header longer than the file', () => craft('{}', 0, 500n), /header of 500 bytes, found a file of 10 bytes; the file is cut short/],
    ['an oversize header', () => craft('{}', 0, BigInt(MAX_HEADER_BYTES) + 1n), /at most 25000000 bytes, found one that claims 25000001/],
    ['a length near 2^64', () => craft('{}', 0, 2n ** 64n - 1n), /claims 18446744073709551615 bytes/],
    ['a header that is not JSON', () => craft('{"a":}'), /a JSON header, found text that is not JSON/],
    ['a header that is a list', () => craft('[1]'), /does not start with "{"/],
    ['a repeated name', () => craft(`{"a":${entry('F32', [1], 0, 4)},"a":${entry('F32', [1], 0, 4)}}`, 4), /the key "a" twice/],
    ['deep nesting', () => craft('{"a":' + '['.repeat(9000)), /nested deeper than 3 levels/],
    ['not UTF-8', () => craft(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])), /not UTF-8/],
    ['an unknown dtype', () => craft(`{"a":${entry('F31', [1], 0, 4)}}`, 4), /a known dtype for tensor a, found "F31"/],
    ['no dtype', () => craft('{"a":{"shape":[],"data_offsets":[0,4]}}', 4), /a dtype for tensor a, found none/],
    ['a dtype of another width', () => craft(`{"a":${entry('F64', [2], 0, 8)}}`, 8), /16 bytes for tensor a \(F64 \[2\]\), found 8/],
    ['a negative dimension', () => craft(`{"a":${entry('F32', [-1], 0, 4)}}`, 4), /whole numbers for tensor a, found \[-1\]/],
    ['a fractional dimension', () => craft(`{"a":${entry('F32', [1.5], 0, 4)}}`, 4), /whole numbers for tensor a/],
    ['a dimension beyond 2^53', () => craft('{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', 4), /whole numbers/],
    ['a product beyond every float', () => craft(`{"a":${entry('F32', Array(16).fill(2 ** 52), 0, 4)}}`, 4), /4 in its data_offsets/],
    ['seventeen dimensions', () => craft(`{"a":${entry('F32', Array(17).fill(1), 0, 4)}}`, 4), /at most 16/],
    ['a shape that is text', () => craft(`{"a":${entry('F32', 'x', 0, 4)}}`, 4), /whole numbers for tensor a, found "x"/],
    ['offsets the wrong way round', () => craft(`{"a":${entry('F32', [1], 4, 0)}}`, 4), /in order for tensor a, found \[4, 0\]/],
    ['a negative offset', () => craft(`{"a":${entry('F32', [1], -4, 0)}}`, 4), /two whole numbers as data_offsets/],
    ['an offset of 1e300', () => craft('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1e300]}}', 4), /two whole numbers/],
    ['three offsets', () => craft('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', 4), /two whole numbers/],
    ['data past the end', () => craft(`{"a":${entry('F32', [4], 0, 16)}}`, 8), /where tensor a ends, found a file of .*cut short/],
    ['overlapping tensors', () => craft(`{"a":${entry('F32', [2], 0, 8)},"b":${entry('F32', [2], 4, 12)}}`, 12), /b beginning inside a/],
    ['the same bytes twice', () => craft(`{"a":${entry('F32', [1], 0, 4)},"b":${entry('F32', [1], 0, 4)}}`, 4), /do not overlap/],
    ['a gap', () => craft(`{"a":${entry('F32', [1], 4, 8)}}`, 8), /4 unclaimed bytes in front of a/],
    ['trailing bytes', () => craft(`{"a":${entry('F32', [1], 0, 4)}}`, 9), /as its tensors add up to/],
    ['half a byte of F4', () => craft(`{"a":${entry('F4', [3], 0, 1)}}`, 1), /bytes for tensor a \(F4 \[3\]\)/],
    ['metadata that is not text', () => craft('{"__metadata__":{"a":1}}'), /text as __metadata__ a, found number/],
    ['metadata that is a list', () => craft('{"__metadata__":[]}'), /text pairs under __metadata__/],
    ['a tensor that is a number', () => craft('{"a":5}'), /a description of tensor a/],
    ['a name with line breaks', () => craft('{"a\\nb\\u2028":5}'), /tensor a\?b\?/],
    ['a pickle', () => { fs.writeFileSync(file(), Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.from('archive/data.pkl'), Buffer.alloc(50)])); return file() }, /a PyTorch pickle/],
    ['a web page', () => { fs.writeFileSync(file(), '<!DOCTYPE html><html>log in</html>'); return file() }, /a web page/],
    ['a Git LFS pointer', () => { fs.writeFileSync(file(), 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n'); return file() }, /a Git LFS pointer/],
  ])('refuses %s in one sentence', (_name, make, expected) => {
    expect(refusal(make())).toMatch(expected)
  })

  it('accepts a header without tensors and padding spaces', () => {
    expect(readSafetensorsHeader(craft('{}      ')).tensors.size).toBe(0)
  })

  it('refuses a 25 MB header of hostile JSON within seconds of computing', () => {
    const many = Array.from({ length: 330_000 }, (_, i) => `"tensor.${i}":${entry('F32', [0], 0, 0)}`).join(',')
    const header = `{${many},"tensor.0":1}`
    expect(header.length).toBeLessThan(MAX_HEADER_BYTES)
    const file = craft(header)
    const before = process.cpuUsage() // time spent computing: the clock on the wall counts other programs too
    expect(refusal(file)).toMatch(/twice/)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1e6).toBeLessThan(5)
  })

  it('says so when the file shrinks between the header and the tensor', () => {
    const target = craft(`{"a":${entry('F32', [2], 0, 8)}}`, 8)
    const header = readSafetensorsHeader(target)
    fs.truncateSync(target, header.size - 4)
    expect(() => readTensor(header.tensors.get('a')!)).toThrow(/8 bytes at .*, found 4; the file changed/)
  })
})

describe('writeSafetensors and the reader', () => {
  const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
  const floats = shape.chain((dims) => fc.record({
    dims: fc.constant(dims),
    data: fc.float32Array({ minLength: dims.reduce((a, b) => a * b, 1), maxLength: dims.reduce((a, b) => a * b, 1) }),
  }))
  const names = fc.string({ minLength: 1, maxLength: 20 }).filter((name) => name !== '__metadata__' && name !== '__proto__')

  it('give back every tensor, bit for bit', () => {
    fc.assert(fc.property(fc.dictionary(names, floats, { maxKeys: 6 }), fc.dictionary(names, fc.string()), (tensors, metadata) => {
      writeSafetensors(file(), tensors, metadata)
      const header = readSafetensorsHeader(file())
      expect({ ...header.metadata }).toEqual({ ...metadata })
      expect([...header.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort())
      for (const [name, { data, dims }] of Object.entries(tensors)) {
        const read = readTensor(header.tensors.get(name)!)
        expect(read.dims).toEqual(dims)
        expect(Buffer.from(read.data.buffer).equals(Buffer.from(data.buffer, data.byteOffset, data.byteLength))).toBe(true)
      }
    }), { numRuns: 150 })
  })

  it('keep integer tensors and align every tensor to its element', () => {
    writeSafetensors(file(), {
      odd: { data: Float32Array.of(1, 2, 3), dims: [3] },
      ids: { data: BigInt64Array.of(49406n, 49407n), dims: [1, 2] },
      small: { data: Int32Array.of(9), dims: [] },
    })
    const { tensors } = readSafetensorsHeader(file())
    expect(readIntTensor(tensors.get('ids')!).data).toEqual(BigInt64Array.of(49406n, 49407n))
    for (const tensor of tensors.values()) expect(tensor.offset % (tensor.dtype === 'I64' ? 8 : 4)).toBe(0)
  })

  it('write the same bytes for the same tensors', () => {
    const tensors = { a: { data: Float32Array.of(1), dims: [1] } }
    writeSafetensors(file('one'), tensors)
    writeSafetensors(file('two'), tensors)
    expect(fs.readFileSync(file('one')).equals(fs.readFileSync(file('two')))).toBe(true)
  })

  it('leave nothing behind when the folder is missing or the write fails', () => {
    const tensors = { a: { data: Float32Array.of(1), dims: [1] } }
    expect(() => writeSafetensors(path.join(folder, 'no', 'x.safetensors'), tensors)).toThrow(/a place to write, found no folder/)
    fs.mkdirSync(file('taken/inside'), { recursive: true })
    expect(() => writeSafetensors(file('taken'), tensors)).toThrow(/a place to write/)
    expect(fs.readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('any change of any one byte of the header is either refused or reads in bounds', () => {
    writeSafetensors(file(), { weight: { data: new Float32Array(6), dims: [2, 3] }, bias: { data: new Float32Array(2), dims: [2] } })
    const original = fs.readFileSync(file())
    const dataStart = 8 + Number(original.readBigUInt64LE(0))
    fc.assert(fc.property(fc.integer({ min: 0, max: dataStart - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = Buffer.from(original)
      bytes[at] = bytes[at]! ^ change
      fs.writeFileSync(file('mutant'), bytes)
      try {
        const { tensors, size } = readSafetensorsHeader(file('mutant'))
        for (const tensor of tensors.values()) {
          expect(tensor.offset + tensor.length).toBeLessThanOrEqual(size)
          expect(tensor.offset).toBeGreaterThanOrEqual(8)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(EngineError)
      }
    }), { numRuns: 500 })
  })
})
