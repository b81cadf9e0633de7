/** Runs graphs: the one door to onnxruntime. Graph bytes stay in memory, weights are mapped from the checkpoint's files. */
import { availableParallelism } from 'node:os'
import * as ort from 'onnxruntime-node'
import { EngineError, failed } from '../errors.ts'
import type { Graph } from '../graph/graph.ts'
import { serialize } from '../graph/serialize.ts'
import type { SerializeOptions } from '../graph/serialize.ts'
import { formatDims } from '../graph/shapes.ts'
import type { IntTensor, Tensor } from '../tensor/tensor.ts'

/** Where a net can run. */
export type DeviceName = 'cpu' | 'webgpu' | 'dml' | 'cuda' | 'coreml'

/** A loaded net. */
export interface NetSession {
  readonly name: string
  /** Where it runs now; 'cpu' after a fallback. */
  readonly device: DeviceName
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /** Runs the net once. Feeds are borrowed; results are new. @throws EngineError runtime/feed, runtime/run, runtime/disposed */
  run(feeds: Readonly<Record<string, Tensor | IntTensor>>): Promise<Record<string, Tensor>>
  /** Frees the native session; running afterwards throws. */
  dispose(): Promise<void>
}

/** How a session is opened. */
export interface SessionOptions {
  readonly device: DeviceName
  /** Threads inside one op; default: the machine's cores. */
  readonly threads?: number
  /** How the graph is written, instead of what suits its size and device; for tests and measurements. */
  readonly form?: SerializeOptions
  /**
   * When given, a device that cannot load or run the net is replaced by the CPU, for this net from then on, and told
   * of in one sentence. Without it such a failure is thrown.
   */
  readonly onFallback?: (sentence: string) => void
}

/**
 * Loads `graph` onto a device.
 * @throws EngineError runtime/load when onnxruntime refuses it, with onnxruntime's reason.
 */
export async function openSession(graph: Graph, options: SessionOptions): Promise<NetSession> {
  const net = new OrtNetSession(graph, options)
  await net.open()
  return net
}

/**
 * Up to this many bytes of weights convolutions run in the processor's blocked layout ('all'): 10 to 15 % faster, but
 * every convolution weight is copied at each load, which for a full UNet is seconds and gigabytes.
 */
const BLOCKED_LAYOUT_LIMIT = 512 * 2 ** 20

/** Whether a net's convolutions run in the processor's blocked layout. */
export function usesBlockedLayout(device: DeviceName, weightBytes: number): boolean {
  return device === 'cpu' && weightBytes <= BLOCKED_LAYOUT_LIMIT
}

/**
 * Whether a net is written for the CPU as large nets are: 3x3 convolutions as Winograd's products, which do not mix with the
 * blocked layout.
 */
export function isWrittenLarge(device: DeviceName, weightBytes: number): boolean {
  return device === 'cpu' && !usesBlockedLayout(device, weightBytes)
}

const LARGE_FORM: SerializeOptions = { winograd: {} }

/** onnxruntime's options for a device and a net of that size. */
function ortOptions(root: string | null, device: DeviceName, threads: number | undefined, weightBytes: number): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    // The arena and the memory pattern together reserve whole gigabytes; both off is smallest and fastest on CPU,
    // and DirectML requires the pattern off.
    enableCpuMemArena: false,
    enableMemPattern: false,
    executionMode: 'sequential',
    intraOpNumThreads: threads ?? availableParallelism(),
    graphOptimizationLevel: usesBlockedLayout(device, weightBytes) ? 'all' : 'extended',
    logSeverityLevel: 3,
    extra: {
      session: {
        ...(root === null ? {} : { model_external_initializers_file_folder_path: root }),
        intra_op: { allow_spinning: '0' },
      },
    },
  }
}

/** Bytes of all weights a graph reads. */
export function weightBytesOf(graph: Graph): number {
  return [...graph.weights.values()].reduce((sum, entry) => sum + entry.length, 0)
}

class OrtNetSession implements NetSession {
  readonly name: string
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  readonly #graph: Graph
  readonly #options: SessionOptions
  #device: DeviceName
  #session: ort.InferenceSession | null = null
  #nativeNames: Readonly<Record<string, string>> = {}

