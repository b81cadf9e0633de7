/** How ops become ONNX nodes (opset 21 and com.microsoft's contributed ops). Only {@link OPS} refers to these. */
import type { Constant, Value } from './graph.ts'
import type { OpAttributes } from './ops.ts'
import { multiplyDims, shapeError } from './shapes.ts'
import type { Dim } from './shapes.ts'
import { emitWinograd, planWinograd } from './winograd.ts'
import type { WinogradLimits } from './winograd.ts'

/** Attribute values as lowerings write them; whole numbers in `{ int }`, so that 1 and 1.0 cannot be confused. */
export type OnnxAttributeValue = { int: number } | { float: number } | { ints: readonly number[] } | { text: string }

/** What a lowering may do. Names are ONNX value names. */
export interface LowerContext {
  /** The value's ONNX name. */
  ref(value: Value): string
  /** The value seen with other dimensions: weights and constants at no cost, results through a Reshape. */
  view(value: Value, dims: readonly Dim[]): string
  /** Writes a node and returns its first output; without `to` the outputs get names of their own. */
  emit(opType: string, inputs: readonly string[], o?: { attributes?: Readonly<Record<string, OnnxAttributeValue>>; domain?: string; to?: readonly string[] }): string
  /** Writes a node with `count` outputs and returns all their names. */
  emitAll(opType: string, inputs: readonly string[], count: number): string[]
  /** Name of an initialiser with this content. */
  constant(constant: Constant): string
  /** `count` rows of a weight or constant from `start`, seen with other dimensions; no bytes are copied. */
  rows(value: Value, start: number, count: number, dims: readonly number[]): string
  /** Whether convolutions may become Winograd's products, and within what limits. */
  readonly winograd: WinogradLimits | false
  /** Names of the node's own results. */
  readonly results: readonly string[]
  /** A shape tensor that turns `from` into `to` (0 = keep, -1 = the rest), or the plain numbers. */
  shape(from: readonly Dim[], to: readonly Dim[]): string
}

/** Writes one node of the graph as ONNX nodes. */
export type Lowering<A> = (context: LowerContext, node: { readonly inputs: readonly Value[]; readonly outputs: readonly Value[]; readonly attributes: A }) => void

const MICROSOFT = 'com.microsoft'

/** An op that ONNX has under `opType` with the same inputs and no attributes. */
export function direct(opType: string): Lowering<unknown> {
  return (context, { inputs }) => {
    context.emit(opType, inputs.map((input) => context.ref(input)), { to: context.results })
  }
}

/**
 * Sin or Cos of the angle less its whole turns. Graphics processors promise sines only near 0, and timestep embeddings
 * reach 999 radians. A turn is taken off in two parts, the first of few enough bits that its multiples are exact.
 */
export function periodic(opType: 'Sin' | 'Cos'): Lowering<unknown> {
  return (context, { inputs }) => {
    const x = context.ref(inputs[0]!)
    const turns = context.emit('Floor', [context.emit('Add', [context.emit('Mul', [x, scalar(context, 1 / (2 * Math.PI))]), scalar(context, 0.5)])])
    const coarse = context.emit('Sub', [x, context.emit('Mul', [turns, scalar(context, 6.28125)])])
    const angle = context.emit('Sub', [coarse, context.emit('Mul', [turns, scalar(context, 2 * Math.PI - 6.28125)])])
    context.emit(opType, [angle], { to: context.results })
  }
}

/** x sigmoid(x): com.microsoft.QuickGelu with alpha 1, one kernel instead of two passes over memory. */
export const silu: Lowering<unknown> = (context, { inputs }) => {
  context.emit('QuickGelu', [context.ref(inputs[0]!)], { domain: MICROSOFT, attributes: { alpha: { float: 1 } }, to: context.results })
}

/** x sigmoid(1.702 x). */
export const quickGelu: Lowering<unknown> = (context, { inputs }) => {
  context.emit('QuickGelu', [context.ref(inputs[0]!)], { domain: MICROSOFT, attributes: { alpha: { float: 1.702 } }, to: context.results })
}

