/**
 * Masks: white = change. A full mask has the picture's size; a window mask holds the part that is not 0, so
 * that nothing below works on 24 megapixels for a small edit. A picture's alpha is never a mask.
 */
import { badInput } from '../errors.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { openPicture, type OpenOptions } from './codec.ts'
import { intersectBoxes, wholeBox, widenBox, type Box } from './geometry.ts'
import { dilate, erode, gaussian, squaredDistances, type Plane } from './morphology.ts'
import type { Picture } from './picture.ts'
import { resizeNearest, resizePlanes } from './resize.ts'

/** A mask of a whole picture: 255 = change, 0 = keep, between = change partly. */
export interface Mask extends Plane {}

/** Mask values of a box of the picture; everything outside the box is 0. */
export interface WindowMask {
  readonly box: Box
  /** box.width * box.height values */
  readonly data: Uint8Array
}

/** Values up to this are read as 0, and as far below 255 as 255: JPEG noise around strokes is no wish. */
const NOISE = 8

/** Options of {@link loadMask}. */
export interface LoadMaskOptions extends OpenOptions {
  /** scale a mask of another size to the picture's */
  readonly resize?: boolean
}

/**
 * Loads a mask file for a picture of `size`: grey or RGB (Rec. 601 luma), any depth; alpha is ignored.
 *
 * @throws EngineError mask/size when the size differs and `resize` is not set, mask/black when nothing is
 *   white, and what {@link openPicture} throws
 */
export async function loadMask(file: string, size: { width: number; height: number }, options: LoadMaskOptions = {}): Promise<Mask> {
  const picture = await openPicture(file, options)
  let mask = maskFromPicture(picture)
  if (mask.width !== size.width || mask.height !== size.height) {
    if (!options.resize) {
      const turned = mask.width === size.height && mask.height === size.width
      throw badInput('mask/size', {
        thing: file,
        expected: `a mask of ${size.width} x ${size.height} pixels, the size of the picture${turned ? ' as it is shown upright' : ''}`,
        found: `${mask.width} x ${mask.height}`,
        todo: 'use --resize-mask to scale it',
      })
    }
    mask = resizeMask(mask, size)
  }
  assertNotBlack(mask, file, picture.hasAlpha)
  return mask
}

/** The mask that a picture shows: luma of its colours, noise near black and white rounded off. */
export function maskFromPicture(picture: Pick<Picture, 'samples' | 'channels' | 'width' | 'height' | 'depth'>): Mask {
  const { samples, channels, width, height } = picture
  const scale = picture.depth === 16 ? 1 / 257 : 1
  const rounded = (luma: number): number => {
    const value = Math.round(luma * scale)
    return value <= NOISE ? 0 : value >= 255 - NOISE ? 255 : value
  }
  const data = new Uint8Array(width * height)
  if (channels <= 2) {
    const table = Uint8Array.from({ length: picture.depth === 16 ? 65536 : 256 }, (_, value) => rounded(value))
    for (let i = 0, at = 0; i < data.length; i++, at += channels) data[i] = table[samples[at]!]!
  } else {
    for (let i = 0, at = 0; i < data.length; i++, at += channels) data[i] = rounded(0.299 * samples[at]! + 0.587 * samples[at + 1]! + 0.114 * samples[at + 2]!)
  }
  return { width, height, data }
}

/**
 * @throws EngineError mask/black when every value is 0
 */
export function assertNotBlack(mask: Mask, file: string, hasAlpha = false): void {
  if (maskBounds(mask)) return
  throw badInput('mask/black', {
    thing: file,
    expected: 'a mask that is white where the picture is to change',
    found: hasAlpha ? 'one that is black everywhere (its transparency is not used)' : 'one that is black everywhere',
    todo: 'paint the part to change in white',
  })
}

