/**
 * Requests about the pixels of a document: what a picture is, its display tiles, the flattened document, patches,
 * masks, selections, comparisons. A document is handed over whole each time: source bytes, layers, masks; the engine
 * keeps nothing between requests.
 *
 * Lengths are pixels, boxes are in canvas pixels (x to the right, y downwards), paths are absolute.
 */
import { z } from 'zod'

/** Ways to blend a layer with what is below it; the names are those of CSS and of a 2D canvas. */
export const BLEND_MODES = [
  'normal', 'multiply', 'screen', 'overlay', 'darken', 'lighten', 'color-dodge', 'color-burn', 'hard-light', 'soft-light',
  'difference', 'exclusion', 'hue', 'saturation', 'color', 'luminosity',
] as const
/** One of {@link BLEND_MODES}. */
export type BlendMode = (typeof BLEND_MODES)[number]

/** Layers nested deeper than this are refused. */
export const MAX_LAYER_DEPTH = 32

const filePath = z.string().min(1)
const optionalFile = filePath.nullable().default(null)
const side = z.number().int().min(1).max(100_000)
const whole = z.number().int().min(-1_000_000).max(1_000_000)
const finite = z.number().refine(Number.isFinite)
const share = z.number().min(0).max(1)

const box = z.strictObject({ x: whole, y: whole, width: side, height: side })
const point = z.strictObject({ x: whole, y: whole })

/**
 * One layer, lowest first among its neighbours. Its pixels are `picture` with the tiles of `tiles` painted over it
 * (source-over, so that a tile's transparent pixels leave the picture as it is); its mask is `mask`, in which a tile of
 * `maskTiles` takes the place of the pixels under it. Both lie in the layer's own coordinates, from which `transform`
 * [a b c d e f] leads to the canvas: x' = a x + c y + e, y' = b x + d y + f. A group's transform applies to all it holds.
 */
const layerFields = z.strictObject({
  kind: z.enum(['image', 'edit-result', 'paint', 'group', 'mask']).describe('edit-result replaces what is below by its mask; mask layers are selections and never show'),
  name: z.string().max(1000).default('').describe('name for the layered export'),
  picture: optionalFile.describe('picture file'),
  tiles: optionalFile.describe('.tiles file (rgba8 or rgba16, sRGB, straight alpha) painted over the picture'),
  mask: optionalFile.describe('mask picture, white = visible; grey values as they are'),
  maskTiles: optionalFile.describe('.tiles file (grey8 or grey16) that takes the place of the mask where it has a tile'),
  maskOutside: z.number().int().min(0).max(255).default(0).describe('mask value where neither the mask picture nor a mask tile lies'),
  transform: z.tuple([finite, finite, finite, finite, finite, finite]).default([1, 0, 0, 1, 0, 0]).describe('affine map from layer to canvas pixels'),
  opacity: share.default(1),
  blend: z.enum(BLEND_MODES).default('normal'),
  visible: z.boolean().default(true),
})
/** A checked layer. */
export type DocumentLayer = z.output<typeof layerFields> & { readonly children: readonly DocumentLayer[] }
/** A layer as a caller writes it. */
export type DocumentLayerInput = z.input<typeof layerFields> & { readonly children?: readonly DocumentLayerInput[] | undefined }

const layer: z.ZodType<DocumentLayer, DocumentLayerInput> = layerFields.extend({
  children: z.lazy(() => z.array(layer).max(10_000).readonly()).default([]).describe('what a group holds, lowest first'),
})

