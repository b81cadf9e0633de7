/**
 * The worker thread of the engine process: loads the engine and runs its jobs. Everything that calls onnxruntime, and so
 * blocks, happens here; the process's main thread stays free to answer. Jobs that were sent side by side run side by side:
 * the engine itself lets one at a time have the models, while files are read and written in threads of their own.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { CancelledError, failed } from '../engine/errors.ts'
import type { EngineEvent } from '../engine/requests.ts'
import { CONTROL, cancelCell } from './enginePort.ts'
import type { EngineModule, EnginePort } from './enginePort.ts'
import { toErrorData } from './protocol.ts'
import type { FromEngine, ToEngine } from './protocol.ts'

/** What the process's main thread hands to this thread. */
export interface EngineThreadData {
  /** URL of a module that exports createEngine */
  readonly engineModule: string
  readonly engineOptions: Record<string, unknown>
  /** BigInt64 cells, see {@link CONTROL} */
  readonly control: SharedArrayBuffer
}

/** Milliseconds between signs of life while the thread's event loop turns. */
const ALIVE_EVERY_MS = 100

if (!parentPort) throw failed('process/no-port', 'The engine thread was started outside an engine process.')
const port = parentPort
const data = workerData as EngineThreadData // the main thread's own words, typed there
const control = new BigInt64Array(data.control)
const running = new Map<number, AbortController>()

markAlive()
setInterval(markAlive, ALIVE_EVERY_MS).unref()
void start()

async function start(): Promise<void> {
  let engine: EnginePort
  try {
    const loaded = (await import(data.engineModule)) as Partial<EngineModule>
    if (typeof loaded.createEngine !== 'function') {
      throw failed('process/no-engine', `${data.engineModule}: expected a module that exports createEngine, found none.`)
    }
    engine = await loaded.createEngine(data.engineOptions)
  } catch (error) {
    post({ type: 'fatal', error: toErrorData(error) })
    return
  }
  // Unload and shutdown wait for the jobs before them and hold those after them back; cancel does not wait.
  const atWork = new Set<Promise<void>>()
  let barrier = Promise.resolve()
  port.on('message', (message: ToEngine) => {
    if (message.type === 'cancel') return running.get(message.id)?.abort(new CancelledError())
    const served = message.type === 'request' ? barrier.then(() => serve(engine, message)) : Promise.all([barrier, ...atWork]).then(() => serve(engine, message))
    if (message.type !== 'request') barrier = served
    atWork.add(served)
    void served.finally(() => atWork.delete(served))
  })
  post({ type: 'ready' })
}

async function serve(engine: EnginePort, message: ToEngine): Promise<void> {
  switch (message.type) {
    case 'request':
      return await runJob(engine, message.id, message.request)
    case 'unload':
      await engine.unload?.()
      // Freed typed arrays go back to the system only when the collector has seen them.
      globalThis.gc?.()
      return post({ type: 'unloaded', id: message.id, rssBytes: process.memoryUsage.rss() })
    case 'shutdown':
      await engine.dispose?.()
      port.close()
      return
    default:
      throw failed('process/unexpected-message', `The engine thread received a message of type "${message.type}", which is not for it.`)
  }
}

async function runJob(engine: EnginePort, id: number, request: Record<string, unknown>): Promise<void> {
  const controller = new AbortController()
  running.set(id, controller)
  try {
    const value = await engine.run(request, {
      signal: pollingSignal(controller, id),
      onEvent: (event) => {
        markAlive()
        post({ type: 'event', id, event: fitForBorder(event) })
      },
    })
    post({ type: 'result', id, value: { ...value } })
  } catch (error) {
    const cancelled = cancelRequested(id) && (error === controller.signal.reason || isAbort(error))
    post({ type: 'error', id, error: toErrorData(cancelled && !(error instanceof CancelledError) ? new CancelledError() : error) })
  } finally {
    running.delete(id)
  }
}

/**
 * The controller's signal, which also looks at the shared cell each time it is asked: while a step blocks this
 * thread the cancel message waits in the queue, but the cell has been set all the same.
 */
function pollingSignal(controller: AbortController, id: number): AbortSignal {
  const { signal } = controller
  const native = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')
  if (!native?.get) throw failed('process/abort-signal', 'This Node version has no AbortSignal.prototype.aborted to build on.')
  const isAborted = native.get
  const poll = (): boolean => {
    if (!isAborted.call(signal) && cancelRequested(id)) controller.abort(new CancelledError())
    return Boolean(isAborted.call(signal))
  }
  Object.defineProperty(signal, 'aborted', { get: poll })
  Object.defineProperty(signal, 'throwIfAborted', {
    value: () => {
      if (poll()) throw signal.reason
    },
  })
  return signal
}

function cancelRequested(id: number): boolean {
  return Atomics.load(control, cancelCell(id)) === BigInt(id)
}

function isAbort(error: unknown): boolean {
  return error instanceof CancelledError || (error instanceof Error && error.name === 'AbortError')
}

/**
 * The event as the protocol allows it: a preview of its own (posting a view would copy the whole buffer behind it),
 * whole counts, and no estimate where the engine's is not a number. A display must not be able to end a run.
 */
function fitForBorder(event: EngineEvent): EngineEvent {
  if (event.event !== 'progress') return event
  const { etaSeconds, preview, ...rest } = event
  return {
    ...rest,
    step: Math.max(0, Math.round(event.step)),
    steps: Math.max(0, Math.round(event.steps)),
    ...(etaSeconds !== undefined && Number.isFinite(etaSeconds) ? { etaSeconds: Math.max(0, etaSeconds) } : {}),
    ...(preview ? { preview: { ...preview, rgba: preview.rgba.slice() } } : {}),
  }
}

function markAlive(): void {
  Atomics.store(control, CONTROL.lastAliveMs, BigInt(Date.now()))
}

/** Every message passes a border soon, where the other side parses it; the cast only drops `readonly`. */
function post(message: Exclude<FromEngine, { type: 'event' }> | { type: 'event'; id: number; event: EngineEvent }): void {
  try {
    port.postMessage(message)
  } catch (error) {
    if (message.type !== 'result' && message.type !== 'error') throw error
    const reason = error instanceof Error ? error.message : String(error)
    const thrown = failed('process/unsendable', `The engine's answer could not be sent: expected plain values, found ${reason}.`)
    port.postMessage({ type: 'error', id: message.id, error: toErrorData(thrown) })
  }
}
