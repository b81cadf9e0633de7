/** Edits: what a person wants done (an intent), the queue, and results that wait to be accepted. */
import { z } from 'zod'
import { appErrorSchema } from './appError.ts'
import { documentView, jobRef, strokeTile } from './documents.ts'
import { bytes, documentId, jobId, json, layerId, mapSetId, mediaKey, operationId, projectId } from './ids.ts'

/** Samplers by name; absent means the model's own. */
export const SCHEDULERS = ['ddim', 'euler', 'euler-a', 'dpmpp2m', 'dpmpp2m-karras', 'dpmpp2m-sde', 'pndm', 'ddpm', 'lcm'] as const

/** Expert knobs; everything absent is the engine's default. */
export const samplingOptions = z.object({
  model: z.string().min(1),
  negative: z.string(),
  steps: z.number().int().min(1).max(1000),
  guidance: z.number().min(0).max(50),
  guidanceRescale: z.number().min(0).max(1),
  scheduler: z.enum(SCHEDULERS),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  clipSkip: z.number().int().min(0).max(11),
  longPrompt: z.enum(['truncate', 'chunk']),
  device: z.string(),
  fast: z.boolean(),
}).partial()
/** See {@link samplingOptions}. */
export type SamplingOptions = z.output<typeof samplingOptions>

/** How a crop around the mask is cut and put back; lengths in pixels. */
export const stitchOptions = z.object({
  grow: z.number().int().min(0), feather: z.number().int().min(0), ring: z.number().int().min(0), padding: z.number().min(0).max(4), colourMatch: z.boolean(),
}).partial()

const sampled = { sampling: samplingOptions.default({}), variations: z.number().int().min(1).max(16).default(1) }
const prompt = z.string().max(20_000)
const share = z.number().min(0).max(1)

/** A painted wish where a word is to be: plus 128..255, minus 127..0, at full size, in tiles. */
export const wordPaint = z.object({ word: z.string().min(1), tiles: z.array(strokeTile) })

/** What a person can want. Masks are layers of the document; null means the mask in force. */
export const intent = z.discriminatedUnion('intent', [
  z.object({ intent: z.literal('fill'), prompt, mask: layerId.nullable().default(null), strength: share.default(1), soft: z.boolean().default(false), stitch: stitchOptions.default({}), ...sampled }),
  z.object({ intent: z.literal('remove'), mask: layerId.nullable().default(null), grow: z.number().int().min(0).max(200).optional(), feather: z.number().int().min(0).max(200).optional(), seed: z.number().int().min(0).optional() }),
  z.object({ intent: z.literal('expand'), prompt, left: z.number().int().min(0), right: z.number().int().min(0), top: z.number().int().min(0), bottom: z.number().int().min(0), stitch: stitchOptions.default({}), ...sampled }),
  z.object({ intent: z.literal('restyle'), prompt, strength: share.default(0.6), ...sampled }),
  z.object({ intent: z.literal('draw'), prompt, width: z.number().int().min(8).max(4096).optional(), height: z.number().int().min(8).max(4096).optional(), ...sampled }),
  z.object({
    intent: z.literal('swap'),
    description: prompt,
    target: prompt.optional(),
    swap: z.array(z.object({ from: z.string(), to: z.string() })).default([]),
    add: z.array(z.string()).default([]),
    remove: z.array(z.string()).default([]),
    weight: z.array(z.object({ word: z.string(), weight: z.number().min(0).max(10) })).default([]),
    method: z.enum(['p2p', 'masactrl', 'pnp']).default('p2p'),
    inversion: z.string().default('auto'),
    align: z.enum(['refine', 'replace']).default('refine'),
    /** shares of the run in which layout (cross) and structure (self) are held */
    cross: share.default(0.4),
    self: share.default(0.6),
    localBlend: z.boolean().default(true),
    blendWords: z.array(z.string()).default([]),
    paint: z.array(wordPaint).default([]),
    mask: layerId.nullable().default(null).describe('confine the edit to this mask layer; here null means no confinement'),
    sampling: samplingOptions.default({}),
    variations: z.literal(1).default(1),
  }),
])
/** See {@link intent}. */
export type Intent = z.output<typeof intent>
/** An intent as a window writes it, defaults left out. */
export type IntentInput = z.input<typeof intent>

/** What a run will take, before Go. */
export const prediction = z.object({
  seconds: z.number().nullable(), peakBytes: z.number().nullable(), availableBytes: z.number(), fits: z.boolean(), device: z.string(),
  /** sentences a person should read before Go: unknown words, a picture unlike the model's world, an empty mask */
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
})
/** See {@link prediction}. */
export type Prediction = z.output<typeof prediction>

