/**
 * DPM-Solver and DPM-Solver++, multistep, orders 1 to 3, and their SDE forms: Lu et al. 2022,
 * arXiv 2206.00927 and 2211.01095. Order 2 of DPM-Solver++ is "DPM++ 2M"; with noise, "DPM++ 2M SDE".
 *
 * | symbol | meaning |
 * |---|---|
 * | a, s | signal and noise of the variance-preserving path at sigma: a = 1/sqrt(sigma^2 + 1), s = sigma a |
 * | lambda = ln a - ln s | half log-SNR; h = lambda' - lambda over the step, ' = the step's end |
 * | m_0, m_1, m_2 | converted network outputs, latest first: x_0 for the ++ forms, eps for the others |
 * | r_0 = h_0/h, r_1 = h_1/h | past steps in units of this one |
 * | D_0 = m_0, D_1, D_2 | divided differences of m; order 2: D_1 = (m_0 - m_1)/r_0 |
 *
 * Order 1 (++): x' = (s'/s) x - a'(e^-h - 1) D_0; order 2 adds -a'(e^-h - 1) D_1/2 (2211.01095, algorithm 2).
 */
import { badInput } from '../errors.ts'
import { combine } from '../tensor/elementwise.ts'
import type { Latents } from '../tensor/tensor.ts'
import type { StepWeights, Update } from './dpmSolverWeights.ts'
import { stepWeights } from './dpmSolverWeights.ts'
import { createNoiseSchedule, sigmaTable } from './noiseSchedule.ts'
import type { NoiseLevel, SampleLimits } from './prediction.ts'
import { addNoiseAt, limitSample, readPrediction, sampleLimitDefaults } from './prediction.ts'
import type { DrawNoise, StepResult } from './scheduler.ts'
import { BaseScheduler, drawNoise } from './scheduler.ts'
import type { CommonConfig, PredictionType, SchedulerFile, TimestepSpacing } from './schedulerConfig.ts'
import { commonDefaults, oneOf, resolveConfig } from './schedulerConfig.ts'
import { exponentialSigmas, interpolate, karrasSigmas, logTable, sigmaToTimestep } from './sigmas.ts'
import { linspace, multistepTimesteps, roundHalfToEven } from './timestepSpacing.ts'

const f32 = Math.fround

/** Configuration of the multistep solver; defaults are diffusers'. */
export interface DpmSolverConfig extends CommonConfig, SampleLimits {
  readonly solverOrder: number
  readonly algorithmType: string
  readonly solverType: string
  /** use order 1 for the last step of a run of fewer than 15, and order 2 for the one before */
  readonly lowerOrderFinal: boolean
  readonly eulerAtFinal: boolean
  readonly useKarrasSigmas: boolean
  readonly useExponentialSigmas: boolean
  readonly useBetaSigmas: boolean
  readonly useLuLambdas: boolean
  readonly useFlowSigmas: boolean
  /** ends of Karras' and exponential spacing; null takes the table's. Read though the class has no such field */
  readonly sigmaMin: number | null
  readonly sigmaMax: number | null
  readonly finalSigmasType: string
  /** timesteps with a smaller lambda are left out (cosine schedules: -5.1) */
  readonly lambdaMinClipped: number
  readonly rescaleBetasZeroSnr: boolean
}

const OWNER = 'DPMSolverMultistepScheduler'
const defaults: DpmSolverConfig = {
  ...commonDefaults,
  ...sampleLimitDefaults,
  clipSample: false,
  timestepSpacing: 'linspace',
  solverOrder: 2,
  algorithmType: 'dpmsolver++',
  solverType: 'midpoint',
  lowerOrderFinal: true,
  eulerAtFinal: false,
  useKarrasSigmas: false,
  useExponentialSigmas: false,
  useBetaSigmas: false,
  useLuLambdas: false,
  useFlowSigmas: false,
  sigmaMin: null,
  sigmaMax: null,
  finalSigmasType: 'zero',
  lambdaMinClipped: -Infinity,
  rescaleBetasZeroSnr: false,
}
const ALGORITHMS = ['dpmsolver', 'dpmsolver++', 'sde-dpmsolver', 'sde-dpmsolver++'] as const
/** Runs shorter than this lose accuracy when their last steps are of high order. */
const SHORT_RUN = 15

