/**
 * What a graph of fixed shapes costs before it runs: arithmetic per kind of work, bytes moved, and the
 * largest sum of live activations. Predictions of time and memory are made from this.
 */
import { failed } from '../errors.ts'
import type { Graph, GraphNode, Value } from './graph.ts'
import type { OpAttributes, OpName } from './ops.ts'
import { countElements, fixedDims } from './shapes.ts'
import { planWinograd } from './winograd.ts'
import type { WinogradPlan } from './winograd.ts'

/** Kinds of work that run at different speeds on a device. */
export const WORK_KINDS = ['conv', 'linear', 'linearInt8', 'attention', 'elementwise'] as const
/** One of {@link WORK_KINDS}. */
export type WorkKind = (typeof WORK_KINDS)[number]

/** The cost of one run of a graph. */
export interface GraphCost {
  /** floating-point operations (a multiply-add is two) per kind; for `elementwise`, bytes read and written */
  readonly work: Readonly<Record<WorkKind, number>>
  /** bytes of the largest set of activations alive at once */
  readonly peakActivationBytes: number
  /** bytes of all weights as F32 (int8 weights count one byte) */
  readonly weightBytes: number
  readonly nodes: number
}

/** Ops whose result shares the memory of its input. */
const ALIASES: ReadonlySet<OpName> = new Set<OpName>(['reshape'])
/** Ops that onnxruntime computes in place when nothing else reads the input. */
const IN_PLACE: ReadonlySet<OpName> = new Set<OpName>(['add', 'sub', 'mul', 'div', 'silu', 'gelu', 'quickGelu', 'relu', 'tanh', 'sigmoid', 'clip', 'softmax', 'neg'])

/** How a graph is run; see serialize.ts. */
export interface CostOptions {
  /** Whether convolutions may become Winograd's products; they then count as the direct sum that takes as long. Default false. */
  readonly winograd?: boolean
}

/**
 * Cost of one run.
 * @throws EngineError graph/symbolic when a dimension is not a number.
 */
export function graphCost(graph: Graph, { winograd = false }: CostOptions = {}): GraphCost {
  const work: Record<WorkKind, number> = { conv: 0, linear: 0, linearInt8: 0, attention: 0, elementwise: 0 }
  for (const node of graph.nodes) {
    const [kind, amount] = nodeWork(node, winograd ? winogradPlanOf(node) : null)
    work[kind] += amount
  }
  let weightBytes = 0
  for (const entry of graph.weights.values()) {
    const elements = entry.shape.reduce((product, dim) => product * dim, 1)
    weightBytes += elements * (entry.dtype === 'I8' || entry.dtype === 'U8' ? 1 : 4)
  }
  return { work, peakActivationBytes: peakActivations(graph, winograd), weightBytes, nodes: graph.nodes.length }
}

function winogradPlanOf(node: GraphNode): WinogradPlan | null {
  return node.op === 'conv2d' ? planWinograd(node.inputs, node.attributes as OpAttributes['conv2d'], node.outputs[0]!) : null
}

function nodeWork(node: GraphNode, plan: WinogradPlan | null): [WorkKind, number] {
  const out = node.outputs[0]!
  switch (node.op) {
    case 'conv2d': {
      const weight = node.inputs[1]!
      const perOutput = elements(weight) / Number(weight.dims[0])
      return ['conv', 2 * elements(out) * perOutput * (plan?.relativeTime ?? 1)]
    }
    case 'conv2dInt8': {
      const weight = node.inputs[1]!
      return ['linearInt8', 2 * elements(out) * (elements(weight) / Number(weight.dims[3]))]
    }
    case 'linear':
    case 'matmul':
      return ['linear', 2 * elements(out) * Number(node.inputs[0]!.dims.at(-1))]
    case 'linearInt8':
      return ['linearInt8', 2 * elements(out) * Number(node.inputs[0]!.dims.at(-1))]
    case 'attention': {
      const [q, k, v] = node.inputs
      const [batch, queries, width] = fixed(q!)
      const keys = fixed(k!)[1]!
      return ['attention', 2 * batch! * queries! * keys * (width! + fixed(v!)[2]!)]
    }
    default:
      return ['elementwise', ALIASES.has(node.op) ? 0 : [...node.inputs, ...node.outputs].reduce((sum, value) => sum + (value.origin === 'weight' ? 0 : bytes(value)), 0)]
  }
}

