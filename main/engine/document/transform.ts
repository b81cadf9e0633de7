/**
 * Affine maps and resampling of layers.
 *
 * Whole-pixel moves, flips and quarter turns only rearrange samples. Everything else is resampled by the Catmull-Rom
 * cubic (Keys 1981, a = -1/2), widened along each source axis by as much as the map shrinks it, in premultiplied
 * encoded values: the arithmetic of the canvas a person sees while dragging. Outside a layer its edge repeats for the
 * kernel, and the edge itself is softened by the share of the output pixel that the layer covers, so that enlarging a
 * picture to a whole canvas leaves no half-transparent border and a turned one has smooth sides.
 */
import { failed } from '../errors.ts'
import { intersectBoxes, type Box } from '../image/geometry.ts'

/** [a b c d e f]: x' = a x + c y + e, y' = b x + d y + f. */
export type Affine = readonly [number, number, number, number, number, number]

/** The map that changes nothing. */
export const IDENTITY: Affine = [1, 0, 0, 1, 0, 0]

/** First `inner`, then `outer`. */
export function composeAffine(outer: Affine, inner: Affine): Affine {
  const [a, b, c, d, e, f] = outer
  const [p, q, r, s, t, u] = inner
  return [a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f]
}

/** The inverse map, or null when the map flattens everything to a line. */
export function invertAffine([a, b, c, d, e, f]: Affine): Affine | null {
  const determinant = a * d - b * c
  if (!(Math.abs(determinant) > 1e-12)) return null
  return [d / determinant, -b / determinant, -c / determinant, a / determinant, (c * f - d * e) / determinant, (b * e - a * f) / determinant]
}

/** Whether a map takes pixels to pixels: whole moves, flips, quarter turns. */
export function isExact(map: Affine): boolean {
  const [a, b, c, d] = map
  const unit = (value: number): boolean => value === 1 || value === -1
  return map.every(Number.isInteger) && ((unit(a) && unit(d) && b === 0 && c === 0) || (unit(b) && unit(c) && a === 0 && d === 0))
}

/** The smallest box of whole pixels around the image of a box. */
export function mapBox([a, b, c, d, e, f]: Affine, box: Box): Box {
  const [x0, x1, y0, y1] = [box.x, box.x + box.width, box.y, box.y + box.height]
  const spread = (k: number, l: number, m: number): [number, number] => [
    Math.floor(Math.min(k * x0, k * x1) + Math.min(l * y0, l * y1) + m + 1e-7),
    Math.ceil(Math.max(k * x0, k * x1) + Math.max(l * y0, l * y1) + m - 1e-7),
  ]
  const [left, right] = spread(a, c, e)
  const [top, bottom] = spread(b, d, f)
  return { x: left, y: top, width: right - left, height: bottom - top }
}

/** What is resampled: straight RGBA and mask weights of a box in layer pixels. */
export interface LayerPixels {
  /** straight RGBA, 0..1 */
  readonly rgba: Float32Array
  /** the mask, 0..1; null = 1 everywhere */
  readonly weights: Float32Array | null
}

/** Reads a box of a layer; parts outside the layer come as 0. The arrays are valid until the next read of the same layer. */
export type ReadLayer = (box: Box) => Promise<LayerPixels>

/** Rearranges: every output pixel is one source pixel. @param inverse exact map from canvas to layer */
export async function rearrange(read: ReadLayer, inverse: Affine, region: Box): Promise<LayerPixels> {
  const from = mapBox(inverse, region)
  const source = await read(from)
  const [a, b, c, d, e, f] = inverse
  if (a === 1 && d === 1) return source
  const count = region.width * region.height
  const rgba = new Float32Array(count * 4)
  const weights = source.weights ? new Float32Array(count) : null
  for (let y = 0, to = 0; y < region.height; y++) {
    for (let x = 0; x < region.width; x++, to++) {
      const [cx, cy] = [region.x + x + 0.5, region.y + y + 0.5]
      const at = (Math.floor(b * cx + d * cy + f) - from.y) * from.width + Math.floor(a * cx + c * cy + e) - from.x
      for (let k = 0; k < 4; k++) rgba[4 * to + k] = source.rgba[4 * at + k]!
      if (weights) weights[to] = source.weights![at]!
    }
  }
  return { rgba, weights }
}

/** Source pixels that one call may hold as floating point: 2 megapixels are 32 MB. */
const MAX_WINDOW = 2_000_000

/**
 * Resamples a layer onto a region of the canvas; the mask is multiplied into the alpha first.
 * @param inverse map from canvas to layer
 * @param extent box of the layer's pixels; null where it has no end (a group's mask)
 */
export async function resample(read: ReadLayer, inverse: Affine, region: Box, extent: Box | null): Promise<Float32Array> {
  const target = new Float32Array(region.width * region.height * 4)
  await resampleInto(target, region, region, { read, inverse, extent })
  return target
}

interface Source {
  readonly read: ReadLayer
  readonly inverse: Affine
  readonly extent: Box | null
}

