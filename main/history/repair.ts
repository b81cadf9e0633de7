/**
 * Repair: builds the database of a project anew from the record log, from what the old database still tells, and from
 * the files. Nothing is deleted: the old database and log are kept in `damaged/`.
 */
import fs from 'node:fs'
import path from 'node:path'
import { randomUUID } from 'node:crypto'
import { badInput } from '../engine/errors.ts'
import { applyRecord } from './applyRecord.ts'
import { BlobStore } from './blobs.ts'
import { APPLICATION_ID, type WritableDb, applicationId, change, openReadable, openWritable, row, rows, writeTransaction } from './db.ts'
import { describeDatabase } from './describe.ts'
import { usesOfBlob } from './documents.ts'
import { makeFolder, syncFolder, temporaryName } from './durableFiles.ts'
import type { BlobHash, DocumentId, OperationId } from './ids.ts'
import { latestVersion, migrate, refuseFuture, schemaDifferences } from './migrations/index.ts'
import { mendTrees } from './mendTrees.ts'
import { acquireLock } from './projectLock.ts'
import { type ProjectNotice, projectPaths } from './projectReader.ts'
import { recoverPictures } from './recoverPictures.ts'
import { RecordLog, readLog } from './recordLog.ts'
import { snapshotLines, restorePending } from './reconcile.ts'
import { type HistoryRecord, RECORD_VERSION, blobsOfEffect, recordSchema } from './records.ts'

/** What a repair did. */
export interface RepairReport {
  readonly documents: number
  readonly operations: number
  /** what was lost, mended or found; a sentence each */
  readonly notices: readonly ProjectNotice[]
  /** folder with the old database and log, inside the project */
  readonly keptIn: string
}

interface Work {
  readonly db: WritableDb
  readonly blobs: BlobStore
  readonly notices: ProjectNotice[]
}

/**
 * Rebuilds a project's database. Works on a project whose database is missing, damaged, altered or sound.
 * @param options now: milliseconds since 1970; program: see {@link acquireLock}
 * @throws EngineError project/not-a-project, project/from-the-future, project/open-elsewhere (exit 2)
 */
export function repairProject(folder: string, options: { readonly now: number; readonly program?: string }): RepairReport {
  const target = path.resolve(folder)
  const paths = projectPaths(target)
  if (!fs.existsSync(paths.records) && !fs.existsSync(paths.blobs) && !fs.existsSync(paths.database))
    throw badInput('project/not-a-project', { thing: folder, expected: 'the folder of a Palimpsest project', found: 'a folder with neither project.db nor records nor blobs' })
  const lock = acquireLock(target, options.program ?? 'palimpsest repair')
  const building = temporaryName(paths.database)
  const keptIn = path.join(paths.damaged, `repair-${new Date(options.now).toISOString().replaceAll(':', '-')}`)
  let clean = false
  try {
    const blobs = new BlobStore(paths.blobs)
    blobs.create()
    blobs.recoverUnfinished()
    const work: Work = { db: openWritable(building, true), blobs, notices: [] }
    try {
      migrate(work.db)
      work.db.pragma('synchronous = OFF') // a file that is thrown away if the machine stops; flushed whole below
      rebuild(work, target, options.now)
      const report = finish(work, target, keptIn)
      clean = true
      return report
    } finally {
      if (work.db.open) work.db.close()
    }
  } finally {
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(building + suffix, { force: true })
    lock.release(clean)
  }
}