/** What is composed: canvas, the picture that lends profile, depth and metadata, layers in painting order. */
export const documentSchema = z.strictObject({
  canvas: z.strictObject({
    width: side,
    height: side,
    background: z.string().regex(/^#[0-9a-fA-F]{6}$/).nullable().default(null).describe('sRGB colour below all layers; without it transparency'),
  }),
  base: filePath.nullable().default(null).describe('picture that lends its profile, depth and metadata; without it 8-bit sRGB'),
  layers: z.array(layer).max(10_000).describe('layers, lowest first'),
})
/** A checked document. */
export type DocumentInput = z.output<typeof documentSchema>

const inspect = z.object({ task: z.literal('inspect'), image: filePath.describe('picture to tell about') })

const tiles = z.object({
  task: z.literal('tiles'),
  image: filePath.describe('picture or mask to cut up'),
  kind: z.enum(['picture', 'mask']).default('picture').describe('picture: rgba8 in sRGB; mask: grey8'),
  out: filePath.describe('.tiles file'),
})

const compose = z.object({
  task: z.literal('compose'),
  ...documentSchema.shape,
  box: box.optional().describe('only this part of the canvas'),
  out: filePath.describe('result file: .png, .jpg, .webp, .tif, or .ora for all layers (OpenRaster)'),
  format: z.enum(['png', 'jpeg', 'webp', 'tiff', 'ora']).optional().describe("without it by the file's name"),
  depth: z.union([z.literal(8), z.literal(16)]).optional().describe("bits per sample; without it the base picture's"),
  quality: z.number().int().min(1).max(100).optional().describe('quality of JPEG and WebP; without it 92'),
  lossless: z.boolean().default(false).describe('WebP without loss'),
  metadata: z.boolean().default(true).describe("carry the base picture's EXIF, XMP, IPTC and text; the colour profile is always kept"),
  recipe: z.record(z.string(), z.json()).optional().describe('recipe to embed; none without it'),
})

const patch = z.object({
  task: z.literal('patch'),
  before: filePath.describe('picture before an edit'),
  after: filePath.describe('picture after it: same size, depth and channels'),
  out: filePath.describe('crop of `after` around what differs: .png or .tif'),
  maskOut: filePath.describe('its mask, 255 where a sample differs, else 0: .png'),
})

const thumbnail = z.object({
  task: z.literal('thumbnail'),
  image: filePath.optional().describe('picture to shrink; or give `document`'),
  document: documentSchema.optional().describe('document to compose and shrink; or give `image`'),
  side: z.number().int().min(8).max(4096).default(256).describe('longest side in pixels; never enlarged'),
  out: filePath.describe('.webp or .png, sRGB'),
})

/** One step of `mask-edit`. */
const maskOperation = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('invert') }),
  z.strictObject({ op: z.literal('grow'), pixels: z.number().min(0).max(2000).describe('radius of the disc') }),
  z.strictObject({ op: z.literal('shrink'), pixels: z.number().min(0).max(2000).describe('radius of the disc; the border of the picture does not shrink') }),
  z.strictObject({ op: z.literal('feather'), pixels: z.number().min(0).max(2000).describe('radius of the blur, centred on the edge') }),
  z.strictObject({ op: z.literal('threshold'), at: z.number().int().min(1).max(255).default(128).describe('values from here on become 255, others 0') }),
  z.strictObject({
    op: z.literal('combine'),
    mask: filePath.describe('the other mask; must have the size of the mask at this step'),
    how: z.enum(['add', 'subtract', 'intersect', 'replace']).describe('add: the larger value; subtract: at most 255 - other; intersect: the smaller; replace: the other'),
  }),
  z.strictObject({ op: z.literal('resize'), width: side, height: side }),
])
/** One checked step of `mask-edit`. */
export type MaskOperation = z.output<typeof maskOperation>

const maskEdit = z.object({
  task: z.literal('mask-edit'),
  mask: filePath.nullable().default(null).describe('mask to begin with; without it a black one of `width` x `height`'),
  maskTiles: optionalFile.describe('.tiles file (grey8 or grey16) laid over it: what was painted'),
  width: side.describe('width of the mask; a mask file of another size is refused'),
  height: side.describe('height of the mask'),
  operations: z.array(maskOperation).max(100).describe('steps in order'),
  out: filePath.describe('result: .png, 8-bit grey'),
})

const select = z.object({
  task: z.literal('select'),
  image: filePath.optional().describe('picture to select in; or give `document`, which is flattened first'),
  document: documentSchema.optional().describe('document to select in'),
  kind: z.enum(['wand', 'scribble', 'alpha', 'luminance']),
  out: filePath.describe('mask: .png, 8-bit grey, white = selected'),
  point: point.optional().describe('wand: the pixel whose colour is looked for'),
  tolerance: share.default(0.1).describe('wand: distance in OKLab that still counts, 0 to 1'),
  contiguous: z.boolean().default(true).describe('wand: only what hangs together with the point'),
  antialias: z.boolean().default(true).describe('wand: a soft edge of about one pixel'),
  foreground: filePath.optional().describe('scribble: mask file, white where it surely is'),
  background: filePath.optional().describe('scribble: mask file, white where it surely is not'),
  box: box.optional().describe('scribble: nothing outside is selected'),
})

const difference = z.object({
  task: z.literal('difference'),
  a: filePath.describe('first picture'),
  b: filePath.describe('second picture of the same size'),
  mask: filePath.optional().describe('mask of the same size; changed samples where it is black are counted apart'),
  out: filePath.optional().describe('picture of the differences: .png'),
})

/** The schema of each document task by its name. */
export const documentTasks = { inspect, tiles, compose, patch, thumbnail, 'mask-edit': maskEdit, select, difference } as const
