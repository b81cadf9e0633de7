/**
 * Proximal guidance (Han et al. 2023, "ProxEdit", arXiv 2306.05414, section 4): the difference between the
 * guided predictions is thresholded, so that guidance acts only where the prompts truly disagree.
 */
import { quantile } from '../../tensor/elementwise.ts'
import type { Latents } from '../../tensor/tensor.ts'

/** The threshold: the q-quantile of |difference| over all rows, or, for a negative q, -q itself. */
export function proximalThreshold(difference: Latents, q: number): number {
  return q < 0 ? -q : quantile(difference.data.map(Math.abs), q)
}

/**
 * Shrinks every element towards 0 by the threshold: delta - clamp(delta, -t, t). The reference calls this its l0
 * form; it is the proximal step of the l1 norm.
 */
export function softThreshold(difference: Latents, threshold: number): Latents {
  const shrink = (value: number): number => value - Math.max(-threshold, Math.min(value, threshold))
  return { data: difference.data.map(shrink), dims: difference.dims }
}

/** Leaves elements beyond the threshold as they are and zeroes the rest: the proximal step of l0. */
export function hardThreshold(difference: Latents, threshold: number): Latents {
  return { data: difference.data.map((value) => (Math.abs(value) > threshold ? value : 0)), dims: difference.dims }
}
