/** Outlines of selections: closed paths of straight lines, even-odd. Curves are flattened finely enough for 8-bit edges. */
import type { Point } from '../geometry/affine.ts'
import { type Edges } from '../geometry/boxes.ts'

/** Closed rings in document pixels; a point is inside when it lies in an odd number of them. */
export type Outline = readonly (readonly Point[])[]

/** A box. */
export function rectangleOutline({ left, top, right, bottom }: Edges): Outline {
  return [[{ x: left, y: top }, { x: right, y: top }, { x: right, y: bottom }, { x: left, y: bottom }]]
}

/** The ellipse that fills a box. A chord leaves the arc by less than 1/512 of a pixel. */
export function ellipseOutline({ left, top, right, bottom }: Edges): Outline {
  const [rx, ry] = [(right - left) / 2, (bottom - top) / 2]
  const [cx, cy] = [left + rx, top + ry]
  const pieces = Math.min(4096, Math.max(16, Math.ceil(Math.PI / Math.acos(1 - 1 / 512 / Math.max(1, rx, ry)))))
  return [Array.from({ length: pieces }, (_, i) => ({ x: cx + rx * Math.cos((2 * Math.PI * i) / pieces), y: cy + ry * Math.sin((2 * Math.PI * i) / pieces) }))]
}

/** A freehand line without points that add nothing (Ramer, Douglas, Peucker): at most `tolerance` pixels off. */
export function simplified(points: readonly Point[], tolerance: number): Point[] {
  if (points.length < 3) return [...points]
  const keep = new Uint8Array(points.length)
  keep[0] = keep[points.length - 1] = 1
  const stack: [number, number][] = [[0, points.length - 1]]
  while (stack.length > 0) {
    const [from, to] = stack.pop()!
    let [far, at] = [tolerance, -1]
    for (let i = from + 1; i < to; i++) {
      const distance = distanceToLine(points[i], points[from], points[to])
      if (distance > far) [far, at] = [distance, i]
    }
    if (at < 0) continue
    keep[at] = 1
    stack.push([from, at], [at, to])
  }
  return points.filter((_, i) => keep[i] === 1)
}

function distanceToLine(at: Point, from: Point, to: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = dx * dx + dy * dy
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((at.x - from.x) * dx + (at.y - from.y) * dy) / length))
  return Math.hypot(at.x - from.x - t * dx, at.y - from.y - t * dy)
}

/** Smallest box around an outline, null for none. */
export function outlineBox(outline: Outline): Edges | null {
  const points = outline.flat()
  if (points.length === 0) return null
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { x, y } of points) {
    left = Math.min(left, x)
    top = Math.min(top, y)
    right = Math.max(right, x)
    bottom = Math.max(bottom, y)
  }
  return { left, top, right, bottom }
}
