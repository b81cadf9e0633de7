/**
 * The two engines of a host. `pixels` does what a person waits for with the brush in hand (tiles, masks, composing) and
 * never loads a model; `models` runs the jobs. With one engine a mask could not be grown while a picture is being painted.
 */
import type { JobEngine, JobEngineOptions } from '../jobs/engine.ts'
import { CancelledError } from '../engine/errors.ts'

/** An engine as the host uses it; `EngineClient` fits. */
export interface HostEngine extends JobEngine {
  status(): Promise<{ readonly state: string; readonly memory: { readonly rssBytes: number; readonly peakRssBytes: number } | undefined }>
  unload(): void
  /** unloads models after this long without a request from now on, ms; 0 = never */
  setIdleUnload?(idleUnloadMs: number): void
  close(): Promise<void>
}

/** How soon a request is wanted: someone waits for it, or it may come when nobody does. */
export type Urgency = 'now' | 'idle'

interface Waiting {
  readonly begin: () => void
  readonly urgency: Urgency
}

/** Hands an engine one request at a time, so that what is wanted now overtakes what can wait. */
export class EngineLane {
  readonly #engine: HostEngine
  readonly #waiting: Waiting[] = []
  #running = 0

  constructor(engine: HostEngine) {
    this.#engine = engine
  }

  /** Whether a request is being run or waits. */
  get busy(): boolean {
    return this.#running > 0 || this.#waiting.length > 0
  }

  /** Runs a request when its turn comes. @throws EngineError; CancelledError when the signal fired */
  async run(request: Record<string, unknown>, options: JobEngineOptions & { readonly urgency?: Urgency } = {}): Promise<Readonly<Record<string, unknown>>> {
    const { urgency = 'now', ...rest } = options
    if (this.#running > 0) await this.#turn(urgency, rest.signal)
    if (rest.signal?.aborted) throw new CancelledError()
    this.#running += 1
    try {
      return await this.#engine.run(request, rest)
    } finally {
      this.#running -= 1
      this.#next()
    }
  }

  #turn(urgency: Urgency, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { begin: resolve, urgency }
      signal?.addEventListener('abort', () => {
        const place = this.#waiting.indexOf(waiting)
        if (place < 0) return
        this.#waiting.splice(place, 1)
        reject(new CancelledError())
      }, { once: true })
      this.#waiting.push(waiting)
    })
  }

  #next(): void {
    const place = Math.max(0, this.#waiting.findIndex((waiting) => waiting.urgency === 'now'))
    this.#waiting.splice(place, 1)[0]?.begin()
  }
}
