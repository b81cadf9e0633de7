/**
 * PNDM: Liu et al. 2022, "Pseudo Numerical Methods for Diffusion Models on Manifolds", arXiv 2202.09778.
 *
 * | symbol | meaning |
 * |---|---|
 * | e_0, e_1, .. | network outputs, latest first |
 * | phi(x, e, t, p) | the transfer step of eq. 11, from timestep t to p |
 *
 * PLMS (eq. 12): e' = (55 e_0 - 59 e_1 + 37 e_2 - 9 e_3)/24, with lower orders while outputs are few. The first
 * timestep is stepped twice (eq. 13 without Runge-Kutta, `skip_prk_steps`): once to look ahead, once with the
 * mean of both outputs. Without that option three Runge-Kutta steps (eq. 14) of four calls each start the run.
 */
import { badInput } from '../errors.ts'
import { combine } from '../tensor/elementwise.ts'
import type { Latents } from '../tensor/tensor.ts'
import { createNoiseSchedule } from './noiseSchedule.ts'
import { noiseLevel, readPrediction } from './prediction.ts'
import type { StepResult } from './scheduler.ts'
import { BaseScheduler } from './scheduler.ts'
import type { CommonConfig, SchedulerFile, TimestepSpacing } from './schedulerConfig.ts'
import { commonDefaults, oneOf, resolveConfig } from './schedulerConfig.ts'
import { roundHalfToEven, spacedTimesteps } from './timestepSpacing.ts'

const f32 = Math.fround

/** PNDM's configuration; defaults are diffusers'. */
export interface PndmConfig extends CommonConfig {
  /** start with the doubled first step instead of Runge-Kutta (SD checkpoints: true) */
  readonly skipPrkSteps: boolean
  /** alpha-bar beyond the last step: 1, or that of timestep 0 */
  readonly setAlphaToOne: boolean
}

const OWNER = 'PNDMScheduler'
const defaults: PndmConfig = { ...commonDefaults, skipPrkSteps: false, setAlphaToOne: false }
/** Order of the multistep formula; one less is the number of Runge-Kutta steps that feed it. */
const ORDER = 4
/** Weights of the four calls of one Runge-Kutta step. */
const RUNGE_KUTTA_WEIGHTS = [1 / 6, 1 / 3, 1 / 3, 1 / 6] as const

/** The PNDM sampler, PLMS and Runge-Kutta starts; equals `diffusers.PNDMScheduler`. */
export class PndmScheduler extends BaseScheduler {
  readonly className = OWNER
  readonly isStochastic = false
  readonly config: PndmConfig
  private readonly predictionType: 'epsilon' | 'v_prediction'
  private readonly spacing: TimestepSpacing
  private rungeKuttaTimesteps: readonly number[] = []
  /** calls since the start of the run: image-to-image starts it at 0 too */
  private calls = 0
  /** past outputs, oldest first, at most four */
  private outputs: Latents[] = []
  private weightedOutput: Latents | null = null
  private heldSample: Latents | null = null

  constructor(file: SchedulerFile) {
    const config = resolveConfig(OWNER, defaults, file)
    super(createNoiseSchedule(config, { owner: OWNER, rescaleBetasZeroSnr: false }))
    this.config = config
    this.predictionType = oneOf(OWNER, 'prediction_type', config.predictionType, ['epsilon', 'v_prediction'])
    this.spacing = oneOf(OWNER, 'timestep_spacing', config.timestepSpacing, ['leading', 'trailing', 'linspace'])
  }

  protected layOut(numInferenceSteps: number): number[] {
    this.calls = 0
    this.outputs = []
    this.weightedOutput = null
    this.heldSample = null
    const descending = spacedTimesteps(this.spacing, { ...this.config, numInferenceSteps })
    if (this.config.skipPrkSteps) {
      this.rungeKuttaTimesteps = []
      return descending.length < 2 ? descending : [...descending.slice(0, 2), ...descending.slice(1)]
    }
    if (numInferenceSteps < ORDER) {
      throw badInput('input/steps', {
        thing: 'The number of steps',
        expected: `at least ${ORDER} for PNDM with Runge-Kutta steps`,
        found: String(numInferenceSteps),
        todo: 'raise --steps or choose another sampler with --scheduler',
      })
    }
    const halfStride = Math.floor(Math.floor(this.config.numTrainTimesteps / numInferenceSteps) / 2)
    // each of the first steps is called at its own time, twice halfway, and at the next step's time
    const nodes = descending.slice(0, ORDER).reverse().flatMap((timestep) => [timestep, timestep + halfStride])
    const doubled = nodes.slice(0, -1).flatMap((timestep) => [timestep, timestep])
    this.rungeKuttaTimesteps = doubled.slice(1, -1).reverse().map(roundHalfToEven)
    return [...this.rungeKuttaTimesteps, ...descending.slice(ORDER - 1)]
  }

