/**
 * A checkpoint on a device: opens each net when it is first needed, for the size it is needed at, and lets go
 * of it again. Knows nothing of tasks; the pipelines ask it for prompt states, predictions and pixels.
 */
import { badInput, EngineError, failed } from '../errors.ts'
import type { Checkpoint, ComponentName } from '../families/checkpoint.ts'
import { graphCost, type GraphCost } from '../graph/cost.ts'
import type { Graph } from '../graph/graph.ts'
import { buildTinyDecoder } from '../nets/autoencoderTiny.ts'
import { buildClipText } from '../nets/clipText.ts'
import { buildUNet2DCondition } from '../nets/unet2dCondition.ts'
import { isWrittenLarge, openSession, weightBytesOf, type DeviceName, type NetSession } from '../runtime/session.ts'
import type { IntTensor, Latents, Pixels, PromptEmbeds, Tensor } from '../tensor/tensor.ts'
import { tensor } from '../tensor/tensor.ts'
import { ensureFloat32, type WeightCache } from '../weights/convertedWeights.ts'
import { ensureInt8 } from '../weights/quantisedWeights.ts'
import type { WeightIndex } from '../weights/weightIndex.ts'
import { checkpointVae, type VaeOptions } from './checkpointVae.ts'
import type { NoisePredictor } from './denoise.ts'
import { output } from './netOutput.ts'
import { RunTimes } from './runTimes.ts'
import type { SpeedBook } from './speed.ts'
import type { Vae } from './vae.ts'

/** Where and how nets run. */
export interface NetRuntime {
  readonly device: DeviceName
  /** whether the device's fused attention passed its self-test */
  readonly fused: boolean
  /** int8 linear layers in the UNet (CPU only) */
  readonly fast: boolean
  readonly weightCache: WeightCache
  readonly speed: SpeedBook
}

/** The nets of a checkpoint: a VAE is two of them, and an int8 UNet has a float one beside it (see {@link LoadedCheckpoint.unetAt}). */
export type NetName = 'unet' | 'unetFloat' | 'textEncoder' | 'vaeEncoder' | 'vaeDecoder' | 'tinyDecoder' | 'imageEncoder' | 'probe'

const COMPONENT_OF: Readonly<Record<NetName, ComponentName>> = {
  unet: 'unet',
  unetFloat: 'unet',
  textEncoder: 'textEncoder',
  vaeEncoder: 'vae',
  vaeDecoder: 'vae',
  tinyDecoder: 'tinyVae',
  imageEncoder: 'imageEncoder',
  probe: 'probe',
}

type BuildNet = (config: Readonly<Record<string, unknown>>, weights: WeightIndex) => Graph

/** A session with what is known of its cost. */
interface OpenNet {
  readonly session: NetSession
  readonly cost: GraphCost
}

/** Seconds that opening a net takes at least, and per gigabyte of its weights: a first guess, corrected by real ones. */
const OPEN_SECONDS = { least: 0.03, perGigabyte: 0.4 }

/** What a run counted, as its report and the speed book want it; see {@link LoadedCheckpoint.handOver}. */
export type RunCounts = Pick<LoadedCheckpoint, 'checkpoint' | 'device' | 'unetCalls' | 'unetSeconds' | 'loadSeconds' | 'times' | 'learnSpeeds'>

/** Nets together larger than this many bytes are held one at a time. */
export const KEEP_ALL_BELOW_BYTES = 2 ** 31

/**
 * With int8 nets, steps from this share of the training timesteps on run in float32: they decide what is where, and a
 * small error there can end in another picture (starter, DDIM 20, 20 prompts: worst PSNR 23 dB without, 33 dB with it).
 */
export const FLOAT_FROM = 0.8

/** A checkpoint's nets, opened on demand. Dispose it to free them. */
export class LoadedCheckpoint {
  readonly checkpoint: Checkpoint
  readonly #runtime: NetRuntime
  readonly #nets = new Map<string, Promise<OpenNet>>()
  readonly #weights = new Map<string, Promise<WeightIndex>>()
  readonly #costs = new Map<string, GraphCost>()
  /** what nets took in the run so far; {@link learnSpeeds} remembers it */
  times = new RunTimes()
  /** called with the component's name while it is loaded or converted */
  onLoad: (component: ComponentName, share?: number) => void = () => {}
  /** stops a conversion that is under way */
  signal: AbortSignal | undefined
  /** UNet runs so far */
  unetCalls = 0
  /** seconds spent inside UNet runs so far */
  unetSeconds = 0
  /** seconds spent opening nets so far */
  loadSeconds = 0

