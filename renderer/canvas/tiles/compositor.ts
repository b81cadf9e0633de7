/**
 * Blends the layers into display tiles of the canvas. A composed tile is kept and redone only where something below it
 * changed; blending is the 2D canvas' own, whose sixteen modes are the document's.
 */
import { type Plane, TILE_EDGE } from '../../../preload/contract/documents.ts'
import { IDENTITY } from '../geometry/affine.ts'
import { type Edges, intersect, isEmpty, outward, scaleEdges, unite } from '../geometry/boxes.ts'
import { type LayerNode, isShown, shownLayers } from './layerTree.ts'
import { LayerDrawer } from './layerDrawer.ts'
import { type Context2D, type Drawable, type MakeSurface, type Surface, surfaceBytes } from './surfaces.ts'
import { type TileAt, placesOf, tileBox, tilesOver } from './tilePlan.ts'
import type { PixelCause, TileStore } from './tileStore.ts'

/** A square piece of a picture and the part of a tile that it covers, both in their own pixels. */
export interface Piece {
  readonly picture: Drawable
  readonly fromX: number
  readonly fromY: number
  readonly fromSide: number
  readonly toX: number
  readonly toY: number
  readonly toSide: number
}

/** What a compositor needs. */
export interface CompositorOptions {
  readonly store: TileStore
  readonly makeSurface: MakeSurface
  /** layers, lowest first; asked anew for each tile */
  readonly layers: () => readonly LayerNode[]
  /** bytes of composed tiles that may be held */
  readonly budget: number
  /** colour that takes the place of all others; null or none: as they are */
  readonly tint?: () => string | null
}

/** A composed tile. */
interface Composed {
  readonly surface: Surface
  readonly level: number
  readonly x: number
  readonly y: number
  /** part to redo, in the tile's pixels */
  dirty: Edges | null
  /** all of `dirty` comes from reading: it can wait for its turn */
  calm: boolean
  /** a layer's own tile was not there when it was composed */
  partial: boolean
  /** no layer drew anything */
  blank: boolean
  used: number
}

const WHOLE: Edges = { left: 0, top: 0, right: TILE_EDGE, bottom: TILE_EDGE }
/** Parts of a tile up to this many pixels are redone at once when a person changed them: what a brush touches. */
const SMALL_PART = (TILE_EDGE * TILE_EDGE) / 3
/** How many levels away a tile is looked for that stands in. */
const STAND_IN_LEVELS = 4

/** See the file's head. */
export class Compositor {
  /** counts since the start */
  readonly counts = { tiles: 0, pixels: 0 }
  readonly #options: CompositorOptions
  readonly #tiles = new Map<string, Composed>()
  readonly #scratch: Surface[] = []
  readonly #drawer: LayerDrawer
  #clock = 0
  /** tiles' worth of drawing left in this frame */
  #left = Infinity
  readonly #postponed = new Map<string, TileAt>()

  constructor(options: CompositorOptions) {
    this.#options = options
    this.#drawer = new LayerDrawer(options.store, options.makeSurface)
  }

  /** Bytes of composed tiles. */
  get bytes(): number {
    return this.#tiles.size * surfaceBytes({ width: TILE_EDGE, height: TILE_EDGE })
  }

  /**
   * Begins a frame in which about so many tiles' worth of layers are drawn, the others later. Counted, not timed: a
   * browser without a graphics card draws only after the script is over.
   */
  startFrame(draws: number): void {
    this.#left = draws
  }

  /** Whether tiles wait for a frame that has time for them. */
  get behind(): boolean {
    return this.#postponed.size > 0
  }

