/** Affine maps [a b c d e f]: x' = a x + c y + e, y' = b x + d y + f, as in the contract and in a 2D canvas. */
import type { Affine } from '../../../preload/contract/documents.ts'

export type { Affine }

/** A point in whatever pixels the context says. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** Leaves everything where it is. */
export const IDENTITY: Affine = [1, 0, 0, 1, 0, 0]

/** The map that does `inner` first, then `outer`. */
export function compose(outer: Affine, inner: Affine): Affine {
  const [a, b, c, d, e, f] = outer
  const [p, q, r, s, t, u] = inner
  return [a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f]
}

/** The map back, or null where the map flattens the plane. */
export function invert([a, b, c, d, e, f]: Affine): Affine | null {
  const det = a * d - b * c
  if (Math.abs(det) < 1e-12) return null
  return [d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det]
}

/** Where a point goes. */
export function apply([a, b, c, d, e, f]: Affine, x: number, y: number): Point {
  return { x: a * x + c * y + e, y: b * x + d * y + f }
}

/** Moves by whole or broken pixels. */
export function translation(x: number, y: number): Affine {
  return [1, 0, 0, 1, x, y]
}

/** Scales around the origin. */
export function scaling(x: number, y = x): Affine {
  return [x, 0, 0, y, 0, 0]
}

/** Turns around the origin, radians, clockwise on a screen whose y points down. */
export function rotation(angle: number): Affine {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return [cos, sin, -sin, cos, 0, 0]
}

/** The same map done around another point instead of the origin. */
export function around(map: Affine, x: number, y: number): Affine {
  return compose(translation(x, y), compose(map, translation(-x, -y)))
}

/** How much longer lengths become, as the square root of the change in area. */
export function scaleOf([a, b, c, d]: Affine): number {
  return Math.sqrt(Math.abs(a * d - b * c))
}

/** Whether the map only moves things. */
export function isTranslation([a, b, c, d]: Affine): boolean {
  return Math.abs(a - 1) < 1e-9 && Math.abs(d - 1) < 1e-9 && Math.abs(b) < 1e-9 && Math.abs(c) < 1e-9
}
