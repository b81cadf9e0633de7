/**
 * The view: which part of the document is seen, how large and how turned. Pure numbers.
 *
 * `zoom` is device pixels per document pixel, so that 1 shows every pixel once whatever the display's scaling. Screen
 * positions are CSS pixels from the container's corner; `ratio` is device pixels per CSS pixel (1, 1.25, 1.5, 2 ...).
 */
import { type Affine, type Point, apply, compose, invert, rotation, scaling, translation } from './affine.ts'
import { type Edges, mapEdges } from './boxes.ts'

/** See the file's head. `width` and `height` are whole device pixels, `centre` is in document pixels, `angle` in radians. */
export interface Viewport {
  readonly width: number
  readonly height: number
  readonly ratio: number
  readonly centre: Point
  readonly zoom: number
  readonly angle: number
}

/** Least and largest zoom. */
export const ZOOM_LIMITS = { least: 0.02, most: 64 } as const
const LEAST_STEP = 1.06
/** How much fitting enlarges a small picture at most, CSS pixels per document pixel. */
const GROWN = 4
/** Share of the room that a whole zoom must fill to be preferred. */
const LEAST_FILLED = 2 / 3
/** Zooms where the wheel and the pinch stop for a moment. */
export const ZOOM_STOPS: readonly number[] = [
  0.02, 0.03, 0.05, 0.0625, 0.0833, 0.125, 0.1667, 0.25, 0.3333, 0.5, 0.6667, 1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64,
]

/** Whether pixels lie square on the screen: turned by a multiple of 90 degrees. */
export function isUpright({ angle }: Viewport): boolean {
  const quarters = angle / (Math.PI / 2)
  return Math.abs(quarters - Math.round(quarters)) < 1e-9
}

/**
 * Map from document to device pixels. In an upright view its shift is whole, so that at whole zooms every document
 * pixel is a sharp square; all conversions go through this map, hence what is drawn and what is hit agree.
 */
export function viewMatrix(view: Viewport): Affine {
  const map = compose(translation(view.width / 2, view.height / 2), compose(rotation(view.angle), compose(scaling(view.zoom), translation(-view.centre.x, -view.centre.y))))
  return isUpright(view) ? [map[0], map[1], map[2], map[3], Math.round(map[4]), Math.round(map[5])] : map
}

/** Map from device to document pixels. */
export function inverseView(view: Viewport): Affine {
  return invert(viewMatrix(view))! // zoom is never 0
}

/** Document position under a screen position. */
export function toDocument(view: Viewport, screen: Point): Point {
  return apply(inverseView(view), screen.x * view.ratio, screen.y * view.ratio)
}

/** Screen position of a document position. */
export function toScreen(view: Viewport, at: Point): Point {
  const device = apply(viewMatrix(view), at.x, at.y)
  return { x: device.x / view.ratio, y: device.y / view.ratio }
}

/** Upright box around what is seen, document pixels. */
export function seenBox(view: Viewport): Edges {
  return mapEdges(inverseView(view), { left: 0, top: 0, right: view.width, bottom: view.height })
}

/** The view moved by CSS pixels, as a hand would drag the picture. */
export function panned(view: Viewport, dx: number, dy: number): Viewport {
  const [a, b, c, d] = invert(compose(rotation(view.angle), scaling(view.zoom)))!
  const [x, y] = [dx * view.ratio, dy * view.ratio]
  return { ...view, centre: { x: view.centre.x - (a * x + c * y), y: view.centre.y - (b * x + d * y) } }
}

/** The view with another zoom, while the document position under a screen position stays there. */
export function zoomedTo(view: Viewport, zoom: number, screen: Point): Viewport {
  return keeping({ ...view, zoom: clampZoom(zoom) }, toDocument(view, screen), screen)
}

/** The view turned to an angle around a screen position. */
export function turnedTo(view: Viewport, angle: number, screen: Point): Viewport {
  const turned = Math.atan2(Math.sin(angle), Math.cos(angle))
  return keeping({ ...view, angle: turned }, toDocument(view, screen), screen)
}

function keeping(view: Viewport, document: Point, screen: Point): Viewport {
  const [a, b, c, d] = invert(compose(rotation(view.angle), scaling(view.zoom)))!
  const [x, y] = [screen.x * view.ratio - view.width / 2, screen.y * view.ratio - view.height / 2]
  return { ...view, centre: { x: document.x - (a * x + c * y), y: document.y - (b * x + d * y) } }
}

