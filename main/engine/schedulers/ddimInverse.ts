/**
 * DDIM run backwards, from a clean sample to its noise: the same ODE with time reversed
 * (Song et al. 2021, arXiv 2010.02502, section 4.3; Dhariwal and Nichol 2021, arXiv 2105.05233, appendix F).
 *
 * The list ascends. Step t takes the sample from alpha-bar of t - floor(N/n) to alpha-bar of t, with the noise
 * predicted at t. x_t = sqrt(alpha-bar_t) x_0 + sqrt(1 - alpha-bar_t) eps.
 */
import { combine } from '../tensor/elementwise.ts'
import type { Latents } from '../tensor/tensor.ts'
import { createNoiseSchedule } from './noiseSchedule.ts'
import { limitSample, noiseLevel, readPrediction } from './prediction.ts'
import type { StepResult } from './scheduler.ts'
import { BaseScheduler } from './scheduler.ts'
import type { CommonConfig, PredictionType, SchedulerFile, TimestepSpacing } from './schedulerConfig.ts'
import { commonDefaults, oneOf, resolveConfig } from './schedulerConfig.ts'
import { spacedTimesteps } from './timestepSpacing.ts'

/** Configuration of inverse DDIM; defaults are diffusers'. */
export interface DdimInverseConfig extends CommonConfig {
  readonly clipSample: boolean
  readonly clipSampleRange: number
  /** alpha-bar before the first step: 1, or that of timestep 0 */
  readonly setAlphaToOne: boolean
  readonly rescaleBetasZeroSnr: boolean
}

const OWNER = 'DDIMInverseScheduler'
const defaults: DdimInverseConfig = {
  ...commonDefaults,
  clipSample: true,
  clipSampleRange: 1,
  setAlphaToOne: true,
  rescaleBetasZeroSnr: false,
}

/** The inverse of the DDIM sampler; equals `diffusers.DDIMInverseScheduler`. */
export class DdimInverseScheduler extends BaseScheduler {
  readonly className = OWNER
  readonly isStochastic = false
  readonly config: DdimInverseConfig
  private readonly predictionType: PredictionType
  private readonly spacing: TimestepSpacing

  constructor(file: SchedulerFile) {
    // the old name of the key, still accepted
    const renamed = 'set_alpha_to_zero' in file ? { ...file, set_alpha_to_one: file['set_alpha_to_zero'] } : file
    const config = resolveConfig(OWNER, defaults, renamed)
    super(createNoiseSchedule(config, { owner: OWNER, rescaleBetasZeroSnr: config.rescaleBetasZeroSnr }))
    this.config = config
    this.predictionType = oneOf(OWNER, 'prediction_type', config.predictionType, ['epsilon', 'v_prediction', 'sample'])
    this.spacing = oneOf(OWNER, 'timestep_spacing', config.timestepSpacing, ['leading', 'trailing'])
  }

  protected layOut(numInferenceSteps: number): number[] {
    return spacedTimesteps(this.spacing, { ...this.config, numInferenceSteps }).reverse()
  }

  step(modelOutput: Latents, stepIndex: number, sample: Latents): StepResult {
    const { config, schedule } = this
    const target = this.timestepAt(stepIndex)
    const stride = Math.floor(config.numTrainTimesteps / this.numInferenceSteps)
    const current = Math.min(target - stride, config.numTrainTimesteps - 1)
    const alpha = this.alphaCumprodAt(current, config.setAlphaToOne ? 1 : schedule.alphasCumprod[0])
    const targetAlpha = this.alphaCumprodAt(target)

    const prediction = readPrediction(this.predictionType, modelOutput, sample, noiseLevel(alpha))
    const limits = { ...config, thresholding: false, dynamicThresholdingRatio: 1, sampleMaxValue: 1 }
    const predOriginalSample = limitSample(prediction.originalSample, limits)
    const prevSample = combine([Math.sqrt(targetAlpha), predOriginalSample], [Math.sqrt(1 - targetAlpha), prediction.epsilon])
    return { prevSample, predOriginalSample }
  }
}
