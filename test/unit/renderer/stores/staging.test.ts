import { afterEach, describe, expect, test } from 'vitest'
import { currentAfter, flip, resultPlaces, shownResult, stagingStore, stepFrom, takeStaged, toggleKept } from '../../../../renderer/stores/stagingStore.ts'
import { stagedWith } from '../things.ts'

afterEach(() => stagingStore.setState(stagingStore.getInitialState(), true))

describe('the staging strip', () => {
  test('arrows walk through the results of all edits and round the ends', () => {
    const edits = [stagedWith(3, 2), stagedWith(8, 1)]
    expect(resultPlaces(edits)).toHaveLength(3)
    expect(stepFrom(edits, { operation: 3, ordinal: 1 }, 1)).toEqual({ operation: 8, ordinal: 0 })
    expect(stepFrom(edits, { operation: 8, ordinal: 0 }, 1)).toEqual({ operation: 3, ordinal: 0 })
    expect(stepFrom(edits, { operation: 3, ordinal: 0 }, -1)).toEqual({ operation: 8, ordinal: 0 })
    expect(stepFrom([], null, 1)).toBeNull()
  })

  test('new results are shown at once, but more results of a running edit do not jump', () => {
    takeStaged([stagedWith(3, 2)])
    flip(1)
    takeStaged([stagedWith(3, 4)])
    expect(stagingStore.getState().current).toEqual({ operation: 3, ordinal: 1 })
    takeStaged([stagedWith(3, 4), stagedWith(9, 1)])
    expect(stagingStore.getState().current).toEqual({ operation: 9, ordinal: 0 })
  })

  test('when the shown edit is gone its neighbour is shown, and nothing when none is left', () => {
    const before = [stagedWith(3, 1), stagedWith(5, 1), stagedWith(7, 1)]
    expect(currentAfter(before, [before[0]!, before[2]!], { operation: 5, ordinal: 0 })).toEqual({ operation: 7, ordinal: 0 })
    expect(currentAfter(before, [before[0]!], { operation: 7, ordinal: 0 })).toEqual({ operation: 3, ordinal: 0 })
    expect(currentAfter(before, [], { operation: 3, ordinal: 0 })).toBeNull()
  })

  test('marks belong to one edit: they go when another one is shown', () => {
    takeStaged([stagedWith(3, 3), stagedWith(4, 1)])
    expect(stagingStore.getState().current?.operation).toBe(3)
    toggleKept(2)
    toggleKept(0)
    expect(stagingStore.getState().kept).toEqual([0, 2])
    flip(-1)
    expect(stagingStore.getState().kept).toEqual([])
    expect(shownResult(stagingStore.getState())?.edit.operation).toBe(4)
  })
})
