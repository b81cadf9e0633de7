/**
 * Content-addressed files: `blobs/ab/abcd...` holds the bytes whose SHA-256 is `abcd...`. A blob is written once and
 * never changed; putting the same bytes again costs nothing and mends a file that was damaged since.
 *
 * At most one flush per blob. A small one costs none of its own: the commit that names it carries its bytes
 * (pendingBlobs.ts). Of a larger one the bytes are on the disk when `put` returns, while the folder that names them is
 * flushed soon after. Should the power fail between, the bytes lie under their temporary name, which tells the hash, and
 * opening the project puts them into their place ({@link BlobStore.recoverUnfinished}).
 */
import fs from 'node:fs'
import path from 'node:path'
import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { type EngineError, badInput, failed } from '../engine/errors.ts'
import { diskFault, makeFolder, renameOver, removeTemporaries, syncFolder, syncFolderLater, targetOfTemporary, temporaryName, syncFilesNow, writeDurablyLater, writeFlushed, writeUnflushed } from './durableFiles.ts'
import { type BlobHash, hashOf, isBlobHash } from './ids.ts'
import { PENDING_BYTES, PendingBlobs } from './pendingBlobs.ts'

/** A blob that is safely on the disk. */
export interface StoredBlob {
  readonly hash: BlobHash
  /** length in bytes */
  readonly size: number
}

/** What is wrong with a blob's file; `sentence` names the file, not what it belongs to. */
export interface BlobFault {
  readonly hash: BlobHash
  readonly what: 'missing' | 'wrong-size' | 'wrong-bytes'
  readonly sentence: string
}

/** How long a blob's name may stay unflushed. */
const FLUSH_AFTER_MS = 200
const FANOUT = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'))

/** The blobs of one project. */
export class BlobStore {
  /** the `blobs` folder, absolute */
  readonly folder: string
  /** small blobs whose files are flushed later; a commit must carry them */
  readonly pending = new PendingBlobs()
  /** blobs that this process has seen durable on the disk, or will with the next commit */
  readonly #durable = new Set<BlobHash>()
  /** folders with names that may not be on the disk yet */
  readonly #unflushed = new Set<string>()

  constructor(folder: string) {
    this.folder = folder
  }

  /** Makes the folder and its 256 subfolders, so that no later write has to. */
  create(): void {
    makeFolder(this.folder)
    for (const name of FANOUT) fs.mkdirSync(path.join(this.folder, name), { recursive: true })
    syncFolder(this.folder)
  }

  /**
   * Absolute path of a blob's file, whether it is there or not. The check is for rows of a database made elsewhere:
   * no text from it may lead out of the folder.
   */
  path(hash: BlobHash): string {
    if (!isBlobHash(hash)) throw failed('project/damaged', 'The database names a file by something that is no SHA-256; run "palimpsest project check".')
    return path.join(this.folder, hash.slice(0, 2), hash)
  }

  /** Makes the folder of a blob where somebody took it away. */
  makeRoom(hash: BlobHash): void {
    fs.mkdirSync(path.dirname(this.path(hash)), { recursive: true })
  }

  /**
   * Stores bytes (borrowed for the call); they can be read when it returns. Up to {@link PENDING_BYTES} they are durable
   * with the next commit or {@link flush}, larger ones at once.
   * @throws EngineError project/disk-full, project/not-writable
   */
  put(bytes: Uint8Array): StoredBlob {
    const hash = hashOf(bytes)
    if (this.#durable.has(hash)) return { hash, size: bytes.length }
    const target = this.path(hash)
    if (this.fault(hash, bytes.length) === undefined) this.#flushExisting(target)
    else {
      this.makeRoom(hash)
      if (bytes.length <= PENDING_BYTES) {
        writeUnflushed(target, bytes)
        this.pending.add(hash, target, bytes)
      } else {
        writeFlushed(target, bytes)
        this.#flushFolderSoon(path.dirname(target))
      }
    }
    this.#durable.add(hash)
    return { hash, size: bytes.length }
  }

  /** {@link put} for several blobs at once: their flushes share the disk, so this costs little more than one. */
  async putMany(list: readonly Uint8Array[]): Promise<StoredBlob[]> {
    return Promise.all(list.map(async (bytes) => {
      const hash = hashOf(bytes)
      if (this.#durable.has(hash)) return { hash, size: bytes.length }
      const target = this.path(hash)
      if (this.fault(hash, bytes.length) === undefined) this.#flushExisting(target)
      else {
        this.makeRoom(hash)
        await writeDurablyLater(target, bytes)
      }
      this.#durable.add(hash)
      return { hash, size: bytes.length }
    }))
  }

  /**
   * Copies a file of any size in, hashing on the way; the file itself is left as it is.
   * @throws EngineError project/no-such-file (exit 2) when it cannot be read; the faults of {@link put}
   */
  async putFile(file: string, signal?: AbortSignal): Promise<StoredBlob> {
    const temporary = temporaryName(path.join(this.folder, 'incoming'))
    try {
      const hasher = createHash('sha256')
      let size = 0
      const source = fs.createReadStream(file, { highWaterMark: 1 << 20 })
      const target = fs.createWriteStream(temporary, { flags: 'wx', flush: true })
      let readFault: unknown
      source.on('error', (error) => { readFault = error })
      try {
        await pipeline(source, async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            hasher.update(chunk)
            size += chunk.length
            yield chunk
          }
        }, target, { signal })
      } catch (error) {
        if (readFault !== undefined) throw unreadable(file, readFault)
        throw error
      }
      const hash = hasher.digest('hex') as BlobHash // a SHA-256 digest is a blob hash
      if (!this.#durable.has(hash)) {
        const place = this.path(hash)
        this.makeRoom(hash)
        renameOver(temporary, place)
        await syncFolderLater(path.dirname(place))
        this.#durable.add(hash)
      }
      return { hash, size }
    } catch (error) {
      if (signal?.aborted) throw error
      throw diskFault(file, error)
    } finally {
      fs.rmSync(temporary, { force: true })
    }
  }