/** Halves the part until its source fits into memory: a region that shows a hugely shrunk layer. */
async function resampleInto(target: Float32Array, region: Box, part: Box, source: Source): Promise<void> {
  const [a, b, c, d] = source.inverse
  const { extent } = source
  // how far one output pixel reaches along the source's axes
  const footprintX = Math.hypot(a, c)
  const footprintY = Math.hypot(b, d)
  const shrinkX = Math.max(1, footprintX)
  const shrinkY = Math.max(1, footprintY)
  const bounds = mapBox(source.inverse, part)
  const [reachX, reachY] = [Math.ceil(2 * shrinkX) + 1, Math.ceil(2 * shrinkY) + 1]
  const reached: Box = { x: bounds.x - reachX, y: bounds.y - reachY, width: bounds.width + 2 * reachX, height: bounds.height + 2 * reachY }
  const box = extent ? intersectBoxes(reached, extent) : reached
  if (box.width === 0 || box.height === 0) return
  if (box.width * box.height > MAX_WINDOW && part.width * part.height > 1) {
    const wide = part.width >= part.height
    const half = (wide ? part.width : part.height) >> 1
    await resampleInto(target, region, wide ? { ...part, width: half } : { ...part, height: half }, source)
    await resampleInto(target, region, wide ? { ...part, x: part.x + half, width: part.width - half } : { ...part, y: part.y + half, height: part.height - half }, source)
    return
  }
  if (box.width * box.height > 64 * MAX_WINDOW) throw failed('document/transform', 'A layer is shrunk more than a million times; undo its last transform.')
  const pixels = premultiplied(await source.read(box))
  const axisX = new Axis(shrinkX, box.x, box.width)
  const axisY = new Axis(shrinkY, box.y, box.height)
  const [e, f] = [source.inverse[4], source.inverse[5]]
  for (let y = 0; y < part.height; y++) {
    const cy = part.y + y + 0.5
    let to = ((part.y - region.y + y) * region.width + part.x - region.x) * 4
    for (let x = 0; x < part.width; x++, to += 4) {
      const cx = part.x + x + 0.5
      const u = a * cx + c * cy + e
      const v = b * cx + d * cy + f
      const covered = extent ? coverage(u, extent.x, extent.width, footprintX) * coverage(v, extent.y, extent.height, footprintY) : 1
      if (covered > 0) gather(pixels, box.width, axisX.place(u), axisY.place(v), covered, target, to)
    }
  }
}

/** Share of an output pixel of this footprint, centred at `at`, that lies within [start, start + length). */
function coverage(at: number, start: number, length: number, footprint: number): number {
  const inside = Math.min(at + footprint / 2, start + length) - Math.max(at - footprint / 2, start)
  return inside <= 0 ? 0 : Math.min(1, inside / footprint)
}

/** In place. */
function premultiplied({ rgba, weights }: LayerPixels): Float32Array {
  for (let at = 0, i = 0; at < rgba.length; at += 4, i++) {
    const alpha = weights ? rgba[at + 3]! * weights[i]! : rgba[at + 3]!
    if (alpha === 1) continue
    rgba[at] = rgba[at]! * alpha
    rgba[at + 1] = rgba[at + 1]! * alpha
    rgba[at + 2] = rgba[at + 2]! * alpha
    rgba[at + 3] = alpha
  }
  return rgba
}

/** Kernel weights along one source axis, worked out anew for each place. */
class Axis {
  /** weights of the taps and their indices in the window; `count` of them are valid */
  readonly weights: Float64Array
  readonly indices: Int32Array
  count = 0
  readonly #shrink: number
  readonly #start: number
  readonly #length: number

  constructor(shrink: number, start: number, length: number) {
    this.#shrink = shrink
    this.#start = start
    this.#length = length
    const taps = Math.ceil(4 * shrink) + 2
    this.weights = new Float64Array(taps)
    this.indices = new Int32Array(taps)
  }

  place(at: number): this {
    const reach = 2 * this.#shrink
    const first = Math.ceil(at - reach - 0.5)
    const last = Math.floor(at + reach - 0.5)
    let sum = 0
    let count = 0
    for (let pixel = first; pixel <= last; pixel++, count++) {
      const weight = catmullRom((pixel + 0.5 - at) / this.#shrink)
      this.weights[count] = weight
      this.indices[count] = Math.min(this.#length - 1, Math.max(0, pixel - this.#start))
      sum += weight
    }
    for (let i = 0; i < count; i++) this.weights[i]! /= sum
    this.count = count
    return this
  }
}

/** Keys' cubic convolution with a = -1/2: 1 at 0, 0 at every other whole number, 0 from 2 on. */
export function catmullRom(x: number): number {
  const t = Math.abs(x)
  if (t >= 2) return 0
  return t <= 1 ? (1.5 * t - 2.5) * t * t + 1 : ((-0.5 * t + 2.5) * t - 4) * t + 2
}

/** One output pixel: the weighted sum, back to straight colours; overshoot is cut off. */
function gather(pixels: Float32Array, width: number, across: Axis, down: Axis, covered: number, target: Float32Array, to: number): void {
  let r = 0
  let g = 0
  let b = 0
  let alpha = 0
  for (let j = 0; j < down.count; j++) {
    const row = down.indices[j]! * width
    const weightY = down.weights[j]!
    for (let i = 0; i < across.count; i++) {
      const weight = weightY * across.weights[i]!
      const at = (row + across.indices[i]!) * 4
      r += weight * pixels[at]!
      g += weight * pixels[at + 1]!
      b += weight * pixels[at + 2]!
      alpha += weight * pixels[at + 3]!
    }
  }
  if (alpha <= 1e-6) return
  target[to] = shareOf(r, alpha)
  target[to + 1] = shareOf(g, alpha)
  target[to + 2] = shareOf(b, alpha)
  // sums of weights are 1 up to rounding: what is opaque stays opaque
  target[to + 3] = covered * (alpha > 1 - 1e-6 ? 1 : alpha)
}

/** A premultiplied value as straight colour, overshoot cut off. */
function shareOf(value: number, alpha: number): number {
  return value <= 0 ? 0 : value >= alpha ? 1 : value / alpha
}
