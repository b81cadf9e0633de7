/**
 * Multistep consistency sampling: Luo et al. 2023, "Latent Consistency Models", arXiv 2310.04378, algorithm 3.
 *
 * | symbol | meaning |
 * |---|---|
 * | K | steps of the grid the model was distilled on (original_inference_steps): k N/K - 1, k = 1..K |
 * | c_skip, c_out | boundary condition: c_skip = s^2/(u^2 + s^2), c_out = u/sqrt(u^2 + s^2), u = 10 t, s = 0.5 |
 *
 * f = c_skip x + c_out x_0 (eq. 9); x <- sqrt(alpha-bar_p) f + sqrt(1 - alpha-bar_p) z, and f itself at the end.
 */
import { badInput } from '../errors.ts'
import { combine } from '../tensor/elementwise.ts'
import type { Latents } from '../tensor/tensor.ts'
import { createNoiseSchedule } from './noiseSchedule.ts'
import type { SampleLimits } from './prediction.ts'
import { limitSample, noiseLevel, readPrediction, sampleLimitDefaults } from './prediction.ts'
import type { DrawNoise, RunOptions, StepResult } from './scheduler.ts'
import { BaseScheduler, drawNoise } from './scheduler.ts'
import type { CommonConfig, PredictionType, SchedulerFile } from './schedulerConfig.ts'
import { commonDefaults, oneOf, resolveConfig } from './schedulerConfig.ts'

/** LCM's configuration; defaults are diffusers'. */
export interface LcmConfig extends CommonConfig, SampleLimits {
  /** K */
  readonly originalInferenceSteps: number
  readonly setAlphaToOne: boolean
  /** factor of t in the boundary condition */
  readonly timestepScaling: number
  readonly rescaleBetasZeroSnr: boolean
}

const OWNER = 'LCMScheduler'
const SIGMA_DATA = 0.5
const defaults: LcmConfig = {
  ...commonDefaults,
  ...sampleLimitDefaults,
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: 'scaled_linear',
  clipSample: false,
  originalInferenceSteps: 50,
  setAlphaToOne: true,
  timestepScaling: 10,
  rescaleBetasZeroSnr: false,
}

/** The consistency sampler; equals `diffusers.LCMScheduler`. */
export class LcmScheduler extends BaseScheduler {
  readonly className = OWNER
  readonly isStochastic = true
  readonly config: LcmConfig
  private readonly predictionType: PredictionType

  constructor(file: SchedulerFile) {
    const config = resolveConfig(OWNER, defaults, file)
    super(createNoiseSchedule(config, { owner: OWNER, rescaleBetasZeroSnr: config.rescaleBetasZeroSnr }))
    this.config = config
    this.predictionType = oneOf(OWNER, 'prediction_type', config.predictionType, ['epsilon', 'v_prediction', 'sample'])
  }

  /** The strength shortens the grid, and all steps are spread over what is left. */
  protected override get strengthIsInLayout(): boolean {
    return true
  }

  protected layOut(numInferenceSteps: number, options: RunOptions): number[] {
    const { originalInferenceSteps: gridSize, numTrainTimesteps } = this.config
    const left = Math.trunc(gridSize * (options.strength ?? 1))
    if (numInferenceSteps > left) {
      throw badInput('input/steps', {
        thing: 'The number of steps',
        expected: `at most ${left} for LCM (a grid of ${gridSize} times the strength)`,
        found: String(numInferenceSteps),
        todo: 'ask for fewer steps or a higher strength',
      })
    }
    const stride = Math.floor(numTrainTimesteps / gridSize)
    const grid = Array.from({ length: left }, (_, k) => (left - k) * stride - 1)
    return Array.from({ length: numInferenceSteps }, (_, i) => grid[Math.floor(i * (left / numInferenceSteps))])
  }

  step(modelOutput: Latents, stepIndex: number, sample: Latents, noise?: DrawNoise): StepResult {
    const timestep = this.timestepAt(stepIndex)
    const level = noiseLevel(this.alphaCumprodAt(timestep))
    const prediction = readPrediction(this.predictionType, modelOutput, sample, level)
    const original = limitSample(prediction.originalSample, this.config)
    const scaled = timestep * this.config.timestepScaling
    const skip = SIGMA_DATA ** 2 / (scaled ** 2 + SIGMA_DATA ** 2)
    const out = scaled / Math.sqrt(scaled ** 2 + SIGMA_DATA ** 2)
    const denoised = combine([out, original], [skip, sample])
    if (stepIndex === this.timesteps.length - 1) return { prevSample: denoised, predOriginalSample: denoised }
    const next = noiseLevel(this.alphaCumprodAt(this.timesteps[stepIndex + 1]))
    const prevSample = combine([next.signal, denoised], [next.noise, drawNoise(OWNER, noise)])
    return { prevSample, predOriginalSample: denoised }
  }
}
