/** Mappers over several windows: what one window would do, laid out over the windows' places. */
import { describe, expect, test } from 'vitest'
import { refinementMapper, replacementMapper } from '../../../../../main/engine/methods/shared/promptAlignment.ts'
import { windowedRefinement, windowedReplacement } from '../../../../../main/engine/methods/shared/windowedMapper.ts'
import type { PromptPlaces } from '../../../../../main/engine/text/promptPlaces.ts'
import { endPlace, placeOf, placesAt } from '../../../../../main/engine/text/promptPlaces.ts'

const BEGIN = 100
const END = 101
/** windows of 8 positions, so of up to 6 content tokens */
const places = (...windows: number[][]): PromptPlaces => ({ ids: [BEGIN, ...windows.flat(), END], counts: windows.map((content) => content.length), windowLength: 8 })

describe('places', () => {
  const long = places([1, 2, 3, 4, 5], [6, 7])

  test('content goes on in the next window, behind its begin', () => {
    expect([1, 5, 6, 7, 8].map((position) => placeOf(long, position))).toEqual([1, 5, 9, 10, null])
    expect(placesAt(long, [5, 6, 8])).toEqual([5, 9])
  })

  test('every window has an end, an empty one too', () => {
    expect([0, 1, 2].map((window) => endPlace(long, window))).toEqual([6, 11, 17])
  })
})

describe('refinement', () => {
  test('of one window is the plain one, but for the end, which goes to the end', () => {
    const [source, target] = [places([1, 2, 3]), places([1, 9, 3])]
    expect(windowedRefinement(source, target, 1).mapper).toEqual(refinementMapper(source.ids, target.ids, 8).mapper)
  })

  test('a word that moves into the next window keeps the map of its own token', () => {
    const source = places([1, 2, 3, 4, 5, 6])
    const target = places([1, 2, 9, 3, 4, 5], [6])
    const { mapper, alphas } = windowedRefinement(source, target, 2)
    //                          b  1  2  9   3  4  5  e  b  6  e   padding
    expect(mapper).toEqual([0, 1, 2, -1, 3, 4, 5, 7, 8, 6, 9, 11, 12, 13, 14, 15])
    expect(alphas).toEqual(mapper.map((from) => (from < 0 ? 0 : 1)))
  })

  test('equal prompts map every place to itself', () => {
    const both = places([1, 2, 3, 4, 5, 6], [7])
    expect(windowedRefinement(both, both, 3).mapper).toEqual(Array.from({ length: 24 }, (_, place) => place))
  })
})

describe('replacement', () => {
  test('of one window is the plain one', () => {
    const pairs = [{ source: [2], target: [2, 3] }]
    const [source, target] = [places([1, 2, 3]), places([1, 8, 9, 3])]
    expect([...windowedReplacement(pairs, source, target, 1)]).toEqual([...replacementMapper(pairs, 8)])
  })

  test('attention of a word is spread over its replacement across the border of two windows', () => {
    const source = places([1, 2, 3, 4, 5, 6])
    const target = places([1, 2, 3, 4, 5, 8], [9])
    const matrix = windowedReplacement([{ source: [6], target: [6, 7] }], source, target, 2)
    const row = (from: number): [place: number, value: number][] => [...matrix.subarray(from * 16, (from + 1) * 16)].flatMap((value, place) => (value ? [[place, value] as [number, number]] : []))
    expect(row(6)).toEqual([[6, 0.5], [9, 0.5]])
    expect(row(0)).toEqual([[0, 1]])
    expect(row(7)).toEqual([[7, 1]])
    expect(row(9)).toEqual([[10, 1]]) // the empty second window's end, to the end behind the word
  })
})
