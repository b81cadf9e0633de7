/** Arithmetic of the crop and extend frame. Boxes in picture pixels. */

type Frame = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

/** How far a frame reaches beyond the picture on each side; never negative. */
export function expandOf(frame: Frame, canvas: { readonly width: number; readonly height: number }): { left: number; right: number; top: number; bottom: number } {
  return {
    left: Math.max(0, Math.round(-frame.x)),
    top: Math.max(0, Math.round(-frame.y)),
    right: Math.max(0, Math.round(frame.x + frame.width - canvas.width)),
    bottom: Math.max(0, Math.round(frame.y + frame.height - canvas.height)),
  }
}

/** Whether a frame reaches beyond the picture anywhere. */
export function reachesOut(frame: Frame, canvas: { readonly width: number; readonly height: number }): boolean {
  return Object.values(expandOf(frame, canvas)).some((side) => side > 0)
}
