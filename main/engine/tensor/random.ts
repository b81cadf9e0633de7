/**
 * PyTorch's CPU random generator, number for number.
 *
 * A seed must give the picture that diffusers gives for it, so the generator is Mersenne Twister 19937
 * (Matsumoto and Nishimura 1998, ACM TOMACS 8(1)) and normal numbers come from Box and Muller's transform
 * (1958) in the two forms `torch.randn` uses: blocks of sixteen with single-precision polynomials for 16 or
 * more numbers, one pair at a time in double precision for fewer.
 */
import { badInput } from '../errors.ts'
import type { Tensor } from './tensor.ts'
import { elementCount } from './tensor.ts'

const f32 = Math.fround

/** Words of generator state, and the recurrence's middle distance. */
const STATE_SIZE = 624
const SHIFT_SIZE = 397

const MIN_SEED = -(2n ** 63n)
const MAX_SEED = 2n ** 64n - 1n

/**
 * Equals `torch.Generator('cpu').manual_seed(seed)` with `torch.randn` and `torch.rand` drawing from it.
 *
 * Seeds are 64-bit as in torch, which uses their low 32 bits: -1 and 2^32 - 1 name the same sequence.
 * `randn` of 16 or more numbers equals torch's AVX2 and AVX-512 builds bit for bit; a build without them
 * differs by rounding (about 1e-7).
 */
export class TorchGenerator {
  /** The seed as given, before torch's reduction to 32 bits. */
  readonly seed: bigint
  private readonly state = new Uint32Array(STATE_SIZE)
  private position = STATE_SIZE
  /** Second half of the last pair drawn by the scalar path; torch keeps it across calls. */
  private spareNormal: number | null = null

  /** @throws EngineError input/seed when the seed is not an integer in [-2^63, 2^64). */
  constructor(seed: number | bigint) {
    if (typeof seed === 'number' && !Number.isSafeInteger(seed)) throw seedError(seed)
    this.seed = BigInt(seed)
    if (this.seed < MIN_SEED || this.seed > MAX_SEED) throw seedError(seed)
    const { state } = this
    state[0] = Number(BigInt.asUintN(32, this.seed))
    for (let i = 1; i < STATE_SIZE; i++) {
      const mixed = state[i - 1] ^ (state[i - 1] >>> 30)
      state[i] = Math.imul(1812433253, mixed) + i
    }
  }

  /** The next raw 32-bit word, as an unsigned integer. */
  nextUint32(): number {
    if (this.position === STATE_SIZE) this.refill()
    let word = this.state[this.position++]
    word ^= word >>> 11
    word ^= (word << 7) & 0x9d2c5680
    word ^= (word << 15) & 0xefc60000
    word ^= word >>> 18
    return word >>> 0
  }

  /** `torch.rand(dims)`: uniform in [0, 1), 24 random bits each. */
  rand(dims: readonly number[]): Tensor {
    const data = new Float32Array(elementCount(dims))
    for (let i = 0; i < data.length; i++) data[i] = this.uniformFloat()
    return { data, dims }
  }

  /** `torch.randn(dims)`: independent normal numbers of mean 0 and variance 1. */
  randn(dims: readonly number[]): Tensor {
    const data = new Float32Array(elementCount(dims))
    if (data.length >= 16) this.fillBlocks(data)
    else for (let i = 0; i < data.length; i++) data[i] = this.scalarNormal()
    return { data, dims }
  }

  private fillBlocks(data: Float32Array): void {
    for (let i = 0; i < data.length; i++) data[i] = this.uniformFloat()
    for (let start = 0; start + 16 <= data.length; start += 16) boxMullerBlock(data, start)
    if (data.length % 16 === 0) return
    // torch's rule for a ragged end: draw the last sixteen places anew, over what stood there.
    const tail = data.length - 16
    for (let i = tail; i < data.length; i++) data[i] = this.uniformFloat()
    boxMullerBlock(data, tail)
  }