function rebuild(work: Work, target: string, now: number): void {
  const paths = projectPaths(target)
  const content = readLog(paths.records)
  for (const fault of content.faults) work.notices.push({ code: 'project/log', sentence: fault.sentence })
  const logged = content.lines.at(-1)?.seq ?? 0
  const old = readOldDatabase(work, target)
  // The copy that knows more goes first; the other adds what that one lacks.
  const logFirst = old === undefined || old.seq < logged || (old.seq === logged && content.faults.length === 0)
  const absorbLog = (onlyNew: boolean): void => {
    for (const line of content.lines) absorb(work, () => recordSchema.array().parse(JSON.parse(line.text)), line.seq, onlyNew, `change ${line.seq}`)
  }
  const absorbOld = (onlyNew: boolean): void => {
    for (const record of old?.records ?? []) absorb(work, () => [record], old!.seq, onlyNew, `a ${record.record} of the old database`)
  }
  if (logFirst) absorbLog(false)
  absorbOld(logFirst)
  if (!logFirst) absorbLog(true)
  if (!row(work.db, 'SELECT 1 FROM project'))
    absorb(work, () => [{ record: 'project', version: RECORD_VERSION, uuid: randomUUID(), name: path.basename(target), createdAt: now, nextLayer: 1 }], 0, true, 'the project')
  change(work.db, 'UPDATE project SET last_seq = :seq', { seq: Math.max(logged, old?.seq ?? 0) + 1 })
  giveHeads(work)
  // What was lost leaves a gap between what one operation left and what the next one found.
  if (work.notices.length > 0) mendTrees(work.db)
  if (!row(work.db, 'SELECT 1 FROM documents')) recoverPictures(work.db, work.blobs, now, work.notices)
}

/** What the old database still tells; nothing when it is missing, altered or unreadable. */
function readOldDatabase({ blobs, notices }: Work, target: string): { seq: number; records: HistoryRecord[] } | undefined {
  const file = projectPaths(target).database
  if (!fs.existsSync(file)) return undefined
  const unread = (why: string): undefined => {
    notices.push({ code: 'project/old-database', sentence: `The old database was not used: ${why}.` })
    return undefined
  }
  let db
  try {
    db = openReadable(file)
    if (applicationId(db) !== APPLICATION_ID) return unread('it is not a Palimpsest project')
    refuseFuture(db, path.basename(target))
    const planted = schemaDifferences(db)
    if (planted.length > 0) return unread(`it holds ${planted.slice(0, 3).join(', ')}`)
    if (Number(db.pragma('user_version', { simple: true })) !== latestVersion()) return unread('it has an older format, and the record log tells the same')
    restorePending(db, blobs)
    let faults = 0
    const records = [...describeDatabase(db, () => { faults++ })]
    if (faults > 0) notices.push({ code: 'project/old-database', sentence: `${faults} entries of the old database could not be read.` })
    return { seq: row<{ seq: number }>(db, 'SELECT last_seq AS seq FROM project')?.seq ?? 0, records }
  } catch (error) {
    if ((error as { code?: string }).code === 'project/from-the-future') throw error
    return unread((error as Error).message)
  } finally {
    db?.close()
  }
}

/** Applies records one by one; what cannot be applied is told and left out. */
function absorb(work: Work, read: () => HistoryRecord[], seq: number, onlyNew: boolean, what: string): void {
  try {
    writeTransaction(work.db, () => {
      for (const record of read()) {
        if (onlyNew && isKnown(work.db, record)) continue
        applyRecord(work.db, mended(work, record), seq)
      }
    })
  } catch (error) {
    if (!onlyNew) work.notices.push({ code: 'project/change-lost', sentence: `What ${what} did could not be rebuilt: ${(error as Error).message}` })
  }
}

/** Whether the database built so far has what a record brings; records that only move or mark count as known. */
function isKnown(db: WritableDb, record: HistoryRecord): boolean {
  switch (record.record) {
    case 'project': return row(db, 'SELECT 1 FROM project') !== undefined
    case 'document': return row(db, 'SELECT 1 FROM documents WHERE id = :id', { id: record.id }) !== undefined
    case 'operation': return row(db, 'SELECT 1 FROM operations WHERE id = :id', { id: record.id }) !== undefined
    case 'mask': return row(db, 'SELECT 1 FROM masks WHERE id = :id', { id: record.id }) !== undefined
    case 'setting': return row(db, 'SELECT 1 FROM settings WHERE key = :key', { key: record.key }) !== undefined
    default: return true
  }
}