/** The multistep DPM solvers; equal `diffusers.DPMSolverMultistepScheduler` but for flow and beta sigmas. */
export class DpmSolverMultistepScheduler extends BaseScheduler {
  readonly className = OWNER
  readonly isStochastic: boolean
  readonly config: DpmSolverConfig
  private readonly predictionType: PredictionType
  private readonly spacing: TimestepSpacing
  private readonly algorithm: Update['algorithm']
  private readonly solver: Update['solver']
  private readonly trainSigmas: Float32Array
  sigmas: Float32Array = new Float32Array()
  /** converted outputs of past calls, latest first, at most one per order */
  private outputs: readonly Latents[] = []

  constructor(file: SchedulerFile) {
    // solver names of sibling classes that diffusers reads as these
    const algorithm_type = file['algorithm_type'] === 'deis' ? 'dpmsolver++' : file['algorithm_type']
    const solver_type = ['logrho', 'bh1', 'bh2'].includes(String(file['solver_type'])) ? 'midpoint' : file['solver_type']
    // clipping is another sampler's habit: this one only knows thresholding
    const config = resolveConfig(OWNER, defaults, { ...file, algorithm_type, solver_type, clip_sample: false })
    const { rescaleBetasZeroSnr } = config
    super(createNoiseSchedule(config, { owner: OWNER, rescaleBetasZeroSnr, finiteTerminalSigma: true }))
    this.config = config
    this.predictionType = oneOf(OWNER, 'prediction_type', config.predictionType, ['epsilon', 'v_prediction', 'sample'])
    this.spacing = oneOf(OWNER, 'timestep_spacing', config.timestepSpacing, ['leading', 'trailing', 'linspace'])
    this.algorithm = oneOf(OWNER, 'algorithm_type', config.algorithmType, ALGORITHMS)
    this.solver = oneOf(OWNER, 'solver_type', config.solverType, ['midpoint', 'heun'])
    this.isStochastic = this.algorithm.startsWith('sde-')
    this.trainSigmas = sigmaTable(this.schedule)
    checkConfig(config)
  }

  protected layOut(numInferenceSteps: number): number[] {
    this.outputs = []
    const { config, trainSigmas } = this
    const spaced = multistepTimesteps(this.spacing, { ...config, numInferenceSteps, lastTimestep: this.countUnclipped() })
    const { sigmas, timesteps } = this.respace(spaced, numInferenceSteps)
    this.sigmas = Float32Array.of(...sigmas, config.finalSigmasType === 'zero' ? 0 : trainSigmas[0])
    return timesteps
  }

  override addNoise(original: Latents, noise: Latents, stepIndex: number): Latents {
    return addNoiseAt(original, noise, pathPoint(this.sigmaAt(stepIndex)))
  }

  step(modelOutput: Latents, stepIndex: number, sample: Latents, noise?: DrawNoise): StepResult {
    const level = pathPoint(this.sigmaAt(stepIndex))
    const converted = this.convert(modelOutput, sample, level)
    this.outputs = [converted.used, ...this.outputs].slice(0, this.config.solverOrder)
    const order = this.orderAt(stepIndex)
    const weights = stepWeights({
      algorithm: this.algorithm,
      solver: this.solver,
      order,
      sigmas: [1, 0, -1, -2].slice(0, order + 1).map((offset) => this.sigmaAt(stepIndex + offset)),
    })
    const terms = this.differences(weights, order)
    const prevSample = this.isStochastic
      ? combine([weights.sample, sample], ...terms, [weights.noise, drawNoise(OWNER, noise)])
      : combine([weights.sample, sample], ...terms)
    return { prevSample, predOriginalSample: converted.originalSample }
  }

  /** The order a step can have: as many outputs as there are, fewer where the run ends. */
  private orderAt(stepIndex: number): 1 | 2 | 3 {
    const { config } = this
    const left = this.timesteps.length - 1 - stepIndex
    // diffusers counts the whole run here, also when image-to-image skips its start
    const total = this.beginIndex + this.timesteps.length
    const shortRun = config.lowerOrderFinal && total < SHORT_RUN
    if (this.outputs.length < 2 || (left === 0 && (config.eulerAtFinal || shortRun || config.finalSigmasType === 'zero'))) return 1
    return this.outputs.length < 3 || (left === 1 && shortRun) ? 2 : 3
  }

  /** Weighs the divided differences; written out in the stored outputs m_0, m_1, m_2. */
  private differences(weights: StepWeights, order: 1 | 2 | 3): [number, Latents][] {
    return weights.outputs.slice(0, order).map((weight, i) => [weight, this.outputs[i]])
  }

