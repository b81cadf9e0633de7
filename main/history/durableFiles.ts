/**
 * Files that are whole or absent, and that stay after a power cut: written under a temporary name in the target's
 * folder, flushed, renamed, and the folder flushed too.
 *
 * The database and `lock.db` of an open project must never be opened through this file or `node:fs`: on POSIX
 * systems closing any descriptor of a file drops every lock that the process holds on it, SQLite's included.
 */
import fs from 'node:fs'
import path from 'node:path'
import { randomBytes } from 'node:crypto'
import { type EngineError, failed } from '../engine/errors.ts'

const TEMPORARY = /^\.(.+)\.\d+\.[0-9a-f]{8}\.tmp$/

/** A name beside `target` that nobody else uses: `.<name>.<pid>.<random>.tmp`. */
export function temporaryName(target: string): string {
  return path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`)
}

/** The name that a temporary one stands for; undefined when it is none of {@link temporaryName}. */
export function targetOfTemporary(name: string): string | undefined {
  return TEMPORARY.exec(name)?.[1]
}

/** Whether a file name is one that {@link temporaryName} makes: the remains of a write that never finished. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name)
}

/**
 * Writes a whole file so that it is either there completely or not at all.
 * @throws EngineError project/disk-full or project/not-writable; the target is then what it was before
 */
export function writeDurably(target: string, ...parts: readonly (Uint8Array | string)[]): void {
  writeFlushed(target, ...parts)
  try {
    syncFolder(path.dirname(target))
  } catch (error) {
    throw diskFault(target, error)
  }
}

/**
 * {@link writeDurably} without flushing the folder: after a power cut the bytes are there, under the target's name or
 * still under the temporary one.
 */
export function writeFlushed(target: string, ...parts: readonly (Uint8Array | string)[]): void {
  writeRenamed(target, parts, true)
}

/** {@link writeFlushed} without any flush: whole or absent while the machine runs; what a power cut leaves is anybody's guess. */
export function writeUnflushed(target: string, bytes: Uint8Array): void {
  writeRenamed(target, [bytes], false)
}

function writeRenamed(target: string, parts: readonly (Uint8Array | string)[], isFlushed: boolean): void {
  const temporary = temporaryName(target)
  try {
    const fd = fs.openSync(temporary, 'wx')
    try {
      for (const part of parts) writeAll(fd, typeof part === 'string' ? Buffer.from(part) : part)
      if (isFlushed) fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
    renameOver(temporary, target)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw diskFault(target, error)
  }
}

/** {@link writeDurably} off the main thread, so that several flushes can share one trip to the disk. */
export async function writeDurablyLater(target: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryName(target)
  try {
    const file = await fs.promises.open(temporary, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    renameOver(temporary, target)
    await syncFolderLater(path.dirname(target))
  } catch (error) {
    await fs.promises.rm(temporary, { force: true })
    throw diskFault(target, error)
  }
}

/** Writes every byte; `writeSync` may stop early. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done, Math.min(1 << 30, bytes.length - done))
}

/** Makes renames and new names in a folder survive a power cut, where the system allows opening a folder. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return // NTFS journals names itself and refuses to flush a folder
  const fd = fs.openSync(folder, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** {@link syncFolder} off the main thread. */
export async function syncFolderLater(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await fs.promises.open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Flushes files and the folders they lie in, several at a time, which costs far less than one after another. */
export async function syncFiles(files: readonly string[]): Promise<void> {
  const folders = new Set(files.map((file) => path.dirname(file)))
  const waiting: (() => Promise<void>)[] = [
    ...files.map((file) => async () => {
      const handle = await fs.promises.open(file, 'r+')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    }),
    ...[...folders].map((folder) => () => syncFolderLater(folder)),
  ]
  for (let at = 0; at < waiting.length; at += 16) await Promise.all(waiting.slice(at, at + 16).map((flush) => flush()))
}

/** Flushes files and then the folders they lie in before it returns. */
export function syncFilesNow(files: readonly string[]): void {
  for (const file of files) {
    const fd = fs.openSync(file, 'r+')
    try {
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
  }
  for (const folder of new Set(files.map((file) => path.dirname(file)))) syncFolder(folder)
}

/** Renames over what is there. Windows refuses for a moment while a virus scanner holds the file: tried for 1 s. */
export function renameOver(from: string, to: string): void {
  for (let attempt = 0; ; attempt++) {
    try {
      fs.renameSync(from, to)
      return
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (process.platform !== 'win32' || attempt >= 20 || (code !== 'EPERM' && code !== 'EACCES' && code !== 'EBUSY')) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    }
  }
}

/**
 * Moves a file so that it is at its new place completely or not at all, from another disk too.
 * @throws EngineError project/disk-full or project/not-writable
 */
export function moveDurably(from: string, to: string): void {
  const temporary = temporaryName(to)
  try {
    try {
      fs.renameSync(from, temporary)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
      fs.copyFileSync(from, temporary)
      fs.rmSync(from)
    }
    const fd = fs.openSync(temporary, 'r+')
    try {
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
    renameOver(temporary, to)
    syncFolder(path.dirname(to))
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw diskFault(to, error)
  }
}

/** Creates a folder with its parents and makes the new names survive a power cut. */
export function makeFolder(folder: string): void {
  const first = fs.mkdirSync(folder, { recursive: true })
  if (first !== undefined) for (let at = folder; at.length >= path.dirname(first).length; at = path.dirname(at)) {
    syncFolder(at)
    if (at === path.dirname(at)) break
  }
}

/** Removes unfinished writes (`*.tmp`) directly below a folder; returns how many. */
export function removeTemporaries(folder: string): number {
  if (!fs.existsSync(folder)) return 0
  const left = fs.readdirSync(folder).filter(isTemporaryName)
  for (const name of left) fs.rmSync(path.join(folder, name), { force: true, recursive: true })
  return left.length
}

/** The sentence for a file that the disk would not take; errors that are ours pass through. */
export function diskFault(target: string, error: unknown): EngineError {
  const code = (error as { code?: unknown }).code
  const name = shownName(target)
  if (typeof (error as { exitCode?: unknown }).exitCode === 'number') return error as EngineError
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL')
    return failed('project/disk-full', `The disk is full: ${name} could not be written, and nothing already saved was touched; free some space and try again.`, error)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'SQLITE_READONLY')
    return failed('project/not-writable', `${name} could not be written because this folder is read-only for you; copy the project to a folder of your own and open it there.`, error)
  return failed('project/disk', `${name} could not be written (${String(code ?? (error as Error).message)}); nothing already saved was touched.`, error)
}

/** What a person calls a file that is being written: a temporary one by what it will be, one that is named by its hash by what it belongs to. */
function shownName(target: string): string {
  const name = path.basename(target).replace(/^\.(.+)\.\d+\.[0-9a-f]{8}\.tmp(\.\w+)*$/, '$1')
  return /^[0-9a-f]{64}$/.test(name) ? "one of the project's files" : `"${name}"`
}
