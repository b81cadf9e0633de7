/**
 * The edits of cross-attention maps (Hertz et al. 2022, arXiv 2208.01626, section 3), as plain arithmetic. The
 * nets compile the same arithmetic into their graphs; this form states it and is what they are tested against.
 *
 * Maps are [rows, tokens], row-major; a row is one query pixel of one head: a distribution over the tokens.
 */
import type { RefinementMapper } from './promptAlignment.ts'

/** One way to make target maps from source maps. */
export type MapEdit =
  | { readonly kind: 'refine'; readonly mapper: RefinementMapper }
  | { readonly kind: 'replace'; /** [tokens, tokens] */ readonly matrix: Float32Array }
  | { readonly kind: 'keep' }

/** What steers the cross-attention of a target row at one step. */
export interface CrossAttentionEdit {
  readonly edit: MapEdit
  /** factor per target token (reweighting); absent: none */
  readonly scale?: Float32Array | undefined
  /** this step's row of the window table: 1 takes the edited map, 0 the target's own */
  readonly window: Float32Array
}

/**
 * The target's maps after the edit. They are not normalised again: a reweighted or refined row need not sum to 1.
 *
 * @param source the source branch's maps
 * @param target the target branch's own maps, of the same shape
 */
export function editCrossAttention(source: Float32Array, target: Float32Array, steering: CrossAttentionEdit): Float32Array {
  const tokens = steering.window.length
  const edited = applyEdit(source, target, steering.edit, tokens)
  return edited.map((value, i) => {
    const token = i % tokens
    const weight = steering.window[token]
    return value * (steering.scale?.[token] ?? 1) * weight + target[i] * (1 - weight)
  })
}

/** Per-token factors for reweighting: 1 but at the given positions. */
export function tokenScale(weights: readonly { readonly positions: readonly number[]; readonly value: number }[], length = 77): Float32Array {
  const scale = new Float32Array(length).fill(1)
  for (const { positions, value } of weights) for (const position of positions) scale[position] = value
  return scale
}

function applyEdit(source: Float32Array, target: Float32Array, edit: MapEdit, tokens: number): Float32Array {
  switch (edit.kind) {
    case 'keep':
      return target
    case 'refine': {
      const { mapper, alphas } = edit.mapper
      return source.map((_, i) => {
        const token = i % tokens
        const own = target[i] * (1 - alphas[token])
        return mapper[token] < 0 ? own : source[i - token + mapper[token]] * alphas[token] + own
      })
    }
    case 'replace':
      return multiplyRows(source, edit.matrix, tokens)
  }
}

/** R[row, n] = sum_w source[row, w] M[w, n]. */
function multiplyRows(source: Float32Array, matrix: Float32Array, tokens: number): Float32Array {
  const result = new Float32Array(source.length)
  for (let start = 0; start < source.length; start += tokens) {
    for (let n = 0; n < tokens; n++) {
      let sum = 0
      for (let w = 0; w < tokens; w++) sum += source[start + w] * matrix[w * tokens + n]
      result[start + n] = sum
    }
  }
  return result
}
