/**
 * Source and target denoised side by side on the one loop: the pair is a predictor and a hook of denoise.ts. Each
 * step is one run of the controlled net over all rows; the loop's second question (the unconditional prediction) is
 * answered from the same run.
 */
import { failed, throwIfCancelled } from '../errors.ts'
import { combineGuidance } from '../guidance/classifierFree.ts'
import { EDICT_MIX, sampleEdict } from '../methods/inversion/edict.ts'
import type { AttentionMethod } from '../methods/shared/attentionMethod.ts'
import type { DdimPath } from '../methods/shared/ddimPath.ts'
import type { EditRows } from '../methods/shared/editRows.ts'
import { blendLatents, firstBlendStep, localBlendMasks } from '../methods/shared/localBlend.ts'
import { editedElements, pullEstimate, pullTowards } from '../methods/shared/proximalGuide.ts'
import { hardThreshold, proximalThreshold, softThreshold } from '../methods/shared/proximalThreshold.ts'
import type { MapSize } from '../nets/attentionSite.ts'
import { mapsOutput } from '../nets/attentionSite.ts'
import { noiseLevel, readPrediction } from '../schedulers/prediction.ts'
import type { PredictionType } from '../schedulers/schedulerConfig.ts'
import type { Scheduler } from '../schedulers/scheduler.ts'
import { combine } from '../tensor/elementwise.ts'
import type { Latents, PromptEmbeds, Tensor } from '../tensor/tensor.ts'
import { concatRows, row } from '../tensor/tensor.ts'
import type { ControlledNet } from './controlledUNet.ts'
import { denoise, type DenoiseHooks, type NoisePredictor } from './denoise.ts'

/** Where an edit may show. */
export type BlendPlan =
  | { readonly kind: 'words'; readonly size: MapSize; readonly words: readonly (readonly number[])[]; readonly threshold: number; readonly start: number; /** latent pixels that may differ whatever the words look at: not 0 */ readonly open?: ArrayLike<number> }
  /** 1 where the target may differ, per latent pixel */
  | { readonly kind: 'drawn'; readonly mask: Uint8Array }

/** Proximal guidance. */
export interface ProximalPlan {
  readonly shrink: 'soft' | 'hard'
  readonly quantile: number
  /** brings both branches back to the picture where the prompts agree; absent: guidance is thinned out, nothing else */
  readonly guide?: ProximalGuidePlan
}

/** How the branches are brought back; see methods/shared/proximalGuide.ts. */
export interface ProximalGuidePlan {
  readonly kind: 'inversion' | 'reconstruction'
  /** only in steps of a timestep below this one */
  readonly until: number
  /** 0..1: how far back */
  readonly rate: number
  /** latent pixels around an edited element that may change with it */
  readonly radius: number
  /** the picture's own latents after a step */
  readonly levelAfter: (stepIndex: number) => Latents
  readonly clean: Latents
  /** sqrt(alpha-bar) of the level that a step from `timestep` arrives at */
  readonly signalBelow: (timestep: number) => number
}

/** Prompt states of the rows, each [1,tokens,features]. */
export interface BranchStates {
  readonly source: PromptEmbeds
  readonly target: PromptEmbeds
  readonly targetNegative: PromptEmbeds
  readonly sourceNegative: PromptEmbeds
}

/** One run. */
export interface BranchRun {
  readonly net: ControlledNet
  readonly rows: EditRows
  readonly method: AttentionMethod
  readonly states: BranchStates
  readonly scheduler: Scheduler
  /** steps of the run, for windows given as shares of it */
  readonly numSteps: number
  /** noise in units of the picture at a timestep */
  readonly sigmaAt: (timestep: number) => number
  /** x_T of both, in the scheduler's own sample space */
  readonly latents: { readonly source: Latents; readonly target: Latents }
  readonly guidanceScale: number
  readonly guidanceRescale: number
  /** the source's latents after a step, where they are known: they replace what the step gave */
  readonly knownSource?: (stepIndex: number) => Latents
  readonly proximal?: ProximalPlan
  readonly blend?: BlendPlan
  /** noise of one step for one row; both rows get the same */
  readonly noise: () => Latents
  readonly signal?: AbortSignal
  readonly onStep?: (step: { stepIndex: number; predOriginalSample: Latents }) => void | Promise<void>
}

/** What a run gives. */
export interface BranchResult {
  readonly source: Latents
  readonly target: Latents
  /** both after every step [2,4,h,w], row 0 the source */
  readonly trace: readonly Latents[]
  /** cross-attention maps summed over the steps, source and target, by output name [2,P,T] */
  readonly maps: ReadonlyMap<string, Tensor>
  /** the last blend mask of the target, 1 where it may differ; null without a blend */
  readonly blendMask: Uint8Array | null
}

