/** What a brush is, and what pressure does to it. */

/** A brush. Size in document pixels across; the rest 0..1. */
export interface Brush {
  readonly size: number
  readonly hardness: number
  /** most that one stroke covers; going over the same place again in the same stroke adds nothing */
  readonly opacity: number
  /** distance of dabs as a share of the size */
  readonly spacing: number
  /** 0 follows the hand exactly, 1 is very calm */
  readonly smoothing: number
  readonly pressureSize: boolean
  readonly pressureOpacity: boolean
}

/** A brush for masks as it is at first. */
export const DEFAULT_BRUSH: Brush = { size: 80, hardness: 0.8, opacity: 1, spacing: 0.1, smoothing: 0.2, pressureSize: true, pressureOpacity: false }

/** One reading of a pen or mouse: document pixels, pressure 0..1. */
export interface Sample {
  readonly x: number
  readonly y: number
  readonly pressure: number
}

/** Radius under a pressure, pixels: a light touch still paints a tenth. */
export function radiusAt(brush: Brush, pressure: number): number {
  return (brush.size / 2) * (brush.pressureSize ? 0.1 + 0.9 * curve(pressure) : 1)
}

/** Ceiling of the coverage under a pressure, 0..255. */
export function ceilingAt(brush: Brush, pressure: number): number {
  return Math.round(255 * brush.opacity * (brush.pressureOpacity ? curve(pressure) : 1))
}

/** Pens report little for a touch that feels half as strong: a root evens it out. */
function curve(pressure: number): number {
  return Math.min(1, Math.max(0, pressure)) ** 0.7
}
