/** What the engine process needs of the module it runs: our engine fits, and so do the fakes of the tests. */
import type { EngineEvent, EngineResult } from '../engine/requests.ts'

/** How a run is watched and stopped. */
export interface EngineRunOptions {
  readonly signal: AbortSignal
  readonly onEvent: (event: EngineEvent) => void
}

/** An engine: checks a request, runs it, tells how far it is, gives back plain JSON. */
export interface EnginePort {
  run(request: Record<string, unknown>, options: EngineRunOptions): Promise<EngineResult>
  /** frees models that are loaded; the next run loads them again */
  unload?(): Promise<void>
  /** frees everything; no run follows */
  dispose?(): Promise<void>
}

/** A module that the engine thread can load. */
export interface EngineModule {
  createEngine(options: Record<string, unknown>): EnginePort | Promise<EnginePort>
}

/** Most jobs that one engine process works at side by side. */
export const MOST_OVERLAP = 16

/** Names of the cells of the memory that both threads of the engine process share. */
export const CONTROL = {
  /** Date.now() of the engine thread's last sign of life; BigInt64 */
  lastAliveMs: 0,
  /** from here on ids of jobs to cancel, each at {@link cancelCell}; BigInt64 */
  cancels: 1,
  /** as many as jobs can be at work side by side */
  cancelCells: MOST_OVERLAP,
  cells: 1 + MOST_OVERLAP,
} as const

/**
 * The cell that says whether a job is to be cancelled: it holds the job's id then. Where two jobs share a cell and both are
 * cancelled, the first learns it from its message alone, which is read between two steps.
 */
export function cancelCell(job: number): number {
  return CONTROL.cancels + (job % CONTROL.cancelCells)
}
