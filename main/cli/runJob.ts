/** Runs one request on an engine process and watches for Ctrl-C meanwhile. */
import path from 'node:path'
import { EngineClient } from '../engine-host/client.ts'
import { removeLeftovers } from '../engine-host/leftovers.ts'
import type { Printer } from './printer.ts'
import type { Surroundings } from './surroundings.ts'

/** npm and the bootstrap pass on a signal that the terminal has already sent us: one press can arrive three times. */
const SAME_PRESS_MS = 400
const BOOTSTRAP_CHECK_MS = 1000
/** An engine that has been killed is gone within milliseconds, unless the system itself is stuck. */
const LAST_RESORT_MS = 1000

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
  const { data, cache, bundledModels } = around.paths
  const engineModule = around.env['PALIMPSEST_ENGINE_MODULE']
  const pids: number[] = []
  const client = new EngineClient({
    restart: 'lazy',
    idleUnloadMs: 0,
    engineOptions: { dataDir: data, cacheDir: cache, bundledModels },
    onNotice: ({ kind, pid }) => {
      if (kind === 'started' && pid !== undefined) pids.push(pid)
    },
    ...(engineModule ? { engineModule } : {}),
    ...(around.debug ? { onLog: (text: string) => around.streams.stderr.write(text) } : {}),
  })
  const stop = new AbortController()
  const cancel = (): void => {
    printer.note('Cancelling after this step; press Ctrl-C again to stop at once.')
    stop.abort()
  }
  const endNow = (): void => {
    client.kill()
    setTimeout(() => process.exit(130), LAST_RESORT_MS).unref()
  }
  const unwatch = watch(cancel, endNow)
  try {
    return await client.run(request, { signal: stop.signal, onEvent: (event) => printer.event(event) })
  } finally {
    await client.close()
    unwatch()
    for (const pid of pids) removeLeftovers(outputs.map((file) => path.dirname(file)), pid)
  }
}

/** Watches for signals, for a reader of our output that has gone, and for a bootstrap that has gone. */
function watch(cancel: () => void, endNow: () => void): () => void {
  let pressedAt: number | undefined
  const press = (): void => {
    const now = performance.now()
    if (pressedAt === undefined) {
      pressedAt = now
      cancel()
    } else if (now - pressedAt > SAME_PRESS_MS) endNow()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, press)
  // Left on: after `| head` has gone every further line would raise it again.
  process.stdout.removeAllListeners('error').on('error', (error: Error) => {
    if (!('code' in error) || error.code !== 'EPIPE') throw error
    endNow()
  })
  const bootstrap = watchBootstrap(endNow)
  return () => {
    for (const signal of signals) process.off(signal, press)
    clearInterval(bootstrap)
  }
}

/** A bootstrap that is killed cannot pass it on; but then our parent's number is no longer the one it gave us. */
function watchBootstrap(gone: () => void): NodeJS.Timeout | undefined {
  const bootstrap = Number(process.env['PALIMPSEST_BOOTSTRAP_PID'])
  if (!bootstrap || process.ppid !== bootstrap) return undefined
  return setInterval(() => {
    if (process.ppid !== bootstrap) gone()
  }, BOOTSTRAP_CHECK_MS).unref()
}
