/**
 * The closed op set: one table row per op with its meaning, its shape rule and its ONNX lowering (its derivative comes
 * as a further column). Nothing else in the program knows what an op does.
 */
import type { Value, ValueDtype } from './graph.ts'
import * as lower from './lowerings.ts'
import type { Lowering } from './lowerings.ts'
import {
  addDims,
  broadcastDims,
  divideDims,
  fixedDims,
  formatDims,
  multiplyDims,
  normaliseAxis,
  resolveReshape,
  sameDims,
  shapeError,
  windowedDim,
} from './shapes.ts'
import type { Dim } from './shapes.ts'

type None = Record<string, never>
interface Axes {
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

/** What each op is told besides its inputs. Everything is plain JSON, so nodes can be printed, compared and hashed. */
export interface OpAttributes {
  neg: None
  abs: None
  exp: None
  log: None
  sqrt: None
  sin: None
  cos: None
  erf: None
  tanh: None
  sigmoid: None
  relu: None
  silu: None
  quickGelu: None
  gelu: { readonly approximate: 'none' | 'tanh' }
  clip: { readonly min: number; readonly max: number }
  cast: { readonly to: ValueDtype }
  add: None
  sub: None
  mul: None
  div: None
  pow: None
  minimum: None
  maximum: None
  greater: None
  equal: None
  where: None
  matmul: None
  linear: None
  linearInt8: None
  conv2dInt8: { readonly stride: number; readonly padding: readonly [number, number, number, number] }
  conv2d: {
    readonly stride: readonly [number, number]
    /** top, left, bottom, right */
    readonly padding: readonly [number, number, number, number]
    readonly dilation: readonly [number, number]
    readonly groups: number
  }
  softmax: { readonly axis: number }
  layerNorm: { readonly epsilon: number }
  groupNorm: { readonly groups: number; readonly epsilon: number; readonly activation: 'none' | 'silu' }
  attention: { readonly heads: number; readonly scale: number; readonly fused: boolean }
  reshape: { readonly dims: readonly Dim[] }
  transpose: { readonly permutation: readonly number[] }
  expand: { readonly dims: readonly Dim[] }
  concat: { readonly axis: number }
  slice: { readonly axis: number; readonly start: number; readonly end: number; readonly step: number }
  split: { readonly axis: number; readonly sizes: readonly number[] }
  pad: { readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number }
  gather: { readonly axis: number }
  resizeNearest: { readonly height: Dim; readonly width: Dim }
  averagePool: { readonly window: readonly [number, number]; readonly stride: readonly [number, number] }
  reduceMean: Axes
  reduceSum: Axes
  reduceMax: Axes
  argmax: { readonly axis: number }
}

/** Name of an op of the closed set. */
export type OpName = keyof OpAttributes

/** Element type and dimensions of one result. */
export interface ResultType {
  readonly dtype: ValueDtype
  readonly dims: readonly Dim[]
}

/** One row of the table. */
export interface OpSpec<K extends OpName> {
  /** One line: what it computes. */
  readonly summary: string
  /** Least and most number of inputs. */
  readonly arity: readonly [number, number]
  /** Results for given inputs. @throws EngineError graph/shape in a sentence when the inputs do not fit. */
  readonly infer: (inputs: readonly Value[], attributes: OpAttributes[K]) => readonly ResultType[]
  /** Writes the op as ONNX nodes. */
  readonly lower: Lowering<OpAttributes[K]>
}

/** The op table. */
export const OPS: { readonly [K in OpName]: OpSpec<K> } = {
  neg: unary('neg', '-x', 'Neg'),
  abs: unary('abs', '|x|', 'Abs'),
  exp: unary('exp', 'e^x', 'Exp'),
  log: unary('log', 'natural logarithm', 'Log'),
  sqrt: unary('sqrt', 'square root', 'Sqrt'),
  sin: { summary: 'sine, radians', arity: [1, 1], infer: sameAsInput('sin'), lower: lower.periodic('Sin') },
  cos: { summary: 'cosine, radians', arity: [1, 1], infer: sameAsInput('cos'), lower: lower.periodic('Cos') },
  erf: unary('erf', 'Gauss error function', 'Erf'),
  tanh: unary('tanh', 'hyperbolic tangent', 'Tanh'),
  sigmoid: unary('sigmoid', '1 / (1 + e^-x)', 'Sigmoid'),
  relu: unary('relu', 'max(x, 0)', 'Relu'),
  silu: { summary: 'x sigmoid(x)', arity: [1, 1], infer: sameAsInput('silu'), lower: lower.silu },
  quickGelu: { summary: 'x sigmoid(1.702 x)', arity: [1, 1], infer: sameAsInput('quickGelu'), lower: lower.quickGelu },
  gelu: { summary: 'x Phi(x), Phi exact or by tanh', arity: [1, 1], infer: sameAsInput('gelu'), lower: lower.gelu },
  clip: { summary: 'min(max(x, min), max)', arity: [1, 1], infer: sameAsInput('clip'), lower: lower.clip },
  cast: {
    summary: 'other element type; float to integer truncates',
    arity: [1, 1],
    infer: ([x], { to }) => [{ dtype: to, dims: x!.dims }],
    lower: lower.cast,
  },
  add: binary('add', 'a + b', 'Add'),
  sub: binary('sub', 'a - b', 'Sub'),
  mul: binary('mul', 'a b', 'Mul'),
  div: binary('div', 'a / b', 'Div'),
  pow: binary('pow', 'a^b', 'Pow'),
  minimum: binary('minimum', 'the lesser', 'Min'),
  maximum: binary('maximum', 'the greater', 'Max'),
  greater: binary('greater', 'a > b', 'Greater', 'bool'),
  equal: binary('equal', 'a = b', 'Equal', 'bool'),
  where: {
    summary: 'a where the condition holds, b elsewhere',
    arity: [3, 3],
    infer: inferWhere,
    lower: lower.direct('Where'),
  },
  matmul: { summary: 'matrix product of the last two axes, the others broadcast', arity: [2, 2], infer: inferMatmul, lower: lower.direct('MatMul') },
  linear: { summary: 'x W^T + b with W [out, in] over the last axis', arity: [2, 3], infer: inferLinear, lower: lower.linear },
  linearInt8: {
    summary: 'linear with int8 weights [in, out], a scale per column, and inputs quantised sample by sample',
    arity: [3, 4],
    infer: inferLinearInt8,
    lower: lower.linearInt8,
  },
  conv2dInt8: {
    summary: 'conv2d with int8 weights [kh, kw, C, out], a scale per output channel, and inputs quantised sample by sample',
    arity: [3, 4],
    infer: inferConv2dInt8,
    lower: lower.conv2dInt8,
  },
  conv2d: { summary: '2-D cross-correlation of [B,C,H,W] with [out, C/groups, kh, kw]', arity: [2, 3], infer: inferConv2d, lower: lower.conv2d },
  softmax: { summary: 'e^x / sum e^x along an axis', arity: [1, 1], infer: inferSoftmax, lower: lower.softmax },
  layerNorm: { summary: 'normalised over the last axis, then scale and bias', arity: [3, 3], infer: inferLayerNorm, lower: lower.layerNorm },
  groupNorm: {
    summary: 'normalised per sample and group of channels, then scale and bias per channel, then the activation',
    arity: [3, 3],
    infer: inferGroupNorm,
    lower: lower.groupNorm,
  },
  attention: {
    summary: 'softmax(scale q k^T + mask) v per head; heads lie side by side in the last axis',
    arity: [3, 4],
    infer: inferAttention,
    lower: lower.attention,
  },
  reshape: {
    summary: 'same elements, other dimensions',
    arity: [1, 1],
    infer: ([x], { dims }) => [{ dtype: x!.dtype, dims: resolveReshape('reshape', x!.dims, dims) }],
    lower: lower.reshape,
  },
  transpose: { summary: 'axes in another order', arity: [1, 1], infer: inferTranspose, lower: lower.transpose },
  expand: {
    summary: 'repeated along axes of size 1',
    arity: [1, 1],
    infer: ([x], { dims }) => [{ dtype: x!.dtype, dims: inferExpand(x!.dims, dims) }],
    lower: lower.expand,
  },
  concat: { summary: 'joined along an axis', arity: [1, Infinity], infer: inferConcat, lower: lower.concat },
  slice: { summary: 'every step-th element from start up to end along one axis', arity: [1, 1], infer: inferSlice, lower: lower.slice },
  split: { summary: 'cut along an axis into parts of given sizes', arity: [1, 1], infer: inferSplit, lower: lower.split },
  pad: { summary: 'a constant added before and after each axis', arity: [1, 1], infer: inferPad, lower: lower.pad },
  gather: { summary: 'rows of a table by index', arity: [2, 2], infer: inferGather, lower: lower.gather },
  resizeNearest: {
    summary: 'nearest-neighbour resize of [B,C,H,W]: source = floor(target * size / new size)',
    arity: [1, 1],
    infer: inferResize,
    lower: lower.resizeNearest,
  },
  averagePool: { summary: 'mean over windows of [B,C,H,W], no padding', arity: [1, 1], infer: inferAveragePool, lower: lower.averagePool },
  reduceMean: reduction('reduceMean', 'mean over axes', 'ReduceMean'),
  reduceSum: reduction('reduceSum', 'sum over axes', 'ReduceSum'),
  reduceMax: reduction('reduceMax', 'greatest over axes', 'ReduceMax'),
  argmax: { summary: 'index of the first greatest element along an axis, the axis dropped', arity: [1, 1], infer: inferArgmax, lower: lower.argmax },
}

// ------------------------------------------------------------------ rows that many ops share

function unary<K extends OpName>(name: K, summary: string, onnx: string): OpSpec<K> {
  return { summary, arity: [1, 1], infer: sameAsInput(name), lower: lower.direct(onnx) }
}

function binary<K extends OpName>(name: K, summary: string, onnx: string, dtype?: ValueDtype): OpSpec<K> {
  return {
    summary,
    arity: [2, 2],
    infer: ([a, b]) => {
      expectSameDtype(name, a!, b!)
      return [{ dtype: dtype ?? a!.dtype, dims: broadcastDims(name, a!.dims, b!.dims) }]
    },
    lower: lower.direct(onnx),
  }
}

function reduction<K extends 'reduceMean' | 'reduceSum' | 'reduceMax'>(name: K, summary: string, onnx: string): OpSpec<K> {
  return {
    summary,
    arity: [1, 1],
    infer: ([x], { axes, keepDims }) => {
      const dropped = new Set(axes.map((axis) => normaliseAxis(name, axis, x!.dims.length)))
      const dims = keepDims ? x!.dims.map((dim, axis) => (dropped.has(axis) ? 1 : dim)) : x!.dims.filter((_, axis) => !dropped.has(axis))
      return [{ dtype: x!.dtype, dims }]
    },
    lower: lower.reduction(onnx),
  }
}

function sameAsInput(op: string) {
  return ([x]: readonly Value[]): ResultType[] => {
    if (x!.dtype === 'bool') throw shapeError(op, `expected numbers but received bool (${x!.name}).`)
    return [{ dtype: x!.dtype, dims: x!.dims }]
  }
}

// ------------------------------------------------------------------ shape rules

function inferWhere([condition, a, b]: readonly Value[]): ResultType[] {
  if (condition!.dtype !== 'bool') throw shapeError('where', `expected a bool condition but received ${condition!.dtype} (${condition!.name}).`)
  expectSameDtype('where', a!, b!)
  return [{ dtype: a!.dtype, dims: broadcastDims('where', condition!.dims, broadcastDims('where', a!.dims, b!.dims)) }]
}

function inferMatmul([a, b]: readonly Value[]): ResultType[] {
  if (a!.dims.length < 2 || b!.dims.length < 2) {
    throw shapeError('matmul', `expected at least two axes on both sides but received ${formatDims(a!.dims)} and ${formatDims(b!.dims)}.`)
  }
  expectSameDtype('matmul', a!, b!)
  if (a!.dims.at(-1) !== b!.dims.at(-2)) {
    throw shapeError('matmul', `inner sizes differ: ${formatDims(a!.dims)} against ${formatDims(b!.dims)}.`)
  }
  const outer = broadcastDims('matmul', a!.dims.slice(0, -2), b!.dims.slice(0, -2))
  return [{ dtype: a!.dtype, dims: [...outer, a!.dims.at(-2)!, b!.dims.at(-1)!] }]
}

function inferLinear([x, weight, bias]: readonly Value[]): ResultType[] {
  expectRank('linear', weight!, 2)
  expectSameDtype('linear', x!, weight!)
  const [out, width] = weight!.dims
  if (x!.dims.length < 2 || x!.dims.at(-1) !== width) {
    throw shapeError('linear', `expected an input of [..., ${width}] for weight ${weight!.name} of ${formatDims(weight!.dims)} but received ${formatDims(x!.dims)}.`)
  }
  if (bias) expectDims('linear', bias, [out!])
  return [{ dtype: x!.dtype, dims: [...x!.dims.slice(0, -1), out!] }]
}

function inferLinearInt8([x, weight, scale, bias]: readonly Value[]): ResultType[] {
  expectRank('linearInt8', weight!, 2)
  const [width, out] = weight!.dims
  if (x!.dtype !== 'f32') throw shapeError('linearInt8', `expected an f32 input but received ${x!.dtype} (${x!.name}).`)
  expectInt8('linearInt8', weight!)
  if (x!.dims.length < 2 || typeof x!.dims[0] !== 'number' || x!.dims.at(-1) !== width) {
    throw shapeError('linearInt8', `expected an input of [batch, ..., ${width}] with a fixed batch but received ${formatDims(x!.dims)}.`)
  }
  expectDims('linearInt8', scale!, [out!])
  if (bias) expectDims('linearInt8', bias, [out!])
  return [{ dtype: 'f32', dims: [...x!.dims.slice(0, -1), out!] }]
}

function inferConv2dInt8([x, weight, scale, bias]: readonly Value[], { stride, padding }: OpAttributes['conv2dInt8']): ResultType[] {
  expectRank('conv2dInt8', x!, 4)
  expectRank('conv2dInt8', weight!, 4)
  expectInt8('conv2dInt8', weight!)
  const [kernelHeight, kernelWidth, channels, out] = weight!.dims as readonly number[]
  const dims = fixedDims(x!.dims)
  if (x!.dtype !== 'f32' || !dims) throw shapeError('conv2dInt8', `expected an f32 input of fixed size but received ${x!.dtype} ${formatDims(x!.dims)}.`)
  if (dims[1] !== channels) throw shapeError('conv2dInt8', `expected ${channels} input channels for weight ${weight!.name} of ${formatDims(weight!.dims)} but received ${formatDims(x!.dims)}.`)
  expectDims('conv2dInt8', scale!, [out!])
  if (bias) expectDims('conv2dInt8', bias, [out!])
  const height = windowedDim('conv2dInt8', dims[2]!, padding[0], padding[2], kernelHeight!, stride)
  const width = windowedDim('conv2dInt8', dims[3]!, padding[1], padding[3], kernelWidth!, stride)
  return [{ dtype: 'f32', dims: [dims[0]!, out!, height, width] }]
}

function inferConv2d([x, weight, bias]: readonly Value[], attributes: OpAttributes['conv2d']): ResultType[] {
  expectRank('conv2d', x!, 4)
  expectRank('conv2d', weight!, 4)
  expectSameDtype('conv2d', x!, weight!)
  const [out, perGroup, kernelHeight, kernelWidth] = weight!.dims
  const { stride, padding, dilation, groups } = attributes
  if (typeof kernelHeight !== 'number' || typeof kernelWidth !== 'number') throw shapeError('conv2d', `expected a fixed kernel but received ${formatDims(weight!.dims)}.`)
  if (x!.dims[1] !== multiplyDims(perGroup!, groups)) {
    throw shapeError('conv2d', `expected ${multiplyDims(perGroup!, groups)} input channels for weight ${weight!.name} of ${formatDims(weight!.dims)} but received ${x!.dims[1]} (${formatDims(x!.dims)}).`)
  }
  if (bias) expectDims('conv2d', bias, [out!])
  const height = windowedDim('conv2d', x!.dims[2]!, padding[0], padding[2], (kernelHeight - 1) * dilation[0] + 1, stride[0])
  const width = windowedDim('conv2d', x!.dims[3]!, padding[1], padding[3], (kernelWidth - 1) * dilation[1] + 1, stride[1])
  return [{ dtype: x!.dtype, dims: [x!.dims[0]!, out!, height, width] }]
}

function inferSoftmax([x]: readonly Value[], { axis }: OpAttributes['softmax']): ResultType[] {
  normaliseAxis('softmax', axis, x!.dims.length)
  return [{ dtype: x!.dtype, dims: x!.dims }]
}

function inferLayerNorm([x, scale, bias]: readonly Value[]): ResultType[] {
  const width = x!.dims.at(-1)
  if (width === undefined) throw shapeError('layerNorm', 'expected at least one axis but received a scalar.')
  expectDims('layerNorm', scale!, [width])
  expectDims('layerNorm', bias!, [width])
  return [{ dtype: x!.dtype, dims: x!.dims }]
}

function inferGroupNorm([x, scale, bias]: readonly Value[], { groups }: OpAttributes['groupNorm']): ResultType[] {
  if (x!.dims.length < 3) throw shapeError('groupNorm', `expected [B, C, ...] but received ${formatDims(x!.dims)}.`)
  const channels = x!.dims[1]!
  if (divideDims(channels, groups) === null) throw shapeError('groupNorm', `${channels} channels do not divide into ${groups} groups.`)
  expectDims('groupNorm', scale!, [channels])
  expectDims('groupNorm', bias!, [channels])
  return [{ dtype: x!.dtype, dims: x!.dims }]
}

function inferAttention([q, k, v, mask]: readonly Value[], { heads }: OpAttributes['attention']): ResultType[] {
  for (const value of [q!, k!, v!]) expectRank('attention', value, 3)
  const [batch, queries, width] = q!.dims
  if (divideDims(width!, heads) === null) throw shapeError('attention', `${width} features do not divide into ${heads} heads.`)
  expectDims('attention', k!, [batch!, k!.dims[1]!, width!])
  const outWidth = v!.dims[2]!
  expectDims('attention', v!, [batch!, k!.dims[1]!, outWidth])
  if (divideDims(outWidth, heads) === null) throw shapeError('attention', `${outWidth} value features do not divide into ${heads} heads.`)
  if (mask) {
    const full = [batch!, heads, queries!, k!.dims[1]!]
    if (!sameDims(broadcastDims('attention', mask.dims, full), full)) throw shapeError('attention', `expected a mask that broadcasts to ${formatDims(full)} but received ${formatDims(mask.dims)}.`)
  }
  return [{ dtype: q!.dtype, dims: [batch!, queries!, outWidth] }]
}

function inferTranspose([x]: readonly Value[], { permutation }: OpAttributes['transpose']): ResultType[] {
  const sorted = [...permutation].sort((a, b) => a - b)
  if (sorted.length !== x!.dims.length || sorted.some((axis, index) => axis !== index)) {
    throw shapeError('transpose', `expected an order of the axes 0 to ${x!.dims.length - 1} but received [${permutation.join(', ')}].`)
  }
  return [{ dtype: x!.dtype, dims: permutation.map((axis) => x!.dims[axis]!) }]
}

function inferExpand(from: readonly Dim[], to: readonly Dim[]): Dim[] {
  if (!sameDims(broadcastDims('expand', from, to), to)) throw shapeError('expand', `cannot expand ${formatDims(from)} to ${formatDims(to)}.`)
  return [...to]
}

function inferConcat(values: readonly Value[], { axis }: OpAttributes['concat']): ResultType[] {
  const first = values[0]!
  const at = normaliseAxis('concat', axis, first.dims.length)
  for (const value of values) {
    expectSameDtype('concat', first, value)
    expectDims('concat', value, first.dims.map((dim, index) => (index === at ? (value.dims[index] ?? dim) : dim)))
  }
  return [{ dtype: first.dtype, dims: first.dims.map((dim, index) => (index === at ? addDims(values.map((value) => value.dims[at]!)) : dim)) }]
}

function inferSlice([x]: readonly Value[], { axis, start, end, step }: OpAttributes['slice']): ResultType[] {
  const at = normaliseAxis('slice', axis, x!.dims.length)
  const size = x!.dims[at]!
  if (typeof size !== 'number') throw shapeError('slice', `expected a fixed size on axis ${at} but received ${size}.`)
  if (!(0 <= start && start < end && end <= size && step >= 1)) throw shapeError('slice', `the range ${start} to ${end} in steps of ${step} is not within 0 to ${size} on axis ${at}.`)
  return [{ dtype: x!.dtype, dims: x!.dims.map((dim, index) => (index === at ? Math.ceil((end - start) / step) : dim)) }]
}

function inferSplit([x]: readonly Value[], { axis, sizes }: OpAttributes['split']): ResultType[] {
  const at = normaliseAxis('split', axis, x!.dims.length)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (x!.dims[at] !== total || sizes.some((size) => size < 1)) throw shapeError('split', `parts of ${sizes.join(', ')} do not make up axis ${at} of ${formatDims(x!.dims)}.`)
  return sizes.map((size) => ({ dtype: x!.dtype, dims: x!.dims.map((dim, index) => (index === at ? size : dim)) }))
}

function inferPad([x]: readonly Value[], { before, after }: OpAttributes['pad']): ResultType[] {
  if (before.length !== x!.dims.length || after.length !== x!.dims.length) throw shapeError('pad', `expected padding for ${x!.dims.length} axes but received ${before.length} and ${after.length}.`)
  return [{ dtype: x!.dtype, dims: x!.dims.map((dim, axis) => addDims([dim, before[axis]! + after[axis]!])) }]
}

function inferGather([table, indices]: readonly Value[], { axis }: OpAttributes['gather']): ResultType[] {
  const at = normaliseAxis('gather', axis, table!.dims.length)
  if (indices!.dtype !== 'i64' && indices!.dtype !== 'i32') throw shapeError('gather', `expected integer indices but received ${indices!.dtype} (${indices!.name}).`)
  return [{ dtype: table!.dtype, dims: [...table!.dims.slice(0, at), ...indices!.dims, ...table!.dims.slice(at + 1)] }]
}

function inferResize([x]: readonly Value[], { height, width }: OpAttributes['resizeNearest']): ResultType[] {
  expectRank('resizeNearest', x!, 4)
  return [{ dtype: x!.dtype, dims: [x!.dims[0]!, x!.dims[1]!, height, width] }]
}

function inferAveragePool([x]: readonly Value[], { window, stride }: OpAttributes['averagePool']): ResultType[] {
  expectRank('averagePool', x!, 4)
  const height = windowedDim('averagePool', x!.dims[2]!, 0, 0, window[0], stride[0])
  const width = windowedDim('averagePool', x!.dims[3]!, 0, 0, window[1], stride[1])
  return [{ dtype: x!.dtype, dims: [x!.dims[0]!, x!.dims[1]!, height, width] }]
}

function inferArgmax([x]: readonly Value[], { axis }: OpAttributes['argmax']): ResultType[] {
  const at = normaliseAxis('argmax', axis, x!.dims.length)
  return [{ dtype: 'i64', dims: x!.dims.filter((_, index) => index !== at) }]
}

// ------------------------------------------------------------------ checks

function expectRank(op: string, value: Value, rank: number): void {
  if (value.dims.length !== rank) throw shapeError(op, `expected ${rank} axes for ${value.name} but received ${formatDims(value.dims)}.`)
}

function expectInt8(op: string, weight: Value): void {
  if (weight.dtype !== 'i8') throw shapeError(op, `expected i8 weights but received ${weight.dtype} (${weight.name}).`)
}

function expectDims(op: string, value: Value, dims: readonly Dim[]): void {
  if (!sameDims(value.dims, dims)) throw shapeError(op, `expected ${formatDims(dims)} for ${value.name} but received ${formatDims(value.dims)}.`)
}

function expectSameDtype(op: string, a: Value, b: Value): void {
  if (a.dtype !== b.dtype) throw shapeError(op, `expected one element type but received ${a.dtype} (${a.name}) and ${b.dtype} (${b.name}).`)
}
