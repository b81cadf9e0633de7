/** The canvas as Expand will make it. Picture pixels. */

type Point = { readonly x: number; readonly y: number }
type Sides = { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }

/** Corners of the larger canvas in turn; null when no side grows. */
export function outlineOf({ width, height }: { readonly width: number; readonly height: number }, { left, right, top, bottom }: Sides): readonly Point[] | null {
  if (left + right + top + bottom === 0) return null
  const [west, north, east, south] = [0 - left, 0 - top, width + right, height + bottom]
  return [{ x: west, y: north }, { x: east, y: north }, { x: east, y: south }, { x: west, y: south }]
}
