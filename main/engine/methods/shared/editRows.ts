/** The rows of the batch in which a source and a target are denoised side by side. */

/** Row numbers; null where a row is not needed. */
export interface EditRows {
  /** the source under its prompt */
  readonly source: 0
  /** the target under its prompt */
  readonly target: 1
  /** the target under the negative prompt */
  readonly targetNegative: number | null
  /** the source under the negative prompt: only where its way is not known beforehand */
  readonly sourceNegative: number | null
  /** how many rows in all */
  readonly count: number
}

/**
 * Lays out the rows of an edit.
 * @param guided whether classifier-free guidance is on
 * @param sourceGuided whether the source needs its own unconditional prediction; not when its latents are known
 *   (direct inversion) or when its negative prompt is its prompt (negative-prompt inversion: the terms cancel)
 */
export function layOutRows(guided: boolean, sourceGuided: boolean): EditRows {
  const targetNegative = guided ? 2 : null
  const sourceNegative = guided && sourceGuided ? 3 : null
  return { source: 0, target: 1, targetNegative, sourceNegative, count: 2 + (guided ? 1 : 0) + (sourceNegative === null ? 0 : 1) }
}
