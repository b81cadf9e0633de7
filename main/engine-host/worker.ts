/**
 * Entry of the engine process. Its main thread only passes messages on and answers heartbeat, cancel and status,
 * so that it does so at once whatever the engine thread is busy with.
 *
 * The process never outlives its supervisor: when the IPC channel closes, it ends.
 */
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { failed } from '../engine/errors.ts'
import { CONTROL, cancelCell } from './enginePort.ts'
import type { EngineThreadData } from './engineThread.ts'
import { PROTOCOL_VERSION, toEngineSchema, toErrorData } from './protocol.ts'
import type { ErrorData, FromEngine, ProcessStatus, ToEngine } from './protocol.ts'

/** How long the engine may take to dispose of its models after a shutdown. */
const SHUTDOWN_GRACE_MS = 1000

/** Bundled code lies in .js files, a checkout's in .ts files; neighbours have the extension of this file. */
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const control = new BigInt64Array(new SharedArrayBuffer(CONTROL.cells * BigInt64Array.BYTES_PER_ELEMENT))
let thread: Worker | undefined
let previewInFlight = false

// Ctrl-C in a terminal reaches every process of the group: the supervisor decides what it means.
process.on('SIGINT', () => undefined)
process.on('disconnect', endNow)
process.on('uncaughtException', (error) => sayLastWords(toErrorData(error)))
process.on('unhandledRejection', (error) => sayLastWords(toErrorData(error)))
process.on('message', (raw) => receive(toEngineSchema.parse(raw)))
if (!process.connected) {
  process.stderr.write('The engine process is started by Palimpsest itself, never by hand; use the palimpsest command.\n')
  process.exit(2)
}

function receive(message: ToEngine): void {
  switch (message.type) {
    case 'hello':
      return startThread(message)
    case 'heartbeat':
      return send({ type: 'pong', beat: message.beat, blockedMs: blockedMs() })
    case 'status':
      return send({ type: 'status', id: message.id, status: status() })
    case 'cancel':
      Atomics.store(control, cancelCell(message.id), BigInt(message.id))
      thread?.postMessage(message)
      return send({ type: 'cancelling', id: message.id })
    case 'shutdown':
      setTimeout(endNow, SHUTDOWN_GRACE_MS).unref()
      if (!thread) return endNow()
      thread.removeAllListeners('exit').once('exit', endNow)
      return thread.postMessage(message)
    case 'request':
    case 'unload':
      thread?.postMessage(message)
  }
}

function startThread(hello: Extract<ToEngine, { type: 'hello' }>): void {
  send({ type: 'hello', version: PROTOCOL_VERSION, pid: process.pid, nodeVersion: process.version })
  if (hello.version !== PROTOCOL_VERSION) {
    return sayLastWords(
      toErrorData(
        failed(
          'process/protocol',
          `The engine process: expected protocol version ${PROTOCOL_VERSION}, found ${hello.version}; the installation mixes two versions, install Palimpsest again.`,
        ),
      ),
    )
  }
  const workerData: EngineThreadData = {
    engineModule: hello.engineModule ?? new URL(`../engine/index${extension}`, import.meta.url).href,
    engineOptions: hello.engineOptions,
    control: control.buffer as SharedArrayBuffer, // made above from one
  }
  thread = new Worker(new URL(`./engineThread${extension}`, import.meta.url), { workerData })
  thread.on('message', forward)
  thread.on('error', (error) => sayLastWords(toErrorData(error)))
  thread.on('exit', (code) => sayLastWords(toErrorData(failed('process/thread-ended', `The engine thread ended with code ${code}.`))))
}

function forward(message: FromEngine): void {
  if (message.type === 'fatal') return sayLastWords(message.error)
  if (message.type !== 'event' || message.event.event !== 'progress' || !message.event.preview) return send(message)
  if (previewInFlight) {
    // A supervisor that does not keep up loses pictures, never memory.
    const { preview: _dropped, ...event } = message.event
    return send({ ...message, event })
  }
  previewInFlight = true
  send(message, () => {
    previewInFlight = false
  })
}

function send(message: FromEngine, sent?: () => void): void {
  if (!process.connected || !process.send) return
  process.send(message, undefined, {}, () => sent?.())
}

function sayLastWords(error: ErrorData): void {
  if (!process.connected) return endNow()
  send({ type: 'fatal', error }, endNow)
  setTimeout(endNow, SHUTDOWN_GRACE_MS)
}

/** Ends the process at once. process.exit would wait for the engine thread, which may be in the middle of a long run. */
function endNow(): void {
  process.kill(process.pid, 'SIGKILL')
}

function blockedMs(): number {
  const lastAlive = Number(Atomics.load(control, CONTROL.lastAliveMs))
  return lastAlive === 0 ? 0 : Math.max(0, Date.now() - lastAlive)
}

function status(): ProcessStatus {
  return { rssBytes: process.memoryUsage.rss(), peakRssBytes: peakRssBytes(), blockedMs: blockedMs() }
}

/** VmHWM on Linux: getrusage's figure there starts from that of the process that spawned this one. */
function peakRssBytes(): number {
  if (process.platform === 'linux') {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (kibibytes) return Number(kibibytes) * 1024
  }
  return process.resourceUsage().maxRSS * 1024
}
