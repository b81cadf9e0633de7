/**
 * THE denoising loop. Every sampling pipeline runs through it; what a pipeline adds (keeping the known
 * region of an inpainting, a change map, attention control) is a set of hooks on it.
 */
import { throwIfCancelled } from '../errors.ts'
import { combineGuidance } from '../guidance/classifierFree.ts'
import type { Scheduler } from '../schedulers/scheduler.ts'
import type { Latents, PromptEmbeds } from '../tensor/tensor.ts'
import { concatRows, firstNonFinite } from '../tensor/tensor.ts'
import { nonFinite } from './nonFinite.ts'

/** All that the loop sees of a net: one prediction for one row of latents under one prompt. */
export interface NoisePredictor {
  /** the checkpoint as the person named it, for the sentence about outputs that are no numbers */
  readonly source?: string | undefined
  /**
   * @param sample scaled model input [1,4,h,w]
   * @param timestep training timestep, 0..999, fractional for some Euler spacings
   * @param promptEmbeds text states [1,tokens,features]
   * @returns the net's raw output [1,4,h,w]
   */
  predict(sample: Latents, timestep: number, promptEmbeds: PromptEmbeds): Promise<Latents>
}

/** Named hook points of the loop; each may replace what passes through it. */
export interface DenoiseHooks {
  /** Before the net runs: x_t may be replaced. */
  beforePrediction?(sample: Latents, stepIndex: number): Latents
  /** After guidance, before the scheduler. */
  afterGuidance?(prediction: Latents, stepIndex: number): Latents
  /** After the scheduler's step: x_(t-1) may be replaced; the step's estimate of x_0 comes along. */
  afterStep?(sample: Latents, stepIndex: number, predOriginalSample: Latents): Latents
}

/** Everything one run of the loop needs. */
export interface DenoiseOptions {
  readonly predictor: NoisePredictor
  readonly scheduler: Scheduler
  /** x_T in the scheduler's own sample space (already times initNoiseSigma, or noised to the first timestep) */
  readonly latents: Latents
  readonly promptEmbeds: PromptEmbeds
  readonly negativePromptEmbeds: PromptEmbeds
  /** classifier-free guidance scale; <= 1 runs no unconditional pass */
  readonly guidanceScale: number
  /** CFG rescale phi, 0..1 */
  readonly guidanceRescale: number
  /** draws the noise of stochastic samplers, in diffusers' order */
  readonly noise: () => Latents
  readonly hooks?: readonly DenoiseHooks[]
  readonly signal?: AbortSignal
  /** called after each scheduler call with x_(t-1) and the predicted x_0 */
  readonly onStep?: (step: { stepIndex: number; sample: Latents; predOriginalSample: Latents }) => void | Promise<void>
  /** collects x_(t-1) of every scheduler call (for --trace) */
  readonly trace?: Latents[]
}

/** The clean latents x_0 and how many times the net ran. */
export interface DenoiseResult {
  readonly latents: Latents
  readonly unetCalls: number
}

/**
 * Runs the sampler from `latents` to x_0.
 *
 * @throws CancelledError between steps; EngineError run/non-finite (exit 2) naming the checkpoint, the net and the step
 *   when a prediction holds a NaN or an infinity.
 */
export async function denoise(options: DenoiseOptions): Promise<DenoiseResult> {
  const { scheduler, predictor, signal } = options
  const hooks = options.hooks ?? []
  const guided = options.guidanceScale > 1
  const steps = scheduler.timesteps.length
  let sample = options.latents
  let unetCalls = 0

  for (let stepIndex = 0; stepIndex < steps; stepIndex++) {
    throwIfCancelled(signal)
    const timestep = scheduler.timesteps[stepIndex]!
    for (const hook of hooks) sample = hook.beforePrediction?.(sample, stepIndex) ?? sample

    // 1. predictions, one row at a time: batching the two passes gains nothing on a CPU and costs memory
    const modelInput = scheduler.scaleModelInput(sample, stepIndex)
    const conditional = await predictor.predict(modelInput, timestep, options.promptEmbeds)
    unetCalls += 1
    let prediction = conditional
    if (guided) {
      throwIfCancelled(signal)
      const unconditional = await predictor.predict(modelInput, timestep, options.negativePromptEmbeds)
      unetCalls += 1
      // 2. guidance
      prediction = combineGuidance(unconditional, conditional, options.guidanceScale, options.guidanceRescale)
    }
    assertFinite(prediction, predictor.source, stepIndex, steps)
    for (const hook of hooks) prediction = hook.afterGuidance?.(prediction, stepIndex) ?? prediction

    // 3. x_t -> x_(t-1)
    const result = scheduler.step(prediction, stepIndex, sample, options.noise)
    sample = result.prevSample
    for (const hook of hooks) sample = hook.afterStep?.(sample, stepIndex, result.predOriginalSample) ?? sample
    options.trace?.push(sample)
    await options.onStep?.({ stepIndex, sample, predOriginalSample: result.predOriginalSample })
  }
  return { latents: sample, unetCalls }
}

/** A predictor that feeds extra channels beside the sample: [sample, ...extra] along the channel axis. */
export function withExtraChannels(predictor: NoisePredictor, extra: Latents): NoisePredictor {
  return {
    source: predictor.source,
    predict(sample, timestep, promptEmbeds) {
      // the channel axis of a single row is contiguous, so joining channels is joining rows of the flattened picture
      const flatten = (part: Latents): Latents => ({ data: part.data, dims: part.dims.slice(1) })
      const joined = concatRows([flatten(sample), flatten(extra)])
      return predictor.predict({ data: joined.data, dims: [1, ...joined.dims] }, timestep, promptEmbeds)
    },
  }
}

function assertFinite(prediction: Latents, source: string | undefined, stepIndex: number, steps: number): void {
  const index = firstNonFinite(prediction)
  if (index >= 0) throw nonFinite(source, 'UNet', prediction.data[index]!, `in step ${stepIndex + 1} of ${steps}`)
}