/** Bytes an op needs beside its results while it runs. */
function scratchBytes(node: GraphNode, plan: WinogradPlan | null): number {
  switch (node.op) {
    case 'conv2d':
      return plan?.scratchBytes ?? 0
    // the lowering normalises into one buffer and scales into another
    case 'groupNorm':
      return bytes(node.outputs[0]!)
    // one u8 per kernel tap and input channel of every pixel, and the product before channels move first
    case 'conv2dInt8': {
      const [kernelHeight, kernelWidth, channels] = fixed(node.inputs[1]!) as [number, number, number]
      const [, , height, width] = fixed(node.outputs[0]!) as [number, number, number, number]
      return height * width * kernelHeight * kernelWidth * channels + bytes(node.outputs[0]!)
    }
    case 'attention': {
      const [q, k] = node.inputs
      const { heads, fused } = node.attributes as { heads: number; fused: boolean }
      const [batch, queries] = fixed(q!)
      const projections = node.inputs.slice(0, 3).reduce((sum, value) => sum + bytes(value), 0) // split into heads
      return fused ? projections : projections + 8 * batch! * heads * queries! * fixed(k!)[1]!
    }
    default:
      return 0
  }
}

/** Walks the nodes in order, frees each buffer after its last reader. */
function peakActivations(graph: Graph, winograd: boolean): number {
  const owner = new Map<number, number>() // value id -> id of the buffer it lies in
  const bufferOf = (id: number): number => {
    const next = owner.get(id)
    return next === undefined ? id : bufferOf(next)
  }
  const lastUse = new Map<number, number>()
  graph.nodes.forEach((node, index) => {
    const first = node.inputs[0]
    if (first && ALIASES.has(node.op)) owner.set(node.outputs[0]!.id, bufferOf(first.id))
    for (const value of node.inputs) lastUse.set(bufferOf(value.id), index)
  })
  // the caller keeps the inputs, and the outputs outlive the run
  for (const value of [...graph.inputs, ...graph.outputs.map((output) => output.value)]) lastUse.set(bufferOf(value.id), graph.nodes.length)

  const live = new Map<number, number>()
  let sum = 0
  const allocate = (id: number, size: number): void => { live.set(id, size); sum += size }
  const release = (id: number): void => { sum -= live.get(id) ?? 0; live.delete(id) }
  for (const input of graph.inputs) allocate(input.id, bytes(input))
  let peak = sum

  graph.nodes.forEach((node, index) => {
    const reused = IN_PLACE.has(node.op) ? inPlaceBuffer(node, index, live, lastUse, bufferOf) : null
    if (reused !== null) {
      owner.set(node.outputs[0]!.id, reused)
      const until = lastUse.get(node.outputs[0]!.id)
      if (until !== undefined) lastUse.set(reused, Math.max(until, index))
    } else if (!ALIASES.has(node.op)) {
      for (const output of node.outputs) allocate(output.id, bytes(output))
    }
    peak = Math.max(peak, sum + scratchBytes(node, winograd ? winogradPlanOf(node) : null))
    for (const id of [...live.keys()]) if ((lastUse.get(id) ?? -1) <= index) release(id)
  })
  return peak
}

function inPlaceBuffer(node: GraphNode, index: number, live: ReadonlyMap<number, number>, lastUse: ReadonlyMap<number, number>, bufferOf: (id: number) => number): number | null {
  const size = bytes(node.outputs[0]!)
  for (const input of node.inputs) {
    const buffer = bufferOf(input.id)
    if (live.get(buffer) === size && lastUse.get(buffer) === index && input.origin === 'node') return buffer
  }
  return null
}

function elements(value: Value): number {
  const count = countElements(value.dims)
  if (typeof count !== 'number') throw failed('graph/symbolic', `The cost of ${value.name} cannot be told: expected fixed dimensions, found ${value.dims.join(' x ')}.`)
  return count
}

function bytes(value: Value): number {
  const width = { f32: 4, i32: 4, i64: 8, bool: 1, f16: 2, i8: 1, u8: 1 }[value.dtype]
  return elements(value) * width
}

function fixed(value: Value): number[] {
  return fixedDims(value.dims) ?? fail(value)
}

function fail(value: Value): never {
  throw failed('graph/symbolic', `The cost of ${value.name} cannot be told: expected fixed dimensions, found ${value.dims.join(' x ')}.`)
}
