/**
 * What a project holds, as data: canvas, layers, tiles, operations. The schemas are checked where rows or files are
 * read; the types are what the rest of the program works with. Nothing here is a path: pixels are named by hash.
 */
import { z } from 'zod'
import { BLEND_MODES } from '../engine/requests.ts'
import { blobHashSchema, layerIdSchema, operationIdSchema } from './ids.ts'

export { TILE_EDGE, TILE_FORMATS, type TileFormat } from '../engine/document/tileFile.ts'
export { BLEND_MODES }

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json }

/** Checks a {@link Json}. */
export const jsonSchema: z.ZodType<Json> = z.json() as z.ZodType<Json> // z.json's own type is mutable; ours is the readonly view
/** Checks a {@link JsonObject}. */
export const jsonObjectSchema = z.record(z.string(), jsonSchema)

/** Kinds of layers. */
export const LAYER_KINDS = ['image', 'mask', 'edit-result', 'paint', 'group'] as const

const side = z.number().int().min(1).max(1_000_000)
const finite = z.number().refine(Number.isFinite)

/** A picture file among the blobs with its size in pixels. */
export const pictureRefSchema = z.strictObject({ hash: blobHashSchema, width: side, height: side })
/** One of {@link pictureRefSchema}. */
export type PictureRef = z.output<typeof pictureRefSchema>

/**
 * A layer. Its pixels are the picture `pixels` with the layer's tiles laid over it; `mask` likewise for its own mask
 * (white = visible). `transform` is the affine map [a b c d e f] from layer to canvas pixels:
 * x' = a x + c y + e, y' = b x + d y + f. `position` counts from 0 = lowest among the layers with the same parent.
 * `extra` holds what only one kind needs (overlay colour of a mask, the operation behind an edit-result).
 */
export const layerSchema = z.strictObject({
  id: layerIdSchema,
  kind: z.enum(LAYER_KINDS),
  name: z.string().max(1000),
  parent: layerIdSchema.nullable(),
  position: z.number().int().min(0),
  visible: z.boolean(),
  locked: z.boolean(),
  opacity: z.number().min(0).max(1),
  blend: z.enum(BLEND_MODES),
  pixels: pictureRefSchema.nullable(),
  mask: pictureRefSchema.nullable(),
  transform: z.tuple([finite, finite, finite, finite, finite, finite]),
  extra: jsonObjectSchema,
})
/** One of {@link layerSchema}. */
export type Layer = z.output<typeof layerSchema>

/** The canvas of a document: size in pixels; `extra` for background, resolution, guides. */
export const canvasSchema = z.strictObject({ width: side, height: side, extra: jsonObjectSchema })
/** One of {@link canvasSchema}. */
export type Canvas = z.output<typeof canvasSchema>

/** Which picture of a layer a tile belongs to. */
export const planeSchema = z.enum(['pixels', 'mask'])
/** One of {@link planeSchema}. */
export type Plane = z.output<typeof planeSchema>

/** Where a tile's bytes are: the blob of a tile pack and the number of the tile in it. */
export const tileRefSchema = z.tuple([blobHashSchema, z.number().int().min(0).max(1_000_000)])
/** One of {@link tileRefSchema}. */
export type TileRef = z.output<typeof tileRefSchema>

/** The place of a tile: column `x` and row `y` in units of {@link TILE_EDGE}, from the layer's own origin. */
export interface TilePlace {
  readonly layer: Layer['id']
  readonly plane: Plane
  readonly x: number
  readonly y: number
}

const tileIndex = z.number().int().min(-100_000).max(100_000)
/** A tile before and after an operation; null is "no tile here". */
export const tileChangeSchema = z.strictObject({
  layer: layerIdSchema,
  plane: planeSchema,
  x: tileIndex,
  y: tileIndex,
  before: tileRefSchema.nullable(),
  after: tileRefSchema.nullable(),
})
/** One of {@link tileChangeSchema}. */
export type TileChange = z.output<typeof tileChangeSchema>