  constructor(checkpoint: Checkpoint, runtime: NetRuntime) {
    this.checkpoint = checkpoint
    this.#runtime = runtime
  }

  /** The device the nets run on. */
  get device(): DeviceName {
    return this.#runtime.device
  }

  /** Whether graphs built for this checkpoint may use the device's fused attention. */
  get fused(): boolean {
    return this.#runtime.fused
  }

  /** Whether the UNet's layers are int8 where {@link unetAt} says so. */
  get fast(): boolean {
    return this.#runtime.fast && this.device === 'cpu'
  }

  /** The UNet that a step runs with: int8 nets leave the noisiest ones to float32. */
  unetAt(timestep: number): 'unet' | 'unetFloat' {
    const trained = this.checkpoint.schedulerConfig['num_train_timesteps']
    return this.fast && timestep >= FLOAT_FROM * (typeof trained === 'number' ? trained : 1000) ? 'unetFloat' : 'unet'
  }

  /**
   * How far a small crop may be enlarged for the model. A model of a drawn world knows its things at one scale; enlarged,
   * a small object is none to it (starter, 20 small objects painted anew: the class seen in 0 at 2 x, in 7 at 1 x).
   */
  get maxEnlargement(): number {
    return this.checkpoint.card?.vocabulary === undefined ? 2 : 1
  }

  /** Where converted weights are kept. */
  get weightCache(): WeightCache {
    return this.#runtime.weightCache
  }

  /** Whether the checkpoint comes with a part. */
  has(component: ComponentName): boolean {
    return this.checkpoint.components[component] !== undefined
  }

