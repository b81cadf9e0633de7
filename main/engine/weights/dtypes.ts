/** Element types of safetensors files: sizes, and conversion to float32. */
import { failed } from '../errors.ts'

/**
 * Element types a safetensors header may name. Those with a sub-byte or 8-bit float layout are known (so that
 * a file holding them is recognised and refused by name) but never read.
 */
export type Dtype =
  | 'F64' | 'F32' | 'F16' | 'BF16'
  | 'I64' | 'I32' | 'I16' | 'I8' | 'U64' | 'U32' | 'U16' | 'U8' | 'BOOL'
  | 'C64' | 'F8_E4M3' | 'F8_E5M2' | 'F8_E4M3FNUZ' | 'F8_E5M2FNUZ' | 'F8_E8M0' | 'F6_E2M3' | 'F6_E3M2' | 'F4'

/** Bits per element; the sub-byte types are packed, so a tensor's bits must add up to whole bytes. */
export const DTYPE_BITS: Readonly<Record<Dtype, number>> = {
  F64: 64, F32: 32, F16: 16, BF16: 16,
  I64: 64, I32: 32, I16: 16, I8: 8, U64: 64, U32: 32, U16: 16, U8: 8, BOOL: 8,
  C64: 64, F8_E4M3: 8, F8_E5M2: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8, F8_E8M0: 8, F6_E2M3: 6, F6_E3M2: 6, F4: 4,
}

/** Float types that convert to float32 exactly, or by rounding once (F64). */
export const FLOAT_DTYPES: ReadonlySet<Dtype> = new Set<Dtype>(['F64', 'F32', 'F16', 'BF16'])

/** True for the names of {@link Dtype}. */
export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(DTYPE_BITS, name)
}

/** True for the 8-bit and narrower float types, which no part of the engine computes with. */
export function isNarrowFloat(dtype: Dtype): boolean {
  return /^F[468]/.test(dtype) && dtype !== 'F64'
}

let halfTable: Float32Array | undefined

/** All 65,536 half-precision values as float32 (256 KiB, made once): the fastest conversion JavaScript has. */
function halfToFloatTable(): Float32Array {
  if (halfTable) return halfTable
  const table = new Float32Array(65536)
  const bits = new Uint32Array(table.buffer)
  for (let half = 0; half < 65536; half++) {
    const sign = (half & 0x8000) << 16
    const exponent = (half >> 10) & 31
    const mantissa = half & 0x3ff
    if (exponent === 31) bits[half] = sign | 0x7f800000 | (mantissa << 13)
    else if (exponent > 0) bits[half] = sign | ((exponent + 112) << 23) | (mantissa << 13)
    else {
      table[half] = mantissa * 2 ** -24 // subnormal halves are normal float32 numbers
      bits[half] = (bits[half] ?? 0) | sign // keeps the sign of zero
    }
  }
  halfTable = table
  return table
}

/** One chunk's conversion: `count` elements from `source` (little-endian bytes, aligned) into `target`. */
type Converter = (source: Uint8Array, target: Float32Array, count: number) => void

const view = {
  i8: (s: Uint8Array, n: number) => new Int8Array(s.buffer, s.byteOffset, n),
  u16: (s: Uint8Array, n: number) => new Uint16Array(s.buffer, s.byteOffset, n),
  i16: (s: Uint8Array, n: number) => new Int16Array(s.buffer, s.byteOffset, n),
  u32: (s: Uint8Array, n: number) => new Uint32Array(s.buffer, s.byteOffset, n),
  i32: (s: Uint8Array, n: number) => new Int32Array(s.buffer, s.byteOffset, n),
  f32: (s: Uint8Array, n: number) => new Float32Array(s.buffer, s.byteOffset, n),
  f64: (s: Uint8Array, n: number) => new Float64Array(s.buffer, s.byteOffset, n),
  i64: (s: Uint8Array, n: number) => new BigInt64Array(s.buffer, s.byteOffset, n),
  u64: (s: Uint8Array, n: number) => new BigUint64Array(s.buffer, s.byteOffset, n),
}

const CONVERTERS: Readonly<Partial<Record<Dtype, Converter>>> = {
  F32: (source, target, count) => target.set(view.f32(source, count)),
  F64: (source, target, count) => target.set(view.f64(source, count)),
  F16: (source, target, count) => {
    const table = halfToFloatTable()
    const halves = view.u16(source, count)
    for (let i = 0; i < count; i++) target[i] = table[halves[i]!]!
  },
  BF16: (source, target, count) => {
    const bits = new Uint32Array(target.buffer, target.byteOffset, count)
    const upper = view.u16(source, count)
    for (let i = 0; i < count; i++) bits[i] = upper[i]! << 16
  },
  I8: (source, target, count) => target.set(view.i8(source, count)),
  U8: (source, target, count) => target.set(source.subarray(0, count)),
  BOOL: (source, target, count) => target.set(source.subarray(0, count)),
  I16: (source, target, count) => target.set(view.i16(source, count)),
  U16: (source, target, count) => target.set(view.u16(source, count)),
  I32: (source, target, count) => target.set(view.i32(source, count)),
  U32: (source, target, count) => target.set(view.u32(source, count)),
  I64: (source, target, count) => {
    const values = view.i64(source, count)
    for (let i = 0; i < count; i++) target[i] = Number(values[i])
  },
  U64: (source, target, count) => {
    const values = view.u64(source, count)
    for (let i = 0; i < count; i++) target[i] = Number(values[i])
  },
}

/** True when {@link toFloat32} can read this type. */
export function isReadable(dtype: Dtype): boolean {
  return CONVERTERS[dtype] !== undefined
}

/**
 * Converts `count` little-endian elements of type `dtype` in `source` (borrowed; its byteOffset must be a
 * multiple of the element size) into the first `count` places of `target`.
 * @throws EngineError weights/dtype for a type that is known but not readable.
 */
export function toFloat32(dtype: Dtype, source: Uint8Array, target: Float32Array, count: number): void {
  const convert = CONVERTERS[dtype]
  if (!convert) throw failed('weights/dtype', `Expected a number type that converts to float32 but received ${dtype}.`)
  convert(source, target, count)
}

/**
 * Index of the first element of `source` that is NaN or infinite, or becomes infinite as float32; -1 when all
 * are finite. Integer types are always finite. Same alignment rule as {@link toFloat32}.
 */
export function firstNonFiniteElement(dtype: Dtype, source: Uint8Array, count: number): number {
  if (dtype === 'F16') return firstWithFullExponent(view.u16(source, count), 0x7c00)
  if (dtype === 'BF16') return firstWithFullExponent(view.u16(source, count), 0x7f80)
  if (dtype === 'F32') return firstWithFullExponent(view.u32(source, count), 0x7f800000)
  if (dtype === 'F64') return view.f64(source, count).findIndex((value) => !Number.isFinite(Math.fround(value)))
  return -1
}

/** NaN and infinity are the numbers whose exponent bits are all ones. */
function firstWithFullExponent(bits: Uint16Array | Uint32Array, exponentMask: number): number {
  // adding the exponent's lowest bit carries into the next one exactly for those; one pass without branches
  const lowest = exponentMask & -exponentMask
  let carried = 0
  for (let i = 0; i < bits.length; i++) carried |= (bits[i]! & exponentMask) + lowest
  if ((carried & (exponentMask + lowest)) === 0) return -1
  return bits.findIndex((value: number) => (value & exponentMask) === exponentMask)
}
