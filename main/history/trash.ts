/**
 * The trash. Nothing goes at once: operations, documents and masks are put into it by the person, files when nothing
 * refers to them any more; both stay for the grace period, and what is then deleted is told.
 */
import { REFERENCES } from './applyRecord.ts'
import { change, rows, writeTransaction } from './db.ts'
import type { BlobHash, DocumentId, MaskId, OperationId } from './ids.ts'
import type { Project } from './project.ts'
import type { ProjectReader } from './projectReader.ts'

/** Thirty days. */
export const DEFAULT_GRACE_MS = 30 * 24 * 3600 * 1000

/** What lies in the trash. */
export interface TrashContents {
  readonly documents: readonly DocumentId[]
  readonly operations: readonly OperationId[]
  readonly masks: readonly MaskId[]
  /** files that nothing refers to */
  readonly blobs: readonly { readonly hash: BlobHash; readonly size: number; readonly unreferencedSince: number }[]
  /** bytes of those files */
  readonly bytes: number
}

/** What {@link emptyTrash} deleted for good. */
export interface Purged {
  readonly documents: readonly DocumentId[]
  readonly operations: readonly OperationId[]
  readonly masks: readonly MaskId[]
  readonly blobs: readonly BlobHash[]
  /** bytes freed on the disk */
  readonly bytes: number
}

/** Lists the trash; files count from the last {@link sweepBlobs} on. */
export function trashContents(project: ProjectReader): TrashContents {
  const db = project.db
  const ids = <T>(sql: string): T[] => rows<{ id: T }>(db, sql).map((found) => found.id)
  const blobs = rows<{ hash: BlobHash; size: number; unreferencedSince: number }>(
    db, 'SELECT hash, size, unreferenced_since AS unreferencedSince FROM blobs WHERE unreferenced_since IS NOT NULL ORDER BY hash')
  return {
    documents: ids<DocumentId>('SELECT id FROM documents WHERE trashed_at IS NOT NULL ORDER BY id'),
    operations: ids<OperationId>('SELECT id FROM operations WHERE trashed_at IS NOT NULL ORDER BY id'),
    masks: ids<MaskId>('SELECT id FROM masks WHERE trashed_at IS NOT NULL ORDER BY id'),
    blobs, bytes: blobs.reduce((sum, blob) => sum + blob.size, 0),
  }
}

/**
 * Counts references anew: files that nothing refers to start their grace period, files that something refers to
 * again end it, and files without a row (left by a crash between file and commit) get one.
 * @returns how many files wait in the trash now
 */
export function sweepBlobs(project: Project, now: number): number {
  const db = project.writing
  const fresh = project.freshBlobs
  const known = new Set(rows<{ hash: BlobHash }>(db, 'SELECT hash FROM blobs').map((found) => found.hash))
  const strays = [...project.blobs.list()].filter((blob) => !known.has(blob.hash) && !fresh.has(blob.hash))
  return writeTransaction(db, () => {
    for (const { hash, size } of strays)
      change(db, `INSERT INTO blobs VALUES (:hash, :size, 'application/octet-stream', :seq, :now)`, { hash, size, seq: project.sequence(), now })
    change(db, `UPDATE blobs SET unreferenced_since = NULL WHERE unreferenced_since IS NOT NULL AND hash IN (${REFERENCES})`)
    for (const { hash } of rows<{ hash: BlobHash }>(db, `SELECT hash FROM blobs WHERE unreferenced_since IS NULL AND hash NOT IN (${REFERENCES})`))
      if (!fresh.has(hash)) change(db, 'UPDATE blobs SET unreferenced_since = :now WHERE hash = :hash', { hash, now })
    return rows(db, 'SELECT 1 FROM blobs WHERE unreferenced_since IS NOT NULL').length
  })
}

/**
 * Deletes for good what has been in the trash for longer than the grace period; the database first, the files after,
 * so that a crash in between leaves a stray file and never a missing one.
 */
export function emptyTrash(project: Project, options: { readonly graceMs?: number; readonly now: number }): Purged {
  const before = options.now - (options.graceMs ?? DEFAULT_GRACE_MS)
  const rowsOnly = { ...expiredRows(project, before), blobs: [] as BlobHash[] }
  if (rowsOnly.documents.length + rowsOnly.operations.length + rowsOnly.masks.length > 0) project.commit([{ record: 'purge', ...rowsOnly }])
  sweepBlobs(project, options.now)
  const expired = rows<{ hash: BlobHash; size: number }>(
    project.db, 'SELECT hash, size FROM blobs WHERE unreferenced_since <= :before ORDER BY hash', { before })
  const blobs = expired.map((blob) => blob.hash)
  if (blobs.length > 0) project.commit([{ record: 'purge', documents: [], operations: [], masks: [], blobs }])
  for (const hash of blobs) project.blobs.remove(hash)
  return { ...rowsOnly, blobs, bytes: expired.reduce((sum, blob) => sum + blob.size, 0) }
}

function expiredRows(project: Project, before: number): { documents: DocumentId[]; operations: OperationId[]; masks: MaskId[] } {
  const db = project.db
  const documents = rows<{ id: DocumentId }>(db, 'SELECT id FROM documents WHERE trashed_at <= :before ORDER BY id', { before }).map((found) => found.id)
  const gone = new Set(documents)
  const candidates = rows<{ id: OperationId; parent: OperationId | null; document: DocumentId; old: number }>(db, `
    SELECT id, parent, document, trashed_at IS NOT NULL AND trashed_at <= :before AS old FROM operations ORDER BY depth DESC, id`, { before })
  // From the leaves up: an operation stays as long as anything that follows from it does.
  const kept = new Set<OperationId>()
  const operations: OperationId[] = []
  for (const { id, parent, document, old } of candidates) {
    if (gone.has(document) || (old === 1 && !kept.has(id))) operations.push(id)
    else if (parent !== null) kept.add(parent)
  }
  const masks = rows<{ id: MaskId; document: DocumentId; old: number }>(db, 'SELECT id, document, trashed_at IS NOT NULL AND trashed_at <= :before AS old FROM masks', { before })
    .filter((mask) => gone.has(mask.document) || mask.old === 1).map((mask) => mask.id)
  return { documents, operations: operations.sort((a, b) => a - b), masks }
}
