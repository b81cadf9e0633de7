/**
 * Where the tokens of a prompt stand among the keys of cross-attention: one window of 77, or several side by side.
 *
 * Words are found and aligned in the prompt's own count (begin = 0, content from 1, end behind it); maps, weights and
 * mappers are laid out over places: place = 77 x window + position in the window.
 */
import type { ClipTokenizer } from './clipTokenizer.ts'
import type { LongPrompt } from './promptWindows.ts'
import { layOutPrompt } from './promptWindows.ts'

/** A prompt's tokens and their places. */
export interface PromptPlaces {
  /** begin, the content that is read, end */
  readonly ids: readonly number[]
  /** content tokens per window that is not empty */
  readonly counts: readonly number[]
  /** positions of a window, 77 for CLIP */
  readonly windowLength: number
}

/** Lays out a prompt without weight marks. */
export function placesOf(tokenizer: ClipTokenizer, prompt: string, longPrompt: LongPrompt): PromptPlaces {
  const { windows } = layOutPrompt(tokenizer, prompt, longPrompt)
  const content = windows.flatMap(({ ids, contentCount }) => ids.slice(1, 1 + contentCount))
  return { ids: [tokenizer.beginId, ...content, tokenizer.endId], counts: windows.map(({ contentCount }) => contentCount), windowLength: tokenizer.maxLength }
}

/** The place of the content token at `position` of the prompt's own count (from 1); null for one that is not read. */
export function placeOf({ counts, windowLength }: PromptPlaces, position: number): number | null {
  let before = 0
  for (const [window, count] of counts.entries()) {
    if (position <= before + count) return windowLength * window + position - before
    before += count
  }
  return null
}

/** Places of content tokens; those that are not read are left out. */
export function placesAt(places: PromptPlaces, positions: readonly number[]): number[] {
  return positions.map((position) => placeOf(places, position)).filter((place) => place !== null)
}

/** Place of the end token of a window, also of one that is empty. */
export function endPlace({ counts, windowLength }: PromptPlaces, window: number): number {
  return windowLength * window + (counts[window] ?? 0) + 1
}
