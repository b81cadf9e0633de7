/** History: the tree of operations a person walks, compares, replays and copies as a recipe. */
import { z } from 'zod'
import { jobRef, documentView } from './documents.ts'
import { documentId, json, mediaKey, operationId, projectId, targetId } from './ids.ts'

/** An operation as the history panel shows it; `depth` is steps from the first. */
export const operationRow = z.object({
  id: operationId,
  parent: operationId.nullable(),
  depth: z.number().int(),
  /** column of the tree drawing, 0 = leftmost branch */
  lane: z.number().int(),
  state: z.enum(['applied', 'staged', 'rejected']),
  kind: z.string(),
  title: z.string(),
  name: z.string().nullable(),
  starred: z.boolean(),
  thumbnail: mediaKey.nullable(),
  createdAt: z.number(),
  /** the engine made it, so that a replay runs it again */
  replayable: z.boolean(),
})
/** See {@link operationRow}. */
export type OperationRow = z.output<typeof operationRow>

/** Everything known about an operation. */
export const operationDetail = operationRow.extend({
  engineVersion: z.string().nullable(),
  model: z.string().nullable(),
  modelHash: z.string().nullable(),
  device: z.string().nullable(),
  seed: z.number().nullable(),
  params: z.record(z.string(), json),
  durationMs: z.number().nullable(),
  replayOf: operationId.nullable(),
  results: z.array(z.object({ role: z.string(), width: z.number(), height: z.number(), seed: z.number().nullable(), media: mediaKey.nullable(), chosen: z.boolean(), metrics: z.record(z.string(), json) })),
})
/** See {@link operationDetail}. */
export type OperationDetail = z.output<typeof operationDetail>

/** Two places of the history side by side. `psnr` is null when they are equal. */
export const comparison = z.object({
  a: mediaKey, b: mediaKey, difference: mediaKey,
  changedPixels: z.number(), largest: z.number(), psnr: z.number().nullable(),
  box: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }).nullable(),
})
/** See {@link comparison}. */
export type Comparison = z.output<typeof comparison>

const inDocument = { project: projectId, document: documentId }

/** Methods about history. */
export const historyMethods = {
  'history.list': {
    input: z.object({ ...inDocument, after: operationId.optional(), limit: z.number().int().min(1).max(5000).optional(), trashed: z.boolean().default(false) }),
    output: z.object({ operations: z.array(operationRow), head: operationId, more: z.boolean() }),
  },
  'history.show': { input: z.object({ project: projectId, operation: operationId }), output: operationDetail },
  'history.undo': { input: z.object(inDocument), output: documentView },
  'history.redo': { input: z.object(inDocument), output: documentView },
  'history.goTo': { input: z.object({ ...inDocument, operation: operationId }), output: documentView },
  'history.label': { input: z.object({ project: projectId, operation: operationId, name: z.string().max(200).nullable().optional(), starred: z.boolean().optional() }), output: operationRow },
  'history.trash': { input: z.object({ project: projectId, operation: operationId, trashed: z.boolean() }), output: z.object({}) },
  'history.compare': { input: z.object({ ...inDocument, a: operationId, b: operationId }), output: comparison },
  /** the document with one step changed and the steps after it done again on a new branch */
  'history.replay': {
    input: z.object({ ...inDocument, from: operationId, upTo: operationId.optional(), change: z.object({ params: z.record(z.string(), json).optional(), seed: z.number().int().min(0).optional(), activeMask: z.boolean().default(false).describe('use the mask in force instead of the recorded one') }) }),
    output: jobRef,
  },
  'history.recipe': { input: z.object({ project: projectId, operations: z.array(operationId).min(1), name: z.string().max(200).default('') }), output: z.object({ text: z.string(), masks: z.array(z.string()), leftOut: z.number() }) },
  'history.saveRecipe': { input: z.object({ project: projectId, operations: z.array(operationId).min(1), name: z.string().max(200), target: targetId }), output: z.object({ bytes: z.number() }) },
} as const
