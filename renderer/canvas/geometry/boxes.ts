/** Boxes in pixels: left, top, right, bottom edges, the last two exclusive. Handier for clipping than sizes. */
import { type Affine, apply } from './affine.ts'

/** A box by its edges; empty when right <= left or bottom <= top. */
export interface Edges {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** A box by its corner and size, as the contract has it. */
export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Edges of a rectangle. */
export function edgesOf({ x, y, width, height }: Rect): Edges {
  return { left: x, top: y, right: x + width, bottom: y + height }
}

/** Rectangle with these edges. */
export function rectOf({ left, top, right, bottom }: Edges): Rect {
  return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) }
}

/** Whether nothing lies inside. */
export function isEmpty({ left, top, right, bottom }: Edges): boolean {
  return right <= left || bottom <= top
}

/** What both share; may be empty. */
export function intersect(one: Edges, other: Edges): Edges {
  return {
    left: Math.max(one.left, other.left), top: Math.max(one.top, other.top),
    right: Math.min(one.right, other.right), bottom: Math.min(one.bottom, other.bottom),
  }
}

/** The smallest box around both; an empty one counts as nothing. */
export function unite(one: Edges | null, other: Edges): Edges {
  if (!one || isEmpty(one)) return other
  if (isEmpty(other)) return one
  return {
    left: Math.min(one.left, other.left), top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right), bottom: Math.max(one.bottom, other.bottom),
  }
}

/** Every edge moved outwards. */
export function grow({ left, top, right, bottom }: Edges, by: number): Edges {
  return { left: left - by, top: top - by, right: right + by, bottom: bottom + by }
}

/** The smallest box with whole edges around a box. */
export function outward({ left, top, right, bottom }: Edges): Edges {
  return { left: Math.floor(left), top: Math.floor(top), right: Math.ceil(right), bottom: Math.ceil(bottom) }
}

/** The smallest upright box around a mapped box. */
export function mapEdges(map: Affine, { left, top, right, bottom }: Edges): Edges {
  const corners = [apply(map, left, top), apply(map, right, top), apply(map, left, bottom), apply(map, right, bottom)]
  const [xs, ys] = [corners.map((at) => at.x), corners.map((at) => at.y)]
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) }
}

/** Edges multiplied by a factor. */
export function scaleEdges({ left, top, right, bottom }: Edges, by: number): Edges {
  return { left: left * by, top: top * by, right: right * by, bottom: bottom * by }
}
