/** Runs one request on an engine process and watches for Ctrl-C meanwhile. */
import { EngineClient } from '../engine-host/client.ts'
import type { JobEvent } from '../engine-host/protocol.ts'
import type { Printer } from './printer.ts'
import type { Surroundings } from './surroundings.ts'

/** npm and the bootstrap pass on a signal that the terminal has already sent us: one press can arrive three times. */
const SAME_PRESS_MS = 400
const BOOTSTRAP_CHECK_MS = 1000

/**
 * Runs the request and gives back the engine's answer. The first Ctrl-C cancels, the second ends the engine and this
 * process at once with code 130.
 * @throws EngineError as the engine or its supervisor words it; CancelledError after a Ctrl-C.
 */
export async function runJob(request: Record<string, unknown>, around: Surroundings, printer: Printer): Promise<Record<string, unknown>> {
  const { data, cache, bundledModels } = around.paths
  const engineModule = around.env['PALIMPSEST_ENGINE_MODULE']
  const client = new EngineClient({
    restart: 'lazy',
    idleUnloadMs: 0,
    engineOptions: { dataDir: data, cacheDir: cache, bundledModels },
    ...(engineModule ? { engineModule } : {}),
    ...(around.debug ? { onLog: (text: string) => around.streams.stderr.write(text) } : {}),
  })
  const stop = new AbortController()
  const unwatch = watchSignals(
    () => {
      printer.note('Cancelling after this step; press Ctrl-C again to stop at once.')
      stop.abort()
    },
    () => {
      client.kill()
      process.exit(130)
    },
  )
  try {
    return await client.run(request, { signal: stop.signal, onEvent: (event: JobEvent) => printer.event(event) })
  } finally {
    unwatch()
    await client.close()
  }
}

function watchSignals(first: () => void, second: () => void): () => void {
  let pressedAt: number | undefined
  const press = (): void => {
    const now = performance.now()
    if (pressedAt === undefined) {
      pressedAt = now
      first()
    } else if (now - pressedAt > SAME_PRESS_MS) second()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, press)
  // Nobody reads on (`| head`): there is no one left to paint for.
  const closedPipe = (error: Error): void => {
    if ('code' in error && error.code === 'EPIPE') second()
    else throw error
  }
  process.stdout.on('error', closedPipe)
  const orphan = watchBootstrap(second)
  return () => {
    for (const signal of signals) process.off(signal, press)
    process.stdout.off('error', closedPipe)
    clearInterval(orphan)
  }
}

/** The bootstrap that started us cannot say when it is killed; that its process number is no longer our parent's does. */
function watchBootstrap(gone: () => void): NodeJS.Timeout | undefined {
  const bootstrap = Number(process.env['PALIMPSEST_BOOTSTRAP_PID'])
  if (!bootstrap || process.ppid !== bootstrap) return undefined
  return setInterval(() => {
    if (process.ppid !== bootstrap) gone()
  }, BOOTSTRAP_CHECK_MS).unref()
}
