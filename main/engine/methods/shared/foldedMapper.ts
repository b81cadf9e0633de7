/**
 * Prompt-to-prompt's edit of a map with all its factors folded into two: what the net's graph computes.
 *
 * | symbol | meaning |
 * |---|---|
 * | S, T | a row of source and of target maps, one number per token |
 * | M [w, n] | mapper: refinement (one source token per target token) or replacement (spread) |
 * | a_n | 1 where the source's map is taken, 0 for a new token |
 * | c_n | token scale (reweighting) |
 * | A_n | this step's window, 0 or 1 |
 *
 * A (S M a + T (1 - a)) c + (1 - A) T  =  S mapper + T keep, with
 * mapper[w, n] = M[w, n] a_n c_n A_n and keep_n = (1 - a_n) c_n A_n + 1 - A_n.
 */
import type { CrossAttentionEdit, MapEdit } from './attentionEdits.ts'

/** The two factors; mapper [tokens, tokens] row-major by source token, keep [tokens]. */
export interface FoldedMapper {
  readonly mapper: Float32Array
  readonly keep: Float32Array
}

/** Folds one step's edit; equal to {@link editCrossAttention} on every row of maps. */
export function foldMapper({ edit, scale, window }: CrossAttentionEdit): FoldedMapper {
  const tokens = window.length
  const mapper = new Float32Array(tokens * tokens)
  const keep = new Float32Array(tokens)
  for (let n = 0; n < tokens; n++) {
    const weight = (scale?.[n] ?? 1) * window[n]!
    keep[n] = ownShare(edit, n) * weight + 1 - window[n]!
    for (let w = 0; w < tokens; w++) mapper[w * tokens + n] = sourceShare(edit, w, n, tokens) * weight
  }
  return { mapper, keep }
}

function ownShare(edit: MapEdit, n: number): number {
  if (edit.kind === 'keep') return 1
  return edit.kind === 'refine' ? 1 - edit.mapper.alphas[n]! : 0
}

function sourceShare(edit: MapEdit, w: number, n: number, tokens: number): number {
  if (edit.kind === 'keep') return 0
  if (edit.kind === 'replace') return edit.matrix[w * tokens + n]!
  return edit.mapper.mapper[n] === w ? edit.mapper.alphas[n]! : 0
}