  private scalarNormal(): number {
    if (this.spareNormal !== null) {
      const spare = this.spareNormal
      this.spareNormal = null
      return spare
    }
    const angle = 2 * Math.PI * this.uniformDouble()
    const radius = Math.sqrt(-2 * Math.log1p(-this.uniformDouble()))
    this.spareNormal = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  private uniformFloat(): number {
    return (this.nextUint32() & 0xffffff) / 2 ** 24
  }

  private uniformDouble(): number {
    const high = this.nextUint32() & 0x1fffff
    return (high * 2 ** 32 + this.nextUint32()) / 2 ** 53
  }

  /** Matsumoto and Nishimura's recurrence over the whole state. */
  private refill(): void {
    const { state } = this
    for (let i = 0; i < STATE_SIZE; i++) {
      const joined = (state[i] & 0x80000000) | (state[(i + 1) % STATE_SIZE] & 0x7fffffff)
      const twist = joined & 1 ? 0x9908b0df : 0
      state[i] = state[(i + SHIFT_SIZE) % STATE_SIZE] ^ (joined >>> 1) ^ twist
    }
    this.position = 0
  }
}

/**
 * Turns sixteen uniform numbers at `start` into normal ones, in place: places 0..7 give the radii
 * r = sqrt(-2 ln(1 - u)), places 8..15 the angles; the cosines land in the first half, the sines in the second.
 */
function boxMullerBlock(data: Float32Array, start: number): void {
  for (let i = start; i < start + 8; i++) {
    const radius = f32(Math.sqrt(f32(-2 * logFloat(f32(1 - data[i])))))
    const [sine, cosine] = sineCosineFloat(f32(f32(2 * Math.PI) * data[i + 8]))
    data[i] = radius * cosine
    data[i + 8] = radius * sine
  }
}

/** a b + c with one rounding to float32: the product of two floats is exact in double precision. */
function fusedMultiplyAdd(a: number, b: number, c: number): number {
  return f32(a * b + c)
}

/** Polynomial in x by Horner's rule, highest coefficient first, fused at every step. */
function horner(coefficients: Float32Array, x: number): number {
  let sum = coefficients[0]
  for (let i = 1; i < coefficients.length; i++) sum = fusedMultiplyAdd(sum, x, coefficients[i])
  return sum
}

// The single-precision approximations of Moshier's Cephes library (logf.c, sinf.c, cosf.c), which torch's
// vector path uses. Math.log and Math.sin are more exact and therefore wrong here, in the last bit.
const LOG = Float32Array.of(
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)
const SINE = Float32Array.of(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
const COSINE = Float32Array.of(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
/** ln 2 and pi/4, split so that the leading part times a small integer is exact. */
const LN2_HIGH = f32(0.693359375)
const LN2_LOW = f32(-2.1219444e-4)
const QUARTER_PI = Float32Array.of(0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8)
const FOUR_OVER_PI = f32(1.27323954473516)
const SQRT_HALF = f32(Math.SQRT1_2)

const bits = new DataView(new ArrayBuffer(4))

/** ln x for a normal positive float32 x, as Cephes' logf with fused multiply-adds. */
function logFloat(x: number): number {
  bits.setFloat32(0, x)
  const word = bits.getUint32(0)
  let exponent = (word >>> 23) - 126
  bits.setUint32(0, (word & 0x807fffff) | 0x3f000000)
  let mantissa = bits.getFloat32(0)
  if (mantissa < SQRT_HALF) {
    exponent -= 1
    mantissa = f32(f32(mantissa - 1) + mantissa)
  } else {
    mantissa = f32(mantissa - 1)
  }
  const square = f32(mantissa * mantissa)
  let sum = f32(horner(LOG, mantissa) * mantissa)
  sum = fusedMultiplyAdd(sum, square, f32(exponent * LN2_LOW))
  sum = fusedMultiplyAdd(-square, 0.5, sum)
  return fusedMultiplyAdd(exponent, LN2_HIGH, f32(mantissa + sum))
}

/** [sin x, cos x] for a float32 x in [0, 2 pi], as Cephes' sinf and cosf with fused multiply-adds. */
function sineCosineFloat(x: number): [number, number] {
  const octant = (Math.trunc(f32(x * FOUR_OVER_PI)) + 1) & ~1
  let reduced = x
  for (const part of QUARTER_PI) reduced = fusedMultiplyAdd(-octant, part, reduced)
  const square = f32(reduced * reduced)
  const half = f32(square * 0.5)
  const cosine = f32(fusedMultiplyAdd(f32(horner(COSINE, square) * square), square, -half) + 1)
  const sine = fusedMultiplyAdd(f32(horner(SINE, square) * square), reduced, reduced)
  const swapped = (octant & 2) !== 0
  const sineSign = octant & 4 ? -1 : 1
  const cosineSign = ~(octant - 2) & 4 ? -1 : 1
  return [sineSign * (swapped ? cosine : sine), cosineSign * (swapped ? sine : cosine)]
}

function seedError(seed: number | bigint): Error {
  return badInput('input/seed', { thing: 'The seed', expected: 'an integer from -2^63 to 2^64 - 1', found: String(seed) })
}
