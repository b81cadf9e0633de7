/** Where the bar of a selection goes. CSS pixels inside the canvas. */

type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }
type Size = { readonly width: number; readonly height: number }

const GAP = 12
/** the head-up display's line */
const FOOT = 32

/** Below the selection and in its middle; kept inside of the canvas, over the selection when there is no room below. */
export function barPlace(selection: Box, bar: Size, room: Size): { readonly left: number; readonly top: number } {
  const left = (selection.left + selection.right - bar.width) / 2
  const top = selection.bottom + GAP
  const within = (value: number, most: number): number => Math.round(Math.max(GAP, Math.min(value, most)))
  return { left: within(left, room.width - bar.width - GAP), top: within(top, room.height - bar.height - FOOT - GAP) }
}
