/**
 * Records: every change to a project as plain JSON. A commit applies its records to the database in one transaction
 * and appends them to the record log, so the log and the blobs alone are enough to build the database again.
 */
import { z } from 'zod'
import { blobHashSchema, documentIdSchema, layerIdSchema, maskIdSchema, operationIdSchema, strokeIdSchema } from './ids.ts'
import {
  blobInfoSchema, canvasSchema, jsonSchema, maskOriginSchema, operationInputSchema, operationResultSchema, operationStateSchema,
  provenanceSchema, stateChangeSchema, tileChangeSchema,
} from './model.ts'

/** Version of the records' shape; a reader refuses a higher one. */
export const RECORD_VERSION = 1

/** Milliseconds since 1970. Times are for people to read; order comes from the ids. */
const when = z.number().int().min(0)
const name = z.string().max(1000)

/** What an applied operation did to its document. */
const effect = {
  changes: z.array(stateChangeSchema),
  tiles: z.array(tileChangeSchema),
  /** blobs that came with this record */
  blobs: z.array(blobInfoSchema),
}

/** A project is made: always the first record. */
export const projectRecordSchema = z.strictObject({
  record: z.literal('project'), version: z.number().int(), uuid: z.uuid(), name, createdAt: when, nextLayer: z.number().int().min(1),
})
/** A document is made; its first operation follows in the same line. */
export const documentRecordSchema = z.strictObject({
  record: z.literal('document'), id: documentIdSchema, name, canvas: canvasSchema, createdAt: when, trashedAt: when.nullable(),
})
/** An operation. `moveHead` says whether the document now stands on it. */
export const operationRecordSchema = z.strictObject({
  record: z.literal('operation'),
  id: operationIdSchema,
  document: documentIdSchema,
  parent: operationIdSchema.nullable(),
  state: operationStateSchema,
  provenance: provenanceSchema,
  inputs: z.array(operationInputSchema),
  results: z.array(operationResultSchema),
  /** ordinals of the results that the document uses */
  chosen: z.array(z.number().int().min(0)),
  ...effect,
  thumbnail: blobHashSchema.nullable(),
  name: name.nullable(),
  starred: z.boolean(),
  createdAt: when,
  trashedAt: when.nullable(),
  moveHead: z.boolean(),
})
/** A staged or rejected operation is accepted: it gets its effect and its final place in the tree. */
export const acceptRecordSchema = z.strictObject({
  record: z.literal('accept'), operation: operationIdSchema, parent: operationIdSchema, chosen: z.array(z.number().int().min(0)), ...effect,
})
/** A staged operation is turned down. */
export const rejectRecordSchema = z.strictObject({ record: z.literal('reject'), operation: operationIdSchema })
/** The document goes to another place in its tree: undo, redo, a click in the history. */
export const headRecordSchema = z.strictObject({ record: z.literal('head'), document: documentIdSchema, operation: operationIdSchema })
/** Where redo leads from an operation, when it is not the child last visited. Only in snapshots. */
export const redoRecordSchema = z.strictObject({ record: z.literal('redo'), operation: operationIdSchema, child: operationIdSchema })
/** Words and marks a person puts on an operation; absent fields stay. */
export const labelRecordSchema = z.strictObject({
  record: z.literal('label'), operation: operationIdSchema, name: name.nullable().optional(), starred: z.boolean().optional(),
  thumbnail: blobInfoSchema.optional(),
})
/** An operation and all that follow from it go to the trash, or come back (`at` null). */
export const trashRecordSchema = z.strictObject({ record: z.literal('trash'), operation: operationIdSchema, at: when.nullable() })
/** A document's name or trash state; absent fields stay. */
export const documentLabelRecordSchema = z.strictObject({
  record: z.literal('document-label'), document: documentIdSchema, name: name.optional(), trashedAt: when.nullable().optional(),
})
/** A saved mask is made or changed. */
export const maskRecordSchema = z.strictObject({
  record: z.literal('mask'), id: maskIdSchema, document: documentIdSchema, name, hash: blobHashSchema, width: z.number().int().min(1),
  height: z.number().int().min(1), origin: maskOriginSchema, createdAt: when, trashedAt: when.nullable(), blobs: z.array(blobInfoSchema),
})
/** A setting of the project; null takes it away. */
export const settingRecordSchema = z.strictObject({ record: z.literal('setting'), key: z.string().min(1).max(200), value: jsonSchema })
/** The trash is emptied: these are gone for good. */
export const purgeRecordSchema = z.strictObject({
  record: z.literal('purge'), documents: z.array(documentIdSchema), operations: z.array(operationIdSchema), masks: z.array(maskIdSchema),
  blobs: z.array(blobHashSchema),
})
/** A stroke in progress is no longer one: the operation in the same line holds it. Nothing where the stroke was lost before. */
export const strokeEndRecordSchema = z.strictObject({ record: z.literal('stroke-end'), stroke: strokeIdSchema })
/** Layer numbers up to here are taken. Only in snapshots. */
export const layerNumberRecordSchema = z.strictObject({ record: z.literal('layer-number'), next: layerIdSchema })

/** Every record, told apart by `record`. */
export const recordSchema = z.discriminatedUnion('record', [
  projectRecordSchema, documentRecordSchema, operationRecordSchema, acceptRecordSchema, rejectRecordSchema, headRecordSchema, redoRecordSchema,
  labelRecordSchema, trashRecordSchema, documentLabelRecordSchema, maskRecordSchema, settingRecordSchema, purgeRecordSchema, strokeEndRecordSchema,
  layerNumberRecordSchema,
])

/** One of {@link recordSchema}. */
export type HistoryRecord = z.output<typeof recordSchema>
/** The record of one kind. */
export type RecordOf<K extends HistoryRecord['record']> = Extract<HistoryRecord, { record: K }>

/** Every blob that an operation needs to exist, each once: inputs, results, layer pictures, tile packs. */
export function blobsOfEffect(effectOf: Pick<RecordOf<'operation'>, 'changes' | 'tiles'>): Set<string> {
  const hashes = new Set<string>()
  for (const change of effectOf.changes) {
    if (change.what !== 'layer') continue
    for (const layer of [change.before, change.after]) {
      if (layer?.pixels) hashes.add(layer.pixels.hash)
      if (layer?.mask) hashes.add(layer.mask.hash)
    }
  }
  for (const tile of effectOf.tiles) {
    if (tile.before) hashes.add(tile.before[0])
    if (tile.after) hashes.add(tile.after[0])
  }
  return hashes
}
