/** Arithmetic of sizes, in pixels. */

/** A width and a height. */
export type Size = { readonly width: number; readonly height: number }
/** Where the picture stays when the canvas changes its size, row by row. */
export const ANCHORS = ['top-left', 'top', 'top-right', 'left', 'middle', 'right', 'bottom-left', 'bottom', 'bottom-right'] as const
/** One of {@link ANCHORS}. */
export type Anchor = (typeof ANCHORS)[number]

/** One side as wanted, the other in proportion, both at least 1. */
export function linked(full: Size, side: 'width' | 'height', value: number): Size {
  const scale = value / full[side]
  const other = (length: number): number => Math.max(1, Math.round(length * scale))
  return side === 'width' ? { width: Math.round(value), height: other(full.height) } : { width: other(full.width), height: Math.round(value) }
}

/** Where the old picture's corner comes to lie in the new canvas. */
export function offsetOf(anchor: Anchor, before: Size, after: Size): { offsetX: number; offsetY: number } {
  const at = ANCHORS.indexOf(anchor)
  const share = (third: number, room: number): number => Math.round((third * room) / 2) + 0 // never -0
  return { offsetX: share(at % 3, after.width - before.width), offsetY: share(Math.floor(at / 3), after.height - before.height) }
}

/**
 * The largest upright box of the picture's own proportions that has no empty corner after a turn by `degrees`, centred.
 * Angles up to 45 degrees.
 */
export function straightened(size: Size, degrees: number): { x: number; y: number; width: number; height: number } {
  const angle = (Math.abs(degrees) * Math.PI) / 180
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)]
  const { width: w, height: h } = size
  // a box of size k (w, h) fits when its turned extent stays within (w, h) on both axes
  const k = Math.min(w / (w * cos + h * sin), h / (w * sin + h * cos))
  const [width, height] = [Math.max(1, Math.floor(w * k)), Math.max(1, Math.floor(h * k))]
  return { x: Math.round((w - width) / 2), y: Math.round((h - height) / 2), width, height }
}