/** A job of the queue. `phase` is what is being done now; `result` is set when it is done. */
export const job = z.object({
  job: jobId,
  kind: z.string(),
  title: z.string(),
  project: projectId.nullable(),
  document: documentId.nullable(),
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  phase: z.string(),
  step: z.number().int(),
  steps: z.number().int(),
  etaSeconds: z.number().nullable(),
  /** set when the edit waits in the staging strip */
  operation: operationId.nullable(),
  warnings: z.array(z.string()),
  error: appErrorSchema.nullable(),
  result: json.nullable(),
  queuedAt: z.number(),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
})
/** See {@link job}. */
export type Job = z.output<typeof job>

/** A staged edit: its results wait in the strip. `changedOutside` is the proof: samples changed outside the mask. */
export const stagedEdit = z.object({
  operation: operationId,
  kind: z.string(),
  title: z.string(),
  createdAt: z.number(),
  results: z.array(z.object({
    ordinal: z.number().int(), media: mediaKey, seed: z.number().nullable(),
    box: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
    changedOutside: z.number().nullable(), metrics: z.record(z.string(), json),
  })),
})
/** See {@link stagedEdit}. */
export type StagedEdit = z.output<typeof stagedEdit>

const inDocument = { project: projectId, document: documentId }
const described = { ...inDocument, description: prompt, model: z.string().optional(), sampling: samplingOptions.default({}) }

/** The result of a `words.attention` job. Words in order of the description; width and height of each map. */
export const attentionResult = z.object({ maps: mapSetId, words: z.array(z.object({ word: z.string(), index: z.number().int(), diffuse: z.boolean() })), width: z.number(), height: z.number() })
/** See {@link attentionResult}. */
export type AttentionResult = z.output<typeof attentionResult>
/** The result of a `words.invert` job. */
export const inversionResult = z.object({ method: z.string(), psnr: z.number(), ssim: z.number(), seconds: z.number(), faithful: z.boolean(), errorMap: mediaKey })
/** See {@link inversionResult}. */
export type InversionResult = z.output<typeof inversionResult>

/** Methods about edits, jobs and words. */
export const editMethods = {
  'edit.run': { input: z.object({ ...inDocument, intent }), output: jobRef },
  'edit.predict': { input: z.object({ ...inDocument, intent }), output: prediction },
  'jobs.list': { input: z.object({}), output: z.object({ jobs: z.array(job) }) },
  'jobs.cancel': { input: z.object({ job: jobId }), output: z.object({}) },
  'jobs.move': { input: z.object({ job: jobId, before: jobId.nullable() }), output: z.object({ jobs: z.array(job) }) },
  'jobs.retry': { input: z.object({ job: jobId }), output: jobRef },
  'jobs.clear': { input: z.object({}), output: z.object({ jobs: z.array(job) }) },
  'staging.list': { input: z.object(inDocument), output: z.object({ edits: z.array(stagedEdit) }) },
  'staging.accept': { input: z.object({ ...inDocument, operation: operationId, ordinals: z.array(z.number().int().min(0)).min(1) }), output: documentView },
  'staging.reject': { input: z.object({ ...inDocument, operation: operationId }), output: documentView },
  /**
   * the picture in words: from its history (`recipe`, or `typed` for a swap), else by the model's probe; null when neither can
   * tell. `look`: when the model is asked. `source`: the step that the words come from; while it is the same, so are they
   */
  'words.describe': {
    input: z.object({ ...inDocument, model: z.string().optional(), look: z.enum(['never', 'needed', 'always']).default('needed') }),
    output: z.object({ text: z.string().nullable(), from: z.enum(['recipe', 'typed', 'probe', 'none']), note: z.string(), source: operationId.nullable() }),
  },
  /** words of a description as chips: those the model does not know are flagged where it lists its vocabulary */
  'words.chips': { input: z.object({ text: prompt, model: z.string().optional() }), output: z.object({ chips: z.array(z.object({ text: z.string(), word: z.string(), known: z.boolean().nullable(), tokens: z.number().int() })), lost: z.array(z.string()) }) },
  'words.attention': { input: z.object(described), output: jobRef },
  'words.map': { input: z.object({ maps: mapSetId, index: z.number().int().min(0) }), output: z.object({ width: z.number(), height: z.number(), bytes }) },
  'words.invert': { input: z.object({ ...described, method: z.string().default('auto') }), output: jobRef },
  /** whether a second edit of this picture would start at once */
  'words.ready': { input: z.object(described), output: z.object({ ready: z.boolean(), fidelity: inversionResult.nullable(), predictedSeconds: z.number().nullable() }) },
} as const

/** Events about jobs. */
export const editEvents = {
  'job.changed': z.object({ job }),
  'job.preview': z.object({ job: jobId, width: z.number(), height: z.number(), rgba: bytes, box: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }).nullable() }),
  /** a picture was inverted unasked: what `words.ready` says of it has changed */
  'words.prepared': z.object({ project: projectId, document: documentId }),
  'staging.changed': z.object({ project: projectId, document: documentId, edits: z.array(stagedEdit) }),
} as const