  constructor(graph: Graph, options: SessionOptions) {
    this.name = graph.name
    this.inputNames = graph.inputs.map((input) => input.name)
    this.outputNames = graph.outputs.map((output) => output.name)
    this.#graph = graph
    this.#options = options
    this.#device = options.device
  }

  get device(): DeviceName {
    return this.#device
  }

  async open(): Promise<void> {
    const weightBytes = weightBytesOf(this.#graph)
    const form = this.#options.form ?? (isWrittenLarge(this.#device, weightBytes) ? LARGE_FORM : {})
    const { bytes, root, outputNames } = serialize(this.#graph, form)
    this.#nativeNames = outputNames
    try {
      // onnxruntime leaves out a provider it does not know, and would run on the CPU without a word.
      if (!ort.listSupportedBackends().some((backend) => backend.name === this.#device)) throw new Error('this build of onnxruntime does not have it')
      this.#session = await ort.InferenceSession.create(bytes, ortOptions(root, this.#device, this.#options.threads, weightBytes))
    } catch (error) {
      const failure = failed('runtime/load', `The net ${this.name} could not be loaded on ${this.#device}: ${reason(error)}`, error)
      await this.#fallBack(failure)
    }
  }

  async run(feeds: Readonly<Record<string, Tensor | IntTensor>>): Promise<Record<string, Tensor>> {
    if (!this.#session) throw failed('runtime/disposed', `The net ${this.name} was unloaded before it was run.`)
    const native = nativeFeeds(this.#graph, feeds)
    let results: ort.InferenceSession.OnnxValueMapType
    try {
      results = await this.#session.run(native)
    } catch (error) {
      await this.#fallBack(failed('runtime/run', `The net ${this.name} failed on ${this.#device}: ${reason(error)}`, error))
      return this.run(feeds)
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

  /** Moves this net to the CPU and says so, or throws `failure` where that is not wanted or was tried. */
  async #fallBack(failure: EngineError): Promise<void> {
    if (this.#device === 'cpu' || !this.#options.onFallback) throw failure
    await this.dispose().catch(() => undefined) // a lost device may refuse to let go; the CPU session does not need it
    this.#device = 'cpu'
    await this.open()
    this.#options.onFallback(`${failure.message.replace(/\.$/, '')}; it runs on the CPU instead.`)
  }
}

function nativeFeeds(graph: Graph, feeds: Readonly<Record<string, Tensor | IntTensor>>): Record<string, ort.Tensor> {
  const native: Record<string, ort.Tensor> = {}
  for (const { name, dims, dtype } of graph.inputs) {
    const feed = feeds[name]
    if (!feed) throw failed('runtime/feed', `The net ${graph.name} expected the input ${name} but received ${Object.keys(feeds).join(', ') || 'none'}.`)
    const fits = feed.dims.length === dims.length && feed.dims.every((size, axis) => typeof dims[axis] === 'string' || size === dims[axis])
    if (!fits) throw failed('runtime/feed', `The net ${graph.name} expected ${formatDims(dims)} for ${name} but received ${formatDims(feed.dims)}.`)
    native[name] = nativeTensor(dtype, feed)
  }
  return native
}

function nativeTensor(dtype: string, { data, dims }: Tensor | IntTensor): ort.Tensor {
  // Number() and BigInt() take any element; the union of array types hides that from the compiler.
  const elements = data as Float32Array
  if (dtype === 'f32') return new ort.Tensor('float32', data instanceof Float32Array ? data : Float32Array.from(elements, Number), dims)
  if (dtype === 'i64') return new ort.Tensor('int64', data instanceof BigInt64Array ? data : BigInt64Array.from(elements, BigInt), dims)
  if (dtype === 'i32') return new ort.Tensor('int32', data instanceof Int32Array ? data : Int32Array.from(elements, Number), dims)
  if (dtype === 'bool') return new ort.Tensor('bool', Uint8Array.from(elements, (element) => (Number(element) === 0 ? 0 : 1)), dims)
  throw new EngineError('runtime/feed', `Expected inputs of type f32, i64, i32 or bool but received ${dtype}.`)
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!
}
