/** Errors as data for the other side of the border: a stable code and one sentence, never a stack, never a path. */
import { CancelledError, EngineError } from '../engine/errors.ts'
import type { AppErrorData } from '../../preload/contract/result.ts'
import type { PathScrubber } from './scrub.ts'

/** The sentence for what nobody foresaw; what it was is in the log. */
const UNEXPECTED = 'Something went wrong that should not have; the log has the details (Help > Show log). Nothing that was saved is lost.'

/** Details that are for the log only. */
const PRIVATE_DETAILS = new Set(['stack', 'stderr', 'cause'])

/** Whatever was thrown, as data. */
export function toAppError(thrown: unknown, scrub: PathScrubber): AppErrorData {
  const error = asEngineError(thrown)
  if (!error || error.code.startsWith('internal/')) return { code: 'internal/unexpected', message: UNEXPECTED, exitCode: 1, details: {} }
  const details = Object.entries(error.details).filter(([key]) => !PRIVATE_DETAILS.has(key))
  return { code: error.code, message: scrub.text(error.message), exitCode: error.exitCode, details: scrub.value(Object.fromEntries(details)) as Record<string, unknown> } // an object stays one
}

function asEngineError(thrown: unknown): EngineError | undefined {
  if (thrown instanceof EngineError) return thrown
  return (thrown as { name?: unknown } | null)?.name === 'AbortError' ? new CancelledError() : undefined
}

/** What the log keeps of something thrown: the sentence, the code and the stack, with those of its causes. */
export function forLog(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const code = thrown instanceof EngineError ? ` [${thrown.code}]` : ''
  const inner = thrown instanceof EngineError && typeof thrown.details['stack'] === 'string' ? `\n  in the engine: ${thrown.details['stack']}` : ''
  const cause = thrown.cause === undefined ? '' : `\n  because: ${forLog(thrown.cause)}`
  return `${thrown.stack ?? thrown.message}${code}${inner}${cause}`
}
