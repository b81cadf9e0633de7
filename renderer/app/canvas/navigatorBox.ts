/** Arithmetic of the navigator. Places in picture pixels. */

type Point = { readonly x: number; readonly y: number }
type Size = { readonly width: number; readonly height: number }

/** Largest and least sides of the navigator, rem. */
const MOST = { width: 12, height: 9 } as const
const LEAST = 2.5
/** One press of an arrow key moves the view by this share of what is seen. */
const STEP = 0.125

/** The navigator's size for a picture, rem: as large as it may be, never thinner than can be grasped. */
export function fittedBox({ width, height }: Size): Size {
  const fit = Math.min(MOST.width / width, MOST.height / height)
  return { width: Math.max(LEAST, width * fit), height: Math.max(LEAST, height * fit) }
}

/** The seen part as an SVG path, from the window's corners; a turned view is a turned frame. */
export function seenFrame(corners: readonly Point[]): string {
  return corners.length === 0 ? '' : `M${corners.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}Z`
}

/** The middle of the view after a step to a side of the screen. Corners go clockwise from the top left. */
export function movedBy(corners: readonly Point[], [right, down]: readonly [number, number]): Point {
  const [a, b, c, d] = corners
  if (!a || !b || !c || !d) return { x: 0, y: 0 }
  const middle = { x: (a.x + c.x) / 2, y: (a.y + c.y) / 2 }
  return { x: middle.x + STEP * (right * (b.x - a.x) + down * (d.x - a.x)), y: middle.y + STEP * (right * (b.y - a.y) + down * (d.y - a.y)) }
}
