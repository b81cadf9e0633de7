/**
 * Applies records to the database: the only code that writes rows a person would miss. A commit and a rebuild from
 * the record log go through the same functions, so they cannot differ.
 */
import { failed, unreachable } from '../engine/errors.ts'
import { type ReadableDb, type WritableDb, change, row, rows } from './db.ts'
import type { BlobHash, DocumentId, LayerId, OperationId } from './ids.ts'
import type { BlobInfo, Canvas, Layer, StateChange, TileChange, TileRef } from './model.ts'
import { type HistoryRecord, type RecordOf, blobsOfEffect } from './records.ts'
import { differenceBetween, layerParameters } from './state.ts'
import { removeStroke } from './strokes.ts'
import { descendants, treePath } from './tree.ts'

/** Applies one record as part of commit `seq`; must run inside a write transaction. */
export function applyRecord(db: WritableDb, record: HistoryRecord, seq: number): void {
  switch (record.record) {
    case 'project': return applyProject(db, record)
    case 'document': return applyDocument(db, record)
    case 'operation': return applyOperation(db, record, seq)
    case 'accept': return applyAccept(db, record, seq)
    case 'reject': return void change(db, `UPDATE operations SET state = 'rejected' WHERE id = :operation AND state = 'staged'`, { operation: record.operation })
    case 'head': return moveHead(db, record.document, record.operation)
    case 'redo': return void change(db, 'UPDATE operations SET redo_child = :child WHERE id = :operation', { operation: record.operation, child: record.child })
    case 'label': return applyLabel(db, record, seq)
    case 'trash': return applyTrash(db, record)
    case 'document-label': return applyDocumentLabel(db, record)
    case 'mask': return applyMask(db, record, seq)
    case 'setting': return applySetting(db, record)
    case 'purge': return applyPurge(db, record)
    case 'stroke-end': return removeStroke(db, record.stroke)
    case 'layer-number': return reserveLayerNumbers(db, record.next - 1)
    default: return unreachable(record, 'applyRecord')
  }
}

function applyProject(db: WritableDb, record: RecordOf<'project'>): void {
  change(db, `INSERT INTO project (id, uuid, name, created_at, last_seq, next_layer) VALUES (1, :uuid, :name, :createdAt, 0, :nextLayer)`,
    { uuid: record.uuid, name: record.name, createdAt: record.createdAt, nextLayer: record.nextLayer })
}

function applyDocument(db: WritableDb, record: RecordOf<'document'>): void {
  change(db, `INSERT INTO documents (id, name, width, height, extra, head, created_at, trashed_at)
    VALUES (:id, :name, :width, :height, :extra, NULL, :createdAt, :trashedAt)`, {
    id: record.id, name: record.name, width: record.canvas.width, height: record.canvas.height, extra: JSON.stringify(record.canvas.extra),
    createdAt: record.createdAt, trashedAt: record.trashedAt,
  })
}

function applyOperation(db: WritableDb, record: RecordOf<'operation'>, seq: number): void {
  keepBlobs(db, record.blobs, seq)
  const { provenance } = record
  change(db, `INSERT INTO operations (id, document, parent, depth, state, kind, title, name, starred, engine_version, model, model_hash,
      device, seed, params, duration_ms, replay_of, redo_child, thumbnail, created_at, trashed_at)
    VALUES (:id, :document, :parent, :depth, :state, :kind, :title, :name, :starred, :engineVersion, :model, :modelHash,
      :device, :seed, :params, :durationMs, :replayOf, NULL, :thumbnail, :createdAt, :trashedAt)`, {
    ...provenance, params: JSON.stringify(provenance.params), id: record.id, document: record.document, parent: record.parent,
    depth: depthBelow(db, record.parent, record.document), state: record.state, name: record.name, starred: record.starred ? 1 : 0,
    thumbnail: record.thumbnail, createdAt: record.createdAt, trashedAt: record.trashedAt,
  })
  record.inputs.forEach(({ role, hash, source }) => change(db, `INSERT INTO operation_inputs VALUES (:operation, :role, :hash, :source, :sourceOperation, :sourceOrdinal)`, {
    operation: record.id, role, hash, source: source.from, sourceOperation: 'operation' in source ? source.operation : null,
    sourceOrdinal: 'ordinal' in source ? source.ordinal : null,
  }))
  record.results.forEach((result, ordinal) => change(db, `INSERT INTO results VALUES (:operation, :ordinal, :role, :hash, :width, :height, :seed, :metrics, :chosen)`, {
    ...result, operation: record.id, ordinal, metrics: JSON.stringify(result.metrics), chosen: record.chosen.includes(ordinal) ? 1 : 0,
  }))
  const needed = blobsOfEffect(record)
  for (const { hash } of [...record.inputs, ...record.results]) needed.add(hash)
  needBlobs(db, record.id, needed)
  insertEffect(db, record.id, record)
  if (record.thumbnail) referTo(db, record.thumbnail)
  if (record.moveHead) stepOnto(db, record.document, record.id, record.parent, record)
}

