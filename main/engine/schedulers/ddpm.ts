/**
 * Ancestral sampling of DDPM: Ho, Jain and Abbeel 2020, "Denoising Diffusion Probabilistic Models",
 * arXiv 2006.11239.
 *
 * | symbol | meaning |
 * |---|---|
 * | alpha-bar_t, alpha-bar_p | at this timestep and at the next one of the list (1 at the end) |
 * | beta' | 1 - alpha-bar_t / alpha-bar_p: the variance added between the two |
 *
 * mean = sqrt(alpha-bar_p) beta'/(1 - alpha-bar_t) x_0 + sqrt(1 - beta') (1 - alpha-bar_p)/(1 - alpha-bar_t) x_t, eq. 7;
 * variance (1 - alpha-bar_p)/(1 - alpha-bar_t) beta' (fixed_small) or beta' (fixed_large), section 3.2.
 */
import { combine } from '../tensor/elementwise.ts'
import type { Latents } from '../tensor/tensor.ts'
import { createNoiseSchedule } from './noiseSchedule.ts'
import type { SampleLimits } from './prediction.ts'
import { limitSample, noiseLevel, readPrediction, sampleLimitDefaults } from './prediction.ts'
import type { DrawNoise, StepResult } from './scheduler.ts'
import { BaseScheduler, drawNoise } from './scheduler.ts'
import type { CommonConfig, PredictionType, SchedulerFile, TimestepSpacing } from './schedulerConfig.ts'
import { commonDefaults, oneOf, resolveConfig } from './schedulerConfig.ts'
import { spacedTimesteps } from './timestepSpacing.ts'

const f32 = Math.fround

/** DDPM's configuration; defaults are diffusers'. */
export interface DdpmConfig extends CommonConfig, SampleLimits {
  readonly varianceType: string
  readonly rescaleBetasZeroSnr: boolean
}

const OWNER = 'DDPMScheduler'
const defaults: DdpmConfig = { ...commonDefaults, ...sampleLimitDefaults, varianceType: 'fixed_small', rescaleBetasZeroSnr: false }
const VARIANCE_TYPES = ['fixed_small', 'fixed_small_log', 'fixed_large', 'fixed_large_log'] as const

/** The DDPM sampler; equals `diffusers.DDPMScheduler` but for learned variances, which no SD checkpoint has. */
export class DdpmScheduler extends BaseScheduler {
  readonly className = OWNER
  readonly isStochastic = true
  readonly config: DdpmConfig
  private readonly predictionType: PredictionType
  private readonly spacing: TimestepSpacing
  private readonly varianceType: (typeof VARIANCE_TYPES)[number]

  constructor(file: SchedulerFile) {
    const config = resolveConfig(OWNER, defaults, file)
    const { rescaleBetasZeroSnr } = config
    super(createNoiseSchedule(config, { owner: OWNER, rescaleBetasZeroSnr, ddpmSchedules: true }))
    this.config = config
    this.predictionType = oneOf(OWNER, 'prediction_type', config.predictionType, ['epsilon', 'v_prediction', 'sample'])
    this.spacing = oneOf(OWNER, 'timestep_spacing', config.timestepSpacing, ['leading', 'trailing', 'linspace'])
    this.varianceType = oneOf(OWNER, 'variance_type', config.varianceType, VARIANCE_TYPES)
  }

  protected layOut(numInferenceSteps: number): number[] {
    return spacedTimesteps(this.spacing, { ...this.config, numInferenceSteps })
  }

  step(modelOutput: Latents, stepIndex: number, sample: Latents, noise?: DrawNoise): StepResult {
    const timestep = this.timestepAt(stepIndex)
    const alpha = this.alphaCumprodAt(timestep)
    const prevAlpha = this.alphaCumprodAt(this.timesteps[stepIndex + 1] ?? -1)
    // beta' is a small difference of numbers near 1: rounded as torch's, or small steps would drift apart
    const stepAlpha = f32(alpha / prevAlpha)
    const stepBeta = f32(1 - stepAlpha)
    const noiseShare = f32(1 - prevAlpha) / f32(1 - alpha)

    const prediction = readPrediction(this.predictionType, modelOutput, sample, noiseLevel(alpha))
    const predOriginalSample = limitSample(prediction.originalSample, this.config)
    const mean = combine(
      [(Math.sqrt(prevAlpha) * stepBeta) / f32(1 - alpha), predOriginalSample],
      [Math.sqrt(stepAlpha) * noiseShare, sample],
    )
    if (timestep === 0) return { prevSample: mean, predOriginalSample }
    const deviation = this.deviation(Math.max(noiseShare * stepBeta, 1e-20), stepBeta)
    return { prevSample: combine([1, mean], [deviation, drawNoise(OWNER, noise)]), predOriginalSample }
  }

  private deviation(small: number, large: number): number {
    switch (this.varianceType) {
      case 'fixed_small':
      case 'fixed_small_log':
        return Math.sqrt(small)
      case 'fixed_large':
        return Math.sqrt(large)
      case 'fixed_large_log':
        // diffusers takes the root of the logarithm, which is not a number for any beta' < 1; kept, so that
        // such a file is found out by the first non-finite sample here as it is there
        return Math.sqrt(Math.log(large))
    }
  }
}
