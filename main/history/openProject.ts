/** Making and opening projects: what may be opened, what is put in order first, and what a person is told. */
import fs from 'node:fs'
import path from 'node:path'
import { randomUUID } from 'node:crypto'
import { type EngineError, badInput, failed } from '../engine/errors.ts'
import { APPLICATION_ID, type ReadableDb, type WritableDb, applicationId, isDamage, openReadable, openWritable, row, rows, userVersion, writeTransaction, change } from './db.ts'
import { applyRecord } from './applyRecord.ts'
import { BlobStore } from './blobs.ts'
import type { BlobHash } from './ids.ts'
import { diskFault, makeFolder, removeTemporaries, syncFolder, temporaryName } from './durableFiles.ts'
import { latestVersion, migrate, pendingMigrations, refuseFuture, schemaDifferences } from './migrations/index.ts'
import { type ProjectLock, acquireLock } from './projectLock.ts'
import { type ProjectNotice, ProjectReader, projectPaths } from './projectReader.ts'
import { Project } from './project.ts'
import type { ProjectOptions } from './projectTypes.ts'
import { catchUpDatabase, catchUpLog, recentBlobNotices, restorePending, strokeNotices } from './reconcile.ts'
import { RecordLog, formatLine } from './recordLog.ts'
import { type HistoryRecord, RECORD_VERSION } from './records.ts'
import { lostStrokes } from './strokeNotes.ts'

/** Choices for {@link openProject}. */
export interface OpenOptions extends ProjectOptions {
  /** how this program is called in the message another one gets while the project is open */
  readonly program?: string
  /** open for looking only: takes no lock, changes nothing */
  readonly readOnly?: boolean
}

/** An opened project: to be written, or to be read only because that was asked for or it is damaged. */
export type OpenedProject =
  | { readonly mode: 'write'; readonly project: Project; readonly notices: readonly ProjectNotice[] }
  | { readonly mode: 'read-only'; readonly project: ProjectReader; readonly notices: readonly ProjectNotice[] }

/** Databases up to this size are checked page by page whenever they open; larger ones after a crash. */
const CHECK_ALWAYS_BYTES = 64 << 20

/**
 * Makes an empty project in a folder that does not exist yet or is empty.
 * @throws EngineError project/exists (exit 2), project/not-writable, project/disk-full
 */
export function createProject(folder: string, name: string, options: OpenOptions = {}): Project {
  const target = path.resolve(folder)
  if (fs.existsSync(target) && (!fs.statSync(target).isDirectory() || fs.readdirSync(target).length > 0))
    throw badInput('project/exists', { thing: folder, expected: 'a new name or an empty folder', found: fs.statSync(target).isDirectory() ? 'a folder with files in it' : 'a file', todo: 'choose another name' })
  const building = temporaryName(target)
  const paths = projectPaths(building)
  try {
    makeFolder(building)
    new BlobStore(paths.blobs).create()
    makeFolder(paths.records)
    const now = options.now ?? Date.now
    const first: HistoryRecord[] = [{ record: 'project', version: RECORD_VERSION, uuid: randomUUID(), name, createdAt: now(), nextLayer: 1 }]
    const db = openWritable(paths.database, true)
    migrate(db)
    const line = formatLine(1, JSON.stringify(first))
    writeTransaction(db, () => {
      for (const record of first) applyRecord(db, record, 1)
      change(db, 'UPDATE project SET last_seq = 1')
    })
    db.close()
    const log = new RecordLog(paths.records, paths.damaged)
    log.append(1, line)
    log.close()
    syncFolder(building)
    if (fs.existsSync(target)) fs.rmdirSync(target)
    fs.renameSync(building, target)
    syncFolder(path.dirname(target))
  } catch (error) {
    fs.rmSync(building, { recursive: true, force: true })
    throw diskFault(target, error)
  }
  const opened = openProject(target, options)
  if (opened.mode !== 'write') throw failed('project/damaged', `The new project "${name}" cannot be written: ${opened.notices[0]?.sentence ?? 'no reason is known'}`)
  return opened.project
}

