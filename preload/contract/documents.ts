/**
 * Documents: their layers as a window sees them, tiles to draw, changes to make, strokes. Pixels stay with the engine;
 * the window gets 8-bit sRGB display tiles and sends back only strokes and mask tiles.
 */
import { z } from 'zod'
import { bytes, documentId, fileId, jobId, layerId, maskId, mediaKey, operationId, projectId, strokeId, targetId } from './ids.ts'

/** Edge of a tile in pixels, at every level. */
export const TILE_EDGE = 256
/** Blend modes, named as in CSS. */
export const BLEND_MODES = [
  'normal', 'multiply', 'screen', 'overlay', 'darken', 'lighten', 'color-dodge', 'color-burn', 'hard-light', 'soft-light',
  'difference', 'exclusion', 'hue', 'saturation', 'color', 'luminosity',
] as const
/** One of {@link BLEND_MODES}. */
export type BlendMode = (typeof BLEND_MODES)[number]

const finite = z.number().refine(Number.isFinite)
/** the longest side that the engine composes */
const side = z.number().int().min(1).max(100_000)
/** An affine map [a b c d e f] from layer to canvas pixels: x' = a x + c y + e, y' = b x + d y + f. */
export const affine = z.tuple([finite, finite, finite, finite, finite, finite])
/** See {@link affine}. */
export type Affine = z.output<typeof affine>
/** A box in pixels; may lie partly outside the canvas. */
export const box = z.object({ x: z.number().int(), y: z.number().int(), width: side, height: side })
/** See {@link box}. */
export type Box = z.output<typeof box>
/** Which picture of a layer: its own pixels, or its mask (white = visible). */
export const plane = z.enum(['pixels', 'mask'])
/** See {@link plane}. */
export type Plane = z.output<typeof plane>

/**
 * A layer as the window sees it. `position` counts from 0 = lowest among the layers of the same parent. `size` is that
 * of its picture, null for layers that only have tiles. `extent` is the box of tiles and picture in layer pixels, null
 * when empty. Mask layers say what will change: white = will change.
 */
export const layerView = z.object({
  id: layerId,
  kind: z.enum(['image', 'mask', 'edit-result', 'paint', 'group']),
  name: z.string(),
  parent: layerId.nullable(),
  position: z.number().int(),
  visible: z.boolean(),
  locked: z.boolean(),
  opacity: z.number(),
  blend: z.enum(BLEND_MODES),
  size: z.object({ width: z.number(), height: z.number() }).nullable(),
  extent: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }).nullable(),
  hasMask: z.boolean(),
  transform: affine,
  /** mask layers: overlay colour "#rrggbb"; edit results: the operation that made them */
  colour: z.string().nullable(),
  operation: operationId.nullable(),
})
/** See {@link layerView}. */
export type LayerView = z.output<typeof layerView>

/** A document as the window sees it. `layers` in painting order, lowest first, a group right after what it holds. */
export const documentView = z.object({
  project: projectId,
  document: documentId,
  name: z.string(),
  canvas: z.object({ width: side, height: side }),
  /** the picture it was opened from, in words */
  source: z.object({ name: z.string(), format: z.string(), depth: z.number(), profile: z.string().nullable(), bytes: z.number() }).nullable(),
  layers: z.array(layerView),
  /** the mask that edits use; always shown while it is set */
  activeMask: layerId.nullable(),
  head: operationId,
  undo: z.string().nullable().describe('title of what undo takes back'),
  redo: z.string().nullable().describe('title of what redo does again'),
  /** goes up with every change; tiles carry it, so that a late answer is not drawn over a newer one */
  version: z.number().int(),
})
/** See {@link documentView}. */
export type DocumentView = z.output<typeof documentView>

/** A display tile to read. `level` 0 is full size, each level half the last; x and y in tiles of that level. */
export const tilePlace = z.object({ layer: layerId, plane, level: z.number().int().min(0).max(20), x: z.number().int(), y: z.number().int() })
/** See {@link tilePlace}. */
export type TilePlace = z.output<typeof tilePlace>
/** A display tile: 256 x 256, RGBA8 straight alpha sRGB for pixels, one byte for masks; null bytes = empty. */
export const tileData = tilePlace.extend({ bytes: bytes.nullable() })
/** See {@link tileData}. */
export type TileData = z.output<typeof tileData>

