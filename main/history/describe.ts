/** The database told as records: a snapshot of the record log, and what a damaged database still knows. */
import { type ReadableDb, row, rows } from './db.ts'
import type { BlobHash, DocumentId, LayerId, MaskId, OperationId } from './ids.ts'
import { type BlobInfo, type OperationInput, type OperationResult, type StateChange, canvasSchema } from './model.ts'
import { type HistoryRecord, RECORD_VERSION, type RecordOf, recordSchema } from './records.ts'
import { parseCanvas, parseLayer, readEffect } from './state.ts'

interface OperationRow {
  readonly id: OperationId
  readonly document: DocumentId
  readonly parent: OperationId | null
  readonly state: 'applied' | 'staged' | 'rejected'
  readonly kind: string
  readonly title: string
  readonly name: string | null
  readonly starred: number
  readonly engine_version: string | null
  readonly model: string | null
  readonly model_hash: string | null
  readonly device: string | null
  readonly seed: number | null
  readonly params: string
  readonly duration_ms: number | null
  readonly replay_of: OperationId | null
  readonly redo_child: OperationId | null
  readonly thumbnail: BlobHash | null
  readonly created_at: number
  readonly trashed_at: number | null
}

/**
 * Everything in the database as records that build an equal one. Within a document, an operation comes after its
 * parent; heads and redo marks come last.
 * @param onFault told of each row that cannot be read, which is then left out; without it the error is thrown
 */
export function* describeDatabase(db: ReadableDb, onFault?: (what: string, error: unknown) => void): Generator<HistoryRecord> {
  const attempt = function* <T>(what: string, read: () => T): Generator<T> {
    try {
      yield read()
    } catch (error) {
      if (!onFault) throw error
      onFault(what, error)
    }
  }
  yield* attempt('the project itself', () => projectRecord(db))
  for (const list of attempt('the list of documents', () => rows<{ id: DocumentId }>(db, 'SELECT id FROM documents ORDER BY id')))
    for (const { id } of list) yield* attempt(`document ${id}`, () => documentRecord(db, id))
  for (const order of attempt('the list of operations', () => operationOrder(db)))
    for (const id of order) yield* attempt(`operation ${id}`, () => operationRecord(db, id))
  for (const list of attempt('the list of masks', () => rows<{ id: MaskId }>(db, 'SELECT id FROM masks ORDER BY id')))
    for (const { id } of list) yield* attempt(`mask ${id}`, () => maskRecord(db, id))
  for (const list of attempt('the settings', () => rows<{ key: string; value: string }>(db, 'SELECT key, value FROM settings ORDER BY key')))
    for (const { key, value } of list) yield* attempt(`setting "${key}"`, () => checked({ record: 'setting', key, value: JSON.parse(value) as unknown }))
  yield* attempt('the numbering of layers', () => checked({ record: 'layer-number', next: row<{ next_layer: LayerId }>(db, 'SELECT next_layer FROM project')!.next_layer }))
  for (const list of attempt('where documents stand', () => rows<{ id: DocumentId; head: OperationId }>(db, 'SELECT id, head FROM documents WHERE head IS NOT NULL ORDER BY id')))
    for (const { id, head } of list) yield { record: 'head', document: id, operation: head }
  for (const list of attempt('where redo leads', () => rows<{ id: OperationId; child: OperationId }>(db, 'SELECT id, redo_child AS child FROM operations WHERE redo_child IS NOT NULL ORDER BY id')))
    for (const { id, child } of list) yield { record: 'redo', operation: id, child }
}

function checked(record: unknown): HistoryRecord {
  return recordSchema.parse(record)
}

function projectRecord(db: ReadableDb): HistoryRecord {
  const found = row<{ uuid: string; name: string; created_at: number }>(db, 'SELECT uuid, name, created_at FROM project')
  return checked({ record: 'project', version: RECORD_VERSION, uuid: found?.uuid, name: found?.name, createdAt: found?.created_at, nextLayer: 1 })
}

/**
 * The document as its first operation makes it. The canvas is today's: the operations that follow set it right, and
 * it is what counts should none of them be readable.
 */
function documentRecord(db: ReadableDb, id: DocumentId): HistoryRecord {
  const found = row<{ name: string; width: number; height: number; extra: string; created_at: number; trashed_at: number | null }>(
    db, 'SELECT name, width, height, extra, created_at, trashed_at FROM documents WHERE id = :id', { id })!
  const canvas = canvasSchema.parse({ width: found.width, height: found.height, extra: JSON.parse(found.extra) as unknown })
  return checked({ record: 'document', id, name: found.name, canvas, createdAt: found.created_at, trashedAt: found.trashed_at })
}

