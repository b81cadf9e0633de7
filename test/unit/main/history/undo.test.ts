/** The document through any sequence of edits, undo, redo and jumps, against a model that simply keeps every state. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkProject } from '../../../../main/history/checkProject.ts'
import type { LayerId, OperationId } from '../../../../main/history/ids.ts'
import { newLayer, placeLayer } from '../../../../main/history/layers.ts'
import type { Layer } from '../../../../main/history/model.ts'
import type { Project } from '../../../../main/history/project.ts'
import { snapshotLines } from '../../../../main/history/reconcile.ts'
import type { DocumentId } from '../../../../main/history/ids.ts'
import { plainTile, reopen, sampleProject, scratch, sentenceOf } from './projects.ts'

const folder = scratch()

/** Everything visible of a document: canvas, layers, and the value of each tile. */
interface Seen {
  readonly canvas: unknown
  readonly layers: readonly Layer[]
  readonly tiles: Readonly<Record<string, number>>
}

function look(project: Project, document: DocumentId): Seen {
  const state = project.state(document)
  const tiles = Object.fromEntries(project.placedTiles(document).map((tile) => [`${tile.layer}/${tile.plane}/${tile.x}/${tile.y}`, project.tile(tile.ref).bytes[0]!]))
  return { canvas: state.canvas, layers: [...state.layers.values()].sort((a, b) => a.id - b.id), tiles }
}

type Step =
  | { readonly do: 'layer' | 'remove' | 'opacity' | 'move' | 'canvas' | 'stroke' | 'erase' | 'goto'; readonly n: number }
  | { readonly do: 'undo' | 'redo' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('layer', 'opacity', 'move', 'canvas', 'stroke', 'erase', 'remove', 'goto'), n: fc.nat(1000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('undo', 'redo') }) },
) as fc.Arbitrary<Step> // fast-check widens the names

function perform(project: Project, document: DocumentId, { do: what, n }: Extract<Step, { n: number }>): void {
  const state = project.state(document)
  const layers = [...state.layers.values()]
  const layer = layers[n % layers.length]
  const commit = (title: string, draft: object): void => void project.commitOperation(document, { kind: 'test', title, ...draft })
  if (what === 'layer') commit('Add', { layers: [newLayer({ id: project.newLayerId(), kind: n % 3 === 0 ? 'group' : 'paint', name: `L${n}`, position: layers.length })] })
  else if (what === 'canvas') commit('Canvas', { canvas: { width: 100 + n, height: 50, extra: { resolution: n } } })
  else if (what === 'goto') project.goTo(document, project.operations(document)[n % project.operations(document).length]!.id)
  else if (!layer) return
  else if (what === 'opacity') commit('Opacity', { layers: [{ ...layer, opacity: (n % 11) / 10 }] })
  else if (what === 'move') commit('Move', { layers: placeLayer(state, layer, null, n % 4) })
  else if (what === 'stroke') commit('Brush', { tiles: [0, 1].map((x) => ({ layer: layer.id, plane: n % 2 ? 'mask' : 'pixels', x, y: n % 3, pixels: plainTile(n % 256) })) })
  else if (what === 'erase') commit('Erase', { tiles: [{ layer: layer.id, plane: 'pixels', x: 0, y: n % 3, pixels: null }] })
  else if (what === 'remove') {
    const inside = layers.filter((other) => other.parent === layer.id).map((other) => other.id)
    commit('Remove', { removedLayers: [layer.id, ...inside] })
  }
}

