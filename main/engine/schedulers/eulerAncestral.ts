/**
 * Euler's method with ancestral noise, as in k-diffusion: each step goes down further than it must and noise
 * brings it back up, so that the variances add (Song et al. 2021, arXiv 2011.13456, appendix F; the form with
 * sigmas is Katherine Crowson's).
 *
 * | symbol | meaning |
 * |---|---|
 * | sigma, sigma' | noise level of this step and of the next |
 * | sigma_up = sqrt(sigma'^2 (sigma^2 - sigma'^2) / sigma^2) | noise added |
 * | sigma_down = sqrt(sigma'^2 - sigma_up^2) | level the slope leads to |
 *
 * x <- x + (sigma_down - sigma) (x - x_0)/sigma + sigma_up z.
 */
import { combine } from '../tensor/elementwise.ts'
import type { Latents } from '../tensor/tensor.ts'
import { createNoiseSchedule } from './noiseSchedule.ts'
import type { DrawNoise, StepResult } from './scheduler.ts'
import { drawNoise } from './scheduler.ts'
import type { CommonConfig, SchedulerFile, TimestepSpacing } from './schedulerConfig.ts'
import { commonDefaults, oneOf, resolveConfig } from './schedulerConfig.ts'
import { SigmaSpaceScheduler } from './sigmaSpaceScheduler.ts'
import { interpolate } from './sigmas.ts'
import { spacedTimesteps } from './timestepSpacing.ts'

/** Configuration of ancestral Euler; defaults are diffusers'. */
export interface EulerAncestralConfig extends CommonConfig {
  readonly rescaleBetasZeroSnr: boolean
}

const f32 = Math.fround
const OWNER = 'EulerAncestralDiscreteScheduler'
const defaults: EulerAncestralConfig = { ...commonDefaults, timestepSpacing: 'linspace', rescaleBetasZeroSnr: false }

/** The ancestral Euler sampler; equals `diffusers.EulerAncestralDiscreteScheduler`. */
export class EulerAncestralScheduler extends SigmaSpaceScheduler {
  readonly className = OWNER
  readonly isStochastic = true
  readonly config: EulerAncestralConfig
  protected readonly spacing: TimestepSpacing
  private readonly predictionType: 'epsilon' | 'v_prediction'

  constructor(file: SchedulerFile) {
    const config = resolveConfig(OWNER, defaults, file)
    const { rescaleBetasZeroSnr } = config
    super(createNoiseSchedule(config, { owner: OWNER, rescaleBetasZeroSnr, finiteTerminalSigma: true }))
    this.config = config
    this.predictionType = oneOf(OWNER, 'prediction_type', config.predictionType, ['epsilon', 'v_prediction'])
    this.spacing = oneOf(OWNER, 'timestep_spacing', config.timestepSpacing, ['leading', 'trailing', 'linspace'])
  }

  protected layOut(numInferenceSteps: number): number[] {
    const timesteps = spacedTimesteps(this.spacing, { ...this.config, numInferenceSteps, fractional: true })
    this.sigmas = Float32Array.of(...timesteps.map((timestep) => interpolate(this.trainSigmas, timestep)), 0)
    return timesteps
  }

  step(modelOutput: Latents, stepIndex: number, sample: Latents, noise?: DrawNoise): StepResult {
    const sigma = this.sigmaAt(stepIndex)
    const next = this.sigmaAt(stepIndex + 1)
    const predOriginalSample = this.originalSample(this.predictionType, modelOutput, sample, sigma)
    const up = f32(Math.sqrt((next ** 2 * (sigma ** 2 - next ** 2)) / sigma ** 2))
    const down = f32(Math.sqrt(f32(next ** 2) - f32(up ** 2)))
    // Noise is drawn at the last step too, where its factor is 0: the next picture of a batch depends on it.
    const drawn = drawNoise(OWNER, noise)
    const lowered = this.moveTo(down, sigma, sample, predOriginalSample)
    return { prevSample: combine([1, lowered], [up, drawn]), predOriginalSample }
  }
}
