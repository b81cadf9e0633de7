/** The derived description of an edited picture. */
import { describe, expect, test } from 'vitest'
import { deriveTarget, findWords, parseSwap, parseWeight } from '../../../../../main/engine/text/targetPrompt.ts'

const swap = (text: string, ...pairs: string[]): string => deriveTarget(text, { swaps: pairs.map(parseSwap), adds: [], removes: [] })
const remove = (text: string, ...removes: string[]): string => deriveTarget(text, { swaps: [], adds: [], removes })
const add = (text: string, ...adds: string[]): string => deriveTarget(text, { swaps: [], adds, removes: [] })

describe('swapping words', () => {
  test.each([
    ['a cat in the snow', ['cat=>dog'], 'a dog in the snow'],
    ['A Cat, sitting', ['cat => tiger'], 'A tiger, sitting'],
    ['a cat and a cat', ['cat=>dog'], 'a dog and a dog'],
    ['a cat on a mat', ['a cat=>two dogs'], 'two dogs on a mat'],
    ['an apple', ['apple=>pear'], 'a pear'],
    ['a red cat at night', ['red=>orange', 'night=>dawn'], 'an orange cat at dawn'],
    ['  a   cat ', ['cat=>dog'], 'a dog'],
  ])('%j %j', (text, pairs, target) => expect(swap(text, ...pairs)).toBe(target))

  test('a word that is not there is answered with those that are', () => {
    expect(() => swap('a red cat, sitting', 'dog=>cow')).toThrow(/--swap "dog=>cow": expected "dog" among the words of the description, found a description of the words a, red, cat, sitting\./)
    expect(() => swap('', 'dog=>cow')).toThrow(/empty description/)
  })
})

describe('taking words out', () => {
  test.each([
    ['a cat and a mirror', 'mirror', 'a cat'],
    ['a cat with a hat on a mat', 'hat', 'a cat on a mat'],
    ['a red cat', 'red', 'a cat'],
    ['a red apple', 'red', 'an apple'],
    ['a cat, a mirror, snow', 'mirror', 'a cat, snow'],
    ['a mirror and a cat', 'mirror', 'a cat'],
    ['a cat, snow', 'snow', 'a cat'],
  ])('%j without %j', (text, word, target) => expect(remove(text, word)).toBe(target))

  test('at least one word stays', () => {
    expect(() => remove('a cat', 'cat')).toThrow(/expected words, found none left/)
    expect(() => remove('a cat', 'dog')).toThrow(/--remove "dog"/)
  })
})

test('added words go to the end, behind a comma where the description has commas', () => {
  expect(add('a cat', 'wearing a hat')).toBe('a cat wearing a hat')
  expect(add('a cat, snow', 'wearing a hat')).toBe('a cat, snow, wearing a hat')
  expect(() => add('a cat', '  ')).toThrow(/expected words to add/)
})

test('what people type is read or refused in a sentence', () => {
  expect(parseSwap(' a cat=>two dogs ')).toEqual({ left: 'a cat', right: 'two dogs' })
  for (const text of ['cat', 'cat=>', '=>dog', 'a=>b=>c']) expect(() => parseSwap(text), text).toThrow(/--swap/)
  expect(parseWeight('snow = 2.5')).toEqual({ word: 'snow', value: 2.5 })
  expect(parseWeight('a=b=2')).toEqual({ word: 'a=b', value: 2 })
  for (const text of ['snow', '=2', 'snow=much', 'snow=']) expect(() => parseWeight(text), text).toThrow(/--weight/)
})

test('words are found whatever their case and marks', () => {
  expect(findWords(['A', 'big,', 'Big', 'cat.'], 'big')).toEqual([1, 2])
  expect(findWords(['A', 'big', 'cat.'], 'Big cat')).toEqual([1])
  expect(findWords(['a'], ',')).toEqual([])
})
