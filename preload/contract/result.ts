/** How an answer crosses the border: a value, or an error as data that a person can read. */
import type { AppErrorData } from './appError.ts'

export type { AppErrorData }

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
