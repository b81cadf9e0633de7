/**
 * From readings to dabs: exponential smoothing of the hand, cubic curves through the smoothed readings (Catmull-Rom
 * tangents; the newest point's tangent looks back only, so that nothing waits for the next reading), dabs at even
 * distances along them.
 */
import { type Brush, type Sample, radiusAt } from './brush.ts'

/** Takes the places of dabs. */
export type StampAt = (at: Sample) => void

/** See the file's head. One path is one stroke. */
export class StrokePath {
  readonly #brush: Brush
  readonly #stamp: StampAt
  #before: Sample | null = null
  #last: Sample | null = null
  #raw: Sample | null = null
  /** length to go until the next dab */
  #rest = 0

  constructor(brush: Brush, stamp: StampAt) {
    this.#brush = brush
    this.#stamp = stamp
  }

  /** The next reading. The first one makes a dab at once. */
  add(raw: Sample): void {
    this.#raw = raw
    if (!this.#last) {
      this.#last = raw
      this.#stamp(raw)
      this.#rest = this.#gap(raw.pressure)
      return
    }
    this.#curveTo(calmed(this.#last, raw, this.#brush.smoothing))
  }

  /** The end of the stroke: catches up with the hand. */
  end(): void {
    if (this.#raw && this.#last && (this.#raw.x !== this.#last.x || this.#raw.y !== this.#last.y)) this.#curveTo(this.#raw)
  }

  #gap(pressure: number): number {
    return Math.max(0.5, 2 * radiusAt(this.#brush, pressure) * this.#brush.spacing)
  }

  #curveTo(to: Sample): void {
    const from = this.#last!
    const length = Math.hypot(to.x - from.x, to.y - from.y)
    if (length < 1e-6) return
    const before = this.#before
    // tangents for a segment of unit length in t: (next - previous) / 2; the chord at both ends of the stroke
    const out = before ? { x: (to.x - before.x) / 2, y: (to.y - before.y) / 2 } : { x: to.x - from.x, y: to.y - from.y }
    const tangent = limited(out, length)
    const pieces = Math.max(1, Math.ceil(length / 2))
    let at = from
    for (let i = 1; i <= pieces; i++) {
      const next = hermite(from, to, tangent, i / pieces)
      this.#walk(at, next)
      at = next
    }
    this.#before = from
    this.#last = to
  }

  /** Stamps along a short straight piece. */
  #walk(from: Sample, to: Sample): void {
    const length = Math.hypot(to.x - from.x, to.y - from.y)
    let done = 0
    while (length - done >= this.#rest) {
      done += this.#rest
      const at = mixed(from, to, length === 0 ? 1 : done / length)
      this.#stamp(at)
      this.#rest = this.#gap(at.pressure)
    }
    this.#rest -= length - done
  }
}

/** A reading pulled towards the one before: smoothing 0 keeps it, 1 moves a tenth of the way. */
function calmed(last: Sample, raw: Sample, smoothing: number): Sample {
  return mixed(last, raw, 1 - 0.9 * Math.min(1, Math.max(0, smoothing)))
}

function mixed(from: Sample, to: Sample, t: number): Sample {
  return { x: from.x + (to.x - from.x) * t, y: from.y + (to.y - from.y) * t, pressure: from.pressure + (to.pressure - from.pressure) * t }
}

/** Uneven readings would make loops: no tangent is longer than one and a half segments. */
function limited(tangent: { x: number; y: number }, length: number): { x: number; y: number } {
  const long = Math.hypot(tangent.x, tangent.y)
  const scale = long > 1.5 * length ? (1.5 * length) / long : 1
  return { x: tangent.x * scale, y: tangent.y * scale }
}

function hermite(from: Sample, to: Sample, tangent: { x: number; y: number }, t: number): Sample {
  const [h00, h10] = [(1 + 2 * t) * (1 - t) ** 2, t * (1 - t) ** 2]
  const [h01, h11] = [t * t * (3 - 2 * t), t * t * (t - 1)]
  const [endX, endY] = [to.x - from.x, to.y - from.y]
  return {
    x: h00 * from.x + h10 * tangent.x + h01 * to.x + h11 * endX,
    y: h00 * from.y + h10 * tangent.y + h01 * to.y + h11 * endY,
    pressure: from.pressure + (to.pressure - from.pressure) * t,
  }
}
