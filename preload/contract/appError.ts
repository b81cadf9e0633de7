/** The shape of an error that crosses the border. Apart from result.ts, so that a bridge brings no zod along. */
import { z } from 'zod'

/**
 * An error as a person meets it: a stable code (`area/what`), one sentence, and plain details. `exitCode` 2 means that
 * the input was at fault, 1 that the run failed, 130 that it was cancelled.
 */
export const appErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  exitCode: z.union([z.literal(1), z.literal(2), z.literal(130)]),
  details: z.record(z.string(), z.unknown()),
})
/** See {@link appErrorSchema}. */
export type AppErrorData = z.output<typeof appErrorSchema>
