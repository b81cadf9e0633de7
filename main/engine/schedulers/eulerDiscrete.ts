/**
 * Euler's method on the probability-flow ODE: Karras et al. 2022, arXiv 2206.00364, algorithm 1 without its
 * second-order correction (or algorithm 2 with S_churn = 0).
 *
 * | symbol | meaning |
 * |---|---|
 * | sigma_i | noise level of step i, in units of the picture; the last is 0 |
 * | d = (x - x_0) / sigma_i | slope dx/dsigma, eq. 3 |
 *
 * x <- x + (sigma_(i+1) - sigma_i) d.
 */
import { badInput } from '../errors.ts'
import type { Latents } from '../tensor/tensor.ts'
import { createNoiseSchedule } from './noiseSchedule.ts'
import type { StepResult } from './scheduler.ts'
import type { CommonConfig, PredictionType, SchedulerFile, TimestepSpacing } from './schedulerConfig.ts'
import { commonDefaults, oneOf, resolveConfig } from './schedulerConfig.ts'
import { SigmaSpaceScheduler } from './sigmaSpaceScheduler.ts'
import { exponentialSigmas, interpolate, karrasSigmas, logTable, sigmaToTimestep } from './sigmas.ts'
import { linspace, spacedTimesteps } from './timestepSpacing.ts'

const f32 = Math.fround

/** Euler's configuration; defaults are diffusers'. */
export interface EulerDiscreteConfig extends CommonConfig {
  /** between table entries: linear in sigma, or evenly spaced in ln sigma */
  readonly interpolationType: string
  readonly useKarrasSigmas: boolean
  readonly useExponentialSigmas: boolean
  readonly useBetaSigmas: boolean
  /** ends of Karras' and exponential spacing; null takes those of the spaced list */
  readonly sigmaMin: number | null
  readonly sigmaMax: number | null
  /** continuous: the network of a v-prediction model is told ln(sigma)/4 */
  readonly timestepType: string
  readonly rescaleBetasZeroSnr: boolean
  /** zero, or sigma_min: stop at the table's smallest sigma */
  readonly finalSigmasType: string
}

const OWNER = 'EulerDiscreteScheduler'
const defaults: EulerDiscreteConfig = {
  ...commonDefaults,
  timestepSpacing: 'linspace',
  interpolationType: 'linear',
  useKarrasSigmas: false,
  useExponentialSigmas: false,
  useBetaSigmas: false,
  sigmaMin: null,
  sigmaMax: null,
  timestepType: 'discrete',
  rescaleBetasZeroSnr: false,
  finalSigmasType: 'zero',
}

/** Euler's sampler; equals `diffusers.EulerDiscreteScheduler` with its default step arguments. */
export class EulerDiscreteScheduler extends SigmaSpaceScheduler {
  readonly className = OWNER
  readonly isStochastic = false
  readonly config: EulerDiscreteConfig
  protected readonly spacing: TimestepSpacing
  private readonly predictionType: PredictionType

  constructor(file: SchedulerFile) {
    const config = resolveConfig(OWNER, defaults, file)
    const { rescaleBetasZeroSnr } = config
    super(createNoiseSchedule(config, { owner: OWNER, rescaleBetasZeroSnr, finiteTerminalSigma: true }))
    this.config = config
    const type = oneOf(OWNER, 'prediction_type', config.predictionType, ['epsilon', 'v_prediction', 'sample', 'original_sample'])
    this.predictionType = type === 'original_sample' ? 'sample' : type
    this.spacing = oneOf(OWNER, 'timestep_spacing', config.timestepSpacing, ['leading', 'trailing', 'linspace'])
    oneOf(OWNER, 'interpolation_type', config.interpolationType, ['linear', 'log_linear'])
    oneOf(OWNER, 'timestep_type', config.timestepType, ['discrete', 'continuous'])
    oneOf(OWNER, 'final_sigmas_type', config.finalSigmasType, ['zero', 'sigma_min'])
    checkSigmaSpacing(OWNER, config)
  }

  protected layOut(numInferenceSteps: number): number[] {
    const { config, trainSigmas } = this
    let timesteps = spacedTimesteps(this.spacing, { ...config, numInferenceSteps, fractional: true }).map(f32)
    let sigmas =
      config.interpolationType === 'linear'
        ? timesteps.map((timestep) => interpolate(trainSigmas, timestep))
        : logLinearSigmas(trainSigmas, numInferenceSteps)
    if (config.useKarrasSigmas || config.useExponentialSigmas) {
      const range = { sigmaMax: config.sigmaMax ?? sigmas[0], sigmaMin: config.sigmaMin ?? sigmas[sigmas.length - 1] }
      sigmas = (config.useKarrasSigmas ? karrasSigmas : exponentialSigmas)(range, numInferenceSteps)
      const logSigmas = logTable(trainSigmas)
      timesteps = sigmas.map((sigma) => f32(sigmaToTimestep(sigma, logSigmas)))
    }
    this.sigmas = Float32Array.of(...sigmas, config.finalSigmasType === 'zero' ? 0 : trainSigmas[0])
    if (config.timestepType === 'continuous' && this.predictionType === 'v_prediction') {
      return [...this.sigmas.subarray(0, -1)].map((sigma) => f32(0.25 * f32(Math.log(sigma))))
    }
    return timesteps
  }

  step(modelOutput: Latents, stepIndex: number, sample: Latents): StepResult {
    const sigma = this.sigmaAt(stepIndex)
    const predOriginalSample = this.originalSample(this.predictionType, modelOutput, sample, sigma)
    return { prevSample: this.moveTo(this.sigmaAt(stepIndex + 1), sigma, sample, predOriginalSample), predOriginalSample }
  }
}

/**
 * Refuses what no sampler here spaces by, and two spacings at once.
 * @throws EngineError scheduler/config
 */
function checkSigmaSpacing(owner: string, config: EulerDiscreteConfig): void {
  const chosen = [config.useKarrasSigmas, config.useExponentialSigmas, config.useBetaSigmas].filter(Boolean).length
  if (!config.useBetaSigmas && chosen <= 1) return
  throw badInput('scheduler/config', {
    thing: 'The sigma spacing in the scheduler\'s configuration',
    expected: `at most one of use_karras_sigmas and use_exponential_sigmas for ${owner}`,
    found: config.useBetaSigmas ? 'use_beta_sigmas' : 'both',
    todo: 'correct scheduler_config.json',
  })
}

/** n + 1 sigmas evenly spaced in ln sigma, from the largest; one more than steps, as diffusers leaves it. */
function logLinearSigmas(table: Float32Array, count: number): number[] {
  const logs = logTable(table)
  return linspace(logs[logs.length - 1], logs[0], count + 1).map((log) => f32(Math.exp(f32(log))))
}
