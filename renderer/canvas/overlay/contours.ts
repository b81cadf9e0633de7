/**
 * The edge of a mask as lines along pixel borders, where values cross one half. Found once per tile and kept; drawn one
 * screen pixel wide at every zoom, dark under light dashes, so that it shows on every picture.
 */
import { type TileData, TILE_EDGE } from '../../../preload/contract/documents.ts'
import type { Edges } from '../geometry/boxes.ts'
import { type Viewport, viewMatrix } from '../geometry/viewport.ts'
import type { Context2D } from '../tiles/surfaces.ts'
import type { TileBytes } from '../tiles/tilePixels.ts'
import type { TileRange } from '../tiles/tilePlan.ts'

/** Values of a mask tile at a place; null: nothing is in it, undefined: not known yet. */
export type MaskBytesAt = (level: number, x: number, y: number) => TileBytes | null | undefined

/** Line pieces as x0 y0 x1 y1 in the tile's pixels. */
export type Segments = Int16Array

/** From here on a value counts as inside. */
const INSIDE = 128
const OUTSIDE = new Uint8Array(TILE_EDGE * TILE_EDGE)

/**
 * Borders between inside and outside in a tile. The tile's left and upper border belong to it, the others to its
 * neighbours, so that no piece is drawn twice.
 * @param left values of the tile to the left, `above` of the one above; null: outside
 */
export function tileContour(bytes: TileBytes | null, left: TileBytes | null, above: TileBytes | null): Segments {
  const found: number[] = []
  const [here, west, north] = [bytes ?? OUTSIDE, left ?? OUTSIDE, above ?? OUTSIDE]
  const last = (TILE_EDGE - 1) * TILE_EDGE
  for (let y = 0; y < TILE_EDGE; y++) {
    const [over, row] = y === 0 ? [north, last] : [here, (y - 1) * TILE_EDGE]
    let from = -1
    for (let x = 0; x <= TILE_EDGE; x++) {
      const edge = x < TILE_EDGE && (here[y * TILE_EDGE + x] >= INSIDE) !== (over[row + x] >= INSIDE)
      if (edge === (from >= 0)) continue
      if (!edge) found.push(from, y, x, y)
      from = edge ? x : -1
    }
  }
  for (let x = 0; x < TILE_EDGE; x++) {
    const [before, column] = x === 0 ? [west, TILE_EDGE - 1] : [here, x - 1]
    let from = -1
    for (let y = 0; y <= TILE_EDGE; y++) {
      const at = y * TILE_EDGE
      const edge = y < TILE_EDGE && (here[at + x] >= INSIDE) !== (before[at + column] >= INSIDE)
      if (edge === (from >= 0)) continue
      if (!edge) found.push(x, from, x, y)
      from = edge ? y : -1
    }
  }
  return Int16Array.from(found)
}

/** See the file's head. */
export class Contours {
  readonly #bytesAt: MaskBytesAt
  readonly #kept = new Map<string, Segments>()

  constructor(bytesAt: MaskBytesAt) {
    this.#bytesAt = bytesAt
  }

  /** Forgets a tile, and its neighbours where the changed part lies on the border they share; without a place: all. */
  invalidate(place: Pick<TileData, 'level' | 'x' | 'y'> | null, part?: Edges): void {
    if (!place) {
      this.#kept.clear()
      return
    }
    this.#kept.delete(`${place.level}/${place.x}/${place.y}`)
    if (!part || part.right === TILE_EDGE) this.#kept.delete(`${place.level}/${place.x + 1}/${place.y}`)
    if (!part || part.bottom === TILE_EDGE) this.#kept.delete(`${place.level}/${place.x}/${place.y + 1}`)
  }

  /**
   * Strokes the edges in a range of tiles.
   * @param box document pixels; pieces outside are left out, for a brush touches a small part of what its tiles hold
   */
  paint(context: Context2D, view: Viewport, range: TileRange, box: Edges, colour: string): void {
    const map = viewMatrix(view)
    const scale = 2 ** range.level
    const path = new Path2D()
    const at = (x: number, y: number): [number, number] => [map[0] * x + map[2] * y + map[4], map[1] * x + map[3] * y + map[5]]
    for (let y = range.top; y <= range.bottom; y++) {
      for (let x = range.left; x <= range.right; x++) {
        const segments = this.#segments(range.level, x, y)
        const [left, top, right, bottom] = [box.left / scale - x * TILE_EDGE, box.top / scale - y * TILE_EDGE, box.right / scale - x * TILE_EDGE, box.bottom / scale - y * TILE_EDGE]
        for (let i = 0; i < segments.length; i += 4) {
          if (segments[i] > right || segments[i + 2] < left || segments[i + 1] > bottom || segments[i + 3] < top) continue
          path.moveTo(...at((x * TILE_EDGE + segments[i]) * scale, (y * TILE_EDGE + segments[i + 1]) * scale))
          path.lineTo(...at((x * TILE_EDGE + segments[i + 2]) * scale, (y * TILE_EDGE + segments[i + 3]) * scale))
        }
      }
    }
    context.lineWidth = 3 * view.ratio
    context.strokeStyle = 'rgba(0, 0, 0, 0.55)'
    context.stroke(path)
    context.lineWidth = 1.5 * view.ratio
    context.strokeStyle = colour
    context.stroke(path)
  }

  #segments(level: number, x: number, y: number): Segments {
    const key = `${level}/${x}/${y}`
    const found = this.#kept.get(key)
    if (found) return found
    const [bytes, left, above] = [this.#bytesAt(level, x, y), this.#bytesAt(level, x - 1, y), this.#bytesAt(level, x, y - 1)]
    const segments = !bytes && !left && !above ? new Int16Array() : tileContour(bytes ?? null, left ?? null, above ?? null)
    if (bytes !== undefined) this.#kept.set(key, segments)
    return segments
  }
}
