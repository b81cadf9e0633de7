/** One at a time: who holds the turn may use the models. The others wait in order, and read or write files meanwhile. */
import { throwIfCancelled } from './errors.ts'

/** See the file's head. */
export class Turn {
  #last: Promise<void> = Promise.resolve()
  #held = 0

  /** Whether somebody has the turn or waits for it. */
  get taken(): boolean {
    return this.#held > 0
  }

  /**
   * Resolves when all who came before have left.
   * @param signal gives up waiting; a place in the queue that was given up is passed over
   * @returns leaves; may be called more than once
   * @throws CancelledError when the signal fired before the turn came
   */
  async enter(signal?: AbortSignal): Promise<() => void> {
    const before = this.#last
    let end = (): void => {}
    this.#last = new Promise((resolve) => (end = resolve))
    this.#held += 1
    let left = false
    const leave = (): void => {
      if (left) return
      left = true
      this.#held -= 1
      end()
    }
    try {
      await orAborted(before, signal)
      throwIfCancelled(signal)
    } catch (error) {
      void before.then(leave)
      throw error
    }
    return leave
  }
}

function orAborted(turn: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return turn
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
    void turn.then(done)
    if (signal.aborted) done()
  })
}
