/** Corners and handles of boxes. */
import type { Point } from './affine.ts'
import type { Rect } from './boxes.ts'

/** Corners of a box, clockwise from the top left. */
export function corners({ x, y, width, height }: Rect): Point[] {
  return [{ x, y }, { x: x + width, y }, { x: x + width, y: y + height }, { x, y: y + height }]
}

/** Corners and middles of four corners, clockwise from the first. */
export function handlePoints(quad: readonly Point[]): Point[] {
  return quad.flatMap((corner, i) => {
    const next = quad[(i + 1) % quad.length]
    return [corner, { x: (corner.x + next.x) / 2, y: (corner.y + next.y) / 2 }]
  })
}
