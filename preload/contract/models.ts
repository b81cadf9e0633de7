/** Models: what is installed, adding, verifying, downloading. */
import { z } from 'zod'
import { appErrorSchema } from './appError.ts'
import { jobRef } from './documents.ts'
import { downloadId, fileId } from './ids.ts'

/** A model as the manager shows it; `problem` says why it cannot be opened. */
export const modelRow = z.object({
  id: z.string(),
  name: z.string(),
  source: z.enum(['bundled', 'added', 'downloaded']),
  kind: z.string().nullable().describe('text-to-image, inpaint ...'),
  family: z.string().nullable(),
  size: z.number().nullable().describe('native side in pixels'),
  bytes: z.number().nullable(),
  licence: z.string().nullable(),
  /** words it knows, where it lists them */
  vocabulary: z.array(z.string()).nullable(),
  can: z.object({ describe: z.boolean(), clip: z.boolean(), tinyPreview: z.boolean() }),
  problem: z.string().nullable(),
})
/** See {@link modelRow}. */
export type ModelRow = z.output<typeof modelRow>

/** An entry of the curated catalogue. */
export const catalogueEntry = z.object({
  id: z.string(), name: z.string(), about: z.string(), kind: z.string(), repository: z.string(), bytes: z.number().describe('0 until the hub has been asked: sizes are its, not ours'),
  licence: z.object({ id: z.string(), name: z.string(), text: z.string(), url: z.string() }), installed: z.boolean(),
})
/** See {@link catalogueEntry}. */
export type CatalogueEntry = z.output<typeof catalogueEntry>

/** A download; it survives restarts. */
export const download = z.object({
  download: downloadId,
  name: z.string(),
  state: z.enum(['waiting', 'running', 'paused', 'checking', 'done', 'failed']),
  received: z.number(), total: z.number().nullable(), bytesPerSecond: z.number().nullable(), etaSeconds: z.number().nullable(),
  error: appErrorSchema.nullable(), model: z.string().nullable(),
})
/** See {@link download}. */
export type Download = z.output<typeof download>

/** Methods about models. */
export const modelMethods = {
  'models.list': { input: z.object({}), output: z.object({ models: z.array(modelRow), default: z.string(), defaultInpaint: z.string() }) },
  'models.probe': { input: z.object({ file: fileId }), output: z.object({ found: z.string(), usable: z.boolean(), kind: z.string().nullable(), family: z.string().nullable(), notes: z.array(z.string()) }) },
  'models.add': { input: z.object({ file: fileId, config: fileId.optional() }), output: modelRow },
  'models.verify': { input: z.object({ id: z.string() }), output: jobRef },
  'models.remove': { input: z.object({ id: z.string() }), output: z.object({}) },
  'models.setDefault': { input: z.object({ id: z.string(), task: z.enum(['draw', 'fill']) }), output: z.object({}) },
  'models.catalogue': { input: z.object({}), output: z.object({ entries: z.array(catalogueEntry) }) },
  /** files of a repository of the hub, by name; needs the offline lock off */
  'models.look': { input: z.object({ repository: z.string().min(1).max(200), revision: z.string().max(100).default('main') }), output: z.object({ files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string().nullable() })), licence: z.string().nullable() }) },
  'models.download': { input: z.object({ entry: z.string().optional(), repository: z.string().optional(), revision: z.string().optional(), files: z.array(z.string()).optional(), acceptedLicence: z.string().nullable() }), output: z.object({ download: downloadId }) },
  'downloads.list': { input: z.object({}), output: z.object({ downloads: z.array(download) }) },
  'downloads.pause': { input: z.object({ download: downloadId }), output: z.object({}) },
  'downloads.resume': { input: z.object({ download: downloadId }), output: z.object({}) },
  'downloads.cancel': { input: z.object({ download: downloadId }), output: z.object({}) },
} as const

/** Events about models. */
export const modelEvents = {
  'models.changed': z.object({ models: z.array(modelRow) }),
  'download.changed': z.object({ download }),
} as const
