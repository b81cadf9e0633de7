/** What the head-up display shows of a view. */
import type { ViewReadout } from '../editorTypes.ts'
import { intersect, isEmpty, outward, rectOf } from '../geometry/boxes.ts'
import { type Viewport, seenBox, toDocument } from '../geometry/viewport.ts'

/** Zoom, angle, the window's corners and the part of the canvas that is seen. */
export function readoutOf(view: Viewport, canvas: { readonly width: number; readonly height: number }): ViewReadout {
  const seen = outward(intersect(seenBox(view), { left: 0, top: 0, right: canvas.width, bottom: canvas.height }))
  const [right, bottom] = [view.width / view.ratio, view.height / view.ratio]
  const corners = [{ x: 0, y: 0 }, { x: right, y: 0 }, { x: right, y: bottom }, { x: 0, y: bottom }].map((corner) => toDocument(view, corner))
  return { zoom: view.zoom, degrees: (view.angle * 180) / Math.PI, seen: isEmpty(seen) ? null : rectOf(seen), corners, canvas }
}
