/** Words of an edit: what is aligned, weighted and blended, and the sentences for what cannot be done. */
import { describe, expect, test } from 'vitest'
import { literalPrompt, prepareWords } from '../../../../../main/engine/pipelines/editWords.ts'
import type { WordRequest } from '../../../../../main/engine/pipelines/editWords.ts'
import { clipDefault, loadClipTokenizer } from '../../../../../main/engine/text/clipTokenizer.ts'

const tokenizer = await loadClipTokenizer(clipDefault)
const nothing: WordRequest = { swap: [], add: [], remove: [], weight: [], blendWords: [], align: 'refine', referenceExact: false }
const prepare = (description: string, request: Partial<WordRequest>) => prepareWords(tokenizer, description, { ...nothing, ...request })

describe('a swapped word', () => {
  const words = prepare('a photo of a cat on a mat', { swap: ['cat=>dog'] })

  test('is new, everything else keeps its token', () => {
    expect(words.target).toBe('a photo of a dog on a mat')
    expect(words.edit.kind).toBe('refine')
    if (words.edit.kind !== 'refine') return
    expect(words.edit.mapper.mapper.slice(0, 11)).toEqual([0, 1, 2, 3, 4, -1, 6, 7, 8, 9, 10])
  })

  test('is where the edit may show, in both prompts', () => {
    expect(words.blend).toEqual([[5], [5]])
    expect(words.changed.map(({ word }) => word)).toEqual(['dog'])
  })

  test('articles that changed with it are not', () => {
    expect(prepare('a cat', { swap: ['cat=>owl'] })).toMatchObject({ target: 'an owl', blend: [[2], [2]] })
  })
})

describe('a changed word that describes another', () => {
  test('may show where what it describes looks, in both prompts', () => {
    const words = prepare('a red cat on a mat', { swap: ['red=>blue'] })
    expect(words.changed.map(({ word }) => word)).toEqual(['blue'])
    expect(words.blend).toEqual([[3], [3]])
    expect(prepare('a red striped cat on a mat', { swap: ['red=>blue'] }).blend).toEqual([[3, 4], [3, 4]])
    expect(prepare('a red cat', { weight: ['red=2'] }).blend).toEqual([[], [3]])
  })

  test('ends with its phrase: a mark, a little word or the end of the description', () => {
    expect(prepare('a mat, red, cats', { swap: ['red=>blue'] }).blend).toEqual([[4, 5], [4, 5]])
    expect(prepare('cats in red on a mat', { swap: ['red=>blue'] }).blend).toEqual([[3], [3]])
    expect(prepare('a mat, red', { swap: ['red=>blue'] }).blend).toEqual([[4], [4]])
  })
})

test('replace spreads a word over the tokens of the one in its place', () => {
  const { edit } = prepare('a hummingbird in snow', { swap: ['hummingbird=>rhinoceros'], align: 'replace' })
  expect(edit.kind).toBe('replace')
  if (edit.kind !== 'replace') return
  const row = [...edit.matrix.subarray(2 * 77, 3 * 77)]
  expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5)
  expect(row.filter((value) => value > 0).length).toBeGreaterThan(1)
})

test('weights are factors of the target’s tokens and show where the edit may', () => {
  const words = prepare('a cat in snow', { weight: ['snow=2', 'cat=0'] })
  expect([...words.scale!.slice(0, 6)]).toEqual([1, 1, 0, 1, 2, 1])
  expect(words.blend).toEqual([[], [2, 4]])
})

test('named words take the place of the changed ones', () => {
  expect(prepare('a cat on a mat', { swap: ['cat=>dog'], blendWords: ['mat', 'dog'] }).blend).toEqual([[5], [5, 2]])
})

test('added words are blended where they look; the source adds nothing', () => {
  expect(prepare('a cat', { add: ['wearing a hat'] }).blend).toEqual([[], [3, 5]])
})

test('weight marks of a description are not words', () => {
  expect(prepare('a (red:1.3) cat', { swap: ['red=>blue'] })).toMatchObject({ source: 'a red cat', target: 'a blue cat' })
  expect(literalPrompt('a cat (sleeping) [deep] \\o/')).toBe('a cat \\(sleeping\\) \\[deep\\] \\\\o/')
})

describe('refusals', () => {
  test.each<[string, Partial<WordRequest>, RegExp]>([
    ['a word that is not there', { swap: ['dog=>fox'] }, /expected "dog" among the words of the description, found a description of the words a, red, cat/],
    ['unequal word counts for replace', { target: 'a big red cat', align: 'replace' }, /prompts of equally many words, found 3 and 4; use --align refine/],
    ['an empty target', { target: '  ' }, /--target: expected the description of the edited picture, found an empty text/],
    ['a target and changes', { target: 'a dog', swap: ['cat=>dog'] }, /either the whole description or the changes to it, found both/],
    ['a weight for nothing', { weight: ['dog=2'] }, /--weight "dog=2": expected "dog"/],
    ['unknown blend words', { swap: ['cat=>dog'], blendWords: ['tree'] }, /--blend-words tree/],
    ['everything removed', { remove: ['a red cat'] }, /none left/],
  ])('%s', (_name, request, message) => expect(() => prepare('a red cat', request)).toThrow(message))
})

test('a prompt beyond the window is steered as far as it is read', () => {
  const long = `a cat ${'and a dog '.repeat(40)}in the mirror`
  const words = prepare(long, { swap: ['cat=>fox'] })
  expect(words.blend).toEqual([[2], [2]])
  expect(words.words.target.every(({ positions }) => positions.every((position) => position < 76))).toBe(true)
})

describe('a prompt over several windows', () => {
  const long = `a cat ${'and a dog '.repeat(40)}in the mirror`
  const words = prepare(long, { swap: ['cat=>hummingbird'], weight: ['mirror=2'], longPrompt: 'chunk' })

  test('is read to its end', () => {
    expect(words.tokens).toBe(154)
    expect(words.words.target.at(-1)!.word).toBe('mirror')
    expect(words.words.target.at(-1)!.positions[0]).toBeGreaterThan(77)
    expect(words.scale).toHaveLength(154)
    expect(words.scale![words.words.target.at(-1)!.positions[0]!]).toBe(2)
  })

  test('maps every word to itself and the changed one to nothing', () => {
    if (words.edit.kind !== 'refine') throw new Error('expected refine')
    const { mapper } = words.edit.mapper
    expect(mapper).toHaveLength(154)
    for (const [index, { word, positions }] of words.words.target.entries()) {
      const wanted = word === 'hummingbird' ? positions.map(() => -1) : words.words.source[index]!.positions
      expect(positions.map((place) => mapper[place]), word).toEqual(wanted)
    }
  })

  test('has as many windows as the negative prompt when that is longer', () => {
    expect(prepare('a cat', { swap: ['cat=>dog'], longPrompt: 'chunk', leastWindows: 3 }).tokens).toBe(231)
  })

  test('can be replaced word for word', () => {
    const { edit } = prepare(long, { swap: ['mirror=>rhinoceros'], align: 'replace', longPrompt: 'chunk' })
    if (edit.kind !== 'replace') throw new Error('expected replace')
    expect(edit.matrix).toHaveLength(154 * 154)
    const from = words.words.source.at(-1)!.positions[0]!
    expect([...edit.matrix.subarray(from * 154, (from + 1) * 154)].reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5)
  })
})