/** A record that fits what is left: files it needs get rows, and an operation whose parent is lost follows the first one. */
function mended(work: Work, record: HistoryRecord): HistoryRecord {
  if (record.record === 'mask') knowBlobs(work, [record.hash], record.blobs.map((blob) => blob.hash))
  if (record.record !== 'operation' && record.record !== 'accept') return record
  const needed = blobsOfEffect(record)
  if (record.record === 'operation') for (const { hash } of [...record.inputs, ...record.results]) needed.add(hash)
  if (record.record === 'operation' && record.thumbnail) needed.add(record.thumbnail)
  knowBlobs(work, needed, record.blobs.map((blob) => blob.hash))
  if (record.parent === null || row(work.db, 'SELECT 1 FROM operations WHERE id = :parent', { parent: record.parent })) return record
  const own = record.record === 'operation' ? record.id : record.operation
  const document = record.record === 'operation' ? record.document : row<{ document: DocumentId }>(work.db, 'SELECT document FROM operations WHERE id = :own', { own })?.document
  const first = row<{ id: OperationId }>(work.db, 'SELECT id FROM operations WHERE document = :document ORDER BY depth, id LIMIT 1', { document: document ?? 0 })
  work.notices.push({ code: 'project/parent-lost', sentence: `Operation ${own} followed one that was lost (${record.parent}); it now follows ${first ? `operation ${first.id}` : 'nothing'}.` })
  if (record.record === 'accept') return first ? { ...record, parent: first.id } : record
  return { ...record, parent: first?.id ?? null, moveHead: first ? record.moveHead : true }
}

function knowBlobs(work: Work, hashes: Iterable<string>, told: readonly BlobHash[]): void {
  for (const hash of hashes) {
    if (told.includes(hash as BlobHash) || row(work.db, 'SELECT 1 FROM blobs WHERE hash = :hash', { hash })) continue // the schema of records has checked the hash
    const size = fs.statSync(work.blobs.path(hash as BlobHash), { throwIfNoEntry: false })?.size ?? 0
    change(work.db, `INSERT INTO blobs VALUES (:hash, :size, 'application/octet-stream', 0, NULL)`, { hash, size })
  }
}

/** A document whose place was lost stands on its newest operation; one without any operation goes to the trash. */
function giveHeads({ db, notices }: Work): void {
  for (const { id, name } of rows<{ id: DocumentId; name: string }>(db, 'SELECT id, name FROM documents WHERE head IS NULL')) {
    notices.push({ code: 'project/document-lost', sentence: `Of document "${name}" only the name is left.` })
    change(db, 'DELETE FROM documents WHERE id = :id', { id })
  }
}

function finish(work: Work, target: string, keptIn: string): RepairReport {
  const { db, blobs, notices } = work
  const paths = projectPaths(target)
  for (const { hash, size } of rows<{ hash: BlobHash; size: number }>(db, 'SELECT hash, size FROM blobs WHERE unreferenced_since IS NULL')) {
    const fault = blobs.fault(hash, size)
    const uses = fault ? usesOfBlob(db, hash) : []
    if (fault && uses.length > 0) notices.push({ code: `project/blob-${fault.what}`, sentence: `${fault.sentence} It is ${uses.join(' and ')}; everything else is intact.` })
  }
  const count = (table: string): number => row<{ n: number }>(db, `SELECT count(*) AS n FROM ${table}`)!.n
  const report = { documents: count('documents'), operations: count('operations'), notices, keptIn }
  const seq = row<{ seq: number }>(db, 'SELECT last_seq AS seq FROM project')!.seq
  makeFolder(keptIn)
  // The log first: should the machine stop before the databases are swapped, a second repair starts from all of this.
  const log = new RecordLog(paths.records, keptIn)
  log.replaceBySnapshot(snapshotLines(db, seq), seq, keptIn)
  log.close()
  const built = db.name
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
  const fd = fs.openSync(built, 'r+')
  fs.fsyncSync(fd)
  fs.closeSync(fd)
  for (const suffix of ['', '-wal', '-shm'])
    if (fs.existsSync(paths.database + suffix)) fs.renameSync(paths.database + suffix, path.join(keptIn, `project.db${suffix}`))
  fs.renameSync(built, paths.database)
  syncFolder(keptIn)
  syncFolder(target)
  return report
}
