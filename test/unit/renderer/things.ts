/** Documents, layers, jobs and results for tests of the window's stores. */
import type { DocumentView, LayerView } from '../../../preload/contract/documents.ts'
import type { Job, StagedEdit } from '../../../preload/contract/edits.ts'
import type { OperationRow } from '../../../preload/contract/history.ts'

/** A layer; unnamed values are those of a plain picture. */
export function layerWith(values: Partial<LayerView> = {}): LayerView {
  return {
    id: 1, kind: 'image', name: 'Photo', parent: null, position: 0, visible: true, locked: false, opacity: 1, blend: 'normal', size: { width: 300, height: 200 }, extent: { x: 0, y: 0, width: 300, height: 200 }, hasMask: false,
    transform: [1, 0, 0, 1, 0, 0], colour: null, operation: null, ...values,
  }
}

/** A document of 300 x 200 with one layer. */
export function documentWith(values: Partial<DocumentView> = {}): DocumentView {
  return {
    project: 'prj_aaaaaaaaaaaaaaaa', document: 1, name: 'Photo', canvas: { width: 300, height: 200 }, source: null, layers: [layerWith()], activeMask: null, head: 1, undo: null, redo: null, version: 1, ...values,
  }
}

/** A job that waits. */
export function jobWith(values: Partial<Job> = {}): Job {
  return {
    job: 'job_aaaaaaaaaaaaaaaa', kind: 'fill', title: 'Fill', project: null, document: null, state: 'queued', phase: '', step: 0, steps: 0, etaSeconds: null, operation: null, warnings: [], error: null, result: null, queuedAt: 0, startedAt: null, endedAt: null, ...values,
  }
}

/** A staged edit with some results. */
export function stagedWith(operation: number, count: number): StagedEdit {
  const box = { x: 0, y: 0, width: 10, height: 10 }
  return { operation, kind: 'fill', title: 'Fill', createdAt: 0, results: Array.from({ length: count }, (_, ordinal) => ({ ordinal, media: `media-${operation}-${ordinal}`, seed: ordinal, box, changedOutside: 0, metrics: {} })) }
}

/** A step of the history. */
export function stepWith(id: number, parent: number | null, values: Partial<OperationRow> = {}): OperationRow {
  return { id, parent, depth: id, lane: 0, state: 'applied', kind: 'edit', title: `Step ${id}`, name: null, starred: false, thumbnail: null, createdAt: 0, replayable: false, ...values }
}
