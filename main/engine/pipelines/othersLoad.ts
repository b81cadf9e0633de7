/** How much of the machine other programs take while something is timed. */
import os from 'node:os'

/** Processor seconds so far: of all programs, and of this one. */
export interface ProcessorTimes {
  readonly all: number
  readonly own: number
  /** processors that `all` is counted over */
  readonly processors: number
  /** wall clock, seconds */
  readonly at: number
}

/** Shorter stretches than this are within the clock ticks that systems count in, seconds. */
const LEAST_SECONDS = 0.1

/** The processor times now. */
export function processorTimes(): ProcessorTimes {
  const cpus = os.cpus()
  const busy = cpus.reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
  const { user, system } = process.cpuUsage()
  return { all: busy / 1000, own: (user + system) / 1e6, processors: cpus.length, at: performance.now() / 1000 }
}

/**
 * The share of all processors, 0..1, that other programs had between two moments. 0 where it cannot be told: over a moment
 * too short, and where this process may use fewer processors than the system counts (a container).
 */
export function othersShare(before: ProcessorTimes, after: ProcessorTimes, usable: number = os.availableParallelism()): number {
  const seconds = after.at - before.at
  if (seconds < LEAST_SECONDS || after.processors === 0 || usable < after.processors) return 0
  const others = after.all - before.all - (after.own - before.own)
  return Math.min(1, Math.max(0, others / (seconds * after.processors)))
}
