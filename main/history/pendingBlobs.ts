/**
 * Small blobs between the commit that names them and the flush of their file. The commit writes their bytes into the
 * database (`blob_outbox`), so that one flush, the commit's own, makes both durable; their files are flushed in the
 * background, then their rows go. Opening a project writes every file anew that a power cut took back (reconcile.ts).
 */
import { type WritableDb, change, row } from './db.ts'
import { syncFiles, syncFilesNow } from './durableFiles.ts'
import type { BlobHash } from './ids.ts'

/** The longest blob that a commit carries. Beyond, writing it three times (log, database, file) costs more than a flush. */
export const PENDING_BYTES = 128 << 10
/** How long a file may stay unflushed: long enough for its flush to be shared, short enough to hold little in memory. */
const FLUSH_AFTER_MS = 1000
/** Rows taken out by one commit: more than come in, few enough to be felt by none. */
const DELETED_PER_COMMIT = 4

interface Pending {
  readonly file: string
  readonly bytes: Uint8Array
  /** whether a commit has put the bytes into the database */
  noted: boolean
}

/** The pending blobs of one open project. */
export class PendingBlobs {
  readonly #waiting = new Map<BlobHash, Pending>()
  /** flushed blobs with a row in the outbox */
  readonly #flushed = new Set<BlobHash>()
  #timer: NodeJS.Timeout | undefined

  /** Takes charge of a file that was written but not flushed; keeps a copy of its bytes until it is. */
  add(hash: BlobHash, file: string, bytes: Uint8Array): void {
    this.#waiting.set(hash, { file, bytes: Buffer.from(bytes), noted: false })
    this.#timer ??= setTimeout(() => void this.#flushLater(), FLUSH_AFTER_MS).unref()
  }

  /** Forgets a blob whose file is deleted for good. */
  remove(hash: BlobHash): void {
    this.#waiting.delete(hash)
  }

  /**
   * Makes the outbox's part of a commit, inside its transaction.
   * @returns what to call once the transaction stands
   */
  writeOutbox(db: WritableDb): () => void {
    const added = [...this.#waiting].filter(([, pending]) => !pending.noted)
    for (const [hash, { bytes }] of added) change(db, 'INSERT OR REPLACE INTO blob_outbox VALUES (:hash, :bytes)', { hash, bytes })
    const done = [...this.#flushed].slice(0, DELETED_PER_COMMIT)
    for (const hash of done) change(db, 'DELETE FROM blob_outbox WHERE hash = :hash', { hash })
    return () => {
      for (const [hash, pending] of added) {
        pending.noted = true
        // Its row is newer than one of an earlier file of the same blob.
        this.#flushed.delete(hash)
      }
      for (const hash of done) this.#flushed.delete(hash)
    }
  }

  /** Flushes every file before it returns; one that cannot be flushed stays pending. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const entry of [...this.#waiting]) {
      try {
        syncFilesNow([entry[1].file])
        this.#settle([entry])
      } catch {
        // gone or refused: its row in the database stays, and the next opening writes the file anew
      }
    }
  }

  /** Takes every row out of the outbox whose file is flushed; for the end of a session, after {@link flush}. */
  clearOutbox(db: WritableDb): void {
    if (this.#waiting.size === 0) {
      if (row(db, 'SELECT 1 FROM blob_outbox LIMIT 1')) change(db, 'DELETE FROM blob_outbox')
    } else for (const hash of this.#flushed) change(db, 'DELETE FROM blob_outbox WHERE hash = :hash', { hash })
  }

  async #flushLater(): Promise<void> {
    const batch = [...this.#waiting]
    try {
      await syncFiles(batch.map(([, { file }]) => file))
      this.#settle(batch)
    } catch {
      // A disk that refuses: the database has the bytes, or the next commit puts them there.
    }
    this.#timer = this.#waiting.size > 0 ? setTimeout(() => void this.#flushLater(), FLUSH_AFTER_MS).unref() : undefined
  }

  #settle(batch: readonly (readonly [BlobHash, Pending])[]): void {
    for (const [hash, pending] of batch) {
      if (this.#waiting.get(hash) !== pending) continue
      this.#waiting.delete(hash)
      if (pending.noted) this.#flushed.add(hash)
    }
  }
}
