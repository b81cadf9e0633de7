/** What a draft changes, worked out against the document it starts from. */
import { failed } from '../engine/errors.ts'
import { type ReadableDb, row } from './db.ts'
import type { BlobHash, DocumentId, OperationId } from './ids.ts'
import type { BlobInfo, TilePlace, TileRef } from './model.ts'
import { type EffectDraft, type PackedTiles, packTiles, stateChanges } from './operationDraft.ts'
import type { RecordOf } from './records.ts'
import { differenceBetween, readStateAt, tileKey } from './state.ts'
import { deflatedStrokeTiles, findStroke, noStroke } from './strokes.ts'

/** The effect of an operation, ready for its record; `packed` is null when it has no new pixels. */
export interface Effect {
  readonly changes: RecordOf<'operation'>['changes']
  readonly tiles: RecordOf<'operation'>['tiles']
  readonly packed: (PackedTiles & { readonly hash: BlobHash }) | null
}

/**
 * Works out the effect of a draft on a document as it stood after `parent`.
 * @param addPack stores the tile pack as a blob
 * @throws EngineError project/... when the draft contradicts the document
 */
export function buildEffect(db: ReadableDb, document: DocumentId, parent: OperationId, draft: EffectDraft, addPack: (bytes: Buffer) => BlobInfo): Effect {
  const base = readStateAt(db, document, parent)
  if (!base) throw failed('project/no-such-document', `There is no document ${document} in this project.`)
  for (const { id, name } of draft.layers ?? [])
    if (row(db, 'SELECT 1 FROM layers WHERE id = :id AND document <> :document', { id, document }))
      throw failed('project/layers', `Layer "${name}" has the number ${id}, which belongs to another document; please report it.`)
  const changes = stateChanges(draft, base)
  const stroke = draft.stroke === undefined ? undefined : findStroke(db, draft.stroke)
  if (draft.stroke !== undefined && !stroke) throw noStroke(draft.stroke)
  const saved = stroke ? deflatedStrokeTiles(db, stroke.id).map((tile) => ({ ...tile, layer: stroke.layer, plane: stroke.plane })) : []
  const packed = packTiles(draft, saved, tileLookup(db, document, parent))
  const pack = packed.pack && addPack(packed.pack)
  return { changes, tiles: packed.changes(pack?.hash ?? null), packed: pack ? { ...packed, hash: pack.hash } : null }
}

/** The tile at a place as it was after an operation. */
function tileLookup(db: ReadableDb, document: DocumentId, at: OperationId): (place: TilePlace) => TileRef | null {
  const head = row<{ head: OperationId }>(db, 'SELECT head FROM documents WHERE id = :document', { document })!.head
  const moved = head === at ? new Map<string, TileRef | null>()
    : new Map(differenceBetween(db, head, at).tiles.map((tile) => [tileKey(tile), tile.after]))
  return (place) => {
    const known = moved.get(tileKey(place))
    if (known !== undefined) return known
    const found = row<{ pack: BlobHash; number: number }>(db, `SELECT pack, number FROM layer_tiles
      WHERE layer = :layer AND plane = :plane AND x = :x AND y = :y`, { layer: place.layer, plane: place.plane, x: place.x, y: place.y })
    return found ? [found.pack, found.number] : null
  }
}
