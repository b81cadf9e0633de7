/**
 * The coverage of one stroke, in 256 x 256 tiles made when first touched. Dabs join by the larger value, so that a
 * stroke never covers more than its opacity, however often it passes, and soft edges do not pile up.
 */
import { TILE_EDGE } from '../../../preload/contract/documents.ts'
import { type Edges, unite } from '../geometry/boxes.ts'
import { TILE_PIXELS } from '../tiles/tilePixels.ts'
import type { Dab } from './dabs.ts'

/** Coverage of one tile. */
export interface CoverageTile {
  readonly x: number
  readonly y: number
  readonly coverage: Uint8Array
  /** what changed since it was last resolved, in the tile's pixels */
  dirty: Edges | null
}

/** See the file's head. */
export class StrokeBuffer {
  readonly #tiles = new Map<string, CoverageTile>()
  readonly #limits: Edges | null

  /** @param limits pixels outside are never covered; null: no limits */
  constructor(limits: Edges | null = null) {
    this.#limits = limits
  }

  /** Every tile touched so far. */
  get tiles(): Iterable<CoverageTile> {
    return this.#tiles.values()
  }

  /** How many tiles were touched. */
  get size(): number {
    return this.#tiles.size
  }

  /** A tile, made when it is not there. */
  tile(x: number, y: number): CoverageTile {
    const key = `${x}/${y}`
    const found = this.#tiles.get(key)
    if (found) return found
    const made = { x, y, coverage: new Uint8Array(TILE_PIXELS), dirty: null }
    this.#tiles.set(key, made)
    return made
  }

  /**
   * Prints a dab.
   * @param x column of the pixel that holds the dab's centre, likewise `y`
   * @param ceiling most coverage, 0..255
   */
  stamp(dab: Dab, x: number, y: number, ceiling: number): void {
    const box = clip({ left: x - dab.reach, top: y - dab.reach, right: x - dab.reach + dab.side, bottom: y - dab.reach + dab.side }, this.#limits)
    if (ceiling <= 0 || box.right <= box.left || box.bottom <= box.top) return
    for (let row = Math.floor(box.top / TILE_EDGE); row * TILE_EDGE < box.bottom; row++) {
      for (let column = Math.floor(box.left / TILE_EDGE); column * TILE_EDGE < box.right; column++) this.#stampTile(dab, x, y, ceiling, box, column, row)
    }
  }

  #stampTile(dab: Dab, x: number, y: number, ceiling: number, box: Edges, column: number, row: number): void {
    const tile = this.tile(column, row)
    const [left, top] = [Math.max(box.left, column * TILE_EDGE), Math.max(box.top, row * TILE_EDGE)]
    const [right, bottom] = [Math.min(box.right, (column + 1) * TILE_EDGE), Math.min(box.bottom, (row + 1) * TILE_EDGE)]
    const { coverage } = tile
    let changed = false
    for (let py = top; py < bottom; py++) {
      let from = (py - y + dab.reach) * dab.side + (left - x + dab.reach)
      let at = (py - row * TILE_EDGE) * TILE_EDGE + (left - column * TILE_EDGE)
      for (let px = left; px < right; px++, from++, at++) {
        const value = ceiling === 255 ? dab.coverage[from] : (dab.coverage[from] * ceiling + 127) / 255 | 0
        if (value > coverage[at]) {
          coverage[at] = value
          changed = true
        }
      }
    }
    if (changed) tile.dirty = unite(tile.dirty, { left: left - column * TILE_EDGE, top: top - row * TILE_EDGE, right: right - column * TILE_EDGE, bottom: bottom - row * TILE_EDGE })
  }
}

function clip(box: Edges, limits: Edges | null): Edges {
  if (!limits) return box
  return { left: Math.max(box.left, limits.left), top: Math.max(box.top, limits.top), right: Math.min(box.right, limits.right), bottom: Math.min(box.bottom, limits.bottom) }
}
