/**
 * Files that are either whole or absent: written under a temporary name in the target's folder, flushed to
 * the disk, then renamed over the target. A crash leaves at most a `*.tmp` file behind.
 */
import fs from 'node:fs'
import path from 'node:path'
import { randomBytes } from 'node:crypto'
import { type EngineError, badInput } from '../errors.ts'
import { systemReason } from './fileFormat.ts'

/** A file being written; end it with exactly one of `commit` and `abort`. */
export interface AtomicFile {
  readonly temporary: string
  /** Appends bytes (borrowed for the call). */
  write(bytes: Uint8Array): void
  /** Flushes and puts the file in place. */
  commit(): void
  /** Removes what was written so far; safe after a failure and after commit. */
  abort(): void
}

/**
 * Starts an atomic file.
 * @throws EngineError output/not-writable (exit 2) here and from its methods: missing folder, no permission, full disk
 */
export function createAtomicFile(target: string): AtomicFile {
  const folder = path.dirname(path.resolve(target))
  const temporary = path.join(folder, `.${path.basename(target)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`)
  let fd: number | undefined = guard(target, () => fs.openSync(temporary, 'wx'))
  const abort = (): void => {
    if (fd === undefined) return
    fs.closeSync(fd)
    fd = undefined
    fs.rmSync(temporary, { force: true })
  }
  const orAbort = (work: (fd: number) => void): void => {
    try {
      guard(target, () => work(fd!))
    } catch (error) {
      abort()
      throw error
    }
  }
  return {
    temporary,
    abort,
    write: (bytes) => orAbort((open) => {
      for (let done = 0; done < bytes.length;) done += fs.writeSync(open, bytes, done, Math.min(1 << 30, bytes.length - done))
    }),
    commit: () => {
      orAbort((open) => fs.fsyncSync(open))
      fs.closeSync(fd!)
      fd = undefined
      try {
        guard(target, () => fs.renameSync(temporary, target))
      } catch (error) {
        fs.rmSync(temporary, { force: true })
        throw error
      }
      flushFolder(folder)
    },
  }
}

/**
 * Writes a whole file atomically.
 * @throws EngineError output/not-writable (exit 2); the target is then what it was before
 */
export function writeFileAtomic(target: string, ...parts: readonly (Uint8Array | string)[]): void {
  const file = createAtomicFile(target)
  for (const part of parts) file.write(typeof part === 'string' ? Buffer.from(part) : part)
  file.commit()
}

/** Makes the rename itself survive a power cut, where the system allows opening a folder. */
function flushFolder(folder: string): void {
  try {
    const fd = fs.openSync(folder, 'r')
    try {
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
  } catch {
    // Windows cannot flush folders; the file itself is already on the disk
  }
}

function guard<T>(target: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw notWritable(target, cause)
  }
}

/** The error for an output that could not be written, from the system's error. */
export function notWritable(target: string, cause: unknown): EngineError {
  const code = (cause as NodeJS.ErrnoException).code
  const found = code === 'ENOENT' ? `no folder ${path.dirname(path.resolve(target))}` : systemReason(cause)
  return badInput('output/not-writable', { thing: target, expected: 'a place to write', found, todo: 'nothing was written', cause })
}