function depthBelow(db: ReadableDb, parent: OperationId | null, document: DocumentId): number {
  if (parent === null) return 0
  const found = row<{ depth: number; document: DocumentId }>(db, 'SELECT depth, document FROM operations WHERE id = :parent', { parent })
  if (!found || found.document !== document) throw failed('project/no-such-operation', `Operation ${parent}, which an operation should follow, is not in its document.`)
  return found.depth + 1
}

function applyAccept(db: WritableDb, record: RecordOf<'accept'>, seq: number): void {
  keepBlobs(db, record.blobs, seq)
  const id = record.operation
  const found = row<{ document: DocumentId; state: string }>(db, 'SELECT document, state FROM operations WHERE id = :id', { id })
  if (!found || found.state === 'applied') throw failed('project/not-staged', `Operation ${id} is not waiting to be accepted.`)
  change(db, `UPDATE operations SET state = 'applied', parent = :parent, depth = :depth, trashed_at = NULL WHERE id = :id`,
    { id, parent: record.parent, depth: depthBelow(db, record.parent, found.document) })
  for (const ordinal of record.chosen) change(db, 'UPDATE results SET chosen = 1 WHERE operation = :id AND ordinal = :ordinal', { id, ordinal })
  needBlobs(db, id, blobsOfEffect(record))
  insertEffect(db, id, record)
  stepOnto(db, found.document, id, record.parent, record)
}

function insertEffect(db: WritableDb, operation: OperationId, effect: { readonly changes: readonly StateChange[]; readonly tiles: readonly TileChange[] }): void {
  let highest = 0
  effect.changes.forEach((entry, ordinal) => {
    const layer = entry.what === 'layer' ? entry.layer : null
    highest = Math.max(highest, layer ?? 0)
    change(db, 'INSERT INTO operation_changes VALUES (:operation, :ordinal, :layer, :before, :after)', {
      operation, ordinal, layer, before: entry.before === null ? null : JSON.stringify(entry.before), after: entry.after === null ? null : JSON.stringify(entry.after),
    })
  })
  for (const tile of effect.tiles) change(db, `INSERT INTO operation_tiles VALUES
    (:operation, :layer, :plane, :x, :y, :beforePack, :beforeNumber, :afterPack, :afterNumber)`, {
    operation, layer: tile.layer, plane: tile.plane, x: tile.x, y: tile.y, beforePack: tile.before?.[0] ?? null, beforeNumber: tile.before?.[1] ?? null,
    afterPack: tile.after?.[0] ?? null, afterNumber: tile.after?.[1] ?? null,
  })
  if (highest > 0) reserveLayerNumbers(db, highest)
}

function reserveLayerNumbers(db: WritableDb, highest: number): void {
  change(db, 'UPDATE project SET next_layer = :next WHERE next_layer < :next', { next: highest + 1 })
}

/** The document goes from `parent` to its child `id`. */
function stepOnto(
  db: WritableDb, document: DocumentId, id: OperationId, parent: OperationId | null,
  effect: { readonly changes: readonly StateChange[]; readonly tiles: readonly TileChange[] },
): void {
  const head = row<{ head: OperationId | null }>(db, 'SELECT head FROM documents WHERE id = :document', { document })?.head ?? null
  if (parent !== null && head !== parent) moveHead(db, document, parent)
  for (const entry of effect.changes) {
    if (entry.what === 'canvas') setCanvas(db, document, entry.after)
    else setLayer(db, document, entry.layer, entry.after)
  }
  for (const tile of effect.tiles) setTile(db, document, tile, tile.after)
  change(db, 'UPDATE documents SET head = :id WHERE id = :document', { document, id })
  if (parent !== null) change(db, 'UPDATE operations SET redo_child = :id WHERE id = :parent', { id, parent })
}

