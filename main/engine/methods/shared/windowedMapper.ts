/**
 * Mappers of prompt-to-prompt for prompts of several windows: made over the prompts' own count of tokens, as for one
 * window, then laid out over the windows' places. Begin, end and padding of a window go to those of the same window.
 */
import type { PromptPlaces } from '../../text/promptPlaces.ts'
import { endPlace, placeOf } from '../../text/promptPlaces.ts'
import type { RefinementMapper, WordPair } from './promptAlignment.ts'
import { refinementMapper, replacementMapper } from './promptAlignment.ts'

/** {@link refinementMapper} over `windows` windows. */
export function windowedRefinement(source: PromptPlaces, target: PromptPlaces, windows: number): RefinementMapper {
  const { windowLength } = target
  const flat = refinementMapper(source.ids, target.ids, Math.max(source.ids.length, target.ids.length))
  const mapper = Array.from({ length: windowLength * windows }, (_, place) => place)
  for (let window = 0; window < windows; window++) mapper[endPlace(target, window)] = endPlace(source, window)
  for (let position = 1; position < target.ids.length - 1; position++) {
    const from = flat.mapper[position]!
    // an end token spelled out in a description could align with the end itself; it then counts as new
    const isContent = from >= 1 && from < source.ids.length - 1
    mapper[placeOf(target, position)!] = isContent ? placeOf(source, from)! : -1
  }
  return { mapper, alphas: mapper.map((from) => (from < 0 ? 0 : 1)) }
}

/** {@link replacementMapper} over `windows` windows, [length, length] with length = 77 x windows. Pairs in the prompts' own count. */
export function windowedReplacement(pairs: readonly WordPair[], source: PromptPlaces, target: PromptPlaces, windows: number): Float32Array {
  const { windowLength } = target
  const length = windowLength * windows
  const flatLength = Math.max(source.ids.length, target.ids.length)
  const flat = replacementMapper(pairs, flatLength)
  const matrix = new Float32Array(length * length)
  for (let window = 0; window < windows; window++) {
    const begin = windowLength * window
    matrix[begin * length + begin] = 1
    const [from, to] = [endPlace(source, window), endPlace(target, window)]
    const last = begin + windowLength - 1
    for (let k = 0; from + k <= last && to + k <= last; k++) matrix[(from + k) * length + to + k] = 1
  }
  for (let i = 1; i < source.ids.length - 1; i++) {
    for (let j = 1; j < target.ids.length - 1; j++) {
      const value = flat[i * flatLength + j]!
      if (value !== 0) matrix[placeOf(source, i)! * length + placeOf(target, j)!] = value
    }
  }
  return matrix
}
