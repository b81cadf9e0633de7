/**
 * The deterministic DDIM path between any two noise levels (Song, Meng and Ermon 2021, arXiv 2010.02502, eq. 12
 * with sigma = 0), forwards and backwards: the arithmetic of every inversion.
 *
 * | symbol | meaning |
 * |---|---|
 * | alpha-bar_t | share of the picture's variance at timestep t |
 * | a = sqrt(alpha-bar), s = sqrt(1 - alpha-bar) | signal and noise |
 *
 * f(x, t -> u) = a_u (x - s_t eps)/a_t + s_u eps.
 */
import type { SchedulerFile } from '../../schedulers/schedulerConfig.ts'
import { DdimScheduler } from '../../schedulers/ddim.ts'
import { combine } from '../../tensor/elementwise.ts'
import type { Latents, PromptEmbeds } from '../../tensor/tensor.ts'

/** All that an inversion sees of the net: the noise it predicts for x at timestep t under a prompt. */
export type EpsilonModel = (sample: Latents, timestep: number, promptEmbeds: PromptEmbeds) => Promise<Latents>

/** x' = sample x + epsilon eps. */
export interface TransferWeights {
  readonly sample: number
  readonly epsilon: number
}

/** A run of DDIM steps as noise levels. */
export interface DdimPath {
  /** descending */
  readonly timesteps: readonly number[]
  /** alpha-bar at timestep t: of timestep 0 (or 1, as the file says) for a negative one */
  alphaAt(timestep: number): number
  /** the timestep one step below t: t minus the stride; may be negative */
  below(timestep: number): number
}

/** Lays out the path that the DDIM sampler of the same file takes. */
export function createDdimPath(file: SchedulerFile, numInferenceSteps: number): DdimPath {
  const scheduler = new DdimScheduler(file)
  scheduler.setTimesteps(numInferenceSteps)
  const { numTrainTimesteps, setAlphaToOne } = scheduler.config
  const { alphasCumprod } = scheduler
  const stride = Math.floor(numTrainTimesteps / numInferenceSteps)
  return {
    timesteps: scheduler.timesteps,
    alphaAt: (timestep) => (timestep < 0 ? (setAlphaToOne ? 1 : alphasCumprod[0]) : alphasCumprod[Math.min(timestep, numTrainTimesteps - 1)]),
    below: (timestep) => timestep - stride,
  }
}

/** The weights of f between two values of alpha-bar. */
export function transferWeights(fromAlpha: number, toAlpha: number): TransferWeights {
  const ratio = Math.sqrt(toAlpha / fromAlpha)
  return { sample: ratio, epsilon: Math.sqrt(1 - toAlpha) - ratio * Math.sqrt(1 - fromAlpha) }
}

/** f: moves x from one noise level to another along the predicted noise. */
export function transfer(sample: Latents, epsilon: Latents, fromAlpha: number, toAlpha: number): Latents {
  const weights = transferWeights(fromAlpha, toAlpha)
  return combine([weights.sample, sample], [weights.epsilon, epsilon])
}

/** One step of sampling: from timestep t down to the one below. */
export function stepDown(path: DdimPath, sample: Latents, epsilon: Latents, timestep: number): Latents {
  return transfer(sample, epsilon, path.alphaAt(timestep), path.alphaAt(path.below(timestep)))
}

/** One step of inversion: from the level below timestep t up to t, along the noise predicted at t. */
export function stepUp(path: DdimPath, sample: Latents, epsilon: Latents, timestep: number): Latents {
  return transfer(sample, epsilon, path.alphaAt(path.below(timestep)), path.alphaAt(timestep))
}
