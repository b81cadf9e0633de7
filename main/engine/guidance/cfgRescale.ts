/**
 * CFG rescale: Lin et al. 2023, "Common Diffusion Noise Schedules and Sample Steps are Flawed",
 * arXiv 2305.08891, section 3.4.
 *
 * Guidance raises the contrast of the prediction; its standard deviation is brought back to that of the
 * conditional one: eps' = phi eps std(eps_c)/std(eps) + (1 - phi) eps (eq. 15 and 16).
 */
import { requireSameShape, rowStandardDeviations } from '../tensor/elementwise.ts'
import type { Latents } from '../tensor/tensor.ts'

/**
 * Rescales a guided prediction, row by row.
 *
 * @param guided eps, [B,C,h,w]
 * @param conditional eps_c, the same shape
 * @param guidanceRescale phi, 0 (nothing) to 1 (all); about 0.7 for zero-terminal-SNR models
 */
export function rescaleGuidance(guided: Latents, conditional: Latents, guidanceRescale: number): Latents {
  if (guidanceRescale === 0) return guided
  requireSameShape(guided, conditional)
  const wanted = rowStandardDeviations(conditional)
  const factors = rowStandardDeviations(guided).map((deviation, row) => {
    return guidanceRescale * (wanted[row] / deviation) + (1 - guidanceRescale)
  })
  const rowSize = guided.data.length / factors.length
  return { data: guided.data.map((value, i) => value * factors[Math.floor(i / rowSize)]), dims: guided.dims }
}
