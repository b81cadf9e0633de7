/**
 * What past runs tell of the next one. A run is remembered as measured / expected seconds with the part that other
 * programs took of the machine divided out, and runs that had the machine nearly to themselves count before all others, so
 * that a loaded hour does not become the machine's speed. Load that the system does not count (caches, a lowered clock,
 * other guests of the same host) is met by a low quantile of the last few runs, the newest counting most.
 */

/** One remembered run. */
export interface PastRun {
  /** measured / expected seconds, as if the machine had been free */
  readonly ratio: number
  /** whether other programs took a part that makes the ratio a rough one */
  readonly shared: boolean
}

/** How slow the machine was lately, beside its own speed when it is free. */
export interface Slowdown {
  /** measured seconds / seconds on the free machine, at least 1 */
  readonly factor: number
  /** milliseconds since 1970 */
  readonly at: number
}

/** Runs that are remembered of one kind, of those alone on the machine and of the others each. */
const KEPT = 6
/** Up to this part of the processors other programs do not disturb. */
const SHARED_FROM = 0.15
/** Weight of a run against the one after it. */
const FORGETTING = 0.7
/** The quantile that stands for all: one quiet run outweighs any loaded hour, three loaded ones a quiet day. */
const QUANTILE = 0.3
/** Rough runs err to both sides. */
const ROUGH_QUANTILE = 0.5
/** Other programs taking more of the machine than this cannot be told from a machine that stands still. */
const MOST_SHARE = 0.9
/** Time after which half of a slowdown is taken to be over, milliseconds. */
const HALF_LIFE_MS = 60_000

/** A run to remember. @param ratio measured / expected seconds @param othersShare part of the processors that other programs had */
export function pastRun(ratio: number, othersShare: number): PastRun {
  return { ratio: freeSeconds(ratio, othersShare), shared: othersShare > SHARED_FROM }
}

/** The remembered runs with one more, the newest of its sort first. */
export function remember(runs: readonly PastRun[], run: PastRun): PastRun[] {
  return [run, ...runs.filter(({ shared }) => shared === run.shared).slice(0, KEPT - 1), ...runs.filter(({ shared }) => shared !== run.shared)]
}

/** Measured / expected seconds of the next run on a free machine; 1 when nothing is known. */
export function usualRatio(runs: readonly PastRun[]): number {
  const alone = runs.filter(({ shared }) => !shared)
  const weighted = (alone.length > 0 ? alone : runs).map(({ ratio }, age) => ({ ratio, weight: FORGETTING ** age })).sort((a, b) => a.ratio - b.ratio)
  let left = (alone.length > 0 ? QUANTILE : ROUGH_QUANTILE) * weighted.reduce((sum, { weight }) => sum + weight, 0)
  for (const { ratio, weight } of weighted) {
    left -= weight
    if (left <= 0) return ratio
  }
  return 1
}

/** Size in a key: rows x columns. */
const SIZE = /(\d+)x(\d+)/

/**
 * The key whose runs tell most of one that has none: the same work at the nearest size. Null where there is none.
 * @param keys as the speed book names work, sizes as rows x columns in them
 */
export function nearestKey(key: string, keys: readonly string[]): string | null {
  const area = areaOf(key)
  if (area === null) return null
  const kin = keys.filter((other) => other.replace(SIZE, '') === key.replace(SIZE, '') && areaOf(other) !== null)
  const distance = (other: string): number => Math.abs(Math.log(areaOf(other)! / area))
  return kin.reduce<string | null>((best, other) => (best === null || distance(other) < distance(best) ? other : best), null)
}

/** The middle of the usual ratios of all nets: how far the first measurement of a machine was off, for nets never run. */
export function middleRatio(runs: Readonly<Record<string, readonly PastRun[]>>): number {
  const ratios = Object.entries(runs).filter(([key]) => SIZE.test(key)).map(([, past]) => usualRatio(past)).sort((a, b) => a - b)
  return ratios[ratios.length >> 1] ?? 1
}

function areaOf(key: string): number | null {
  const [, rows, columns] = SIZE.exec(key) ?? []
  return rows === undefined || columns === undefined ? null : Number(rows) * Number(columns)
}

/** What would have been measured had other programs not had their share (0..1) of the processors. */
function freeSeconds(seconds: number, othersShare: number): number {
  return seconds * (1 - Math.min(MOST_SHARE, Math.max(0, othersShare)))
}

/** The factor by which a run that begins now is slowed down: what the last run met, fading. */
export function slowdownNow(last: Slowdown | undefined, now: number): number {
  return last === undefined ? 1 : 1 + (last.factor - 1) * 2 ** (-Math.max(0, now - last.at) / HALF_LIFE_MS)
}
