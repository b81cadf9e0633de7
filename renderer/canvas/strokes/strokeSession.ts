/**
 * One gesture of a brush from the first dab to the committed operation. Its pixels are shown at once through the tile
 * store, saved while it goes on, committed once; a commit that fails is tried again and nothing is lost meanwhile.
 */
import { type Plane, type StrokeTile, TILE_EDGE } from '../../../preload/contract/documents.ts'
import type { DocumentView, EditorHost, StrokeStart } from '../editorTypes.ts'
import { type OwnBytes, TILE_PIXELS } from '../tiles/tilePixels.ts'
import type { TileStore } from '../tiles/tileStore.ts'
import type { Ink } from './inks.ts'
import type { CoverageTile, StrokeBuffer } from './strokeBuffer.ts'

/** Pixels not yet at the host are never older than this. */
export const SAVE_EVERY_MS = 1500
/** Waits between attempts to commit. */
const RETRY_MS = [1000, 2000, 4000, 8000, 15_000]

/** Where a stroke goes and how. */
export interface StrokePlan {
  /** the layer's number in the tile store; one that the host has not made yet has a stand-in below 0 */
  readonly layer: () => number
  readonly plane: Plane
  readonly channels: 1 | 4
  /** value of every byte of an empty tile */
  readonly neutral: number
  readonly ink: Ink
  /** what must be there before the ink can work on a tile: pixels to clone; null: all is there */
  readonly prepare?: (x: number, y: number) => Promise<void> | null
  /** never goes to the host: scribbles, word paint */
  readonly local?: boolean
  /** whether the host can be told now: false while the layer is still being made */
  readonly canSave: () => boolean
  /** what the host is told; the layer is filled in when it is known */
  readonly start: () => StrokeStart
}

/** What happens outside. */
export interface StrokePorts {
  readonly store: TileStore
  readonly host: EditorHost
  readonly onSaved: () => void
  readonly onCommitted: (view: DocumentView) => void
  readonly onFailed: (error: unknown, attempt: number, retryMs: number) => void
  /** strokes are committed one after the other */
  readonly after: Promise<unknown>
  readonly wait?: (ms: number) => Promise<void>
}

interface OpenTile {
  readonly coverage: CoverageTile
  /** pixels before the stroke; undefined while they are being read */
  before: OwnBytes | null | undefined
  after: OwnBytes | null
  /** changed since it was last saved */
  unsaved: boolean
}

/** See the file's head. */
export class StrokeSession {
  readonly #plan: StrokePlan
  readonly #ports: StrokePorts
  readonly #buffer: StrokeBuffer
  readonly #tiles = new Map<CoverageTile, OpenTile>()
  readonly #loads = new Set<Promise<void>>()
  #timer: ReturnType<typeof setInterval> | null
  #begun: Promise<number> | null = null
  #saving: Promise<void> = Promise.resolve()
  #over = false

  constructor(plan: StrokePlan, ports: StrokePorts, buffer: StrokeBuffer) {
    this.#plan = plan
    this.#ports = ports
    this.#buffer = buffer
    this.#timer = plan.local ? null : setInterval(() => this.#save(), SAVE_EVERY_MS)
  }

  /** Shows what the buffer has got since the last call: once a frame is enough. */
  show(): void {
    for (const coverage of this.#buffer.tiles) {
      if (!coverage.dirty) continue
      const tile = this.#open(coverage)
      if (tile.before === undefined) continue // shown as soon as what is below has been read
      this.#resolve(tile)
    }
  }

