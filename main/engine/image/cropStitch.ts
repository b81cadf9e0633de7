/**
 * From a picture to what the model sees, and back: only the crop becomes sRGB floating point; the patch goes
 * back into the picture's own profile and depth and is blended into integer samples by the soft mask. Samples
 * where the blend mask is 0 are not written at all.
 */
import { failed } from '../errors.ts'
import type { Pixels } from '../tensor/tensor.ts'
import { ringColourMatch, type ColourMatchReport } from './colourMatch.ts'
import { fromSrgb, toSrgb } from './colour.ts'
import { boundsOf, type CropPlan, type RefinePlan, type Size } from './cropPlan.ts'
import { intersectBoxes, wholeBox, type Box } from './geometry.ts'
import { windowOf, type EditMasks, type WindowMask } from './mask.ts'
import { squaredDistances, type Plane } from './morphology.ts'
import { colourChannels, copyPicture, maxSample, type Picture } from './picture.ts'
import { cutPlanes, resizePlanes } from './resize.ts'

/**
 * A box of the picture as the model wants it: sRGB in [-1,1], [1,3,height,width]. The box may reach outside
 * the picture, where the edge repeats. Alpha is left out.
 */
export async function cropPixels(picture: Picture, box: Box, size: Size): Promise<Pixels> {
  const planes = await cropSrgb(picture, box, size)
  for (let i = 0; i < planes.length; i++) planes[i] = planes[i]! * 2 - 1
  return { data: planes, dims: [1, 3, size.height, size.width] }
}

/** Like {@link cropPixels} as planes [3,h,w] in 0..1. */
export async function cropSrgb(picture: Picture, box: Box, size: Size): Promise<Float32Array> {
  const channels = colourChannels(picture)
  const own = cutPlanes(picture.samples, picture, box, size, channels)
  for (let i = 0; i < own.length; i++) own[i] = Math.min(1, Math.max(0, own[i]!))
  return toSrgb(own, { ...size, channels }, picture.metadata.icc)
}

/**
 * A window mask as the model sees it: the part under `box`, scaled to `size` (area down, bilinear up). Outside
 * the picture it is white, since there is nothing to keep.
 */
export function cropMask(window: WindowMask, picture: Size, box: Box, size: Size): Plane {
  const cut = windowOf(window, box)
  const seen = intersectBoxes(box, wholeBox(picture))
  const values = new Float32Array(box.width * box.height).fill(255)
  for (let y = seen.y; y < seen.y + seen.height; y++) {
    const at = (y - box.y) * box.width + seen.x - box.x
    for (let x = 0; x < seen.width; x++) values[at + x] = cut.data[at + x]!
  }
  const down = size.width < box.width
  const resized = resizePlanes(values, { width: box.width, height: box.height, channels: 1 }, size, down ? 'area' : 'bilinear')
  return { width: size.width, height: size.height, data: Uint8Array.from(resized, (value) => Math.round(Math.min(255, Math.max(0, value)))) }
}

/** Options of {@link stitch}. */
export interface StitchOptions {
  /** match the patch's colours on the ring; default true */
  readonly colourMatch?: boolean
}

/** A stitched edit. */
export interface Stitched {
  /** a new picture; the source is untouched */
  readonly picture: Picture
  readonly colourMatch: ColourMatchReport | null
}

/**
 * Puts a generated patch into a copy of the picture.
 *
 * @param generated sRGB in [-1,1] (clamped here) at the plan's model size, its box's size, or its refinement
 *   canvas' size: [1,3,h,w]
 * @throws EngineError stitch/size when the patch has another size
 */
export async function stitch(source: Picture, plan: CropPlan, masks: EditMasks, generated: Pixels, options: StitchOptions = {}): Promise<Stitched> {
  const { box } = plan
  let patch = patchAtBox(plan, generated)
  let report: ColourMatchReport | null = null
  if (options.colourMatch ?? true) {
    const original = await cropSrgb(source, box, box)
    const matched = ringColourMatch(patch, original, matchRing(masks, plan), box)
    patch = matched.planes
    report = matched.report
  }
  const result = copyPicture(source)
  const touched = intersectBoxes(intersectBoxes(boundsOf(masks.blend), box), wholeBox(source))
  if (touched.width > 0 && touched.height > 0) {
    const part = cutWindow(patch, box, touched)
    for (let i = 0; i < part.length; i++) part[i] = Math.min(1, Math.max(0, part[i]!))
    const channels = colourChannels(source)
    const own = await fromSrgb(part, { width: touched.width, height: touched.height, channels }, source.metadata.icc)
    blendPlanes(result, own, touched, masks.blend)
  }
  return { picture: result, colourMatch: report }
}

/**
 * Blends planes of the picture's own space (0..1, [colours,h,w]) into its samples, in place:
 * sample + alpha * (plane - sample), rounded; alpha = mask / 255. Nothing is written where the mask is 0.
 *
 * @param channels planes given, from the first channel on; all channels of the picture when alpha is included
 */
export function blendPlanes(picture: Picture, planes: Float32Array, box: Box, mask: WindowMask, channels: number = colourChannels(picture)): void {
  const { samples, width } = picture
  const top = maxSample(picture.depth)
  const plane = box.width * box.height
  const alphas = windowOf(mask, box).data
  for (let y = 0; y < box.height; y++) {
    for (let x = 0; x < box.width; x++) {
      const i = y * box.width + x
      const alpha = alphas[i]!
      if (alpha === 0) continue
      const at = ((box.y + y) * width + box.x + x) * picture.channels
      for (let c = 0; c < channels; c++) {
        const before = samples[at + c]!
        const value = planes[c * plane + i]! * top
        samples[at + c] = Math.min(top, Math.max(0, Math.round(alpha === 255 ? value : before + (alpha / 255) * (value - before))))
      }
    }
  }
}

