import { describe, expect, it } from 'vitest'
import { DTYPE_BITS, type Dtype, firstNonFiniteElement, isDtype, isNarrowFloat, isReadable, toFloat32 } from '../../../../../main/engine/weights/dtypes.ts'

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

function convert(dtype: Dtype, array: ArrayBufferView & { length: number }): Float32Array {
  const target = new Float32Array(array.length)
  toFloat32(dtype, bytesOf(array), target, array.length)
  return target
}

describe('toFloat32', () => {
  it('converts every half-precision value by the definition of IEEE 754 binary16', () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i)
    const floats = convert('F16', halves)
    for (let h = 0; h < 65536; h++) {
      const sign = h & 0x8000 ? -1 : 1
      const exponent = (h >> 10) & 31
      const fraction = h & 1023
      const expected = exponent === 31 ? (fraction ? NaN : sign * Infinity)
        : exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
      if (!Object.is(floats[h], expected)) throw new Error(`half ${h}: ${floats[h]} instead of ${expected}`)
    }
  })

  it('reads bfloat16 as the upper half of a float32', () => {
    // sign 1 bit, exponent 8 bits (bias 127), fraction 7 bits
    const patterns = { 0x0000: 0, 0x8000: -0, 0x3f80: 1, 0xc020: -2.5, 0x3e20: 0.15625, 0x7f7f: (2 - 2 ** -7) * 2 ** 127, 0x0001: 2 ** -133, 0x7f80: Infinity }
    const floats = convert('BF16', Uint16Array.from(Object.keys(patterns), Number))
    expect([...floats]).toEqual(Object.values(patterns))
  })

  it('rounds F64 once and reads integers as numbers', () => {
    expect([...convert('F64', Float64Array.of(0.1, -1e-50, 16777217))]).toEqual([Math.fround(0.1), -0, 16777216])
    expect([...convert('I64', BigInt64Array.of(49407n, -1n))]).toEqual([49407, -1])
    expect([...convert('I32', Int32Array.of(-7, 8))]).toEqual([-7, 8])
    expect([...convert('U8', Uint8Array.of(0, 255))]).toEqual([0, 255])
    expect([...convert('I8', Int8Array.of(-128, 127))]).toEqual([-128, 127])
    expect([...convert('U64', BigUint64Array.of(5n))]).toEqual([5])
    expect([...convert('U16', Uint16Array.of(65535))]).toEqual([65535])
    expect([...convert('U32', Uint32Array.of(4e9))]).toEqual([4e9])
    expect([...convert('I16', Int16Array.of(-5))]).toEqual([-5])
    expect([...convert('BOOL', Uint8Array.of(1, 0))]).toEqual([1, 0])
  })

  it('names a type that it cannot convert', () => {
    expect(() => convert('F8_E4M3', Uint8Array.of(1))).toThrow('F8_E4M3')
  })
})

describe('firstNonFiniteElement', () => {
  it('finds NaN and infinity in every float type', () => {
    expect(firstNonFiniteElement('F16', bytesOf(Uint16Array.of(0x3c00, 0x7bff, 0xfc00)), 3)).toBe(2)
    expect(firstNonFiniteElement('BF16', bytesOf(Uint16Array.of(0x3f80, 0x7fc0)), 2)).toBe(1)
    expect(firstNonFiniteElement('F32', bytesOf(Float32Array.of(1, 3.4e38, NaN)), 3)).toBe(2)
    expect(firstNonFiniteElement('F64', bytesOf(Float64Array.of(1e38, 1e39)), 2), 'overflows float32').toBe(1)
    expect(firstNonFiniteElement('F16', bytesOf(Uint16Array.of(0, 0x8000, 0x03ff, 0x7bff)), 4)).toBe(-1)
    expect(firstNonFiniteElement('U8', Uint8Array.of(255), 1)).toBe(-1)
  })
})

it('knows which types are narrow floats and which are readable', () => {
  const narrow = (Object.keys(DTYPE_BITS) as Dtype[]).filter(isNarrowFloat)
  expect(narrow).toEqual(['F8_E4M3', 'F8_E5M2', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ', 'F8_E8M0', 'F6_E2M3', 'F6_E3M2', 'F4'])
  expect(narrow.some(isReadable)).toBe(false)
  expect(isDtype('toString')).toBe(false)
})
