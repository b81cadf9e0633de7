/** Where and how much two pictures differ: for the history's compare, for the proof, and for cutting out a patch. */
import { badInput } from '../errors.ts'
import { sameSpace } from '../image/colour.ts'
import type { Box } from '../image/geometry.ts'
import type { Mask } from '../image/mask.ts'
import { allocateSamples, maxSample, pictureFromSamples, type Picture, type Samples } from '../image/picture.ts'
import { spaceOfPicture, toSpace } from './workingSpace.ts'

/** Two pictures of one layout. */
export interface Pair {
  readonly a: Picture
  readonly b: Picture
  /** false when one had to be converted (profile, depth or channels differ) and single steps mean little */
  readonly exact: boolean
}

/**
 * Two pictures brought to one layout: `a`'s profile; 16 bits, colour or alpha when either has them.
 * @throws EngineError difference/size (exit 2)
 */
export async function alignPictures(a: Picture, b: Picture): Promise<Pair> {
  if (a.width !== b.width || a.height !== b.height) {
    throw badInput('difference/size', { thing: b.path, expected: `a picture of ${a.width} x ${a.height} pixels like ${a.path}`, found: `${b.width} x ${b.height}`, todo: 'compare pictures of one size' })
  }
  const space = spaceOfPicture(a.channels >= 3 || b.channels <= 2 ? a : b)
  if (a.channels === b.channels && a.depth === b.depth && sameSpace(spaceOfPicture(a), spaceOfPicture(b))) return { a, b, exact: true }
  const [left, right] = [await toSpace(a, space), await toSpace(b, space)]
  const depth = left.samples instanceof Uint16Array || right.samples instanceof Uint16Array ? 16 : 8
  const channels = (space.colours + (a.hasAlpha || b.hasAlpha ? 1 : 0)) as 1 | 2 | 3 | 4
  const widened = (plane: { samples: Samples; channels: number }, picture: Picture): Picture =>
    pictureFromSamples(widen(plane.samples, plane.channels, channels, depth), { width: a.width, height: a.height, channels }, { path: picture.path, metadata: space.icc ? { icc: space.icc } : {} })
  return { a: widened(left, a), b: widened(right, b), exact: false }
}

/** More bits (x257) and an opaque alpha channel where they are missing. */
function widen(samples: Samples, from: number, to: number, depth: 8 | 16): Samples {
  const scale = depth === 16 && samples instanceof Uint8Array ? 257 : 1
  if (from === to && scale === 1) return samples
  const result = allocateSamples(depth, (samples.length / from) * to)
  for (let at = 0, source = 0; at < result.length; at += to, source += from) {
    for (let c = 0; c < to; c++) result[at + c] = c < from ? samples[source + c]! * scale : maxSample(depth)
  }
  return result
}

/** How two pictures differ. Samples are counted, not pixels, unless said. */
export interface Difference {
  readonly changedPixels: number
  readonly changedSamples: number
  /** largest difference in sample steps of the common depth */
  readonly largest: number
  /** decibels; null when nothing differs */
  readonly psnr: number | null
  /** around every pixel that differs; null when none does */
  readonly box: Box | null
  /** samples that differ where the mask is 0; null without a mask */
  readonly changedOutside: number | null
}

/** Compares two pictures of one layout; see {@link alignPictures}. */
export function measureDifference(a: Picture, b: Picture, mask: Mask | null = null): Difference {
  const { width, height, channels } = a
  const [left, right] = [a.samples, b.samples]
  let [changedPixels, changedSamples, largest, squares, outside] = [0, 0, 0, 0, 0]
  let [x0, y0, x1, y1] = [width, height, -1, -1]
  const line = width * channels
  for (let y = 0; y < height; y++) {
    if (sameRow(left, right, y * line, line)) continue
    for (let x = 0, at = y * line; x < width; x++, at += channels) {
      let changed = 0
      for (let c = 0; c < channels; c++) {
        const step = Math.abs(left[at + c]! - right[at + c]!)
        if (step === 0) continue
        changed += 1
        squares += step * step
        if (step > largest) largest = step
      }
      if (changed === 0) continue
      changedPixels += 1
      changedSamples += changed
      if (mask && mask.data[y * width + x] === 0) outside += changed
      if (x < x0) x0 = x
      if (x > x1) x1 = x
      if (y < y0) y0 = y
      y1 = y
    }
  }
  return {
    changedPixels,
    changedSamples,
    largest,
    psnr: changedSamples === 0 ? null : 10 * Math.log10((maxSample(a.depth) ** 2 * left.length) / squares),
    box: changedPixels === 0 ? null : { x: x0, y: y0, width: x1 - x0 + 1, height: y1 - y0 + 1 },
    changedOutside: mask ? outside : null,
  }
}

/** memcmp of a row: most rows of an edit are equal. */
function sameRow(a: Samples, b: Samples, from: number, count: number): boolean {
  const bytes = (samples: Samples): Buffer => Buffer.from(samples.buffer, samples.byteOffset + from * samples.BYTES_PER_ELEMENT, count * samples.BYTES_PER_ELEMENT)
  return bytes(a).equals(bytes(b))
}

/** 255 where any sample of a pixel in the box differs, else 0. */
export function changedMask(a: Picture, b: Picture, box: Box): Mask {
  const data = new Uint8Array(box.width * box.height)
  const { width, channels } = a
  for (let y = 0; y < box.height; y++) {
    for (let x = 0; x < box.width; x++) {
      const at = ((box.y + y) * width + box.x + x) * channels
      for (let c = 0; c < channels; c++) if (a.samples[at + c] !== b.samples[at + c]) data[y * box.width + x] = 255
    }
  }
  return { width: box.width, height: box.height, data }
}

/**
 * A picture of the differences: black where nothing differs, from dark grey for a single step to white for the largest
 * possible one (square root, so that small ones can be seen). The largest channel counts.
 */
export function differencePicture(a: Picture, b: Picture): Picture {
  const { width, height, channels } = a
  const top = maxSample(a.depth)
  const samples = new Uint8Array(width * height)
  const shade = Uint8Array.from({ length: 256 }, (_, i) => Math.round(48 + 207 * Math.sqrt(i / 255)))
  for (let i = 0, at = 0; i < samples.length; i++, at += channels) {
    let most = 0
    for (let c = 0; c < channels; c++) most = Math.max(most, Math.abs(a.samples[at + c]! - b.samples[at + c]!))
    if (most > 0) samples[i] = shade[Math.round((most / top) * 255)]!
  }
  return pictureFromSamples(samples, { width, height, channels: 1 })
}

/** A crop with the picture's own samples, and of its metadata only what says what the samples mean. */
export function cropPicture(picture: Picture, box: Box): Picture {
  const { width, channels, depth, metadata } = picture
  const samples = allocateSamples(depth, box.width * box.height * channels)
  for (let y = 0; y < box.height; y++) {
    const from = ((box.y + y) * width + box.x) * channels
    samples.set(picture.samples.subarray(from, from + box.width * channels), y * box.width * channels)
  }
  return pictureFromSamples(samples, { width: box.width, height: box.height, channels }, { path: picture.path, metadata: metadata.icc ? { icc: metadata.icc } : {} })
}