  /** Reads the output as x_0 (++ forms) or eps (the others), limited where configured. */
  private convert(modelOutput: Latents, sample: Latents, level: NoiseLevel): { used: Latents; originalSample: Latents } {
    const { originalSample, epsilon } = readPrediction(this.predictionType, modelOutput, sample, level)
    const limited = limitSample(originalSample, this.config)
    if (this.algorithm.endsWith('++')) return { used: limited, originalSample: limited }
    const { signal: a, noise: s } = level
    return { used: limited === originalSample ? epsilon : combine([1 / s, sample], [-a / s, limited]), originalSample: limited }
  }

  private respace(spaced: number[], count: number): { sigmas: number[]; timesteps: number[] } {
    const { config, trainSigmas } = this
    const logSigmas = logTable(trainSigmas)
    const ends = { sigmaMin: config.sigmaMin ?? trainSigmas[0], sigmaMax: config.sigmaMax ?? trainSigmas[trainSigmas.length - 1] }
    const cosine = config.betaSchedule === 'squaredcos_cap_v2'
    let sigmas: number[]
    let rounded = !cosine
    if (config.useKarrasSigmas) {
      sigmas = karrasSigmas(ends, count)
    } else if (config.useLuLambdas) {
      sigmas = linspace(logSigmas[logSigmas.length - 1], logSigmas[0], count).map(Math.exp)
    } else if (config.useExponentialSigmas) {
      sigmas = exponentialSigmas(ends, count)
      rounded = false
    } else {
      return { timesteps: spaced, sigmas: spaced.map((timestep) => interpolate(trainSigmas, timestep)) }
    }
    const timesteps = sigmas.map((sigma) => sigmaToTimestep(sigma, logSigmas))
    return { sigmas, timesteps: timesteps.map(rounded ? roundHalfToEven : Math.trunc) }
  }

  /** How many timesteps have a lambda of at least lambdaMinClipped. */
  private countUnclipped(): number {
    const lambdas = this.schedule.alphasCumprod.map((alpha) => f32(Math.log(f32(Math.sqrt(alpha)))) - f32(Math.log(f32(Math.sqrt(f32(1 - alpha))))))
    return lambdas.filter((lambda) => lambda >= this.config.lambdaMinClipped).length
  }

  private sigmaAt(stepIndex: number): number {
    const sigma = this.sigmas[this.beginIndex + stepIndex]
    if (sigma !== undefined) return sigma
    throw new RangeError(`Step ${stepIndex} of ${this.timesteps.length}: setTimesteps lays out the steps of a run.`)
  }
}

/** Signal and noise of the variance-preserving path at sigma, rounded as torch rounds them. */
function pathPoint(sigma: number): NoiseLevel {
  const signal = f32(1 / f32(Math.sqrt(f32(f32(sigma * sigma) + 1))))
  return { signal, noise: f32(sigma * signal) }
}

/** @throws EngineError scheduler/config for combinations that diffusers refuses or that no checkpoint here uses. */
function checkConfig(config: DpmSolverConfig): void {
  const thing = 'The solver in the scheduler\'s configuration'
  const todo = 'correct scheduler_config.json or choose another sampler with --scheduler'
  if (![1, 2, 3].includes(config.solverOrder)) {
    throw badInput('scheduler/config', { thing, expected: 'solver_order 1, 2 or 3', found: String(config.solverOrder), todo })
  }
  if (config.useBetaSigmas || config.useFlowSigmas) {
    const found = config.useBetaSigmas ? 'use_beta_sigmas' : 'use_flow_sigmas'
    throw badInput('scheduler/config', { thing, expected: 'Karras, exponential, Lu or plain sigmas', found, todo })
  }
  if (config.useKarrasSigmas && config.useExponentialSigmas) {
    throw badInput('scheduler/config', { thing, expected: 'one of use_karras_sigmas and use_exponential_sigmas', found: 'both', todo })
  }
  if (!config.algorithmType.endsWith('++') && config.finalSigmasType === 'zero') {
    const expected = `final_sigmas_type "sigma_min" with ${config.algorithmType}`
    throw badInput('scheduler/config', { thing, expected, found: '"zero"', todo })
  }
  oneOf(OWNER, 'final_sigmas_type', config.finalSigmasType, ['zero', 'sigma_min'])
  if (config.algorithmType === 'sde-dpmsolver' && config.solverOrder === 3) {
    throw badInput('scheduler/config', { thing, expected: 'solver_order 1 or 2 with sde-dpmsolver', found: '3', todo })
  }
}
