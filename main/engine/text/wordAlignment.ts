/**
 * Which tokens a word of the prompt became.
 *
 * CLIP's tokens spell bytes, so the tokens of a prompt, laid end to end, are its normalised text without spaces:
 * token and word boundaries are compared in bytes of that text. Positions count the begin token as 0, as
 * cross-attention maps do.
 */
import type { ClipTokenizer } from './clipTokenizer.ts'

/** A word of the prompt and its tokens. */
export interface AlignedWord {
  /** as written, without surrounding space */
  readonly word: string
  /** positions in the window, begin = 0; empty when the tokenizer dropped the word */
  readonly positions: readonly number[]
}

interface Span {
  readonly start: number
  readonly end: number
}

/** The prompt's words (split at white space) with their tokens. */
export function alignWords(tokenizer: ClipTokenizer, text: string): AlignedWord[] {
  const { spans, tokens } = layOut(tokenizer, text)
  return splitWords(text).map((word, i) => ({ word, positions: tokensWithin(tokens, spans[i]) }))
}

/**
 * Positions of a word, or of several words in a row, in the prompt; of every occurrence. Case and punctuation do
 * not matter: "cat" finds the word itself in "Cat, sitting", without the comma.
 * @returns ascending positions, begin = 0; empty when the prompt does not hold the word
 */
export function wordPositions(tokenizer: ClipTokenizer, text: string, wanted: string): number[] {
  const words = splitWords(text)
  const sought = splitWords(wanted)
  if (sought.length === 0) return []
  const { spans, tokens } = layOut(tokenizer, text)
  const found = new Set<number>()
  const collect = (have: readonly string[], want: readonly string[], haveSpans: readonly Span[]): void => {
    for (let i = 0; i + want.length <= have.length; i++) {
      if (!want.every((word, k) => have[i + k] === word)) continue
      for (let k = 0; k < want.length; k++) for (const position of tokensWithin(tokens, haveSpans[i + k])) found.add(position)
    }
  }
  const fold = (word: string): string => tokenizer.normalize(word).toLowerCase()
  collect(words.map(fold), sought.map(fold), spans)
  const pieces = words.flatMap((word, i) => splitPunctuation(tokenizer, word, spans[i]))
  const soughtPieces = sought.flatMap((word) => splitPunctuation(tokenizer, word, { start: 0, end: 0 }))
  // punctuation between the words is skipped on both sides; a wanted mark alone is looked for as it is
  const named = (piece: { text: string }): boolean => !isPunctuation(piece.text)
  const keep = soughtPieces.some(named) ? named : () => true
  const [have, want] = [pieces.filter(keep), soughtPieces.filter(keep)]
  collect(have.map(({ text: piece }) => fold(piece)), want.map(({ text: piece }) => fold(piece)), have.map(({ span }) => span))
  return [...found].sort((a, b) => a - b)
}

/**
 * Positions as the reference code of prompt-to-prompt counts them, slips included: words are what stands between
 * single spaces and must be given as written ("cat" does not find "cat,"), and tokens are walked by the length of
 * their decoded text, which double spaces and letters of several bytes put out of step. For comparisons only.
 *
 * @param word the word, or its index in the prompt
 */
export function referenceWordPositions(tokenizer: ClipTokenizer, text: string, word: string | number): number[] {
  const words = text.split(' ')
  const wanted = typeof word === 'number' ? [word] : words.flatMap((candidate, i) => (candidate === word ? [i] : []))
  const positions: number[] = []
  let [place, length] = [0, 0]
  for (const [i, token] of tokenizer.encode(text).tokens.entries()) {
    length += [...decodeToken(token)].length
    if (wanted.includes(place)) positions.push(i + 1)
    if (length >= [...(words[place] ?? '')].length) {
      place += 1
      length = 0
    }
  }
  return positions
}

/** The prompt's words: what stands between white space. */
export function splitWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

/** Byte spans of words and tokens over the normalised text without spaces. */
function layOut(tokenizer: ClipTokenizer, text: string): { spans: Span[]; tokens: Span[] } {
  const words = splitWords(text)
  const spans = consecutive(words.map((word) => byteLength(tokenizer.normalize(word))))
  const tokens = consecutive(tokenizer.encode(words.join(' ')).tokens.map(spelledBytes))
  const total = spans.at(-1)?.end ?? 0
  if ((tokens.at(-1)?.end ?? 0) === total) return { spans, tokens }
  // Some token does not spell its bytes (an unknown one): give each word its own tokens, spread over its bytes.
  return {
    spans,
    tokens: words.flatMap((word, i) => {
      const count = tokenizer.encode(word).ids.length
      const { start, end } = spans[i]
      return Array.from({ length: count }, (_, k) => ({
        start: start + ((end - start) * k) / count,
        end: start + ((end - start) * (k + 1)) / count,
      }))
    }),
  }
}

/** Bytes a token spells: byte-level vocabularies write one character per byte, and mark word ends and spaces. */
function spelledBytes(token: string): number {
  return [...token.replace(/<\/w>$/, '').replaceAll('Ġ', '')].length
}

/** A token's text; bytes that are no whole letter become replacement characters. */
function decodeToken(token: string): string {
  const bytes = Uint8Array.from([...token.replace(/<\/w>$/, '')], (letter) => byteOfLetter(letter))
  return new TextDecoder().decode(bytes).trim().replace(/^#+|#+$/g, '')
}

/** The byte that a letter of a byte-level vocabulary stands for: printable ones for themselves, the rest from 256 on. */
function byteOfLetter(letter: string): number {
  const code = letter.codePointAt(0) ?? 0
  if (code < 256) return code
  const rest = code - 256
  // bytes without a printable letter, in order: 0..32, 127..160, 173
  return rest <= 32 ? rest : rest <= 66 ? rest - 33 + 127 : 173
}

function byteLength(text: string): number {
  return Buffer.byteLength(text.replace(/\s/g, ''), 'utf8')
}

function consecutive(lengths: readonly number[]): Span[] {
  let end = 0
  return lengths.map((length) => ({ start: end, end: (end += length) }))
}

/** Positions of the tokens that overlap a span. */
function tokensWithin(tokens: readonly Span[], span: Span): number[] {
  return tokens.flatMap(({ start, end }, i) => (start < span.end && end > span.start ? [i + 1] : []))
}

const PIECES = /[\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+/gu

function isPunctuation(text: string): boolean {
  return !/[\p{L}\p{M}\p{N}]/u.test(text)
}

/** A word cut into runs of letters and digits, and runs of anything else, each with its bytes. */
function splitPunctuation(tokenizer: ClipTokenizer, word: string, span: Span): { text: string; span: Span }[] {
  const texts = [...word.matchAll(PIECES)].map(([piece]) => piece)
  const spans = consecutive(texts.map((piece) => byteLength(tokenizer.normalize(piece))))
  return texts.map((text, i) => ({ text, span: { start: span.start + spans[i].start, end: span.start + spans[i].end } }))
}
