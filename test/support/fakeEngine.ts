/**
 * An engine that does what a test asks of it instead of painting: it blocks, crashes, leaks, hangs, fails, writes a
 * result. It stands in for main/engine/index.ts where the process, the supervisor or the command line is under test.
 * The request's `fake` field (or PALIMPSEST_FAKE, for the command line's tests) says what to do.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, badInput, throwIfCancelled } from '../../main/engine/errors.ts'
import type { EnginePort, EngineRunOptions } from '../../main/engine-host/enginePort.ts'

interface FakeOrder {
  /** what to do, see {@link createEngine} */
  readonly does: string
  readonly ms?: number
  readonly steps?: number
  readonly megabytes?: number
}

const leaked: Uint8Array[] = []
let unloads = 0

/** Same shape as the real one. `engineOptions.failToStart` makes it throw; `crashOnStart` ends the process. */
export function createEngine(options: Record<string, unknown>): EnginePort {
  if (options['failToStart']) throw new Error('this engine never starts')
  if (options['refuseToStart']) throw badInput('paths/cache', { thing: '/cache', expected: 'a folder that can be written', found: 'none' })
  if (options['crashOnStart']) process.kill(process.pid, 'SIGSEGV')
  return {
    run: (request, run) => obey(orderOf(request), request, run),
    unload: async () => {
      unloads += 1
      leaked.length = 0
      await sleep(1)
    },
  }
}

function orderOf(request: Record<string, unknown>): FakeOrder {
  const fake = request['fake'] ?? (process.env['PALIMPSEST_FAKE'] ? JSON.parse(process.env['PALIMPSEST_FAKE']) : { does: 'echo' })
  return fake as FakeOrder
}

async function obey(order: FakeOrder, request: Record<string, unknown>, run: EngineRunOptions): Promise<Record<string, unknown>> {
  switch (order.does) {
    case 'echo':
      return { request, pid: process.pid, unloads }
    case 'steps':
      return await steps(order, request, run)
    case 'block':
      busyFor(order.ms ?? 1000)
      throwIfCancelled(run.signal)
      return { blockedMs: order.ms }
    case 'blockInSteps':
      // Like a sampler: each step blocks the thread, the loop yields only to the microtask queue between steps.
      for (let step = 0; step < (order.steps ?? 10); step += 1) {
        throwIfCancelled(run.signal)
        busyFor(order.ms ?? 100)
        run.onEvent({ event: 'progress', phase: 'sample', step: step + 1, steps: order.steps ?? 10 })
        await Promise.resolve()
      }
      return { finished: true }
    case 'crash':
      run.onEvent({ event: 'progress', phase: 'sample', step: 3, steps: 20 })
      await sleep(20)
      process.kill(process.pid, 'SIGSEGV')
      return await sleep(60_000, {})
    case 'halfWrite':
      writeFileSync(path.join(path.dirname(String(request['out'])), `.cat.png.${process.pid}.0a1b.tmp`), 'half a picture')
      run.onEvent({ event: 'progress', phase: 'write', step: 0, steps: 0 })
      busyFor(60_000)
      break
    case 'exit':
      process.exit(7)
      break
    case 'throwLater':
      setTimeout(() => {
        throw new Error('thrown where nobody waits')
      }, 10)
      return await sleep(60_000, {})
    case 'leak':
      leaked.push(new Uint8Array((order.megabytes ?? 64) * 2 ** 20).fill(1))
      return { pid: process.pid }
    case 'unsendable':
      return { value: () => undefined }
    case 'fail':
      throw new EngineError('fake/failed', 'The fake engine failed as it was told to.', { exitCode: 1, details: { step: 4 } })
    case 'refuse':
      throw badInput('input/mask-size', { thing: 'mask.png', expected: 'a mask of 64 x 64 pixels', found: '32 x 32', todo: 'add --resize-mask' })
  }
  throw new Error(`the fake engine does not know "${order.does}"`)
}

async function steps(order: FakeOrder, request: Record<string, unknown>, run: EngineRunOptions): Promise<Record<string, unknown>> {
  const total = order.steps ?? 5
  run.onEvent({ event: 'progress', phase: 'load', step: 0, steps: 0 })
  run.onEvent({ event: 'warning', code: 'prompt/long', message: 'The prompt is longer than 77 tokens; "tail" was cut.' })
  for (let step = 1; step <= total; step += 1) {
    throwIfCancelled(run.signal)
    await sleep(order.ms ?? 5)
    const rgba = new Uint8Array(16 * 16 * 4).fill(step)
    run.onEvent({ event: 'progress', phase: 'sample', step, steps: total, etaSeconds: total - step, preview: { width: 16, height: 16, rgba } })
  }
  if (typeof request['out'] === 'string') writeFileSync(request['out'], 'picture')
  return { seed: request['seed'] ?? 42, out: request['out'] ?? null, width: 64, height: 64, seconds: 1.25 }
}

function busyFor(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}
