/**
 * In which steps of a run attention is steered (Hertz et al. 2022, arXiv 2208.01626, section 3.2). Windows are
 * fractions of the run; their ends are cut down to whole steps.
 */

/** From a fraction of the run to a fraction of the run; a lone number f means from 0 to f. */
export type StepWindow = number | readonly [from: number, to: number]

/** A window of its own for some tokens of the target prompt. */
export interface TokenWindowOverride {
  readonly positions: readonly number[]
  readonly window: StepWindow
}

/**
 * The table A[step, token] of 0 and 1 by which a step's edited cross-attention is mixed with the target's own.
 * One row more than steps, as in the reference, whose windows are fractions of steps + 1.
 */
export function crossAttentionTable(
  numSteps: number,
  window: StepWindow,
  overrides: readonly TokenWindowOverride[] = [],
  length = 77,
): Float32Array[] {
  const rows = Array.from({ length: numSteps + 1 }, () => new Float32Array(length))
  const all = Array.from({ length }, (_, token) => token)
  for (const { positions, window: own } of [{ positions: all, window }, ...overrides]) {
    const [from, to] = bounds(own, numSteps + 1)
    rows.forEach((row, step) => {
      for (const token of positions) row[token] = step >= from && step < to ? 1 : 0
    })
  }
  return rows
}

/** Whether self-attention is injected at a step (0-based) of a run of `numSteps`. */
export function isSelfAttentionStep(step: number, numSteps: number, window: StepWindow): boolean {
  const [from, to] = bounds(window, numSteps)
  return step >= from && step < to
}

function bounds(window: StepWindow, count: number): [number, number] {
  const [from, to] = typeof window === 'number' ? [0, window] : window
  return [Math.trunc(from * count), Math.trunc(to * count)]
}
