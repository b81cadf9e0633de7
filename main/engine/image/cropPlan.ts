/**
 * Where an edit happens: a crop around the mask that the model sees at its own size, and, where the crop is
 * larger than that, the tiles in which the result is refined at the picture's own resolution.
 */
import { intersectBoxes, wholeBox, type Box } from './geometry.ts'
import { maskBounds, windowOf, type EditMasks, type WindowMask } from './mask.ts'

/** Width and height in pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** Options of {@link planCrop}. */
export interface CropOptions {
  /** side in pixels at which the model was trained (256, 512, 768 ...) */
  readonly modelSize: number
  /** context on each side as a share of the mask's box; default 0.25, so the crop is 1.5 boxes wide */
  readonly padding?: number
  /** sides of the model's picture are multiples of this; default 64 */
  readonly multiple?: number
  /** longest side over shortest that the model is asked for; 1 = always square; default 1.5 */
  readonly maxAspect?: number
  /** how far a small crop may be enlarged to reach the model's size; default 2 */
  readonly maxEnlargement?: number
}

/** Geometry of one edit. All boxes are in pixels of the picture. */
export interface CropPlan {
  readonly picture: Size
  /** what the model sees; may reach outside a picture that is too small for it, where its edge repeats */
  readonly box: Box
  /** size at which the model samples; multiples of the option `multiple` */
  readonly model: Size
  /** pixels of the picture per pixel of the model; 1 = the crop is used as it is */
  readonly scale: number
  /** present when the crop is larger than the model's size */
  readonly refine: RefinePlan | null
  /** sentences worth telling: enlarged, padded */
  readonly notes: readonly string[]
}

/** Refinement at the picture's resolution. */
export interface RefinePlan {
  /** canvas of the refinement: the crop, widened to a multiple of 8 */
  readonly box: Box
  /** tiles of the model's size in canvas coordinates, those without a masked pixel left out; multiples of 8 */
  readonly tiles: readonly Box[]
  /** pixels by which neighbouring tiles overlap at least */
  readonly overlap: number
}

/** Below this scale the crop is merely resized; above, detail would be lost and it is refined in tiles. */
const REFINE_FROM_SCALE = 1.15
/** Scales between these use the model's size one to one: pixels that are not resampled are worth a little context. */
const SNAP_FROM_SCALE = 0.75
const SNAP_TO_SCALE = 1.1
/** Share of the model's side that a picture must have to be padded to it rather than enlarged. */
const PAD_FROM_SHARE = 0.85

/**
 * Plans the crop for an edit: the mask's box with its context, grown to the aspect of the model's size,
 * centred on the mask and shifted inside the picture. It always holds all of the blend mask, and is at most
 * twice the mask's box unless the box is smaller than half the model's size.
 */
export function planCrop(masks: EditMasks, picture: Size, options: CropOptions): CropPlan {
  const { modelSize, padding = 0.25, multiple = 64, maxAspect = 1.5, maxEnlargement = 2 } = options
  const core = boundsOf(masks.effective)
  const needed = boundsOf(masks.blend)
  // 1. wanted size: context on both sides, never less than the blend mask
  const wanted = {
    width: Math.min(picture.width, Math.max(core.width * (1 + 2 * padding), needed.width)),
    height: Math.min(picture.height, Math.max(core.height * (1 + 2 * padding), needed.height)),
  }
  // 2. the model's size in the nearest aspect
  const model = modelSizeFor(wanted, modelSize, multiple, maxAspect)
  // 3. scale
  const covering = Math.max(wanted.width / model.width, wanted.height / model.height)
  const inside = Math.min(picture.width / model.width, picture.height / model.height)
  let scale = Math.max(covering, Math.min(1 / maxEnlargement, Math.max(inside, covering)))
  const roomy = picture.width >= PAD_FROM_SHARE * model.width && picture.height >= PAD_FROM_SHARE * model.height
  const fits = needed.width <= model.width && needed.height <= model.height
  if (scale >= SNAP_FROM_SCALE && scale <= SNAP_TO_SCALE && roomy && fits) scale = 1
  const size = { width: Math.max(1, Math.round(model.width * scale)), height: Math.max(1, Math.round(model.height * scale)) }
  // 4. place
  const box: Box = { ...place(core, needed, size, picture), ...size }
  const notes: string[] = []
  const seen = intersectBoxes(box, wholeBox(picture))
  if (seen.width < box.width || seen.height < box.height) {
    notes.push(`The picture's part of ${seen.width} x ${seen.height} pixels is padded to ${box.width} x ${box.height} for the model and cropped back.`)
  }
  const refine = scale > REFINE_FROM_SCALE ? planRefinement(box, model, masks.blend) : null
  return { picture: sizeOf(picture), box, model, scale, refine, notes }
}