  /**
   * Composes tiles that earlier frames had no time for, as far as this one has.
   * @param isSeen tiles that are out of sight by now are forgotten
   * @returns boxes of the canvas that look better now
   */
  catchUp(isSeen: (at: TileAt) => boolean): Edges[] {
    const done: Edges[] = []
    for (const [key, at] of this.#postponed) {
      if (this.#left <= 0) break
      this.#postponed.delete(key)
      const tile = isSeen(at) ? this.#tile(at.level, at.x, at.y) : null
      if (tile && !tile.dirty) done.push(tileBox(at.level, at.x, at.y))
    }
    return done
  }

  /** What shows on one tile of the canvas: its picture, or, when the frame's work is done, pieces of other levels. */
  pieces(level: number, x: number, y: number): readonly Piece[] {
    const tile = this.#tile(level, x, y)
    if (!tile) return this.#standIns(level, x, y)
    return tile.blank ? [] : [{ picture: tile.surface.picture, fromX: 0, fromY: 0, fromSide: TILE_EDGE, toX: 0, toY: 0, toSide: TILE_EDGE }]
  }

  /** The picture of one tile, composed now whatever the frame has done. */
  fresh(level: number, x: number, y: number): Surface {
    const left = this.#left
    this.#left = Infinity
    const { surface } = this.#tile(level, x, y)!
    this.#left = left
    return surface
  }

  /** The tile, up to date where the frame's work allows; null when it has no pixels yet. */
  #tile(level: number, x: number, y: number): Composed | null {
    const key = `${level}/${x}/${y}`
    const found = this.#tiles.get(key)
    if (found) found.used = ++this.#clock
    if (found && !found.dirty) return found
    // its layers are still being read: other levels look better than a part of them, and it is composed once instead of often
    if (!found && !this.#isComplete(level, x, y) && this.#standIns(level, x, y).length > 0) return null
    if (this.#left <= 0 && (!found || found.calm || areaOf(found.dirty!) > SMALL_PART)) {
      this.#postponed.set(key, { level, x, y })
      return found ?? null
    }
    const tile = found ?? { surface: this.#room() ?? this.#options.makeSurface(TILE_EDGE, TILE_EDGE), level, x, y, dirty: WHOLE, calm: true, partial: false, blank: false, used: ++this.#clock }
    if (!found) this.#tiles.set(key, tile)
    this.#postponed.delete(key)
    this.#compose(tile, tile.dirty!)
    tile.dirty = null
    return tile
  }

  /** Whether the tiles of all layers that lie square on the canvas are there; others may need more than is read at once. */
  #isComplete(level: number, x: number, y: number): boolean {
    return shownLayers(this.#options.layers()).every(({ view, toCanvas, children }) => {
      if (!toCanvas.every((value, i) => value === IDENTITY[i])) return true
      const there = (plane: Plane): boolean => this.#options.store.isThere({ layer: view.id, plane, level, x, y })
      return (children !== null || there('pixels')) && (!view.hasMask || there('mask'))
    })
  }

