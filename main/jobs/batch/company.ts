/**
 * Who is at work beside whom. Pictures are worked at together; one during which the engine died is tried again alone, so
 * that only the picture itself can be blamed when it dies a second time.
 */

interface Waiting {
  readonly alone: boolean
  readonly begin: () => void
}

/** See the file's head. Served in order. */
export class Company {
  readonly #waiting: Waiting[] = []
  #atWork = 0
  #alone = false

  /** Resolves when work may begin beside others. @returns ends it; call once */
  together(): Promise<() => void> {
    return this.#enter(false)
  }

  /** Resolves when nobody else is at work; nobody begins until it is ended. @returns ends it; call once */
  alone(): Promise<() => void> {
    return this.#enter(true)
  }

  async #enter(alone: boolean): Promise<() => void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push({ alone, begin: resolve })
      this.#next()
    })
    return () => {
      this.#atWork -= 1
      this.#alone = false
      this.#next()
    }
  }

  #next(): void {
    for (let first = this.#waiting[0]; first && !this.#alone && !(first.alone && this.#atWork > 0); first = this.#waiting[0]) {
      this.#waiting.shift()
      this.#atWork += 1
      this.#alone = first.alone
      first.begin()
    }
  }
}
