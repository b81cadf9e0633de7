/** The layer list as rows, and where a dragged row may land. Pure functions over the document view. */
import type { LayerView } from '../../../preload/contract/documents.ts'

/** A row: a layer and how deep it lies in groups. */
export type LayerRow = { readonly layer: LayerView; readonly depth: number }

/** Rows from the top of the pile down, groups before what they hold; folded groups hide theirs. */
export function layerRows(layers: readonly LayerView[], masks: boolean, folded: ReadonlySet<number>): LayerRow[] {
  const walk = (parent: number | null, depth: number): LayerRow[] =>
    layers
      .filter((layer) => layer.parent === parent && (layer.kind === 'mask') === masks)
      .toSorted((a, b) => b.position - a.position)
      .flatMap((layer) => [{ layer, depth }, ...(layer.kind === 'group' && !folded.has(layer.id) ? walk(layer.id, depth + 1) : [])])
  return walk(null, 0)
}

/** Where a row is dropped: above or below another, or into a group. */
export type Drop = { readonly on: number; readonly where: 'above' | 'below' | 'into' }

/** What a pointer at a share (0 = top, 1 = bottom) of a row's height means. */
export function dropAt(layer: LayerView, share: number): Drop['where'] {
  if (layer.kind === 'group') return share < 0.3 ? 'above' : share > 0.75 ? 'below' : 'into'
  return share < 0.5 ? 'above' : 'below'
}

/**
 * The parent and index (0 = lowest) that a drop means; null when it would put a group into itself or change nothing. The
 * index is that among the new neighbours without the moved layer.
 */
export function placeOf(layers: readonly LayerView[], moved: number, drop: Drop): { readonly parent: number | null; readonly index: number } | null {
  const target = layers.find(({ id }) => id === drop.on)
  const layer = layers.find(({ id }) => id === moved)
  if (!target || !layer || target.id === moved || isInside(layers, target.id, moved)) return null
  if (drop.where === 'into') return target.kind === 'group' && layer.parent !== target.id ? { parent: target.id, index: neighbours(layers, target.id, moved).length } : null
  const row = neighbours(layers, target.parent, moved)
  const index = row.findIndex(({ id }) => id === target.id) + (drop.where === 'above' ? 1 : 0)
  const same = layer.parent === target.parent && neighbours(layers, target.parent, null).findIndex(({ id }) => id === moved) === index
  return same ? null : { parent: target.parent, index }
}

function neighbours(layers: readonly LayerView[], parent: number | null, without: number | null): LayerView[] {
  return layers.filter((layer) => layer.parent === parent && layer.id !== without).toSorted((a, b) => a.position - b.position)
}

function isInside(layers: readonly LayerView[], layer: number, group: number): boolean {
  for (let at = layers.find(({ id }) => id === layer); at; at = layers.find(({ id }) => id === at?.parent)) if (at.parent === group) return true
  return false
}
