/**
 * The forward process of training: how much noise each timestep holds.
 *
 * | symbol | here | meaning |
 * |---|---|---|
 * | beta_t | betas[t] | variance added at step t, t = 0..N-1 |
 * | alpha-bar_t | alphasCumprod[t] | product of 1 - beta_i for i <= t: the share of the picture's variance left |
 * | sigma_t | sqrt((1 - alpha-bar_t) / alpha-bar_t) | noise in units of the picture (k-diffusion's sigma) |
 *
 * All tables are float32 and computed with torch's own roundings, so that they equal diffusers' bit for bit
 * and a difference seen later is a difference in the algorithm.
 */
import { badInput } from '../errors.ts'
import type { CommonConfig } from './schedulerConfig.ts'
import { oneOf } from './schedulerConfig.ts'

const f32 = Math.fround

/** The tables of one noise schedule, each of N entries. */
export interface NoiseSchedule {
  readonly betas: Float32Array
  readonly alphasCumprod: Float32Array
}

/** Names of beta schedules every class knows. */
const BETA_SCHEDULES = ['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const
/** DDPM knows two more. */
const DDPM_BETA_SCHEDULES = [...BETA_SCHEDULES, 'sigmoid', 'laplace'] as const

/** Choices that come with the scheduler's class rather than with the file. */
export interface NoiseScheduleOptions {
  /** the class's name, for messages */
  readonly owner: string
  /** rescale so that the last timestep is pure noise (Lin et al. 2023, arXiv 2305.08891, algorithm 1) */
  readonly rescaleBetasZeroSnr: boolean
  /** replace a terminal alpha-bar of 0 by 2^-24, for samplers that divide by it */
  readonly finiteTerminalSigma?: boolean
  /** allow the schedules that only DDPM has */
  readonly ddpmSchedules?: boolean
}

/**
 * Builds the tables.
 * @throws EngineError scheduler/config for an unknown schedule or an unusable number of timesteps.
 */
export function createNoiseSchedule(config: CommonConfig, options: NoiseScheduleOptions): NoiseSchedule {
  let betas = createBetas(config, options)
  if (options.rescaleBetasZeroSnr) betas = rescaleToZeroTerminalSnr(betas)
  const alphasCumprod = cumulativeProduct(betas.map((beta) => 1 - beta))
  if (options.rescaleBetasZeroSnr && options.finiteTerminalSigma) alphasCumprod[alphasCumprod.length - 1] = 2 ** -24
  return { betas, alphasCumprod }
}

/** sigma_t = sqrt((1 - alpha-bar_t) / alpha-bar_t) for every t: ascending. */
export function sigmaTable(schedule: NoiseSchedule): Float32Array {
  return schedule.alphasCumprod.map((alpha) => Math.sqrt(f32(f32(1 - alpha) / alpha)))
}

function createBetas(config: CommonConfig, options: NoiseScheduleOptions): Float32Array {
  if (config.trainedBetas) return Float32Array.from(config.trainedBetas)
  const { numTrainTimesteps: count, betaStart, betaEnd } = config
  if (!Number.isInteger(count) || count < 1 || count > 100_000) {
    throw badInput('scheduler/config', {
      thing: '"num_train_timesteps" in the scheduler\'s configuration',
      expected: 'an integer from 1 to 100000',
      found: String(count),
    })
  }
  const known = options.ddpmSchedules ? DDPM_BETA_SCHEDULES : BETA_SCHEDULES
  switch (oneOf(options.owner, 'beta_schedule', config.betaSchedule, known)) {
    case 'linear':
      return linspaceFloat(betaStart, betaEnd, count)
    case 'scaled_linear':
      return linspaceFloat(Math.sqrt(betaStart), Math.sqrt(betaEnd), count).map((root) => root * root)
    case 'squaredcos_cap_v2':
      return betasFromAlphaBar(count, (u) => Math.cos((((u + 0.008) / 1.008) * Math.PI) / 2) ** 2)
    case 'laplace':
      return betasFromAlphaBar(count, laplaceAlphaBar)
    case 'sigmoid':
      return linspaceFloat(-6, 6, count).map((x) => f32(f32(1 / (1 + Math.exp(-x))) * (betaEnd - betaStart)) + betaStart)
  }
}

/** beta_i = min(1 - f((i+1)/N) / f(i/N), 0.999) (Nichol and Dhariwal 2021, arXiv 2102.09672, section 3.2). */
function betasFromAlphaBar(count: number, alphaBar: (u: number) => number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.min(1 - alphaBar((i + 1) / count) / alphaBar(i / count), 0.999))
}

/** The Laplace log-SNR distribution of Hang et al. 2024 (arXiv 2407.03297), with diffusers' constants. */
function laplaceAlphaBar(u: number): number {
  const logSnr = -0.5 * (0.5 - u >= 0 ? 1 : -1) * Math.log(1 - 2 * Math.abs(0.5 - u) + 1e-6)
  const snr = Math.exp(logSnr)
  return Math.sqrt(snr / (1 + snr))
}

/** r_t = sqrt(alpha-bar_t) becomes (r_t - r_T) r_0 / (r_0 - r_T), so that r_T = 0 and r_0 stays. */
function rescaleToZeroTerminalSnr(betas: Float32Array): Float32Array {
  const roots = cumulativeProduct(betas.map((beta) => 1 - beta)).map((alpha) => Math.sqrt(alpha))
  const first = roots[0]
  const last = roots[roots.length - 1]
  const factor = f32(first / f32(first - last))
  const alphaBars = roots.map((root) => f32(f32(root - last) * factor) ** 2)
  return alphaBars.map((alphaBar, t) => 1 - (t === 0 ? alphaBar : f32(alphaBar / alphaBars[t - 1])))
}

/** `torch.linspace` in float32: counted from both ends, one rounding per element. */
function linspaceFloat(start: number, end: number, count: number): Float32Array {
  const low = f32(start)
  const high = f32(end)
  const step = f32(f32(high - low) / (count - 1))
  return Float32Array.from({ length: count }, (_, i) => {
    if (count === 1) return low
    return i < Math.floor(count / 2) ? low + step * i : high - step * (count - 1 - i)
  })
}

/** `torch.cumprod`: the running product is held in double precision, the entries are rounded. */
function cumulativeProduct(values: Float32Array): Float32Array {
  let product = 1
  return values.map((value) => (product *= value))
}
