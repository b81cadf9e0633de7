/**
 * Classifier-free guidance: Ho and Salimans 2022, arXiv 2207.12598, in Imagen's convention:
 * eps = eps_u + g (eps_c - eps_u); g = 1 is the conditional prediction alone.
 */
import { combine } from '../tensor/elementwise.ts'
import type { Latents } from '../tensor/tensor.ts'
import { rescaleGuidance } from './cfgRescale.ts'
import type { Guidance } from './guidance.ts'

/**
 * Joins the two predictions, each [B,C,h,w].
 *
 * @param unconditional eps_u, under the negative prompt
 * @param conditional eps_c, under the prompt
 * @param guidanceScale g; 7.5 is usual, 1 turns guidance off
 * @param guidanceRescale phi of cfgRescale.ts, 0..1
 */
export function combineGuidance(unconditional: Latents, conditional: Latents, guidanceScale: number, guidanceRescale = 0): Latents {
  const guided = combine([1 - guidanceScale, unconditional], [guidanceScale, conditional])
  return rescaleGuidance(guided, conditional, guidanceRescale)
}

/** Classifier-free guidance as an entry; scales: guidanceScale (7.5), guidanceRescale (0). */
export const classifierFree: Guidance<'unconditional' | 'conditional'> = {
  name: 'classifier-free',
  description: 'away from the negative prompt, towards the prompt',
  passes: ['unconditional', 'conditional'],
  combine: ({ unconditional, conditional }, { guidanceScale = 7.5, guidanceRescale = 0 }) =>
    combineGuidance(unconditional, conditional, guidanceScale, guidanceRescale),
}
