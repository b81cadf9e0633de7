/**
 * Edit-friendly DDPM inversion (Huberman-Spiegelglas, Kulikov and Michaeli 2024, arXiv 2304.06140): every level of
 * the picture is noised on its own, and the noise z_t of each stochastic step is whatever makes the step land on the
 * next level. Sampling again with the same z reproduces the picture exactly; with another prompt it edits it.
 *
 * | symbol | meaning |
 * |---|---|
 * | x_t = a_t x_0 + s_t n_t | independent n_t, eq. 6 |
 * | v = (1 - alpha-bar_p)/(1 - alpha-bar_t) (1 - alpha-bar_t/alpha-bar_p) | variance of the step t -> p, eta = 1 |
 * | mu = a_p x_0^ + sqrt(1 - alpha-bar_p - v) eps | its mean |
 * | z_t = (x_p - mu)/sqrt(v) | eq. 5; x_p is then made anew from z_t, so that rounding does not add up |
 *
 * Sampling is DDIM with eta = 1 that draws z_t instead of fresh noise.
 */
import { combine, scale } from '../../tensor/elementwise.ts'
import type { Latents, PromptEmbeds } from '../../tensor/tensor.ts'
import { zeros } from '../../tensor/tensor.ts'
import type { DdimPath, EpsilonModel } from '../shared/ddimPath.ts'

/** Share of the run that an edit repeats: the reference skips the 12 noisiest of 50 steps. */
export const EDIT_FRIENDLY_STRENGTH = 0.76

/** Latents of every level and the noise of every step. */
export interface NoisedLevels {
  /** from the clean latents (index 0) to the noisiest */
  readonly trajectory: readonly Latents[]
  /** z per step of sampling, noisiest first; the last is zero */
  readonly noises: readonly Latents[]
}

/**
 * Inverts clean latents: one call of the model per step.
 * @param drawNoise standard normal noise of the latents' shape, called once per level from the cleanest on
 */
export async function invertEditFriendly(path: DdimPath, model: EpsilonModel, clean: Latents, promptEmbeds: PromptEmbeds, drawNoise: () => Latents): Promise<NoisedLevels> {
  const levels = [clean]
  for (const timestep of [...path.timesteps].reverse()) {
    const alpha = path.alphaAt(timestep)
    levels.push(combine([Math.sqrt(alpha), clean], [Math.sqrt(1 - alpha), drawNoise()]))
  }
  const noises: Latents[] = []
  for (const [i, timestep] of path.timesteps.entries()) {
    const at = levels.length - 1 - i
    const sample = levels[at]!
    const { mean, deviation } = meanStep(path, sample, await model(sample, timestep, promptEmbeds), timestep)
    const isLast = at === 1
    const noise = isLast ? zeros<'batch channels h/8 w/8'>(clean.dims) : scale(combine([1, levels[at - 1]!], [-1, mean]), 1 / deviation)
    noises.push(noise)
    // the clean picture itself stays what it was: only its step's noise is dropped
    if (!isLast) levels[at - 1] = combine([1, mean], [deviation, noise])
  }
  return { trajectory: levels, noises }
}

/** Mean and standard deviation of the stochastic step from timestep t to the one below. */
function meanStep(path: DdimPath, sample: Latents, epsilon: Latents, timestep: number): { mean: Latents; deviation: number } {
  const alpha = path.alphaAt(timestep)
  const prev = path.alphaAt(path.below(timestep))
  const variance = ((1 - prev) / (1 - alpha)) * (1 - alpha / prev)
  const clean = combine([1 / Math.sqrt(alpha), sample], [-Math.sqrt(1 - alpha) / Math.sqrt(alpha), epsilon])
  return { mean: combine([Math.sqrt(prev), clean], [Math.sqrt(Math.max(0, 1 - prev - variance)), epsilon]), deviation: Math.sqrt(variance) }
}
