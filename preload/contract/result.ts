/** How an answer crosses the border: a value, or an error as data that a person can read. */
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

/** A value or an error, as it crosses the border. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: AppErrorData }

/** The error that `call` throws on the caller's side of the border. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly data: AppErrorData

  constructor(data: AppErrorData) {
    super(data.message)
    this.data = data
  }

  /** stable code, `area/what` */
  get code(): string {
    return this.data.code
  }
}

/** The value of a result. @throws AppError when it is an error */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new AppError(result.error)
}