/**
 * The plan for working on a whole picture (image-to-image): at its own size when that is near the model's,
 * else scaled so that the area fits; sides padded to a multiple of 8.
 */
export function planWhole(picture: Size, options: { modelSize: number; multiple?: number; size?: Size }): CropPlan {
  const multiple = options.multiple ?? 8
  const target = options.size ?? picture
  const limit = options.modelSize * options.modelSize * 1.75
  const shrink = options.size ? 1 : Math.min(1, Math.sqrt(limit / (target.width * target.height)))
  const up = (side: number): number => Math.max(multiple, Math.ceil(Math.round(side * shrink) / multiple) * multiple)
  const model = { width: up(target.width), height: up(target.height) }
  const scale = picture.width / Math.max(1, Math.round(target.width * shrink))
  const box = { x: 0, y: 0, width: Math.round(model.width * scale), height: Math.round(model.height * scale) }
  const notes = box.width !== picture.width || box.height !== picture.height
    ? [`The picture of ${picture.width} x ${picture.height} pixels is padded to ${box.width} x ${box.height} for the model and cropped back.`]
    : []
  return { picture: sizeOf(picture), box, model, scale, refine: null, notes }
}

/** Size alone: callers may hand in whole pictures, and a plan is to stay small. */
function sizeOf({ width, height }: Size): Size {
  return { width, height }
}

/** Model sides: area of modelSize squared in the aspect of `wanted`, at most `maxAspect`, multiples of `multiple`. */
function modelSizeFor(wanted: Size, modelSize: number, multiple: number, maxAspect: number): Size {
  const aspect = Math.min(maxAspect, Math.max(1 / maxAspect, wanted.width / wanted.height))
  const round = (side: number): number => Math.max(multiple, Math.round(side / multiple) * multiple)
  return { width: round(modelSize * Math.sqrt(aspect)), height: round(modelSize / Math.sqrt(aspect)) }
}

/** Top-left corner: centred on the mask, inside the picture where it fits, always around the blend mask. */
function place(core: Box, needed: Box, size: Size, picture: Size): { x: number; y: number } {
  const along = (from: number, length: number, need: number, needLength: number, side: number, limit: number): number => {
    if (side >= limit) return Math.ceil((limit - side) / 2) || 0
    const centred = Math.round(from + length / 2 - side / 2)
    const around = Math.min(need, Math.max(need + needLength - side, centred))
    return Math.min(limit - side, Math.max(0, around))
  }
  return {
    x: along(core.x, core.width, needed.x, needed.width, size.width, picture.width),
    y: along(core.y, core.height, needed.y, needed.height, size.height, picture.height),
  }
}

function planRefinement(box: Box, tile: Size, blend: WindowMask): RefinePlan {
  const canvas: Box = { x: box.x, y: box.y, width: Math.ceil(box.width / 8) * 8, height: Math.ceil(box.height / 8) * 8 }
  const overlap = Math.max(8, Math.round(Math.min(tile.width, tile.height) / 4 / 8) * 8)
  const tiles: Box[] = []
  for (const y of tileStarts(canvas.height, tile.height, overlap)) {
    for (const x of tileStarts(canvas.width, tile.width, overlap)) {
      const at = { x, y, width: Math.min(tile.width, canvas.width), height: Math.min(tile.height, canvas.height) }
      const seen = windowOf(blend, { ...at, x: at.x + canvas.x, y: at.y + canvas.y })
      if (seen.data.some((value) => value > 0)) tiles.push(at)
    }
  }
  return { box: canvas, tiles, overlap }
}

/** Starts of tiles that cover [0, total), multiples of 8, spread evenly, overlapping by at least `overlap`. */
function tileStarts(total: number, tile: number, overlap: number): number[] {
  if (total <= tile) return [0]
  const count = Math.ceil((total - overlap) / (tile - overlap))
  return Array.from({ length: count }, (_, i) => Math.min(total - tile, Math.round((i * (total - tile)) / (count - 1) / 8) * 8))
}

/** The box of a window's non-zero values in picture coordinates. */
export function boundsOf(window: WindowMask): Box {
  const bounds = maskBounds({ width: window.box.width, height: window.box.height, data: window.data })
  return bounds ? { ...bounds, x: bounds.x + window.box.x, y: bounds.y + window.box.y } : { ...window.box, width: 0, height: 0 }
}
