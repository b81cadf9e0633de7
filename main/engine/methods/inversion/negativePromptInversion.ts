/**
 * Negative-prompt inversion (Miyake et al. 2023, arXiv 2305.16807): with the source prompt in the place of the
 * negative one, guidance on the source branch cancels (eps_c + g (eps_c - eps_c)), and it reconstructs as well as
 * without guidance. No optimisation, no extra call.
 */
import { requireSameShape } from '../../tensor/elementwise.ts'
import type { PromptEmbeds } from '../../tensor/tensor.ts'

/**
 * The embedding to use as the negative prompt: the source prompt's, or a point on the way from it to the empty
 * prompt's, by spherical interpolation of the whole flattened embedding.
 *
 * @param towardsEmpty 0 (the source prompt) to 1 (the empty prompt)
 */
export function negativeEmbeds(source: PromptEmbeds, empty: PromptEmbeds, towardsEmpty = 0): PromptEmbeds {
  if (towardsEmpty === 0) return source
  requireSameShape(source, empty)
  const [sourceNorm, emptyNorm] = [norm(source.data), norm(empty.data)]
  let cosine = 0
  for (let i = 0; i < source.data.length; i++) cosine += (source.data[i] / sourceNorm) * (empty.data[i] / emptyNorm)
  const angle = Math.acos(Math.max(-1, Math.min(1, cosine)))
  // nearly parallel: the arc is a line, and its formula 0/0
  const [a, b] =
    Math.sin(angle) < 1e-6
      ? [1 - towardsEmpty, towardsEmpty]
      : [Math.sin((1 - towardsEmpty) * angle) / Math.sin(angle), Math.sin(towardsEmpty * angle) / Math.sin(angle)]
  return { data: source.data.map((value, i) => a * value + b * empty.data[i]), dims: source.dims }
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}