/**
 * The view in which a box fills the window up to a margin in CSS pixels. What is larger is shrunk to fit exactly. What is
 * smaller is enlarged, by {@link GROWN} at most, and by a whole number, so that its pixels stay square, unless that would
 * leave more than a third of the room empty.
 */
export function fitted(view: Viewport, box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }, margin = 32): Viewport {
  const [sin, cos] = [Math.abs(Math.sin(view.angle)), Math.abs(Math.cos(view.angle))]
  const [wide, high] = [box.width * cos + box.height * sin, box.width * sin + box.height * cos]
  const room = (side: number): number => Math.max(16, side - 2 * margin * view.ratio)
  const fit = Math.min(room(view.width) / wide, room(view.height) / high)
  const whole = Math.floor(fit)
  const zoom = Math.min(whole >= fit * LEAST_FILLED ? whole : fit, GROWN * view.ratio)
  return { ...view, zoom: clampZoom(zoom), centre: { x: box.x + box.width / 2, y: box.y + box.height / 2 } }
}

/** Whether two views have the same middle, zoom and turn, however large their windows are. */
export function looksAtSame(one: Viewport, other: Viewport | null): boolean {
  return other !== null && one.zoom === other.zoom && one.angle === other.angle && one.centre.x === other.centre.x && one.centre.y === other.centre.y
}

/** The zoom after a factor: it stops at the first stop between here and there, if that is a step worth seeing. */
export function steppedZoom(zoom: number, factor: number): number {
  const aim = zoom * factor
  const [low, high] = aim > zoom ? [zoom * LEAST_STEP, aim] : [aim, zoom / LEAST_STEP]
  const passed = ZOOM_STOPS.filter((stop) => stop >= low && stop <= high)
  return clampZoom(passed.length === 0 ? aim : aim > zoom ? passed[0]! : passed.at(-1)!)
}

/** The next stop above or below. */
export function nextStop(zoom: number, direction: 1 | -1): number {
  const found = direction > 0 ? ZOOM_STOPS.find((stop) => stop > zoom * 1.001) : ZOOM_STOPS.findLast((stop) => stop < zoom / 1.001)
  return found ?? (direction > 0 ? ZOOM_LIMITS.most : ZOOM_LIMITS.least)
}

/** The view moved so that a part of the document, 48 CSS pixels at least, stays in the window. */
export function withinReach(view: Viewport, canvas: { readonly width: number; readonly height: number }): Viewport {
  const map = viewMatrix(view)
  const seen = mapEdges(map, { left: 0, top: 0, right: canvas.width, bottom: canvas.height })
  const keep = 48 * view.ratio
  const dx = Math.max(0, keep - seen.right) - Math.max(0, seen.left - (view.width - keep))
  const dy = Math.max(0, keep - seen.bottom) - Math.max(0, seen.top - (view.height - keep))
  return dx === 0 && dy === 0 ? view : panned(view, dx / view.ratio, dy / view.ratio)
}

/** Level of the tiles to draw: the coarsest that still has a sample for every device pixel. */
export function levelOf(zoom: number, most: number): number {
  return zoom >= 1 ? 0 : Math.min(most, Math.max(0, Math.floor(Math.log2(1 / zoom) + 1e-6)))
}

/**
 * A view on the way from one to another. Zoom goes evenly in factors; the middle goes with it so that a place that both
 * views show at the same spot stays there all the way.
 */
export function between(from: Viewport, to: Viewport, share: number): Viewport {
  const zoom = from.zoom * (to.zoom / from.zoom) ** share
  const [start, now, end] = [1 / from.zoom, 1 / zoom, 1 / to.zoom]
  const way = Math.abs(end - start) < 1e-9 ? share : (now - start) / (end - start)
  const turn = Math.atan2(Math.sin(to.angle - from.angle), Math.cos(to.angle - from.angle))
  const mix = (one: number, other: number): number => one + (other - one) * way
  return { ...to, zoom, angle: from.angle + turn * share, centre: { x: mix(from.centre.x, to.centre.x), y: mix(from.centre.y, to.centre.y) } }
}

/** Whole device pixels that the picture moves from one view to another; null when it does more than move. */
export function scrollBetween(from: Viewport, to: Viewport): Point | null {
  const same = from.zoom === to.zoom && from.angle === to.angle && from.width === to.width && from.height === to.height && from.ratio === to.ratio
  if (!same || !isUpright(to)) return null
  const [before, after] = [viewMatrix(from), viewMatrix(to)]
  return { x: after[4] - before[4], y: after[5] - before[5] }
}

function clampZoom(zoom: number): number {
  return Math.min(ZOOM_LIMITS.most, Math.max(ZOOM_LIMITS.least, zoom))
}