/**
 * Opens a project. A damaged one is opened read-only, with a sentence for what is wrong; one from a newer program or
 * open elsewhere is refused.
 * @throws EngineError project/not-a-project, project/from-the-future, project/open-elsewhere (all exit 2), project/damaged
 */
export function openProject(folder: string, options: OpenOptions = {}): OpenedProject {
  const target = path.resolve(folder)
  refuseOther(target)
  if (options.readOnly) return openForReading(target, [], options)
  let lock: ProjectLock
  try {
    lock = acquireLock(target, options.program ?? 'Palimpsest')
  } catch (error) {
    if ((error as EngineError).code !== 'project/not-writable') throw error
    return openForReading(target, [{ code: 'project/not-writable', sentence: `Project "${path.basename(target)}" lies in a folder you may not write to, so it is open for looking only.` }], options)
  }
  let keepLock = false
  try {
    const problems = examine(target, lock.leftBehind !== undefined)
    if (problems.length > 0) return openForReading(target, problems, options)
    const project = openForWriting(target, lock, options)
    keepLock = true
    return project
  } finally {
    if (!keepLock) lock.release(false)
  }
}

function refuseOther(target: string): void {
  const name = path.basename(target)
  const stat = fs.statSync(target, { throwIfNoEntry: false })
  const refuse = (found: string, todo: string): never => {
    throw badInput('project/not-a-project', { thing: target, expected: 'the folder of a Palimpsest project', found, todo })
  }
  if (!stat) return refuse('nothing at that path', 'check the spelling')
  if (stat.isFile() && name.endsWith('.palimpsest')) return refuse('a zipped project', 'unpack it with "palimpsest project open" first')
  if (!stat.isDirectory()) return refuse('a file', 'choose the folder that holds project.db')
  const paths = projectPaths(target)
  if (fs.existsSync(paths.database)) return
  if (fs.existsSync(paths.records)) return refuse('a project whose project.db is missing', `run "palimpsest repair ${name}" to build it again`)
  return refuse('a folder without project.db', 'choose the folder that holds it')
}

/** Looks for reasons not to write to a project; each is a sentence. */
function examine(target: string, afterCrash: boolean): ProjectNotice[] {
  const name = path.basename(target)
  let db: ReadableDb | undefined
  try {
    db = openReadable(projectPaths(target).database)
    if (applicationId(db) !== APPLICATION_ID)
      throw badInput('project/not-a-project', { thing: target, expected: 'a Palimpsest project', found: 'a database of another program', todo: 'choose another folder' })
    refuseFuture(db, name)
    const planted = schemaDifferences(db)
    if (planted.length > 0)
      return [{ code: 'project/schema', sentence: `Project "${name}" is open for looking only: its database holds ${planted.slice(0, 3).join(', ')}, which Palimpsest did not make; run "palimpsest repair ${name}" to build it anew.` }]
    const pages = Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }))
    if (!afterCrash && pages > CHECK_ALWAYS_BYTES) return []
    const found = (db.pragma('quick_check(3)') as { quick_check: string }[]).map((item) => item.quick_check)
    return found[0] === 'ok' ? [] : [damaged(name, found.join('; '))]
  } catch (error) {
    if (!isDamage(error)) throw error
    return [damaged(name, (error as Error).message)]
  } finally {
    db?.close()
  }
}

function damaged(name: string, report: string): ProjectNotice {
  // SQLite reports on several lines with a heading.
  const why = report.replaceAll(/\*\*\* in database \w+ \*\*\*/g, '').replaceAll(/\s+/g, ' ').trim()
  return { code: 'project/damaged', sentence: `Project "${name}" is open for looking only: its database is damaged (${why}); run "palimpsest repair ${name}" to build it again from its files.` }
}

