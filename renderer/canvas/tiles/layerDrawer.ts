/** Draws the part of one layer that lies on a tile of the canvas, from the best tiles that are there. */
import { type Plane, TILE_EDGE } from '../../../preload/contract/documents.ts'
import { type Affine, compose, isTranslation, scaleOf, scaling, translation } from '../geometry/affine.ts'
import { type Edges, edgesOf, intersect, isEmpty, mapEdges, scaleEdges } from '../geometry/boxes.ts'
import type { Frame } from './compositor.ts'
import type { LayerNode } from './layerTree.ts'
import type { Context2D, MakeSurface, Surface } from './surfaces.ts'
import { type TileRange, tileBox, tilesOver } from './tilePlan.ts'
import type { TileStore } from './tileStore.ts'

/**
 * Side of the picture in which tiles of a turned or scaled layer are put together: a canvas tile needs at most
 * 2 x 256 x sqrt 2 samples of an evenly scaled layer, so one piece is the rule.
 */
const GATHER_EDGE = 1280
/** What making a tile's picture costs, in drawings of it. */
const MAKING = 4
/** How many levels coarser than wanted may stand in. */
const STAND_IN_LEVELS = 12

/** Level of a layer's tiles for a level of the canvas: never fewer samples than the canvas has. */
export function layerLevel(toCanvas: Affine, canvasLevel: number): number {
  return Math.max(0, Math.min(20, Math.floor(canvasLevel - Math.log2(scaleOf(toCanvas)) + 1e-6)))
}

/** Tiles of a layer that a box of the canvas needs at a level of the canvas. */
export function layerTiles(node: LayerNode, box: Edges, canvasLevel: number): TileRange {
  const none = { level: 0, left: 0, top: 0, right: 0, bottom: 0 }
  if (!node.fromCanvas || !node.view.extent) return none
  const part = intersect(mapEdges(node.fromCanvas, box), edgesOf(node.view.extent))
  return isEmpty(part) ? none : tilesOver(part, layerLevel(node.toCanvas, canvasLevel))
}

/** The same for a group's mask, which has no extent of its own. */
export function groupTiles(node: LayerNode, box: Edges, canvasLevel: number): TileRange {
  return node.fromCanvas ? tilesOver(mapEdges(node.fromCanvas, box), layerLevel(node.toCanvas, canvasLevel)) : { level: 0, left: 0, top: 0, right: 0, bottom: 0 }
}

/** See the file's head. */
export class LayerDrawer {
  readonly #store: TileStore
  readonly #makeSurface: MakeSurface
  #gathered: Surface | null = null
  /** pictures drawn since the start; one made for it takes as long as four that are there */
  #work = 0
  #missing = 0

  constructor(store: TileStore, makeSurface: MakeSurface) {
    this.#store = store
    this.#makeSurface = makeSurface
  }

  /** Work done since the start, in tiles. */
  get work(): number {
    return this.#work
  }

  /** Tiles since the start that were not there, whatever stood in for them. */
  get missing(): number {
    return this.#missing
  }

  /** Whether a layer has anything on the part. */
  reaches(node: LayerNode, frame: Frame): boolean {
    const range = layerTiles(node, partBox(frame), frame.level)
    return range.right > range.left
  }

  /**
   * Draws with the context's own opacity and mode; the context's pixels are those of the canvas tile.
   * @returns whether there was anything to draw
   */
  draw(context: Context2D, node: LayerNode, plane: Plane, frame: Frame): boolean {
    const box = partBox(frame)
    const range = plane === 'mask' && node.children ? groupTiles(node, box, frame.level) : layerTiles(node, box, frame.level)
    if (range.right <= range.left) return false
    const map = compose(translation(-frame.x * TILE_EDGE, -frame.y * TILE_EDGE), compose(scaling(2 ** -frame.level), compose(node.toCanvas, scaling(2 ** range.level))))
    if (isTranslation(map)) {
      return this.#drawTiles(context, node, plane, range, Math.round(map[4]), Math.round(map[5]))
    }
    return this.#drawGathered(context, node, plane, range, map)
  }

