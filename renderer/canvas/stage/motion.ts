/**
 * What is shown while the zoom or the angle changes. Every pixel of the screen is new then, and painting them all from
 * tiles, with the mask's pattern and outline, takes longer than a frame without a graphics card. So the layers of the
 * screen are flattened into one picture when a motion begins; frames draw it stretched and paint only what comes into
 * sight around it. When the view has come to rest, the layers take its place again, a band of rows a frame. Pure numbers:
 * the frame loop paints.
 */
import { type Affine, compose } from '../geometry/affine.ts'
import { type Edges, intersect, isEmpty, mapEdges } from '../geometry/boxes.ts'
import { type Viewport, inverseView, viewMatrix } from '../geometry/viewport.ts'

/** A view that has not changed for so long has come to rest. */
export const REST_MS = 80
/** A zoom or a turn larger than this at once is no motion that goes on: it is painted as it is. */
const JUMP = { factor: 1.5, angle: 0.3 } as const
/** The real picture comes back in so many frames. */
const BANDS = 12
/** With more than this share of the screen painted around it, the flattened picture is taken anew. */
const RENEW_FROM = 1 / 3
/** A picture enlarged more than this is painted from tiles once more. */
const MOST_STRETCH = 4

/** What a frame of a motion paints. */
export interface MotionFrame {
  /** from the flattened picture's pixels to the screen's; null: it does not show */
  readonly stretch: Affine | null
  /** part of the screen that it fills */
  readonly filled: Edges | null
  /** parts to paint from tiles */
  readonly exposed: readonly Edges[]
  /** the screen is to be flattened again after this frame */
  readonly renew: boolean
}

/** See the file's head. */
export class Motion {
  /** the view that the flattened picture shows */
  #flat: Viewport | null = null
  #shown: Viewport | null = null
  #phase: 'still' | 'moving' | 'settling' = 'still'
  #last = 0
  #settled = 0

  /** Whether the screen shows, in part at least, the flattened picture. */
  get active(): boolean {
    return this.#phase !== 'still'
  }

  /** Whether the view has changed lately. */
  get moving(): boolean {
    return this.#phase === 'moving'
  }

  /**
   * Takes note of a step of the view. `begins` says that the screen must be flattened before anything is painted.
   * @returns null when the step is none of a motion: a jump or a resize
   */
  step(before: Viewport, after: Viewport, now: number): { readonly begins: boolean } | null {
    if (!this.active && !isStep(before, after)) return null
    if (before.width !== after.width || before.height !== after.height || before.ratio !== after.ratio) {
      this.end()
      return null
    }
    const begins = this.#phase !== 'moving'
    if (begins) this.#flat = this.#shown = before
    this.#phase = 'moving'
    this.#last = now
    return { begins }
  }

  /** The motion has reached its aim: it need not be waited for. */
  arrive(): void {
    this.#last = -Infinity
  }

  /** Nothing of the flattened picture is left. */
  end(): void {
    this.#phase = 'still'
    this.#flat = this.#shown = null
  }

  /** What a frame paints now; null when the screen shows this view already. */
  frame(view: Viewport): MotionFrame | null {
    if (!this.#flat || view === this.#shown) return null
    this.#shown = view
    const screen = screenOf(view)
    const stretch = view.angle === this.#flat.angle ? compose(viewMatrix(view), inverseView(this.#flat)) : null
    const filled = stretch && view.zoom / this.#flat.zoom <= MOST_STRETCH ? intersect(inward(mapEdges(stretch, screen)), screen) : null
    const exposed = !filled || isEmpty(filled) ? [screen] : outside(screen, filled)
    const renew = exposed.reduce((sum, part) => sum + areaOf(part), 0) > RENEW_FROM * areaOf(screen)
    if (renew) this.#flat = view
    return { stretch, filled: filled && !isEmpty(filled) ? filled : null, exposed, renew }
  }

  /** Whether the view has come to rest now, once a motion: the real picture comes back from here. */
  comesToRest(now: number): boolean {
    if (this.#phase !== 'moving' || now - this.#last < REST_MS) return false
    this.#phase = 'settling'
    this.#settled = 0
    return true
  }

  /** The rows that are painted for real next: a band, or all that is left; null when nothing is. */
  nextBand(view: Viewport, all: boolean): Edges | null {
    if (this.#phase !== 'settling') return null
    const top = this.#settled
    const bottom = all ? view.height : Math.min(view.height, top + Math.ceil(view.height / BANDS))
    this.#settled = bottom
    if (bottom === view.height) this.end()
    return { ...screenOf(view), top, bottom }
  }

  /** The part of the screen that shows the real picture. */
  real(view: Viewport): Edges {
    const screen = screenOf(view)
    return this.#phase === 'still' ? screen : { ...screen, bottom: this.#phase === 'settling' ? this.#settled : 0 }
  }
}

/** The parts of a box that lie outside of another inside it: above, below, left and right of it. */
export function outside(box: Edges, inner: Edges): Edges[] {
  return [
    { ...box, bottom: inner.top }, { ...box, top: inner.bottom },
    { left: box.left, top: inner.top, right: inner.left, bottom: inner.bottom }, { left: inner.right, top: inner.top, right: box.right, bottom: inner.bottom },
  ].filter((part) => !isEmpty(part))
}

function isStep(before: Viewport, after: Viewport): boolean {
  const factor = Math.max(after.zoom / before.zoom, before.zoom / after.zoom)
  const turn = Math.atan2(Math.sin(after.angle - before.angle), Math.cos(after.angle - before.angle))
  return factor <= JUMP.factor && Math.abs(turn) <= JUMP.angle
}

/** Whole edges inside of a box: its own are antialiased. */
function inward({ left, top, right, bottom }: Edges): Edges {
  return { left: Math.ceil(left), top: Math.ceil(top), right: Math.floor(right), bottom: Math.floor(bottom) }
}

function screenOf({ width, height }: Viewport): Edges {
  return { left: 0, top: 0, right: width, bottom: height }
}

function areaOf({ left, top, right, bottom }: Edges): number {
  return (right - left) * (bottom - top)
}
