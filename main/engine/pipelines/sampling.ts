/** What all sampling pipelines share: scheduler, noise, prompt states, the run of the loop with progress and previews. */
import { badInput } from '../errors.ts'
import { partsMisfit } from '../families/shapeChecks.ts'
import { createOwnScheduler, createScheduler } from '../schedulers/registry.ts'
import type { Scheduler } from '../schedulers/scheduler.ts'
import type { PreviewPicture, SamplingRequest } from '../requests.ts'
import { scale } from '../tensor/elementwise.ts'
import { TorchGenerator } from '../tensor/random.ts'
import type { Latents, PromptEmbeds } from '../tensor/tensor.ts'
import { readSafetensorsHeader, readTensor } from '../weights/safetensors.ts'
import { writeSafetensors } from '../weights/safetensorsWriter.ts'
import type { RunContext } from './context.ts'
import { denoise, type DenoiseHooks, type NoisePredictor } from './denoise.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { cardLatentRgb, linearPreview, pixelPreview, SD1_LATENT_RGB } from './preview.ts'
import type { RunProgress } from './progress.ts'
import { encodePrompt } from './prompt.ts'

/** Largest seed that is drawn when none is given; fits every program that shows seeds as 32-bit numbers. */
const MAX_RANDOM_SEED = 2 ** 32

/** The request's seed, or a random one. */
export function seedOf(request: { readonly seed?: number | undefined }): number {
  return request.seed ?? Math.floor(Math.random() * MAX_RANDOM_SEED)
}

/** The sampler the request names, else the checkpoint's own, laid out for the run. */
export function schedulerFor(request: SamplingRequest, checkpoint: LoadedCheckpoint, strength = 1): Scheduler {
  const { schedulerConfig } = checkpoint.checkpoint
  const scheduler = request.scheduler ? createScheduler(request.scheduler, schedulerConfig) : createOwnScheduler(schedulerConfig)
  scheduler.setTimesteps(request.steps, strength < 1 ? { strength } : {})
  return scheduler
}

/** Noise of one run: what the seed stands for, drawn in diffusers' order. */
export class RunNoise {
  readonly #generator: TorchGenerator
  readonly #given: Latents | null
  readonly #dims: readonly number[]

  /** @param given unit-variance starting noise from a file, null to draw it */
  constructor(seed: number, dims: readonly number[], given: Latents | null = null) {
    this.#generator = new TorchGenerator(seed)
    this.#dims = dims
    this.#given = given
  }

  /** The starting noise: given, else drawn. */
  initial(): Latents {
    return this.#given ?? (this.#generator.randn(this.#dims) as Latents)
  }

  /** Noise of one step. */
  readonly step = (): Latents => this.#generator.randn(this.#dims) as Latents
}

/**
 * Reads `--latents`.
 * @throws EngineError input/latents (exit 2) when the file has no tensor `latents` or one of another shape.
 */
export function readLatents(file: string | undefined, dims: readonly number[]): Latents | null {
  if (file === undefined) return null
  const entry = readSafetensorsHeader(file).tensors.get('latents')
  const shape = `a tensor "latents" of shape [${dims}]`
  if (!entry) throw badInput('input/latents', { thing: file, expected: shape, found: 'no tensor of that name' })
  if (entry.shape.join() !== dims.join()) throw badInput('input/latents', { thing: file, expected: shape, found: `[${entry.shape}]`, todo: 'choose the size the latents were made for' })
  return readTensor(entry) as Latents
}

/** Text states of the prompt and, when guidance needs it, of the negative prompt. */
export interface PromptStates {
  readonly promptEmbeds: PromptEmbeds
  readonly negativePromptEmbeds: PromptEmbeds
}

/** Encodes both prompts, padded to the same number of windows. */
export async function promptStates(context: RunContext, loaded: LoadedCheckpoint, request: SamplingRequest): Promise<PromptStates> {
  const misfit = partsMisfit(loaded.checkpoint.components)
  if (misfit) throw misfit
  const negative = request.negative || loaded.checkpoint.defaultNegative
  const [promptEmbeds, negativePromptEmbeds] = await encodePrompt(context, loaded, [request.prompt, negative], request)
  return { promptEmbeds: promptEmbeds!, negativePromptEmbeds: negativePromptEmbeds! }
}

/** One run of the loop as a pipeline asks for it. */
export interface SampleOptions {
  readonly predictor: NoisePredictor
  readonly scheduler: Scheduler
  readonly latents: Latents
  readonly states: PromptStates
  readonly noise: RunNoise
  readonly hooks?: readonly DenoiseHooks[]
  readonly trace?: Latents[]
  readonly progress: RunProgress
}

/** Runs the loop, telling progress and previews after each scheduler call; returns x_0. */
export async function sample(context: RunContext, loaded: LoadedCheckpoint, request: SamplingRequest, options: SampleOptions): Promise<Latents> {
  const { promptEmbeds, negativePromptEmbeds } = options.states
  const { latents } = await denoise({
    predictor: options.predictor,
    scheduler: options.scheduler,
    latents: options.latents,
    promptEmbeds,
    negativePromptEmbeds,
    guidanceScale: request.guidance,
    guidanceRescale: request.guidanceRescale,
    noise: options.noise.step,
    ...(options.hooks ? { hooks: options.hooks } : {}),
    ...(options.trace ? { trace: options.trace } : {}),
    ...(context.signal ? { signal: context.signal } : {}),
    onStep: async ({ predOriginalSample }) => {
      options.progress.advance(request.preview ? await previewOf(loaded, predOriginalSample) : undefined)
    },
  })
  return latents
}

/** Starting latents of a run at full strength: unit noise times the sampler's initial sigma. */
export function startLatents(scheduler: Scheduler, noise: RunNoise): Latents {
  return scale(noise.initial(), scheduler.initNoiseSigma)
}

/** Writes `--trace`: latents after every scheduler call, F32 [calls, 4, h, w]. */
export async function writeTrace(file: string | undefined, trace: readonly Latents[]): Promise<void> {
  if (file === undefined || trace.length === 0) return
  const [, ...rest] = trace[0]!.dims
  const size = trace[0]!.data.length
  const data = new Float32Array(trace.length * size)
  trace.forEach((latents, i) => data.set(latents.data, i * size))
  await writeSafetensors(file, { latents: { data, dims: [trace.length, ...rest] } })
}

/** Latents as a small picture: by the tiny VAE where the checkpoint has one, else by a linear map. */
export async function previewOf(loaded: LoadedCheckpoint, latents: Latents): Promise<PreviewPicture> {
  const pixels = await loaded.tinyDecode(latents)
  if (pixels) return pixelPreview(pixels)
  return linearPreview(latents, cardLatentRgb(loaded.checkpoint.card?.latentRgb) ?? SD1_LATENT_RGB)
}
