import { describe, expect, it } from 'vitest'
import { chipsOf } from '../../../../../renderer/stores/words/chips.ts'
import { gradeOf, meterShare } from '../../../../../renderer/stores/words/fidelity.ts'
import { chosenShare, mapPlaces, maskPreview } from '../../../../../renderer/stores/words/maps.ts'

const map = { width: 2, height: 2, bytes: new Uint8Array([0, 102, 103, 255]) }

describe('maps of words', () => {
  it('go to chips in order, past marks and words that were not read', () => {
    const chips = chipsOf(['red', 'cat', ',', 'red', 'hat', 'far'].map((text) => ({ text, word: text, known: null })), ['far'])
    const words = ['red', 'cat', 'red', 'hat'].map((word, index) => ({ word, index, diffuse: index === 3 }))
    const places = mapPlaces(chips, words)
    expect([...places].map(([id, place]) => [id, place.index])).toEqual([[0, 0], [1, 1], [3, 2], [4, 3]])
    expect(places.get(4)!.diffuse).toBe(true)
  })

  it('leave a chip without a map when the engine has none for it', () => {
    const chips = chipsOf(['cat', 'xyz', 'hat'].map((text) => ({ text, word: text, known: null })), [])
    expect([...mapPlaces(chips, [{ word: 'cat', index: 0, diffuse: false }, { word: 'hat', index: 1, diffuse: false }]).keys()]).toEqual([0, 2])
  })
})

describe('a mask from a word', () => {
  it('chooses strictly above the threshold', () => {
    expect(chosenShare(map, 0.4)).toBe(0.5)
  })

  it('is shown with an edge finer than the map, in the middle between two cells', () => {
    const preview = maskPreview({ width: 2, height: 1, bytes: new Uint8Array([0, 255]) }, 0.5)
    expect([preview.width, preview.height]).toEqual([16, 8])
    expect([...preview.bytes.slice(0, 16)]).toEqual([...Array<number>(8).fill(0), ...Array<number>(8).fill(255)])
  })
})

describe('fidelity', () => {
  it("is faithful by the engine's word, else fair from 20 dB on", () => {
    expect(gradeOf({ faithful: true, psnr: 22 })).toBe('faithful')
    expect(gradeOf({ faithful: false, psnr: 20 })).toBe('fair')
    expect(gradeOf({ faithful: false, psnr: 19.9 })).toBe('poor')
  })

  it('stays on its meter', () => {
    expect([0, 24, 90].map(meterShare)).toEqual([0, 0.5, 1])
  })
})
