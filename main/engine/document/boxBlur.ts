/**
 * Gaussian softening in a time that does not depend on its width: three passes of a box with fractional ends
 * (Gwosdek, Grewenig, Bruhn, Weickert 2011, "Theoretical Foundations of Gaussian Convolution by Extended Box Filtering"),
 * whose variance is exactly the gaussian's. The edge of the plane repeats, so a mask that touches it does not fade there.
 */
import type { Plane } from '../image/morphology.ts'

const PASSES = 3

/** A box of 2 half + 1 whole samples with a sample of weight `end` on either side; the weights add up to 1. */
interface ExtendedBox {
  readonly half: number
  readonly inner: number
  readonly end: number
}

/** The box whose {@link PASSES}-fold application has the standard deviation `sigma`. */
export function extendedBox(sigma: number): ExtendedBox {
  const variance = (sigma * sigma) / PASSES
  const half = Math.floor(0.5 * Math.sqrt(12 * variance + 1) - 0.5)
  const length = 2 * half + 1
  const end = (length * (half * (half + 1) - 3 * variance)) / (6 * (variance - (half + 1) ** 2))
  const total = length + 2 * end
  return { half, inner: 1 / total, end: end / total }
}

/** Softens a plane; `sigma` in pixels, 0 copies. */
export function gaussianBlur(plane: Plane, sigma: number): Plane {
  if (sigma <= 0) return { ...plane, data: plane.data.slice() }
  const box = extendedBox(sigma)
  const { width, height } = plane
  // 16 bits between the passes: each rounds to less than a hundredth of a grey step
  let now = Uint16Array.from(plane.data, (value) => value * 256)
  let next = new Uint16Array(now.length)
  for (let pass = 0; pass < PASSES; pass++) {
    for (let y = 0; y < height; y++) blurRow(now, next, y * width, width, box)
    ;[now, next] = [next, now]
  }
  for (let pass = 0; pass < PASSES; pass++) {
    blurColumns(now, next, width, height, box)
    ;[now, next] = [next, now]
  }
  const data = new Uint8Array(now.length)
  for (let i = 0; i < data.length; i++) data[i] = (now[i]! + 128) >> 8
  return { width, height, data }
}

function blurRow(from: Uint16Array, to: Uint16Array, start: number, length: number, { half, inner, end }: ExtendedBox): void {
  const last = length - 1
  const at = (x: number): number => from[start + (x < 0 ? 0 : x > last ? last : x)]!
  let sum = 0
  for (let x = -half; x <= half; x++) sum += at(x)
  for (let x = 0; x < length; x++) {
    const [left, right] = [at(x - half - 1), at(x + half + 1)]
    to[start + x] = Math.round(inner * sum + end * (left + right))
    sum += right - at(x - half)
  }
}

/** All columns side by side, so that memory is read in order. */
function blurColumns(from: Uint16Array, to: Uint16Array, width: number, height: number, { half, inner, end }: ExtendedBox): void {
  const row = (y: number): number => Math.min(height - 1, Math.max(0, y)) * width
  const sums = new Float64Array(width)
  for (let y = -half; y <= half; y++) for (let x = 0, at = row(y); x < width; x++) sums[x]! += from[at + x]!
  for (let y = 0; y < height; y++) {
    const [above, below, leaving] = [row(y - half - 1), row(y + half + 1), row(y - half)]
    for (let x = 0, at = y * width; x < width; x++) {
      to[at + x] = Math.round(inner * sums[x]! + end * (from[above + x]! + from[below + x]!))
      sums[x]! += from[below + x]! - from[leaving + x]!
    }
  }
}