/** A mask scaled to another size (area down, bilinear up). */
export function resizeMask(mask: Mask, size: { width: number; height: number }): Mask {
  const plane = Float32Array.from(mask.data)
  const down = size.width * size.height < mask.width * mask.height
  const resized = resizePlanes(plane, { width: mask.width, height: mask.height, channels: 1 }, size, down ? 'area' : 'bilinear')
  return { ...size, data: Uint8Array.from(resized, (value) => Math.round(Math.min(255, Math.max(0, value)))) }
}

/** The smallest box around all non-zero values, or null for an empty mask. */
export function maskBounds(mask: Plane): Box | null {
  const { width, height, data } = mask
  let [left, right, top, bottom] = [width, -1, -1, -1]
  const empty = Buffer.alloc(width)
  for (let y = 0; y < height; y++) {
    const row = y * width
    if (empty.equals(data.subarray(row, row + width))) continue
    let first = 0
    while (data[row + first] === 0) first += 1
    let last = width - 1
    while (data[row + last] === 0) last -= 1
    if (top < 0) top = y
    bottom = y
    if (first < left) left = first
    if (last > right) right = last
  }
  return bottom < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }
}

/** The part of a mask inside `box`; parts of the box outside the mask hold 0. */
export function windowOf(mask: Mask | WindowMask, box: Box): WindowMask {
  const source = 'box' in mask ? mask.box : { x: 0, y: 0, width: mask.width, height: mask.height }
  const common = intersectBoxes(box, source)
  const data = new Uint8Array(box.width * box.height)
  if (common.width === 0 || common.height === 0) return { box, data }
  for (let y = common.y; y < common.y + common.height; y++) {
    const from = (y - source.y) * source.width + common.x - source.x
    data.set(mask.data.subarray(from, from + common.width), (y - box.y) * box.width + common.x - box.x)
  }
  return { box, data }
}

/** The full mask of a window, for showing it. */
export function fullMask(window: WindowMask, size: { width: number; height: number }): Mask {
  const { data } = windowOf(window, wholeBox(size))
  return { width: size.width, height: size.height, data }
}

/** Lengths in pixels of the picture; see {@link editMasks}. */
export interface MaskShape {
  /** the mask grows by this before anything else (negative shrinks it) */
  readonly grow: number
  /** width of the soft edge, laid outside the grown mask */
  readonly feather: number
  /** width of the blend ring outside the soft edge */
  readonly ring: number
}

/** The two masks of an edit, on one window. */
export interface EditMasks {
  /** feather(grow(mask)): how much the model may change; 255 on all of the grown mask */
  readonly effective: WindowMask
  /**
   * how much of the result is the new patch: 255 wherever `effective` is not 0, falling to 0 within the ring.
   * Samples where this is 0 never change; it is the mask that the verification takes.
   */
  readonly blend: WindowMask
}

/**
 * Makes the effective mask and the wider blend mask. The soft edge lies outside the grown mask (dilated by
 * half its width, then blurred by a gaussian cut off at that radius), so that what a person painted white stays fully
 * white; its support ends exactly `grow + feather` pixels from the mask, the blend mask's `ring` further.
 *
 * @returns null when nothing is left (a shrunk mask)
 */
export function editMasks(mask: Mask, shape: MaskShape): EditMasks | null {
  const bounds = maskBounds(mask)
  if (!bounds) return null
  const reach = Math.ceil(Math.max(0, shape.grow)) + Math.ceil(shape.feather) + Math.ceil(shape.ring) + 2
  const box = intersectBoxes(widenBox(bounds, reach), wholeBox(mask))
  const cut = windowOf(mask, box)
  let plane: Plane = { width: box.width, height: box.height, data: cut.data }
  if (shape.grow > 0) plane = dilate(plane, shape.grow)
  else if (shape.grow < 0) plane = erode(plane, -shape.grow)
  if (!plane.data.some((value) => value > 0)) return null
  const effective = featherPlane(plane, shape.feather)
  return { effective: { box, data: effective.data }, blend: { box, data: blendRing(effective, shape.ring).data } }
}