/** ai.onnx Gelu-20. */
export const gelu: Lowering<OpAttributes['gelu']> = (context, { inputs, attributes }) => {
  context.emit('Gelu', [context.ref(inputs[0]!)], { attributes: { approximate: { text: attributes.approximate } }, to: context.results })
}

/** Clip with its bounds as scalars. */
export const clip: Lowering<OpAttributes['clip']> = (context, { inputs, attributes }) => {
  context.emit('Clip', [context.ref(inputs[0]!), scalar(context, attributes.min), scalar(context, attributes.max)], { to: context.results })
}

/** Cast. */
export const cast: Lowering<OpAttributes['cast']> = (context, { inputs, attributes }) => {
  const code = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7, bool: 9, f16: 10 }[attributes.to]
  context.emit('Cast', [context.ref(inputs[0]!)], { attributes: { to: { int: code } }, to: context.results })
}

/**
 * Rank 2: one Gemm that takes the checkpoint's [out, in] untransposed; more axes are folded into rows around it.
 */
export const linear: Lowering<OpAttributes['linear']> = (context, { inputs, outputs }) => {
  const [x, weight, bias] = inputs
  const operands = [context.ref(weight!), ...(bias ? [context.ref(bias)] : [])]
  const attributes = { transB: { int: 1 } }
  if (x!.dims.length === 2) {
    context.emit('Gemm', [context.ref(x!), ...operands], { attributes, to: context.results })
    return
  }
  const rows = x!.dims.slice(0, -1).reduce<Dim>((product, dim) => multiplyDims(product, dim), 1)
  const flat = context.emit('Gemm', [context.view(x!, [rows, x!.dims.at(-1)!]), ...operands], { attributes })
  const dims = outputs[0]!.dims
  let shape: string
  if (countSymbols(dims) > 1) {
    // Sizes that only the run knows are read off the input.
    const leading = context.emit('Shape', [context.ref(x!)], { attributes: { start: { int: 0 }, end: { int: -1 } } })
    shape = context.emit('Concat', [leading, ints(context, [dims.at(-1) as number])], { attributes: { axis: { int: 0 } } })
  } else shape = context.shape([rows, dims.at(-1)!], dims)
  context.emit('Reshape', [flat, shape], { to: context.results })
}

/**
 * DynamicQuantizeMatMul, once per sample of the batch: it measures its whole input's range, and identical samples must
 * give identical results whatever else is in the batch.
 */
export const linearInt8: Lowering<OpAttributes['linearInt8']> = (context, { inputs }) => {
  const [x, weight, scale, bias] = inputs
  const operands = [context.ref(weight!), context.ref(scale!), ...(bias ? ['', context.ref(bias)] : [])]
  const batch = x!.dims[0] as number
  if (batch === 1) {
    context.emit('DynamicQuantizeMatMul', [context.ref(x!), ...operands], { domain: MICROSOFT, to: context.results })
    return
  }
  const parts = Array.from({ length: batch }, (_, index) => {
    const sample = context.emit('Slice', [context.ref(x!), ints(context, [index]), ints(context, [index + 1]), ints(context, [0])])
    return context.emit('DynamicQuantizeMatMul', [sample, ...operands], { domain: MICROSOFT })
  })
  context.emit('Concat', parts, { attributes: { axis: { int: 0 } }, to: context.results })
}

/**
 * Convolution as one int8 matrix product: quantise, move channels last, lay the kernel's taps side by side as u8
 * (slices of the padded input, so no more than kh kw bytes per input element), multiply, move channels first.
 * onnxruntime's own ConvInteger is ten times slower. Sample by sample, for the reason given at {@link linearInt8}.
 */
