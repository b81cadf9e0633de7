import { describe, expect, it } from 'vitest'
import { type Chip, add, chipState, chipsOf, knowing, remove, restore, restoreAll, stepWeight, typeOver, weigh, weightShare } from '../../../../../renderer/stores/words/chips.ts'

function chips(text: string, lost: readonly string[] = []): Chip[] {
  return chipsOf(text.split(' ').map((word) => ({ text: word, word: word.replace(/[.,]/g, ''), known: true })), lost)
}
const idOf = (row: readonly Chip[], text: string): number => row.find((chip) => chip.text === text)!.id

describe('chips of a description', () => {
  it('keep punctuation in the source and out of what is read and typed', () => {
    const row = chips('a cat, sitting')
    expect(row.map(({ source, text }) => [source, text])).toEqual([['a', 'a'], ['cat,', 'cat'], ['sitting', 'sitting']])
  })

  it('flags as lost exactly the words at the end that the model does not read', () => {
    expect(chips('snow and snow and trees', ['and', 'trees']).map(({ lost }) => lost)).toEqual([false, false, false, true, true])
    expect(chips('snow , trees', ['trees']).map(({ lost }) => lost)).toEqual([false, false, true])
  })

  it('tells what was done to each', () => {
    let row = chips('a red cat')
    row = typeOver(row, idOf(row, 'cat'), '  small   dog ')
    row = remove(row, idOf(row, 'red'))
    row = add(row, 'in snow')
    expect(row.map(chipState)).toEqual(['kept', 'removed', 'swapped', 'added'])
    expect(row[2]!.text).toBe('small dog')
    expect(restoreAll(row)).toEqual(chips('a red cat'))
  })

  it('takes a swap back when the old word is typed again, and a removal when it is restored', () => {
    let row = chips('a red cat')
    row = typeOver(typeOver(row, 2, 'dog'), 2, 'cat')
    expect(chipState(row[2]!)).toBe('kept')
    expect(row[2]!.known).toBe(true)
    expect(restore(remove(row, 1), 1)).toEqual(row)
  })

  it('learn whether the model knows what was typed: every word of it must be known', () => {
    const row = typeOver(add(chips('a cat'), 'red zebra'), 1, 'dog')
    const known = knowing(row, new Map([['dog', true], ['red', true], ['zebra', false]]))
    expect(known.map((chip) => chip.known)).toEqual([true, true, false])
    expect(knowing(row, new Map([['red', true]]))[2]!.known).toBeNull()
  })

  it('removes a chip over which nothing is typed, and an added one altogether', () => {
    const row = add(chips('a cat'), 'hat')
    expect(chipState(typeOver(row, 1, ' , ')[1]!)).toBe('removed')
    expect(remove(row, row[2]!.id)).toHaveLength(2)
  })

  it('leaves lone marks alone', () => {
    const row = chips('cat , dog')
    expect(typeOver(row, 1, 'x')).toEqual(row)
    expect(remove(row, 1)).toEqual(row)
    expect(weigh(row, 1, 3)).toEqual(row)
  })

  it('gives an added chip an id of its own, also after another was removed', () => {
    let row = add(add(chips('a cat'), 'one'), 'two')
    row = add(remove(row, 2), 'three')
    expect(new Set(row.map(({ id }) => id)).size).toBe(row.length)
  })
})

describe('weights', () => {
  it('are set for every chip that says the same, because the engine weighs words', () => {
    const row = weigh(chips('red cat and Red dog'), 0, 2)
    expect(row.map(({ weight }) => weight)).toEqual([2, 1, 1, 2, 1])
  })

  it('step by tenths up to 2 and by halves above, and the way back is the way there', () => {
    expect(stepWeight(1, 1)).toBe(1.1)
    expect(stepWeight(1.9, 1)).toBe(2)
    expect(stepWeight(2, 1)).toBe(2.5)
    expect(stepWeight(2.5, -1)).toBe(2)
    expect(stepWeight(2, -1)).toBe(1.9)
    expect(stepWeight(1.04, 1)).toBe(1.1)
    expect(stepWeight(1.04, -1)).toBe(1)
    for (let weight = 0, n = 0; n < 36; n++) {
      const next = stepWeight(weight, 1)
      expect(stepWeight(next, -1)).toBe(weight)
      weight = next
    }
    expect(stepWeight(0, -5)).toBe(0)
    expect(stepWeight(9.5, 9)).toBe(10)
  })

  it('are refused beyond 0 and 10', () => {
    expect(weigh(chips('cat'), 0, 99)[0]!.weight).toBe(10)
    expect(weigh(chips('cat'), 0, -1)[0]!.weight).toBe(0)
  })

  it('stand on the bar with 1 in its middle', () => {
    expect([0, 0.5, 1, 10].map(weightShare)).toEqual([0, 0.25, 0.5, 1])
    expect(weightShare(3)).toBeGreaterThan(weightShare(2))
  })
})
