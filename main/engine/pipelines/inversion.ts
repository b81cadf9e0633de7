/** From a picture's latents to the noise behind them, by any of the methods, kept on disk between edits. */
import { throwIfCancelled } from '../errors.ts'
import { invertDdim } from '../methods/inversion/ddimInversion.ts'
import { EDICT_MIX, invertEdict } from '../methods/inversion/edict.ts'
import { EDIT_FRIENDLY_STRENGTH, invertEditFriendly } from '../methods/inversion/editFriendlyDdpm.ts'
import { invertRenoise } from '../methods/inversion/renoise.ts'
import { createDdimPath, type DdimPath, type EpsilonModel } from '../methods/shared/ddimPath.ts'
import type { InversionMethod } from '../requests.ts'
import { noiseLevel, readPrediction } from '../schedulers/prediction.ts'
import { DdimScheduler } from '../schedulers/ddim.ts'
import type { PredictionType, SchedulerFile } from '../schedulers/schedulerConfig.ts'
import { combine } from '../tensor/elementwise.ts'
import { TorchGenerator } from '../tensor/random.ts'
import type { Latents, PromptEmbeds } from '../tensor/tensor.ts'
import { hashParts } from '../weights/weightIndex.ts'
import type { RunContext } from './context.ts'
import { countedPredictor, type NetSize, type UNetWork } from './controlledUNet.ts'
import type { NoisePredictor } from './denoise.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { hashTensor, readTrajectory, TrajectoryCache, type Trajectory, type TrajectoryIdentity } from './trajectoryCache.ts'

/** EDICT's own guidance scale and part of the run (its paper's defaults). */
export const EDICT_GUIDANCE = 3
export const EDICT_STRENGTH = 0.8

/** The numbers of an inversion, from a request. */
export interface InversionChoices {
  readonly method: InversionMethod
  readonly steps: number
  readonly strength?: number | undefined
  readonly renoiseSteps: number
  /** of the edit; EDICT inverts with guidance, the others without */
  readonly guidance: number
  readonly seed: number
  readonly clipSkip: number
  readonly fast: boolean
}

/** What is inverted. */
export interface InversionSource {
  /** the pixels as the model sees them, for the cache's name */
  readonly pixels: { readonly data: Float32Array; readonly dims: readonly number[] }
  readonly clean: Latents
  readonly prompt: string
  readonly states: { readonly source: PromptEmbeds; readonly negative: PromptEmbeds }
}

/** An inverted picture and the path it was inverted along. */
export interface Inverted extends InversionPath {
  readonly trajectory: Trajectory
  /** found on disk */
  readonly cached: boolean
}

/** The noise schedule file that inversion and edit both use: the checkpoint's, never clipping latents. */
export function inversionSchedule(loaded: LoadedCheckpoint): SchedulerFile {
  return { ...loaded.checkpoint.schedulerConfig, clip_sample: false, thresholding: false }
}

/** The DDIM sampler along the inversion's path. */
export function inversionScheduler(loaded: LoadedCheckpoint): DdimScheduler {
  return new DdimScheduler(inversionSchedule(loaded))
}

/** The share of the run that a method inverts and edits. */
export function strengthOf({ method, strength }: Pick<InversionChoices, 'method' | 'strength'>): number {
  if (method === 'edict') return strength ?? EDICT_STRENGTH
  return method === 'ef-ddpm' ? (strength ?? EDIT_FRIENDLY_STRENGTH) : 1
}

/** EDICT's guidance scale for an edit's. */
export function edictGuidance(guidance: number): number {
  return Math.min(guidance, EDICT_GUIDANCE)
}

/** Runs the net as noise prediction, whatever its checkpoint predicts. */
export function epsilonModel(predictor: NoisePredictor, path: DdimPath, predictionType: PredictionType, signal?: AbortSignal, onCall?: () => void): EpsilonModel {
  return async (sample, timestep, promptEmbeds) => {
    throwIfCancelled(signal)
    const output = await predictor.predict(sample, timestep, promptEmbeds)
    onCall?.()
    return readPrediction(predictionType, output, sample, noiseLevel(path.alphaAt(timestep))).epsilon
  }
}

/** Calls of the net that an inversion takes. */
export function inversionCalls({ method, steps, strength, renoiseSteps, guidance }: InversionChoices): number {
  if (method === 'renoise') return steps * (renoiseSteps + 1)
  if (method === 'edict') return Math.round(steps * strengthOf({ method, strength })) * 2 * (edictGuidance(guidance) > 1 ? 2 : 1)
  return steps
}

/** The path of an inversion and the name it is kept under. */
export interface InversionPath {
  readonly path: DdimPath
  /** timesteps that an edit visits, descending: all, or the last part for a strength below 1 */
  readonly timesteps: readonly number[]
  readonly identity: TrajectoryIdentity
}

/** Lays out an inversion. */
export function createInversionPath(loaded: LoadedCheckpoint, source: InversionSource, choices: InversionChoices): InversionPath {
  const schedule = inversionSchedule(loaded)
  const path = createDdimPath(schedule, choices.steps)
  const visited = Math.min(choices.steps, Math.round(choices.steps * strengthOf(choices)))
  return {
    path,
    timesteps: path.timesteps.slice(path.timesteps.length - visited),
    identity: {
      picture: hashTensor(source.pixels),
      modelHash: loaded.checkpoint.hash,
      scheduler: hashParts([JSON.stringify(Object.entries(schedule).sort(([a], [b]) => (a < b ? -1 : 1)))]).slice(0, 16),
      prompt: source.prompt,
      method: `${methodName(choices)}${windowsName(source.states.source)}`,
      steps: choices.steps,
    },
  }
}

