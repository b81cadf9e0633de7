/**
 * Invertible consistency distillation (Starodubcev et al. 2024, arXiv 2406.14539): a handful of long DDIM steps
 * between fixed boundaries, by networks that are told their guidance scale.
 */
import type { TransferWeights } from './ddimPath.ts'
import { transferWeights } from './ddimPath.ts'

/** A step from one training timestep to another. */
export type BoundaryStep = readonly [from: number, to: number]

/** The released models' steps, by their names: image to noise, and noise to image. */
export const consistencyBoundaries: Readonly<Record<string, { readonly forward: readonly BoundaryStep[]; readonly reverse: readonly BoundaryStep[] }>> = {
  '4steps-0.8': {
    forward: [[19, 259], [259, 519], [519, 779], [779, 999]],
    reverse: [[999, 779], [779, 519], [519, 259], [259, 0]],
  },
  '4steps-0.7': {
    forward: [[19, 249], [249, 499], [499, 699], [699, 999]],
    reverse: [[999, 699], [699, 499], [499, 249], [249, 0]],
  },
  '3steps-0.7': {
    forward: [[19, 339], [339, 699], [699, 999]],
    reverse: [[999, 699], [699, 339], [339, 0]],
  },
}

/** x' = sample x + epsilon eps for one step; a step to timestep 0 ends at the clean picture itself. */
export function consistencyWeights(alphasCumprod: Float32Array, [from, to]: BoundaryStep): TransferWeights {
  return transferWeights(alphasCumprod[from], to === 0 ? 1 : alphasCumprod[to])
}

/**
 * The guidance scale as the network reads it: [sin(1000 w f_k), cos(1000 w f_k)], f_k = 10000^(-k/(size/2 - 1)).
 * Unlike the timestep's embedding it has the sines first and divides by half its size less one.
 *
 * @param guidance w = g - 1: 0 is unguided
 * @param size of the embedding; the released SD1.5 and SDXL models have 512
 */
export function guidanceEmbedding(guidance: number, size = 512): Float32Array {
  const half = size / 2
  const embedding = new Float32Array(size)
  // in float32 throughout, as the networks were trained: at 1000 w the rounding of the angle is in the digits
  const rate = Math.fround(Math.fround(Math.log(10000)) / (half - 1))
  for (let k = 0; k < half; k++) {
    const frequency = Math.fround(Math.exp(Math.fround(k * -rate)))
    const angle = Math.fround(Math.fround(1000 * guidance) * frequency)
    embedding[k] = Math.sin(angle)
    embedding[half + k] = Math.cos(angle)
  }
  return embedding
}

/** The share of the guidance scale that a timestep gets: 1 up to tau1, 0 from tau2, linear between (section 3.3). */
export function dynamicGuidance(timestep: number, tau1: number, tau2: number, numTrainTimesteps = 1000): number {
  const time = timestep / numTrainTimesteps
  if (time <= tau1) return 1
  if (time >= tau2) return 0
  return (tau2 - time) / (tau2 - tau1)
}