function openForReading(target: string, problems: readonly ProjectNotice[], options: OpenOptions): OpenedProject {
  const name = path.basename(target)
  try {
    const db = openReadable(projectPaths(target).database)
    try {
      if (applicationId(db) !== APPLICATION_ID) throw badInput('project/not-a-project', { thing: target, expected: 'a Palimpsest project', found: 'a database of another program' })
      refuseFuture(db, name)
      if (userVersion(db) < latestVersion())
        throw badInput('project/old-format', { thing: `Project "${name}"`, expected: `format ${latestVersion()}`, found: `format ${userVersion(db)}`, todo: 'open it for writing once, which brings it up to date' })
      rows(db, 'SELECT id FROM documents')
      row(db, 'SELECT uuid FROM project')
    } catch (error) {
      db.close()
      throw error
    }
    return { mode: 'read-only', project: new ProjectReader(target, db, options), notices: problems }
  } catch (error) {
    if (!isDamage(error)) throw error
    throw failed('project/damaged', `Project "${name}" cannot be read at all (${(error as Error).message}); run "palimpsest repair ${name}" to build its database again from its files.`, error)
  }
}

function openForWriting(target: string, lock: ProjectLock, options: OpenOptions): OpenedProject {
  const paths = projectPaths(target)
  let db: WritableDb | undefined
  let log: RecordLog | undefined
  try {
    db = openWritable(paths.database, false)
    bringUpToDate(db, paths, options.now ?? Date.now)
    if (lock.leftBehind) {
      removeTemporaries(target)
      removeTemporaries(paths.records)
    }
    restorePending(db, new BlobStore(paths.blobs))
    change(db, 'DELETE FROM blob_outbox')
    // The note of the last session is not flushed: a power cut can take it along with the names of blobs.
    if (lock.leftBehind || recentBlobMissing(db, paths.blobs)) new BlobStore(paths.blobs).recoverUnfinished()
    log = new RecordLog(paths.records, paths.damaged)
    const notices = [...catchUpDatabase(db, paths.records, log.lastSeq), ...catchUpLog(db, log, paths.damaged)]
    const project = new Project(target, { db, log, lock, options })
    return { mode: 'write', project, notices: [...notices, ...recentBlobNotices(project), ...lostStrokes(paths.strokes, db), ...strokeNotices(project)] }
  } catch (error) {
    log?.close()
    db?.close()
    throw error
  }
}

/** Whether one of the newest blobs has no file. */
function recentBlobMissing(db: ReadableDb, folder: string): boolean {
  const blobs = new BlobStore(folder)
  return rows<{ hash: BlobHash }>(db, 'SELECT hash FROM blobs ORDER BY created_seq DESC LIMIT 256').some(({ hash }) => !fs.existsSync(blobs.path(hash)))
}

/** Runs pending migrations after a backup that carries the old version's number. */
function bringUpToDate(db: WritableDb, paths: ReturnType<typeof projectPaths>, now: () => number): void {
  if (pendingMigrations(db).length === 0) return
  backupDatabase(db, paths.backups, now())
  migrate(db)
}

/**
 * Copies the database into `backups/`, whole and flushed.
 * @returns the copy's path
 */
export function backupDatabase(db: WritableDb, folder: string, now: number): string {
  makeFolder(folder)
  const stamp = new Date(now).toISOString().replaceAll(':', '-')
  const target = path.join(folder, `project-format-${userVersion(db)}-${stamp}.db`)
  copyDatabase(db, target)
  return target
}

/** Writes a compact copy of the database; all or nothing. */
export function copyDatabase(db: ReadableDb, target: string): void {
  const temporary = temporaryName(target)
  try {
    db.prepare('VACUUM INTO ?').run(temporary)
    const fd = fs.openSync(temporary, 'r+')
    try {
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
    fs.renameSync(temporary, target)
    syncFolder(path.dirname(target))
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw diskFault(target, error)
  }
}