/** Parents before children: an accepted operation may follow one with a higher number. */
function operationOrder(db: ReadableDb): OperationId[] {
  return rows<{ id: OperationId }>(db, 'SELECT id FROM operations ORDER BY depth, id').map((found) => found.id)
}

function operationRecord(db: ReadableDb, id: OperationId): HistoryRecord {
  const found = row<OperationRow>(db, 'SELECT * FROM operations WHERE id = :id', { id })!
  const effect = readEffect(db, id)
  const results = rows<{ role: string; hash: BlobHash; width: number; height: number; seed: number | null; metrics: string; chosen: number }>(
    db, 'SELECT role, hash, width, height, seed, metrics, chosen FROM results WHERE operation = :id ORDER BY ordinal', { id })
  const record: RecordOf<'operation'> = {
    record: 'operation', id, document: found.document, parent: found.parent, state: found.state,
    provenance: {
      kind: found.kind, title: found.title, engineVersion: found.engine_version, model: found.model, modelHash: found.model_hash, device: found.device,
      seed: found.seed, params: JSON.parse(found.params) as RecordOf<'operation'>['provenance']['params'], // checked below with the rest
      durationMs: found.duration_ms, replayOf: found.replay_of,
    },
    inputs: readInputs(db, id),
    results: results.map(({ chosen: _, metrics, ...result }) => ({ ...result, metrics: JSON.parse(metrics) as OperationResult['metrics'] })), // checked below
    chosen: results.flatMap((result, ordinal) => (result.chosen === 1 ? [ordinal] : [])),
    changes: effect.changes.map((entry): StateChange => (entry.layer === null
      ? { what: 'canvas', before: parseCanvas(entry.before), after: parseCanvas(entry.after) }
      : { what: 'layer', layer: entry.layer, before: parseLayer(entry.before), after: parseLayer(entry.after) })),
    tiles: effect.tiles.map((tile) => ({ ...tile })),
    blobs: operationBlobs(db, id, found.thumbnail),
    thumbnail: found.thumbnail, name: found.name, starred: found.starred === 1, createdAt: found.created_at, trashedAt: found.trashed_at,
    // A document needs a place to stand before the final head record can move it.
    moveHead: found.parent === null,
  }
  return checked(record)
}

/** The inputs of an operation as its rows tell them. */
export function readInputs(db: ReadableDb, operation: OperationId): OperationInput[] {
  return rows<{ role: string; hash: BlobHash; source: string; source_operation: OperationId | null; source_ordinal: number | null }>(
    db, 'SELECT role, hash, source, source_operation, source_ordinal FROM operation_inputs WHERE operation = :operation ORDER BY role', { operation },
  ).map(({ role, hash, source, source_operation: from, source_ordinal: ordinal }): OperationInput => {
    if (source === 'composite' && from !== null) return { role, hash, source: { from: 'composite', operation: from } }
    if (source === 'result' && from !== null && ordinal !== null) return { role, hash, source: { from: 'result', operation: from, ordinal } }
    return { role, hash, source: { from: 'blob' } }
  })
}

function operationBlobs(db: ReadableDb, operation: OperationId, thumbnail: BlobHash | null): BlobInfo[] {
  return rows<BlobInfo>(db, `SELECT hash, size, media FROM blobs
    WHERE hash IN (SELECT hash FROM operation_blobs WHERE operation = :operation) OR hash = :thumbnail ORDER BY hash`, { operation, thumbnail })
}

function maskRecord(db: ReadableDb, id: MaskId): HistoryRecord {
  const found = row<{ document: DocumentId; name: string; hash: BlobHash; width: number; height: number; origin: string; created_at: number; trashed_at: number | null }>(
    db, 'SELECT * FROM masks WHERE id = :id', { id })!
  const blobs = rows<BlobInfo>(db, 'SELECT hash, size, media FROM blobs WHERE hash = :hash', { hash: found.hash })
  return checked({
    record: 'mask', id, document: found.document, name: found.name, hash: found.hash, width: found.width, height: found.height,
    origin: JSON.parse(found.origin) as unknown, createdAt: found.created_at, trashedAt: found.trashed_at, blobs,
  })
}
