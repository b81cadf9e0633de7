/** Builds a graph op by op; every mistake is reported at the line that made it, with the module path. */
import path from 'node:path'
import { EngineError } from '../errors.ts'
import { elementCount } from '../tensor/tensor.ts'
import { requireEntry } from '../weights/weightIndex.ts'
import type { TensorEntry, WeightIndex } from '../weights/weightIndex.ts'
import type { Constant, Graph, GraphNode, Value, ValueDtype } from './graph.ts'
import { OPS } from './ops.ts'
import type { OpAttributes, OpName } from './ops.ts'
import { formatDims, normaliseAxis, sameDims, shapeError } from './shapes.ts'
import type { Dim } from './shapes.ts'
import { verifyGraph } from './verify.ts'

/** Choices that hold for a whole graph. */
export interface BuilderOptions {
  /** Whether {@link GraphBuilder.attention} uses one fused kernel unless told otherwise. Default true. */
  readonly fusedAttention?: boolean
  /** What to do with F16 weights: refuse (the CPU cache converts them first) or cast in the graph (GPU). Default 'refuse'. */
  readonly halfWeights?: 'refuse' | 'cast'
}

/** A value, or a number that becomes an f32 scalar constant. */
export type Operand = Value | number

const CONSTANT_DTYPES = { Float32Array: 'f32', BigInt64Array: 'i64', Int32Array: 'i32', Int8Array: 'i8', Uint8Array: 'u8' } as const

/**
 * Builds one graph. Values belong to the builder that made them. Module paths: `scope('down_blocks.0', ...)` nests, so
 * printed nodes and errors read like checkpoint keys.
 */
export class GraphBuilder {
  readonly name: string
  readonly #index: WeightIndex | null
  readonly #options: Required<BuilderOptions>
  readonly #inputs: Value[] = []
  readonly #outputs: { name: string; value: Value }[] = []
  readonly #nodes: GraphNode[] = []
  readonly #weights = new Map<number, TensorEntry>()
  readonly #constants = new Map<number, Constant>()
  readonly #weightValues = new Map<string, Value>()
  readonly #scalars = new Map<number, Value>()
  readonly #names = new Set<string>()
  readonly #scope: string[] = []
  #nextId = 0

  constructor(name: string, weights: WeightIndex | null, options: BuilderOptions = {}) {
    this.name = name
    this.#index = weights
    this.#options = { fusedAttention: options.fusedAttention ?? true, halfWeights: options.halfWeights ?? 'refuse' }
  }

  // ---------------------------------------------------------------- ends of the graph

