import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ClipTokenizer } from '../../../../../main/engine/text/clipTokenizer.ts'
import { clipDefault, loadClipTokenizer } from '../../../../../main/engine/text/clipTokenizer.ts'
import { alignWords, referenceWordPositions, wordPositions } from '../../../../../main/engine/text/wordAlignment.ts'

let clip: ClipTokenizer
beforeAll(async () => {
  clip = await loadClipTokenizer(clipDefault)
})

describe('wordPositions', () => {
  test.each<[string, string, number[]]>([
    ['a photo of a hummingbird on a branch', 'hummingbird', [5]],
    ['a cat and a dog and a cat', 'cat', [2, 8]],
    ['a rhinoceros-like bird', 'rhinoceros-like', [2, 3, 4, 5, 6]],
    ['a rhinoceros-like bird', 'rhinoceros', [2, 3, 4]],
    ['a photo of a cat, sitting', 'cat', [5]],
    ['a photo of a cat, sitting', 'cat,', [5, 6]],
    ['a photo of a Cat, sitting', 'cAT', [5]],
    ['a  photo   of a cat', 'cat', [5]],
    ['a lego bird on a branch', 'lego bird', [2, 3]],
    ['a lego, bird on a branch', 'lego bird', [2, 4]],
    ['a cat; a dog', ';', [3]],
    ['ein schöner Käse aus Köln', 'käse', [5, 6, 7]],
    ['a photo of a cat', 'dog', []],
    ['a photo of a cat', '', []],
    ['a caterpillar', 'cat', []],
  ])('%j: %j', (text, word, expected) => {
    const found = wordPositions(clip, text, word)
    expect(found).toEqual(expected)
  })
})

describe('referenceWordPositions', () => {
  const file = new URL('../../../../fixtures/text/reference_words.json', import.meta.url)
  const { cases }: { cases: { text: string; word: string; positions: number[] }[] } = JSON.parse(readFileSync(file, 'utf8'))

  test.each(cases.map(({ text, word, positions }) => [text, word, positions] as const))('%j: %j', (text, word, expected) => {
    expect(referenceWordPositions(clip, text, word)).toEqual(expected)
  })

  test('a word by its index', () => {
    expect(referenceWordPositions(clip, 'a lego bird', 1)).toEqual([2])
  })
})

describe('alignWords', () => {
  test.each([
    'a photo of a hummingbird on a branch',
    'it’s 漢字 and 🚀🚀, naïve café don’t STRASSE ½',
    'supercalifragilisticexpialidocious rhinoceros-like',
  ])('covers every token of %j once', (text) => {
    const words = alignWords(clip, text)
    const positions = words.flatMap((word) => word.positions)
    expect(positions).toEqual(clip.encode(text).ids.map((_, i) => i + 1))
    for (const { word, positions: own } of words) expect(clip.encode(word).ids).toEqual(own.map((position) => clip.encode(text).ids[position - 1]))
  })

  test('works with a checkpoint’s own vocabulary', async () => {
    const file = (name: string): string => fileURLToPath(new URL(`../../../../fixtures/text/small/${name}`, import.meta.url))
    const small = await loadClipTokenizer({
      kind: 'vocab-merges',
      files: { vocab: file('vocab.json'), merges: file('merges.txt') },
      padToken: { token: '!' },
      modelMaxLength: 77,
    })
    const text = 'a photo of a hummingbird, wow!'
    expect(alignWords(small, text).flatMap(({ positions }) => positions)).toEqual(small.encode(text).ids.map((_, i) => i + 1))
  })
})
