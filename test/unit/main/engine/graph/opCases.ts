/** Inputs to try every op with: shapes, element types and attributes, at least one case per op. */
import type { ValueDtype } from '../../../../../main/engine/graph/graph.ts'
import type { OpAttributes, OpName } from '../../../../../main/engine/graph/ops.ts'

/** One input: a shape with random numbers of a kind, or given data. */
export interface CaseInput {
  readonly dims: readonly number[]
  readonly dtype?: ValueDtype
  /** Kind of random numbers: normal (default), positive (0.1 and more), or these values repeated. */
  readonly fill?: 'normal' | 'positive' | readonly number[]
}

/** One case of an op. */
export interface OpCase<K extends OpName> {
  readonly inputs: readonly CaseInput[]
  readonly attributes: OpAttributes[K]
  /** Allowed max abs error over max abs; default 2e-6 (a handful of float32 roundings). */
  readonly tolerance?: number
}

const x = (...dims: number[]): CaseInput => ({ dims })
const positive = (...dims: number[]): CaseInput => ({ dims, fill: 'positive' })
const values = (fill: readonly number[], ...dims: number[]): CaseInput => ({ dims, fill })
const int8 = (...dims: number[]): CaseInput => ({ dims, dtype: 'i8', fill: [-127, -3, 0, 44, 12, 90, 127] })
const integers = (fill: readonly number[], ...dims: number[]): CaseInput => ({ dims, fill, dtype: 'i64' })
const conv = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const
const points = values([-5, -1, -0.5, 0, 0.25, 1, 3, 6], 2, 8)
const unary = [{ inputs: [points], attributes: {} }, { inputs: [x(2, 3, 4)], attributes: {} }]
/** Angles of timestep embeddings. */
const turning = { inputs: [values([-999, -3.25, 3.1415927, 6.2831855, 250.5, 500, 777.125, 999], 8)], attributes: {} }
const binary = [
  { inputs: [x(2, 3, 4), x(2, 3, 4)], attributes: {} },
  { inputs: [x(2, 3, 1), x(4)], attributes: {} },
  { inputs: [x(1), x(2, 1, 3)], attributes: {} },
]

