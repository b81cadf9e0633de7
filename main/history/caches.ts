/**
 * What the engine could make again but took long to make: inversions, attention maps, previews. Files under `cache/`,
 * rows in the database, a cap on their size; the least recently used go first. Nothing here is part of the project's
 * content: it is in no zip and no record, and losing it loses time only.
 */
import fs from 'node:fs'
import path from 'node:path'
import { type WritableDb, change, row, rows, writeTransaction } from './db.ts'
import { makeFolder, moveDurably, removeTemporaries, writeDurably } from './durableFiles.ts'
import { hashOf, hashOfFile, isBlobHash } from './ids.ts'
import { type JsonObject, jsonObjectSchema } from './model.ts'

/** A cached file. `details` is what its maker noted beside it. */
export interface CacheEntry {
  readonly key: string
  readonly kind: string
  /** absolute path of the file; it may go with the next {@link ProjectCache.put} */
  readonly path: string
  readonly size: number
  readonly details: JsonObject
}

interface CacheRow {
  readonly key: string
  readonly kind: string
  readonly file: string
  readonly size: number
  readonly details: string
}

/** The cache of one project. */
export class ProjectCache {
  readonly #db: WritableDb
  readonly #folder: string
  readonly #maxBytes: number
  /** entries whose bytes this session has compared with their sum */
  readonly #checked = new Set<string>()

  /** @param maxBytes the most that all entries may take together */
  constructor(db: WritableDb, folder: string, maxBytes: number) {
    this.#db = db
    this.#folder = folder
    this.#maxBytes = maxBytes
  }

  /**
   * An entry whose file is whole; one that is missing or damaged is dropped and counts as not there.
   * @param key everything the entry depends on, as one text: picture, model, prompt, sampler ...
   */
  get(key: string): CacheEntry | undefined {
    const found = row<CacheRow>(this.#db, 'SELECT key, kind, file, size, details FROM caches WHERE key = :key', { key })
    if (!found) return undefined
    // A row of a database made elsewhere may name anything; only a hash is ours.
    const file = isBlobHash(found.file) ? this.#path(found.file) : ''
    if (file === '' || !this.#isWhole(found, file)) {
      this.remove(key)
      return undefined
    }
    change(this.#db, 'UPDATE caches SET last_used = (SELECT max(last_used) FROM caches) + 1 WHERE key = :key', { key })
    return { key, kind: found.kind, path: file, size: found.size, details: jsonObjectSchema.parse(JSON.parse(found.details)) }
  }

  /**
   * Keeps bytes under a key, making room first.
   * @returns false when they are larger than the whole cache may be: nothing is kept and nothing goes
   */
  put(key: string, kind: string, bytes: Uint8Array, details: JsonObject, now: number): boolean {
    if (bytes.length > this.#maxBytes) return false
    this.remove(key)
    this.#makeRoom(bytes.length)
    const file = hashOf(bytes)
    makeFolder(path.dirname(this.#path(file)))
    writeDurably(this.#path(file), bytes)
    change(this.#db, `INSERT INTO caches VALUES (:key, :kind, :file, :size, :details, :now, (SELECT coalesce(max(last_used), 0) + 1 FROM caches))`,
      { key, kind, file, size: bytes.length, details: JSON.stringify(details), now })
    this.#checked.add(file)
    return true
  }

  /**
   * {@link put} for a file of any size, which is moved into the cache when it is kept.
   * @returns false when it is larger than the whole cache may be: the file stays where it is
   */
  putFile(key: string, kind: string, file: string, details: JsonObject, now: number): boolean {
    const { size } = fs.statSync(file)
    if (size > this.#maxBytes) return false
    this.remove(key)
    this.#makeRoom(size)
    const name = hashOfFile(file)
    const target = this.#path(name)
    makeFolder(path.dirname(target))
    moveDurably(file, target)
    change(this.#db, `INSERT INTO caches VALUES (:key, :kind, :file, :size, :details, :now, (SELECT coalesce(max(last_used), 0) + 1 FROM caches))`,
      { key, kind, file: name, size, details: JSON.stringify(details), now })
    this.#checked.add(name)
    return true
  }

  /** Drops an entry. */
  remove(key: string): void {
    const found = row<CacheRow>(this.#db, 'SELECT key, kind, file, size, details FROM caches WHERE key = :key', { key })
    if (!found) return
    // Row first: a row without its file is noticed by get(), a file without its row by sweep().
    change(this.#db, 'DELETE FROM caches WHERE key = :key', { key })
    if (!isBlobHash(found.file)) return
    if (!row(this.#db, 'SELECT 1 FROM caches WHERE file = :file', { file: found.file })) fs.rmSync(this.#path(found.file), { force: true })
    this.#checked.delete(found.file)
  }

  /** Bytes in all entries together. */
  usedBytes(): number {
    return row<{ bytes: number }>(this.#db, 'SELECT coalesce(sum(size), 0) AS bytes FROM caches')!.bytes
  }

  /** Drops everything. */
  clear(): void {
    for (const { key } of rows<{ key: string }>(this.#db, 'SELECT key FROM caches')) this.remove(key)
    this.sweep()
  }

  /** Removes files that no entry names, left by a crash. */
  sweep(): void {
    if (!fs.existsSync(this.#folder)) return
    const known = new Set(rows<{ file: string }>(this.#db, 'SELECT file FROM caches').map((found) => found.file))
    for (const prefix of fs.readdirSync(this.#folder)) {
      const folder = path.join(this.#folder, prefix)
      if (!fs.statSync(folder).isDirectory()) continue
      removeTemporaries(folder)
      for (const name of fs.readdirSync(folder)) if (/^[0-9a-f]{64}$/.test(name) && !known.has(name)) fs.rmSync(path.join(folder, name))
    }
  }

  #makeRoom(bytes: number): void {
    writeTransaction(this.#db, () => {
      let used = this.usedBytes()
      for (const entry of rows<CacheRow>(this.#db, 'SELECT key, kind, file, size, details FROM caches ORDER BY last_used')) {
        if (used + bytes <= this.#maxBytes) break
        this.remove(entry.key)
        used -= entry.size
      }
    })
  }

  #isWhole(entry: CacheRow, file: string): boolean {
    if (fs.statSync(file, { throwIfNoEntry: false })?.size !== entry.size) return false
    if (this.#checked.has(entry.file)) return true
    const whole = hashOf(fs.readFileSync(file)) === entry.file
    if (whole) this.#checked.add(entry.file)
    return whole
  }

  #path(file: string): string {
    return path.join(this.#folder, file.slice(0, 2), file)
  }
}
