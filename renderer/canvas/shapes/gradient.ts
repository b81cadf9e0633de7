/** Gradient masks: 0 at one point, 255 at another, even in between. */
import { TILE_EDGE } from '../../../preload/contract/documents.ts'
import type { Point } from '../geometry/affine.ts'
import type { Edges } from '../geometry/boxes.ts'

/** Share of the way at a pixel's centre, 0..1. Radial: by the distance from the start. */
export function gradientAt(at: Point, from: Point, to: Point, kind: 'linear' | 'radial'): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = Math.hypot(dx, dy)
  if (length < 1e-6) return 1
  const share = kind === 'linear' ? ((at.x - from.x) * dx + (at.y - from.y) * dy) / (length * length) : Math.hypot(at.x - from.x, at.y - from.y) / length
  return Math.min(1, Math.max(0, share))
}

/** Fills the coverage of a tile; pixels outside of `limits` stay 0. */
export function gradientTile(coverage: Uint8Array, x: number, y: number, from: Point, to: Point, kind: 'linear' | 'radial', limits: Edges): void {
  for (let row = 0; row < TILE_EDGE; row++) {
    const py = y * TILE_EDGE + row
    if (py < limits.top || py >= limits.bottom) continue
    for (let column = 0; column < TILE_EDGE; column++) {
      const px = x * TILE_EDGE + column
      if (px >= limits.left && px < limits.right) coverage[row * TILE_EDGE + column] = Math.round(255 * gradientAt({ x: px + 0.5, y: py + 0.5 }, from, to, kind))
    }
  }
}
