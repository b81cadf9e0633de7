import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DocumentView } from '../../../../../preload/contract/documents.ts'
import { drawWords } from '../../../../../renderer/panels/words/drawWords.ts'
import { setCanvasPort, type CanvasPort } from '../../../../../renderer/stores/canvasPort.ts'
import { documentStore } from '../../../../../renderer/stores/documentStore.ts'
import { stagingStore } from '../../../../../renderer/stores/stagingStore.ts'
import { chooseTool, toolStore } from '../../../../../renderer/stores/toolStore.ts'
import { wordsStore } from '../../../../../renderer/stores/words.ts'
import { NO_WORDS } from '../../../../../renderer/stores/words/state.ts'

const map = { width: 1, height: 1, bytes: new Uint8Array([200]) }
const tile = { x: 0, y: 0, bytes: new Uint8Array([255]) }
const canvas = { width: 64, height: 32 }
const glow = vi.fn()
const paint = vi.fn()
let stop: () => void

beforeEach(() => {
  glow.mockClear()
  paint.mockClear()
  setCanvasPort({ setGlow: glow, setWordPaint: paint } as Partial<CanvasPort> as CanvasPort) // all that words ask of the canvas
  documentStore.setState({ document: { canvas } as DocumentView }) // all that words ask of the document
  wordsStore.setState({ ...NO_WORDS, maps: { set: 'map', places: new Map([[2, { index: 0, word: 'cat', diffuse: false }]]), read: new Map([[0, map]]) }, shown: { chip: 2, asMask: false } })
  stop = drawWords()
  wordsStore.setState({}) // as the first news does
})
afterEach(() => {
  stop()
  setCanvasPort(null)
  documentStore.setState({ document: null })
  stagingStore.setState({ edits: [], current: null, kept: [] })
})

const result = (operation: number): void => stagingStore.setState({ current: { operation, ordinal: 0 } })

describe("a word's glow", () => {
  it('goes when a result comes, and does not come back by pointing at a chip until the result is gone', () => {
    expect(glow).toHaveBeenLastCalledWith({ ...map, box: { x: 0, y: 0, ...canvas } }, 0.75)
    result(7)
    expect(glow).toHaveBeenLastCalledWith(null)
    expect(wordsStore.getState().shown).toBeNull()
    wordsStore.setState({ shown: { chip: 2, asMask: false } })
    expect(glow).toHaveBeenLastCalledWith(null)
    stagingStore.setState({ current: null })
    expect(glow).toHaveBeenLastCalledWith({ ...map, box: { x: 0, y: 0, ...canvas } }, 0.75)
  })

  it('is asked for on purpose over a result: the mask that a word becomes', () => {
    result(7)
    wordsStore.setState({ shown: { chip: 2, asMask: true } })
    expect(glow.mock.lastCall![0]).not.toBeNull()
  })
})

describe('the word brush', () => {
  it('is put away when a result comes, for the tool that was in the hand before, and its paint is kept', () => {
    chooseTool('lasso')
    wordsStore.getState().setPainting({ word: 'cat', sign: 'minus' })
    expect(toolStore.getState()).toMatchObject({ tool: 'word-paint', options: { wordSign: 'minus' } })
    wordsStore.getState().setPaint('cat', new Map([['0,0', tile]]))
    result(8)
    expect(toolStore.getState().tool).toBe('lasso')
    expect(paint).toHaveBeenLastCalledWith(null)
    expect(wordsStore.getState()).toMatchObject({ painting: null, shown: null })
    wordsStore.getState().setPainting({ word: 'cat', sign: 'plus' })
    expect(paint).toHaveBeenLastCalledWith([tile])
  })

  it('stays in the hand while one flips through results of the same edit', () => {
    result(9)
    wordsStore.getState().setPainting({ word: 'cat', sign: 'plus' })
    stagingStore.setState({ current: { operation: 9, ordinal: 1 } })
    expect(wordsStore.getState().painting).toMatchObject({ word: 'cat' })
  })
})