/**
 * One tile of a stroke, at full size, whole as the layer shall look there (not only what was drawn): RGBA8 for pictures,
 * one byte for masks. x and y in tiles. On a layer with a picture the host keeps only the pixels that differ from what was
 * shown, so that the picture's own samples stay; such a picture cannot be made more transparent by painting, only by its mask.
 */
export const strokeTile = z.object({ x: z.number().int(), y: z.number().int(), bytes })
/** See {@link strokeTile}. */
export type StrokeTile = z.output<typeof strokeTile>

/** How a new selection joins the mask that is there. */
export const combineMode = z.enum(['replace', 'add', 'subtract', 'intersect'])
/** See {@link combineMode}. */
export type CombineMode = z.output<typeof combineMode>

/** Where a mask comes from. */
export const maskSource = z.discriminatedUnion('from', [
  z.object({ from: z.literal('layer-alpha'), layer: layerId }),
  z.object({ from: z.literal('layer-mask'), layer: layerId }),
  z.object({ from: z.literal('saved'), mask: maskId }),
  z.object({ from: z.literal('file'), file: fileId, resize: z.boolean().default(false), invert: z.boolean().default(false) }),
  z.object({ from: z.literal('wand'), x: finite, y: finite, tolerance: z.number().min(0).max(1), contiguous: z.boolean(), layer: layerId.nullable() }),
  z.object({ from: z.literal('scribble'), foreground: z.array(strokeTile), background: z.array(strokeTile), box: box.nullable() }),
  z.object({ from: z.literal('attention'), maps: z.string(), where: z.string(), feather: z.number().min(0).default(0) }),
])
/** See {@link maskSource}. */
export type MaskSource = z.output<typeof maskSource>

/** Operations on a mask; lengths in pixels. */
export const maskEdit = z.discriminatedUnion('op', [
  z.object({ op: z.literal('invert') }),
  z.object({ op: z.literal('clear') }),
  z.object({ op: z.literal('all') }),
  z.object({ op: z.literal('grow'), pixels: z.number().int().min(1).max(2000) }),
  z.object({ op: z.literal('shrink'), pixels: z.number().int().min(1).max(2000) }),
  z.object({ op: z.literal('feather'), pixels: z.number().min(0.5).max(2000) }),
])
/** See {@link maskEdit}. */
export type MaskEdit = z.output<typeof maskEdit>

const layerSettings = z.object({
  name: z.string().max(1000), visible: z.boolean(), locked: z.boolean(), opacity: z.number().min(0).max(1), blend: z.enum(BLEND_MODES), colour: z.string(),
}).partial()

/** Changes of a document, each one operation of its history. */
export const documentChange = z.discriminatedUnion('change', [
  z.object({
    change: z.literal('layer.add'), kind: z.enum(['paint', 'mask', 'group']), name: z.string().optional(), above: layerId.nullable().default(null),
    contents: z.array(layerId).optional().describe('groups: the layers that go into it, in the order they are painted'),
  }),
  z.object({ change: z.literal('layer.import'), file: fileId, name: z.string().optional(), above: layerId.nullable().default(null) }),
  z.object({ change: z.literal('layer.set'), layer: layerId, set: layerSettings }),
  z.object({ change: z.literal('layer.place'), layer: layerId, parent: layerId.nullable(), index: z.number().int().min(0) }),
  z.object({ change: z.literal('layer.remove'), layers: z.array(layerId).min(1) }),
  z.object({ change: z.literal('layer.duplicate'), layer: layerId }),
  z.object({ change: z.literal('layer.merge'), layers: z.array(layerId).min(2) }),
  z.object({ change: z.literal('layer.transform'), layer: layerId, transform: affine }),
  z.object({ change: z.literal('layers.transform'), transforms: z.array(z.object({ layer: layerId, transform: affine })).min(1).describe('layers that go together, each once') }),
  z.object({ change: z.literal('layer.mask'), layer: layerId, set: z.enum(['add', 'remove', 'from-active', 'invert']) }),
  z.object({ change: z.literal('canvas.crop'), box, degrees: finite.default(0).describe('straighten by this angle first') }),
  z.object({ change: z.literal('canvas.resize'), width: side, height: side, offsetX: z.number().int(), offsetY: z.number().int() }),
  z.object({ change: z.literal('canvas.scale'), width: side, height: side }),
  z.object({ change: z.literal('canvas.turn'), quarters: z.number().int().min(1).max(3) }),
  z.object({ change: z.literal('canvas.flip'), axis: z.enum(['horizontal', 'vertical']) }),
  z.object({ change: z.literal('mask.edit'), layer: layerId, edit: maskEdit }),
  z.object({ change: z.literal('mask.select'), layer: layerId.nullable().describe('null: the active mask, made when there is none'), source: maskSource, mode: combineMode }),
])
/** See {@link documentChange}. */
export type DocumentChange = z.output<typeof documentChange>