  /** Ends the gesture. Resolves when the host has it; never rejects. */
  async commit(): Promise<void> {
    this.show()
    this.#stopSaving()
    await this.#ports.after
    await this.#loaded()
    this.#over = true
    const tiles = [...this.#tiles.values()]
    for (let attempt = 1; ; attempt++) {
      try {
        const stroke = this.#begun ? await this.#begun : null
        await this.#saving
        const sent = this.#strokeTiles(tiles.filter((tile) => stroke === null || tile.unsaved))
        const view = await this.#ports.host.commitStroke(stroke, this.#plan.start(), sent)
        this.#ports.onCommitted(view)
        this.#settle(view.version)
        return
      } catch (error) {
        const retryMs = RETRY_MS[Math.min(attempt, RETRY_MS.length) - 1]
        this.#ports.onFailed(error, attempt, retryMs)
        await (this.#ports.wait ?? pause)(retryMs)
      }
    }
  }

  /** Ends a gesture that never goes to the host: its pixels stay until they are cleared. */
  keep(): void {
    this.#over = true
  }

  /** Takes the gesture back: no trace stays, on the screen or at the host. */
  cancel(): void {
    this.#stopSaving()
    this.#over = true
    const { store, host } = this.#ports
    for (const { coverage, before, after } of this.#tiles.values()) {
      if (!after) continue
      store.patch(this.#place(coverage), before ?? this.#blank(), { left: 0, top: 0, right: TILE_EDGE, bottom: TILE_EDGE })
    }
    this.#settle(null)
    void this.#begun?.then((stroke) => host.discardStroke(stroke)).catch(() => undefined) // it would be offered as recovered; no harm
  }

  #open(coverage: CoverageTile): OpenTile {
    const found = this.#tiles.get(coverage)
    if (found) return found
    const place = this.#place(coverage)
    const waits = this.#plan.prepare?.(coverage.x, coverage.y) ?? null
    const tile: OpenTile = { coverage, before: waits ? undefined : this.#ports.store.bytesAt(place), after: null, unsaved: true }
    this.#tiles.set(coverage, tile)
    if (tile.before === undefined) this.#load(tile, waits)
    return tile
  }

  #load(tile: OpenTile, waits: Promise<void> | null = this.#plan.prepare?.(tile.coverage.x, tile.coverage.y) ?? null): void {
    const { store } = this.#ports
    const load = Promise.all([store.load([this.#place(tile.coverage)]), waits]).then(() => true, () => false).then((there) => {
      if (there) tile.before = store.bytesAt(this.#place(tile.coverage))
      if (tile.before !== undefined && !this.#over) this.#resolve(tile)
      this.#loads.delete(load)
    })
    this.#loads.add(load)
  }

  /** Every touched tile knows what was below it; reads again what failed. */
  async #loaded(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await Promise.all(this.#loads)
      const missing = [...this.#tiles.values()].filter((tile) => tile.before === undefined)
      if (missing.length === 0) return
      if (attempt > 1) await (this.#ports.wait ?? pause)(RETRY_MS[Math.min(attempt, RETRY_MS.length) - 1])
      for (const tile of missing) this.#load(tile)
    }
  }

  #resolve(tile: OpenTile): void {
    const { coverage } = tile
    if (!coverage.dirty || tile.before === undefined) return
    const part = coverage.dirty
    const { store } = this.#ports
    if (!tile.after) {
      tile.after = tile.before ? new Uint8Array(tile.before) : this.#blank()
      store.hold(this.#plan.layer(), this.#plan.plane, [coverage])
    }
    this.#plan.ink(tile.before, coverage.coverage, part, tile.after, coverage.x, coverage.y)
    coverage.dirty = null
    tile.unsaved = true
    store.patch(this.#place(coverage), tile.after, part)
  }

  #blank(): OwnBytes {
    return new Uint8Array(TILE_PIXELS * this.#plan.channels).fill(this.#plan.neutral)
  }

  /** Saves what changed since the last time, when the last time is over. */
  #save(): void {
    const tiles = [...this.#tiles.values()].filter((tile) => tile.unsaved && tile.after)
    if (tiles.length === 0 || !this.#plan.canSave()) return
    this.#begun ??= this.#ports.host.beginStroke(this.#plan.start()).then(({ stroke }) => stroke)
    this.#begun.catch(() => (this.#begun = null)) // tried again with the next save
    const begun = this.#begun
    const sent = this.#strokeTiles(tiles)
    for (const tile of tiles) tile.unsaved = false
    this.#saving = this.#saving.then(async () => this.#ports.host.saveStroke(await begun, sent)).then(this.#ports.onSaved, () => {
      for (const tile of tiles) tile.unsaved = true
    })
  }

  #strokeTiles(tiles: readonly OpenTile[]): StrokeTile[] {
    // copies: the pixels go on changing while a message is on its way
    return tiles.filter((tile) => tile.after).map((tile) => ({ x: tile.coverage.x, y: tile.coverage.y, bytes: new Uint8Array(tile.after!) }))
  }

  #settle(version: number | null): void {
    const places = [...this.#tiles.values()].filter((tile) => tile.after).map((tile) => tile.coverage)
    this.#ports.store.settle(this.#plan.layer(), this.#plan.plane, places, version)
  }

  #stopSaving(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }

  #place({ x, y }: { readonly x: number; readonly y: number }): { layer: number; plane: Plane; level: number; x: number; y: number } {
    return { layer: this.#plan.layer(), plane: this.#plan.plane, level: 0, x, y }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
