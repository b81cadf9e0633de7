/**
 * The analytic "net" of the inversion goldens: eps(x, t, c) = tanh(0.8 x + 0.3 mean(c)) (0.5 + 0.5 t/1000), with
 * prompts c_k[i] = cos(0.05 i + k) + 0.5 k of shape (1,77,8): k = 0 the empty one, 1 the source, 2 the target;
 * z0 = arange(64)/32 - 1 of shape (1,4,4,4); 50 DDIM steps, leading spacing, offset 0, guidance 7.5.
 */
import type { EpsilonGradient } from '../../main/engine/methods/inversion/nullTextInversion.ts'
import type { EpsilonModel } from '../../main/engine/methods/shared/ddimPath.ts'
import { createDdimPath } from '../../main/engine/methods/shared/ddimPath.ts'
import { combine } from '../../main/engine/tensor/elementwise.ts'
import type { Latents, PromptEmbeds } from '../../main/engine/tensor/tensor.ts'

/** g of every guided run. */
export const GUIDANCE = 7.5

/** The path of the goldens. */
export const toyPath = createDdimPath(
  { beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear', clip_sample: false, set_alpha_to_one: false, steps_offset: 0 },
  50,
)

/** c_k. */
export function toyPrompt(k: number): PromptEmbeds {
  return { data: Float32Array.from({ length: 77 * 8 }, (_, i) => Math.cos(0.05 * i + k) + 0.5 * k), dims: [1, 77, 8] }
}

/** z0. */
export const toyLatents: Latents = { data: Float32Array.from({ length: 64 }, (_, i) => i / 32 - 1), dims: [1, 4, 4, 4] }

/** Mean of a prompt's numbers. */
export function promptMean(prompt: PromptEmbeds): number {
  return prompt.data.reduce((sum, value) => sum + value, 0) / prompt.data.length
}

/** eps for one number. */
export function toyEpsilon(x: number, timestep: number, mean: number): number {
  return Math.tanh(0.8 * x + 0.3 * mean) * (0.5 + (0.5 * timestep) / 1000)
}

/** eps as a model. */
export const toyModel: EpsilonModel = async (sample, timestep, prompt) => {
  const mean = promptMean(prompt)
  return { data: sample.data.map((x) => toyEpsilon(x, timestep, mean)), dims: sample.dims }
}

/** Its derivative with respect to the prompt: every number of it has the same. */
export const toyGradient: EpsilonGradient = async (sample, timestep, prompt, upstream) => {
  const mean = promptMean(prompt)
  const factor = (0.3 / prompt.data.length) * (0.5 + (0.5 * timestep) / 1000)
  const total = sample.data.reduce((sum, x, i) => sum + upstream.data[i] * (1 - Math.tanh(0.8 * x + 0.3 * mean) ** 2), 0)
  return { data: new Float32Array(prompt.data.length).fill(total * factor), dims: prompt.dims }
}

/** Guided eps: eps_u + g (eps_c - eps_u). */
export function guided(unconditional: PromptEmbeds): EpsilonModel {
  return async (sample, timestep, prompt) =>
    combine([1 - GUIDANCE, await toyModel(sample, timestep, unconditional)], [GUIDANCE, await toyModel(sample, timestep, prompt)])
}