/** Takes the document's rows to another place of its tree and remembers the way back for redo. */
function moveHead(db: WritableDb, document: DocumentId, to: OperationId): void {
  const from = row<{ head: OperationId | null }>(db, 'SELECT head FROM documents WHERE id = :document', { document })?.head
  if (from === undefined || from === null) throw failed('project/no-head', `Document ${document} has no place in its history to leave from.`)
  if (from === to) return
  const path = treePath(db, from, to)
  const difference = differenceBetween(db, from, to)
  if (difference.canvas) setCanvas(db, document, difference.canvas.after)
  for (const { layer, after } of difference.layers) setLayer(db, document, layer, after)
  for (const tile of difference.tiles) setTile(db, document, tile, tile.after)
  for (const id of [...path.up].reverse().concat(path.down))
    change(db, 'UPDATE operations SET redo_child = :id WHERE id = (SELECT parent FROM operations WHERE id = :id)', { id })
  change(db, 'UPDATE documents SET head = :to WHERE id = :document', { document, to })
}

function setCanvas(db: WritableDb, document: DocumentId, canvas: Canvas | null): void {
  if (canvas) change(db, 'UPDATE documents SET width = :width, height = :height, extra = :extra WHERE id = :document',
    { document, width: canvas.width, height: canvas.height, extra: JSON.stringify(canvas.extra) })
}

function setLayer(db: WritableDb, document: DocumentId, id: LayerId, layer: Layer | null): void {
  if (!layer) return void change(db, 'DELETE FROM layers WHERE id = :id AND document = :document', { id, document })
  change(db, `INSERT INTO layers VALUES (:id, :document, :kind, :name, :parent, :position, :visible, :locked, :opacity, :blend,
      :pixels_hash, :pixels_width, :pixels_height, :mask_hash, :mask_width, :mask_height, :transform, :extra)
    ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, parent = excluded.parent, position = excluded.position,
      visible = excluded.visible, locked = excluded.locked, opacity = excluded.opacity, blend = excluded.blend,
      pixels_hash = excluded.pixels_hash, pixels_width = excluded.pixels_width, pixels_height = excluded.pixels_height,
      mask_hash = excluded.mask_hash, mask_width = excluded.mask_width, mask_height = excluded.mask_height,
      transform = excluded.transform, extra = excluded.extra`, layerParameters(document, layer))
}

/** Tiles stay when their layer goes, so that undo brings the layer back with its pixels. */
function setTile(db: WritableDb, document: DocumentId, at: { readonly layer: LayerId; readonly plane: string; readonly x: number; readonly y: number }, ref: TileRef | null): void {
  const place = { layer: at.layer, plane: at.plane, x: at.x, y: at.y }
  if (ref === null) change(db, 'DELETE FROM layer_tiles WHERE layer = :layer AND plane = :plane AND x = :x AND y = :y', place)
  else change(db, `INSERT INTO layer_tiles VALUES (:layer, :plane, :x, :y, :document, :pack, :number)
    ON CONFLICT DO UPDATE SET pack = excluded.pack, number = excluded.number`, { ...place, document, pack: ref[0], number: ref[1] })
}

function keepBlobs(db: WritableDb, blobs: readonly BlobInfo[], seq: number): void {
  for (const blob of blobs) change(db, 'INSERT INTO blobs VALUES (:hash, :size, :media, :seq, NULL) ON CONFLICT DO NOTHING', { ...blob, seq })
}

function needBlobs(db: WritableDb, operation: OperationId, hashes: Iterable<string>): void {
  for (const hash of hashes) {
    referTo(db, hash)
    change(db, 'INSERT INTO operation_blobs VALUES (:operation, :hash) ON CONFLICT DO NOTHING', { operation, hash })
  }
}

/** A blob that something refers to again is no longer on its way out. */
function referTo(db: WritableDb, hash: string): void {
  if (!row(db, 'SELECT 1 FROM blobs WHERE hash = :hash', { hash })) throw failed('project/unknown-blob', `The project has no file ${hash.slice(0, 12)}… that an operation refers to; please report it.`)
  change(db, 'UPDATE blobs SET unreferenced_since = NULL WHERE hash = :hash AND unreferenced_since IS NOT NULL', { hash })
}

function applyLabel(db: WritableDb, record: RecordOf<'label'>, seq: number): void {
  const { operation } = record
  if (record.name !== undefined) change(db, 'UPDATE operations SET name = :name WHERE id = :operation', { operation, name: record.name })
  if (record.starred !== undefined) change(db, 'UPDATE operations SET starred = :starred WHERE id = :operation', { operation, starred: record.starred ? 1 : 0 })
  if (record.thumbnail) {
    keepBlobs(db, [record.thumbnail], seq)
    referTo(db, record.thumbnail.hash)
    change(db, 'UPDATE operations SET thumbnail = :thumbnail WHERE id = :operation', { operation, thumbnail: record.thumbnail.hash })
  }
}