describe('a document', () => {
  it('is after any edits, undo, redo and jumps exactly what it was, also when reopened', async () => {
    let run = 0
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const { project, document, folder: sample } = sampleProject(folder, `run-${run++}`)
      const seen = new Map<OperationId, Seen>([[project.head(document), look(project, document)]])
      // The model of redo: for each place the child last come from or gone to.
      const lastChild = new Map<OperationId, OperationId>()
      for (const next of steps) {
        const before = project.head(document)
        if (!('n' in next) && next.do === 'undo') {
          const move = project.undo(document)
          if (move) lastChild.set(move.to, before)
          else expect(project.operation(before).parent).toBeNull()
        } else if (!('n' in next)) {
          const move = project.redo(document)
          if (lastChild.has(before)) expect(move?.to).toBe(lastChild.get(before))
        } else {
          perform(project, document, next)
          for (let at = project.operation(project.head(document)); at.parent !== null; at = project.operation(at.parent)) lastChild.set(at.parent, at.id)
          // A jump also remembers the way it came from, up to where the ways meet.
          if (next.do === 'goto') {
            const here = new Set(project.ancestry(project.head(document)))
            for (let at = project.operation(before); at.parent !== null && !here.has(at.id); at = project.operation(at.parent)) if (!here.has(at.parent) || at.parent === project.head(document)) lastChild.set(at.parent, at.id)
          }
        }
        const now = project.head(document)
        const known = seen.get(now)
        if (known) expect(look(project, document)).toEqual(known)
        else seen.set(now, look(project, document))
      }
      for (const [operation, state] of seen) {
        expect([...project.state(document, operation).layers.values()].sort((a, b) => a.id - b.id)).toEqual(state.layers)
        project.goTo(document, operation)
        expect(look(project, document)).toEqual(state)
      }
      const last = look(project, document)
      const told = snapshotLines(project.writing, 1)
      expect((await checkProject(project)).faults).toEqual([])
      project.close()
      const again = reopen(sample)
      expect(again.notices).toEqual([])
      expect(look(again.project, document)).toEqual(last)
      expect(snapshotLines(again.project.writing, 1)).toEqual(told)
      again.project.close()
    }), { numRuns: 12, seed: 6 })
  }, 240_000)

  it('tells what a canvas must redraw, once per thing, over any number of steps', () => {
    const { project, document, paint, first } = sampleProject(folder, 'redraw')
    for (let index = 0; index < 5; index++)
      project.commitOperation(document, { kind: 'stroke', title: 'Brush', layers: [{ ...paint, opacity: index / 10 }], tiles: [{ layer: paint.id, plane: 'pixels', x: 0, y: 0, pixels: plainTile(index) }, { layer: paint.id, plane: 'pixels', x: 1 + index, y: 0, pixels: plainTile(9) }] })
    const move = project.goTo(document, first)
    expect(move.difference.layers.map((change) => [change.before?.opacity, change.after?.opacity])).toEqual([[0.4, 1]])
    expect(move.difference.tiles).toHaveLength(6)
    expect(move.difference.tiles.every((tile) => tile.after === null)).toBe(true)
    // There and back again is no difference.
    expect(project.difference(first, first)).toEqual({ canvas: null, layers: [], tiles: [] })
    project.close()
  })

  it('takes undo from memory as long as the budget lasts, then from the disk', () => {
    const { project, document, paint } = sampleProject(folder, 'budget', { undoBytes: 4 * 65536 })
    for (let index = 0; index < 8; index++)
      project.commitOperation(document, { kind: 'stroke', title: 'Brush', tiles: [{ layer: paint.id, plane: 'pixels', x: 0, y: 0, pixels: plainTile(index) }] })
    expect(project.undoMemory()).toMatchObject({ tiles: 4, bytes: 4 * 65536 })
    for (let index = 6; index >= 0; index--) {
      const after = project.undo(document)!.difference.tiles[0]!.after!
      expect(project.tile(after).bytes[5]).toBe(index)
    }
    expect(project.undoMemory()).toMatchObject({ tiles: 4, hits: 3, misses: 4 })
    project.close()
  })

  it('keeps its own copy of the pixels it was handed', () => {
    const { project, document, paint } = sampleProject(folder, 'copy')
    const tile = plainTile(7)
    project.commitOperation(document, { kind: 'stroke', title: 'Brush', tiles: [{ layer: paint.id, plane: 'pixels', x: 0, y: 0, pixels: tile }] })
    tile.bytes.fill(200) // the brush goes on
    expect(project.tile(project.placedTiles(document)[0]!.ref).bytes[0]).toBe(7)
    project.close()
  })
})

