/** What the end of Electron tells: a window that was closed, or a program that never came to have one. */

/** How a program ended. */
export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Electron that cannot start says so sooner than this, milliseconds. */
const FAILED_START_MS = 15_000
/** Chromium's way to stop over a fault; a shell tells SIGTRAP as 133, and 127 for what could not be loaded. */
const FAULTS: ReadonlySet<unknown> = new Set(['SIGTRAP', 'SIGABRT', 'SIGSEGV', 'SIGILL', 127, 133])

/**
 * Whether Electron fell over before it had a window: where the system allows no sandbox it traps itself, without a library
 * nothing loads it.
 * @param afterMs time from its start to its end, milliseconds
 */
export function couldNotStart({ code, signal }: End, afterMs: number): boolean {
  return afterMs < FAILED_START_MS && FAULTS.has(signal ?? code)
}
