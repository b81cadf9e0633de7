/**
 * A lock between processes: a file that only one can create. It keeps a second process from doing the same
 * long work; it is not what correctness rests on (results are written under a temporary name and renamed), so
 * taking over a lock whose holder seems dead is safe even when it is not.
 */
import fs from 'node:fs'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { throwIfCancelled } from '../errors.ts'
import { notWritable } from './atomicFile.ts'

/** The holder touches its lock this often ... */
const HEARTBEAT_MS = 5000
/** ... and is taken for dead after this long without. */
const STALE_MS = 60_000
const POLL_MS = 150

/** Locks held by this process: one of its own pid that is not listed here is left over from an earlier life. */
const held = new Set<string>()

/** How {@link withFileLock} waits. */
export interface LockOptions {
  readonly signal?: AbortSignal
  /** Called once when another process holds the lock. */
  readonly onWait?: () => void
  /** Overrides the age in ms at which a lock counts as abandoned; for tests. */
  readonly staleMs?: number
}

/**
 * Runs `work` while holding the lock file; waits for whoever holds it.
 * @throws CancelledError while waiting, output/not-writable when the folder cannot be written, and what `work` throws
 */
export async function withFileLock<T>(lock: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  let waited = false
  while (!tryCreate(lock)) {
    if (isAbandoned(lock, options.staleMs ?? STALE_MS)) {
      fs.rmSync(lock, { force: true })
      continue
    }
    if (!waited) options.onWait?.()
    waited = true
    await sleep(POLL_MS)
    throwIfCancelled(options.signal)
  }
  held.add(lock)
  const heartbeat = setInterval(() => touch(lock), HEARTBEAT_MS)
  heartbeat.unref()
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    held.delete(lock)
    fs.rmSync(lock, { force: true })
  }
}

function tryCreate(lock: string): boolean {
  try {
    fs.writeFileSync(lock, JSON.stringify({ pid: process.pid, host: os.hostname() }), { flag: 'wx' })
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw notWritable(lock, cause)
  }
}

function isAbandoned(lock: string, staleMs: number): boolean {
  try {
    const age = Date.now() - fs.statSync(lock).mtimeMs
    if (age > staleMs) return true
    const owner = JSON.parse(fs.readFileSync(lock, 'utf8')) as { pid?: unknown; host?: unknown }
    if (owner.host !== os.hostname() || typeof owner.pid !== 'number') return false
    return owner.pid === process.pid ? !held.has(lock) : !isAlive(owner.pid)
  } catch {
    return false // just released, or its text is not written yet: look again
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM' // exists, but is someone else's
  }
}

function touch(file: string): void {
  try {
    fs.utimesSync(file, new Date(), new Date())
  } catch {
    // the cache folder was deleted under us, which is allowed
  }
}
