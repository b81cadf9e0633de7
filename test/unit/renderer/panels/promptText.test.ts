import { describe, expect, test } from 'vitest'
import { completions, reweight, unknownWords, wordsOf } from '../../../../renderer/panels/edit/promptText.ts'

describe('weights in a prompt', () => {
  test('Ctrl+up weighs the word at the cursor, and again goes further', () => {
    const once = reweight({ text: 'a red cat', from: 3, to: 3 }, 1)
    expect(once).toEqual({ text: 'a (red:1.1) cat', from: 3, to: 6 })
    expect(reweight(once, 1).text).toBe('a (red:1.2) cat')
  })

  test('back at 1 the parentheses go and the words stay selected', () => {
    expect(reweight({ text: 'a (red:1.1) cat', from: 3, to: 6 }, -1)).toEqual({ text: 'a red cat', from: 2, to: 5 })
  })

  test('a selection is weighed without the blanks at its ends', () => {
    expect(reweight({ text: 'old brown dog', from: 3, to: 10 }, -1).text).toBe('old (brown:0.9) dog')
  })

  test('weights stay between a tenth and two', () => {
    expect(reweight({ text: '(sky:2)', from: 1, to: 4 }, 1).text).toBe('(sky:2)')
    expect(reweight({ text: '(sky:0.1)', from: 1, to: 4 }, -1).text).toBe('(sky:0.1)')
  })

  test('nothing happens between words', () => {
    const selection = { text: 'a,  b', from: 3, to: 3 }
    expect(reweight(selection, 1)).toBe(selection)
  })
})

describe('words of a prompt', () => {
  test('weights and punctuation are no words', () => {
    expect(wordsOf('A (red:1.25) cat, a CAT')).toEqual(['a', 'red', 'cat'])
  })

  test('only a model that lists its words can flag some', () => {
    expect(unknownWords('a fulll moon, 2', new Set(['a', 'full', 'moon']))).toEqual(['fulll'])
    expect(unknownWords('anything', null)).toEqual([])
  })

  test('completion offers known words, shortest first, and nothing in the middle of a word', () => {
    expect(completions('a m', 3, ['moonlight', 'moon', 'sun'])).toEqual({ from: 2, words: ['moon', 'moonlight'] })
    expect(completions('moon', 2, ['moon', 'moonlight']).words).toEqual([])
    expect(completions('a ', 2, ['moon']).words).toEqual([])
  })
})
