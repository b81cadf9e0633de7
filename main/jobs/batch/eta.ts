/** How long the rest of a batch takes, from the pictures that were finished last. */

/** Newest pictures that count: enough to level out their differences, few enough to follow a change of pace. */
const WINDOW = 30

/** Watches pictures being finished; times in milliseconds of any steady clock. */
export class Pace {
  readonly #finished: number[] = []
  #pausedAt: number | undefined

  constructor(now: number) {
    this.#finished.push(now)
  }

  /** A picture was finished. */
  finish(now: number): void {
    this.#finished.push(now)
    if (this.#finished.length > WINDOW + 1) this.#finished.shift()
  }

  /** The batch was paused or went on: the time between does not count. */
  pause(now: number): void {
    this.#pausedAt ??= now
  }

  resume(now: number): void {
    if (this.#pausedAt === undefined) return
    const gap = now - this.#pausedAt
    this.#pausedAt = undefined
    for (let at = 0; at < this.#finished.length; at += 1) this.#finished[at]! += gap
  }

  /** Seconds for `remaining` more pictures; undefined before the first is finished. */
  secondsFor(remaining: number): number | undefined {
    const count = this.#finished.length - 1
    if (count < 1) return undefined
    return ((this.#finished.at(-1)! - this.#finished[0]!) / count / 1000) * remaining
  }
}
