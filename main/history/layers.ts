/** Pure rules of the layer stack: defaults, order, and what a change must keep true. */
import { failed } from '../engine/errors.ts'
import type { LayerId } from './ids.ts'
import { type Layer, layerSchema } from './model.ts'
import type { DocumentState } from './state.ts'

/** A new layer: the given fields, and for the rest visible, unlocked, opaque, normal, untransformed, on top. */
export function newLayer(fields: Pick<Layer, 'id' | 'kind' | 'name'> & Partial<Layer>): Layer {
  return layerSchema.parse({
    parent: null, position: 0, visible: true, locked: false, opacity: 1, blend: 'normal', pixels: null, mask: null,
    transform: [1, 0, 0, 1, 0, 0], extra: {}, ...fields,
  })
}

/** The layers below one parent, lowest first. */
export function childLayers(layers: Iterable<Layer>, parent: LayerId | null): Layer[] {
  return [...layers].filter((layer) => layer.parent === parent).sort((a, b) => a.position - b.position || a.id - b.id)
}

/** Every layer in painting order, lowest first; a group comes right after what it holds. */
export function paintingOrder(state: DocumentState): Layer[] {
  const below = (parent: LayerId | null): Layer[] =>
    childLayers(state.layers.values(), parent).flatMap((layer) => (layer.kind === 'group' ? [...below(layer.id), layer] : [layer]))
  return below(null)
}

/**
 * The layers that change when one goes to another place; positions stay 0, 1, 2 ... within each parent.
 * @param index place among the layers of `parent`, 0 = lowest; beyond the end means on top
 */
export function placeLayer(state: DocumentState, layer: Layer, parent: LayerId | null, index: number): Layer[] {
  const all = [...state.layers.values()].filter((other) => other.id !== layer.id)
  const target = childLayers(all, parent)
  target.splice(Math.max(0, Math.min(index, target.length)), 0, { ...layer, parent })
  const numbered = target.map((other, position) => ({ ...other, position }))
  const old = state.layers.get(layer.id)
  if (old && old.parent !== parent) numbered.push(...childLayers(all, old.parent).map((other, position) => ({ ...other, position })))
  return numbered.filter((other) => {
    const before = state.layers.get(other.id)
    return other.id === layer.id || before?.position !== other.position || before.parent !== other.parent
  })
}

/** A layer and, for a group, everything in it: what removing it removes. */
export function withContents(state: DocumentState, id: LayerId): LayerId[] {
  return [id, ...childLayers(state.layers.values(), id).flatMap((child) => withContents(state, child.id))]
}

/** A layer by itself: what it holds, and the groups around it, whose transforms and masks it lies under. */
export function aloneWith(state: DocumentState, id: LayerId): ReadonlySet<LayerId> {
  const kept = new Set(withContents(state, id))
  for (let at = state.layers.get(id)?.parent ?? null; at !== null; at = state.layers.get(at)?.parent ?? null) kept.add(at)
  return kept
}

/**
 * Checks that every parent is a group of the same document and that no group lies inside itself.
 * @throws EngineError project/layers
 */
export function checkLayers(state: DocumentState): void {
  for (const layer of state.layers.values()) {
    const seen = new Set<LayerId>([layer.id])
    for (let at = layer.parent; at !== null; ) {
      const parent = state.layers.get(at)
      if (!parent) throw failed('project/layers', `Layer "${layer.name}" would lie in a group that is not there; please report it.`)
      if (parent.kind !== 'group') throw failed('project/layers', `Layer "${layer.name}" would lie in "${parent.name}", which is no group; please report it.`)
      if (seen.has(at)) throw failed('project/layers', `Group "${parent.name}" would lie inside itself; please report it.`)
      seen.add(at)
      at = parent.parent
    }
  }
}
