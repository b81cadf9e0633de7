import { describe, expect, it } from 'vitest'
import { type ChipPress, chipKey } from '../../../../../renderer/panels/words/chipKeys.ts'
import { chipsOf, remove } from '../../../../../renderer/stores/words/chips.ts'

const chips = chipsOf(['red', ',', 'cat', 'hat'].map((text) => ({ text, word: text, known: null })), [])
const press = (key: string, more: Partial<ChipPress> = {}): ChipPress => ({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more })

describe('keys on the row of chips', () => {
  it('go from word to word and pass over lone marks', () => {
    expect(chipKey(chips, 0, press('ArrowRight'))).toEqual({ do: 'go', chip: 2 })
    expect(chipKey(chips, 2, press('ArrowLeft'))).toEqual({ do: 'go', chip: 0 })
    expect(chipKey(chips, 0, press('End'))).toEqual({ do: 'go', chip: 3 })
    expect(chipKey(chips, 3, press('ArrowRight'))).toEqual({ do: 'go', chip: 3 })
    expect(chipKey([], null, press('ArrowRight'))).toBeNull()
  })

  it('weigh by plus, minus, up and down, five notches with Shift, also with Ctrl as in the prompt box', () => {
    expect(chipKey(chips, 2, press('+', { shiftKey: true }))).toEqual({ do: 'weigh', notches: 5 })
    expect(chipKey(chips, 2, press('-'))).toEqual({ do: 'weigh', notches: -1 })
    expect(chipKey(chips, 2, press('ArrowUp', { ctrlKey: true }))).toEqual({ do: 'weigh', notches: 1 })
    expect(chipKey(chips, 2, press('ArrowDown'))).toEqual({ do: 'weigh', notches: -1 })
  })

  it('begin to type over by Enter or any letter, and keep the letter', () => {
    expect(chipKey(chips, 2, press('Enter'))).toEqual({ do: 'edit', with: null })
    expect(chipKey(chips, 2, press('d'))).toEqual({ do: 'edit', with: 'd' })
    expect(chipKey(chips, 2, press('m'))).toEqual({ do: 'edit', with: 'm' })
    expect(chipKey(chips, 2, press('é'))).toEqual({ do: 'edit', with: 'é' })
  })

  it('take out by Delete, and put back what was taken out; a word that is out is not weighed', () => {
    expect(chipKey(chips, 2, press('Delete'))).toEqual({ do: 'remove' })
    const without = remove(chips, 2)
    expect(chipKey(without, 2, press('Backspace'))).toEqual({ do: 'restore' })
    expect(chipKey(without, 2, press('+'))).toBeNull()
  })

  it('leave shortcuts of the window alone', () => {
    for (const held of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) expect(chipKey(chips, 2, press('z', held))).toBeNull()
    expect(chipKey(chips, 2, press('Tab'))).toBeNull()
    expect(chipKey(chips, 2, press('F6'))).toBeNull()
    expect(chipKey(chips, 2, press('?'))).toBeNull()
  })

  it('make a mask by M, add by Insert, and put the glow away by Escape', () => {
    expect(chipKey(chips, 2, press('M', { shiftKey: true }))).toEqual({ do: 'mask' })
    expect(chipKey(chips, null, press('Insert'))).toEqual({ do: 'add' })
    expect(chipKey(chips, 2, press('Escape'))).toEqual({ do: 'leave' })
  })
})
