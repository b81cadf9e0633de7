/**
 * A prompt as text with weights: "a (red:1.2) cat". Pure functions over text and selection, used by the prompt box.
 */

/** Text and the part of it that is selected. */
export type Selection = { readonly text: string; readonly from: number; readonly to: number }

const STEP = 0.1
const LEAST = 0.1
const MOST = 2

/**
 * Ctrl+up and Ctrl+down: the weight of the selected words, or of the word at the cursor, by a tenth. Weight 1 is written
 * without parentheses. What was selected stays selected.
 */
export function reweight(selection: Selection, direction: 1 | -1): Selection {
  const inside = weightedAround(selection)
  if (inside) {
    const weight = Math.min(MOST, Math.max(LEAST, Math.round((inside.weight + direction * STEP) * 10) / 10))
    return put(selection.text, inside.start, inside.end, inside.words, weight)
  }
  const { from, to } = wordsAround(selection)
  if (from === to) return selection
  return put(selection.text, from, to, selection.text.slice(from, to), 1 + direction * STEP)
}

function put(text: string, start: number, end: number, words: string, weight: number): Selection {
  const plain = Math.abs(weight - 1) < 1e-9
  const written = plain ? words : `(${words}:${Math.round(weight * 10) / 10})`
  const from = start + (plain ? 0 : 1)
  return { text: text.slice(0, start) + written + text.slice(end), from, to: from + words.length }
}

/** The "(words:weight)" that a selection lies in. */
function weightedAround({ text, from, to }: Selection): { start: number; end: number; words: string; weight: number } | null {
  for (const match of text.matchAll(/\(([^():]+):(\d+(?:\.\d+)?)\)/g)) {
    const start = match.index
    const end = start + match[0].length
    if (from >= start && to <= end) return { start, end, words: match[1]!, weight: Number(match[2]) }
  }
  return null
}

/** The selection without blanks at its ends; the word at the cursor when nothing is selected. */
function wordsAround({ text, from, to }: Selection): { from: number; to: number } {
  if (from !== to) {
    const chosen = text.slice(from, to)
    return { from: from + (chosen.length - chosen.trimStart().length), to: to - (chosen.length - chosen.trimEnd().length) }
  }
  const part = /[\p{L}\p{N}'-]/u
  let start = from
  let end = from
  while (start > 0 && part.test(text[start - 1]!)) start--
  while (end < text.length && part.test(text[end]!)) end++
  return { from: start, to: end }
}

/** Words of a prompt without weights and punctuation, lower case, each once, in order. */
export function wordsOf(text: string): string[] {
  return [...new Set((text.replace(/:\d+(?:\.\d+)?\)/g, ')').toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}'-]*/gu) ?? []))]
}

/** Words that a model which lists its vocabulary does not know; none when it lists none. */
export function unknownWords(text: string, vocabulary: ReadonlySet<string> | null): string[] {
  return vocabulary ? wordsOf(text).filter((word) => !vocabulary.has(word) && !/^\d+$/.test(word)) : []
}

/** What can complete the word before the cursor: known words that begin with it, shortest first, at most eight. */
export function completions(text: string, cursor: number, vocabulary: readonly string[] | null): { readonly from: number; readonly words: readonly string[] } {
  const typed = /[\p{L}\p{N}'-]*$/u.exec(text.slice(0, cursor))![0].toLowerCase()
  const from = cursor - typed.length
  if (!vocabulary || typed.length === 0 || /[\p{L}\p{N}]/u.test(text[cursor] ?? '')) return { from, words: [] }
  const words = vocabulary.filter((word) => word.startsWith(typed) && word !== typed).toSorted((a, b) => a.length - b.length || a.localeCompare(b))
  return { from, words: words.slice(0, 8) }
}
