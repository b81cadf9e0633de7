/** What a golden case is, and how a computed number is compared with its golden one. */

/** Raised when a case's numbers differ from the golden ones; the message says where and by how much. */
export class Miss extends Error {
  override readonly name = 'Miss'
}

/** One line of the report. */
export interface GoldenCase {
  readonly name: string
  /** Throws {@link Miss} (or any error) on failure; returns a few words on how close it came. */
  run(): string | Promise<string>
}

/** A golden file's parsed content. */
export type GoldenFile = Readonly<Record<string, unknown>>

/** Whether a parsed JSON value is an object with all of these keys. */
export function hasKeys<Key extends string>(value: unknown, ...keys: Key[]): value is Record<Key, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && keys.every((key) => key in value)
}

/** The largest difference in units of the largest golden magnitude; infinite when one is not a number. */
export function relativeError(actual: ArrayLike<number>, golden: ArrayLike<number>): number {
  if (actual.length !== golden.length) throw new Miss(`${actual.length} numbers, golden ${golden.length}`)
  let scale = 0
  for (let i = 0; i < golden.length; i++) scale = Math.max(scale, Math.abs(golden[i]))
  let worst = 0
  for (let i = 0; i < golden.length; i++) {
    const difference = Math.abs(actual[i] - golden[i])
    worst = Math.max(worst, Number.isNaN(difference) ? Infinity : difference)
  }
  return worst / Math.max(scale, 1e-12)
}

/** Throws unless the numbers agree within a relative tolerance; returns the error. */
export function expectClose(what: string, actual: number | ArrayLike<number>, golden: number | ArrayLike<number>, tolerance: number): number {
  const list = (value: number | ArrayLike<number>): ArrayLike<number> => (typeof value === 'number' ? [value] : value)
  const error = relativeError(list(actual), list(golden))
  if (error <= tolerance) return error
  const [a, g] = [list(actual), list(golden)]
  let at = 0
  for (let i = 0; i < g.length; i++) if (!(Math.abs(a[i] - g[i]) <= Math.abs(a[at] - g[at]))) at = i
  throw new Miss(`${what}: relative error ${error.toExponential(1)} over ${tolerance}; [${at}] is ${a[at]}, golden ${g[at]}`)
}

/** Throws unless two values print the same as JSON. */
export function expectEqual(what: string, actual: unknown, golden: unknown): void {
  const [a, g] = [JSON.stringify(actual), JSON.stringify(golden)]
  if (a === g) return
  const shorten = (text: string | undefined): string => (text !== undefined && text.length > 90 ? `${text.slice(0, 90)}...` : String(text))
  throw new Miss(`${what}: ${shorten(a)}, golden ${shorten(g)}`)
}
