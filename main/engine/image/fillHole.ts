/**
 * Filling holes of pictures from the pictures themselves: `remove`, and what an outpainting starts from. Works
 * on the picture's own samples (every channel, alpha too), so nothing is converted and a copy is a copy.
 *
 * The search sees a crop around the hole. Where that is larger than a limit, the search runs on a reduced crop
 * and only says where each pixel is copied from; the copying itself is always done at full resolution.
 */
import { throwIfCancelled } from '../errors.ts'
import { boundsOf } from './cropPlan.ts'
import { intersectBoxes, wholeBox, type Box } from './geometry.ts'
import { windowOf, type WindowMask } from './mask.ts'
import { patchMatchFill, type Filled } from './patchMatch.ts'
import { copyPicture, maxSample, type Picture } from './picture.ts'

/** Options of {@link fillHole}. */
export interface FillHoleOptions {
  readonly seed?: number
  /** largest crop that is searched at full resolution, in pixels; default 1,600,000 */
  readonly maxPixels?: number
  readonly signal?: AbortSignal
  /** called with values from 0 to 1 */
  readonly onProgress?: (share: number) => void
}

/** Context around the hole: its larger side times this, within bounds. */
const CONTEXT = 0.9
const CONTEXT_BOUNDS = [96, 420] as const

/**
 * Fills what `mask` covers and blends it in by the mask's values; nothing is written where they are 0.
 *
 * @returns a new picture; the source is untouched
 * @throws EngineError fill/no-source when too little of the picture is left to copy from; CancelledError
 */
export async function fillHole(source: Picture, mask: WindowMask, options: FillHoleOptions = {}): Promise<Picture> {
  const result = copyPicture(source)
  const hole = boundsOf(mask)
  if (hole.width === 0) return result
  const box = contextBox(source, hole)
  const limit = options.maxPixels ?? 1_600_000
  const reduction = Math.max(1, Math.ceil(Math.sqrt((box.width * box.height) / limit)))
  const size = { width: Math.ceil(box.width / reduction), height: Math.ceil(box.height / reduction), channels: source.channels }
  const holes = reduceMask(windowOf(mask, box), reduction, size)
  const filled = await patchMatchFill(reduceSamples(source, box, reduction, size, holes), size, holes, {
    seed: options.seed ?? 0,
    otherSizes: reduction === 1,
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  })
  throwIfCancelled(options.signal)
  if (reduction === 1) writeFilled(result, filled, box, mask)
  else writeCopies(source, result, filled, size, box, reduction, mask)
  return result
}

/** The crop that is searched. */
export function contextBox(picture: { width: number; height: number }, hole: Box): Box {
  const context = Math.round(Math.min(CONTEXT_BOUNDS[1], Math.max(CONTEXT_BOUNDS[0], CONTEXT * Math.max(hole.width, hole.height))))
  // at a border of the picture the context is missing on that side: take it on the other
  const along = (start: number, length: number, limit: number): [number, number] => {
    const span = Math.min(limit, length + 2 * context)
    return [Math.min(limit - span, Math.max(0, start - Math.floor((span - length) / 2))), span]
  }
  const [x, width] = along(hole.x, hole.width, picture.width)
  const [y, height] = along(hole.y, hole.height, picture.height)
  return intersectBoxes({ x, y, width, height }, wholeBox(picture))
}

/** 1 where any pixel of the cell is under the mask. */
function reduceMask(window: WindowMask, reduction: number, size: { width: number; height: number }): Uint8Array {
  const { width, height } = window.box
  const result = new Uint8Array(size.width * size.height)
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / reduction) * size.width
    for (let x = 0; x < width; x++) if (window.data[y * width + x]) result[row + Math.floor(x / reduction)] = 1
  }
  return result
}

/** Interleaved means of the cells, 0..1; cells of the hole hold 0. */
function reduceSamples(source: Picture, box: Box, reduction: number, size: { width: number; height: number; channels: number }, holes: Uint8Array): Float32Array {
  const { samples, channels } = source
  const top = maxSample(source.depth)
  const result = new Float32Array(size.width * size.height * channels)
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const at = y * size.width + x
      if (holes[at]) continue
      const [right, bottom] = [Math.min(box.width, (x + 1) * reduction), Math.min(box.height, (y + 1) * reduction)]
      let count = 0
      for (let v = y * reduction; v < bottom; v++) {
        for (let u = x * reduction; u < right; u++) {
          const from = ((box.y + v) * source.width + box.x + u) * channels
          for (let c = 0; c < channels; c++) result[at * channels + c]! += samples[from + c]!
          count += 1
        }
      }
      for (let c = 0; c < channels; c++) result[at * channels + c]! /= count * top
    }
  }
  return result
}

function writeFilled(result: Picture, filled: Filled, box: Box, mask: WindowMask): void {
  blendInto(result, box, mask, (x, y, c) => filled.picture[(y * box.width + x) * result.channels + c]!)
}

/** Copies at full resolution by the shifts found on the reduced crop, tones evened out by the enlarged correction. */
function writeCopies(source: Picture, result: Picture, filled: Filled, size: { width: number; height: number }, box: Box, reduction: number, mask: WindowMask): void {
  const { channels, samples } = source
  const top = maxSample(source.depth)
  const place = (x: number, y: number): number => {
    const cell = Math.floor(y / reduction) * size.width + Math.floor(x / reduction)
    const from = filled.proposals[cell]!
    if (from < 0) return ((box.y + y) * source.width + box.x + x) * channels
    const sx = Math.min(box.width - 1, (from % size.width) * reduction + (x % reduction))
    const sy = Math.min(box.height - 1, Math.floor(from / size.width) * reduction + (y % reduction))
    return ((box.y + sy) * source.width + box.x + sx) * channels
  }
  blendInto(result, box, mask, (x, y, c) => samples[place(x, y) + c]! / top + bilinear(filled.correction, size, channels, c, (x + 0.5) / reduction - 0.5, (y + 0.5) / reduction - 0.5))
}

function bilinear(values: Float32Array, size: { width: number; height: number }, channels: number, c: number, u: number, v: number): number {
  const [x, y] = [Math.min(size.width - 1, Math.max(0, u)), Math.min(size.height - 1, Math.max(0, v))]
  const [left, upper] = [Math.floor(x), Math.floor(y)]
  const [right, lower] = [Math.min(size.width - 1, left + 1), Math.min(size.height - 1, upper + 1)]
  const at = (column: number, row: number): number => values[(row * size.width + column) * channels + c]!
  const above = at(left, upper) + (at(right, upper) - at(left, upper)) * (x - left)
  const below = at(left, lower) + (at(right, lower) - at(left, lower)) * (x - left)
  return above + (below - above) * (y - upper)
}

/** Blends values 0..1 of crop coordinates into all channels by the mask. */
function blendInto(result: Picture, box: Box, mask: WindowMask, value: (x: number, y: number, channel: number) => number): void {
  const { channels, samples } = result
  const top = maxSample(result.depth)
  const alphas = windowOf(mask, box).data
  for (let y = 0; y < box.height; y++) {
    for (let x = 0; x < box.width; x++) {
      const alpha = alphas[y * box.width + x]!
      if (alpha === 0) continue
      const at = ((box.y + y) * result.width + box.x + x) * channels
      for (let c = 0; c < channels; c++) {
        const before = samples[at + c]!
        const after = value(x, y, c) * top
        samples[at + c] = Math.min(top, Math.max(0, Math.round(alpha === 255 ? after : before + (alpha / 255) * (after - before))))
      }
    }
  }
}