/** Softens the edge of a plane outwards by `width` pixels; values inside keep theirs. */
export function featherPlane(plane: Plane, width: number): Plane {
  const half = Math.floor(width / 2)
  if (half < 1) return { ...plane, data: plane.data.slice() }
  const blurred = blurRepeatingEdges(dilate(plane, half), half)
  const distances = squaredDistances(plane)
  return {
    ...plane,
    data: blurred.map((value, i) => (distances[i]! > width * width ? 0 : Math.max(value, plane.data[i]!))),
  }
}

/** Gaussian of radius `reach`; the picture's border repeats, else a mask that touches it would fade there. */
function blurRepeatingEdges(plane: Plane, reach: number): Uint8Array {
  const [width, height] = [plane.width + 2 * reach, plane.height + 2 * reach]
  const padded = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    const row = Math.min(plane.height - 1, Math.max(0, y - reach)) * plane.width
    const at = y * width
    padded.fill(plane.data[row]!, at, at + reach)
    padded.set(plane.data.subarray(row, row + plane.width), at + reach)
    padded.fill(plane.data[row + plane.width - 1]!, at + reach + plane.width, at + width)
  }
  const blurred = gaussian({ width, height, data: padded }, reach).data
  const result = new Uint8Array(plane.width * plane.height)
  for (let y = 0; y < plane.height; y++) result.set(blurred.subarray((y + reach) * width + reach, (y + reach) * width + reach + plane.width), y * plane.width)
  return result
}

/** 255 on the support of `plane`, falling as a raised cosine to 0 over `ring` pixels outside it. */
export function blendRing(plane: Plane, ring: number): Plane {
  const support: Plane = { ...plane, data: plane.data.map((value) => (value > 0 ? 255 : 0)) }
  if (ring < 1) return support
  const fall = Uint8Array.from({ length: Math.ceil(ring) ** 2 + 1 }, (_, squared) => {
    const part = Math.sqrt(squared) / (ring + 1)
    // never rounded to 0 inside the ring: blend > 0 is by definition where samples may change
    return part >= 1 ? 0 : Math.max(1, Math.round(255 * (0.5 + 0.5 * Math.cos(Math.PI * part))))
  })
  const distances = squaredDistances(support)
  const limit = ring * ring
  return { ...plane, data: support.data.map((value, i) => (value > 0 ? 255 : distances[i]! <= limit ? fall[distances[i]!]! : 0)) }
}

/** How a mask becomes one value per latent pixel (8 x 8 pixels). */
export type LatentMaskMethod =
  /** top-left pixel of each block, as diffusers (torch `nearest`): for parity */
  | 'nearest'
  /** mean of each block: for soft masks */
  | 'area'
  /** largest of each block: no white pixel is ever lost */
  | 'max'

/**
 * A plane of mask values at latent resolution, 0..1.
 * @param binarise values >= 0.5 become 1, others 0 (before reduction, as diffusers does for inpaint checkpoints)
 * @returns [1,1,ceil(h/factor),ceil(w/factor)]
 */
export function maskToLatent(mask: Plane, options: { method: LatentMaskMethod; factor?: number; binarise?: boolean }): Tensor<'1 1 h/8 w/8'> {
  const factor = options.factor ?? 8
  const values = Float32Array.from(mask.data, (value) => (options.binarise ? (value >= 127.5 ? 1 : 0) : value / 255))
  const [width, height] = [Math.ceil(mask.width / factor), Math.ceil(mask.height / factor)]
  if (options.method === 'nearest') return { data: resizeNearest(values, mask, { width, height }), dims: [1, 1, height, width] }
  const data = new Float32Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [sum, count, largest] = [0, 0, 0]
      for (let v = y * factor; v < Math.min(mask.height, (y + 1) * factor); v++) {
        for (let u = x * factor; u < Math.min(mask.width, (x + 1) * factor); u++) {
          const value = values[v * mask.width + u]!
          sum += value
          count += 1
          if (value > largest) largest = value
        }
      }
      data[y * width + x] = options.method === 'max' ? largest : sum / count
    }
  }
  return { data, dims: [1, 1, height, width] }
}
