/**
 * Display tiles of a document: the picture's pyramid with the history's tiles over it, lower levels averaged from what
 * is above where something was painted. Pixels: RGBA8 in sRGB with straight alpha; masks: one byte.
 */
import type { Plane } from '../../../preload/contract/documents.ts'
import type { TileFile } from '../../engine/document/tileFile.ts'
import type { BlobHash, LayerId } from '../../history/ids.ts'
import type { Layer, TileRef } from '../../history/model.ts'
import type { StateDifference } from '../../history/state.ts'
import type { TilePixels } from '../../history/tilePacks.ts'
import type { PyramidKind } from './pyramids.ts'
import { displayBytes, halve, isPlain, paintOver, TILE_PIXELS } from './tileMath.ts'

/** What the service reads from. */
export interface TileSource {
  readonly layer: (id: LayerId) => Layer | undefined
  readonly pyramid: (hash: BlobHash, kind: PyramidKind) => Promise<TileFile>
  readonly tile: (ref: TileRef) => TilePixels
}

/** Computed tiles held in memory, bytes. */
const HELD_BYTES = 96 << 20
const HIGHEST_LEVEL = 20

/** Where a tile lies. */
export interface TileAddress {
  readonly level: number
  readonly x: number
  readonly y: number
}

/** Whether a plane holds grey values: masks, and the pixels of mask layers. */
export function isGrey(layer: Pick<Layer, 'kind'>, plane: Plane): boolean {
  return plane === 'mask' || layer.kind === 'mask'
}

/** The value of a mask where nothing lies: 255 for masks that were made white, else 0. */
export function maskOutside(layer: Pick<Layer, 'extra'>): number {
  return layer.extra['maskOutside'] === 255 ? 255 : 0
}

/** See the file's head. One for each open document. */
export class TileService {
  readonly #source: TileSource
  /** the history's tiles at the document's head: plane -> "x/y" -> where its pixels are */
  readonly #placed = new Map<string, Map<string, TileRef>>()
  readonly #held = new Map<string, Uint8Array | null>()
  #heldBytes = 0

  constructor(source: TileSource, placed: Iterable<{ readonly layer: number; readonly plane: Plane; readonly x: number; readonly y: number; readonly ref: TileRef }>) {
    this.#source = source
    for (const tile of placed) this.#place(tile.layer, tile.plane, tile.x, tile.y, tile.ref)
  }

  /** The history's tiles of a plane, by "x/y". */
  placed(layer: number, plane: Plane): ReadonlyMap<string, TileRef> {
    return this.#placed.get(`${layer}/${plane}`) ?? NONE
  }

  /** Takes a change of the document in; what is held of it goes. */
  apply(difference: StateDifference): void {
    for (const { layer, plane, x, y, after } of difference.tiles) {
      this.#place(layer, plane, x, y, after)
      for (let level = 0; level <= HIGHEST_LEVEL; level++) this.#drop(`${layer}/${plane}/${level}/${x >> level}/${y >> level}`)
    }
    for (const { layer, before, after } of difference.layers) {
      if (before?.pixels?.hash !== after?.pixels?.hash) this.#dropPlane(layer, 'pixels')
      if (before?.mask?.hash !== after?.mask?.hash || (before && after && maskOutside(before) !== maskOutside(after))) this.#dropPlane(layer, 'mask')
    }
  }

  /** A tile; null when it is empty. The bytes are shared: do not write to them. */
  async read(id: LayerId, plane: Plane, at: TileAddress): Promise<Uint8Array | null> {
    const layer = this.#source.layer(id)
    if (!layer) return null
    const tile = await this.#tile(layer, plane, at)
    const outside = plane === 'mask' ? maskOutside(layer) : 0
    return tile ?? (outside === 0 ? null : WHITE)
  }

  /** The picture's own tile of level 0, without what was painted over it; null where there is none. */
  async pictureTile(layer: Layer, plane: Plane, x: number, y: number): Promise<Uint8Array | null> {
    const base = await this.#base(layer, plane)
    const found = base?.read({ level: 0, x, y })
    return found ? displayBytes(found) : null
  }

