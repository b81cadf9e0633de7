/** Pictures a window shows by key: blobs of open projects, and files or bytes the host made for this session. */
import fs from 'node:fs'
import { type SessionNames, unknownId } from './ids.ts'

/** Bytes with their media type. */
export interface Media {
  readonly bytes: Uint8Array
  readonly media: string
}

/** Bytes kept in memory for pictures that lie nowhere else. */
const MEMORY_BYTES = 64 << 20

/** Media by key. Keys are the same for the same thing throughout the session, so that a window can keep what it has. */
export class MediaTable {
  readonly #names: SessionNames
  readonly #readers = new Map<string, () => Media>()
  readonly #held = new Map<string, Media>()
  #heldBytes = 0

  constructor(names: SessionNames) {
    this.#names = names
  }

  /** The key of something that can be read whenever it is asked for. */
  offer(what: string, read: () => Media): string {
    const key = this.#names.nameOf(`media ${what}`)
    if (!this.#readers.has(key)) this.#readers.set(key, read)
    return key
  }

  /** The key of a file that stays where it is. */
  offerFile(file: string, media: string): string {
    return this.offer(`file ${file}`, () => ({ bytes: fs.readFileSync(file), media }))
  }

  /** The key of bytes; the oldest go when too many are held. */
  keep(what: string, bytes: Uint8Array, media: string): string {
    const key = this.#names.nameOf(`held ${what}`)
    this.#heldBytes += bytes.length - (this.#held.get(key)?.bytes.length ?? 0)
    this.#held.delete(key)
    this.#held.set(key, { bytes, media })
    for (const [old, { bytes: { length } }] of this.#held) {
      if (this.#heldBytes <= MEMORY_BYTES || old === key) break
      this.#held.delete(old)
      this.#heldBytes -= length
    }
    return key
  }

  /** What a key stands for. @throws EngineError host/unknown-id (exit 2) */
  read(key: string): Media {
    const held = this.#held.get(key)
    if (held) return held
    const read = this.#readers.get(key)
    if (!read) throw unknownId('picture')
    return read()
  }
}
