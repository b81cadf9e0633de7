/** What layer commands do. Positions count from 0 = lowest among the layers of the same parent. */
import type { DocumentView, LayerView } from '../../../preload/contract/documents.ts'
import { change, documentStore, openDocument, selectLayers, selectedLayer } from '../../stores/documentStore.ts'

/** Layers of one parent, lowest first. */
export function siblings(view: DocumentView, parent: number | null): LayerView[] {
  return view.layers.filter((layer) => layer.parent === parent).toSorted((a, b) => a.position - b.position)
}

/** A layer and everything in it. */
export function withInner(view: DocumentView, id: number): number[] {
  return [id, ...view.layers.filter(({ parent }) => parent === id).flatMap((inner) => withInner(view, inner.id))]
}

async function selectNew(work: Promise<DocumentView>): Promise<void> {
  const before = new Set(openDocument().layers.map(({ id }) => id))
  const view = await work
  const fresh = view.layers.filter(({ id }) => !before.has(id)).map(({ id }) => id)
  if (fresh.length > 0) selectLayers(fresh)
}

/** A new layer above the selected one. @throws AppError */
export async function addLayer(kind: 'paint' | 'mask'): Promise<void> {
  await selectNew(change({ change: 'layer.add', kind, above: selectedLayer()?.id ?? null }))
}

/** A group; the selected layers go into it, all in one step. @throws AppError */
export async function addGroup(): Promise<void> {
  const { layers } = openDocument()
  const contents = layers.filter(({ id, kind }) => kind !== 'mask' && documentStore.getState().selected.includes(id)).map(({ id }) => id)
  await selectNew(change({ change: 'layer.add', kind: 'group', above: contents.at(-1) ?? selectedLayer()?.id ?? null, contents }))
}

/** A copy of the selected layer above it. @throws AppError */
export async function duplicateLayer(): Promise<void> {
  await selectNew(change({ change: 'layer.duplicate', layer: selectedLayer()!.id }))
}

/** The selected layers as one, or the selected one with the one below it. @throws AppError */
export async function mergeDown(): Promise<void> {
  const { selected } = documentStore.getState()
  const layer = selectedLayer()!
  const row = siblings(openDocument(), layer.parent).filter(({ kind }) => kind !== 'mask')
  const below = row[row.findIndex(({ id }) => id === layer.id) - 1]
  const layers = selected.length > 1 ? [...selected] : below ? [below.id, layer.id] : []
  if (layers.length > 1) await selectNew(change({ change: 'layer.merge', layers }))
}

/** Every visible picture layer as one. @throws AppError */
export async function mergeVisible(): Promise<void> {
  const layers = siblings(openDocument(), null).filter(({ visible, kind }) => visible && kind !== 'mask').map(({ id }) => id)
  if (layers.length > 1) await selectNew(change({ change: 'layer.merge', layers }))
}

/** Takes the selected layers away. @throws AppError */
export async function removeLayers(): Promise<void> {
  await change({ change: 'layer.remove', layers: [...documentStore.getState().selected] })
}

/** Moves the selected layer one place up (1) or down (-1) among its neighbours. @throws AppError */
export async function moveLayer(by: 1 | -1): Promise<void> {
  const layer = selectedLayer()!
  const row = siblings(openDocument(), layer.parent)
  const index = row.findIndex(({ id }) => id === layer.id) + by
  if (index >= 0 && index < row.length) await change({ change: 'layer.place', layer: layer.id, parent: layer.parent, index })
}

/** Selects the layer above (1) or below (-1) in the list. */
export function nextLayer(by: 1 | -1): void {
  const { layers } = openDocument()
  const at = layers.findIndex(({ id }) => id === selectedLayer()?.id)
  const next = layers[Math.min(layers.length - 1, Math.max(0, at < 0 ? layers.length - 1 : at + by))]
  if (next) selectLayers([next.id])
}
