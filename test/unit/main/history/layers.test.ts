import { describe, expect, it } from 'vitest'
import type { LayerId, OperationId } from '../../../../main/history/ids.ts'
import { newLayer, paintingOrder, placeLayer, withContents } from '../../../../main/history/layers.ts'
import type { Layer } from '../../../../main/history/model.ts'
import type { DocumentState } from '../../../../main/history/state.ts'
import { layoutTree } from '../../../../main/history/tree.ts'

const id = (n: number): LayerId => n as LayerId
function stack(...layers: [number, number | null, number, Layer['kind']?][]): DocumentState {
  return {
    canvas: { width: 1, height: 1, extra: {} },
    layers: new Map(layers.map(([n, parent, position, kind]) => [id(n), newLayer({ id: id(n), kind: kind ?? 'paint', name: `L${n}`, parent: parent === null ? null : id(parent), position })])),
  }
}
const order = (state: DocumentState): number[] => paintingOrder(state).map((layer) => layer.id)
const after = (state: DocumentState, changed: readonly Layer[]): DocumentState => ({ ...state, layers: new Map([...state.layers, ...changed.map((layer): [LayerId, Layer] => [layer.id, layer])]) })

describe('the layer stack', () => {
  it('paints from below, what a group holds before the group', () => {
    expect(order(stack([1, null, 0], [2, null, 1, 'group'], [3, 2, 0], [4, 2, 1], [5, null, 2]))).toEqual([1, 3, 4, 2, 5])
  })

  it('moves a layer up, down, into a group and out of it, touching only what must change', () => {
    const state = stack([1, null, 0], [2, null, 1], [3, null, 2], [4, null, 3, 'group'], [5, 4, 0])
    const up = placeLayer(state, state.layers.get(id(1))!, null, 2)
    expect(up.map((layer) => layer.id)).toEqual([2, 3, 1])
    expect(order(after(state, up))).toEqual([2, 3, 1, 5, 4])
    const into = placeLayer(state, state.layers.get(id(2))!, id(4), 0)
    expect(order(after(state, into))).toEqual([1, 3, 2, 5, 4])
    const out = placeLayer(state, state.layers.get(id(5))!, null, 99)
    expect(order(after(state, out))).toEqual([1, 2, 3, 4, 5])
    expect(out.map((layer) => [layer.id, layer.position])).toEqual([[5, 4]])
    expect(placeLayer(state, state.layers.get(id(3))!, null, 2)).toEqual([state.layers.get(id(3))])
  })

  it('finds everything inside a group', () => {
    expect(withContents(stack([1, null, 0, 'group'], [2, 1, 0, 'group'], [3, 2, 0], [4, null, 1]), id(1))).toEqual([1, 2, 3])
  })
})

describe('the layout of the history tree', () => {
  const operations = (...parents: (number | null)[]): { id: OperationId; parent: OperationId | null }[] =>
    parents.map((parent, index) => ({ id: (index + 1) as OperationId, parent: parent as OperationId | null }))

  it('keeps the line to the head in lane 0 and side branches to the right of it', () => {
    //  1 - 2 - 3        5 is the head
    //       \- 4 - 5
    expect(layoutTree(operations(null, 1, 2, 2, 4), 5 as OperationId).map(({ lane, onPath }) => [lane, onPath]))
      .toEqual([[0, true], [0, true], [1, false], [0, true], [0, true]])
  })

  it('never draws two branches in one lane at the same height', () => {
    const parents = [null, 1, 1, 1, 2, 3, 4, 5, 6, 2, 10]
    for (let head = 1; head <= parents.length; head++) {
      const rows = layoutTree(operations(...parents), head as OperationId)
      const lane = new Map(rows.map((row) => [row.id, row]))
      // A branch occupies its lane from its first row to its last.
      const spans: { lane: number; from: number; to: number; root: OperationId }[] = []
      for (const row of rows) {
        const parent = row.parent === null ? undefined : lane.get(row.parent)
        const span = parent && parent.lane === row.lane ? spans.find((item) => item.root === rootOf(row.id)) : undefined
        if (span) span.to = row.row
        else spans.push({ lane: row.lane, from: row.row, to: row.row, root: row.id })
        function rootOf(of: OperationId): OperationId {
          const at = lane.get(of)!
          const above = at.parent === null ? undefined : lane.get(at.parent)
          return above && above.lane === at.lane ? rootOf(above.id) : of
        }
      }
      for (const a of spans) for (const b of spans)
        if (a !== b && a.lane === b.lane) expect(a.to < b.from || b.to < a.from, `head ${head}, lane ${a.lane}: ${JSON.stringify([a, b])}`).toBe(true)
      expect(rows.filter((row) => row.onPath).every((row) => row.lane === 0)).toBe(true)
    }
  })

  it('places 10,000 operations', () => {
    const parents = Array.from({ length: 10_000 }, (_, index) => (index === 0 ? null : index % 7 === 0 ? Math.max(1, index - 40) : index))
    const rows = layoutTree(operations(...parents), 10_000 as OperationId)
    expect(rows).toHaveLength(10_000)
    expect(Math.max(...rows.map((row) => row.lane))).toBeLessThan(40)
  })
})
