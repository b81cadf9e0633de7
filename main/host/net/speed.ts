/** How fast bytes come: over a window of the last seconds, so that a stall shows at once and a burst does not lie. */

const WINDOW_MS = 5000

/** Bytes per second and what is left. */
export class Speed {
  readonly #samples: { readonly at: number; readonly bytes: number }[] = []

  /** Notes how many bytes are there now. A count that fell (a file started again) starts the window anew. */
  note(bytes: number, now = Date.now()): void {
    if (bytes < (this.#samples.at(-1)?.bytes ?? 0)) this.#samples.length = 0
    this.#samples.push({ at: now, bytes })
    while (this.#samples.length > 2 && now - this.#samples[0]!.at > WINDOW_MS) this.#samples.shift()
  }

  /** Bytes per second; null before there is anything to tell. */
  bytesPerSecond(now = Date.now()): number | null {
    const [first] = this.#samples
    const last = this.#samples.at(-1)
    if (!first || !last || now - first.at < 250) return null
    return Math.max(0, (last.bytes - first.bytes) / ((now - first.at) / 1000))
  }

  /** Seconds until `left` bytes have come; null when nothing comes. */
  etaSeconds(left: number, now = Date.now()): number | null {
    const speed = this.bytesPerSecond(now)
    return speed === null || speed <= 0 ? null : left / speed
  }
}
