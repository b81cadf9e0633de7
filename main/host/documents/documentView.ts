/** A document as a window sees it. */
import { TILE_EDGE, type DocumentView, type LayerView } from '../../../preload/contract/documents.ts'
import type { DocumentId, OperationId } from '../../history/ids.ts'
import { paintingOrder } from '../../history/layers.ts'
import type { Layer, TileRef } from '../../history/model.ts'
import type { OpenProject } from '../openProjects.ts'
import { factsOf } from './sourceFacts.ts'

/** Name of the project setting that holds a document's mask in force. */
export function activeMaskSetting(document: DocumentId): string {
  return `activeMask/${document}`
}

/** Whether a layer has a mask of its own: a picture, or one made white that strokes are painted on. */
export function hasMask(layer: Layer): boolean {
  return layer.mask !== null || layer.extra['hasMask'] === true
}

/** Builds the view of where the document stands. */
export function buildView(project: OpenProject, document: DocumentId, version: number, placed: (layer: number) => ReadonlyMap<string, TileRef>): DocumentView {
  const { reader } = project
  const state = reader.state(document)
  const head = reader.head(document)
  const summary = [...reader.documents(), ...reader.documents({ trashed: true })].find((item) => item.id === document)
  const active = reader.setting(activeMaskSetting(document))
  const mask = typeof active === 'number' ? state.layers.get(active as Layer['id']) : undefined // a number of another kind finds nothing
  return {
    project: project.id,
    document,
    name: summary?.name ?? '',
    canvas: { width: state.canvas.width, height: state.canvas.height },
    source: factsOf(state.canvas).source,
    layers: paintingOrder(state).map((layer) => layerView(layer, placed(layer.id))),
    activeMask: mask?.kind === 'mask' ? mask.id : null,
    head,
    ...undoTitles(project, document, head),
    version,
  }
}

function undoTitles({ reader }: OpenProject, document: DocumentId, head: OperationId): { undo: string | null; redo: string | null } {
  const title = (id: OperationId): string => {
    const operation = reader.operation(id)
    return operation.name ?? operation.title
  }
  const next = reader.redoTarget(document)
  return { undo: reader.operation(head).parent === null ? null : title(head), redo: next === undefined ? null : title(next) }
}

function layerView(layer: Layer, placed: ReadonlyMap<string, TileRef>): LayerView {
  const { id, kind, name, parent, position, visible, locked, opacity, blend, pixels, transform, extra } = layer
  return {
    id, kind, name, parent, position, visible, locked, opacity, blend,
    size: pixels && { width: pixels.width, height: pixels.height },
    extent: extentOf(layer, placed),
    hasMask: hasMask(layer),
    transform: [...transform],
    colour: typeof extra['colour'] === 'string' ? extra['colour'] : null,
    operation: typeof extra['operation'] === 'number' ? extra['operation'] : null,
  }
}

function extentOf({ pixels }: Layer, placed: ReadonlyMap<string, TileRef>): LayerView['extent'] {
  let [left, top, right, bottom] = pixels ? [0, 0, pixels.width, pixels.height] : [Infinity, Infinity, -Infinity, -Infinity]
  for (const key of placed.keys()) {
    const [x, y] = key.split('/').map(Number) as [number, number]
    left = Math.min(left, x * TILE_EDGE)
    top = Math.min(top, y * TILE_EDGE)
    right = Math.max(right, (x + 1) * TILE_EDGE)
    bottom = Math.max(bottom, (y + 1) * TILE_EDGE)
  }
  return right > left ? { x: left, y: top, width: right - left, height: bottom - top } : null
}
