/**
 * What past runs tell of the next one. A run is remembered as measured / expected seconds with the part that other
 * programs took of the machine divided out, so that a loaded hour does not become the machine's speed; what that leaves
 * (shared caches, a clock that was lowered) is caught by a low quantile of the last few runs, the newest counting most.
 */

/** One remembered run. */
export interface PastRun {
  /** measured / expected seconds, as if the machine had been free */
  readonly ratio: number
}

/** How slow the machine was lately, beside its own speed when it is free. */
export interface Slowdown {
  /** measured seconds / seconds on the free machine, at least 1 */
  readonly factor: number
  /** milliseconds since 1970 */
  readonly at: number
}

/** Runs that are remembered of one kind. */
const KEPT = 6
/** Weight of a run against the one after it. */
const FORGETTING = 0.7
/** The quantile that stands for all: one quiet run outweighs any loaded hour, three loaded ones a quiet day. */
const QUANTILE = 0.3
/** Other programs taking more of the machine than this cannot be told from a machine that stands still. */
const MOST_SHARE = 0.9
/** Time after which half of a slowdown is taken to be over, milliseconds. */
const HALF_LIFE_MS = 60_000

/** The remembered runs with one more, the newest first. */
export function remember(runs: readonly PastRun[], run: PastRun): PastRun[] {
  return [run, ...runs].slice(0, KEPT)
}

/** Measured / expected seconds of the next run on a free machine; 1 when nothing is known. */
export function usualRatio(runs: readonly PastRun[]): number {
  const weighted = runs.map(({ ratio }, age) => ({ ratio, weight: FORGETTING ** age })).sort((a, b) => a.ratio - b.ratio)
  let left = QUANTILE * weighted.reduce((sum, { weight }) => sum + weight, 0)
  for (const { ratio, weight } of weighted) {
    left -= weight
    if (left <= 0) return ratio
  }
  return 1
}

/** Seconds that a run would have taken had other programs not had their share (0..1) of the processors. */
export function freeSeconds(seconds: number, othersShare: number): number {
  return seconds * (1 - Math.min(MOST_SHARE, Math.max(0, othersShare)))
}

/** The factor by which a run that begins now is slowed down: what the last run met, fading. */
export function slowdownNow(last: Slowdown | undefined, now: number): number {
  return last === undefined ? 1 : 1 + (last.factor - 1) * 2 ** (-Math.max(0, now - last.at) / HALF_LIFE_MS)
}