  step(modelOutput: Latents, stepIndex: number, sample: Latents): StepResult {
    const timestep = this.timestepAt(stepIndex)
    const inRungeKutta = this.calls < this.rungeKuttaTimesteps.length
    const result = inRungeKutta ? this.stepRungeKutta(modelOutput, timestep, sample) : this.stepMultistep(modelOutput, timestep, sample)
    this.calls += 1
    return result
  }

  private get stride(): number {
    return Math.floor(this.config.numTrainTimesteps / this.numInferenceSteps)
  }

  private stepRungeKutta(modelOutput: Latents, timestep: number, sample: Latents): StepResult {
    const phase = this.calls % 4
    const stepStart = this.rungeKuttaTimesteps[this.calls - phase]
    const prevTimestep = timestep - (this.calls % 2 ? 0 : Math.floor(this.stride / 2))
    if (phase === 0) {
      this.outputs.push(modelOutput)
      this.heldSample = sample
    }
    const weighted = this.weightedOutput
      ? combine([1, this.weightedOutput], [RUNGE_KUTTA_WEIGHTS[phase], modelOutput])
      : combine([RUNGE_KUTTA_WEIGHTS[phase], modelOutput])
    this.weightedOutput = phase === 3 ? null : weighted
    return this.transfer(this.heldSample ?? sample, stepStart, prevTimestep, phase === 3 ? weighted : modelOutput)
  }

  private stepMultistep(modelOutput: Latents, timestep: number, sample: Latents): StepResult {
    let from = timestep
    let to = timestep - this.stride
    let start = sample
    if (this.calls === 1) {
      // the second visit: redo the first step, from the sample it started at
      from = timestep + this.stride
      to = timestep
    } else {
      this.outputs = [...this.outputs.slice(-3), modelOutput]
    }
    const [e0, e1, e2, e3] = [...this.outputs].reverse()
    let blended: Latents
    if (this.outputs.length === 1 && this.calls === 0) {
      blended = modelOutput
      this.heldSample = sample
    } else if (this.outputs.length === 1 && this.calls === 1) {
      blended = combine([0.5, modelOutput], [0.5, e0])
      start = this.heldSample ?? sample
      this.heldSample = null
    } else if (this.outputs.length === 2) {
      blended = combine([3 / 2, e0], [-1 / 2, e1])
    } else if (this.outputs.length === 3) {
      blended = combine([23 / 12, e0], [-16 / 12, e1], [5 / 12, e2])
    } else {
      blended = combine([55 / 24, e0], [-59 / 24, e1], [37 / 24, e2], [-9 / 24, e3])
    }
    return this.transfer(start, from, to, blended)
  }

  /** phi of eq. 11: x_p = sqrt(ap/at) x - (ap - at) e / (at sqrt(1 - ap) + sqrt(at (1 - at) ap)), a = alpha-bar. */
  private transfer(sample: Latents, timestep: number, prevTimestep: number, output: Latents): StepResult {
    const alpha = this.alphaCumprodAt(timestep)
    const prevAlpha = this.alphaCumprodAt(prevTimestep, this.config.setAlphaToOne ? 1 : this.schedule.alphasCumprod[0])
    const { epsilon, originalSample } = readPrediction(this.predictionType, output, sample, noiseLevel(alpha))
    const denominator = alpha * Math.sqrt(f32(1 - prevAlpha)) + Math.sqrt(alpha * f32(1 - alpha) * prevAlpha)
    const prevSample = combine([Math.sqrt(prevAlpha / alpha), sample], [-f32(prevAlpha - alpha) / denominator, epsilon])
    return { prevSample, predOriginalSample: originalSample }
  }
}
