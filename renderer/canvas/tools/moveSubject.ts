/** What the move tool has hold of: one layer, a group with all it holds, or several layers together. */
import type { DocumentView, LayerView } from '../../../preload/contract/documents.ts'
import { type Affine, compose, invert, scaling, translation } from '../geometry/affine.ts'
import { type Edges, edgesOf, mapEdges, unite } from '../geometry/boxes.ts'
import type { ToolSurface } from './toolTypes.ts'

/** Layers that go together, and the map from [0..1] x [0..1] to the box around them on the canvas. */
export interface MoveSubject {
  readonly layers: readonly LayerView[]
  readonly frame: Affine
}

type Surface = Pick<ToolSurface, 'document' | 'options' | 'layerMap'>

/** The chosen layers that move: those inside of a chosen group go with it. */
export function chosenLayers(document: DocumentView, { layer, layers }: { readonly layer: number | null; readonly layers: readonly number[] }): LayerView[] {
  const chosen = new Set(layers.length > 0 ? layers : layer === null ? [] : [layer])
  const inChosen = (one: LayerView): boolean => {
    for (let at = parentOf(document, one); at; at = parentOf(document, at)) if (chosen.has(at.id)) return true
    return false
  }
  return document.layers.filter((one) => chosen.has(one.id) && !inChosen(one))
}

/** See {@link MoveSubject}; null when nothing is chosen, or nothing is in it. */
export function moveSubject(surface: Surface): MoveSubject | null {
  const document = surface.document()
  const layers = chosenLayers(document, surface.options())
  const [only] = layers
  if (!only) return null
  if (layers.length === 1) {
    // the frame of a single layer turns with it
    const toCanvas = surface.layerMap(only.id)
    const box = contentBox(surface, document, only, toCanvas)
    return box && { layers, frame: compose(toCanvas, boxMap(box)) }
  }
  const box = layers.reduce<Edges | null>((all, layer) => {
    const toCanvas = surface.layerMap(layer.id)
    const own = contentBox(surface, document, layer, toCanvas)
    return own ? unite(all, mapEdges(toCanvas, own)) : all
  }, null)
  return box && { layers, frame: boxMap(box) }
}

/** Box of what a layer holds in its own pixels; for a group, of everything in it. */
function contentBox(surface: Surface, document: DocumentView, layer: LayerView, toCanvas: Affine): Edges | null {
  if (layer.kind !== 'group') return layer.extent && edgesOf(layer.extent)
  const back = invert(toCanvas)
  if (!back) return null
  return document.layers.filter(({ parent, kind }) => parent === layer.id && kind !== 'mask').reduce<Edges | null>((all, child) => {
    const childMap = surface.layerMap(child.id)
    const box = contentBox(surface, document, child, childMap)
    return box ? unite(all, mapEdges(compose(back, childMap), box)) : all
  }, null)
}

function boxMap({ left, top, right, bottom }: Edges): Affine {
  return compose(translation(left, top), scaling(right - left, bottom - top))
}

function parentOf(document: DocumentView, { parent }: LayerView): LayerView | undefined {
  return parent === null ? undefined : document.layers.find(({ id }) => id === parent)
}
