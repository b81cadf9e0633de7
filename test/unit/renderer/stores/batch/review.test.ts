import { describe, expect, it } from 'vitest'
import type { BatchItem } from '../../../../../preload/contract/batch.ts'
import { NEW_WALL, type Wall, afterVerdict, canJudge, onWall, wallKey } from '../../../../../renderer/stores/batch/review.ts'
import { gridWindow, scrollTo } from '../../../../../renderer/stores/batch/grid.ts'

function items(...states: BatchItem['state'][]): BatchItem[] {
  return states.map((state, index) => ({ index, name: `${index}.png`, state, before: null, after: null, seconds: null, note: '', error: null }))
}
const done = items(...Array<'done'>(7).fill('done'))
const at = (cursor: number | null, view: Wall['view'] = 'grid'): Wall => ({ ...NEW_WALL, cursor, view })

describe('the review wall', () => {
  it('shows what a filter asks for', () => {
    const all = items('done', 'review', 'failed', 'waiting', 'accepted', 'rejected', 'skipped')
    expect(onWall(all, 'results').map(({ index }) => index)).toEqual([0, 1, 4, 5])
    expect(onWall(all, 'review').map(({ index }) => index)).toEqual([1])
    expect(onWall(all, 'failed').map(({ index }) => index)).toEqual([2])
    expect(onWall(all, 'all')).toHaveLength(7)
  })

  it('walks a grid by arrows without leaving it', () => {
    expect(wallKey(at(0), done, 'ArrowRight', 3)).toEqual({ do: 'go', cursor: 1 })
    expect(wallKey(at(0), done, 'ArrowDown', 3)).toEqual({ do: 'go', cursor: 3 })
    expect(wallKey(at(5), done, 'ArrowDown', 3)).toBeNull()
    expect(wallKey(at(1), done, 'ArrowUp', 3)).toBeNull()
    expect(wallKey(at(0), done, 'ArrowLeft', 3)).toBeNull()
    expect(wallKey(at(6), done, 'Home', 3)).toEqual({ do: 'go', cursor: 0 })
    expect(wallKey(at(0), done, 'End', 3)).toEqual({ do: 'go', cursor: 6 })
  })

  it('begins at the first picture, and is still where there is none', () => {
    expect(wallKey(at(null), done, 'ArrowRight', 3)).toEqual({ do: 'go', cursor: 0 })
    expect(wallKey(at(null), done, 'ArrowDown', 3)).toEqual({ do: 'go', cursor: 0 })
    for (const key of ['ArrowRight', 'ArrowDown', 'Home', 'End', 'Enter', 'x', ' ', 'f']) expect(wallKey(at(null), [], key, 3), key).toBeNull()
  })

  it('goes one by one beside each other, up and down as well', () => {
    expect(wallKey(at(2, 'pair'), done, 'ArrowDown', 3)).toEqual({ do: 'go', cursor: 3 })
    expect(wallKey(at(2, 'pair'), done, 'ArrowUp', 3)).toEqual({ do: 'go', cursor: 1 })
  })

  it('decides by Enter, X and R, only where that means something', () => {
    const mixed = items('done', 'running', 'failed', 'accepted', 'rejected')
    expect(wallKey(at(0), mixed, 'Enter', 1)).toEqual({ do: 'judge', verdict: 'accept' })
    expect(wallKey(at(0), mixed, 'X', 1)).toEqual({ do: 'judge', verdict: 'reject' })
    expect(wallKey(at(1), mixed, 'r', 1)).toBeNull()
    expect(wallKey(at(2), mixed, 'Enter', 1)).toBeNull()
    expect(wallKey(at(2), mixed, 'r', 1)).toEqual({ do: 'judge', verdict: 'retry' })
    expect(canJudge(mixed[3], 'accept')).toBe(false)
    expect(canJudge(mixed[3], 'reject')).toBe(true)
    expect(canJudge(mixed[4], 'accept')).toBe(true)
    expect(canJudge(undefined, 'retry')).toBe(false)
  })

  it('flips between before and after, and steps back before it leaves', () => {
    expect(wallKey(at(1), done, ' ', 3)).toEqual({ do: 'view', view: 'pair' })
    expect(wallKey(at(1, 'pair'), done, 'f', 3)).toEqual({ do: 'view', view: 'flip' })
    expect(wallKey(at(1, 'flip'), done, ' ', 3)).toEqual({ do: 'side', side: 'before' })
    expect(wallKey({ ...at(1, 'flip'), side: 'before' }, done, ' ', 3)).toEqual({ do: 'side', side: 'after' })
    expect(wallKey(at(1, 'flip'), done, 'Escape', 3)).toEqual({ do: 'view', view: 'grid' })
    expect(wallKey(at(1), done, 'Escape', 3)).toEqual({ do: 'leave' })
    expect(wallKey(at(1), done, 'q', 3)).toBeNull()
  })

  it('goes on to the next picture that waits for a decision', () => {
    expect(afterVerdict(items('review', 'accepted', 'done', 'done'), 0)).toBe(2)
    expect(afterVerdict(items('done', 'accepted', 'review'), 2)).toBe(0)
    expect(afterVerdict(items('accepted', 'review', 'accepted'), 1)).toBe(2)
    expect(afterVerdict(items('accepted', 'accepted'), 1)).toBe(1)
    expect(afterVerdict([], 0)).toBeNull()
  })
})

describe('the grid', () => {
  const shape = { count: 1000, width: 1000, cell: 190, rowHeight: 150, gap: 10 }

  it('draws what is in sight and little more, wherever one has scrolled', () => {
    expect(gridWindow(shape, 0, 640)).toEqual({ columns: 5, first: 0, end: 30, top: 0, height: 200 * 160 - 10 })
    const middle = gridWindow(shape, 16_000, 640)
    expect(middle).toMatchObject({ first: 98 * 5, end: 106 * 5, top: 98 * 160 })
    expect(gridWindow(shape, 1e9, 640)).toMatchObject({ first: 199 * 5, end: 1000 })
  })

  it('has a column however narrow it is, and no height when it is empty', () => {
    expect(gridWindow({ ...shape, width: 20 }, 0, 100).columns).toBe(1)
    expect(gridWindow({ ...shape, count: 0 }, 0, 100)).toMatchObject({ first: 0, end: 0, height: 0 })
  })

  it('scrolls no further than it must', () => {
    expect(scrollTo(shape, 0, 0, 640)).toBe(0)
    expect(scrollTo(shape, 25, 0, 640)).toBe(5 * 160 + 150 - 640)
    expect(scrollTo(shape, 5, 800, 640)).toBe(160)
  })
})