  /** Tiles side by side at whole positions. */
  #drawTiles(context: Context2D, node: LayerNode, plane: Plane, range: TileRange, shiftX: number, shiftY: number): boolean {
    let drawn = false
    for (let y = range.top; y < range.bottom; y++) {
      for (let x = range.left; x < range.right; x++) drawn = this.#drawTile(context, node.view.id, plane, range.level, x, y, x * TILE_EDGE + shiftX, y * TILE_EDGE + shiftY) || drawn
    }
    return drawn
  }

  /** Tiles are put together first, so that a turned or scaled layer has no seams. */
  #drawGathered(context: Context2D, node: LayerNode, plane: Plane, range: TileRange, map: Affine): boolean {
    let drawn = false
    const surface = (this.#gathered ??= this.#makeSurface(GATHER_EDGE, GATHER_EDGE))
    const at = GATHER_EDGE / TILE_EDGE
    for (let top = range.top; top < range.bottom; top += at) {
      for (let left = range.left; left < range.right; left += at) {
        const piece = { level: range.level, left, top, right: Math.min(left + at, range.right), bottom: Math.min(top + at, range.bottom) }
        surface.context.clearRect(0, 0, GATHER_EDGE, GATHER_EDGE)
        if (!this.#drawTiles(surface.context, node, plane, piece, -left * TILE_EDGE, -top * TILE_EDGE)) continue
        drawn = true
        context.save()
        context.transform(...map)
        const [wide, high] = [(piece.right - left) * TILE_EDGE, (piece.bottom - top) * TILE_EDGE]
        context.imageSmoothingEnabled = true
        context.drawImage(surface.picture, 0, 0, wide, high, left * TILE_EDGE, top * TILE_EDGE, wide, high)
        context.restore()
      }
    }
    return drawn
  }

  #drawTile(context: Context2D, layer: number, plane: Plane, level: number, x: number, y: number, atX: number, atY: number): boolean {
    const tile = this.#store.shown({ layer, plane, level, x, y })
    if (tile) {
      this.#work += tile.surface ? 1 : tile.empty ? 0 : 1 + MAKING
      const surface = this.#store.pictureOf(tile)
      if (surface) context.drawImage(surface.picture, atX, atY)
      return surface !== null
    }
    if (!this.#store.isThere({ layer, plane, level, x, y })) this.#missing += 1
    return this.#drawFiner(context, layer, plane, level, x, y, atX, atY) || this.#drawCoarser(context, layer, plane, level, x, y, atX, atY)
  }

  /** Four tiles of the finer level, when all are there: what a person sees just after zooming out. */
  #drawFiner(context: Context2D, layer: number, plane: Plane, level: number, x: number, y: number, atX: number, atY: number): boolean {
    if (level === 0) return false
    const tiles = [0, 1, 2, 3].map((i) => this.#store.shown({ layer, plane, level: level - 1, x: 2 * x + (i & 1), y: 2 * y + (i >> 1) }))
    if (tiles.some((tile) => tile === null)) return false
    const half = TILE_EDGE / 2
    tiles.forEach((tile, i) => {
      const surface = this.#store.pictureOf(tile!)
      if (surface) context.drawImage(surface.picture, atX + (i & 1) * half, atY + (i >> 1) * half, half, half)
    })
    return true
  }

  #drawCoarser(context: Context2D, layer: number, plane: Plane, level: number, x: number, y: number, atX: number, atY: number): boolean {
    for (let up = 1; up <= STAND_IN_LEVELS; up++) {
      const tile = this.#store.shown({ layer, plane, level: level + up, x: x >> up, y: y >> up })
      if (!tile) continue
      const surface = this.#store.pictureOf(tile)
      const side = TILE_EDGE / 2 ** up
      if (surface) context.drawImage(surface.picture, (x - ((x >> up) << up)) * side, (y - ((y >> up) << up)) * side, side, side, atX, atY, TILE_EDGE, TILE_EDGE)
      return surface !== null
    }
    return false
  }
}

function partBox({ level, x, y, part }: Frame): Edges {
  const at = tileBox(level, x, y)
  const scaled = scaleEdges(part, 2 ** level)
  return { left: at.left + scaled.left, top: at.top + scaled.top, right: at.left + scaled.right, bottom: at.top + scaled.bottom }
}
