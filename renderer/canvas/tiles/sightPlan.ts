/** Which tiles of which layers a part of the canvas needs. */
import type { LayerView, Plane, TilePlace } from '../../../preload/contract/documents.ts'
import { type Affine, invert } from '../geometry/affine.ts'
import { type Edges, edgesOf, intersect, mapEdges } from '../geometry/boxes.ts'
import { groupTiles, layerTiles } from './layerDrawer.ts'
import type { LayerNode } from './layerTree.ts'
import { placesOf, tilesOver, withMargin, within } from './tilePlan.ts'

/** More full-size tiles than this are not read ahead for a brush. */
const MOST_AHEAD = 600

/**
 * Tiles of layers under a box of the canvas, from its middle outwards, those of all layers at a place together: what is
 * composed of them is then composed once.
 * @param ring tiles around them that are taken along, within the layer's extent
 */
export function placesUnder(nodes: readonly LayerNode[], box: Edges, level: number, ring: number): TilePlace[] {
  const perLayer = nodes.map((node) => {
    const { extent, hasMask, id: layer } = node.view
    const range = node.children ? groupTiles(node, box, level) : layerTiles(node, box, level)
    const wide = ring > 0 && extent ? within(withMargin(range, ring), tilesOver(edgesOf(extent), range.level)) : range
    const planes: readonly Plane[] = node.children ? ['mask'] : hasMask ? ['pixels', 'mask'] : ['pixels']
    return placesOf(wide).map(({ x, y }) => planes.map((plane) => ({ layer, plane, level: range.level, x, y })))
  })
  const most = Math.max(0, ...perLayer.map((places) => places.length))
  return Array.from({ length: most }, (_, i) => perLayer.flatMap((places) => places[i] ?? [])).flat()
}

/** Full-size tiles of one layer under a box, so that a stroke need not wait for what is below it. */
export function fullSizePlaces(layer: LayerView, plane: Plane, toCanvas: Affine, box: Edges): TilePlace[] {
  const back = invert(toCanvas)
  if (!layer.extent || !back) return []
  const range = tilesOver(intersect(mapEdges(back, box), edgesOf(layer.extent)), 0)
  if ((range.right - range.left) * (range.bottom - range.top) > MOST_AHEAD) return []
  return placesOf(range).map(({ x, y }) => ({ layer: layer.id, plane, level: 0, x, y }))
}
