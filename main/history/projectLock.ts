/**
 * One writer per project. The lock itself is SQLite's exclusive lock on the empty file `lock.db`: the system drops it
 * the moment its process ends, kill -9 included, so a lock can never be stale. `lock.json` beside it says who holds
 * it, for the message; finding one that nobody holds means that the last session did not close the project.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { execFileSync } from 'node:child_process'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { badInput } from '../engine/errors.ts'
import { diskFault, renameOver, temporaryName } from './durableFiles.ts'

const holderSchema = z.object({ pid: z.number().int(), startTime: z.string().nullable(), host: z.string(), program: z.string(), since: z.number() })

/** Who has a project open. `startTime` tells the process from a later one with the same number. */
export type LockHolder = z.output<typeof holderSchema>

/** A project's lock, held. */
export interface ProjectLock {
  /** the record of a session that ended without closing the project */
  readonly leftBehind: LockHolder | undefined
  /** Lets go. `clean` says that everything is in order: only then does the next opening skip its checks. */
  release(clean: boolean): void
}

/**
 * Takes the lock of a project folder.
 * @param program what to call this process in another's message, "the editor" or "palimpsest history"
 * @throws EngineError project/open-elsewhere (exit 2) naming the holder; project/not-writable
 */
export function acquireLock(folder: string, program: string): ProjectLock {
  const note = path.join(folder, 'lock.json')
  let db: Database.Database | undefined
  try {
    db = new Database(path.join(folder, 'lock.db'), { timeout: 0 })
    db.pragma('locking_mode = EXCLUSIVE')
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db?.close()
    if (!String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY')) throw diskFault(path.join(folder, 'lock.db'), asDiskError(error))
    throw openElsewhere(folder, readHolder(note))
  }
  const held = db
  const leftBehind = readHolder(note)
  const me: LockHolder = { pid: process.pid, startTime: processStartTime(process.pid) ?? null, host: os.hostname(), program, since: Date.now() }
  try {
    const temporary = temporaryName(note)
    fs.writeFileSync(temporary, JSON.stringify(me))
    renameOver(temporary, note)
  } catch (error) {
    held.close()
    throw diskFault(note, error)
  }
  return {
    leftBehind,
    release(clean) {
      if (clean) fs.rmSync(note, { force: true })
      held.close()
    },
  }
}

/** Who holds or last held a project, as its `lock.json` tells; undefined when there is none or it is unreadable. */
function readHolder(note: string): LockHolder | undefined {
  try {
    return holderSchema.parse(JSON.parse(fs.readFileSync(note, 'utf8')))
  } catch {
    return undefined // only words of a message depend on it
  }
}

function openElsewhere(folder: string, holder: LockHolder | undefined): Error {
  const known = holder && holder.host === os.hostname() && isRunning(holder)
  const who = known
    ? `it open in ${holder.program} (process ${holder.pid}, since ${new Date(holder.since).toLocaleString()})`
    : 'it open in another program'
  return badInput('project/open-elsewhere', {
    thing: `Project "${path.basename(folder)}"`,
    expected: 'a project that nobody else is editing',
    found: who,
    todo: 'close it there, or open it read-only here',
    ...(known ? { details: { holder } } : {}),
  })
}

/** Whether the process that a note names is still the one that wrote it. */
export function isRunning(holder: LockHolder): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = processStartTime(holder.pid)
  return holder.startTime === null || now === undefined || now === holder.startTime
}

/** When a process started, in whatever words the system tells it; undefined when it cannot be known. */
export function processStartTime(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
      // Field 22, counted after the command's name, which may itself hold spaces and brackets.
      const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
      return `${fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${ticks}`
    }
    if (process.platform === 'darwin') return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 2000 }).trim() || undefined
  } catch {
    return undefined // no such process, or a system that does not tell
  }
  return undefined
}

function asDiskError(error: unknown): unknown {
  const code = String((error as { code?: unknown }).code)
  return code === 'SQLITE_CANTOPEN' ? Object.assign(new Error((error as Error).message), { code: 'EACCES' }) : error
}