export const conv2dInt8: Lowering<OpAttributes['conv2dInt8']> = (context, { inputs, outputs, attributes }) => {
  const [x, weight, scale, bias] = inputs
  const [kernelHeight, kernelWidth, channels, out] = weight!.dims as readonly [number, number, number, number]
  const [batch, , height, width] = outputs[0]!.dims as readonly [number, number, number, number]
  const { stride, padding } = attributes
  const depth = kernelHeight * kernelWidth * channels
  const convolve = (sample: string, to?: readonly string[]) => {
    const [levels, step, zero] = context.emitAll('DynamicQuantizeLinear', [sample], 3) as [string, string, string]
    const last = context.emit('Transpose', [levels], { attributes: { perm: { ints: [0, 2, 3, 1] } } })
    const amounts = [0, padding[0], padding[1], 0, 0, padding[2], padding[3], 0]
    const padded = padding.some((amount) => amount > 0) ? context.emit('Pad', [last, ints(context, amounts), zero]) : last
    const taps: string[] = []
    for (let row = 0; row < kernelHeight; row++) {
      for (let column = 0; column < kernelWidth; column++) {
        const ends = [row + (height - 1) * stride + 1, column + (width - 1) * stride + 1]
        const isWhole = kernelHeight === 1 && kernelWidth === 1 && stride === 1
        taps.push(isWhole ? padded : context.emit('Slice', [padded, ints(context, [row, column]), ints(context, ends), ints(context, [1, 2]), ints(context, [stride, stride])]))
      }
    }
    const side = taps.length === 1 ? taps[0]! : context.emit('Concat', taps, { attributes: { axis: { int: 3 } } })
    const rows = context.emit('Reshape', [side, ints(context, [height * width, depth])])
    const operands = [rows, context.view(weight!, [depth, out]), step, context.ref(scale!), zero, ...(bias ? ['', context.ref(bias)] : [])]
    const product = context.emit('MatMulIntegerToFloat', operands, { domain: MICROSOFT })
    const maps = context.emit('Reshape', [product, ints(context, [1, height, width, out])])
    return context.emit('Transpose', [maps], { attributes: { perm: { ints: [0, 3, 1, 2] } }, ...(to ? { to } : {}) })
  }
  if (batch === 1) {
    convolve(context.ref(x!), context.results)
    return
  }
  const parts = Array.from({ length: batch }, (_, index) =>
    convolve(context.emit('Slice', [context.ref(x!), ints(context, [index]), ints(context, [index + 1]), ints(context, [0])])),
  )
  context.emit('Concat', parts, { attributes: { axis: { int: 0 } }, to: context.results })
}

/** Conv, or Winograd's products where they are faster. */
export const conv2d: Lowering<OpAttributes['conv2d']> = (context, { inputs, outputs, attributes }) => {
  const plan = context.winograd ? planWinograd(inputs, attributes, outputs[0]!, context.winograd) : null
  if (plan) {
    emitWinograd(context, inputs, attributes, outputs[0]!, plan)
    return
  }
  const kernel = inputs[1]!.dims.slice(2) as number[]
  context.emit('Conv', inputs.map((input) => context.ref(input)), {
    attributes: {
      kernel_shape: { ints: kernel },
      strides: { ints: attributes.stride },
      pads: { ints: attributes.padding },
      dilations: { ints: attributes.dilation },
      group: { int: attributes.groups },
    },
    to: context.results,
  })
}

/** Softmax. */
export const softmax: Lowering<OpAttributes['softmax']> = (context, { inputs, attributes }) => {
  context.emit('Softmax', [context.ref(inputs[0]!)], { attributes: { axis: { int: attributes.axis } }, to: context.results })
}

/** LayerNormalization over the last axis. */
export const layerNorm: Lowering<OpAttributes['layerNorm']> = (context, { inputs, attributes }) => {
  context.emit('LayerNormalization', inputs.map((input) => context.ref(input)), {
    attributes: { axis: { int: -1 }, epsilon: { float: attributes.epsilon } },
    to: context.results,
  })
}

