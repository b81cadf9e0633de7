/** A document as the engine takes it, with the painted tiles as files that are written once for each state of a plane. */
import fs from 'node:fs'
import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TileFileWriter } from '../../engine/document/tileFile.ts'
import type { DocumentInput } from '../../engine/requests.ts'
import type { DocumentId, OperationId } from '../../history/ids.ts'
import type { Layer, Plane, TileRef } from '../../history/model.ts'
import type { ProjectReader } from '../../history/projectReader.ts'
import type { DocumentState } from '../../history/state.ts'
import { documentOf } from '../../jobs/composition.ts'
import type { Scratch } from '../scratch.ts'
import { isIdentity } from './affine.ts'
import { hasMask } from './documentView.ts'
import { factsOf } from './sourceFacts.ts'

/** Tiles of a document by plane ("layer/plane") and place ("x/y"). */
export type TilesByPlane = ReadonlyMap<string, ReadonlyMap<string, TileRef>>

/** Tile files kept for planes that did not change since; the oldest go. */
const KEPT_FILES = 32
/** Tiles written before others get their turn: a brush must not wait for a thumbnail. */
const TILES_A_TURN = 8

/** Writes tile files. */
export class TileFiles {
  readonly #reader: ProjectReader
  readonly #scratch: Scratch
  readonly #files = new Map<string, Promise<string>>()

  constructor(reader: ProjectReader, scratch: Scratch) {
    this.#reader = reader
    this.#scratch = scratch
  }

  /** The file with these tiles; null when there are none. */
  async fileOf(tiles: ReadonlyMap<string, TileRef> | undefined): Promise<string | null> {
    if (!tiles || tiles.size === 0) return null
    const sorted = [...tiles].sort(([a], [b]) => (a < b ? -1 : 1))
    const key = createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
    const file = this.#files.get(key) ?? this.#write(sorted)
    this.#files.delete(key) // to the end: what was used last goes last
    this.#files.set(key, file)
    file.catch(() => this.#files.delete(key))
    return file
  }

  /** Removes files that were not asked for lately; call it when no engine task reads them. */
  trim(): void {
    for (const [key, file] of this.#files) {
      if (this.#files.size <= KEPT_FILES) return
      this.#files.delete(key)
      file.then((path) => fs.rmSync(path, { force: true }), () => undefined)
    }
  }

  async #write(sorted: readonly (readonly [string, TileRef])[]): Promise<string> {
    const file = this.#scratch.path('painted.tiles')
    const writer = new TileFileWriter(file)
    try {
      for (const [index, [place, ref]] of sorted.entries()) {
        const [x, y] = place.split('/').map(Number) as [number, number]
        writer.add({ level: 0, x, y }, this.#reader.tile(ref))
        if (index % TILES_A_TURN === TILES_A_TURN - 1) await nextTurn()
      }
      writer.finish()
    } finally {
      writer.abort()
    }
    return file
  }
}

/** A document's tiles where it stands, or as they were after another operation. */
export function tilesAt(reader: ProjectReader, document: DocumentId, at?: OperationId): TilesByPlane {
  const planes = new Map<string, Map<string, TileRef>>()
  const plane = (layer: number, name: Plane): Map<string, TileRef> => {
    const key = `${layer}/${name}`
    const found = planes.get(key) ?? new Map<string, TileRef>()
    planes.set(key, found)
    return found
  }
  for (const tile of reader.placedTiles(document)) plane(tile.layer, tile.plane).set(`${tile.x}/${tile.y}`, tile.ref)
  const head = reader.head(document)
  if (at !== undefined && at !== head) {
    for (const tile of reader.difference(head, at).tiles) {
      if (tile.after) plane(tile.layer, tile.plane).set(`${tile.x}/${tile.y}`, tile.after)
      else plane(tile.layer, tile.plane).delete(`${tile.x}/${tile.y}`)
    }
  }
  return planes
}

/** Builds what the engine's `compose`, `thumbnail` and `select` take. @param keep which layers take part; all when absent */
export async function engineDocument(reader: ProjectReader, files: TileFiles, state: DocumentState, tiles: TilesByPlane, keep?: (layer: Layer) => boolean): Promise<DocumentInput> {
  const written = new Map<string, string | null>()
  for (const [plane, placed] of tiles) {
    const layer = state.layers.get(Number(plane.split('/')[0]) as Layer['id']) // a number of another kind finds nothing
    if (layer && layer.kind !== 'mask' && (keep?.(layer) ?? true)) written.set(plane, await files.fileOf(placed))
  }
  return documentOf(reader, state, (layer, plane) => written.get(`${layer.id}/${plane}`) ?? null, keep)
}

/** The file whose very bytes the document shows, if it is one untouched picture over the whole canvas. */
export function untouchedPicture(reader: ProjectReader, state: DocumentState, tiles: TilesByPlane): string | null {
  const shown = [...state.layers.values()].filter((layer) => layer.kind !== 'mask' && layer.visible && layer.opacity > 0)
  const [layer] = shown
  if (shown.length !== 1 || !layer?.pixels || layer.kind === 'group' || layer.opacity !== 1 || layer.parent !== null || hasMask(layer)) return null
  const covers = layer.pixels.width === state.canvas.width && layer.pixels.height === state.canvas.height && isIdentity(layer.transform)
  const painted = (tiles.get(`${layer.id}/pixels`)?.size ?? 0) + (tiles.get(`${layer.id}/mask`)?.size ?? 0) > 0
  return covers && !painted && layer.pixels.hash === factsOf(state.canvas).base ? reader.blobs.path(layer.pixels.hash) : null
}
