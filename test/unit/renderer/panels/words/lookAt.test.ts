import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { lookOnceForetold } from '../../../../../renderer/panels/words/lookAt.ts'
import { wordsStore } from '../../../../../renderer/stores/words.ts'

const start = wordsStore.getState()
const look = vi.fn(() => Promise.resolve())
let stop: () => void

beforeEach(() => {
  look.mockClear()
  wordsStore.setState({ ...start, look, shown: { chip: 1, asMask: false } })
  stop = lookOnceForetold()
})
afterEach(() => {
  stop()
  wordsStore.setState(start, true)
})

describe('a word that is pointed at before the host has foretold what looking takes', () => {
  it('is looked at once that is known to be less than a minute', () => {
    wordsStore.setState({ threshold: 0.5 })
    expect(look).not.toHaveBeenCalled()
    wordsStore.setState({ predictedSeconds: 12 })
    expect(look).toHaveBeenCalledTimes(1)
  })

  it('is not looked at unasked when that takes longer', () => {
    wordsStore.setState({ predictedSeconds: 61 })
    expect(look).not.toHaveBeenCalled()
  })

  it('is looked at when the picture has become ready meanwhile', () => {
    wordsStore.setState({ ready: true })
    expect(look).toHaveBeenCalledTimes(1)
  })

  it('is left alone when nothing is pointed at any more, or while it is made a mask', () => {
    wordsStore.setState({ shown: null })
    wordsStore.setState({ predictedSeconds: 12 })
    wordsStore.setState({ shown: { chip: 1, asMask: true } })
    wordsStore.setState({ predictedSeconds: 13 })
    expect(look).not.toHaveBeenCalled()
  })
})