/** InstanceNormalization over [B, groups, rest], then scale and bias per channel, then the activation. */
export const groupNorm: Lowering<OpAttributes['groupNorm']> = (context, { inputs, attributes }) => {
  const [x, scale, bias] = inputs
  const { groups, epsilon, activation } = attributes
  const rest = x!.dims.slice(2)
  const grouped = [x!.dims[0]!, groups, -1]
  const ones = context.constant({ data: new Float32Array(groups).fill(1), dims: [groups] })
  const zeros = context.constant({ data: new Float32Array(groups), dims: [groups] })
  const folded = context.emit('Reshape', [context.ref(x!), context.shape(x!.dims, grouped)])
  const normal = context.emit('InstanceNormalization', [folded, ones, zeros], { attributes: { epsilon: { float: epsilon } } })
  const shape = countSymbols(x!.dims) > 1 ? context.emit('Shape', [context.ref(x!)]) : context.shape(grouped, x!.dims)
  const unfolded = context.emit('Reshape', [normal, shape])
  const perChannel: Dim[] = [x!.dims[1]!, ...rest.map(() => 1)]
  const scaled = context.emit('Mul', [unfolded, context.view(scale!, perChannel)])
  const to = context.results
  if (activation === 'none') {
    context.emit('Add', [scaled, context.view(bias!, perChannel)], { to })
    return
  }
  const shifted = context.emit('Add', [scaled, context.view(bias!, perChannel)])
  context.emit('QuickGelu', [shifted], { domain: MICROSOFT, attributes: { alpha: { float: 1 } }, to })
}

/** com.microsoft.MultiHeadAttention when fused, otherwise the products and softmax one by one. */
export const attention: Lowering<OpAttributes['attention']> = (context, { inputs, outputs, attributes }) => {
  const [q, k, v, mask] = inputs
  const { heads, scale, fused } = attributes
  if (fused) {
    const operands = [context.ref(q!), context.ref(k!), context.ref(v!)]
    if (mask) operands.push('', '', context.ref(mask))
    context.emit('MultiHeadAttention', operands, {
      domain: MICROSOFT,
      attributes: { num_heads: { int: heads }, scale: { float: scale } },
      to: context.results,
    })
    return
  }
  const split = (value: Value, source: string, permutation: readonly number[]) => {
    const [batch, tokens, width] = value.dims
    const perHead = context.emit('Reshape', [source, context.shape(value.dims, [batch!, tokens!, heads, headWidth(width!, heads)])])
    return context.emit('Transpose', [perHead], { attributes: { perm: { ints: permutation } } })
  }
  const scaled = context.emit('Mul', [context.ref(q!), scalar(context, scale)])
  const queries = split(q!, scaled, [0, 2, 1, 3])
  const keys = split(k!, context.ref(k!), [0, 2, 3, 1])
  const values = split(v!, context.ref(v!), [0, 2, 1, 3])
  let scores = context.emit('MatMul', [queries, keys])
  if (mask) scores = context.emit('Add', [scores, context.ref(mask)])
  const weights = context.emit('Softmax', [scores], { attributes: { axis: { int: -1 } } })
  const perHead = context.emit('MatMul', [weights, values])
  const joined = context.emit('Transpose', [perHead], { attributes: { perm: { ints: [0, 2, 1, 3] } } })
  const [batch, queriesCount, width] = outputs[0]!.dims
  context.emit('Reshape', [joined, context.shape([batch!, queriesCount!, heads, headWidth(width!, heads)], outputs[0]!.dims)], { to: context.results })
}

/** Reshape. */
export const reshape: Lowering<OpAttributes['reshape']> = (context, { inputs, outputs }) => {
  context.emit('Reshape', [context.ref(inputs[0]!), context.shape(inputs[0]!.dims, outputs[0]!.dims)], { to: context.results })
}

/** Transpose. */
export const transpose: Lowering<OpAttributes['transpose']> = (context, { inputs, attributes }) => {
  context.emit('Transpose', [context.ref(inputs[0]!)], { attributes: { perm: { ints: attributes.permutation } }, to: context.results })
}

/** Expand; symbolic target sizes stay 1 in the shape where the input already has them. */
export const expand: Lowering<OpAttributes['expand']> = (context, { inputs, attributes }) => {
  const x = inputs[0]!
  const offset = attributes.dims.length - x.dims.length
  const target = attributes.dims.map((dim, axis) => (dim === x.dims[axis - offset] ? 1 : dim))
  if (!target.every((dim) => typeof dim === 'number')) throw shapeError('expand', `expected fixed new sizes but received [${attributes.dims.join(', ')}].`)
  context.emit('Expand', [context.ref(x), ints(context, target as number[])], { to: context.results })
}

/** Concat. */
export const concat: Lowering<OpAttributes['concat']> = (context, { inputs, attributes }) => {
  context.emit('Concat', inputs.map((input) => context.ref(input)), { attributes: { axis: { int: attributes.axis } }, to: context.results })
}

