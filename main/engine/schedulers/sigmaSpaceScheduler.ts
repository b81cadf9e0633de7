/**
 * What Euler's two samplers share: samples live in x = x_0 + sigma eps (the variance-exploding form of
 * Karras et al. 2022, arXiv 2206.00364), and the network sees x / sqrt(sigma^2 + 1).
 */
import { combine, requireSameShape } from '../tensor/elementwise.ts'
import type { Latents } from '../tensor/tensor.ts'
import type { NoiseSchedule } from './noiseSchedule.ts'
import { sigmaTable } from './noiseSchedule.ts'
import { BaseScheduler } from './scheduler.ts'
import type { PredictionType, TimestepSpacing } from './schedulerConfig.ts'

const f32 = Math.fround

/** Base of the samplers whose state is x = x_0 + sigma eps. */
export abstract class SigmaSpaceScheduler extends BaseScheduler {
  /** sigma of every training timestep, ascending */
  protected readonly trainSigmas: Float32Array
  /** sigma at the start of every step of the full run, then the final one */
  sigmas: Float32Array
  protected abstract readonly spacing: TimestepSpacing

  constructor(schedule: NoiseSchedule) {
    super(schedule)
    this.trainSigmas = sigmaTable(schedule)
    this.sigmas = this.trainSigmas.slice().reverse()
  }

  override get initNoiseSigma(): number {
    const largest = this.sigmas.reduce((max, sigma) => Math.max(max, sigma), 0)
    // leading spacing starts below the noisiest level, where the picture's own variance still counts
    return this.spacing === 'leading' ? f32(Math.sqrt(f32(largest ** 2 + 1))) : largest
  }

  override scaleModelInput(sample: Latents, stepIndex: number): Latents {
    const divisor = f32(Math.sqrt(f32(f32(this.sigmaAt(stepIndex) ** 2) + 1)))
    return { data: sample.data.map((value) => value / divisor), dims: sample.dims }
  }

  override addNoise(original: Latents, noise: Latents, stepIndex: number): Latents {
    return combine([1, original], [this.sigmaAt(stepIndex), noise])
  }

  /** sigma at the start of a step of this run; one past the last step, the final sigma. */
  protected sigmaAt(stepIndex: number): number {
    const sigma = this.sigmas[this.beginIndex + stepIndex]
    if (sigma !== undefined) return sigma
    throw new RangeError(`Step ${stepIndex} of ${this.timesteps.length}: setTimesteps lays out the steps of a run.`)
  }

  /** x_0 from the network's output at x = x_0 + sigma eps. */
  protected originalSample(type: PredictionType, output: Latents, sample: Latents, sigma: number): Latents {
    const variance = f32(f32(sigma * sigma) + 1)
    switch (type) {
      case 'epsilon':
        return zip(sample, output, (x, o) => x - f32(sigma * o))
      case 'v_prediction': {
        const factor = f32(-sigma / f32(Math.sqrt(variance)))
        return zip(sample, output, (x, o) => f32(o * factor) + f32(x / variance))
      }
      case 'sample':
        return output
    }
  }

  /**
   * Moves the sample along dx/dsigma = (x - x_0)/sigma from `sigma` to `target`.
   *
   * Rounded after every operation, as torch does: with zero terminal SNR the first sigma is 4096, and what the
   * cancellation leaves of the rounding is part of the picture that diffusers makes.
   */
  protected moveTo(target: number, sigma: number, sample: Latents, originalSample: Latents): Latents {
    const change = f32(target - sigma)
    return zip(sample, originalSample, (x, original) => x + f32(f32(f32(x - original) / sigma) * change))
  }
}

function zip(a: Latents, b: Latents, value: (a: number, b: number) => number): Latents {
  requireSameShape(a, b)
  return { data: a.data.map((element, i) => value(element, b.data[i])), dims: a.dims }
}
