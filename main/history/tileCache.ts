/** Tiles kept in memory so that undo and redo are instant, within a budget; everything is on the disk as well. */
import type { TileRef } from './model.ts'
import type { TilePixels } from './tilePacks.ts'

/** What memory holds at the moment. */
export interface TileCacheUse {
  readonly tiles: number
  readonly bytes: number
  readonly budgetBytes: number
  readonly hits: number
  readonly misses: number
}

/** Raw tiles by their place in a pack; the least recently used go first. */
export class TileCache {
  readonly #budgetBytes: number
  readonly #tiles = new Map<string, TilePixels>() // a Map iterates in order of insertion: oldest use first
  #bytes = 0
  #hits = 0
  #misses = 0

  /** @param budgetBytes the most that the kept pixels may take together */
  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes
  }

  /** A kept tile, or what `load` returns, which is then kept (the cache owns its bytes: do not write to them). */
  get(ref: TileRef, load: (ref: TileRef) => TilePixels): TilePixels {
    const key = keyOf(ref)
    const kept = this.#tiles.get(key)
    if (kept) {
      this.#hits++
      this.#tiles.delete(key)
      this.#tiles.set(key, kept)
      return kept
    }
    this.#misses++
    const loaded = load(ref)
    this.keep(ref, loaded)
    return loaded
  }

  /** Keeps a tile's pixels; a tile larger than the whole budget is not kept. */
  keep(ref: TileRef, tile: TilePixels): void {
    if (tile.bytes.length > this.#budgetBytes) return
    const key = keyOf(ref)
    const before = this.#tiles.get(key)
    if (before) {
      this.#bytes -= before.bytes.length
      this.#tiles.delete(key)
    }
    this.#tiles.set(key, tile)
    this.#bytes += tile.bytes.length
    for (const [oldest, old] of this.#tiles) {
      if (this.#bytes <= this.#budgetBytes) break
      this.#tiles.delete(oldest)
      this.#bytes -= old.bytes.length
    }
  }

  /** Numbers for the status bar and for tests. */
  use(): TileCacheUse {
    return { tiles: this.#tiles.size, bytes: this.#bytes, budgetBytes: this.#budgetBytes, hits: this.#hits, misses: this.#misses }
  }

  /** Forgets everything. */
  clear(): void {
    this.#tiles.clear()
    this.#bytes = 0
  }
}

function keyOf([pack, index]: TileRef): string {
  return `${pack}/${index}`
}
