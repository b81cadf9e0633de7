/**
 * Opaque ids. A renderer never sees a path: files, targets, projects and jobs are named by ids that the host minted,
 * which end with the session. Numbers name rows inside one project.
 */
import { z } from 'zod'

/** Checks an id minted by the host: a prefix and at least 16 random characters. */
function minted(prefix: string) {
  return z.string().regex(new RegExp(`^${prefix}_[A-Za-z0-9_-]{16,64}$`), `an id like ${prefix}_...`)
}

/** A project that is open in this host. */
export const projectId = minted('prj')
/** A file or folder a person chose (dialog, drop, upload): readable by the host. */
export const fileId = minted('fil')
/** A place a person chose to write to: a save dialog's answer, or a download in the browser. */
export const targetId = minted('tgt')
/** A job in the queue. */
export const jobId = minted('job')
/** A set of attention maps kept for this session. */
export const mapSetId = minted('map')
/** A download of a model. */
export const downloadId = minted('dwn')
/** A batch run. */
export const batchId = minted('bat')
/** A stored picture that can be shown (thumbnail, result, difference); read with `media.read`. */
export const mediaKey = z.string().regex(/^[A-Za-z0-9_-]{8,128}$/, 'a media key')

const rowId = z.number().int().positive()
/** A document of a project. */
export const documentId = rowId
/** An operation of a document's history. */
export const operationId = rowId
/** A layer of a document. */
export const layerId = rowId
/** A saved mask of a document. */
export const maskId = rowId
/** A stroke that is being drawn. */
export const strokeId = rowId

/** Bytes; what crosses the border beside JSON. */
export const bytes = z.instanceof(Uint8Array)
/** Any JSON value; deep values are checked by whoever reads them. */
export const json: z.ZodType<Json> = z.json() as z.ZodType<Json> // z.json's own type is mutable; ours is the readonly view

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** See {@link projectId}. */
export type ProjectId = string
/** See {@link fileId}. */
export type FileId = string
/** See {@link targetId}. */
export type TargetId = string
/** See {@link jobId}. */
export type JobId = string
