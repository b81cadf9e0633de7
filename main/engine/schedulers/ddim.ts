/**
 * DDIM: Song, Meng and Ermon 2021, "Denoising Diffusion Implicit Models", arXiv 2010.02502.
 *
 * | symbol | meaning |
 * |---|---|
 * | alpha-bar_t, alpha-bar_p | at this timestep and at the one before, t - floor(N/n) |
 * | eta | 0 deterministic .. 1 as noisy as DDPM |
 * | sigma | eta sqrt((1 - alpha-bar_p)/(1 - alpha-bar_t) (1 - alpha-bar_t/alpha-bar_p)), eq. 16 |
 *
 * x_p = sqrt(alpha-bar_p) x_0 + sqrt(1 - alpha-bar_p - sigma^2) eps + sigma z, eq. 12.
 */
import { combine } from '../tensor/elementwise.ts'
import type { Latents } from '../tensor/tensor.ts'
import { createNoiseSchedule } from './noiseSchedule.ts'
import type { SampleLimits } from './prediction.ts'
import { limitSample, noiseLevel, readPrediction, sampleLimitDefaults } from './prediction.ts'
import type { DrawNoise, RunOptions, StepResult } from './scheduler.ts'
import { BaseScheduler, drawNoise } from './scheduler.ts'
import type { CommonConfig, PredictionType, SchedulerFile, TimestepSpacing } from './schedulerConfig.ts'
import { commonDefaults, oneOf, resolveConfig } from './schedulerConfig.ts'
import { spacedTimesteps } from './timestepSpacing.ts'

const f32 = Math.fround

/** DDIM's configuration; defaults are diffusers'. */
export interface DdimConfig extends CommonConfig, SampleLimits {
  /** alpha-bar beyond the last step: 1, or that of timestep 0 (SD checkpoints: false) */
  readonly setAlphaToOne: boolean
  readonly rescaleBetasZeroSnr: boolean
}

const OWNER = 'DDIMScheduler'
const defaults: DdimConfig = { ...commonDefaults, ...sampleLimitDefaults, setAlphaToOne: true, rescaleBetasZeroSnr: false }

/** The DDIM sampler; equals `diffusers.DDIMScheduler`. */
export class DdimScheduler extends BaseScheduler {
  readonly className = OWNER
  readonly config: DdimConfig
  private readonly predictionType: PredictionType
  private readonly spacing: TimestepSpacing
  private eta = 0

  constructor(file: SchedulerFile) {
    const config = resolveConfig(OWNER, defaults, file)
    super(createNoiseSchedule(config, { owner: OWNER, rescaleBetasZeroSnr: config.rescaleBetasZeroSnr }))
    this.config = config
    this.predictionType = oneOf(OWNER, 'prediction_type', config.predictionType, ['epsilon', 'v_prediction', 'sample'])
    this.spacing = oneOf(OWNER, 'timestep_spacing', config.timestepSpacing, ['leading', 'trailing', 'linspace'])
  }

  get isStochastic(): boolean {
    return this.eta > 0
  }

  protected layOut(numInferenceSteps: number, options: RunOptions): number[] {
    this.eta = options.eta ?? 0
    return spacedTimesteps(this.spacing, { ...this.config, numInferenceSteps })
  }

  step(modelOutput: Latents, stepIndex: number, sample: Latents, noise?: DrawNoise): StepResult {
    const timestep = this.timestepAt(stepIndex)
    const alpha = this.alphaCumprodAt(timestep)
    // The previous timestep is computed, not taken from the list: with uneven spacings the two differ.
    const stride = Math.floor(this.config.numTrainTimesteps / this.numInferenceSteps)
    const finalAlpha = this.config.setAlphaToOne ? 1 : this.schedule.alphasCumprod[0]
    const prevAlpha = this.alphaCumprodAt(timestep - stride, finalAlpha)

    const prediction = readPrediction(this.predictionType, modelOutput, sample, noiseLevel(alpha))
    const predOriginalSample = limitSample(prediction.originalSample, this.config)
    const variance = (f32(1 - prevAlpha) / f32(1 - alpha)) * f32(1 - f32(alpha / prevAlpha))
    const sigma = this.eta === 0 ? 0 : this.eta * Math.sqrt(variance)
    const direction = Math.sqrt(f32(1 - prevAlpha) - sigma ** 2)
    const mean = combine([Math.sqrt(prevAlpha), predOriginalSample], [direction, prediction.epsilon])
    const prevSample = this.eta > 0 ? combine([1, mean], [sigma, drawNoise(OWNER, noise)]) : mean
    return { prevSample, predOriginalSample }
  }
}
