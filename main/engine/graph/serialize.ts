/** A graph as ONNX bytes: opset 21, weights as external data at their places inside the checkpoint's files. */
import path from 'node:path'
import { EngineError } from '../errors.ts'
import type { Constant, Graph, GraphNode, Value, ValueDtype } from './graph.ts'
import type { LowerContext, Lowering, OnnxAttributeValue } from './lowerings.ts'
import { encodeModel, ONNX_ATTRIBUTE, ONNX_DTYPE } from './onnxProto.ts'
import type { OnnxAttribute, OnnxNode, OnnxTensor, OnnxValueInfo } from './onnxProto.ts'
import { OPS } from './ops.ts'
import { countElements, formatDims, sameDims, shapeError } from './shapes.ts'
import type { Dim } from './shapes.ts'
import type { WinogradLimits } from './winograd.ts'

/** A model ready for a session. */
export interface SerializedGraph {
  readonly bytes: Uint8Array
  /** Folder that external data locations are relative to; null without weights. */
  readonly root: string | null
  /** What each output of the graph is called in the model; ONNX has one name space, nets may name an output like an input. */
  readonly outputNames: Readonly<Record<string, string>>
}

const OPSET = 21n
const IR_VERSION = 10n

/** Choices of the written form; none of them changes what a graph means. */
export interface SerializeOptions {
  /** Write 3x3 convolutions as Winograd's products where they are faster, within these limits. Default false. */
  readonly winograd?: WinogradLimits | false
}

/**
 * Writes a graph as an ONNX model whose weights stay where they are.
 * @throws EngineError graph/weight-outside-root when a weight file does not lie below the root.
 */
export function serialize(graph: Graph, options: SerializeOptions = {}): SerializedGraph {
  const writer = new Writer(graph, options)
  for (const node of graph.nodes) writer.lower(node)
  const bytes = encodeModel({
    irVersion: IR_VERSION,
    producerName: 'palimpsest',
    producerVersion: '1',
    graph: {
      name: graph.name,
      node: writer.nodes,
      initializer: [...writer.initializers.values()],
      input: graph.inputs.map((input) => describeValue(input.name, input)),
      output: [...new Set(graph.outputs.map(({ value }) => value))].map((value) => describeValue(value.name, value)),
    },
    opsetImport: [
      { domain: '', version: OPSET },
      { domain: 'com.microsoft', version: 1n },
    ],
  })
  return { bytes, root: graph.root, outputNames: Object.fromEntries(graph.outputs.map(({ name, value }) => [name, value.name])) }
}

/** A run of a weight's first axis. */
interface Rows {
  readonly start: number
  readonly count: number
}

class Writer {
  readonly nodes: OnnxNode[] = []
  /** By name. */
  readonly initializers = new Map<string, OnnxTensor>()
  readonly #graph: Graph
  readonly #options: SerializeOptions

  constructor(graph: Graph, options: SerializeOptions) {
    this.#graph = graph
    this.#options = options
  }