/** Slice along one axis. */
export const slice: Lowering<OpAttributes['slice']> = (context, { inputs, attributes }) => {
  const { axis, start, end, step } = attributes
  const bounds = [start, end, axis, step].map((value) => ints(context, [value]))
  context.emit('Slice', [context.ref(inputs[0]!), ...bounds], { to: context.results })
}

/** Split. */
export const split: Lowering<OpAttributes['split']> = (context, { inputs, attributes }) => {
  context.emit('Split', [context.ref(inputs[0]!), ints(context, attributes.sizes)], { attributes: { axis: { int: attributes.axis } }, to: context.results })
}

/** Pad with a constant. */
export const pad: Lowering<OpAttributes['pad']> = (context, { inputs, attributes }) => {
  const amounts = ints(context, [...attributes.before, ...attributes.after])
  context.emit('Pad', [context.ref(inputs[0]!), amounts, scalar(context, attributes.value)], { attributes: { mode: { text: 'constant' } }, to: context.results })
}

/** Gather. */
export const gather: Lowering<OpAttributes['gather']> = (context, { inputs, attributes }) => {
  context.emit('Gather', inputs.map((input) => context.ref(input)), { attributes: { axis: { int: attributes.axis } }, to: context.results })
}

/** Resize by sizes; symbolic sizes need a whole-number factor over the input's. */
export const resizeNearest: Lowering<OpAttributes['resizeNearest']> = (context, { inputs, outputs }) => {
  const x = inputs[0]!
  const attributes = {
    mode: { text: 'nearest' },
    coordinate_transformation_mode: { text: 'asymmetric' },
    nearest_mode: { text: 'floor' },
  }
  const to = outputs[0]!.dims
  if (x.dims.every((dim) => typeof dim === 'number') && to.every((dim) => typeof dim === 'number')) {
    context.emit('Resize', [context.ref(x), '', '', ints(context, to as number[])], { attributes, to: context.results })
    return
  }
  const factors = to.map((dim, axis) => wholeFactor(x.dims[axis]!, dim))
  const scales = context.constant({ data: Float32Array.from(factors), dims: [factors.length] })
  context.emit('Resize', [context.ref(x), '', scales], { attributes, to: context.results })
}

/** AveragePool without padding. */
export const averagePool: Lowering<OpAttributes['averagePool']> = (context, { inputs, attributes }) => {
  context.emit('AveragePool', [context.ref(inputs[0]!)], {
    attributes: { kernel_shape: { ints: attributes.window }, strides: { ints: attributes.stride } },
    to: context.results,
  })
}

/** Reduce* with its axes as an input. */
export function reduction(opType: string): Lowering<OpAttributes['reduceSum']> {
  return (context, { inputs, attributes }) => {
    context.emit(opType, [context.ref(inputs[0]!), ints(context, attributes.axes)], {
      attributes: { keepdims: { int: attributes.keepDims ? 1 : 0 } },
      to: context.results,
    })
  }
}

/** ArgMax, first index on ties. */
export const argmax: Lowering<OpAttributes['argmax']> = (context, { inputs, attributes }) => {
  context.emit('ArgMax', [context.ref(inputs[0]!)], { attributes: { axis: { int: attributes.axis }, keepdims: { int: 0 } }, to: context.results })
}

function scalar(context: LowerContext, value: number): string {
  return context.constant({ data: Float32Array.of(value), dims: [] })
}

function ints(context: LowerContext, values: readonly number[]): string {
  return context.constant({ data: BigInt64Array.from(values, BigInt), dims: [values.length] })
}

function countSymbols(dims: readonly Dim[]): number {
  return dims.filter((dim) => typeof dim === 'string').length
}

function headWidth(width: Dim, heads: number): number {
  return (width as number) / heads
}

function wholeFactor(from: Dim, to: Dim): number {
  if (from === to) return 1
  for (let factor = 2; factor <= 16; factor++) if (multiplyDims(from, factor) === to) return factor
  throw shapeError('resizeNearest', `${from} to ${to} is not a whole factor up to 16; use fixed sizes.`)
}
