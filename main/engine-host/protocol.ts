/**
 * The messages between a supervisor (the command line, the host) and the engine process, over Node's IPC
 * channel with advanced serialisation. Both sides parse what they receive; nothing unparsed goes further.
 */
import { z } from 'zod'
import { EngineError } from '../engine/errors.ts'

/** Goes up by one whenever a message changes its meaning; both sides must have the same. */
export const PROTOCOL_VERSION = 1

const id = z.number().int().positive()
const count = z.number().int().min(0)
const bytes = z.number().min(0)

/** An error as it crosses the border: what {@link EngineError} carries, plus the stack for a person who debugs. */
export const errorDataSchema = z.object({
  code: z.string(),
  message: z.string(),
  exitCode: z.union([z.literal(1), z.literal(2), z.literal(130)]),
  details: z.record(z.string(), z.unknown()),
  stack: z.string().optional(),
})

const previewSchema = z.object({
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  rgba: z.instanceof(Uint8Array),
  box: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }).exactOptional(),
})

const progressSchema = z.object({
  event: z.literal('progress'),
  phase: z.string(),
  step: count,
  steps: count,
  etaSeconds: z.number().min(0).exactOptional(),
  preview: previewSchema.exactOptional(),
})
const warningSchema = z.object({ event: z.literal('warning'), code: z.string(), message: z.string() })

/** What a job tells while it runs. */
export const jobEventSchema = z.discriminatedUnion('event', [progressSchema, warningSchema])

/** Supervisor to engine process. */
export const toEngineSchema = z.discriminatedUnion('type', [
  /** first message: the version spoken, the module that exports createEngine (default: our own), its options */
  z.object({ type: z.literal('hello'), version: z.number(), engineModule: z.string().optional(), engineOptions: z.record(z.string(), z.unknown()) }),
  z.object({ type: z.literal('request'), id, request: z.record(z.string(), z.unknown()) }),
  z.object({ type: z.literal('cancel'), id }),
  z.object({ type: z.literal('heartbeat'), beat: count }),
  z.object({ type: z.literal('status'), id }),
  z.object({ type: z.literal('unload'), id }),
  z.object({ type: z.literal('shutdown') }),
])

/** Engine process to supervisor. */
export const fromEngineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), version: z.number(), pid: z.number().int(), nodeVersion: z.string() }),
  /** createEngine has returned: requests are served from now on */
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('event'), id, event: jobEventSchema }),
  z.object({ type: z.literal('result'), id, value: z.record(z.string(), z.unknown()) }),
  z.object({ type: z.literal('error'), id, error: errorDataSchema }),
  /** the process's answer to a cancel; the job itself ends with its own `error` */
  z.object({ type: z.literal('cancelling'), id }),
  z.object({ type: z.literal('pong'), beat: count, blockedMs: z.number() }),
  z.object({
    type: z.literal('status'),
    id,
    status: z.object({
      rssBytes: bytes,
      /** the most the process ever held, mapped weights included */
      peakRssBytes: bytes,
      /** milliseconds since the engine thread last showed a sign of life */
      blockedMs: z.number(),
    }),
  }),
  z.object({ type: z.literal('unloaded'), id, rssBytes: bytes }),
  /** last words of a process that ends itself because its engine thread cannot go on */
  z.object({ type: z.literal('fatal'), error: errorDataSchema }),
])

/** See {@link errorDataSchema}. */
export type ErrorData = z.output<typeof errorDataSchema>
/** See {@link jobEventSchema}. */
export type JobEvent = z.output<typeof jobEventSchema>
/** See {@link toEngineSchema}. */
export type ToEngine = z.output<typeof toEngineSchema>
/** See {@link fromEngineSchema}. */
export type FromEngine = z.output<typeof fromEngineSchema>
/** Memory of the engine process and how long its engine thread has been silent. */
export type ProcessStatus = Extract<FromEngine, { type: 'status' }>['status']

/** Turns anything thrown into what crosses the border. An error that is not ours counts as a failed run. */
export function toErrorData(thrown: unknown): ErrorData {
  const stack = thrown instanceof Error && thrown.stack ? { stack: thrown.stack } : {}
  if (thrown instanceof EngineError) {
    return { code: thrown.code, message: thrown.message, exitCode: thrown.exitCode, details: { ...thrown.details }, ...stack }
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return { code: 'internal/unexpected', message: message || 'The engine failed without saying why.', exitCode: 1, details: {}, ...stack }
}

/** The same error on the other side of the border; the sender's stack goes on under `details.stack`. */
export function fromErrorData(data: ErrorData): EngineError {
  return new EngineError(data.code, data.message, {
    exitCode: data.exitCode,
    details: data.stack === undefined ? data.details : { ...data.details, stack: data.stack },
  })
}
