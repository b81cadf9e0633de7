/** What a use-case needs of an engine; `EngineClient` fits, and so does a fake of a test. */
import type { EngineEvent } from '../engine/requests.ts'

/** Runs one request after another. */
export interface JobEngine {
  /** @throws EngineError; CancelledError when the signal fired */
  run(request: Record<string, unknown>, options?: JobEngineOptions): Promise<Readonly<Record<string, unknown>>>
}

/** How a request is watched and stopped. */
export interface JobEngineOptions {
  readonly signal?: AbortSignal
  readonly onEvent?: (event: EngineEvent) => void
}