/**
 * Blends refined tiles over the enlarged first result: raised cosines over the overlap at sides with a
 * neighbouring tile; where no tile lies, the base stays.
 *
 * @param base the first result at the canvas' size [1,3,h,w]
 * @param tiles one picture per tile of the plan, [1,3,h,w]
 */
export function blendTiles(plan: RefinePlan, base: Pixels, tiles: readonly Pixels[]): Pixels {
  const { width, height } = plan.box
  const plane = width * height
  const sums = new Float32Array(plane * 3)
  const weights = new Float32Array(plane)
  plan.tiles.forEach((tile, index) => {
    const { data } = tiles[index]!
    const [across, down] = [rampWeights(tile.x, tile.width, width, plan.overlap), rampWeights(tile.y, tile.height, height, plan.overlap)]
    for (let y = 0; y < tile.height; y++) {
      for (let x = 0; x < tile.width; x++) {
        const weight = across[x]! * down[y]!
        const at = (tile.y + y) * width + tile.x + x
        weights[at]! += weight
        for (let c = 0; c < 3; c++) sums[c * plane + at]! += weight * data[(c * tile.height + y) * tile.width + x]!
      }
    }
  })
  for (let i = 0; i < plane; i++) {
    const weight = weights[i]!
    for (let c = 0; c < 3; c++) sums[c * plane + i] = weight > 0 ? sums[c * plane + i]! / weight : base.data[c * plane + i]!
  }
  return { data: sums, dims: [1, 3, height, width] }
}

/** The first result enlarged to the refinement canvas: what the tiles start from. [-1,1] */
export function enlargeForRefinement(plan: CropPlan & { readonly refine: RefinePlan }, generated: Pixels): Pixels {
  const { box } = plan.refine
  const atBox = resizePlanes(generated.data, { ...plan.model, channels: 3 }, plan.box)
  if (box.width === plan.box.width && box.height === plan.box.height) return { data: atBox, dims: [1, 3, box.height, box.width] }
  const data = new Float32Array(3 * box.width * box.height)
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < box.height; y++) {
      const row = (c * plan.box.height + Math.min(plan.box.height - 1, y)) * plan.box.width
      for (let x = 0; x < box.width; x++) data[(c * box.height + y) * box.width + x] = atBox[row + Math.min(plan.box.width - 1, x)]!
    }
  }
  return { data, dims: [1, 3, box.height, box.width] }
}

/** Cuts a tile out of the canvas: [1,3,h,w]. */
export function cutTile(canvas: Pixels, plan: RefinePlan, tile: Box): Pixels {
  return { data: cutWindow(canvas.data, { ...plan.box, x: 0, y: 0 }, tile), dims: [1, 3, tile.height, tile.width] }
}

function rampWeights(start: number, length: number, total: number, overlap: number): Float32Array {
  const weights = new Float32Array(length).fill(1)
  const ramp = Math.min(overlap, length)
  for (let i = 0; i < ramp; i++) {
    const value = 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / ramp)
    if (start > 0) weights[i] = Math.min(weights[i]!, value)
    if (start + length < total) weights[length - 1 - i] = Math.min(weights[length - 1 - i]!, value)
  }
  return weights
}

/** The patch in 0..1 at the size of the plan's box. */
function patchAtBox(plan: CropPlan, generated: Pixels): Float32Array {
  const { box, model, refine } = plan
  const [, channels, height, width] = generated.dims
  const is = (size: Size): boolean => channels === 3 && size.width === width && size.height === height
  let planes: Float32Array
  if (is(box)) planes = generated.data.slice()
  else if (is(model)) planes = resizePlanes(generated.data, { ...model, channels: 3 }, box)
  else if (refine && is(refine.box)) planes = cutWindow(generated.data, refine.box, box)
  else throw failed('stitch/size', `Expected a patch of ${model.width} x ${model.height} or ${box.width} x ${box.height} pixels but received [${generated.dims}].`)
  for (let i = 0; i < planes.length; i++) planes[i] = Math.min(1, Math.max(0, planes[i]! * 0.5 + 0.5))
  return planes
}

/** [3,...] planes of `inner` out of planes of `outer`; both boxes in the same coordinates. */
function cutWindow(planes: Float32Array, outer: Box, inner: Box): Float32Array {
  const result = new Float32Array(3 * inner.width * inner.height)
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < inner.height; y++) {
      const from = (c * outer.height + inner.y - outer.y + y) * outer.width + inner.x - outer.x
      result.set(planes.subarray(from, from + inner.width), (c * inner.height + y) * inner.width)
    }
  }
  return result
}

/** Where patch and picture are compared: outside the effective mask, up to two ring widths (at least 16 model pixels) away. */
function matchRing(masks: EditMasks, plan: CropPlan): Uint8Array {
  const { box, picture } = plan
  const effective = windowOf(masks.effective, box)
  const support: Plane = { width: box.width, height: box.height, data: effective.data.map((value) => (value > 0 ? 255 : 0)) }
  const blend = boundsOf(masks.blend)
  const core = boundsOf(masks.effective)
  const ring = Math.max(core.x - blend.x, core.y - blend.y, blend.width - core.width, blend.height - core.height)
  const reach = Math.max(2 * ring, Math.round(16 * plan.scale), 16)
  const seen = intersectBoxes(box, wholeBox(picture))
  const distances = squaredDistances(support)
  return support.data.map((_, i) => {
    const [x, y] = [box.x + (i % box.width), box.y + Math.floor(i / box.width)]
    const inside = x >= seen.x && y >= seen.y && x < seen.x + seen.width && y < seen.y + seen.height
    return inside && distances[i]! > 0 && distances[i]! <= reach * reach ? 255 : 0
  })
}
