/** A project as one file: `.palimpsest`, a ZIP archive of the database, the record log and the blobs. */
import fs from 'node:fs'
import path from 'node:path'
import { badInput } from '../engine/errors.ts'
import { ZipWriter } from '../engine/zip/zipWriter.ts'
import { BlobStore, shortName } from './blobs.ts'
import { APPLICATION_ID, applicationId, change, isDamage, openReadable, openWritable, row, rows } from './db.ts'
import { usesOfBlob } from './documents.ts'
import { diskFault, makeFolder, renameOver, syncFiles, syncFolder, temporaryName } from './durableFiles.ts'
import type { BlobHash } from './ids.ts'
import { refuseFuture, schemaDifferences } from './migrations/index.ts'
import { copyDatabase } from './openProject.ts'
import { type ProjectNotice, type ProjectReader, projectPaths } from './projectReader.ts'
import { segmentNames } from './recordLog.ts'
import { repairProject } from './repair.ts'
import { refuseZip } from './zip/refuseZip.ts'
import { DEFAULT_ZIP_LIMITS, type ZipEntry, type ZipLimits, ZipReader } from './zip/zipReader.ts'

/** Choices for {@link zipProject} and {@link unzipProject}. */
export interface ArchiveOptions {
  /** told how many of how many files are done */
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/**
 * Packs a project as it stands at this moment. Caches, backups and files in the trash stay behind.
 * @returns a sentence for each damaged file that was left out
 * @throws EngineError project/disk-full, project/not-writable; the target is then what it was before
 */
export async function zipProject(project: ProjectReader, target: string, options: ArchiveOptions = {}): Promise<ProjectNotice[]> {
  const notices: ProjectNotice[] = []
  const temporary = temporaryName(path.resolve(target))
  const copy = `${temporary}.db.tmp`
  const fd = openNew(temporary)
  try {
    // No await from here to the lengths of the segments: database and log must tell the same.
    const blobs = copyForArchive(project, copy)
    const records = projectPaths(project.folder).records
    const segments = segmentNames(records).map((name) => ({ name, file: path.join(records, name), size: fs.statSync(path.join(records, name)).size }))
    const zip = new ZipWriter(fd)
    await zip.add('project.db', { file: copy, size: fs.statSync(copy).size }, { deflate: true })
    for (const { name, file, size } of segments) await zip.add(`records/${name}`, { file, size }, { deflate: true })
    for (const [index, { hash, size }] of blobs.entries()) {
      options.signal?.throwIfAborted()
      const fault = project.blobs.fault(hash, size)
      if (fault) notices.push({ code: `project/blob-${fault.what}`, sentence: `${fault.sentence} It was left out of the archive; it is ${usesOfBlob(project.db, hash).join(' and ')}.` })
      else await zip.add(`blobs/${hash.slice(0, 2)}/${hash}`, { file: project.blobs.path(hash), size }, { deflate: false })
      if (index % 64 === 0) options.onProgress?.(index, blobs.length)
    }
    zip.finish()
    fs.fsyncSync(fd)
    fs.closeSync(fd)
    renameOver(temporary, path.resolve(target))
    syncFolder(path.dirname(path.resolve(target)))
    return notices
  } catch (error) {
    try {
      fs.closeSync(fd)
    } catch {
      // closed above; what failed was the rename
    }
    throw options.signal?.aborted ? error : diskFault(target, error)
  } finally {
    fs.rmSync(temporary, { force: true })
    fs.rmSync(copy, { force: true })
  }
}

function openNew(file: string): number {
  try {
    return fs.openSync(file, 'wx')
  } catch (error) {
    throw diskFault(file, error)
  }
}

/** Copies the database without what stays behind; returns the blobs that belong to it. */
function copyForArchive(project: ProjectReader, copy: string): { hash: BlobHash; size: number }[] {
  copyDatabase(project.db, copy)
  const db = openWritable(copy, false)
  try {
    db.pragma('journal_mode = DELETE') // one file, no log beside it
    change(db, 'DELETE FROM caches')
    return rows<{ hash: BlobHash; size: number }>(db, 'SELECT hash, size FROM blobs WHERE unreferenced_since IS NULL ORDER BY hash')
  } finally {
    db.close()
  }
}

/** What was unpacked. */
export interface Unzipped {
  readonly folder: string
  /** what was left out or neutralised, a sentence each */
  readonly notices: readonly ProjectNotice[]
}

const WANTED = /^(project\.db|records\/\d{6}(-snapshot)?\.jsonl|blobs\/([0-9a-f]{2})\/\3[0-9a-f]{62})$/
/** What a person's own ZIP program or a copy of an open project brings along; not worth a word. */
const HARMLESS = /^(lock\.(db|json)|strokes\.json|project\.db-(wal|shm)|(cache|backups|damaged)\/.*|.*\.DS_Store|.*Thumbs\.db|.*desktop\.ini)$/

/**
 * Unpacks a project from anybody into a new folder, which appears only when everything in it has been checked. A
 * database that holds more than Palimpsest's own tables is not used but built anew from the record log.
 * @throws EngineError zip/... (exit 2) when the archive is refused, project/exists; nothing is left behind then
 */
export async function unzipProject(archive: string, folder: string, options: ArchiveOptions & { readonly limits?: ZipLimits; readonly now: number }): Promise<Unzipped> {
  const target = path.resolve(folder)
  if (fs.existsSync(target)) throw badInput('project/exists', { thing: folder, expected: 'a name that is still free', found: 'something of that name', todo: 'choose another name' })
  const zip = new ZipReader(archive, options.limits ?? DEFAULT_ZIP_LIMITS)
  const building = temporaryName(target)
  const notices: ProjectNotice[] = []
  try {
    const wanted = chooseEntries(path.basename(archive), zip.entries, notices)
    const taken = new Set(wanted.map(({ entry }) => entry))
    for (const entry of zip.entries) if (!taken.has(entry)) zip.check(entry)
    makeFolder(path.dirname(target))
    refuseWithoutRoom(path.basename(archive), path.dirname(target), wanted.map(({ entry }) => entry))
    fs.mkdirSync(building)
    const paths = projectPaths(building)
    new BlobStore(paths.blobs).create()
    makeFolder(paths.records)
    const written: string[] = []
    for (const [index, { entry, name }] of wanted.entries()) {
      options.signal?.throwIfAborted()
      const file = path.join(building, ...name.split('/'))
      const hash = await zip.extract(entry, file)
      written.push(file)
      if (name.startsWith('blobs/') && path.basename(name) !== hash)
        throw refuseZip(path.basename(archive), 'wrong-hash', `${shortName(path.basename(name) as BlobHash)} with other bytes than its name says`, 'do not trust it; nothing was unpacked') // WANTED has checked the name
      if (index % 64 === 0) options.onProgress?.(index, wanted.length)
    }
    await syncFiles(written)
    neutralise(path.basename(archive), building, options.now, notices)
    syncFolder(paths.blobs)
    syncFolder(building)
    fs.renameSync(building, target)
    syncFolder(path.dirname(target))
    return { folder: target, notices }
  } catch (error) {
    throw options.signal?.aborted ? error : diskFault(target, error)
  } finally {
    zip.close()
    fs.rmSync(building, { recursive: true, force: true })
  }
}

/** The entries that make up a project, without the one folder that a person's own ZIP program puts around them. */
function chooseEntries(archive: string, entries: readonly ZipEntry[], notices: ProjectNotice[]): { entry: ZipEntry; name: string }[] {
  const files = entries.filter((entry) => !entry.name.endsWith('/') && !entry.name.startsWith('__MACOSX/'))
  const database = files.find((entry) => entry.name === 'project.db') ?? files.find((entry) => /^[^/]+\/project\.db$/.test(entry.name))
  const around = database ? database.name.slice(0, -'project.db'.length) : ''
  const chosen: { entry: ZipEntry; name: string }[] = []
  const others: string[] = []
  for (const entry of files) {
    const name = entry.name.startsWith(around) ? entry.name.slice(around.length) : entry.name
    if (entry.name.startsWith(around) && WANTED.test(name)) chosen.push({ entry, name })
    else if (!HARMLESS.test(name)) others.push(entry.name)
  }
  if (!database && !chosen.some(({ name }) => name.startsWith('records/')))
    throw refuseZip(archive, 'not-a-project', 'an archive with neither project.db nor records')
  if (others.length > 0)
    notices.push({ code: 'zip/left-out', sentence: others.length === 1 ? `A file that is no part of a project was left out: ${JSON.stringify(others[0])}.` : `${others.length} files that are no part of a project were left out, such as ${JSON.stringify(others[0])}.` })
  return chosen
}

function refuseWithoutRoom(archive: string, folder: string, entries: readonly ZipEntry[]): void {
  const needed = entries.reduce((sum, entry) => sum + entry.size, 0)
  const disk = fs.statfsSync(folder)
  const free = disk.bavail * disk.bsize
  if (needed > free) throw refuseZip(archive, 'no-room', `${needed} bytes when unpacked, with ${free} free on the disk`, 'free some space and try again')
}

/** A database with anything but our tables in it, or none at all, is replaced by one built from the record log. */
function neutralise(archive: string, building: string, now: number, notices: ProjectNotice[]): void {
  const paths = projectPaths(building)
  const why = reasonToRebuild(archive, paths.database)
  if (why !== undefined) {
    const report = repairProject(building, { now, program: 'palimpsest' })
    fs.rmSync(paths.damaged, { recursive: true, force: true }) // the stranger's database; the archive still has it
    for (const suffix of ['-wal', '-shm']) fs.rmSync(paths.database + suffix, { force: true })
    notices.push({ code: 'zip/database-rebuilt', sentence: `The archive's database ${why}; it was not used, and the project was built anew from its record log (${report.operations} operations).` }, ...report.notices.filter(({ code }) => code !== 'project/old-database')) // said in the first sentence
  }
  const db = openWritable(paths.database, false)
  try {
    // An older format may not have the table yet.
    if (row(db, `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'caches'`)) change(db, 'DELETE FROM caches') // their files are not in the archive, and their names are a stranger's
    db.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    db.close()
  }
}

function reasonToRebuild(archive: string, file: string): string | undefined {
  if (!fs.existsSync(file)) return 'is missing'
  let db
  try {
    db = openReadable(file)
    if (applicationId(db) !== APPLICATION_ID) return 'is not a Palimpsest database'
    refuseFuture(db, archive)
    const planted = schemaDifferences(db)
    if (planted.length > 0) return `holds ${planted.slice(0, 3).join(', ')}`
    const found = (db.pragma('integrity_check(1)') as { integrity_check: string }[])[0]?.integrity_check
    return found === 'ok' ? undefined : `is damaged (${found})`
  } catch (error) {
    if (!isDamage(error)) throw error
    return `is damaged (${(error as Error).message})`
  } finally {
    db?.close()
  }
}