  /** Text states of token windows [windows,77] joined along the token axis: [1, 77*windows, features]. */
  async encodeTokens(windows: readonly BigInt64Array[], clipSkip: number): Promise<PromptEmbeds[]> {
    const net = await this.#open('textEncoder', `skip${clipSkip}`, (config, weights) =>
      buildClipText(config, weights, { batch: 1, clipSkip, fused: this.#runtime.fused }),
    )
    const states: PromptEmbeds[] = []
    for (const ids of windows) {
      const input: IntTensor = { data: ids, dims: [1, ids.length] }
      states.push(output(await net.session.run({ input_ids: input }), 'last_hidden_state') as PromptEmbeds)
    }
    return states
  }

  /** The UNet for one latent size and prompt length. */
  async predictor(height: number, width: number, tokens: number): Promise<NoisePredictor> {
    if (!this.fast) await this.#openUNet('unet', height, width, tokens) // else the first step tells which one
    return {
      source: this.checkpoint.path,
      predict: async (sample, timestep, promptEmbeds) => {
        const name = this.unetAt(timestep)
        const net = await this.#openUNet(name, height, width, tokens)
        const started = performance.now()
        const feeds: Record<string, Tensor> = {
          sample,
          timestep: tensor(new Float32Array([timestep]), [1]),
          encoder_hidden_states: promptEmbeds,
        }
        const result = output(await net.session.run(feeds), 'sample') as Latents
        const seconds = (performance.now() - started) / 1000
        this.unetCalls += 1
        this.unetSeconds += seconds
        this.times.note(this.speedKey(name, height, width), net.cost, seconds)
        return result
      },
    }
  }

  /** The VAE, tiled from `tiledFrom` pixels on with tiles of `tile` latent pixels. */
  vae(options: VaeOptions = {}): Vae {
    return checkpointVae(this, options)
  }

  /** Latents to pixels by the tiny VAE, for previews; null when the checkpoint has none. */
  async tinyDecode(latents: Latents): Promise<Pixels | null> {
    if (!this.has('tinyVae')) return null
    const [, , height, width] = latents.dims as [number, number, number, number]
    const net = await this.#open('tinyDecoder', `${height}x${width}`, (config, weights) => buildTinyDecoder(config, weights, { batch: 1, height, width }))
    return output(await net.session.run({ latent_sample: latents }), 'sample') as Pixels
  }

  /** A net that only one pipeline uses, opened once per `variant`. */
  async open(net: NetName, variant: string, build: BuildNet): Promise<NetSession> {
    return (await this.#open(net, variant, build)).session
  }

  /** The same, timed: its runs are noted under `key`. */
  async openTimed(net: NetName, variant: string, key: string, build: BuildNet): Promise<Pick<NetSession, 'run'>> {
    const opened = await this.#open(net, variant, build)
    return { run: (feeds) => this.#timed(opened, key, feeds as Record<string, Tensor>) }
  }

  /** A net's graph; `spec` says how this device wants it built. */
  async graph(net: NetName, build: (config: Readonly<Record<string, unknown>>, weights: WeightIndex, spec: { readonly fused: boolean }) => Graph): Promise<Graph> {
    const component = COMPONENT_OF[net]
    const weights = await this.weights(component)
    return this.#fit(() => build(this.#component(component).config, weights, { fused: this.#runtime.fused }))
  }

  /** Opens a graph, runs it once and lets go of it. */
  async runOnce(graph: Graph, feeds: Readonly<Record<string, Tensor | IntTensor>>): Promise<Record<string, Tensor>> {
    const session = await openSession(graph, { device: this.device })
    try {
      return await session.run(feeds)
    } finally {
      await session.dispose()
    }
  }

  /** Names a net and its size in the speed book. */
  speedKey(net: NetName, height: number, width: number): string {
    return `${this.checkpoint.hash.slice(0, 12)} ${net === 'unetFloat' ? 'unet' : net} ${height}x${width}${net === 'unet' && this.fast ? ' int8' : ''}`
  }

  /** Cost of one run of a net; a graph is built for it once per `variant`. */
  async costOf(net: NetName, variant: string, build: BuildNet): Promise<GraphCost> {
    const key = `${net} ${variant}`
    const known = this.#costs.get(key)
    if (known) return known
    const component = COMPONENT_OF[net]
    const weights = await this.#weightsOf(net)
    const cost = this.#fit(() => costOn(build(this.#component(component).config, weights), this.device))
    this.#costs.set(key, cost)
    return cost
  }

  /** Seconds that opening a net of this cost will take; 0 when it is open. @param variant how it is opened, or the beginning of that; null: it will be let go before it is needed */
  async openingSeconds(net: NetName, cost: GraphCost, variant: string | null = ''): Promise<number> {
    const isOpen = variant !== null && this.#totalBytes() <= KEEP_ALL_BELOW_BYTES && [...this.#nets.keys()].some((key) => key.startsWith(`${net} ${variant}`))
    return isOpen ? 0 : this.#runtime.speed.predictSeconds(this.#openKey(net), openGuess(cost), this.device)
  }

  /** Remembers what the nets took since {@link resetCounters} in the speed book. */
  async learnSpeeds(): Promise<void> {
    await this.times.learn(this.#runtime.speed, this.device)
  }

  /** Starts the counters of a run. */
  resetCounters(): void {
    this.unetCalls = 0
    this.unetSeconds = 0
    this.loadSeconds = 0
    this.times.reset()
  }

  /** What this run counted, for itself from now on: the next one may begin while this one writes its files. */
  handOver(): RunCounts {
    const { checkpoint, device, unetCalls, unetSeconds, loadSeconds, times } = this
    this.times = new RunTimes()
    return { checkpoint, device, unetCalls, unetSeconds, loadSeconds, times, learnSpeeds: () => times.learn(this.#runtime.speed, device) }
  }

  /** Frees every net. */
  async dispose(): Promise<void> {
    await this.#release(() => true)
  }

  /** Weights of a component as the device runs them, converted on first use where it needs that: F32, or int8 for a fast UNet. */
  weights(component: ComponentName): Promise<WeightIndex> {
    return this.#convert(component, component === 'unet' && this.fast ? ensureInt8 : ensureFloat32)
  }

  #convert(component: ComponentName, prepare: typeof ensureFloat32): Promise<WeightIndex> {
    const key = `${component} ${prepare === ensureInt8 ? 'int8' : 'float'}`
    let weights = this.#weights.get(key)
    if (!weights) {
      weights = prepare(this.#component(component).weights, this.#runtime.weightCache, {
        onProgress: ({ done, total }) => this.onLoad(component, done / total),
        ...(this.signal ? { signal: this.signal } : {}),
      })
      this.#weights.set(key, weights)
      weights.catch(() => this.#weights.delete(key))
    }
    return weights
  }

  #weightsOf(net: NetName): Promise<WeightIndex> {
    return net === 'unetFloat' ? this.#convert('unet', ensureFloat32) : this.weights(COMPONENT_OF[net])
  }

  #openUNet(net: 'unet' | 'unetFloat', height: number, width: number, tokens: number): Promise<OpenNet> {
    return this.#open(net, `${height}x${width}x${tokens}`, (config, weights) =>
      buildUNet2DCondition(config, weights, { batch: 1, height, width, tokens, fused: this.#runtime.fused }),
    )
  }

  #open(net: NetName, variant: string, build: BuildNet): Promise<OpenNet> {
    const key = `${net} ${variant}`
    const known = this.#nets.get(key)
    if (known) return known
    const opening = this.#load(net, key, build)
    this.#nets.set(key, opening)
    opening.catch(() => this.#nets.delete(key))
    return opening
  }

  async #load(net: NetName, key: string, build: BuildNet): Promise<OpenNet> {
    const started = performance.now()
    const component = COMPONENT_OF[net]
    this.onLoad(component)
    const { config } = this.#component(component)
    const weights = await this.#weightsOf(net)
    const converted = performance.now() // the first time weights are converted, later they are only mapped
    const graph = this.#fit(() => build(config, weights))
    const cost = costOn(graph, this.device)
    // another size of the same net is let go; where memory is short, every other net as well
    await this.#release((other) => (other !== key && other.startsWith(`${net} `)) || this.#totalBytes() > KEEP_ALL_BELOW_BYTES)
    const session = await openSession(graph, { device: this.device })
    this.loadSeconds += (performance.now() - started) / 1000
    this.times.note(this.#openKey(net), openGuess(cost), (performance.now() - converted) / 1000)
    return { session, cost }
  }

  /** Builds a net; weights that do not fit the configuration are the checkpoint's fault, not the program's. */
  #fit<T>(build: () => T): T {
    try {
      return build()
    } catch (error) {
      if (!(error instanceof EngineError) || error.exitCode === 2) throw error
      if (error.code === 'weights/dtype') {
        const { tensor, dtype } = error.details as { tensor: string; dtype: string }
        throw badInput('checkpoint/weights', { thing: this.checkpoint.path, expected: 'weights in F16, BF16, F32 or F64', found: `${dtype} in tensor ${tensor}`, todo: 'fetch the checkpoint again', cause: error })
      }
      if (!error.code.startsWith('graph/')) throw error
      throw badInput('checkpoint/weights', { thing: this.checkpoint.path, expected: 'weights that fit its configuration', found: error.message.replace(/\.$/, ''), todo: 'fetch the checkpoint again or give its configuration with --config DIR', cause: error })
    }
  }

  async #timed(net: OpenNet, speedKey: string, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
    const started = performance.now()
    const result = await net.session.run(feeds)
    this.times.note(speedKey, net.cost, (performance.now() - started) / 1000)
    return result
  }

  #openKey(net: NetName): string {
    return `${this.checkpoint.hash.slice(0, 12)} open ${net}`
  }

  async #release(which: (key: string) => boolean): Promise<void> {
    for (const [key, opening] of [...this.#nets]) {
      if (!which(key)) continue
      this.#nets.delete(key)
      const net = await opening.catch(() => null)
      await net?.session.dispose()
    }
  }

  #totalBytes(): number {
    let bytes = 0
    for (const component of Object.values(this.checkpoint.components)) {
      for (const entry of component?.weights.entries.values() ?? []) bytes += entry.shape.reduce((product, dim) => product * dim, 4)
    }
    return bytes
  }

  #component(name: ComponentName) {
    const component = this.checkpoint.components[name]
    if (component) return component
    throw failed('checkpoint/component', `${this.checkpoint.path} has no ${name}, which this task needs; choose a checkpoint that has one.`)
  }
}

/** Cost of a run on a device. */
function costOn(graph: Graph, device: DeviceName): GraphCost {
  return graphCost(graph, { winograd: isWrittenLarge(device, weightBytesOf(graph)) })
}

function openGuess({ weightBytes }: GraphCost): number {
  return OPEN_SECONDS.least + (OPEN_SECONDS.perGigabyte * weightBytes) / 1e9
}
