/**
 * Guidance by an instruction and by the picture it edits: Brooks, Holynski and Efros 2023, "InstructPix2Pix",
 * arXiv 2211.09800, eq. 3:
 * eps = eps(0,0) + s_I (eps(I,0) - eps(0,0)) + s_T (eps(I,T) - eps(I,0)).
 */
import { combine } from '../tensor/elementwise.ts'
import type { Latents } from '../tensor/tensor.ts'
import type { Guidance } from './guidance.ts'

/** The three passes, each [B,C,h,w], in diffusers' batch order: text and image, image alone, neither. */
export interface InstructPasses {
  readonly text: Latents
  readonly image: Latents
  readonly unconditional: Latents
}

/**
 * Joins the three passes.
 * @param guidanceScale s_T, how closely the instruction is followed; 7.5 is usual
 * @param imageGuidanceScale s_I, how closely the picture is kept; 1.5 is usual
 */
export function combineInstruct(passes: InstructPasses, guidanceScale: number, imageGuidanceScale: number): Latents {
  return combine(
    [guidanceScale, passes.text],
    [imageGuidanceScale - guidanceScale, passes.image],
    [1 - imageGuidanceScale, passes.unconditional],
  )
}

/** InstructPix2Pix's guidance as an entry; scales: guidanceScale (7.5), imageGuidanceScale (1.5). */
export const instructPix2Pix: Guidance<'text' | 'image' | 'unconditional'> = {
  name: 'instruct-pix2pix',
  description: 'towards an instruction, and towards the picture it edits',
  passes: ['text', 'image', 'unconditional'],
  combine: (passes, { guidanceScale = 7.5, imageGuidanceScale = 1.5 }) => combineInstruct(passes, guidanceScale, imageGuidanceScale),
}
