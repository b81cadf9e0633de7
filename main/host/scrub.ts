/**
 * Takes paths out of sentences. The engine's errors name files by their whole path; a window knows files by their names
 * only, and what it is told may end on a screenshot or in a bug report.
 */
import path from 'node:path'

const HASH_NAME = /^[0-9a-f]{64}$/
/** as scratch.ts names files that no person has named */
const SCRATCH_NAME = /^[0-9a-f]{12}-/

/** Replaces paths below the folders it knows by the names of the files. */
export class PathScrubber {
  readonly #pattern: RegExp
  readonly #nameOf: (file: string) => string | undefined

  /**
   * @param folders absolute; longer ones win over the folders they lie in
   * @param nameOf what a person calls a file, where that is not its name on the disk
   */
  constructor(folders: readonly string[], nameOf: (file: string) => string | undefined = () => undefined) {
    const known = [...new Set(folders.map((folder) => path.resolve(folder)).filter((folder) => folder.length > 1))].sort((a, b) => b.length - a.length)
    this.#pattern = new RegExp(`(?:${known.map(escape).join('|')})(?:[\\\\/][^"'\`:;,()<>|\\n]*?(?=["'\`:;,()<>|\\n]|\\. |\\.$|$| (?:could|cannot|is|was|has|to|and|at|in)\\b))?`, 'g')
    this.#nameOf = nameOf
  }

  /** A sentence without paths. */
  text(sentence: string): string {
    return sentence.replace(this.#pattern, (file) => {
      const name = this.#nameOf(file) ?? path.basename(file)
      return HASH_NAME.test(name) ? 'the picture' : SCRATCH_NAME.test(name) ? 'a temporary file' : name
    })
  }

  /** Any JSON value without paths in its texts. */
  value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map((item) => this.value(item))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.value(item)]))
  }
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
