/** Reading documents, operations and masks: what lists and panels show. */
import { failed } from '../engine/errors.ts'
import { type ReadableDb, row, rows } from './db.ts'
import { readInputs } from './describe.ts'
import type { BlobHash, DocumentId, MaskId, OperationId } from './ids.ts'
import { type JsonObject, type MaskOrigin, type OperationInput, type OperationResult, type OperationState, jsonObjectSchema, maskOriginSchema } from './model.ts'

/** A document as a list shows it. Sizes in pixels, times in milliseconds since 1970. */
export interface DocumentSummary {
  readonly id: DocumentId
  readonly name: string
  readonly width: number
  readonly height: number
  /** where the document stands in its tree */
  readonly head: OperationId
  /** operations in all branches */
  readonly operations: number
  readonly thumbnail: BlobHash | null
  readonly createdAt: number
  readonly trashedAt: number | null
}

/** An operation as the history panel shows it. */
export interface OperationSummary {
  readonly id: OperationId
  readonly document: DocumentId
  readonly parent: OperationId | null
  /** steps from the document's first operation */
  readonly depth: number
  readonly state: OperationState
  readonly kind: string
  readonly title: string
  /** the name a person gave it, instead of its title */
  readonly name: string | null
  readonly starred: boolean
  readonly thumbnail: BlobHash | null
  readonly createdAt: number
  readonly trashedAt: number | null
}

/** An operation with everything known about how it was made. */
export interface Operation extends OperationSummary {
  readonly engineVersion: string | null
  readonly model: string | null
  readonly modelHash: string | null
  readonly device: string | null
  readonly seed: number | null
  readonly params: JsonObject
  readonly durationMs: number | null
  readonly replayOf: OperationId | null
  readonly inputs: readonly OperationInput[]
  readonly results: readonly (OperationResult & { readonly chosen: boolean })[]
}

/** A mask a person saved. */
export interface SavedMask {
  readonly id: MaskId
  readonly document: DocumentId
  readonly name: string
  readonly hash: BlobHash
  readonly width: number
  readonly height: number
  readonly origin: MaskOrigin
  readonly createdAt: number
  readonly trashedAt: number | null
}

const SUMMARY = `id, document, parent, depth, state, kind, title, name, starred, thumbnail, created_at AS createdAt, trashed_at AS trashedAt`

interface SummaryRow extends Omit<OperationSummary, 'starred'> {
  readonly starred: number
}

function summary(found: SummaryRow): OperationSummary {
  return { ...found, starred: found.starred === 1 }
}

/** Every document, oldest first. */
export function listDocuments(db: ReadableDb, options: { readonly trashed?: boolean } = {}): DocumentSummary[] {
  return rows<DocumentSummary>(db, `
    SELECT d.id, d.name, d.width, d.height, d.head, d.created_at AS createdAt, d.trashed_at AS trashedAt,
      (SELECT count(*) FROM operations o WHERE o.document = d.id AND o.trashed_at IS NULL) AS operations,
      (SELECT thumbnail FROM operations o WHERE o.id = d.head) AS thumbnail
    FROM documents d WHERE (d.trashed_at IS NOT NULL) = :trashed ORDER BY d.id`, { trashed: options.trashed ? 1 : 0 })
}

/** Which operations {@link listOperations} gives; all of those not in the trash when nothing is said. */
export interface OperationFilter {
  /** only operations with a higher id, to load a long history in pieces */
  readonly after?: OperationId
  /** at most so many; all when absent */
  readonly limit?: number
  readonly starredOnly?: boolean
  readonly trashed?: boolean
}

/** The operations of a document in order of making. */
export function listOperations(db: ReadableDb, document: DocumentId, filter: OperationFilter = {}): OperationSummary[] {
  return rows<SummaryRow>(db, `SELECT ${SUMMARY} FROM operations
    WHERE document = :document AND id > :after AND (trashed_at IS NOT NULL) = :trashed AND (starred = 1 OR :all = 1)
    ORDER BY id LIMIT :limit`, {
    document, after: filter.after ?? 0, trashed: filter.trashed ? 1 : 0, all: filter.starredOnly ? 0 : 1, limit: filter.limit ?? -1,
  }).map(summary)
}

/**
 * One operation with its parameters, inputs and results.
 * @throws EngineError project/no-such-operation
 */
export function readOperation(db: ReadableDb, id: OperationId): Operation {
  const found = row<SummaryRow & { engineVersion: string | null; model: string | null; modelHash: string | null; device: string | null
    seed: number | null; params: string; durationMs: number | null; replayOf: OperationId | null }>(
    db, `SELECT ${SUMMARY}, engine_version AS engineVersion, model, model_hash AS modelHash, device, seed, params, duration_ms AS durationMs,
      replay_of AS replayOf FROM operations WHERE id = :id`, { id })
  if (!found) throw failed('project/no-such-operation', `There is no operation ${id} in this project.`)
  const results = rows<Omit<OperationResult, 'metrics'> & { metrics: string; chosen: number }>(
    db, 'SELECT role, hash, width, height, seed, metrics, chosen FROM results WHERE operation = :id ORDER BY ordinal', { id })
  return {
    ...found, starred: found.starred === 1, params: jsonObjectSchema.parse(JSON.parse(found.params)), inputs: readInputs(db, id),
    results: results.map((result) => ({ ...result, metrics: jsonObjectSchema.parse(JSON.parse(result.metrics)), chosen: result.chosen === 1 })),
  }
}

/** The saved masks of a document. */
export function listMasks(db: ReadableDb, document: DocumentId, options: { readonly trashed?: boolean } = {}): SavedMask[] {
  return rows<Omit<SavedMask, 'origin'> & { origin: string }>(db, `
    SELECT id, document, name, hash, width, height, origin, created_at AS createdAt, trashed_at AS trashedAt
    FROM masks WHERE document = :document AND (trashed_at IS NOT NULL) = :trashed ORDER BY id`, { document, trashed: options.trashed ? 1 : 0 })
    .map((mask) => ({ ...mask, origin: maskOriginSchema.parse(JSON.parse(mask.origin)) }))
}

/** What a sentence calls the things that use a blob: `a result of operation 12, "Fill: red car"`. */
export function usesOfBlob(db: ReadableDb, hash: BlobHash): string[] {
  const operation = (use: string, sql: string): string[] =>
    rows<{ id: OperationId; title: string; name: string | null }>(db, sql, { hash }).map((found) => `${use} operation ${found.id}, "${found.name ?? found.title}"`)
  const results = operation('a result of', 'SELECT o.id, o.title, o.name FROM operations o JOIN results r ON r.operation = o.id WHERE r.hash = :hash ORDER BY o.id LIMIT 5')
  const inputs = operation('an input of', 'SELECT o.id, o.title, o.name FROM operations o JOIN operation_inputs i ON i.operation = o.id WHERE i.hash = :hash ORDER BY o.id LIMIT 5')
  const others = results.length + inputs.length > 0 ? [] : operation('pixels of',
    'SELECT o.id, o.title, o.name FROM operations o JOIN operation_blobs b ON b.operation = o.id WHERE b.hash = :hash ORDER BY o.id LIMIT 1')
  const thumbnails = operation('the thumbnail of', 'SELECT id, title, name FROM operations WHERE thumbnail = :hash ORDER BY id LIMIT 1')
  const masks = rows<{ name: string }>(db, 'SELECT name FROM masks WHERE hash = :hash ORDER BY id LIMIT 5', { hash }).map((mask) => `the saved mask "${mask.name}"`)
  return [...results, ...inputs, ...others, ...masks, ...thumbnails]
}
