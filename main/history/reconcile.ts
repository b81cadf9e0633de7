/** Bringing the database and the record log back together after a crash, and naming what could not be. */
import { applyRecord } from './applyRecord.ts'
import type { BlobStore } from './blobs.ts'
import { type ReadableDb, type WritableDb, change, row, rows, writeTransaction } from './db.ts'
import { describeDatabase } from './describe.ts'
import { usesOfBlob } from './documents.ts'
import { syncFilesNow, writeDurably } from './durableFiles.ts'
import { type BlobHash, hashOf, isBlobHash } from './ids.ts'
import type { ProjectNotice, ProjectReader } from './projectReader.ts'
import { type LogLine, type RecordLog, formatLine, readLog } from './recordLog.ts'
import { type HistoryRecord, recordSchema } from './records.ts'

/** How many of the newest blobs are looked at when a project opens. */
const RECENT_BLOBS = 256

/** The records of a line; throws what zod throws when they are not records. */
export function recordsOfLine(line: LogLine): HistoryRecord[] {
  return recordSchema.array().parse(JSON.parse(line.text))
}

/**
 * Applies commits that the log has and the database lost, as when its write-ahead log was cut short.
 * @returns a sentence when there were any
 */
export function catchUpDatabase(db: WritableDb, recordsFolder: string, lastLogged: number): ProjectNotice[] {
  const known = row<{ seq: number }>(db, 'SELECT last_seq AS seq FROM project')?.seq ?? 0
  if (lastLogged <= known) return []
  const content = readLog(recordsFolder)
  const lost = content.lines.filter((line) => line.seq > known)
  const notices: ProjectNotice[] = []
  let back = 0
  for (const line of lost) {
    try {
      writeTransaction(db, () => {
        for (const record of recordsOfLine(line)) applyRecord(db, record, line.seq)
        change(db, 'UPDATE project SET last_seq = :seq', { seq: line.seq })
      })
      back++
    } catch (error) {
      notices.push({ code: 'project/change-lost', sentence: `Change ${line.seq} was cut short by the last crash and could not be brought back (${(error as Error).message}); everything before it is intact.` })
    }
  }
  const expected = lastLogged - known
  if (lost.length < expected) notices.push({ code: 'project/change-lost', sentence: `${expected - lost.length} of the last ${expected} changes are damaged in the record log and were lost; everything before them is intact.` })
  if (back > 0) notices.unshift({ code: 'project/changes-brought-back', sentence: `The last session ended in the middle of writing; ${back} ${back === 1 ? 'change was' : 'changes were'} brought back from the record log.` })
  return notices
}

/**
 * Writes the files anew that the outbox of small blobs has and the disk lost or holds only in part, and flushes the
 * others: afterwards the outbox may be emptied. Rows whose bytes are not what their hash says are a stranger's and are passed over.
 * @returns the blobs that were written
 */
export function restorePending(db: ReadableDb, blobs: BlobStore): BlobHash[] {
  const restored: BlobHash[] = []
  for (const hash of rows<{ hash: string }>(db, 'SELECT hash FROM blob_outbox').map((found) => found.hash).filter(isBlobHash)) {
    const { bytes } = row<{ bytes: Uint8Array }>(db, 'SELECT bytes FROM blob_outbox WHERE hash = :hash', { hash })!
    if (hashOf(bytes) !== hash) continue
    if (blobs.fault(hash, bytes.length)) {
      blobs.makeRoom(hash)
      writeDurably(blobs.path(hash), bytes)
      restored.push(hash)
    } else syncFilesNow([blobs.path(hash)])
  }
  return restored
}

/** Lines the log lacks: from the outbox where it has them, else the whole log is written anew. */
export function catchUpLog(db: WritableDb, log: RecordLog, keepIn: string): ProjectNotice[] {
  const last = row<{ seq: number }>(db, 'SELECT last_seq AS seq FROM project')?.seq ?? 0
  const waiting = rows<{ seq: number; line: string }>(db, 'SELECT seq, line FROM outbox WHERE seq > :logged ORDER BY seq', { logged: log.lastSeq })
  const contiguous = waiting.every((line, index) => line.seq === log.lastSeq + 1 + index) && log.lastSeq + waiting.length >= last
  if (contiguous) {
    for (const { seq, line } of waiting) log.append(seq, line)
    return []
  }
  log.replaceBySnapshot(snapshotLines(db, last), last, keepIn)
  return [{ code: 'project/log-rewritten', sentence: 'The record log lacked some changes and was written anew from the database; nothing was lost.' }]
}

/** A snapshot of the database as log lines, all with the number of its last commit. */
export function snapshotLines(db: WritableDb, seq: number): string[] {
  return [...describeDatabase(db)].map((record) => formatLine(seq, JSON.stringify([record])))
}

/** A sentence for each of the newest blobs that is missing or cut short. */
export function recentBlobNotices(project: ProjectReader): ProjectNotice[] {
  return project.recentFaults(RECENT_BLOBS).flatMap((fault) => {
    const uses = usesOfBlob(project.db, fault.hash)
    if (uses.length === 0) return [] // nothing that counts depends on it
    return [{ code: `project/blob-${fault.what}`, sentence: `${fault.sentence} It is ${uses.join(' and ')}; everything else is intact.` }]
  })
}

/** A sentence for strokes that a crash interrupted. */
export function strokeNotices(project: ProjectReader): ProjectNotice[] {
  const strokes = project.strokesInProgress()
  if (strokes.length === 0) return []
  return [{ code: 'project/stroke-in-progress', sentence: `${strokes.length === 1 ? 'A stroke that was' : `${strokes.length} strokes that were`} being drawn when the last session ended ${strokes.length === 1 ? 'is' : 'are'} kept and can be finished.` }]
}
