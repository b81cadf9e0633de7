/** The program's log: one file and the one before it, on this machine only. */
import fs from 'node:fs'
import path from 'node:path'

const MOST_BYTES = 2 * 2 ** 20

/** Appends text to a file that is set aside when it has grown. Never throws: a log must not stop what it tells of. */
export class LogFile {
  readonly #file: string
  #bytes: number

  constructor(file: string) {
    this.#file = file
    this.#bytes = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
  }

  /** Adds text as it is. */
  write(text: string): void {
    try {
      if (this.#bytes === 0) fs.mkdirSync(path.dirname(this.#file), { recursive: true })
      if (this.#bytes > MOST_BYTES) {
        fs.renameSync(this.#file, `${this.#file}.old`)
        this.#bytes = 0
      }
      fs.appendFileSync(this.#file, text)
      this.#bytes += Buffer.byteLength(text)
    } catch {
      // a full disk is told by whoever writes something that matters
    }
  }
}
