/**
 * From the network's output o at x = a x_0 + s eps (a^2 + s^2 = 1) to the clean sample and the noise.
 *
 * | prediction type | x_0 | eps |
 * |---|---|---|
 * | epsilon (Ho et al. 2020, arXiv 2006.11239, eq. 15) | (x - s o) / a | o |
 * | v_prediction (Salimans and Ho 2022, arXiv 2202.00512, appendix D) | a x - s o | a o + s x |
 * | sample | o | (x - a o) / s |
 */
import { clamp, combine, quantile } from '../tensor/elementwise.ts'
import type { Latents, Tensor } from '../tensor/tensor.ts'
import type { PredictionType } from './schedulerConfig.ts'

const f32 = Math.fround

/** Both readings of one network output. */
export interface Prediction {
  readonly originalSample: Latents
  readonly epsilon: Latents
}

/** A point on the variance-preserving path: x = signal x_0 + noise eps. */
export interface NoiseLevel {
  /** a = sqrt(alpha-bar) */
  readonly signal: number
  /** s = sqrt(1 - alpha-bar) */
  readonly noise: number
}

/** How a predicted x_0 is kept in range before it is used; latent-space checkpoints do neither. */
export interface SampleLimits {
  readonly clipSample: boolean
  readonly clipSampleRange: number
  /** dynamic thresholding (Saharia et al. 2022, arXiv 2205.11487, section 2.3) */
  readonly thresholding: boolean
  readonly dynamicThresholdingRatio: number
  readonly sampleMaxValue: number
}

/** Defaults of {@link SampleLimits}, diffusers' own. */
export const sampleLimitDefaults: SampleLimits = {
  clipSample: true,
  clipSampleRange: 1,
  thresholding: false,
  dynamicThresholdingRatio: 0.995,
  sampleMaxValue: 1,
}

/** The noise level of a given alpha-bar; rounded to float32 as torch's scalars are, for 1 - alpha-bar cancels. */
export function noiseLevel(alphaCumprod: number): NoiseLevel {
  return { signal: f32(Math.sqrt(alphaCumprod)), noise: f32(Math.sqrt(f32(1 - alphaCumprod))) }
}

/** Reads x_0 and eps from the network's output; the table above. */
export function readPrediction(type: PredictionType, output: Latents, sample: Latents, level: NoiseLevel): Prediction {
  const { signal: a, noise: s } = level
  switch (type) {
    case 'epsilon':
      return { originalSample: combine([1 / a, sample], [-s / a, output]), epsilon: output }
    case 'v_prediction':
      return { originalSample: combine([a, sample], [-s, output]), epsilon: combine([a, output], [s, sample]) }
    case 'sample':
      return { originalSample: output, epsilon: combine([1 / s, sample], [-a / s, output]) }
  }
}

/** Applies the limits to a predicted x_0 (thresholding takes precedence, as in diffusers). */
export function limitSample(originalSample: Latents, limits: SampleLimits): Latents {
  if (limits.thresholding) return thresholdSample(originalSample, limits)
  if (limits.clipSample) return clamp(originalSample, -limits.clipSampleRange, limits.clipSampleRange)
  return originalSample
}

/** Each row is clamped to its own quantile of magnitudes, kept within [1, sampleMaxValue], and divided by it. */
function thresholdSample(originalSample: Latents, limits: SampleLimits): Latents {
  const data = originalSample.data.slice()
  const size = data.length / (originalSample.dims[0] ?? 1)
  for (let start = 0; start < data.length; start += size) {
    const row = data.subarray(start, start + size)
    const magnitude = quantile(row.map(Math.abs), limits.dynamicThresholdingRatio)
    const limit = Math.max(1, Math.min(magnitude, limits.sampleMaxValue))
    for (let i = 0; i < row.length; i++) row[i] = Math.max(-limit, Math.min(row[i], limit)) / limit
  }
  return { data, dims: originalSample.dims }
}

/** x_t = a x_0 + s eps: the forward process in closed form (Ho et al. 2020, eq. 4). */
export function addNoiseAt<Axes extends string>(original: Tensor<Axes>, noise: Tensor<Axes>, level: NoiseLevel): Tensor<Axes> {
  return combine([level.signal, original], [level.noise, noise])
}
