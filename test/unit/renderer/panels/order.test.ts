import { describe, expect, test } from 'vitest'
import { dropAt, layerRows, placeOf } from '../../../../renderer/panels/layers/order.ts'
import { laneLines } from '../../../../renderer/panels/history/lanes.ts'
import { currentBranch, lanesMoved, listedRows, mergeRows, settledRows } from '../../../../renderer/stores/historyStore.ts'
import { layerWith, stepWith } from '../things.ts'

const layers = [
  layerWith({ id: 1, position: 0 }),
  layerWith({ id: 2, kind: 'paint', parent: 3, position: 0 }),
  layerWith({ id: 3, kind: 'group', position: 1 }),
  layerWith({ id: 4, kind: 'paint', position: 2 }),
  layerWith({ id: 5, kind: 'mask', position: 3 }),
]

describe('the layer list', () => {
  test('shows the top first, groups before what they hold, masks apart', () => {
    expect(layerRows(layers, false, new Set()).map(({ layer, depth }) => `${layer.id}@${depth}`)).toEqual(['4@0', '3@0', '2@1', '1@0'])
    expect(layerRows(layers, false, new Set([3])).map(({ layer }) => layer.id)).toEqual([4, 3, 1])
    expect(layerRows(layers, true, new Set()).map(({ layer }) => layer.id)).toEqual([5])
  })

  test('a drop above, below and into a group means a parent and an index', () => {
    expect(placeOf(layers, 1, { on: 4, where: 'above' })).toEqual({ parent: null, index: 2 })
    expect(placeOf(layers, 4, { on: 1, where: 'below' })).toEqual({ parent: null, index: 0 })
    expect(placeOf(layers, 1, { on: 3, where: 'into' })).toEqual({ parent: 3, index: 1 })
  })

  test('a group never goes into itself and a drop where the layer lies is none', () => {
    expect(placeOf(layers, 3, { on: 2, where: 'above' })).toBeNull()
    expect(placeOf(layers, 3, { on: 3, where: 'into' })).toBeNull()
    expect(placeOf(layers, 4, { on: 3, where: 'above' })).toBeNull()
  })

  test('the middle of a group is inside of it, the halves of a layer are above and below', () => {
    expect([0.1, 0.5, 0.9].map((share) => dropAt(layers[2]!, share))).toEqual(['above', 'into', 'below'])
    expect([0.4, 0.6].map((share) => dropAt(layers[0]!, share))).toEqual(['above', 'below'])
  })
})

describe('the history list', () => {
  const rows = [stepWith(1, null), stepWith(2, 1), stepWith(3, 1, { lane: 1 }), stepWith(4, 3, { lane: 1, starred: true }), stepWith(5, 2, { state: 'staged' })]

  test('lists what was applied, newest first, or only what is starred', () => {
    expect(listedRows({ rows, starredOnly: false }).map(({ id }) => id)).toEqual([4, 3, 2, 1])
    expect(listedRows({ rows, starredOnly: true }).map(({ id }) => id)).toEqual([4])
  })

  test('the branch of the picture goes from its head to the first step', () => {
    expect([...currentBranch(rows, 4)]).toEqual([4, 3, 1])
    expect(currentBranch(rows, null).size).toBe(0)
  })

  test('rows that were read again replace those that are there', () => {
    expect(mergeRows(rows, [stepWith(2, 1, { name: 'x' }), stepWith(6, 4)]).map(({ id, name }) => `${id}${name ?? ''}`)).toEqual(['1', '2x', '3', '4', '5', '6'])
  })

  test('a branch bends to the step it grew from and passes what lies between', () => {
    const shown = [stepWith(4, 2, { lane: 1 }), stepWith(3, 2), stepWith(2, 1), stepWith(1, null)]
    const lines = laneLines(shown)
    expect(lines[0]).toEqual({ lane: 1, through: [], above: false, below: true, bends: [] })
    expect(lines[1]).toMatchObject({ lane: 0, through: [1] })
    expect(lines[2]).toMatchObject({ lane: 0, above: true, below: true, bends: [1] })
    expect(lines[3]).toMatchObject({ above: true, below: false, bends: [] })
  })

  test('ten thousand steps are laid out within a blink', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => stepWith(index + 1, index === 0 ? null : index)).toReversed()
    const start = performance.now()
    expect(laneLines(many)).toHaveLength(10_000)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

describe('rows whose pictures are still to come', () => {
  test('are read again from the first of the latest that lacks one, older ones are left', () => {
    const rows = Array.from({ length: 60 }, (_, index) => stepWith(index + 1, index === 0 ? null : index, { thumbnail: index === 5 || index === 50 ? null : 'picture-1' }))
    expect(settledRows(rows)).toHaveLength(50)
    expect(settledRows(rows.slice(0, 45))).toHaveLength(5)
    const all = rows.filter(({ thumbnail }) => thumbnail !== null)
    expect(settledRows(all)).toBe(all)
  })

  test('are read anew when a step grew elsewhere than on the newest, since lanes have moved then', () => {
    const known = [stepWith(1, null, { lane: 0 }), stepWith(2, 1, { lane: 0 }), stepWith(3, 2, { lane: 0 })]
    expect(lanesMoved(known, [...known, stepWith(4, 3, { lane: 0 }), stepWith(5, 4, { lane: 0 })])).toBe(false)
    expect(lanesMoved(known, [...known, stepWith(4, 1, { lane: 0 })])).toBe(true)
    expect(lanesMoved([...known, stepWith(4, 1, { lane: 1 })], [...known, stepWith(4, 1, { lane: 1 }), stepWith(5, 4, { lane: 0 })])).toBe(true)
    expect(lanesMoved([], known)).toBe(false)
  })
})
