/**
 * Display tiles of every layer, as the host sent them and as strokes changed them since. What is wanted is read in
 * batches, most wanted first; what is not looked at is dropped, oldest first, when the store is over its budget.
 *
 * Versions: a tile carries the document version it was read at. A change raises the version its tiles must have; older
 * answers are thrown away, while the old pixels stay on the screen until newer ones are there. Tiles that a stroke has
 * changed are "local" until the host has committed it: no answer overwrites them and they are never dropped.
 */
import { type Plane, type TileData, type TilePlace, TILE_EDGE } from '../../../preload/contract/documents.ts'
import type { Edges } from '../geometry/boxes.ts'
import { type MakeSurface, type Surface, surfaceBytes } from './surfaces.ts'
import { type OwnBytes, type TileBytes, halveInto, ownBytes } from './tilePixels.ts'
import { type TileAt, covers, keyOf, tilesAbove } from './tilePlan.ts'

/** Reads tiles; `version` is the document's when they were read. */
export type ReadTiles = (places: readonly TilePlace[]) => Promise<{ readonly tiles: readonly TileData[]; readonly version: number }>

/** One tile. */
export interface Tile {
  readonly place: TilePlace
  /** whether it may be shown; stale pixels may, until newer ones come */
  ready: boolean
  /** null: empty, or only its picture is kept */
  bytes: OwnBytes | null
  /** nothing in it */
  empty: boolean
  /** document version of its pixels, and the least that would do */
  version: number
  needed: number
  /** strokes in it that the host has not committed yet */
  local: number
  asked: boolean
  surface: Surface | null
  used: number
}

/**
 * Why a tile has new pixels: a stroke drew them here, newer ones took the place of older ones, or the tile was read for
 * the first time since it was last dropped and shows what it has always shown.
 */
export type PixelCause = 'stroke' | 'change' | 'arrival'

/** What a store needs. */
export interface TileStoreOptions {
  readonly read: ReadTiles
  readonly makeSurface: MakeSurface
  /** bytes that may be held */
  readonly budget: number
  /** whether the bytes of a layer's pixels are needed after its picture is made: layers that can be painted on */
  readonly keepsBytes: (layer: number, plane: Plane) => boolean
  /** whether the host has nothing at a place, so that it need not be asked: layers of the window's own, outside of extents */
  readonly isEmpty: (place: TilePlace) => boolean
  /** how a layer's single bytes are shown and what an empty tile of it holds */
  readonly look: (layer: number) => { readonly ramp?: Uint32Array; readonly neutral: number }
  /** coarsest level */
  readonly levels: () => number
  /** new pixels in a tile; `part` in the tile's pixels */
  readonly onPixels: (tile: Tile, part: Edges, cause: PixelCause) => void
  /** a tile changed that is not there to be shown, or (null) a whole plane: what was made of it before is old */
  readonly onUnseen: (layer: number, plane: Plane, at: TileAt | null) => void
  /** reading failed; it is tried again */
  readonly onFailure: (error: unknown) => void
}

/** Tiles asked for at once: few enough that the next batch can follow a new view. */
const BATCH = 48
const BATCHES_AT_ONCE = 2
/** pause after a failure, and after an answer that was older than what is needed */
const RETRY_MS = 2000
const LATE_MS = 120
const WHOLE: Edges = { left: 0, top: 0, right: TILE_EDGE, bottom: TILE_EDGE }

/** See the file's head. */
export class TileStore {
  /** counts since the start, for the benchmark and tests */
  readonly counts = { read: 0, evicted: 0, late: 0, patchedBytes: 0 }
  readonly #options: TileStoreOptions
  readonly #tiles = new Map<string, Tile>()
  #wanted: readonly TilePlace[] = []
  #reading = 0
  #bytes = 0
  #pictures = 0
  #clock = 0
  #retry: ReturnType<typeof setTimeout> | null = null
  #closed = false

  constructor(options: TileStoreOptions) {
    this.#options = options
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes
  }

  /** The part of {@link bytes} that are canvases. */
  get pictureBytes(): number {
    return this.#pictures * surfaceBytes({ width: TILE_EDGE, height: TILE_EDGE })
  }

  /** Whether everything wanted is there. */
  get settled(): boolean {
    return this.#reading === 0 && this.#nextBatch().length === 0
  }