/** The inversion as it is kept on disk, or null. */
export function knownTrajectory(context: RunContext, identity: TrajectoryIdentity): Trajectory | null {
  return new TrajectoryCache(context.cacheDir).read(identity)
}

/** Keeps an inversion once more, with the fidelity that was measured of it. */
export function keepTrajectory(context: RunContext, { trajectory, identity }: Inverted, fidelity: number): void {
  new TrajectoryCache(context.cacheDir).write(identity, { ...trajectory, fidelity })
}

/** Inverts with the given net and, unless told otherwise, keeps the result. */
export async function invertAlong(
  context: RunContext,
  loaded: LoadedCheckpoint,
  source: InversionSource,
  choices: InversionChoices,
  predictor: NoisePredictor,
  options: { readonly useCache?: boolean; readonly onCall?: () => void } = {},
): Promise<Trajectory> {
  const { path, timesteps, identity } = createInversionPath(loaded, source, choices)
  const model = epsilonModel(predictor, path, loaded.checkpoint.predictionType, context.signal, options.onCall)
  const trajectory = await invertBy(model, path, timesteps, source, choices)
  if (options.useCache !== false) new TrajectoryCache(context.cacheDir).write(identity, trajectory)
  return trajectory
}

/**
 * Inverts, or takes the inversion from the cache or from a file that the person named.
 * ddim, npi and direct are three ways to sample along one and the same inversion.
 */
export async function invertPicture(
  context: RunContext,
  loaded: LoadedCheckpoint,
  source: InversionSource,
  choices: InversionChoices,
  run: { readonly work: UNetWork; readonly size: NetSize; readonly file?: string | undefined; readonly onCall?: () => void },
): Promise<Inverted> {
  const path = createInversionPath(loaded, source, choices)
  if (run.file !== undefined) return { ...path, trajectory: readTrajectory(run.file, path.identity), cached: true }
  const known = knownTrajectory(context, path.identity)
  if (known) return { ...path, trajectory: known, cached: true }
  const predictor = await countedPredictor(loaded, run.size, run.work)
  return { ...path, trajectory: await invertAlong(context, loaded, source, choices, predictor, run), cached: false }
}

/** Prompts of several windows (77 tokens each) give other predictions than what is left of them in one. */
function windowsName({ dims }: PromptEmbeds): string {
  return dims[1] === 77 ? '' : ` ${dims[1]} tokens`
}

/** The method with every number that its latents depend on. */
function methodName({ method, renoiseSteps, guidance, seed, clipSkip, fast, ...rest }: InversionChoices): string {
  const common = `${clipSkip > 0 ? ` clip-skip ${clipSkip}` : ''}${fast ? ' int8 v2' : ''}`
  switch (method) {
    case 'ddim':
    case 'npi':
    case 'direct':
      return `ddim${common}`
    case 'renoise':
      return `renoise ${renoiseSteps}${common}`
    case 'edict':
      return `edict ${edictGuidance(guidance)} ${strengthOf({ method, ...rest })}${common}`
    case 'ef-ddpm':
      return `ef-ddpm seed ${seed}${common}`
  }
}

async function invertBy(model: EpsilonModel, path: DdimPath, timesteps: readonly number[], source: InversionSource, choices: InversionChoices): Promise<Trajectory> {
  const { clean, states } = source
  switch (choices.method) {
    case 'ddim':
    case 'npi':
    case 'direct':
      return { latents: await invertDdim(path, model, clean, states.source) }
    case 'renoise': {
      const { renoiseSteps } = choices
      // the first prediction is made at the wrong point: it is never counted
      return { latents: await invertRenoise(path, model, clean, states.source, { renoisingSteps: renoiseSteps, average: [Math.max(1, renoiseSteps - 3), renoiseSteps + 1] }) }
    }
    case 'edict':
      return invertCoupled(model, path, timesteps, source, choices)
    case 'ef-ddpm': {
      const generator = new TorchGenerator(choices.seed)
      const { trajectory, noises } = await invertEditFriendly(path, model, clean, states.source, () => generator.randn(clean.dims) as Latents)
      return { latents: trajectory, noises }
    }
  }
}

async function invertCoupled(model: EpsilonModel, path: DdimPath, timesteps: readonly number[], { clean, states }: InversionSource, choices: InversionChoices): Promise<Trajectory> {
  const guidance = edictGuidance(choices.guidance)
  const guided = async (sample: Float64Array, timestep: number): Promise<Float64Array> => {
    const latents: Latents = { data: Float32Array.from(sample), dims: clean.dims }
    const conditional = await model(latents, timestep, states.source)
    if (guidance <= 1) return Float64Array.from(conditional.data)
    const unconditional = await model(latents, timestep, states.negative)
    return Float64Array.from(combine([1 - guidance, unconditional], [guidance, conditional]).data)
  }
  const start = Float64Array.from(clean.data)
  const { x, y } = await invertEdict(path, guided, { x: start, y: start }, timesteps, EDICT_MIX)
  const asLatents = (values: Float64Array): Latents => ({ data: Float32Array.from(values), dims: clean.dims })
  return { latents: [clean, asLatents(x)], partner: asLatents(y) }
}
