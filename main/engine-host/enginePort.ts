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

/** Names of the cells of the memory that both threads of the engine process share. */
export const CONTROL = {
  /** id of the job to cancel, 0 for none; BigInt64 */
  cancelJob: 0,
  /** Date.now() of the engine thread's last sign of life; BigInt64 */
  lastAliveMs: 1,
  cells: 2,
} as const