describe('an operation', () => {
  it('is refused with a sentence and changes nothing when it contradicts the document', () => {
    const { project, document, paint, photograph } = sampleProject(folder, 'refused')
    const before = snapshotLines(project.writing, 1)
    const group = newLayer({ id: project.newLayerId(), kind: 'group', name: 'Group' })
    const attempt = (draft: object): string | undefined => sentenceOf(() => project.commitOperation(document, { kind: 'test', title: 'x', ...draft }))
    expect(attempt({ removedLayers: [99 as LayerId] })).toMatch(/Layer 99, which should be removed, is not in the document/)
    expect(attempt({ layers: [{ ...paint, parent: photograph.id }] })).toMatch(/"Paint" would lie in "Photograph", which is no group/)
    expect(attempt({ layers: [{ ...group, parent: group.id }] })).toMatch(/"Group" would lie inside itself/)
    expect(attempt({ removedLayers: [paint.id], layers: [paint] })).toMatch(/changed twice/)
    expect(attempt({ layers: [newLayer({ id: 50 as LayerId, kind: 'paint', name: 'Foreign' })] })).toMatch(/number 50, which this project never gave out/)
    expect(attempt({ layers: [{ ...paint, pixels: { hash: 'a'.repeat(64) as never, width: 1, height: 1 } }] })).toMatch(/no file aaaaaaaaaaaa… that an operation refers to/)
    expect(attempt({ layers: [{ ...paint, opacity: 2 }] })).toBeDefined()
    expect(attempt({ tiles: [{ layer: paint.id, plane: 'pixels', x: 0, y: 0, pixels: { format: 'grey8', bytes: new Uint8Array(9) } }] })).toMatch(/expected 65536 bytes/)
    expect(attempt({ stroke: 77 })).toMatch(/Stroke 77 is not being drawn/)
    expect(snapshotLines(project.writing, 1)).toEqual(before)
    project.close()
  })

  it('keeps every parameter, seed and hash it was made with', () => {
    const { project, document, first } = sampleProject(folder, 'provenance')
    const mask = project.addBlob(Buffer.from('mask'), 'image/png')
    const result = project.addBlob(Buffer.from('patch'), 'image/png')
    const id = project.commitOperation(document, {
      kind: 'inpaint', title: 'Fill: a red car', engineVersion: '0.1.0', model: 'starter-inpaint', modelHash: 'm'.repeat(64), device: 'cpu', seed: 2 ** 53 - 1,
      params: { prompt: 'a red (car:1.2)', steps: 20, nested: { a: [1, null, 'x'] } }, durationMs: 12.5,
      inputs: [{ role: 'mask', hash: mask.hash, source: { from: 'blob' } }, { role: 'image', hash: mask.hash, source: { from: 'composite', operation: first } }],
      results: [{ role: 'patch', hash: result.hash, width: 64, height: 32, seed: 5, metrics: { changedOutside: 0 } }],
    })
    project.labelOperation(id, { name: 'My car', starred: true })
    project.setThumbnail(id, Buffer.from('small'), 'image/webp')
    expect(project.operation(id)).toMatchObject({
      kind: 'inpaint', title: 'Fill: a red car', name: 'My car', starred: true, engineVersion: '0.1.0', model: 'starter-inpaint', modelHash: 'm'.repeat(64), device: 'cpu',
      seed: 2 ** 53 - 1, params: { prompt: 'a red (car:1.2)', steps: 20, nested: { a: [1, null, 'x'] } }, durationMs: 12.5, parent: first,
      inputs: [{ role: 'image', source: { from: 'composite', operation: first } }, { role: 'mask', source: { from: 'blob' } }],
      results: [{ role: 'patch', hash: result.hash, width: 64, height: 32, seed: 5, metrics: { changedOutside: 0 }, chosen: true }],
    })
    expect(project.operations(document, { starredOnly: true }).map((operation) => operation.id)).toEqual([id])
    expect(project.blob(project.operation(id).thumbnail!).toString()).toBe('small')
    project.close()
  })

  it('waits staged until it is accepted, follows where the document stands by then, and can be rejected', () => {
    const { project, document, paint } = sampleProject(folder, 'staged')
    const patches = [1, 2].map((n) => project.addBlob(Buffer.from(`patch ${n}`), 'image/png'))
    const staged = project.stageOperation(document, { kind: 'inpaint', title: 'Fill', results: patches.map(({ hash }) => ({ role: 'patch', hash })) })
    expect(project.staged(document).map((operation) => operation.id)).toEqual([staged])
    expect(project.tree(document)).toHaveLength(1)
    expect(sentenceOf(() => project.goTo(document, staged))).toMatch(/restore or accept it first/)
    const stroke = project.commitOperation(document, { kind: 'stroke', title: 'Meanwhile', tiles: [{ layer: paint.id, plane: 'pixels', x: 0, y: 0, pixels: plainTile(1) }] })
    const layer = newLayer({ id: project.newLayerId(), kind: 'edit-result', name: 'Fill', position: 2, pixels: { hash: patches[1]!.hash, width: 4, height: 4 } })
    const move = project.acceptOperation(staged, [1], { layers: [layer] })
    expect(move).toMatchObject({ from: stroke, to: staged })
    expect(project.operation(staged)).toMatchObject({ state: 'applied', parent: stroke, results: [{ chosen: false }, { chosen: true }] })
    expect(project.state(document).layers.get(layer.id)).toEqual(layer)
    expect(sentenceOf(() => project.acceptOperation(staged, [0], {}))).toMatch(/not waiting to be accepted/)
    const other = project.stageOperation(document, { kind: 'inpaint', title: 'Fill again' })
    project.rejectOperation(other)
    expect(project.operation(other).state).toBe('rejected')
    expect(project.staged(document)).toEqual([])
    project.acceptOperation(other, [], {})
    expect(project.head(document)).toBe(other)
    project.close()
  })
})