/** A stroke's layer, plane and words for the history. */
export const strokeStart = z.object({
  layer: layerId.nullable().describe('null with plane "pixels" of the active mask: made when there is none'),
  plane,
  title: z.string().max(200),
  tool: z.string().max(64),
})

const inDocument = { project: projectId, document: documentId }
/** The document after a change, and what must be drawn anew: whole planes, or single tiles at level 0. */
export const changedTiles = z.array(z.object({ layer: layerId, plane, tiles: z.array(z.tuple([z.number().int(), z.number().int()])).nullable().describe('null = everything of this plane') }))
/** See {@link changedTiles}. */
export type ChangedTiles = z.output<typeof changedTiles>

/** A document in a list. */
export const documentRow = z.object({ document: documentId, name: z.string(), width: z.number(), height: z.number(), thumbnail: mediaKey.nullable(), operations: z.number(), createdAt: z.number() })
/** A project in a list. `ref` opens it again; it is opaque too. */
export const projectRow = z.object({ ref: z.string(), name: z.string(), modifiedAt: z.number(), documents: z.number().nullable(), thumbnail: mediaKey.nullable(), missing: z.boolean() })
/** See {@link projectRow}. */
export type ProjectRow = z.output<typeof projectRow>
/** An open project. `readOnly` says why when nothing can be changed. */
export const projectView = z.object({ project: projectId, name: z.string(), documents: z.array(documentRow), readOnly: z.string().nullable(), notices: z.array(z.string()) })
/** See {@link projectView}. */
export type ProjectView = z.output<typeof projectView>

/** How a document is exported. */
export const exportFormat = z.object({
  type: z.enum(['png', 'jpeg', 'webp', 'tiff', 'ora']),
  depth: z.union([z.literal(8), z.literal(16)]).nullable().default(null).describe("null: the source picture's"),
  quality: z.number().int().min(1).max(100).default(92),
  metadata: z.boolean().default(true).describe('keep EXIF, profile and the like'),
  recipe: z.boolean().default(true).describe('embed how the picture was made'),
  layer: layerId.nullable().default(null).describe('only this layer; a mask layer exports as a mask picture'),
})
/** See {@link exportFormat}. */
export type ExportFormat = z.output<typeof exportFormat>

/** A picture that can be dragged out of the window: a layer, the document as it was after a step, a result that waits. */
export const pictureOf = z.discriminatedUnion('what', [
  z.object({ what: z.literal('layer'), layer: layerId }),
  z.object({ what: z.literal('step'), operation: operationId }),
  z.object({ what: z.literal('result'), operation: operationId, ordinal: z.number().int().min(0) }),
])
/** See {@link pictureOf}. */
export type PictureOf = z.output<typeof pictureOf>