  /** The tile at a place, if it can be shown; marks it as used. */
  shown(place: TilePlace): Tile | null {
    const tile = this.#tiles.get(keyOf(place))
    if (!tile?.ready) return null
    tile.used = ++this.#clock
    return tile
  }

  /** Whether a tile need not be waited for: it can be shown, or there is nothing in it. */
  isThere(place: TilePlace): boolean {
    return this.#tiles.get(keyOf(place))?.ready === true || this.#options.isEmpty(place)
  }

  /** The picture of a shown tile, made when first drawn; null when it is empty. */
  pictureOf(tile: Tile): Surface | null {
    if (tile.surface || tile.empty || !tile.bytes) return tile.surface
    const surface = this.#options.makeSurface(TILE_EDGE, TILE_EDGE)
    surface.put(tile.bytes, WHOLE, this.#options.look(tile.place.layer).ramp)
    tile.surface = surface
    this.#pictures += 1
    this.#bytes += surfaceBytes(surface)
    if (!this.#options.keepsBytes(tile.place.layer, tile.place.plane) && tile.local === 0) this.#setBytes(tile, null)
    return surface
  }

  /** Says what is wanted, most wanted first, and reads what is missing. What is not named may be dropped. */
  want(places: readonly TilePlace[]): void {
    this.#wanted = places
    for (const place of places) {
      const tile = this.#tiles.get(keyOf(place))
      if (tile) tile.used = ++this.#clock
    }
    this.#evict()
    this.#pump()
  }

  /** Bytes of full-size tiles for a stroke, read when they are not there: null for an empty tile. */
  async load(places: readonly TilePlace[]): Promise<void> {
    const missing = places.filter((place) => this.bytesAt(place) === undefined)
    for (let from = 0; from < missing.length; from += BATCH) await this.#read(missing.slice(from, from + BATCH))
  }

  /** Bytes at a place; null when it is empty, undefined when they must be loaded first. */
  bytesAt(place: TilePlace): OwnBytes | null | undefined {
    const tile = this.#tiles.get(keyOf(place))
    if (!tile?.ready || (tile.local === 0 && tile.version < tile.needed)) return !tile?.ready && this.#options.isEmpty(place) ? null : undefined
    if (tile.empty) return null
    return tile.bytes ?? undefined
  }

  /** Marks tiles of a plane as changed by a version; null means all. Coarser tiles over them are changed too. */
  invalidate(layer: number, plane: Plane, tiles: readonly (readonly [number, number])[] | null, version: number): void {
    const places = tiles === null ? null : new Set(tiles.map(([x, y]) => `${x}/${y}`))
    for (const tile of this.#tiles.values()) {
      if (tile.place.layer !== layer || tile.place.plane !== plane || tile.version >= version) continue
      if (places !== null && !covers(tile.place, tiles!, places)) continue
      tile.needed = Math.max(tile.needed, version)
      if (tile.local === 0 && this.#options.isEmpty(tile.place)) this.#empty(tile, version)
    }
    this.#tellUnseen(layer, plane, tiles)
    this.#pump()
  }

  /** Pictures may have been made of tiles that were dropped since: they are old now, and no answer will say so. */
  #tellUnseen(layer: number, plane: Plane, tiles: readonly (readonly [number, number])[] | null): void {
    if (tiles === null) this.#options.onUnseen(layer, plane, null)
    for (const at of tilesAbove(tiles ?? [], this.#options.levels())) {
      if (!this.#tiles.get(keyOf({ layer, plane, ...at }))?.ready) this.#options.onUnseen(layer, plane, at)
    }
  }

  /** A change left nothing here: no need to ask. */
  #empty(tile: Tile, version: number): void {
    tile.version = version
    if (tile.ready && tile.empty) return
    this.#setBytes(tile, null)
    this.#show(tile, WHOLE, tile.ready ? 'change' : 'arrival')
  }

  /** Forgets layers that are gone. */
  keepLayers(isThere: (layer: number) => boolean): void {
    for (const [key, tile] of this.#tiles) if (!isThere(tile.place.layer)) this.#drop(key, tile)
  }

  /**
   * Shows pixels that a stroke made, in the tile itself and in every coarser one that is there.
   * @param bytes the whole full-size tile; taken over, not copied
   * @param part what changed
   */
  patch(place: TilePlace, bytes: OwnBytes, part: Edges): void {
    const tile = this.#tile(place)
    if (tile.bytes !== bytes) this.#setBytes(tile, bytes)
    this.#show(tile, part, 'stroke')
    this.#halveUp(tile, part, 'stroke')
  }

  /** Marks tiles as changed by a stroke that is not committed; see {@link settle}. */
  hold(layer: number, plane: Plane, places: readonly { readonly x: number; readonly y: number }[]): void {
    for (const { x, y } of places) this.#tile({ layer, plane, level: 0, x, y }).local += 1
  }

  /** The end of {@link hold}: the host has these pixels as of a version, or (null) the stroke is gone. */
  settle(layer: number, plane: Plane, places: readonly { readonly x: number; readonly y: number }[], version: number | null): void {
    const held = new Set(places.map(({ x, y }) => `${x}/${y}`))
    const pairs = places.map(({ x, y }) => [x, y] as const)
    for (const tile of this.#tiles.values()) {
      if (tile.place.layer !== layer || tile.place.plane !== plane || !covers(tile.place, pairs, held)) continue
      if (tile.place.level === 0) tile.local = Math.max(0, tile.local - 1)
      if (version === null) continue
      if (tile.ready) tile.version = Math.max(tile.version, version)
      else tile.needed = Math.max(tile.needed, version) // an answer on its way was read before the stroke
    }
    this.#pump()
  }

  /** Gives the tiles of a layer that had no number yet its number. */
  rename(from: number, to: number): void {
    for (const [key, tile] of [...this.#tiles]) {
      if (tile.place.layer !== from) continue
      this.#tiles.delete(key)
      const place = { ...tile.place, layer: to }
      const there = this.#tiles.get(keyOf(place))
      if (there) this.#drop(keyOf(place), there)
      this.#tiles.set(keyOf(place), { ...tile, place })
    }
  }

  /** Stops reading and forgets everything. */
  close(): void {
    this.#closed = true
    if (this.#retry) clearTimeout(this.#retry)
    for (const [key, tile] of this.#tiles) this.#drop(key, tile)
  }

  #nextBatch(): TilePlace[] {
    const batch: TilePlace[] = []
    for (const place of this.#wanted) {
      const tile = this.#tiles.get(keyOf(place))
      if (tile?.asked || (tile && tile.local > 0) || (tile?.ready && tile.version >= tile.needed) || this.#options.isEmpty(place)) continue
      batch.push(place)
      if (batch.length === BATCH) break
    }
    return batch
  }

  #pump(): void {
    while (!this.#closed && this.#retry === null && this.#reading < BATCHES_AT_ONCE) {
      const batch = this.#nextBatch()
      if (batch.length === 0) return
      this.#reading += 1
      void this.#read(batch).then(() => this.#evict(), (error: unknown) => this.#failed(error)).finally(() => {
        this.#reading -= 1
        this.#pump()
      })
    }
  }

  #failed(error: unknown): void {
    if (this.#closed) return
    this.#pause(RETRY_MS)
    this.#options.onFailure(error)
  }

  /** Asks again only after a while. */
  #pause(ms: number): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = null
      this.#pump()
    }, ms)
  }

  async #read(places: readonly TilePlace[]): Promise<void> {
    const tiles = places.map((place) => this.#tile(place))
    for (const tile of tiles) tile.asked = true
    try {
      const answer = await this.#options.read(places)
      this.counts.read += places.length
      if (this.#closed) return
      for (const data of answer.tiles) this.#take(data, answer.version)
      if (tiles.some((tile) => tile.local === 0 && (!tile.ready || tile.version < tile.needed))) this.#pause(LATE_MS)
    } finally {
      for (const tile of tiles) tile.asked = false
    }
  }

  #take(data: TileData, version: number): void {
    const tile = this.#tiles.get(keyOf(data))
    if (!tile) return
    // a late answer: newer pixels are wanted, or there already
    if (version < tile.needed || (tile.ready && version < tile.version) || tile.local > 0) {
      this.counts.late += 1
      return
    }
    tile.version = version
    if (!data.bytes && tile.ready && tile.empty) return
    this.#setBytes(tile, data.bytes && ownBytes(data.bytes))
    this.#show(tile, WHOLE, tile.ready ? 'change' : 'arrival')
    if (tile.place.level > 0) this.#coverLocal(tile)
  }

  /** A coarse tile came while strokes in it are not committed: their pixels go on top. */
  #coverLocal(coarse: Tile): void {
    for (const tile of this.#tiles.values()) {
      const { layer, plane, level, x, y } = tile.place
      if (tile.local === 0 || layer !== coarse.place.layer || plane !== coarse.place.plane || level !== 0) continue
      if (x >> coarse.place.level === coarse.place.x && y >> coarse.place.level === coarse.place.y) this.#halveUp(tile, WHOLE, 'change')
    }
  }

