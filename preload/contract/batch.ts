/** Batch: a recipe over a folder, and the review wall. */
import { z } from 'zod'
import { appErrorSchema } from './appError.ts'
import { batchId, fileId, mediaKey } from './ids.ts'

/** What a batch is to do; names as on the command line. */
export const batchPlan = z.object({
  recipe: z.string().describe('the text of a recipe'),
  inputs: fileId.describe('folder with the pictures'),
  outputs: fileId.describe('folder for the results'),
  masks: fileId.optional(),
  prompts: fileId.optional().describe('CSV with a prompt per file'),
  glob: z.string().default('*'),
  maskSuffix: z.string().default(''),
  existing: z.enum(['skip', 'overwrite', 'suffix']).default('skip'),
  name: z.string().default('{name}').describe('template of the output name'),
  format: z.enum(['same', 'png', 'jpeg', 'webp', 'tiff']).default('same'),
  gate: z.number().min(0).max(100).optional().describe('fidelity in dB below which a result goes to review'),
  jobs: z.number().int().min(1).max(16).default(1),
})
/** See {@link batchPlan}. */
export type BatchPlan = z.output<typeof batchPlan>

/** One picture of a batch. */
export const batchItem = z.object({
  index: z.number().int(), name: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'review', 'skipped', 'failed', 'rejected', 'accepted']),
  before: mediaKey.nullable(), after: mediaKey.nullable(), seconds: z.number().nullable(), note: z.string(), error: appErrorSchema.nullable(),
})
/** See {@link batchItem}. */
export type BatchItem = z.output<typeof batchItem>

/** A batch run as a whole. */
export const batchView = z.object({
  batch: batchId, name: z.string(), state: z.enum(['planned', 'running', 'paused', 'done', 'cancelled']),
  total: z.number().int(), done: z.number().int(), failed: z.number().int(), review: z.number().int(), skipped: z.number().int(), etaSeconds: z.number().nullable(),
  problems: z.array(z.string()).describe('what the plan found: masks that are missing and the like'),
})
/** See {@link batchView}. */
export type BatchView = z.output<typeof batchView>

/** Methods about batches. */
export const batchMethods = {
  'batch.check': { input: z.object({ recipe: z.string() }), output: z.object({ steps: z.array(z.object({ task: z.string(), aim: z.string(), summary: z.string() })), name: z.string() }) },
  'batch.plan': { input: batchPlan, output: batchView },
  'batch.start': { input: z.object({ batch: batchId }), output: batchView },
  'batch.pause': { input: z.object({ batch: batchId }), output: batchView },
  'batch.cancel': { input: z.object({ batch: batchId }), output: batchView },
  'batch.list': { input: z.object({}), output: z.object({ batches: z.array(batchView) }) },
  'batch.items': { input: z.object({ batch: batchId, from: z.number().int().min(0).default(0), count: z.number().int().min(1).max(1000).default(200) }), output: z.object({ items: z.array(batchItem), total: z.number().int() }) },
  'batch.review': { input: z.object({ batch: batchId, index: z.number().int(), verdict: z.enum(['accept', 'reject', 'retry']) }), output: batchItem },
  'batch.media': { input: z.object({ batch: batchId, index: z.number().int(), which: z.enum(['before', 'after']), side: z.number().int().min(16).max(2048) }), output: z.object({ key: mediaKey }) },
} as const

/** Events about batches. */
export const batchEvents = {
  'batch.changed': z.object({ view: batchView }),
  'batch.item': z.object({ batch: batchId, item: batchItem }),
} as const
