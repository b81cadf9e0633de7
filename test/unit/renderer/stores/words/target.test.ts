import { describe, expect, it } from 'vitest'
import { type Chip, add, chipsOf, remove, typeOver, weigh } from '../../../../../renderer/stores/words/chips.ts'
import { changesOf, targetOf } from '../../../../../renderer/stores/words/target.ts'

function chips(text: string): Chip[] {
  return chipsOf(text.split(' ').map((word) => ({ text: word, word, known: true })), [])
}

describe('the target', () => {
  it('is the description as long as nothing is changed', () => {
    expect(targetOf(chips('a red cat, in snow.')).text).toBe('a red cat, in snow.')
  })

  it('keeps punctuation in place and the article in tune', () => {
    expect(targetOf(typeOver(chips('a cat, in snow'), 1, 'owl')).text).toBe('an owl, in snow')
  })

  it('names the little words that go with a removed one', () => {
    const target = targetOf(remove(chips('a red cat in the snow'), 5))
    expect(target.text).toBe('a red cat')
    expect([...target.alongside]).toEqual([3, 4])
  })

  it('is empty when no word is left', () => {
    expect(targetOf(remove(chips('cat'), 0)).text).toBe('')
  })
})

describe('the changes', () => {
  it('are lists of words that are in the description', () => {
    let row = typeOver(chips('A red cat, in snow'), 2, 'dog')
    row = weigh(add(remove(row, 1), 'a hat'), 4, 2)
    expect(changesOf(row, null)).toEqual({ swap: [{ from: 'cat', to: 'dog' }], add: ['a hat'], remove: ['red'], weight: [{ word: 'snow', weight: 2 }] })
  })

  it('are the whole target where a word is there twice and only one is changed', () => {
    const changes = changesOf(typeOver(chips('a red cat and a red dog'), 1, 'blue'), null)
    expect(changes).toEqual({ swap: [], add: [], remove: [], weight: [], target: 'a blue cat and a red dog' })
  })

  it('are the whole target where two words change places', () => {
    const row = typeOver(typeOver(chips('a cat and a dog'), 1, 'dog'), 4, 'cat')
    expect(changesOf(row, null).target).toBe('a dog and a cat')
  })

  it('weigh a word once, and none that the outright target does not have', () => {
    const row = weigh(weigh(chips('red cat red snow'), 0, 2), 3, 3)
    expect(changesOf(row, null).weight).toEqual([{ word: 'red', weight: 2 }, { word: 'snow', weight: 3 }])
    expect(changesOf(row, 'a Red dog').weight).toEqual([{ word: 'red', weight: 2 }])
  })

  it('do not weigh a word that goes with a removed one', () => {
    expect(changesOf(remove(weigh(chips('cat in snow'), 1, 2), 2), null).weight).toEqual([])
  })
})
