/** The view under two fingers: what lay under each of them stays under it. Pure numbers. */
import type { Point } from './affine.ts'
import { type Viewport, panned, turnedTo, zoomedTo } from './viewport.ts'

/** Where fingers are: the middle between them and how far apart, CSS pixels; the direction from one to the other, radians. */
export interface Fingers {
  readonly centre: Point
  readonly span: number
  readonly angle: number
}

/** Fingers twist a little whenever they pinch: the view turns only beyond this, radians. */
export const TWIST = 0.17
/** A view this close to a quarter turn snaps to it: square pixels are sharper. */
const UPRIGHT = 0.05

/** How far one pair of fingers is turned against another, -pi to pi. */
export function twistBetween(from: Fingers, to: Fingers): number {
  return Math.atan2(Math.sin(to.angle - from.angle), Math.cos(to.angle - from.angle))
}

/** The view after fingers went from one place to another. `turns`: their twist counts. */
export function underFingers(begin: Viewport, from: Fingers, to: Fingers, turns: boolean): Viewport {
  const moved = panned(begin, to.centre.x - from.centre.x, to.centre.y - from.centre.y)
  const zoomed = zoomedTo(moved, begin.zoom * (to.span / from.span), to.centre)
  if (!turns) return zoomed
  const angle = begin.angle + twistBetween(from, to)
  const quarter = Math.round(angle / (Math.PI / 2)) * (Math.PI / 2)
  return turnedTo(zoomed, Math.abs(angle - quarter) < UPRIGHT ? quarter : angle, to.centre)
}

/** Follows fingers from where they began; gives the view for each place they come to. */
export function followFingers(begin: Viewport, from: Fingers): (to: Fingers) => Viewport {
  let turns = false
  return (to) => {
    turns ||= Math.abs(twistBetween(from, to)) > TWIST
    return underFingers(begin, from, to, turns)
  }
}
