/**
 * Weighted prompts, with the arithmetic of AUTOMATIC1111's web UI.
 *
 * | written | weight |
 * |---|---|
 * | `(words)` | 1.1; nested parentheses multiply |
 * | `[words]` | 1/1.1 |
 * | `(words:1.3)` | 1.3, times what surrounds it |
 * | `\(` `\)` `\[` `\]` `\\` | the character itself |
 * | `BREAK` | what follows starts a new window |
 */
import type { PromptEmbeds } from '../tensor/tensor.ts'

/** A stretch of the prompt with one weight. */
export interface WeightedText {
  readonly text: string
  readonly weight: number
}

/** A prompt without its marks: parts separated by BREAK, each of weighted stretches (never empty). */
export type WeightedPrompt = readonly (readonly WeightedText[])[]

const PARENTHESIS = 1.1
const BRACKET = 1 / 1.1

/** Escapes, the end of a weighted group with its number, single marks, plain stretches, a lone backslash or colon. */
const MARKS = /\\[()[\]\\]|:\s*([+-]?[.\d]+)\s*\)|[()[\]]|[^\\()[\]:]+|[\\:]/g

/**
 * Parses a prompt's marks. Marks that do not close are closed at the end; ones that were never opened stand for
 * themselves. Numbers that are none (`(word:.)`) leave their text as it is written.
 */
export function parsePromptWeights(prompt: string): WeightedPrompt {
  const stretches: { text: string; weight: number }[] = []
  const parentheses: number[] = []
  const brackets: number[] = []
  const scaleFrom = (start: number | undefined, factor: number): void => {
    for (const stretch of stretches.slice(start)) stretch.weight *= factor
  }

  for (const match of prompt.matchAll(MARKS)) {
    const [mark, number] = match
    const weight = number === undefined ? NaN : Number(number)
    if (mark === '(') parentheses.push(stretches.length)
    else if (mark === '[') brackets.push(stretches.length)
    else if (!Number.isNaN(weight) && parentheses.length > 0) scaleFrom(parentheses.pop(), weight)
    else if (mark === ')' && parentheses.length > 0) scaleFrom(parentheses.pop(), PARENTHESIS)
    else if (mark === ']' && brackets.length > 0) scaleFrom(brackets.pop(), BRACKET)
    else stretches.push({ text: mark.startsWith('\\') ? mark.slice(1) : mark, weight: 1 })
  }
  for (const start of parentheses) scaleFrom(start, PARENTHESIS)
  for (const start of brackets) scaleFrom(start, BRACKET)
  return splitAtBreaks(stretches)
}

/** The prompt's words without marks and weights, for methods that take none: as written but for the marks. */
export function plainPrompt(prompt: string): string {
  return parsePromptWeights(prompt)
    .map((part) => part.map(({ text }) => text).join(''))
    .join(' ')
}

/** Joins neighbours of equal weight, then cuts at the word BREAK. */
function splitAtBreaks(stretches: readonly WeightedText[]): WeightedPrompt {
  const parts: WeightedText[][] = [[]]
  for (const { text, weight } of stretches) {
    text.split(/\s*\bBREAK\b\s*/).forEach((piece, i) => {
      if (i > 0) parts.push([])
      const part = parts[parts.length - 1]
      const last = part[part.length - 1]
      if (last && last.weight === weight) part[part.length - 1] = { text: last.text + piece, weight }
      else if (piece !== '') part.push({ text: piece, weight })
    })
  }
  return parts.map((part) => (part.length > 0 ? part : [{ text: '', weight: 1 }]))
}

/**
 * Applies token weights to a text encoder's last hidden state: every token's vector times its weight, then the
 * whole window times one factor that restores its mean.
 *
 * @param states [1, tokens, features] of one window
 * @param weights one number per token; begin, end and padding have 1
 */
export function applyTokenWeights(states: PromptEmbeds, weights: readonly number[]): PromptEmbeds {
  if (weights.every((weight) => weight === 1)) return states
  const features = states.data.length / weights.length
  const data = states.data.map((value, i) => value * weights[Math.floor(i / features)])
  const factor = sum(states.data) / sum(data)
  // a mean that weighting moved to zero cannot be restored
  return { data: Number.isFinite(factor) ? data.map((value) => value * factor) : data, dims: states.dims }
}

function sum(values: Float32Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}
