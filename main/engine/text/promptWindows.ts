/**
 * From a prompt to the windows of tokens that the text encoder sees, each of 77 with begin and end.
 *
 * Most prompts are one window. A longer one is cut, and the lost words are named, or spread over several windows
 * whose states are joined along the token axis. BREAK starts a new window either way.
 */
import type { ClipTokenizer } from './clipTokenizer.ts'
import type { WeightedText } from './promptWeights.ts'
import { parsePromptWeights } from './promptWeights.ts'
import { alignWords } from './wordAlignment.ts'

/** One window for the text encoder. */
export interface TokenWindow {
  /** `maxLength` ids: begin, content, end, padding */
  readonly ids: readonly number[]
  /** one weight per id; 1 for begin, end and padding */
  readonly weights: readonly number[]
  /** how many of the ids are content */
  readonly contentCount: number
}

/** A prompt as windows. */
export interface PromptWindows {
  readonly windows: readonly TokenWindow[]
  /** content tokens of the whole prompt, lost ones included */
  readonly tokenCount: number
  /** words cut off by `truncate`, in order; a word is lost when any of its tokens is */
  readonly lostWords: readonly string[]
}

/** What to do with a prompt that is longer than a window. */
export type LongPrompt = 'truncate' | 'chunk'

interface WeightedWord {
  readonly word: string
  readonly ids: readonly number[]
  readonly weight: number
}

/** Lays out a prompt, marks and weights included. An empty prompt is one window of begin, end and padding. */
export function layOutPrompt(tokenizer: ClipTokenizer, prompt: string, longPrompt: LongPrompt = 'truncate'): PromptWindows {
  const windows: TokenWindow[] = []
  const lostWords: string[] = []
  let tokenCount = 0
  for (const part of parsePromptWeights(prompt)) {
    const words = part.flatMap((stretch) => weighWords(tokenizer, stretch))
    tokenCount += words.reduce((sum, { ids }) => sum + ids.length, 0)
    const rows = chunkWords(words, tokenizer.maxLength - 2)
    if (longPrompt === 'chunk') {
      windows.push(...rows.map((row) => toWindow(tokenizer, row)))
    } else {
      windows.push(toWindow(tokenizer, words))
      lostWords.push(...lostFrom(words, tokenizer.maxLength - 2))
    }
  }
  return { windows, tokenCount, lostWords }
}

/** Fills up to `count` windows with empty ones, so that prompt and negative prompt are of one length. */
export function padWindows(tokenizer: ClipTokenizer, windows: readonly TokenWindow[], count: number): TokenWindow[] {
  const missing = Math.max(0, count - windows.length)
  return [...windows, ...Array.from({ length: missing }, () => toWindow(tokenizer, []))]
}

/** The sentence for a person about words that were cut off, or null when none was. */
export function describeLostWords(result: PromptWindows, limit: number): string | null {
  const { lostWords, tokenCount } = result
  if (lostWords.length === 0) return null
  const shown = lostWords.length > 12 ? [...lostWords.slice(0, 12), `and ${lostWords.length - 12} more`] : lostWords
  return (
    `The prompt has ${tokenCount} tokens and the model reads ${limit} at a time; ` +
    `not read: ${shown.join(' ')}. Shorten it, or use --long-prompt chunk.`
  )
}

/** A stretch's tokens, word by word; together exactly the tokens of the stretch. */
function weighWords(tokenizer: ClipTokenizer, { text, weight }: WeightedText): WeightedWord[] {
  const { ids } = tokenizer.encode(text)
  const words = alignWords(tokenizer, text)
  // A token belongs to the first word that holds any of it; what no word holds follows the word before.
  const owner = new Map<number, number>()
  words.forEach(({ positions }, w) => positions.forEach((position) => owner.has(position) || owner.set(position, w)))
  const grouped: number[][] = words.map(() => [])
  let current = 0
  ids.forEach((id, i) => {
    current = owner.get(i + 1) ?? current
    grouped[current]?.push(id)
  })
  return words.map(({ word }, w) => ({ word, ids: grouped[w], weight }))
}

/** Packs whole words into rows of at most `limit` tokens; only a word longer than a row is cut. */
function chunkWords(words: readonly WeightedWord[], limit: number): WeightedWord[][] {
  const rows: WeightedWord[][] = [[]]
  let used = 0
  for (const word of words) {
    if (used > 0 && used + word.ids.length > limit && word.ids.length <= limit) {
      rows.push([])
      used = 0
    }
    let rest = word.ids
    while (used + rest.length > limit) {
      rows[rows.length - 1].push({ ...word, ids: rest.slice(0, limit - used) })
      rest = rest.slice(limit - used)
      rows.push([])
      used = 0
    }
    rows[rows.length - 1].push({ ...word, ids: rest })
    used += rest.length
  }
  return rows
}

function toWindow(tokenizer: ClipTokenizer, words: readonly WeightedWord[]): TokenWindow {
  const limit = tokenizer.maxLength - 2
  const content = words.flatMap(({ ids, weight }) => ids.map((id) => ({ id, weight }))).slice(0, limit)
  const padding = Array<number>(tokenizer.maxLength - 1 - content.length).fill(1)
  return {
    ids: tokenizer.window(content.map(({ id }) => id)),
    weights: [1, ...content.map(({ weight }) => weight), ...padding],
    contentCount: content.length,
  }
}

function lostFrom(words: readonly WeightedWord[], limit: number): string[] {
  let used = 0
  return words.filter(({ ids }) => (used += ids.length) > limit && ids.length > 0).map(({ word }) => word)
}
