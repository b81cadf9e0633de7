/** Runs one request on an engine process and watches for Ctrl-C meanwhile. */
import path from 'node:path'
import { removeLeftovers } from '../engine-host/leftovers.ts'
import { endSoon, watchInterrupts } from './interrupts.ts'
import type { Printer } from './printer.ts'
import type { Surroundings } from './surroundings.ts'
import { engineFor } from './tools.ts'

/** A checked request and the files it will write. */
export interface PreparedJob {
  readonly request: Record<string, unknown>
  /** absolute */
  readonly outputs: readonly string[]
}

/** How a command gets its request run; tests put an engine of their own in its place. */
export type JobRunner = (job: PreparedJob, around: Surroundings, printer: Printer) => Promise<Record<string, unknown>>

/**
 * Runs the request and gives back the engine's answer. The first Ctrl-C cancels, the second ends the engine at once.
 * When it returns or throws, the engine process is gone and has left no unfinished file beside the outputs.
 * @throws EngineError as the engine or its supervisor words it; CancelledError after a Ctrl-C.
 */
export async function runJob({ request, outputs }: PreparedJob, around: Surroundings, printer: Printer): Promise<Record<string, unknown>> {
  const pids: number[] = []
  const client = engineFor(around, (pid) => pids.push(pid))
  const stop = new AbortController()
  const cancel = (): void => {
    printer.note('Cancelling after this step; press Ctrl-C again to stop at once.')
    stop.abort()
  }
  const endNow = (): void => {
    client.kill()
    endSoon()
  }
  const unwatch = watchInterrupts(cancel, endNow)
  try {
    return await client.run(request, { signal: stop.signal, onEvent: (event) => printer.event(event) })
  } finally {
    await client.close()
    unwatch()
    for (const pid of pids) removeLeftovers(outputs.map((file) => path.dirname(file)), pid)
  }
}
