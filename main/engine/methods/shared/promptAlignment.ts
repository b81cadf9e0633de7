/**
 * Which token of the source prompt a token of the target prompt corresponds to
 * (Hertz et al. 2022, "Prompt-to-Prompt Image Editing with Cross-Attention Control", arXiv 2208.01626, section 3).
 *
 * Two mappers: refinement aligns token sequences (Needleman and Wunsch 1970) and leaves new tokens unmapped;
 * replacement pairs words one to one and spreads a word's attention over the tokens of its replacement.
 */
import { badInput, failed } from '../../errors.ts'

/** What Needleman and Wunsch's algorithm found. */
export interface Alignment {
  readonly score: number
  /** per target token the source index it is matched with, or -1 */
  readonly sourceOf: readonly number[]
}

/** Where each target token's attention comes from, over a whole window of tokens. */
export interface RefinementMapper {
  /** source index per target position, or -1 for a new token */
  readonly mapper: readonly number[]
  /** 1 where the source's map is taken, 0 where the target keeps its own */
  readonly alphas: readonly number[]
}

/** Tokens of one word that differs: its positions in the source and in the target prompt (begin = 0). */
export interface WordPair {
  readonly source: readonly number[]
  readonly target: readonly number[]
}

const MATCH = 1
const MISMATCH = -1
type Move = 'left' | 'up' | 'diagonal'

/**
 * Global alignment with gap 0, match 1, mismatch -1. A gap costs less than a mismatch, so a substituted token is
 * never aligned: it counts as new. Among equals the algorithm prefers left, then up, then the diagonal.
 */
export function alignSequences(source: readonly number[], target: readonly number[]): Alignment {
  const columns = target.length + 1
  let above = Array<number>(columns).fill(0)
  const moves: Move[][] = [Array<Move>(columns).fill('left')]
  for (let i = 1; i <= source.length; i++) {
    const row = [0]
    const rowMoves: Move[] = ['up']
    for (let j = 1; j < columns; j++) {
      const left = row[j - 1]
      const up = above[j]
      const diagonal = above[j - 1] + (source[i - 1] === target[j - 1] ? MATCH : MISMATCH)
      const best = Math.max(left, up, diagonal)
      row.push(best)
      rowMoves.push(best === left ? 'left' : best === up ? 'up' : 'diagonal')
    }
    above = row
    moves.push(rowMoves)
  }

  const sourceOf = Array<number>(target.length).fill(-1)
  let [i, j] = [source.length, target.length]
  while (i > 0 || j > 0) {
    const move = moves[i][j]
    if (move !== 'up') j -= 1
    if (move !== 'left') i -= 1
    if (move === 'diagonal') sourceOf[j] = i
  }
  return { score: above[target.length], sourceOf }
}

/**
 * The mapper of an edit that adds or changes words.
 *
 * @param sourceIds tokens of the source prompt with begin and end, without padding
 * @param targetIds the same of the target prompt
 * @param length positions in a window, 77 for CLIP; padding positions map to themselves
 */
export function refinementMapper(sourceIds: readonly number[], targetIds: readonly number[], length = 77): RefinementMapper {
  const { sourceOf } = alignSequences(sourceIds, targetIds)
  const mapper = Array.from({ length }, (_, j) => (j < sourceOf.length ? sourceOf[j] : j))
  return { mapper, alphas: mapper.map((index) => (index < 0 ? 0 : 1)) }
}

/**
 * The matrix M [source, target] of an edit that replaces words one for one, row-major [length, length]:
 * target maps are R[n] = sum_w base[w] M[w, n].
 *
 * @param pairs the differing words, in order of the prompt
 * @param referenceExact keep the reference's slip: behind the last differing word it writes M[j, j] where M[i, j]
 *   is meant, which shifts everything behind it when the two words have different numbers of tokens
 * @throws EngineError swap/word-tokens when a word has no token.
 */
export function replacementMapper(pairs: readonly WordPair[], length = 77, referenceExact = false): Float32Array {
  if (pairs.some(({ source, target }) => source.length === 0 || target.length === 0)) {
    throw failed('swap/word-tokens', 'A replaced word has no token of its own; use --align refine.')
  }
  const matrix = new Float32Array(length * length)
  const put = (i: number, j: number, value: number): void => {
    if (i < length && j < length) matrix[i * length + j] = value
  }
  let [i, j, next] = [0, 0, 0]
  while (i < length && j < length) {
    const pair = pairs[next]
    if (pair && pair.source[0] === i) {
      const { source, target } = pair
      if (source.length === target.length) source.forEach((from, k) => put(from, target[k], 1))
      else for (const from of source) for (const to of target) put(from, to, 1 / target.length)
      i += source.length
      j += target.length
      next += 1
      continue
    }
    put(pair || !referenceExact ? i : j, j, 1)
    i += 1
    j += 1
  }
  return matrix
}

/**
 * Indices of the words that differ between two prompts of equally many words.
 * @throws EngineError swap/word-count when the counts differ.
 */
export function differingWords(source: readonly string[], target: readonly string[]): number[] {
  if (source.length !== target.length) {
    throw badInput('swap/word-count', {
      thing: 'Replacing words',
      expected: `prompts of equally many words`,
      found: `${source.length} and ${target.length}`,
      todo: 'use --align refine',
    })
  }
  return source.flatMap((word, index) => (word === target[index] ? [] : [index]))
}