  #show(tile: Tile, part: Edges, cause: PixelCause): void {
    tile.ready = true
    tile.empty = tile.bytes === null
    if (tile.surface && tile.bytes) {
      tile.surface.put(tile.bytes, part, this.#options.look(tile.place.layer).ramp)
      this.counts.patchedBytes += (part.right - part.left) * (part.bottom - part.top) * 4
    } else if (tile.surface) {
      this.#dropPicture(tile)
    }
    this.#options.onPixels(tile, part, cause)
  }

  /** Carries a part of a full-size tile into the coarser tiles over it. */
  #halveUp(fine: Tile, part: Edges, cause: PixelCause): void {
    let [bytes, at, { x, y }]: [TileBytes | null, Edges, { x: number; y: number }] = [fine.bytes, part, fine.place]
    const { layer, plane } = fine.place
    for (let level = 1; level <= this.#options.levels() && bytes; level++) {
      const place = { layer, plane, level, x: x >> 1, y: y >> 1 }
      const coarse = this.#tiles.get(keyOf(place)) ?? (this.#options.isEmpty(place) ? this.#tile(place) : null)
      const there = coarse !== null && (coarse.ready || this.#options.isEmpty(place))
      // a level that is not there is passed through a tile that nobody keeps
      const target: TileBytes = there ? this.#coarseBytes(coarse, bytes.length) : new Uint8Array(bytes.length)
      const written = halveInto(bytes, at, target, x & 1, y & 1)
      if (there) this.#show(coarse, written, cause)
      else if (!this.#anyAbove(layer, plane, level, x >> 1, y >> 1)) return
      bytes = target
      at = written
      x >>= 1
      y >>= 1
    }
  }

  #anyAbove(layer: number, plane: Plane, level: number, x: number, y: number): boolean {
    for (let up = 1; level + up <= this.#options.levels(); up++) if (this.#tiles.get(keyOf({ layer, plane, level: level + up, x: x >> up, y: y >> up }))?.ready) return true
    return false
  }

  #coarseBytes(tile: Tile, length: number): TileBytes {
    if (!tile.bytes) this.#setBytes(tile, new Uint8Array(length).fill(this.#options.look(tile.place.layer).neutral))
    return tile.bytes!
  }

