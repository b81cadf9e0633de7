/** The proof after every edit: source and result are compared sample by sample. */
import { failed } from '../errors.ts'
import { intersectBoxes, wholeBox, type Box } from './geometry.ts'
import type { WindowMask } from './mask.ts'
import type { Picture, Samples } from './picture.ts'

/** How two sample buffers differ. */
export interface SampleDifference {
  readonly samples: number
  /** samples that differ */
  readonly changed: number
  /** largest difference in sample steps */
  readonly maxAbs: number
  /** mean absolute difference in sample steps */
  readonly meanAbs: number
  /** peak signal-to-noise ratio in dB; Infinity when nothing changed */
  readonly psnr: number
}

/**
 * Compares two buffers of equal layout.
 * @throws EngineError verify/layout when lengths or depths differ
 */
export function compareSamples(a: Samples, b: Samples): SampleDifference {
  if (a.length !== b.length || a.BYTES_PER_ELEMENT !== b.BYTES_PER_ELEMENT) throw layoutError()
  const samples = a.length
  if (bytesOf(a).equals(bytesOf(b))) return { samples, changed: 0, maxAbs: 0, meanAbs: 0, psnr: Number.POSITIVE_INFINITY }
  let [changed, maxAbs, sum, squares] = [0, 0, 0, 0]
  for (let i = 0; i < samples; i++) {
    const difference = Math.abs(a[i]! - b[i]!)
    if (difference === 0) continue
    changed += 1
    if (difference > maxAbs) maxAbs = difference
    sum += difference
    squares += difference * difference
  }
  const peak = a.BYTES_PER_ELEMENT === 2 ? 65535 : 255
  return { samples, changed, maxAbs, meanAbs: sum / samples, psnr: 10 * Math.log10((peak * peak * samples) / squares) }
}

/**
 * Counts the samples that differ between two pictures of equal layout wherever `allowed` is 0 (and everywhere
 * outside its window). 0 is what an edit must give.
 *
 * @throws EngineError verify/layout when size, channels or depth differ
 */
export function countChangedOutside(source: Picture, result: Picture, allowed: WindowMask): number {
  if (source.width !== result.width || source.height !== result.height || source.channels !== result.channels || source.depth !== result.depth) throw layoutError()
  const { width, height, channels } = source
  const window = intersectBoxes(allowed.box, wholeBox(source))
  const [before, after] = [bytesOf(source.samples), bytesOf(result.samples)]
  const rowBytes = width * channels * source.samples.BYTES_PER_ELEMENT
  const pixelBytes = channels * source.samples.BYTES_PER_ELEMENT
  let changed = 0
  const scan = (fromByte: number, toByte: number): void => {
    // memcmp first: nearly every run is equal, and then no sample needs to be looked at
    if (toByte <= fromByte || before.compare(after, fromByte, toByte, fromByte, toByte) === 0) return
    const step = source.samples.BYTES_PER_ELEMENT
    for (let i = fromByte / step; i < toByte / step; i++) if (source.samples[i] !== result.samples[i]) changed += 1
  }
  if (window.width === 0 || window.height === 0) {
    scan(0, height * rowBytes)
    return changed
  }
  scan(0, window.y * rowBytes)
  for (let y = window.y; y < window.y + window.height; y++) {
    scan(y * rowBytes, y * rowBytes + window.x * pixelBytes)
    const maskRow = (y - allowed.box.y) * allowed.box.width - allowed.box.x
    let runStart = -1
    for (let x = window.x; x <= window.x + window.width; x++) {
      const outside = x < window.x + window.width && allowed.data[maskRow + x] === 0
      if (outside && runStart < 0) runStart = x
      if (!outside && runStart >= 0) {
        scan(y * rowBytes + runStart * pixelBytes, y * rowBytes + x * pixelBytes)
        runStart = -1
      }
    }
    scan(y * rowBytes + (window.x + window.width) * pixelBytes, (y + 1) * rowBytes)
  }
  scan((window.y + window.height) * rowBytes, height * rowBytes)
  return changed
}

/**
 * {@link countChangedOutside} as an assertion.
 * @throws EngineError verify/changed-outside when a single sample changed
 */
export function assertUnchangedOutside(source: Picture, result: Picture, allowed: WindowMask): void {
  const changed = countChangedOutside(source, result, allowed)
  if (changed > 0) throw failed('verify/changed-outside', `Expected no sample to change outside the mask but ${changed} did; the result was not written, please report it.`)
}

/**
 * Counts the samples of `source` that are not found unchanged at `place` in a larger `result` (outpaint).
 * @param except samples under a non-zero value of this mask (in the result's coordinates) are not counted
 */
export function countChangedInside(source: Picture, result: Picture, place: Box, except?: WindowMask): number {
  if (source.channels !== result.channels || source.depth !== result.depth || place.width !== source.width || place.height !== source.height) throw layoutError()
  const { channels } = source
  let changed = 0
  for (let y = 0; y < source.height; y++) {
    const from = y * source.width * channels
    const to = ((y + place.y) * result.width + place.x) * channels
    for (let x = 0; x < source.width; x++) {
      if (except && maskAt(except, x + place.x, y + place.y) > 0) continue
      for (let c = 0; c < channels; c++) if (source.samples[from + x * channels + c] !== result.samples[to + x * channels + c]) changed += 1
    }
  }
  return changed
}

function maskAt(mask: WindowMask, x: number, y: number): number {
  const { box } = mask
  if (x < box.x || y < box.y || x >= box.x + box.width || y >= box.y + box.height) return 0
  return mask.data[(y - box.y) * box.width + x - box.x]!
}

function bytesOf(samples: Samples): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)
}

function layoutError(): Error {
  return failed('verify/layout', 'Expected two pictures of the same size, channels and depth to compare.')
}

/**
 * Mean step of neighbouring pixels across the border of a mask, in 0..1 of the sample range: how visible a
 * seam is. Compare a result's with its source's at the same border.
 */
export function borderStep(picture: Picture, mask: WindowMask): number {
  const { width, height, channels, samples } = picture
  const colours = channels <= 2 ? 1 : 3
  const peak = picture.depth === 16 ? 65535 : 255
  let [sum, pairs] = [0, 0]
  const add = (x: number, y: number, u: number, v: number): void => {
    if (u >= width || v >= height || maskAt(mask, x, y) > 0 === maskAt(mask, u, v) > 0) return
    const [a, b] = [(y * width + x) * channels, (v * width + u) * channels]
    for (let c = 0; c < colours; c++) sum += Math.abs(samples[a + c]! - samples[b + c]!)
    pairs += colours
  }
  const window = intersectBoxes({ x: mask.box.x - 1, y: mask.box.y - 1, width: mask.box.width + 2, height: mask.box.height + 2 }, wholeBox(picture))
  for (let y = window.y; y < window.y + window.height; y++) {
    for (let x = window.x; x < window.x + window.width; x++) {
      add(x, y, x + 1, y)
      add(x, y, x, y + 1)
    }
  }
  return pairs > 0 ? sum / pairs / peak : 0
}