  /** A named input of the graph. */
  input(name: string, dtype: 'f32' | 'i64' | 'i32' | 'bool', dims: readonly Dim[]): Value {
    if (this.#names.has(name)) throw this.#error('graph/name', `expected a new input name but received ${name} again.`)
    const value = this.#value(name, dtype, dims, 'input')
    this.#inputs.push(value)
    return value
  }

  /** Names `value` as an output of the graph. */
  output(name: string, value: Value): void {
    if (this.#outputs.some((output) => output.name === name)) throw this.#error('graph/name', `expected a new output name but received ${name} again.`)
    this.#outputs.push({ name, value })
  }

  /** The weight under a full checkpoint key. @throws EngineError weights/missing-key naming it; graph/shape when `dims` are given and differ. */
  weight(key: string, dims?: readonly number[]): Value {
    const entry = this.#entry(key)
    if (dims && !sameDims(entry.shape, dims)) {
      throw this.#error('graph/shape', `expected ${formatDims(dims)} for the weight ${key} but the checkpoint has ${formatDims(entry.shape)}.`)
    }
    const known = this.#weightValues.get(key)
    if (known) return known
    const dtype = this.#weightDtype(entry)
    const stored = this.#value(key, dtype, entry.shape, 'weight')
    this.#weights.set(stored.id, entry)
    const value = dtype === 'f16' ? this.cast(stored, 'f32') : stored
    this.#weightValues.set(key, value)
    return value
  }

  /** The weight `name` of the current module: `scope + '.' + name`. */
  parameter(name: string, dims?: readonly number[]): Value {
    return this.weight(this.path(name), dims)
  }

  /** Like {@link parameter}, null when the checkpoint has none (an absent bias). */
  optionalParameter(name: string, dims?: readonly number[]): Value | null {
    return this.hasWeight(this.path(name)) ? this.parameter(name, dims) : null
  }

  /** Whether the checkpoint holds this full key. */
  hasWeight(key: string): boolean {
    return this.#index?.entries.has(key) ?? false
  }

  /** `name` below the current module path. */
  path(name: string): string {
    return [...this.#scope, name].join('.')
  }

  /** Data inside the graph (copied): Float32Array f32, BigInt64Array i64, Int32Array i32, Int8Array i8, Uint8Array u8 (or bool when told). */
  constant(data: Constant['data'], dims: readonly number[], dtype?: 'bool'): Value {
    if (data.length !== elementCount(dims)) throw this.#error('graph/shape', `expected ${elementCount(dims)} elements for a constant of ${formatDims(dims)} but received ${data.length}.`)
    const type: ValueDtype = dtype ?? CONSTANT_DTYPES[data.constructor.name as keyof typeof CONSTANT_DTYPES]
    const value = this.#value(this.#uniqueName(this.path('constant')), type, dims, 'constant')
    this.#constants.set(value.id, { data: data.slice() as Constant['data'], dims: [...dims] })
    return value
  }

  /** Runs `build` with `name` appended to the module path. */
  scope<T>(name: string, build: () => T): T {
    this.#scope.push(name)
    try {
      return build()
    } finally {
      this.#scope.pop()
    }
  }

  /** The finished graph, without nodes and weights that no output needs. @throws EngineError graph/... when it is not legal. */
  build(): Graph {
    const needed = new Set(this.#outputs.map((output) => output.value.id))
    const nodes: GraphNode[] = []
    for (const node of this.#nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output.id))) continue
      nodes.push(node)
      for (const input of node.inputs) needed.add(input.id)
    }
    const weights = new Map([...this.#weights].filter(([id]) => needed.has(id)))
    const graph: Graph = {
      name: this.name,
      inputs: [...this.#inputs],
      outputs: [...this.#outputs],
      nodes: nodes.toReversed(),
      weights,
      constants: new Map([...this.#constants].filter(([id]) => needed.has(id))),
      root: weights.size > 0 && this.#index ? this.#index.root : null,
      weightsHash: weights.size > 0 && this.#index ? `${this.#index.contentHash}-${this.#index.fingerprint}` : null,
    }
    verifyGraph(graph)
    return graph
  }

  // ---------------------------------------------------------------- element by element

  /** -x */
  neg(x: Value): Value { return this.#one('neg', [x], {}) }
  /** |x| */
  abs(x: Value): Value { return this.#one('abs', [x], {}) }
  /** e^x */
  exp(x: Value): Value { return this.#one('exp', [x], {}) }
  /** Natural logarithm. */
  log(x: Value): Value { return this.#one('log', [x], {}) }
  /** Square root. */
  sqrt(x: Value): Value { return this.#one('sqrt', [x], {}) }
  /** Sine of radians. */
  sin(x: Value): Value { return this.#one('sin', [x], {}) }
  /** Cosine of radians. */
  cos(x: Value): Value { return this.#one('cos', [x], {}) }
  /** Gauss error function. */
  erf(x: Value): Value { return this.#one('erf', [x], {}) }
  /** Hyperbolic tangent. */
  tanh(x: Value): Value { return this.#one('tanh', [x], {}) }
  /** 1 / (1 + e^-x) */
  sigmoid(x: Value): Value { return this.#one('sigmoid', [x], {}) }
  /** max(x, 0) */
  relu(x: Value): Value { return this.#one('relu', [x], {}) }
  /** x sigmoid(x), also called swish. */
  silu(x: Value): Value { return this.#one('silu', [x], {}) }
  /** x sigmoid(1.702 x), CLIP-L's activation. */
  quickGelu(x: Value): Value { return this.#one('quickGelu', [x], {}) }
  /** x Phi(x); exact by default, or the tanh approximation. */
  gelu(x: Value, approximate: 'none' | 'tanh' = 'none'): Value { return this.#one('gelu', [x], { approximate }) }
  /** min(max(x, least), most) */
  clip(x: Value, min: number, max: number): Value { return this.#one('clip', [x], { min, max }) }
  /** Another element type. */
  cast(x: Value, to: ValueDtype): Value { return x.dtype === to ? x : this.#one('cast', [x], { to }) }
  /** a + b with broadcasting. */
  add(a: Operand, b: Operand): Value { return this.#two('add', a, b) }
  /** a - b with broadcasting. */
  sub(a: Operand, b: Operand): Value { return this.#two('sub', a, b) }
  /** a b with broadcasting. */
  mul(a: Operand, b: Operand): Value { return this.#two('mul', a, b) }
  /** a / b with broadcasting. */
  div(a: Operand, b: Operand): Value { return this.#two('div', a, b) }
  /** a^b with broadcasting. */
  pow(a: Operand, b: Operand): Value { return this.#two('pow', a, b) }
  /** The lesser, with broadcasting. */
  minimum(a: Operand, b: Operand): Value { return this.#two('minimum', a, b) }
  /** The greater, with broadcasting. */
  maximum(a: Operand, b: Operand): Value { return this.#two('maximum', a, b) }
  /** a > b, bool. */
  greater(a: Operand, b: Operand): Value { return this.#two('greater', a, b) }
  /** a = b, bool. */
  equal(a: Operand, b: Operand): Value { return this.#two('equal', a, b) }
  /** a where the condition holds, b elsewhere. */
  where(condition: Value, a: Operand, b: Operand): Value { return this.#one('where', [condition, this.#operand(a), this.#operand(b)], {}) }

  // ---------------------------------------------------------------- layers

  /** Matrix product over the last two axes. */
  matmul(a: Value, b: Value): Value { return this.#one('matmul', [a, b], {}) }

  /** x W^T + b; weight [out, in] as checkpoints store it, bias [out] or null. */
  linear(x: Value, weight: Value, bias: Value | null = null): Value {
    return this.#one('linear', bias ? [x, weight, bias] : [x, weight], {})
  }

  /** Linear with quantised weights; see weights/quantisedWeights.ts. Shapes: weight [in, out] i8, scale [out] f32. */
  linearInt8(x: Value, weight: Value, scale: Value, bias: Value | null = null): Value {
    return this.#one('linearInt8', bias ? [x, weight, scale, bias] : [x, weight, scale], {})
  }

  /** Convolution with quantised weights. Shapes: x [B,C,H,W], weight [kh, kw, C, out] i8, scale [out] f32. */
  conv2dInt8(x: Value, weight: Value, scale: Value, bias: Value | null, o: { stride?: number; padding?: number | readonly [number, number, number, number] } = {}): Value {
    const { stride = 1, padding = 0 } = o
    return this.#one('conv2dInt8', bias ? [x, weight, scale, bias] : [x, weight, scale], {
      stride,
      padding: typeof padding === 'number' ? [padding, padding, padding, padding] : padding,
    })
  }

  /** 2-D convolution; padding one number or [top, left, bottom, right]. */
  conv2d(x: Value, weight: Value, bias: Value | null, o: { stride?: number; padding?: number | readonly [number, number, number, number]; dilation?: number; groups?: number } = {}): Value {
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = o
    return this.#one('conv2d', bias ? [x, weight, bias] : [x, weight], {
      stride: [stride, stride],
      padding: typeof padding === 'number' ? [padding, padding, padding, padding] : padding,
      dilation: [dilation, dilation],
      groups,
    })
  }

  /** Softmax along `axis`. */
  softmax(x: Value, axis = -1): Value { return this.#one('softmax', [x], { axis }) }

  /** Layer normalisation over the last axis. */
  layerNorm(x: Value, scale: Value, bias: Value, epsilon = 1e-5): Value { return this.#one('layerNorm', [x, scale, bias], { epsilon }) }

  /** Group normalisation of [B, C, ...], with an optional activation after it. */
  groupNorm(x: Value, scale: Value, bias: Value, o: { groups: number; epsilon?: number; activation?: 'none' | 'silu' }): Value {
    return this.#one('groupNorm', [x, scale, bias], { groups: o.groups, epsilon: o.epsilon ?? 1e-5, activation: o.activation ?? 'none' })
  }

  /**
   * Attention of q [B,S,C] over k [B,T,C] and v [B,T,D], heads side by side in the last axis. `mask` is added to the
   * scores and broadcasts to [B,heads,S,T]. `scale` defaults to 1/sqrt(C/heads).
   */
  attention(q: Value, k: Value, v: Value, o: { heads: number; scale?: number; mask?: Value; fused?: boolean }): Value {
    const width = q.dims.at(-1)
    if (typeof width !== 'number') throw this.#error('graph/shape', `attention: expected a fixed number of features but received ${width}.`)
    return this.#one('attention', o.mask ? [q, k, v, o.mask] : [q, k, v], {
      heads: o.heads,
      scale: o.scale ?? 1 / Math.sqrt(width / o.heads),
      fused: o.fused ?? this.#options.fusedAttention,
    })
  }

  /** Rows of `table` by integer `indices`. */
  gather(table: Value, indices: Value, axis = 0): Value { return this.#one('gather', [table, indices], { axis }) }

  /** Nearest-neighbour resize of [B,C,H,W]. */
  resizeNearest(x: Value, height: Dim, width: Dim): Value { return this.#one('resizeNearest', [x], { height, width }) }

  /** Mean over windows, no padding; stride defaults to the window. */
  averagePool(x: Value, window: number, stride = window): Value {
    return this.#one('averagePool', [x], { window: [window, window], stride: [stride, stride] })
  }

  // ---------------------------------------------------------------- shapes and reductions

  /** The same elements in other dimensions; one may be -1. */
  reshape(x: Value, dims: readonly Dim[]): Value { return sameDims(x.dims, dims) ? x : this.#one('reshape', [x], { dims }) }
  /** Axes in another order. */
  transpose(x: Value, permutation: readonly number[]): Value { return this.#one('transpose', [x], { permutation }) }
  /** Repeated along axes of size 1. */
  expand(x: Value, dims: readonly Dim[]): Value { return sameDims(x.dims, dims) ? x : this.#one('expand', [x], { dims }) }
  /** Joined along `axis`. */
  concat(values: readonly Value[], axis: number): Value { return values.length === 1 ? values[0]! : this.#one('concat', values, { axis }) }

  /** Elements start to end (exclusive; negative counts from the back) along one axis. */
  slice(x: Value, axis: number, start: number, end: number, step = 1): Value {
    const size = x.dims[normaliseAxis('slice', axis, x.dims.length)]
    const fromFront = (index: number) => (index < 0 && typeof size === 'number' ? index + size : index)
    return this.#one('slice', [x], { axis, start: fromFront(start), end: fromFront(end), step })
  }

  /**
   * Parts along `axis`: their sizes, or their number when equal. Splitting the features of a linear layer gives one
   * linear layer per part over its own rows of the weight, so that the joined result (the largest tensor of an SD UNet)
   * never exists.
   */
  split(x: Value, axis: number, parts: number | readonly number[]): Value[] {
    const at = normaliseAxis('split', axis, x.dims.length)
    const size = x.dims[at]
    if (typeof parts === 'number' && (typeof size !== 'number' || size % parts !== 0)) throw shapeError('split', `axis ${axis} of ${formatDims(x.dims)} does not divide into ${parts} parts.`)
    const sizes = typeof parts === 'number' ? new Array<number>(parts).fill((size as number) / parts) : parts
    const maker = at === x.dims.length - 1 ? this.#nodes.findLast((node) => node.outputs[0] === x) : undefined
    if (maker?.op === 'linear' && maker.inputs.slice(1).every((input) => input.origin === 'weight') && sizes.reduce((sum, part) => sum + part, 0) === size) {
      let start = 0
      return sizes.map((part) => {
        const from = start
        start += part
        const [weight, bias] = maker.inputs.slice(1).map((input) => this.#weightRows(input, from, part))
        return this.linear(maker.inputs[0]!, weight!, bias)
      })
    }
    return this.apply('split', [x], { axis, sizes })
  }

  /** A constant added around: [before, after] per axis. */
  pad(x: Value, amounts: readonly (readonly [number, number])[], value = 0): Value {
    return this.#one('pad', [x], { before: amounts.map(([before]) => before), after: amounts.map(([, after]) => after), value })
  }

  /** Mean over axes. */
  reduceMean(x: Value, axes: readonly number[], keepDims = false): Value { return this.#one('reduceMean', [x], { axes, keepDims }) }
  /** Sum over axes. */
  reduceSum(x: Value, axes: readonly number[], keepDims = false): Value { return this.#one('reduceSum', [x], { axes, keepDims }) }
  /** Greatest over axes. */
  reduceMax(x: Value, axes: readonly number[], keepDims = false): Value { return this.#one('reduceMax', [x], { axes, keepDims }) }
  /** Index of the first greatest element, i64. */
  argmax(x: Value, axis: number): Value { return this.#one('argmax', [x], { axis }) }

  /** Any op by name: checks the inputs, infers the results, appends the node. */
  apply<K extends OpName>(op: K, inputs: readonly Value[], attributes: OpAttributes[K]): Value[] {
    const spec = OPS[op]
    const [least, most] = spec.arity
    if (inputs.length < least || inputs.length > most) throw this.#error('graph/shape', `${op}: expected ${least} to ${most} inputs but received ${inputs.length}.`)
    const name = this.#uniqueName(this.path(op))
    const results = this.#located(() => spec.infer(inputs, attributes))
    const outputs = results.map((result, index) =>
      this.#value(results.length === 1 ? name : `${name}.${index}`, result.dtype, result.dims, 'node'),
    )
    this.#nodes.push({ op, name, inputs: [...inputs], attributes, outputs })
    return outputs
  }

  // ---------------------------------------------------------------- inside

  #one<K extends OpName>(op: K, inputs: readonly Value[], attributes: OpAttributes[K]): Value {
    return this.apply(op, inputs, attributes)[0]!
  }

  #two(op: 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'minimum' | 'maximum' | 'greater' | 'equal', a: Operand, b: Operand): Value {
    return this.#one(op, [this.#operand(a), this.#operand(b)], {})
  }

  #operand(operand: Operand): Value {
    if (typeof operand !== 'number') return operand
    let value = this.#scalars.get(operand)
    if (!value) this.#scalars.set(operand, (value = this.constant(Float32Array.of(operand), [])))
    return value
  }

  #value(name: string, dtype: ValueDtype, dims: readonly Dim[], origin: Value['origin']): Value {
    this.#names.add(name)
    return { id: this.#nextId++, name, dtype, dims: [...dims], origin }
  }

  #uniqueName(name: string): string {
    let unique = name
    for (let suffix = 2; this.#names.has(unique); suffix++) unique = `${name}_${suffix}`
    this.#names.add(unique)
    return unique
  }

  #entry(key: string): TensorEntry {
    if (!this.#index) throw this.#error('weights/missing-key', `expected weights to read ${key} from, but this graph was started without any.`)
    return requireEntry(this.#index, key)
  }

  #weightDtype(entry: TensorEntry): ValueDtype {
    if (entry.dtype === 'F32') return 'f32'
    if (entry.dtype === 'I64') return 'i64'
    if (entry.dtype === 'I32') return 'i32'
    if (entry.dtype === 'I8') return 'i8'
    if (entry.dtype === 'U8') return 'u8'
    if (entry.dtype === 'F16' && this.#options.halfWeights === 'cast') return 'f16'
    throw this.#error('weights/dtype', `expected F32 for the weight ${entry.name} but ${path.basename(entry.file)} holds ${entry.dtype}.`, { tensor: entry.name, dtype: entry.dtype })
  }

  /** Rows `start` to `start + count` of a weight: the same bytes of the same file. */
  #weightRows(weight: Value, start: number, count: number): Value {
    const entry = this.#weights.get(weight.id)!
    const name = `${weight.name}[${start}:${start + count}]`
    const known = this.#weightValues.get(name)
    if (known) return known
    const rowBytes = entry.length / entry.shape[0]!
    const dims = [count, ...entry.shape.slice(1)]
    const value = this.#value(name, weight.dtype, dims, 'weight')
    this.#weights.set(value.id, { ...entry, name, shape: dims, offset: entry.offset + start * rowBytes, length: count * rowBytes })
    this.#weightValues.set(name, value)
    return value
  }

  #error(code: string, message: string, details?: Readonly<Record<string, unknown>>): EngineError {
    const where = this.#scope.length > 0 ? `${this.name} at ${this.#scope.join('.')}` : this.name
    return new EngineError(code, `${where}: ${message}`, details ? { details } : {})
  }

  #located<T>(infer: () => T): T {
    try {
      return infer()
    } catch (error) {
      if (error instanceof EngineError) throw this.#error(error.code, error.message)
      throw error
    }
  }
}