/** Runs both branches to x_0. */
export async function denoiseBranches(run: BranchRun): Promise<BranchResult> {
  const branches = new Branches(run)
  const trace: Latents[] = []
  const { latents } = await denoise({
    predictor: branches,
    scheduler: run.scheduler,
    latents: concatRows([run.latents.source, run.latents.target]),
    promptEmbeds: branches.conditional,
    negativePromptEmbeds: branches.unconditional,
    guidanceScale: run.guidanceScale,
    guidanceRescale: run.guidanceRescale,
    noise: () => {
      const drawn = run.noise()
      return concatRows([drawn, drawn])
    },
    hooks: [branches],
    trace,
    ...(run.signal ? { signal: run.signal } : {}),
    ...(run.onStep
      ? { onStep: async ({ stepIndex, predOriginalSample }) => run.onStep!({ stepIndex, predOriginalSample: row(predOriginalSample, 1) }) }
      : {}),
  })
  return { source: row(latents, 0), target: row(latents, 1), trace, maps: branches.maps, blendMask: branches.blendMask }
}

/**
 * EDICT's way: both branches as coupled latents, every step two runs of the net, each at the other of the pair.
 * @param start coupled latents of one picture; both branches begin there
 */
export async function denoiseBranchesCoupled(
  run: BranchRun,
  coupled: { readonly path: DdimPath; readonly timesteps: readonly number[]; readonly x: Latents; readonly y: Latents; readonly predictionType: PredictionType },
): Promise<BranchResult> {
  const branches = new Branches(run)
  const trace: Latents[] = []
  const { path, timesteps, predictionType } = coupled
  const dims = [2, ...coupled.x.dims.slice(1)]
  const asLatents = (values: Float64Array): Latents => ({ data: Float32Array.from(values), dims })
  const model = async (values: Float64Array, timestep: number): Promise<Float64Array> => {
    throwIfCancelled(run.signal)
    const sample = asLatents(values)
    branches.beforePrediction(sample, timesteps.indexOf(timestep))
    const conditional = await branches.predict(sample, timestep, branches.conditional)
    const guided =
      run.rows.targetNegative === null
        ? conditional
        : combineGuidance(await branches.predict(sample, timestep, branches.unconditional), conditional, run.guidanceScale, run.guidanceRescale)
    return Float64Array.from(readPrediction(predictionType, guided, sample, noiseLevel(path.alphaAt(timestep))).epsilon.data)
  }
  const pair = ({ data }: Latents): Float64Array => Float64Array.from([...data, ...data])
  const { x } = await sampleEdict(path, model, { x: pair(coupled.x), y: pair(coupled.y) }, timesteps, EDICT_MIX, async (state, stepIndex) => {
    const blended = run.blend ? { x: widen(branches.afterStep(asLatents(state.x), stepIndex), state.x), y: widen(branches.afterStep(asLatents(state.y), stepIndex), state.y) } : state
    trace.push(asLatents(blended.x))
    await run.onStep?.({ stepIndex, predOriginalSample: row(asLatents(blended.x), 1) })
    return blended
  })
  const latents = asLatents(x)
  return { source: row(latents, 0), target: row(latents, 1), trace, maps: branches.maps, blendMask: branches.blendMask }
}

/** Blended latents in double precision: elements that the blend left alone keep theirs. */
function widen(blended: Latents, before: Float64Array): Float64Array {
  return before.map((value, i) => (blended.data[i] === Math.fround(value) ? value : blended.data[i]!))
}

/** The pair as the loop sees it. */
class Branches implements NoisePredictor, DenoiseHooks {
  readonly source: string | undefined
  /** what the loop asks with; told apart by identity */
  readonly conditional: PromptEmbeds
  readonly unconditional: PromptEmbeds = { data: new Float32Array(0), dims: [2, 0, 0] }
  readonly maps = new Map<string, Tensor>()
  blendMask: Uint8Array | null = null
  readonly #run: BranchRun
  #stepIndex = 0
  #unconditional: Latents | null = null
  /** where the last prediction's prompts disagree, per element; null outside proximal guidance's time */
  #edited: Uint8Array | null = null

  constructor(run: BranchRun) {
    this.#run = run
    this.source = run.net.source
    const { rows, states } = run
    this.conditional = concatRows([
      states.source,
      states.target,
      ...(rows.targetNegative === null ? [] : [states.targetNegative]),
      ...(rows.sourceNegative === null ? [] : [states.sourceNegative]),
    ])
  }

