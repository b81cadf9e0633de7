/** Parts of a screen that must be painted again, and how far what is there must be moved before. Device pixels. */
import { type Edges, intersect, isEmpty, unite } from '../geometry/boxes.ts'

/** More parts than this are painted as one. */
const MOST_PARTS = 6

/** What one layer of the stage waits for. */
export class DirtyParts {
  #parts: Edges[] = []
  #shift = { x: 0, y: 0 }

  /** Whether nothing waits. */
  get none(): boolean {
    return this.#parts.length === 0 && this.#shift.x === 0 && this.#shift.y === 0
  }

  /** Marks a part. Parts that overlap become one, so that nothing is painted twice. */
  mark(part: Edges, screen: Edges): void {
    let joined = intersect(part, screen)
    if (isEmpty(joined)) return
    for (let i = this.#parts.length - 1; i >= 0; i--) {
      if (isEmpty(intersect(this.#parts[i], joined))) continue
      joined = unite(this.#parts[i], joined)
      this.#parts.splice(i, 1)
      i = this.#parts.length // the larger part may meet others
    }
    this.#parts.push(joined)
    if (this.#parts.length > MOST_PARTS) this.#parts = [this.#parts.reduce(unite)]
  }

  /** Everything is painted again; nothing needs to move. */
  markAll(screen: Edges): void {
    this.#parts = [screen]
    this.#shift = { x: 0, y: 0 }
  }

  /** The picture has moved: so do the parts, and the strips that come into sight are new. */
  scroll(dx: number, dy: number, screen: Edges): void {
    const [wide, high] = [screen.right - screen.left, screen.bottom - screen.top]
    const total = { x: this.#shift.x + dx, y: this.#shift.y + dy }
    if (Math.abs(total.x) >= wide || Math.abs(total.y) >= high) {
      this.markAll(screen)
      return
    }
    const parts = this.#parts.splice(0)
    this.#shift = total
    for (const part of parts) this.mark({ left: part.left + dx, top: part.top + dy, right: part.right + dx, bottom: part.bottom + dy }, screen)
    if (dx !== 0) this.mark(dx > 0 ? { ...screen, right: screen.left + dx } : { ...screen, left: screen.right + dx }, screen)
    // the corner belongs to the upright strip already
    const between = { ...screen, left: screen.left + Math.max(0, dx), right: screen.right + Math.min(0, dx) }
    if (dy !== 0) this.mark(dy > 0 ? { ...between, bottom: screen.top + dy } : { ...between, top: screen.bottom + dy }, screen)
  }

  /** What is to be done now; forgets it. */
  take(): { readonly parts: readonly Edges[]; readonly dx: number; readonly dy: number } {
    const taken = { parts: this.#parts, dx: this.#shift.x, dy: this.#shift.y }
    this.#parts = []
    this.#shift = { x: 0, y: 0 }
    return taken
  }
}
