/** Runs graphs: the one door to onnxruntime. Graph bytes stay in memory, weights are mapped from the checkpoint's files. */
import { availableParallelism } from 'node:os'
import * as ort from 'onnxruntime-node'
import { EngineError, failed } from '../errors.ts'
import type { Graph } from '../graph/graph.ts'
import { serialize } from '../graph/serialize.ts'
import { fixedDims, formatDims } from '../graph/shapes.ts'
import type { IntTensor, Tensor } from '../tensor/tensor.ts'

/** Where a net can run. */
export type DeviceName = 'cpu' | 'webgpu' | 'dml' | 'cuda' | 'coreml'

/** A loaded net. */
export interface NetSession {
  readonly name: string
  readonly device: DeviceName
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /** Runs the net once. Feeds are borrowed; results are new. @throws EngineError runtime/... */
  run(feeds: Readonly<Record<string, Tensor | IntTensor>>): Promise<Record<string, Tensor>>
  /** Frees the native session; running afterwards throws. */
  dispose(): Promise<void>
}

/** How a session is opened. */
export interface SessionOptions {
  readonly device: DeviceName
  /** Threads inside one op; default: the machine's cores. */
  readonly threads?: number
}

/**
 * Loads `graph` onto a device.
 * @throws EngineError runtime/load when onnxruntime refuses it, with onnxruntime's reason.
 */
export async function openSession(graph: Graph, options: SessionOptions): Promise<NetSession> {
  const { bytes, root, outputNames } = serialize(graph)
  let session: ort.InferenceSession
  try {
    session = await ort.InferenceSession.create(bytes, ortOptions(root, options))
  } catch (error) {
    throw failed('runtime/load', `The net ${graph.name} could not be loaded on ${options.device}: ${reason(error)}`, error)
  }
  return new OrtNetSession(graph, session, outputNames, options.device)
}

/** onnxruntime's options for a device; see the decisions on CPU memory in the engine's README. */
function ortOptions(root: string | null, { device, threads }: SessionOptions): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    // The arena and the memory pattern together reserve whole gigabytes; both off is smallest and fastest on CPU,
    // and DirectML requires the pattern off.
    enableCpuMemArena: false,
    enableMemPattern: false,
    executionMode: 'sequential',
    intraOpNumThreads: threads ?? availableParallelism(),
    graphOptimizationLevel: 'extended',
    logSeverityLevel: 3,
    extra: {
      session: {
        ...(root === null ? {} : { model_external_initializers_file_folder_path: root }),
        intra_op: { allow_spinning: '0' },
      },
    },
  }
}

class OrtNetSession implements NetSession {
  readonly name: string
  readonly device: DeviceName
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  readonly #graph: Graph
  readonly #nativeNames: Readonly<Record<string, string>>
  #session: ort.InferenceSession | null

  constructor(graph: Graph, session: ort.InferenceSession, nativeNames: Readonly<Record<string, string>>, device: DeviceName) {
    this.name = graph.name
    this.device = device
    this.#graph = graph
    this.#session = session
    this.#nativeNames = nativeNames
    this.inputNames = graph.inputs.map((input) => input.name)
    this.outputNames = graph.outputs.map((output) => output.name)
  }

  async run(feeds: Readonly<Record<string, Tensor | IntTensor>>): Promise<Record<string, Tensor>> {
    if (!this.#session) throw failed('runtime/disposed', `The net ${this.name} was unloaded before it was run.`)
    const native = this.#nativeFeeds(feeds)
    let results: ort.InferenceSession.OnnxValueMapType
    try {
      results = await this.#session.run(native)
    } catch (error) {
      throw failed('runtime/run', `The net ${this.name} failed on ${this.device}: ${reason(error)}`, error)
    }
    const outputs: Record<string, Tensor> = {}
    for (const name of this.outputNames) {
      const result = results[this.#nativeNames[name]!] as ort.Tensor
      outputs[name] = { data: result.data as Float32Array, dims: [...result.dims] }
    }
    return outputs
  }

  async dispose(): Promise<void> {
    const session = this.#session
    this.#session = null
    await session?.release()
  }

  #nativeFeeds(feeds: Readonly<Record<string, Tensor | IntTensor>>): Record<string, ort.Tensor> {
    const native: Record<string, ort.Tensor> = {}
    for (const input of this.#graph.inputs) {
      const feed = feeds[input.name]
      if (!feed) throw failed('runtime/feed', `The net ${this.name} expected the input ${input.name} but received ${Object.keys(feeds).join(', ') || 'none'}.`)
      const fixed = fixedDims(input.dims)
      const fits = feed.dims.length === input.dims.length && feed.dims.every((dim, axis) => typeof input.dims[axis] === 'string' || dim === (fixed ?? input.dims)[axis])
      if (!fits) throw failed('runtime/feed', `The net ${this.name} expected ${formatDims(input.dims)} for ${input.name} but received ${formatDims(feed.dims)}.`)
      native[input.name] = nativeTensor(input.dtype, feed)
    }
    return native
  }
}

function nativeTensor(dtype: string, feed: Tensor | IntTensor): ort.Tensor {
  const { data } = feed
  if (dtype === 'f32') return new ort.Tensor('float32', data instanceof Float32Array ? data : Float32Array.from(data as Int32Array, Number), feed.dims)
  if (dtype === 'i64') return new ort.Tensor('int64', data instanceof BigInt64Array ? data : BigInt64Array.from(data as Int32Array, BigInt), feed.dims)
  if (dtype === 'i32') return new ort.Tensor('int32', data instanceof Int32Array ? data : Int32Array.from(data as Float32Array, Number), feed.dims)
  if (dtype === 'bool') return new ort.Tensor('bool', Uint8Array.from(data as Float32Array, (element) => (Number(element) === 0 ? 0 : 1)), feed.dims)
  throw new EngineError('runtime/feed', `Expected inputs of type f32, i64, i32 or bool but received ${dtype}.`)
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!
}