  /**
   * The bytes of a blob, checked against its name.
   * @throws EngineError project/blob-missing or project/blob-damaged
   */
  read(hash: BlobHash): Buffer {
    const bytes = this.readOrFault(hash)
    if (Buffer.isBuffer(bytes)) return bytes
    throw blobError(bytes)
  }

  /** The bytes of a blob, or what is wrong with its file. */
  readOrFault(hash: BlobHash): Buffer | BlobFault {
    let bytes: Buffer
    try {
      bytes = fs.readFileSync(this.path(hash))
    } catch (error) {
      return missing(hash, error)
    }
    if (hashOf(bytes) === hash) return bytes
    return { hash, what: 'wrong-bytes', sentence: `The file ${shortName(hash)} (${bytes.length} bytes) no longer holds what was saved in it.` }
  }

  /** Compares a file's length with what it should be: cheap, for opening a project. */
  sizeFault(hash: BlobHash, size: number): BlobFault | undefined {
    const found = fs.statSync(this.path(hash), { throwIfNoEntry: false })?.size
    if (found === undefined) return missing(hash)
    if (found === size) return undefined
    return { hash, what: 'wrong-size', sentence: `The file ${shortName(hash)} holds ${found} of the ${size} bytes saved in it.` }
  }

  /** Compares a file's length and its bytes with its name. */
  fault(hash: BlobHash, size: number): BlobFault | undefined {
    const fault = this.sizeFault(hash, size)
    if (fault) return fault
    const bytes = this.readOrFault(hash)
    return Buffer.isBuffer(bytes) ? undefined : bytes
  }

  /** Every file whose name is a hash, whole or not, in order of names. */
  *list(): Generator<StoredBlob> {
    for (const prefix of FANOUT) {
      const folder = path.join(this.folder, prefix)
      if (!fs.existsSync(folder)) continue
      for (const name of fs.readdirSync(folder).sort()) {
        if (!isBlobHash(name) || !name.startsWith(prefix)) continue
        const size = fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.size
        if (size !== undefined) yield { hash: name, size }
      }
    }
  }

  /** Deletes a blob's file for good; only the trash does this, after its grace period. */
  remove(hash: BlobHash): void {
    this.#durable.delete(hash)
    this.pending.remove(hash)
    fs.rmSync(this.path(hash), { force: true })
  }

  /**
   * Blobs whose last step a power cut undid, the giving of their name, get it; other unfinished writes are removed. Only
   * for whoever holds the project's lock.
   * @returns how many got their name
   */
  recoverUnfinished(): number {
    let count = 0
    for (const name of FANOUT) {
      const folder = path.join(this.folder, name)
      for (const file of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
        const hash = targetOfTemporary(file)
        if (hash === undefined || !isBlobHash(hash) || fs.existsSync(path.join(folder, hash))) continue
        if (hashOf(fs.readFileSync(path.join(folder, file))) !== hash) continue
        renameOver(path.join(folder, file), path.join(folder, hash))
        syncFolder(folder)
        count += 1
      }
    }
    this.removeUnfinished()
    return count
  }

  /** Removes unfinished writes; returns how many there were. */
  removeUnfinished(): number {
    let count = removeTemporaries(this.folder)
    for (const name of FANOUT) count += removeTemporaries(path.join(this.folder, name))
    return count
  }

  /** Flushes every blob of this session and every folder that names one. */
  flush(): void {
    this.pending.flush()
    for (const folder of this.#unflushed) syncFolder(folder)
    this.#unflushed.clear()
  }

  #flushFolderSoon(folder: string): void {
    if (this.#unflushed.size === 0) setTimeout(() => void this.#flushFolders(), FLUSH_AFTER_MS).unref()
    this.#unflushed.add(folder)
  }

  async #flushFolders(): Promise<void> {
    for (const folder of [...this.#unflushed]) {
      this.#unflushed.delete(folder)
      try {
        await syncFolderLater(folder)
      } catch {
        // a disk that refuses: the bytes themselves are safe, and the next opening puts them into their place
      }
    }
  }

  /** A file left by an earlier process may be in the page cache only: flushed before anyone relies on it. */
  #flushExisting(target: string): void {
    try {
      syncFilesNow([target])
    } catch (error) {
      throw diskFault(target, error)
    }
  }
}

/** How a blob is called in a sentence: the first twelve digits tell any two apart that a person will meet. */
export function shortName(hash: BlobHash): string {
  return `blobs/${hash.slice(0, 2)}/${hash.slice(0, 12)}…`
}

/** The error for a blob that cannot be used. */
export function blobError(fault: BlobFault): EngineError {
  const code = fault.what === 'missing' ? 'project/blob-missing' : 'project/blob-damaged'
  return failed(code, `${fault.sentence} The rest of the project is intact; run "palimpsest project check" to see what depends on it, or replay the operation to make it again.`)
}

function missing(hash: BlobHash, error?: unknown): BlobFault {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  const why = code === undefined || code === 'ENOENT' ? 'is missing' : `cannot be read (${code})`
  return { hash, what: 'missing', sentence: `The file ${shortName(hash)} ${why}.` }
}

function unreadable(file: string, cause: unknown): EngineError {
  const code = (cause as NodeJS.ErrnoException).code
  const found = code === 'ENOENT' ? 'nothing at that path' : code === 'EISDIR' ? 'a folder' : `a file that cannot be read (${String(code)})`
  return badInput('project/no-such-file', { thing: file, expected: 'a readable file', found, cause })
}
