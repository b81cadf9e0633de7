/**
 * Fingers on a touch screen. One finger works as a pointer does, two move, zoom and turn the view. The first finger is held
 * back until it moves or lifts, so that the beginning of a pinch never paints; one that has begun to paint is taken back
 * when the second comes. While a pen is on the picture, and for a while after it, a resting hand paints nothing.
 */
import type { Point } from '../geometry/affine.ts'
import type { Fingers } from '../geometry/fingers.ts'

/** A finger's event, as much as is looked at. */
export interface FingerEvent {
  readonly pointerId: number
  readonly clientX: number
  readonly clientY: number
  readonly timeStamp: number
}

/** Who is told. `press`, `drag` and `lift` get what one finger does, `fingers` what moves the view; null: lifted. */
export interface FingerSink<E extends FingerEvent> {
  press(event: E): void
  drag(event: E): void
  lift(event: E): void
  /** what was pressed must be taken back */
  drop(): void
  fingers(fingers: Fingers | null): void
  place(event: E): Point
}

/** A finger that has moved less than this, CSS pixels, may still become the first of two. */
const SLOP_PX = 6
/** After a pen was near the glass, one finger moves the view instead of painting for so long, milliseconds. */
const PEN_REMEMBERED_MS = 60_000

type Mode = 'none' | 'held' | 'pressing' | 'viewing' | 'spent'

/** See the file's head. */
export class TouchFingers<E extends FingerEvent> {
  readonly #sink: FingerSink<E>
  readonly #down = new Map<number, E>()
  #mode: Mode = 'none'
  #held: E | null = null
  #penDown = false
  #penSeen = -Infinity

  constructor(sink: FingerSink<E>) {
    this.#sink = sink
  }

  /** A pen is near or on the glass: what the hand beside it touches does not count. */
  pen(timeStamp: number, down: boolean): void {
    this.#penSeen = timeStamp
    this.#penDown = down
    if (!down || this.#down.size === 0) return
    if (this.#mode === 'pressing') this.#sink.drop()
    this.#end()
  }

  /** A finger touches. */
  down(event: E): void {
    if (this.#penDown) return // a palm
    this.#down.set(event.pointerId, event)
    if (this.#down.size === 1) {
      const viewing = event.timeStamp - this.#penSeen < PEN_REMEMBERED_MS
      this.#mode = viewing ? 'viewing' : 'held'
      this.#held = event
      if (viewing) this.#tell()
    } else if (this.#down.size === 2 && this.#mode !== 'spent') {
      if (this.#mode === 'pressing') this.#sink.drop()
      if (this.#mode === 'viewing') this.#sink.fingers(null) // one finger moved the view; two begin anew
      this.#mode = 'viewing'
      this.#tell()
    }
  }

  /** A finger moves. */
  move(event: E): void {
    if (!this.#down.has(event.pointerId)) return
    this.#down.set(event.pointerId, event)
    if (this.#mode === 'viewing') this.#tell()
    else if (event.pointerId !== this.#held?.pointerId) return
    else if (this.#mode === 'pressing') this.#sink.drag(event)
    else if (this.#mode === 'held' && Math.hypot(event.clientX - this.#held.clientX, event.clientY - this.#held.clientY) > SLOP_PX) {
      this.#mode = 'pressing'
      this.#sink.press(this.#held)
      this.#sink.drag(event)
    }
  }

  /** A finger lifts. */
  up(event: E): void {
    if (!this.#down.delete(event.pointerId)) return
    const first = event.pointerId === this.#held?.pointerId
    if (first && this.#mode === 'held') this.#sink.press(this.#held!)
    if (first && (this.#mode === 'held' || this.#mode === 'pressing')) this.#sink.lift(event)
    this.#left()
  }

  /** The browser took a finger away. */
  cancel(event: E): void {
    if (!this.#down.delete(event.pointerId)) return
    if (this.#mode === 'pressing' && event.pointerId === this.#held?.pointerId) this.#sink.drop()
    this.#left()
  }

  /** One finger fewer: the view is let go; the fingers that stay do nothing more until all have left. */
  #left(): void {
    if (this.#mode === 'viewing') this.#sink.fingers(null)
    this.#mode = this.#down.size === 0 ? 'none' : 'spent'
  }

  #end(): void {
    if (this.#mode === 'viewing') this.#sink.fingers(null)
    this.#down.clear()
    this.#mode = 'none'
  }

  #tell(): void {
    const [one, other] = [...this.#down.values()].map((event) => this.#sink.place(event))
    if (!one) return
    if (!other) return this.#sink.fingers({ centre: one, span: 1, angle: 0 })
    this.#sink.fingers({
      centre: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 }, span: Math.max(1, Math.hypot(other.x - one.x, other.y - one.y)), angle: Math.atan2(other.y - one.y, other.x - one.x),
    })
  }
}
