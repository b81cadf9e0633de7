/** The layers of a document as a tree, lowest first, with the maps that lead each one's pixels to the canvas. */
import type { DocumentView, LayerView } from '../../../preload/contract/documents.ts'
import { type Affine, IDENTITY, compose, invert } from '../geometry/affine.ts'
import { type Edges, edgesOf, mapEdges } from '../geometry/boxes.ts'

/** A layer with what it holds. */
export interface LayerNode {
  readonly view: LayerView
  /** layer to canvas pixels, the groups around it included */
  readonly toCanvas: Affine
  readonly fromCanvas: Affine | null
  /** a group's layers; null for layers with pixels */
  readonly children: readonly LayerNode[] | null
}

/** Transforms shown instead of the document's, while a person drags a layer. */
export type LiveTransforms = ReadonlyMap<number, Affine>

const NO_TRANSFORMS: LiveTransforms = new Map()

/** Builds the tree. Mask layers are left out: they are selections and never show in the picture. */
export function layerTree(view: DocumentView, live: LiveTransforms = NO_TRANSFORMS): LayerNode[] {
  const below = new Map<number | null, LayerView[]>()
  for (const layer of view.layers) below.set(layer.parent, [...(below.get(layer.parent) ?? []), layer])
  const build = (parent: number | null, outer: Affine): LayerNode[] =>
    (below.get(parent) ?? []).filter((layer) => layer.kind !== 'mask').sort((one, other) => one.position - other.position).map((layer) => {
      const toCanvas = compose(outer, live.get(layer.id) ?? layer.transform)
      return { view: layer, toCanvas, fromCanvas: invert(toCanvas), children: layer.kind === 'group' ? build(layer.id, toCanvas) : null }
    })
  return build(null, IDENTITY)
}

/** Map from a layer's pixels to the canvas, groups included; for any layer of the document. */
export function mapOfLayer(view: DocumentView, id: number, live: LiveTransforms = NO_TRANSFORMS): Affine {
  let map = IDENTITY
  for (let at = view.layers.find((layer) => layer.id === id); at; at = view.layers.find((layer) => layer.id === at?.parent)) {
    map = compose(live.get(at.id) ?? at.transform, map)
  }
  return map
}

/** All layers with tiles of their own that show, lowest first: those with pixels, and groups with a mask. */
export function shownLayers(nodes: readonly LayerNode[]): LayerNode[] {
  return nodes.flatMap((node) => !isShown(node) ? [] : node.children ? [...shownLayers(node.children), ...(node.view.hasMask ? [node] : [])] : [node])
}

/** Whether a layer adds anything to the picture. */
export function isShown({ view }: LayerNode): boolean {
  return view.visible && view.opacity > 0
}

/** Canvas box that a layer reaches, null when it is empty. */
export function reachOf({ view, toCanvas, children }: LayerNode): Edges | null {
  if (children) return children.map(reachOf).reduce<Edges | null>((all, box) => box && all ? { left: Math.min(all.left, box.left), top: Math.min(all.top, box.top), right: Math.max(all.right, box.right), bottom: Math.max(all.bottom, box.bottom) } : box ?? all, null)
  return view.extent && mapEdges(toCanvas, edgesOf(view.extent))
}

/**
 * Where two states of a document look different, apart from pixels: null for everything, boxes otherwise.
 */
export function changedBoxes(before: DocumentView, after: DocumentView): readonly Edges[] | null {
  if (before.canvas.width !== after.canvas.width || before.canvas.height !== after.canvas.height) return null
  const [old, now] = [flat(layerTree(before)), flat(layerTree(after))]
  if (order(old.values()) !== order(now.values())) return orderBoxes(old, now)
  return [...now.values()].flatMap((node) => {
    const was = old.get(node.view.id)!
    return look(was) === look(node) ? [] : [reachOf(was), reachOf(node)].filter((box) => box !== null)
  })
}

/** Layers came, went or moved: the boxes of those that did. */
function orderBoxes(old: ReadonlyMap<number, LayerNode>, now: ReadonlyMap<number, LayerNode>): readonly Edges[] | null {
  const kept = (nodes: ReadonlyMap<number, LayerNode>, others: ReadonlyMap<number, LayerNode>): string => order([...nodes.values()].filter((node) => others.has(node.view.id)))
  if (kept(old, now) !== kept(now, old)) return null
  const lone = [...[...old.values()].filter((node) => !now.has(node.view.id)), ...[...now.values()].filter((node) => !old.has(node.view.id))]
  const changed = [...now.values()].filter((node) => old.has(node.view.id) && look(old.get(node.view.id)!) !== look(node))
  return [...lone, ...changed, ...changed.map((node) => old.get(node.view.id)!)].map(reachOf).filter((box) => box !== null)
}

function flat(nodes: readonly LayerNode[], all = new Map<number, LayerNode>()): Map<number, LayerNode> {
  for (const node of nodes) {
    if (node.children) flat(node.children, all)
    all.set(node.view.id, node)
  }
  return all
}

function order(nodes: Iterable<LayerNode>): string {
  return [...nodes].map(({ view }) => `${view.id}<${view.parent}`).join(' ')
}

function look({ view, toCanvas }: LayerNode): string {
  return JSON.stringify([view.visible, view.opacity, view.blend, view.hasMask, view.kind, toCanvas])
}