  lower(node: GraphNode): void {
    let internal = 0
    const results = node.outputs.map((output) => output.name)
    const context: LowerContext = {
      results,
      winograd: this.#options.winograd ?? false,
      rows: (value, start, count, dims) => this.#reference(value, dims, { start, count }),
      ref: (value) => this.#reference(value, value.dims),
      view: (value, dims) => {
        if (sameDims(value.dims, dims)) return this.#reference(value, dims)
        if (value.origin === 'weight' || value.origin === 'constant') return this.#reference(value, dims)
        return context.emit('Reshape', [this.#reference(value, value.dims), context.shape(value.dims, dims)])
      },
      emit: (opType, inputs, o = {}) => {
        const output = o.to ?? [`${node.name}/${++internal}`]
        this.nodes.push({
          name: `${node.name}/${opType}${internal === 0 ? '' : `_${internal}`}`,
          opType,
          domain: o.domain ?? '',
          input: [...inputs],
          output: [...output],
          attribute: Object.entries(o.attributes ?? {}).map(([name, value]) => attribute(name, value)),
        })
        return output[0]!
      },
      emitAll: (opType, inputs, count) => {
        const to = Array.from({ length: count }, () => `${node.name}/${++internal}`)
        context.emit(opType, inputs, { to })
        return to
      },
      constant: (constant) => this.#constant(constant),
      shape: (from, to) => this.#constant({ data: BigInt64Array.from(reshapeTarget(from, to), BigInt), dims: [to.length] }),
    }
    const lower = OPS[node.op].lower as Lowering<unknown>
    lower(context, node)
  }

  #reference(value: Value, dims: readonly Dim[], rows?: Rows): string {
    if (value.origin === 'weight') return this.#weight(value, dims as readonly number[], rows)
    if (value.origin !== 'constant') return value.name
    const constant = this.#graph.constants.get(value.id)!
    const size = constant.data.length / (constant.dims[0] ?? 1)
    const data = rows ? constant.data.subarray(rows.start * size, (rows.start + rows.count) * size) : constant.data
    return this.#constant({ data, dims: dims as readonly number[] }, value.dtype)
  }

  /** An initialiser over the weight's bytes, or some of its rows; the same bytes may appear under several shapes. */
  #weight(value: Value, dims: readonly number[], rows?: Rows): string {
    const part = rows && rows.count !== value.dims[0] ? `${value.name}[${rows.start}:${rows.start + rows.count}]` : value.name
    const name = sameDims(value.dims, dims) ? value.name : `${part} as ${formatDims(dims)}`
    if (this.initializers.has(name)) return name
    const entry = this.#graph.weights.get(value.id)!
    const location = path.relative(this.#graph.root!, entry.file)
    if (location.startsWith('..') || path.isAbsolute(location)) {
      throw new EngineError('graph/weight-outside-root', `Graph ${this.#graph.name}: expected the weight ${entry.name} below ${this.#graph.root} but it lies in ${entry.file}.`)
    }
    const rowBytes = entry.length / (entry.shape[0] ?? 1)
    this.initializers.set(name, {
      name,
      dims: dims.map(BigInt),
      dataType: ONNX_DTYPE[value.dtype],
      dataLocation: 1,
      externalData: [
        { key: 'location', value: location.split(path.sep).join('/') },
        { key: 'offset', value: String(entry.offset + (rows ? rows.start * rowBytes : 0)) },
        { key: 'length', value: String(rows ? rows.count * rowBytes : entry.length) },
      ],
    })
    return name
  }

  #constant(constant: Constant, dtype: ValueDtype = dataDtype(constant.data)): string {
    const { data, dims } = constant
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const content = data.length <= 64 ? [...data].join(',') : Buffer.from(bytes).toString('base64')
    // Object.is keeps -0 apart from 0, which join() would merge.
    const signed = data instanceof Float32Array && data.some((element) => Object.is(element, -0)) ? 'signed' : ''
    const name = this.#constantNames.get(`${dtype}[${dims}]${signed}${content}`) ?? `constant ${this.#constantNames.size} ${dtype} ${formatDims(dims)}`
    this.#constantNames.set(`${dtype}[${dims}]${signed}${content}`, name)
    if (!this.initializers.has(name)) {
      this.initializers.set(name, { name, dims: dims.map(BigInt), dataType: ONNX_DTYPE[dtype], rawData: bytes.slice() })
    }
    return name
  }
  readonly #constantNames = new Map<string, string>()
}

function dataDtype(data: Constant['data']): ValueDtype {
  if (data instanceof Float32Array) return 'f32'
  if (data instanceof BigInt64Array) return 'i64'
  if (data instanceof Int32Array) return 'i32'
  return data instanceof Int8Array ? 'i8' : 'u8'
}

function attribute(name: string, value: OnnxAttributeValue): OnnxAttribute {
  if ('int' in value) return { name, type: ONNX_ATTRIBUTE.int, i: BigInt(value.int) }
  if ('float' in value) return { name, type: ONNX_ATTRIBUTE.float, f: value.float }
  if ('ints' in value) return { name, type: ONNX_ATTRIBUTE.ints, ints: value.ints.map(BigInt) }
  return { name, type: ONNX_ATTRIBUTE.string, s: new TextEncoder().encode(value.text) }
}

function describeValue(name: string, value: Value): OnnxValueInfo {
  const dim = value.dims.map((size) =>
    typeof size === 'number'
      ? { value: { case: 'dimValue' as const, value: BigInt(size) } }
      : { value: { case: 'dimParam' as const, value: size } },
  )
  return { name, type: { value: { case: 'tensorType', value: { elemType: ONNX_DTYPE[value.dtype], shape: { dim } } } } }
}

/** Numbers for a Reshape node: symbolic sizes become 0 (same axis, same size) or -1 (the rest, once). */
function reshapeTarget(from: readonly Dim[], to: readonly Dim[]): number[] {
  let rest = 0
  const target = to.map((dim, axis) => {
    if (typeof dim === 'number') return dim
    if (from[axis] === dim) return 0
    rest++
    return -1
  })
  if (rest + to.filter((dim) => dim === -1).length > 1) {
    throw shapeError('reshape', `cannot write ${formatDims(from)} (${countElements(from)} elements) as [${to.join(', ')}] with more than one unknown size; use fixed sizes.`)
  }
  return target
}