  beforePrediction(sample: Latents, stepIndex: number): Latents {
    this.#stepIndex = stepIndex
    return sample
  }

  async predict(sample: Latents, timestep: number, promptEmbeds: PromptEmbeds): Promise<Latents> {
    if (promptEmbeds === this.unconditional) {
      if (!this.#unconditional) throw failed('internal/order', 'The unconditional prediction was asked for before the conditional one; please report it.')
      return this.#unconditional
    }
    const { rows, net, method, sigmaAt, proximal } = this.#run
    const [source, target] = [row(sample, 0), row(sample, 1)]
    const samples = [source, target, ...(rows.targetNegative === null ? [] : [target]), ...(rows.sourceNegative === null ? [] : [source])]
    const feeds = method.feedsAt({ stepIndex: this.#stepIndex, sigma: sigmaAt(timestep) })
    const output = await net.run(samples, timestep, this.conditional, feeds)
    this.#addMaps(output.maps)
    const conditional = concatRows([row(output.sample, 0), row(output.sample, 1)])
    if (rows.targetNegative === null) return conditional
    // a source without an unconditional row: guidance leaves it where it is
    const unconditional = concatRows([row(output.sample, rows.sourceNegative ?? 0), row(output.sample, rows.targetNegative)])
    this.#unconditional = unconditional
    if (!proximal) return conditional
    const { prediction, edited } = proximalPrediction(unconditional, conditional, timestep, proximal)
    this.#edited = edited
    return prediction
  }

  afterStep(sample: Latents, stepIndex: number, predOriginalSample: Latents = sample): Latents {
    const { knownSource, blend, numSteps } = this.#run
    let result = this.#broughtBack(sample, stepIndex, predOriginalSample)
    if (knownSource) result = concatRows([knownSource(stepIndex), row(result, 1)])
    if (!blend) return result
    if (blend.kind === 'drawn') {
      this.blendMask = blend.mask
      return blendLatents(result, [blend.mask, blend.mask])
    }
    const maps = this.maps.get(mapsOutput(blend.size))
    if (!maps) throw failed('internal/maps', 'The local blend found no attention maps of its size; please report it.')
    const [, , height, width] = result.dims as [number, number, number, number]
    const masks = localBlendMasks(
      [0, 1].map((branch) => ({ data: row(maps, branch).data, height: blend.size[0], width: blend.size[1] })),
      { words: blend.words, threshold: blend.threshold },
      height,
      width,
    ).map((mask) => (blend.open ? mask.map((inside, i) => (blend.open![i] ? 1 : inside)) : mask))
    this.blendMask = masks[1]!
    // the reference counts calls from 1
    if (stepIndex + 1 < firstBlendStep(numSteps, blend.start)) return result
    return blendLatents(result, masks)
  }

  /** Proximal guidance's pull towards the picture, after the step and before the local blend, as in the reference. */
  #broughtBack(sample: Latents, stepIndex: number, estimate: Latents): Latents {
    const { proximal, scheduler } = this.#run
    const edited = this.#edited
    if (!proximal?.guide || !edited) return sample
    const { kind, rate, levelAfter, clean, signalBelow } = proximal.guide
    if (kind === 'inversion') {
      const level = levelAfter(stepIndex)
      return pullTowards(sample, concatRows([level, level]), edited, rate)
    }
    return pullEstimate(sample, { estimate, clean: concatRows([clean, clean]), signal: signalBelow(scheduler.timesteps[stepIndex]!) }, edited, rate)
  }

  #addMaps(maps: Readonly<Record<string, Tensor>>): void {
    for (const [name, map] of Object.entries(maps)) {
      const sum = this.maps.get(name)
      if (sum) for (let i = 0; i < sum.data.length; i++) sum.data[i]! += map.data[i]!
      else this.maps.set(name, { data: map.data.slice(), dims: map.dims })
    }
  }
}

/** eps_u + shrink(eps_c - eps_u): guidance then acts on what is left of the difference; and where anything is left. */
function proximalPrediction(unconditional: Latents, conditional: Latents, timestep: number, { shrink, quantile, guide }: ProximalPlan): { prediction: Latents; edited: Uint8Array | null } {
  const difference = combine([1, conditional], [-1, unconditional])
  const threshold = proximalThreshold(difference, quantile)
  const shrunken = shrink === 'soft' ? softThreshold(difference, threshold) : hardThreshold(difference, threshold)
  return {
    prediction: combine([1, unconditional], [1, shrunken]),
    edited: guide && timestep < guide.until ? editedElements(shrunken, threshold, guide.radius) : null,
  }
}
