/**
 * Errors of the engine. Every message a person sees is one sentence that names the thing, what was
 * expected, what was found and, where something can be done, what to do.
 */

/** How a command ends: 0 is success; these are the other three ways. */
export type ExitCode = 1 | 2 | 130

/**
 * An error with a stable code that a program can switch on and a sentence that a person can read.
 *
 * `code` is `area/what`, for example `weights/missing-key` or `input/mask-size`; `exitCode` is 2 when the
 * person's input is at fault, 1 when the run failed, 130 when it was cancelled; `details` is plain JSON.
 */
export class EngineError extends Error {
  override readonly name: string = 'EngineError'
  readonly code: string
  readonly exitCode: ExitCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: string,
    message: string,
    options: { exitCode?: ExitCode; details?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.exitCode = options.exitCode ?? 1
    this.details = options.details ?? {}
  }
}

/** What a bad-input sentence is made of; see {@link badInput}. */
export interface BadInput {
  /** The file, option or value, as the person wrote it. */
  readonly thing: string
  /** What would have been right, as a noun phrase or clause. */
  readonly expected: string
  /** What was there instead. */
  readonly found: string
  /** What to do about it, as an imperative without the final full stop. */
  readonly todo?: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * The error for a person's mistake (exit code 2), worded the same way everywhere:
 * `<thing>: expected <expected>, found <found>; <todo>.`
 */
export function badInput(code: string, input: BadInput): EngineError {
  const sentence = `${input.thing}: expected ${input.expected}, found ${input.found}${input.todo ? `; ${input.todo}` : ''}.`
  return new EngineError(code, sentence, {
    exitCode: 2,
    ...(input.details ? { details: input.details } : {}),
    ...(input.cause === undefined ? {} : { cause: input.cause }),
  })
}

/** The error for a run that could not be finished though its input was legal (exit code 1). */
export function failed(code: string, message: string, cause?: unknown): EngineError {
  return new EngineError(code, message, { exitCode: 1, ...(cause === undefined ? {} : { cause }) })
}

/** A cancelled run (exit code 130). Not a fault; nothing was written. */
export class CancelledError extends EngineError {
  override readonly name = 'CancelledError'

  constructor(message = 'The run was cancelled; nothing was written.') {
    super('run/cancelled', message, { exitCode: 130 })
  }
}

/** Throws {@link CancelledError} when the signal has fired; called between steps. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CancelledError()
}

/** Marks a branch that the type checker proved impossible; throws if it is reached all the same. */
export function unreachable(value: never, where: string): never {
  throw failed('internal/unreachable', `${where} reached a case that cannot occur (${JSON.stringify(value)}); please report it.`)
}
