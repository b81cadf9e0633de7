/** Rows that the stand-in host begins with. */
import type { DocumentView, LayerView, ProjectRow } from '../../../../preload/contract/documents.ts'
import type { OperationRow } from '../../../../preload/contract/history.ts'
import type { ModelRow } from '../../../../preload/contract/models.ts'
import { PICTURE } from './fakePicture.ts'

const identity = [1, 0, 0, 1, 0, 0] as const

/** A document with a picture, a group, two results and (where wanted) a mask in force. */
export function firstDocument(project: string, mask: boolean, steps: number): DocumentView {
  const plain: LayerView = {
    id: 1, kind: 'image', name: 'Evening hills', parent: null, position: 0, visible: true, locked: true, opacity: 1, blend: 'normal', size: { ...PICTURE }, extent: { x: 0, y: 0, ...PICTURE }, hasMask: false,
    transform: [...identity], colour: null, operation: null,
  }
  const empty = { size: null, extent: null, locked: false }
  const layers: LayerView[] = [
    plain,
    { ...plain, ...empty, id: 4, kind: 'edit-result', name: 'Remove: power line', position: 1, hasMask: true, operation: 3 },
    { ...plain, ...empty, id: 6, kind: 'paint', name: 'Dodge', parent: 5, position: 0, opacity: 0.6, blend: 'soft-light' },
    { ...plain, ...empty, id: 7, kind: 'paint', name: 'Haze', parent: 5, position: 1, visible: false },
    { ...plain, ...empty, id: 5, kind: 'group', name: 'Light', position: 2 },
    ...(mask ? [{ ...plain, ...empty, id: 3, kind: 'mask' as const, name: 'Mask 1', position: 3, size: { ...PICTURE }, extent: { x: 840, y: 80, width: 410, height: 350 }, colour: '#e5484d' }] : []),
  ]
  return {
    project, document: 1, name: 'Evening hills', canvas: { ...PICTURE }, source: { name: 'hills.tif', format: 'tiff', depth: 16, profile: 'Display P3', bytes: 9_400_000 }, layers, activeMask: mask ? 3 : null,
    head: Math.max(1, steps), undo: 'Mask brush', redo: null, version: 1,
  }
}

const TITLES = ['Open "hills.tif"', 'Mask brush', 'Remove', 'Fill: a full moon', 'Feather the mask by 16 px', 'Layer opacity', 'Paint brush', 'Swap: evening to dawn']

/** A tree of steps with branches, one after another in time. */
export function historyOf(steps: number): OperationRow[] {
  return Array.from({ length: Math.max(1, steps) }, (_, index) => {
    const id = index + 1
    const side = id % 11 === 5 || id % 11 === 6
    const parent = id === 1 ? null : id % 11 === 7 ? id - 3 : id - 1
    return {
      id, parent, depth: id, lane: side ? 1 : 0, state: 'applied', kind: index === 0 ? 'open' : 'edit', title: TITLES[index % TITLES.length]!, name: id % 13 === 4 ? 'The good one' : null, starred: id % 13 === 4,
      thumbnail: 'picture-00', createdAt: Date.UTC(2026, 10, 24, 9, 0, 0) + id * 41_000, replayable: id % 8 === 4 || id % 8 === 0,
    }
  })
}

/** Recent projects. */
export function projectRows(count: number): ProjectRow[] {
  const names = ['Evening hills', 'Harbour at noon', 'Grandmother 1961', 'Kitchen']
  return Array.from({ length: count }, (_, index) => ({ ref: index === 0 ? 'first' : `ref-${index}`, name: names[index % names.length]!, modifiedAt: Date.UTC(2026, 10, 24 - index), documents: 1 + (index % 2), thumbnail: 'picture-00', missing: index === 2 }))
}

/** The bundled models. */
export function modelRows(): ModelRow[] {
  const row: ModelRow = {
    id: 'starter', name: 'Starter', source: 'bundled', kind: 'text-to-image', family: 'sd1', size: 128, bytes: 60_000_000, licence: 'MIT', vocabulary: ['a', 'full', 'moon', 'in', 'the', 'sky', 'hill', 'hills', 'house', 'heron', 'red', 'blue', 'with', 'and', 'sun'],
    can: { describe: true, clip: false, tinyPreview: true }, problem: null,
  }
  return [row, { ...row, id: 'starter-inpaint', name: 'Starter for filling', kind: 'inpaint' }]
}
