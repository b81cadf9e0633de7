/** Lines, frames and handles that tools lay over the picture, as plain data in document pixels. */
import type { Point } from '../geometry/affine.ts'
import type { Rect } from '../geometry/boxes.ts'

/** One thing to draw. Line widths and handle sizes are screen pixels and do not zoom. */
export type Sketch =
  /** a selection in the making */
  | { readonly kind: 'path'; readonly points: readonly Point[]; readonly closed: boolean }
  | { readonly kind: 'ellipse'; readonly box: Rect }
  /** dashed box: the marquee */
  | { readonly kind: 'marquee'; readonly box: Rect }
  /** crop or outpaint frame, four corners clockwise: bright inside, dim outside, thirds */
  | { readonly kind: 'frame'; readonly points: readonly Point[]; readonly label: string }
  /** corners and middles to drag, in order around the shape; `turn`: the handle that turns */
  | { readonly kind: 'handles'; readonly points: readonly Point[]; readonly turn: Point | null }
  | { readonly kind: 'quad'; readonly points: readonly Point[] }
  | { readonly kind: 'line'; readonly from: Point; readonly to: Point; readonly label?: string }
  /** line between original and result, at a share of the width */
  | { readonly kind: 'split'; readonly at: number }
  /** where a clone brush takes from; `radius` in document pixels */
  | { readonly kind: 'source'; readonly at: Point; readonly radius: number }
