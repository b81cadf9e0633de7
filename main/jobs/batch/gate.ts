/** One at a time: who holds the gate of a device may paint on it. */

/** Lets one through; the others wait in order. */
export class Gate {
  #last: Promise<void> = Promise.resolve()

  /**
   * Resolves when the gate is free.
   * @returns lets the next one through; may be called more than once
   */
  async enter(): Promise<() => void> {
    const before = this.#last
    let leave = (): void => {}
    this.#last = new Promise((resolve) => {
      leave = resolve
    })
    await before
    return leave
  }
}
