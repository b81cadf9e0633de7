/** Writer for the safetensors format. */
import { failed } from '../errors.ts'
import { type IntTensor, type Tensor, elementCount } from '../tensor/tensor.ts'
import { writeFileAtomic } from './atomicFile.ts'
import type { Dtype } from './dtypes.ts'

/** What a header says of a tensor to be written. */
export interface HeaderRow { readonly name: string; readonly dtype: Dtype; readonly shape: readonly number[]; readonly length: number }

/**
 * The first bytes of a safetensors file whose tensors follow in the order of `rows`: length, JSON header,
 * spaces until the data begins at a multiple of `alignment` bytes. The same rows give the same bytes.
 */
export function safetensorsPreamble(rows: readonly HeaderRow[], metadata: Readonly<Record<string, string>> = {}, alignment = 8): Uint8Array {
  const members: string[] = []
  if (Object.keys(metadata).length > 0) members.push(`"__metadata__":${JSON.stringify(metadata)}`)
  let offset = 0
  for (const { name, dtype, shape, length } of rows) {
    members.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, offset + length] })}`)
    offset += length
  }
  const json = Buffer.from(`{${members.join(',')}}`)
  const dataStart = Math.ceil((8 + json.length) / alignment) * alignment
  const preamble = Buffer.alloc(dataStart, ' ')
  preamble.writeBigUInt64LE(BigInt(dataStart - 8), 0)
  json.copy(preamble, 8)
  return preamble
}

/**
 * Writes named tensors (float32, int64, int32; borrowed) to a file, whole or not at all. Wider elements come
 * first so that every tensor is aligned to its element size; otherwise the given order is kept.
 * @throws EngineError output/not-writable (exit 2), weights/reserved-name
 */
export function writeSafetensors(
  file: string, tensors: Readonly<Record<string, Tensor | IntTensor>>, metadata: Readonly<Record<string, string>> = {},
): void {
  const parts = Object.entries(tensors).map(([name, { data, dims }]) => {
    if (name === '__metadata__') throw failed('weights/reserved-name', 'Expected a tensor name other than __metadata__.')
    if (data.length !== elementCount(dims)) throw failed('tensor/size', `Expected ${elementCount(dims)} elements in ${name} but received ${data.length}.`)
    const dtype: Dtype = data instanceof Float32Array ? 'F32' : data instanceof Int32Array ? 'I32' : 'I64'
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    return { name, dtype, shape: dims, length: bytes.length, bytes, width: data.BYTES_PER_ELEMENT }
  })
  parts.sort((a, b) => b.width - a.width)
  writeFileAtomic(file, safetensorsPreamble(parts, metadata), ...parts.map((part) => part.bytes))
}