/** The canvas or one layer before and after an operation; null is "not there". */
export const stateChangeSchema = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('canvas'), before: canvasSchema.nullable(), after: canvasSchema.nullable() }),
  z.strictObject({ what: z.literal('layer'), layer: layerIdSchema, before: layerSchema.nullable(), after: layerSchema.nullable() }),
])
/** One of {@link stateChangeSchema}. */
export type StateChange = z.output<typeof stateChangeSchema>

/**
 * Where the bytes of an operation's input came from. `composite` is the document flattened as it stood after an
 * operation, `result` is one result of an operation; a replay makes both anew when that operation is among those
 * replayed. `blob` is a file that stays as it is: a drawn mask, an imported picture.
 */
export const inputSourceSchema = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('blob') }),
  z.strictObject({ from: z.literal('composite'), operation: operationIdSchema }),
  z.strictObject({ from: z.literal('result'), operation: operationIdSchema, ordinal: z.number().int().min(0) }),
])
/** One of {@link inputSourceSchema}. */
export type InputSource = z.output<typeof inputSourceSchema>

/** An input of an operation. `role` is the request's field that takes its path: image, mask, latents. */
export const operationInputSchema = z.strictObject({ role: z.string().min(1).max(64), hash: blobHashSchema, source: inputSourceSchema })
/** One of {@link operationInputSchema}. */
export type OperationInput = z.output<typeof operationInputSchema>

/** A result of an operation: `role` is picture, patch, latents ...; `metrics` holds what was measured on it. */
export const operationResultSchema = z.strictObject({
  role: z.string().min(1).max(64),
  hash: blobHashSchema,
  width: z.number().int().min(0),
  height: z.number().int().min(0),
  seed: z.number().int().nullable(),
  metrics: jsonObjectSchema,
})
/** One of {@link operationResultSchema}. */
export type OperationResult = z.output<typeof operationResultSchema>

/**
 * What happened to an operation: `applied` is part of the document's tree; `staged` waits in the strip for the person
 * to accept or reject it; `rejected` was turned down and can still be accepted.
 */
export const operationStateSchema = z.enum(['applied', 'staged', 'rejected'])
/** One of {@link operationStateSchema}. */
export type OperationState = z.output<typeof operationStateSchema>

/**
 * How an operation was made. `kind` is the task (`inpaint`, `remove`, `stroke`, `layer`, `crop` ...), `title` the words
 * of the history panel, `params` every parameter but paths, `durationMs` the time the engine took.
 */
export const provenanceSchema = z.strictObject({
  kind: z.string().min(1).max(64),
  title: z.string().max(1000),
  engineVersion: z.string().max(200).nullable(),
  model: z.string().max(1000).nullable(),
  modelHash: z.string().max(200).nullable(),
  device: z.string().max(200).nullable(),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).nullable(),
  params: jsonObjectSchema,
  durationMs: z.number().min(0).nullable(),
  replayOf: operationIdSchema.nullable(),
})
/** One of {@link provenanceSchema}. */
export type Provenance = z.output<typeof provenanceSchema>

/** How a saved mask came about; a recipe aims by it where it can. */
export const maskOriginSchema = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('drawn') }),
  z.strictObject({ from: z.literal('file'), name: z.string().max(1000) }),
  z.strictObject({ from: z.literal('attention'), where: z.string().max(1000) }),
  z.strictObject({ from: z.literal('colour'), colour: z.tuple([z.number(), z.number(), z.number()]), tolerance: z.number().min(0).max(1) }),
])
/** One of {@link maskOriginSchema}. */
export type MaskOrigin = z.output<typeof maskOriginSchema>

/** A blob as the rows know it: length in bytes and media type. */
export const blobInfoSchema = z.strictObject({ hash: blobHashSchema, size: z.number().int().min(0), media: z.string().max(100) })
/** One of {@link blobInfoSchema}. */
export type BlobInfo = z.output<typeof blobInfoSchema>

