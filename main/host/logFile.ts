/** The log: plain text in the data folder, the last run's kept beside it when it grows. Never leaves the machine. */
import fs from 'node:fs'
import path from 'node:path'

/** Length at which a log is put aside, bytes; at most twice this is on the disk. */
const ROTATE_BYTES = 2 << 20

/** Writes lines; a log that cannot be written is given up silently, because nothing is worse than failing to fail. */
export class LogFile {
  readonly #file: string
  #bytes: number

  constructor(dataDir: string) {
    this.#file = path.join(dataDir, 'palimpsest.log')
    this.#bytes = fs.statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0
  }

  /** Adds an entry with the time. */
  write(text: string): void {
    const line = `${new Date().toISOString()} ${text.trimEnd()}\n`
    try {
      fs.mkdirSync(path.dirname(this.#file), { recursive: true })
      if (this.#bytes > ROTATE_BYTES) {
        fs.renameSync(this.#file, `${this.#file}.1`)
        this.#bytes = 0
      }
      fs.appendFileSync(this.#file, line)
      this.#bytes += Buffer.byteLength(line)
    } catch {
      // a full or read-only disk: the program goes on without a log
    }
  }

  /** The last lines, oldest first, from before the last rotation too. */
  tail(lines: number): string {
    const texts = [`${this.#file}.1`, this.#file].map((file) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''))
    return texts.join('').trimEnd().split('\n').slice(-lines).join('\n')
  }
}