  #tile(place: TilePlace): Tile {
    const key = keyOf(place)
    const found = this.#tiles.get(key)
    if (found) return found
    const { layer, plane, level, x, y } = place
    const tile: Tile = {
      place: { layer, plane, level, x, y }, ready: false, bytes: null, empty: false,
      version: 0, needed: 0, local: 0, asked: false, surface: null, used: ++this.#clock,
    }
    this.#tiles.set(key, tile)
    return tile
  }

  #setBytes(tile: Tile, bytes: OwnBytes | null): void {
    this.#bytes += (bytes?.length ?? 0) - (tile.bytes?.length ?? 0)
    tile.bytes = bytes
  }

  #drop(key: string, tile: Tile): void {
    if (tile.ready && tile.version < tile.needed) this.#options.onUnseen(tile.place.layer, tile.place.plane, tile.place)
    this.#setBytes(tile, null)
    this.#dropPicture(tile)
    this.#tiles.delete(key)
  }

  #dropPicture(tile: Tile): void {
    if (!tile.surface) return
    this.#bytes -= surfaceBytes(tile.surface)
    this.#pictures -= 1
    tile.surface = null
  }

  /** Drops what was used longest ago until the budget holds; never what is wanted now or not committed. */
  #evict(): void {
    if (this.#bytes <= this.#options.budget) return
    const wanted = new Set(this.#wanted.map(keyOf))
    const old = [...this.#tiles].filter(([key, tile]) => tile.local === 0 && !tile.asked && !wanted.has(key)).sort(([, one], [, other]) => one.used - other.used)
    for (const [key, tile] of old) {
      if (this.#bytes <= this.#options.budget * 0.9) return
      this.#drop(key, tile)
      this.counts.evicted += 1
    }
  }
}