  /** What was painted at a place of level 0, as it is displayed; null = nothing. */
  paintedTile(layer: number, plane: Plane, x: number, y: number): Uint8Array | null {
    const ref = this.placed(layer, plane).get(`${x}/${y}`)
    return ref ? displayBytes(this.#source.tile(ref)) : null
  }

  async #tile(layer: Layer, plane: Plane, at: TileAddress): Promise<Uint8Array | null> {
    const key = `${layer.id}/${plane}/${at.level}/${at.x}/${at.y}`
    const held = this.#held.get(key)
    if (held !== undefined) {
      this.#held.delete(key) // to the end: what was used last goes last
      this.#held.set(key, held)
      return held
    }
    const placed = this.placed(layer.id, plane)
    if (at.level === 0 || !hasTileBelow(placed, at)) {
      const base = await this.#base(layer, plane)
      if (at.level === 0) return this.#overlaid(layer, plane, at, base)
      if (placed.size === 0 && base === null) return null
      if (base === null || at.level < base.levels) {
        const found = base?.read(at)
        return found ? displayBytes(found) : null
      }
    }
    const tile = await this.#halved(layer, plane, at)
    this.#hold(key, tile)
    return tile
  }

  #overlaid(layer: Layer, plane: Plane, { x, y }: TileAddress, base: TileFile | null): Uint8Array | null {
    const painted = this.paintedTile(layer.id, plane, x, y)
    const grey = isGrey(layer, plane)
    if (painted && grey) return painted // a mask's tile takes the place of what is under it
    const found = base?.read({ level: 0, x, y })
    const below = found ? displayBytes(found) : null
    if (painted && below) return paintOver(below, painted)
    return painted ?? below
  }

  async #halved(layer: Layer, plane: Plane, { level, x, y }: TileAddress): Promise<Uint8Array | null> {
    const outside = plane === 'mask' && maskOutside(layer) === 255 ? WHITE : null
    const four: (Uint8Array | null)[] = []
    for (const [dx, dy] of [[0, 0], [1, 0], [0, 1], [1, 1]] as const) four.push((await this.#tile(layer, plane, { level: level - 1, x: 2 * x + dx, y: 2 * y + dy })) ?? outside)
    const tile = halve(four, isGrey(layer, plane) ? 1 : 4)
    return tile && isPlain(tile, 0) ? null : tile
  }

  async #base(layer: Layer, plane: Plane): Promise<TileFile | null> {
    const picture = plane === 'pixels' ? layer.pixels : layer.mask
    return picture && this.#source.pyramid(picture.hash, isGrey(layer, plane) ? 'mask' : 'picture')
  }

  #place(layer: number, plane: Plane, x: number, y: number, ref: TileRef | null): void {
    const key = `${layer}/${plane}`
    const tiles = this.#placed.get(key) ?? new Map<string, TileRef>()
    if (ref) tiles.set(`${x}/${y}`, ref)
    else tiles.delete(`${x}/${y}`)
    this.#placed.set(key, tiles)
  }

  #hold(key: string, tile: Uint8Array | null): void {
    this.#held.set(key, tile)
    this.#heldBytes += tile?.length ?? 0
    for (const old of this.#held.keys()) {
      if (this.#heldBytes <= HELD_BYTES) break
      this.#drop(old)
    }
  }

  #drop(key: string): void {
    this.#heldBytes -= this.#held.get(key)?.length ?? 0
    this.#held.delete(key)
  }

  #dropPlane(layer: number, plane: Plane): void {
    for (const key of [...this.#held.keys()]) if (key.startsWith(`${layer}/${plane}/`)) this.#drop(key)
  }
}

const NONE: ReadonlyMap<string, TileRef> = new Map()
const WHITE = new Uint8Array(TILE_PIXELS).fill(255)

/** Whether a painted tile of level 0 lies under a tile of a higher level. */
function hasTileBelow(placed: ReadonlyMap<string, TileRef>, { level, x, y }: TileAddress): boolean {
  if (placed.size === 0) return false
  if (4 ** level > placed.size) return [...placed.keys()].some((key) => {
    const [tileX, tileY] = key.split('/').map(Number) as [number, number]
    return tileX >> level === x && tileY >> level === y
  })
  for (let dy = 0; dy < 2 ** level; dy++) for (let dx = 0; dx < 2 ** level; dx++) if (placed.has(`${x * 2 ** level + dx}/${y * 2 ** level + dy}`)) return true
  return false
}
