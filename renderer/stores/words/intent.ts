/** From the words panel to what is run. */
import type { StrokeTile } from '../../../preload/contract/documents.ts'
import type { IntentInput } from '../../../preload/contract/edits.ts'
import { bare, chipState } from './chips.ts'
import type { Glow, WordsState } from './state.ts'
import { maskPreview } from './maps.ts'
import { changesOf, targetOf } from './target.ts'

/** Why nothing can be run yet; null when something can. */
export type SwapObstacle = 'no-description' | 'nothing-changed' | 'no-words-left'

/** The target as it is shown before Go. */
export function targetText({ chips, outright }: Pick<WordsState, 'chips' | 'outright'>): string {
  return outright ?? targetOf(chips).text
}

/** What keeps the chips from being run. */
export function obstacleOf(state: WordsState): SwapObstacle | null {
  if (state.description.trim() === '') return 'no-description'
  if (targetText(state).trim() === '') return 'no-words-left'
  const changed = state.outright !== null ? state.outright.trim() !== state.description.trim() : state.chips.some((chip) => chipState(chip) !== 'kept')
  const weighed = changesOf(state.chips, state.outright).weight.length > 0
  return changed || weighed || paintOf(state).length > 0 ? null : 'nothing-changed'
}

/**
 * The swap that the chips stand for. Words to change are chips of the description, so a word that is not there cannot be
 * asked for.
 * @param activeMask the mask in force, which confines the edit when the person wants that
 * @returns null while there is an obstacle
 */
export function swapIntent(state: WordsState, activeMask: number | null): Extract<IntentInput, { intent: 'swap' }> | null {
  if (obstacleOf(state)) return null
  const { swap, add, remove, weight, target } = changesOf(state.chips, state.outright)
  const { confine, ...options } = state.options
  return {
    intent: 'swap', description: state.description.trim(), ...(target === undefined ? {} : { target }),
    swap: [...swap], add: [...add], remove: [...remove], weight: [...weight], ...options,
    paint: paintOf(state), mask: confine ? activeMask : null, sampling: state.sampling,
  }
}

/** Painted wishes for words that the target has; the others wait until it has them again. */
function paintOf(state: WordsState): { word: string; tiles: StrokeTile[] }[] {
  const words = new Set(targetText(state).split(/\s+/).map(bare))
  return [...state.paint].flatMap(([word, tiles]) => (tiles.size > 0 && word.split(' ').every((part) => words.has(bare(part))) ? [{ word, tiles: [...tiles.values()] }] : []))
}

/** What is laid over the picture, given whether a result is looked at: that one is judged without a glow that was not asked for. */
export function seenGlow(state: WordsState, resultShown: boolean): Glow | null {
  const glow = glowOf(state)
  return resultShown && glow?.kind === 'glow' ? null : glow
}

/** What is to be laid over the picture now. */
export function glowOf(state: WordsState): Glow | null {
  const place = state.shown && state.maps?.places.get(state.shown.chip)
  const map = place && state.maps?.read.get(place.index)
  if (map && state.shown) return state.shown.asMask ? { kind: 'mask', map: maskPreview(map, state.threshold), word: place.word } : { kind: 'glow', map, word: place.word }
  return state.errorShown && state.fidelity ? { kind: 'error', media: state.fidelity.errorMap } : null
}