/** The cases; an op without any does not compile. */
export const CASES: { readonly [K in OpName]: readonly [OpCase<K>, ...OpCase<K>[]] } = {
  neg: [unary[0]!, unary[1]!],
  abs: [unary[0]!, unary[1]!],
  exp: [unary[0]!, unary[1]!],
  log: [{ inputs: [positive(3, 5)], attributes: {} }],
  sqrt: [{ inputs: [positive(3, 5)], attributes: {} }, { inputs: [values([0, 4], 2)], attributes: {} }],
  sin: [unary[0]!, unary[1]!, turning],
  cos: [unary[0]!, unary[1]!, turning],
  erf: [unary[0]!, unary[1]!],
  tanh: [unary[0]!, unary[1]!],
  sigmoid: [unary[0]!, unary[1]!],
  relu: [unary[0]!, unary[1]!],
  silu: [unary[0]!, unary[1]!],
  quickGelu: [unary[0]!, unary[1]!],
  gelu: [
    { inputs: [points], attributes: { approximate: 'none' } },
    { inputs: [points], attributes: { approximate: 'tanh' } },
    { inputs: [x(3, 40)], attributes: { approximate: 'none' } },
  ],
  clip: [{ inputs: [points], attributes: { min: -0.75, max: 2 } }],
  cast: [
    { inputs: [values([-2.7, -0.4, 0, 0.6, 3.9], 5)], attributes: { to: 'i64' } },
    { inputs: [values([-2.7, 0, 0.6, 3.9], 4)], attributes: { to: 'bool' } },
    { inputs: [integers([3, -4, 7], 3)], attributes: { to: 'f32' } },
  ],
  add: [binary[0]!, binary[1]!, binary[2]!],
  sub: [binary[0]!, binary[1]!, binary[2]!],
  mul: [binary[0]!, binary[1]!, binary[2]!],
  div: [{ inputs: [x(2, 3), positive(3)], attributes: {} }],
  pow: [{ inputs: [positive(2, 3), x(3)], attributes: {}, tolerance: 1e-5 }, { inputs: [positive(4), values([2], 1)], attributes: {} }],
  minimum: [binary[0]!, binary[1]!],
  maximum: [binary[0]!, binary[1]!],
  greater: [{ inputs: [points, values([0], 1)], attributes: {} }],
  equal: [{ inputs: [integers([1, 2, 3], 3), integers([1, 5, 3], 3)], attributes: {} }],
  where: [{ inputs: [{ dims: [2, 3], dtype: 'bool', fill: [1, 0, 0, 1, 1, 0] }, x(2, 3), x(3)], attributes: {} }],
  matmul: [
    { inputs: [x(3, 5), x(5, 4)], attributes: {} },
    { inputs: [x(2, 3, 4, 6), x(2, 3, 6, 5)], attributes: {} },
    { inputs: [x(2, 3, 4), x(4, 5)], attributes: {} },
  ],
  linear: [
    { inputs: [x(3, 6), x(4, 6), x(4)], attributes: {} },
    { inputs: [x(2, 5, 6), x(7, 6), x(7)], attributes: {} },
    { inputs: [x(2, 3, 2, 6), x(7, 6)], attributes: {} },
  ],
  linearInt8: [
    {
      inputs: [x(1, 6, 16), int8(16, 5), positive(5), x(5)],
      attributes: {},
      tolerance: 1e-5,
    },
    {
      inputs: [x(3, 4, 16), int8(16, 5), positive(5)],
      attributes: {},
      tolerance: 1e-5,
    },
  ],
  conv2dInt8: [
    { inputs: [x(1, 4, 5, 6), int8(3, 3, 4, 5), positive(5), x(5)], attributes: { stride: 1, padding: [1, 1, 1, 1] }, tolerance: 1e-5 },
    { inputs: [x(2, 4, 6, 5), int8(3, 3, 4, 5), positive(5), x(5)], attributes: { stride: 2, padding: [0, 0, 1, 1] }, tolerance: 1e-5 },
    { inputs: [x(2, 8, 3, 5), int8(1, 1, 8, 6), positive(6)], attributes: { stride: 1, padding: [0, 0, 0, 0] }, tolerance: 1e-5 },
  ],
  conv2d: [
    { inputs: [x(2, 3, 7, 6), x(4, 3, 3, 3), x(4)], attributes: conv },
    { inputs: [x(1, 4, 8, 9), x(6, 4, 3, 3), x(6)], attributes: { ...conv, stride: [2, 2] } },
    { inputs: [x(1, 4, 8, 8), x(6, 4, 3, 3), x(6)], attributes: { ...conv, stride: [2, 2], padding: [0, 0, 1, 1] } },
    { inputs: [x(1, 4, 5, 5), x(6, 2, 3, 3)], attributes: { ...conv, groups: 2, dilation: [2, 2], padding: [2, 2, 2, 2] } },
    { inputs: [x(1, 16, 5, 5), x(32, 16, 1, 1), x(32)], attributes: { ...conv, padding: [0, 0, 0, 0] } },
  ],
  softmax: [
    { inputs: [x(2, 3, 7)], attributes: { axis: -1 } },
    { inputs: [x(2, 3, 7)], attributes: { axis: 1 } },
  ],
  layerNorm: [{ inputs: [x(2, 3, 10), x(10), x(10)], attributes: { epsilon: 1e-5 }, tolerance: 5e-6 }],
  groupNorm: [
    { inputs: [x(2, 8, 3, 5), x(8), x(8)], attributes: { groups: 4, epsilon: 1e-5, activation: 'none' }, tolerance: 5e-6 },
    { inputs: [x(1, 8, 4, 4), x(8), x(8)], attributes: { groups: 2, epsilon: 1e-6, activation: 'silu' }, tolerance: 5e-6 },
    { inputs: [x(2, 6, 11), x(6), x(6)], attributes: { groups: 3, epsilon: 1e-5, activation: 'silu' }, tolerance: 5e-6 },
  ],
  attention: [
    { inputs: [x(1, 9, 16), x(1, 9, 16), x(1, 9, 16)], attributes: { heads: 2, scale: 0.35, fused: true } },
    { inputs: [x(2, 6, 80), x(2, 7, 80), x(2, 7, 80)], attributes: { heads: 2, scale: 0.15, fused: true } },
    { inputs: [x(2, 5, 12), x(2, 5, 12), x(2, 5, 12), values([0, -3, 1, 0.5, -10000], 1, 1, 5, 5)], attributes: { heads: 3, scale: 0.5, fused: true } },
    { inputs: [x(1, 9, 16), x(1, 4, 16), x(1, 4, 24)], attributes: { heads: 2, scale: 0.35, fused: false } },
    { inputs: [x(2, 5, 12), x(2, 5, 12), x(2, 5, 12), values([0, -3, 1, 0.5, -10000], 1, 1, 5, 5)], attributes: { heads: 3, scale: 0.5, fused: false } },
  ],
  reshape: [
    { inputs: [x(2, 3, 4)], attributes: { dims: [6, 4] } },
    { inputs: [x(2, 3, 4)], attributes: { dims: [2, -1, 2] } },
  ],
  transpose: [{ inputs: [x(2, 3, 4)], attributes: { permutation: [2, 0, 1] } }],
  expand: [{ inputs: [x(1, 3, 1)], attributes: { dims: [2, 2, 3, 4] } }],
  concat: [
    { inputs: [x(2, 3), x(2, 4), x(2, 1)], attributes: { axis: 1 } },
    { inputs: [x(2, 3, 2), x(1, 3, 2)], attributes: { axis: 0 } },
  ],
  slice: [
    { inputs: [x(3, 8)], attributes: { axis: 1, start: 1, end: 7, step: 1 } },
    { inputs: [x(3, 8)], attributes: { axis: -1, start: 1, end: 8, step: 3 } },
  ],
  split: [{ inputs: [x(2, 7)], attributes: { axis: 1, sizes: [3, 4] } }],
  pad: [{ inputs: [x(1, 2, 3, 3)], attributes: { before: [0, 0, 1, 2], after: [0, 1, 0, 1], value: 0.5 } }],
  gather: [
    { inputs: [x(5, 3), integers([4, 0, 2, 2], 2, 2)], attributes: { axis: 0 } },
    { inputs: [x(2, 5, 3), integers([1], 1)], attributes: { axis: 1 } },
  ],
  resizeNearest: [
    { inputs: [x(1, 2, 3, 4)], attributes: { height: 6, width: 8 } },
    { inputs: [x(2, 2, 3, 4)], attributes: { height: 5, width: 7 } },
    { inputs: [x(1, 2, 7, 5)], attributes: { height: 13, width: 9 } },
    { inputs: [x(1, 1, 8, 8)], attributes: { height: 4, width: 3 } },
  ],
  averagePool: [
    { inputs: [x(1, 2, 4, 6)], attributes: { window: [2, 2], stride: [2, 2] } },
    { inputs: [x(1, 2, 5, 5)], attributes: { window: [3, 3], stride: [1, 1] } },
  ],
  reduceMean: [
    { inputs: [x(2, 3, 4)], attributes: { axes: [1], keepDims: false } },
    { inputs: [x(2, 3, 4)], attributes: { axes: [0, -1], keepDims: true } },
  ],
  reduceSum: [{ inputs: [x(2, 3, 4)], attributes: { axes: [-1], keepDims: true } }],
  reduceMax: [{ inputs: [x(2, 3, 4)], attributes: { axes: [0, 2], keepDims: false } }],
  argmax: [{ inputs: [values([1, 7, 7, 2, 9, 3], 2, 3)], attributes: { axis: 1 } }, { inputs: [x(2, 3, 4)], attributes: { axis: 0 } }],
}