function applyTrash(db: WritableDb, record: RecordOf<'trash'>): void {
  for (const id of descendants(db, record.operation)) {
    if (record.at === null) change(db, 'UPDATE operations SET trashed_at = NULL WHERE id = :id', { id })
    else {
      change(db, 'UPDATE operations SET trashed_at = :at WHERE id = :id AND trashed_at IS NULL', { id, at: record.at })
      change(db, 'UPDATE operations SET redo_child = NULL WHERE redo_child = :id', { id })
    }
  }
  // What comes back needs everything it stands on.
  if (record.at === null) change(db, `WITH RECURSIVE above (id, parent) AS (
      SELECT id, parent FROM operations WHERE id = :id UNION ALL SELECT o.id, o.parent FROM operations o JOIN above ON o.id = above.parent)
    UPDATE operations SET trashed_at = NULL WHERE trashed_at IS NOT NULL AND id IN (SELECT id FROM above)`, { id: record.operation })
}

function applyDocumentLabel(db: WritableDb, record: RecordOf<'document-label'>): void {
  const { document } = record
  if (record.name !== undefined) change(db, 'UPDATE documents SET name = :name WHERE id = :document', { document, name: record.name })
  if (record.trashedAt !== undefined) change(db, 'UPDATE documents SET trashed_at = :at WHERE id = :document', { document, at: record.trashedAt })
}

function applyMask(db: WritableDb, record: RecordOf<'mask'>, seq: number): void {
  keepBlobs(db, record.blobs, seq)
  referTo(db, record.hash)
  change(db, `INSERT INTO masks VALUES (:id, :document, :name, :hash, :width, :height, :origin, :createdAt, :trashedAt)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, hash = excluded.hash, width = excluded.width, height = excluded.height,
      origin = excluded.origin, trashed_at = excluded.trashed_at`, {
    id: record.id, document: record.document, name: record.name, hash: record.hash, width: record.width, height: record.height,
    origin: JSON.stringify(record.origin), createdAt: record.createdAt, trashedAt: record.trashedAt,
  })
}

function applySetting(db: WritableDb, record: RecordOf<'setting'>): void {
  if (record.value === null) change(db, 'DELETE FROM settings WHERE key = :key', { key: record.key })
  else change(db, 'INSERT INTO settings VALUES (:key, :value) ON CONFLICT DO UPDATE SET value = excluded.value', { key: record.key, value: JSON.stringify(record.value) })
}

function applyPurge(db: WritableDb, record: RecordOf<'purge'>): void {
  for (const id of record.masks) change(db, 'DELETE FROM masks WHERE id = :id', { id })
  for (const document of record.documents) {
    for (const table of ['layer_tiles', 'layers', 'masks', 'strokes'] as const) change(db, `DELETE FROM ${table} WHERE document = :document`, { document })
    change(db, 'UPDATE documents SET head = NULL WHERE id = :document', { document })
  }
  for (const id of record.operations) {
    change(db, 'UPDATE operations SET redo_child = NULL WHERE redo_child = :id', { id })
    change(db, 'UPDATE operations SET replay_of = NULL WHERE replay_of = :id', { id })
    change(db, 'DELETE FROM operations WHERE id = :id', { id })
  }
  for (const document of record.documents) change(db, 'DELETE FROM documents WHERE id = :document', { document })
  for (const hash of record.blobs) {
    change(db, 'DELETE FROM blobs WHERE hash = :hash', { hash })
    change(db, 'DELETE FROM blob_outbox WHERE hash = :hash', { hash })
  }
}

/** Every blob that something refers to: the reference counts are the counts in here. */
export const REFERENCES = `
  SELECT hash FROM operation_blobs
  UNION ALL SELECT thumbnail FROM operations WHERE thumbnail IS NOT NULL
  UNION ALL SELECT hash FROM masks`

/** How many things refer to a blob, counted from the rows. */
export function referenceCount(db: ReadableDb, hash: BlobHash): number {
  return rows<{ n: number }>(db, `SELECT count(*) AS n FROM (${REFERENCES}) WHERE hash = :hash`, { hash })[0]!.n
}