  /** A piece of a coarser tile, or finer ones: something to look at until the tile's turn comes. */
  #standIns(level: number, x: number, y: number): Piece[] {
    for (let up = 1; up <= STAND_IN_LEVELS; up++) {
      const coarse = this.#tiles.get(`${level + up}/${x >> up}/${y >> up}`)
      const fromSide = TILE_EDGE / 2 ** up
      if (coarse) return coarse.blank ? [] : [{ picture: coarse.surface.picture, fromX: (x - ((x >> up) << up)) * fromSide, fromY: (y - ((y >> up) << up)) * fromSide, fromSide, toX: 0, toY: 0, toSide: TILE_EDGE }]
    }
    const toSide = TILE_EDGE / 2
    return [[0, 0], [1, 0], [0, 1], [1, 1]].flatMap(([column, row]) => {
      const fine = this.#tiles.get(`${level - 1}/${2 * x + column}/${2 * y + row}`)
      return fine && !fine.blank ? [{ picture: fine.surface.picture, fromX: 0, fromY: 0, fromSide: TILE_EDGE, toX: column * toSide, toY: row * toSide, toSide }] : []
    })
  }

  /**
   * Marks a box of the canvas as changed; null means everything.
   * @param cause pixels that were read for the first time only matter to tiles that were composed without them
   */
  invalidate(box: Edges | null, cause: PixelCause = 'stroke'): void {
    for (const tile of this.#tiles.values()) if (cause !== 'arrival' || tile.partial) markDirty(tile, box, cause !== 'stroke')
  }

  /** Marks a box as changed on the tiles of some levels only. */
  invalidateLevels(fits: (level: number) => boolean, box: Edges): void {
    for (const tile of this.#tiles.values()) if (fits(tile.level)) markDirty(tile, box, true)
  }

  /** Whether painting a box at a level shows anything better than it did: something in it can be composed now. */
  hasNews(level: number, box: Edges): boolean {
    return placesOf(tilesOver(box, level)).some(({ x, y }) => {
      const tile = this.#tiles.get(`${level}/${x}/${y}`)
      return tile ? tile.dirty !== null : this.#isComplete(level, x, y) || this.#standIns(level, x, y).length === 0
    })
  }

  /** Forgets everything. */
  clear(): void {
    this.#tiles.clear()
  }

  /** When the budget is used up: the surface of the tile that was looked at longest ago. */
  #room(): Surface | null {
    if (this.bytes + surfaceBytes({ width: TILE_EDGE, height: TILE_EDGE }) <= this.#options.budget) return null
    let oldest: [string, Composed] | null = null
    for (const entry of this.#tiles) if (!oldest || entry[1].used < oldest[1].used) oldest = entry
    if (!oldest) return null
    this.#tiles.delete(oldest[0])
    return oldest[1].surface
  }

  #compose(tile: Composed, part: Edges): void {
    this.counts.tiles += 1
    this.counts.pixels += (part.right - part.left) * (part.bottom - part.top)
    const { context } = tile.surface
    const frame = { level: tile.level, x: tile.x, y: tile.y, part }
    clipped(context, part, () => {
      context.clearRect(part.left, part.top, part.right - part.left, part.bottom - part.top)
      const [before, missing] = [this.#drawer.work, this.#drawer.missing]
      const drawn = this.#blend(context, this.#options.layers(), frame, 0)
      this.#left -= ((this.#drawer.work - before) * areaOf(part)) / areaOf(WHOLE)
      const whole = areaOf(part) === areaOf(WHOLE)
      tile.partial = this.#drawer.missing > missing || (!whole && tile.partial)
      tile.blank = !drawn && (whole || tile.blank)
      tile.calm = true
      const tint = drawn ? this.#options.tint?.() : null
      if (!tint) return
      set(context, 1, 'source-in')
      context.fillStyle = tint
      context.fillRect(part.left, part.top, part.right - part.left, part.bottom - part.top)
      set(context, 1, 'source-over')
    })
  }

  /** @returns whether anything was drawn */
  #blend(context: Context2D, nodes: readonly LayerNode[], frame: Frame, depth: number): boolean {
    return nodes.reduce((drawn, node) => (isShown(node) && this.#blendLayer(context, node, frame, depth)) || drawn, false)
  }

  #blendLayer(context: Context2D, node: LayerNode, frame: Frame, depth: number): boolean {
    const { view, children } = node
    if (!children && !this.#drawer.reaches(node, frame)) return false
    const mode = view.blend === 'normal' ? 'source-over' : view.blend
    if (!children && !view.hasMask) {
      set(context, view.opacity, mode)
      const drawn = this.#drawer.draw(context, node, 'pixels', frame)
      set(context, 1, 'source-over')
      return drawn
    }
    // groups are composed alone and then blended like a layer; masked layers too
    const alone = this.#alone(depth)
    let drawn = false
    clipped(alone.context, frame.part, () => {
      alone.context.clearRect(0, 0, TILE_EDGE, TILE_EDGE)
      drawn = children ? this.#blend(alone.context, children, frame, depth + 2) : this.#drawer.draw(alone.context, node, 'pixels', frame)
    })
    if (!drawn) return false
    if (view.hasMask) this.#cut(context, alone, node, frame, depth)
    else this.#put(context, alone, frame, view.opacity, mode)
    return true
  }

  /** Blends a surface through the layer's mask. Edit results replace what is below instead of covering it. */
  #cut(context: Context2D, alone: Surface, node: LayerNode, frame: Frame, depth: number): void {
    const mask = this.#alone(depth + 1)
    clipped(mask.context, frame.part, () => {
      mask.context.clearRect(0, 0, TILE_EDGE, TILE_EDGE)
      this.#drawer.draw(mask.context, node, 'mask', frame)
    })
    this.#put(alone.context, mask, frame, 1, 'destination-in')
    const { opacity, blend, kind } = node.view
    if (kind === 'edit-result' && blend === 'normal') {
      this.#put(context, mask, frame, opacity, 'destination-out')
      this.#put(context, alone, frame, opacity, 'lighter')
    } else this.#put(context, alone, frame, opacity, blend === 'normal' ? 'source-over' : blend)
  }

  #put(context: Context2D, { picture }: Surface, { part }: Frame, opacity: number, mode: GlobalCompositeOperation): void {
    const [wide, high] = [part.right - part.left, part.bottom - part.top]
    set(context, opacity, mode)
    clipped(context, part, () => context.drawImage(picture, part.left, part.top, wide, high, part.left, part.top, wide, high))
    set(context, 1, 'source-over')
  }

  #alone(depth: number): Surface {
    return (this.#scratch[depth] ??= this.#options.makeSurface(TILE_EDGE, TILE_EDGE))
  }
}

/** The canvas tile being composed, and the part of it that is. */
export interface Frame {
  readonly level: number
  readonly x: number
  readonly y: number
  readonly part: Edges
}

/** Adds the part of a tile under a box (null: all of it) to what is to be redone. */
function markDirty(tile: Composed, box: Edges | null, calm: boolean): void {
  const at = tileBox(tile.level, tile.x, tile.y)
  const part = box ? intersect(outward(scaleEdges({ left: box.left - at.left, top: box.top - at.top, right: box.right - at.left, bottom: box.bottom - at.top }, 2 ** -tile.level)), WHOLE) : WHOLE
  if (isEmpty(part)) return
  tile.calm = calm && (tile.dirty === null || tile.calm)
  tile.dirty = unite(tile.dirty, part)
}

function areaOf({ left, top, right, bottom }: Edges): number {
  return (right - left) * (bottom - top)
}

function set(context: Context2D, opacity: number, mode: GlobalCompositeOperation): void {
  context.globalAlpha = opacity
  context.globalCompositeOperation = mode
}

function clipped(context: Context2D, part: Edges, draw: () => void): void {
  context.save()
  context.beginPath()
  context.rect(part.left, part.top, part.right - part.left, part.bottom - part.top)
  context.clip()
  draw()
  context.restore()
}
