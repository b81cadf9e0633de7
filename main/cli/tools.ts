/** What a procedure works with: engines, a voice, and word of a Ctrl-C. */
import { CancelledError } from '../engine/errors.ts'
import { EngineClient } from '../engine-host/client.ts'
import type { Resolver } from './commandSpec.ts'
import { endSoon, watchInterrupts } from './interrupts.ts'
import type { Printer } from './printer.ts'
import type { Surroundings } from './surroundings.ts'

/** Handed to every {@link ProcedureSpec}. */
export interface Tools {
  readonly around: Surroundings
  readonly printer: Printer
  readonly resolver: Resolver
  /** fires at the first Ctrl-C; the second ends everything at once */
  readonly signal: AbortSignal
  /** Makes an engine, whose process starts with its first request and ends with the command; it takes `overlap` requests side by side, 1 when absent. */
  engine(overlap?: number): EngineClient
}

/** The supervisor of an engine as the command line starts it. */
export function engineFor(around: Surroundings, onStart: (pid: number) => void = () => undefined, overlap = 1): EngineClient {
  const { data, cache, bundledModels } = around.paths
  const engineModule = around.env['PALIMPSEST_ENGINE_MODULE']
  return new EngineClient({
    restart: 'lazy',
    idleUnloadMs: 0,
    overlap,
    engineOptions: { dataDir: data, cacheDir: cache, bundledModels },
    onNotice: ({ kind, pid }) => {
      if (kind === 'started' && pid !== undefined) onStart(pid)
    },
    ...(engineModule ? { engineModule } : {}),
    ...(around.debug ? { onLog: (text: string) => around.streams.stderr.write(text) } : {}),
  })
}

/** Lends tools to a piece of work; engines it made are gone when this returns or throws. */
export async function withTools<T>(around: Surroundings, printer: Printer, resolver: Resolver, work: (tools: Tools) => Promise<T>): Promise<T> {
  const engines: EngineClient[] = []
  const stop = new AbortController()
  const cancel = (): void => {
    printer.note('Stopping; press Ctrl-C again to stop at once.')
    stop.abort()
  }
  const endNow = (): void => {
    for (const engine of engines) engine.kill()
    endSoon()
  }
  const unwatch = watchInterrupts(cancel, endNow)
  try {
    return await work({
      around, printer, resolver, signal: stop.signal,
      engine(overlap) {
        const engine = engineFor(around, undefined, overlap)
        engines.push(engine)
        return engine
      },
    })
  } catch (error) {
    if (stop.signal.aborted && error instanceof Error && error.name === 'AbortError') throw new CancelledError('The command was stopped; nothing was left half done.')
    throw error
  } finally {
    await Promise.all(engines.map((engine) => engine.close()))
    unwatch()
  }
}
