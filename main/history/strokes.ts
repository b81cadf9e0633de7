/**
 * Autosave of strokes: the tiles that a brush has touched so far, kept in the database until the gesture ends. After
 * a crash the stroke is offered as it was at most two seconds before.
 */
import { failed } from '../engine/errors.ts'
import { type ReadableDb, type WritableDb, change, row, rows, writeTransaction } from './db.ts'
import type { DocumentId, LayerId, OperationId, StrokeId } from './ids.ts'
import { type JsonObject, type Plane, TILE_FORMATS, type TileFormat, jsonObjectSchema } from './model.ts'
import { type DeflatedTile, type TilePixels, inflateTile, packTile } from './tilePacks.ts'

/** A tile with its place on the layer that is being painted. */
export interface StrokeTile {
  readonly x: number
  readonly y: number
  readonly pixels: TilePixels
}

/** What begins a stroke. `tool` holds brush, size and colour, `title` the words for the history panel. */
export interface StrokeStart {
  readonly document: DocumentId
  readonly layer: LayerId
  readonly plane: Plane
  readonly title: string
  readonly tool: JsonObject
}

/** A stroke that was never finished. Times in milliseconds since 1970. */
export interface StrokeInProgress extends StrokeStart {
  readonly id: StrokeId
  /** where the document stood when the stroke began */
  readonly head: OperationId
  readonly startedAt: number
  readonly savedAt: number
  readonly tiles: readonly { readonly x: number; readonly y: number }[]
}

/**
 * Saves tiles of a stroke, replacing those saved before at the same places; on the disk when it returns.
 * @returns the stroke's number, to be given with the next tiles
 */
export function saveStroke(db: WritableDb, stroke: StrokeId | StrokeStart, tiles: readonly StrokeTile[], now: number): StrokeId {
  const packed = tiles.map((tile) => ({ x: tile.x, y: tile.y, ...packTile(tile.pixels) }))
  return writeTransaction(db, () => {
    const id = typeof stroke === 'number' ? stroke : beginStroke(db, stroke, now)
    if (change(db, 'UPDATE strokes SET saved_at = :now WHERE id = :id', { id, now }) === 0) throw noStroke(id)
    for (const tile of packed) change(db, `INSERT INTO stroke_tiles VALUES (:id, :x, :y, :format, :crc32, :deflated)
      ON CONFLICT DO UPDATE SET format = excluded.format, crc32 = excluded.crc32, deflated = excluded.deflated`, { id, ...tile })
    return id
  })
}

function beginStroke(db: WritableDb, start: StrokeStart, now: number): StrokeId {
  const head = row<{ head: OperationId }>(db, 'SELECT head FROM documents WHERE id = :document', { document: start.document })?.head
  if (head === undefined) throw failed('project/no-such-document', `There is no document ${start.document} in this project.`)
  change(db, `INSERT INTO strokes (document, head, layer, plane, title, tool, started_at, saved_at)
    VALUES (:document, :head, :layer, :plane, :title, :tool, :now, :now)`, { ...start, tool: JSON.stringify(start.tool), head, now })
  return row<{ id: StrokeId }>(db, 'SELECT last_insert_rowid() AS id')!.id
}

/** Strokes that were being drawn when the project was last open, or are being drawn now. */
export function listStrokes(db: ReadableDb): StrokeInProgress[] {
  return rows<Omit<StrokeInProgress, 'tiles' | 'tool'> & { tool: string }>(db, `
    SELECT id, document, head, layer, plane, title, tool, started_at AS startedAt, saved_at AS savedAt FROM strokes ORDER BY id`)
    .map((found) => ({
      ...found, tool: jsonObjectSchema.parse(JSON.parse(found.tool)),
      tiles: rows<{ x: number; y: number }>(db, 'SELECT x, y FROM stroke_tiles WHERE stroke = :id ORDER BY y, x', { id: found.id }),
    }))
}

/** The saved tiles of a stroke as they go into a pack. */
export function deflatedStrokeTiles(db: ReadableDb, id: StrokeId): (DeflatedTile & { readonly x: number; readonly y: number })[] {
  return rows<{ x: number; y: number; format: string; crc32: number; deflated: Buffer }>(
    db, 'SELECT x, y, format, crc32, deflated FROM stroke_tiles WHERE stroke = :id ORDER BY y, x', { id })
    .map((tile) => ({ ...tile, format: checkedFormat(tile.format) }))
}

/** The pixels of a stroke's saved tiles. */
export function readStrokeTiles(db: ReadableDb, id: StrokeId): StrokeTile[] {
  return deflatedStrokeTiles(db, id).map(({ x, y, format, deflated }) => ({ x, y, pixels: { format, bytes: inflateTile(deflated, format) } }))
}

/** One stroke's beginnings; undefined when it was finished or given up. */
export function findStroke(db: ReadableDb, id: StrokeId): StrokeInProgress | undefined {
  return listStrokes(db).find((stroke) => stroke.id === id)
}

/** Forgets a stroke: it was finished, or the person gave it up. */
export function removeStroke(db: WritableDb, id: StrokeId): void {
  change(db, 'DELETE FROM strokes WHERE id = :id', { id })
}

function checkedFormat(text: string): TileFormat {
  if (text in TILE_FORMATS) return text as TileFormat // the line before checks it
  throw failed('project/tile', `A saved stroke holds pixels of an unknown kind, "${text}".`)
}

/** The error for a stroke that is no longer there. */
export function noStroke(id: StrokeId): Error {
  return failed('project/no-such-stroke', `Stroke ${id} is not being drawn any more; please report it.`)
}

/** What {@link createStrokeAutosaver} needs. */
export interface AutosaverOptions {
  /** writes the tiles; on the disk when it returns */
  readonly save: (tiles: readonly StrokeTile[]) => void
  /** told when saving failed; the tiles stay and are tried again */
  readonly onFault: (error: unknown) => void
  /** told when saving works again after a fault */
  readonly onSaved?: () => void
  /** a tile waits at most so long; 1500 leaves half a second of the promised two for the disk */
  readonly delayMs?: number
}

/** Collects the tiles a brush touches and saves them soon. */
export interface StrokeAutosaver {
  /** A tile has new pixels (borrowed until saved; hand in a copy when the brush goes on writing to them). */
  touch(tile: StrokeTile): void
  /** Saves what waits now; returns whether everything is on the disk. */
  flush(): boolean
  /** Stops without saving. */
  stop(): void
  /** tiles that wait */
  readonly waiting: number
}

/**
 * Saves dirty tiles at most `delayMs` after the first of them was touched. A failure (a full disk) keeps them, tells
 * once and tries again after the same time.
 */
export function createStrokeAutosaver(options: AutosaverOptions): StrokeAutosaver {
  const delayMs = options.delayMs ?? 1500
  const dirty = new Map<string, StrokeTile>()
  let timer: NodeJS.Timeout | undefined
  let failing = false
  const schedule = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      flush()
    }, delayMs)
  }
  const flush = (): boolean => {
    if (dirty.size === 0) return true
    try {
      options.save([...dirty.values()])
    } catch (error) {
      if (!failing) options.onFault(error)
      failing = true
      schedule()
      return false
    }
    dirty.clear()
    if (failing) options.onSaved?.()
    failing = false
    clearTimeout(timer)
    timer = undefined
    return true
  }
  return {
    touch(tile) {
      dirty.set(`${tile.x}/${tile.y}`, tile)
      schedule()
    },
    flush,
    stop() {
      clearTimeout(timer)
      timer = undefined
      dirty.clear()
    },
    get waiting() {
      return dirty.size
    },
  }
}