/** Methods about projects and documents. */
export const documentMethods = {
  'projects.list': { input: z.object({}), output: z.object({ projects: z.array(projectRow) }) },
  'projects.create': { input: z.object({ name: z.string().min(1).max(200), target: targetId.optional() }), output: projectView },
  'projects.open': { input: z.object({ ref: z.string().optional(), file: fileId.optional() }), output: projectView },
  'projects.repair': { input: z.object({ ref: z.string().optional(), file: fileId.optional() }), output: z.object({ report: z.array(z.string()) }) },
  'projects.close': { input: z.object({ project: projectId }), output: z.object({}) },
  'projects.rename': { input: z.object({ project: projectId, name: z.string().min(1).max(200) }), output: projectView },
  'projects.view': { input: z.object({ project: projectId }), output: projectView },
  'projects.zip': { input: z.object({ project: projectId, target: targetId }), output: z.object({ bytes: z.number() }) },
  'documents.create': {
    input: z.object({ project: projectId, file: fileId.optional(), blank: z.object({ width: side, height: side, colour: z.string().nullable() }).optional(), sample: z.boolean().optional(), name: z.string().optional() }),
    output: documentView,
  },
  'documents.open': { input: z.object(inDocument), output: documentView },
  'documents.rename': { input: z.object({ ...inDocument, name: z.string().min(1).max(200) }), output: documentView },
  'documents.trash': { input: z.object({ ...inDocument, trashed: z.boolean() }), output: projectView },
  'document.change': { input: z.object({ ...inDocument, base: operationId.describe('the head the window saw; another one is refused'), change: documentChange }), output: documentView },
  'document.activeMask': { input: z.object({ ...inDocument, layer: layerId.nullable() }), output: documentView },
  'document.saveMask': { input: z.object({ ...inDocument, layer: layerId, name: z.string().min(1).max(200) }), output: z.object({ mask: maskId }) },
  'document.masks': { input: z.object(inDocument), output: z.object({ masks: z.array(z.object({ mask: maskId, name: z.string(), thumbnail: mediaKey, createdAt: z.number() })) }) },
  'document.export': { input: z.object({ ...inDocument, target: targetId, format: exportFormat }), output: z.object({ bytes: z.number(), width: z.number(), height: z.number(), notes: z.array(z.string()) }) },
  /** one picture as a PNG, in the depth and with the profile of the source */
  'document.picture': { input: z.object({ ...inDocument, target: targetId, of: pictureOf }), output: z.object({ bytes: z.number() }) },
  'document.copy': { input: z.object({ ...inDocument, layer: layerId.nullable(), box: box.nullable(), masked: z.boolean() }), output: z.object({ bytes, media: z.string() }) },
  'document.pick': { input: z.object({ ...inDocument, x: z.number(), y: z.number() }), output: z.object({ colour: z.string().nullable(), samples: z.array(z.number()), depth: z.number() }) },
  'tiles.read': { input: z.object({ ...inDocument, tiles: z.array(tilePlace).max(512) }), output: z.object({ tiles: z.array(tileData), version: z.number().int() }) },
  /** tiles of a staged result, over the document, before it is accepted */
  'tiles.staged': { input: z.object({ ...inDocument, operation: operationId, ordinal: z.number().int().min(0), tiles: z.array(tilePlace.omit({ layer: true, plane: true })).max(512) }), output: z.object({ tiles: z.array(tilePlace.omit({ layer: true, plane: true }).extend({ bytes: bytes.nullable() })) }) },
  'stroke.begin': { input: z.object({ ...inDocument, start: strokeStart }), output: z.object({ stroke: strokeId, layer: layerId }) },
  'stroke.save': { input: z.object({ ...inDocument, stroke: strokeId, tiles: z.array(strokeTile) }), output: z.object({}) },
  /** one operation: the saved tiles of the stroke, overlaid by these */
  'stroke.commit': { input: z.object({ ...inDocument, stroke: strokeId.nullable(), start: strokeStart, tiles: z.array(strokeTile) }), output: documentView },
  'stroke.discard': { input: z.object({ ...inDocument, stroke: strokeId }), output: z.object({}) },
  'stroke.recovered': { input: z.object({ project: projectId }), output: z.object({ strokes: z.array(z.object({ stroke: strokeId, document: documentId, title: z.string(), savedAt: z.number() })) }) },
  'stroke.restore': { input: z.object({ ...inDocument, stroke: strokeId }), output: documentView },
} as const

/** Events about documents. */
export const documentEvents = {
  'document.changed': z.object({ view: documentView, tiles: changedTiles, cause: z.string() }),
  'project.changed': z.object({ view: projectView }),
  /** the list of steps changed without a change of the pixels: a thumbnail, a name, a star, the trash, a result staged */
  'history.changed': z.object({ project: projectId, document: documentId }),
} as const

/** Referred to here so that a window can wait for a job that changes a document. */
export const jobRef = z.object({ job: jobId })
