/**
 * A host for tests: real projects and the engine's real work on pixels, in this process; models are played by an engine
 * that paints masked parts grey and does as a test says. No process is started.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll } from 'vitest'
import { createEngine, type Engine } from '../../main/engine/index.ts'
import { EngineError, throwIfCancelled } from '../../main/engine/errors.ts'
import type { EventData, EventName, InputOf, Method, OutputOf } from '../../preload/contract/channels.ts'
import { type AppErrorData, type Result, unwrap } from '../../preload/contract/result.ts'
import type { Job } from '../../preload/contract/edits.ts'
import type { DocumentView } from '../../preload/contract/documents.ts'
import type { HostEngine } from '../../main/host/engineLanes.ts'
import { greyPng } from '../../main/host/greyPng.ts'
import { type Host, type HostOptions, createHost } from '../../main/host/host.ts'
import { programRoot } from '../../main/paths.ts'

/** What the model engine does next. */
export interface Orders {
  /** milliseconds each of its steps takes */
  stepMs: number
  /** what the next requests end with, in order; undefined lets one through */
  faults: (EngineError | undefined)[]
  /** every request it was given */
  readonly asked: Record<string, unknown>[]
}

/** A host and what a test wants of it. */
export interface HostRig {
  readonly host: Host
  readonly home: string
  readonly root: string
  readonly orders: Orders
  readonly events: { readonly event: string; readonly data: unknown }[]
  /** the value of a method @throws AppError */
  call<M extends Method>(method: M, input: InputOf<M>): Promise<OutputOf<M>>
  /** the error of a method; undefined when it succeeds */
  refused(method: string, input: unknown): Promise<AppErrorData | undefined>
  /** resolves with the first event that fits, from now on */
  next<E extends EventName>(event: E, fits?: (data: EventData<E>) => boolean): Promise<EventData<E>>
  /** waits for a job to end */
  ended(job: string): Promise<Job>
}

const STEPS = 3

/** A folder that goes when the test file is done. */
export function scratchFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-host-'))
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Makes a rig; the host is closed when the test file is done. @param home data, cache and projects lie below */
export function hostRig(home = scratchFolder(), options: Partial<HostOptions> = {}): HostRig {
  const paths = { data: path.join(home, 'data'), cache: path.join(home, 'cache'), bundledModels: path.join(programRoot, 'models') }
  const root = path.join(home, 'projects')
  const orders: Orders = { stepMs: 0, faults: [], asked: [] }
  const engine = createEngine({ bundledModels: paths.bundledModels, dataDir: paths.data, cacheDir: paths.cache })
  const host = createHost({ paths, root, shell: 'browser', version: '0.0.0-test', engines: { pixels: pixelEngine(engine), models: modelEngine(engine, orders) }, ...options })
  const events: { event: string; data: unknown }[] = []
  host.onEvent((event, data) => events.push({ event, data }))
  afterAll(() => host.close())
  const next: HostRig['next'] = (event, fits = () => true) => new Promise((resolve) => {
    const stop = host.onEvent((name, data) => {
      if (name !== event || !fits(data as EventData<typeof event>)) return // the host checks its events
      stop()
      resolve(data as EventData<typeof event>)
    })
  })
  const call: HostRig['call'] = async (method, input) => unwrap((await host.call(method, input)) as Result<OutputOf<typeof method>>) // the host checks its answers
  return {
    host, home, root, orders, events, call, next,
    async refused(method, input) {
      const result = await host.call(method, input)
      return result.ok ? undefined : result.error
    },
    async ended(job) {
      const over = next('job.changed', ({ job: state }) => state.job === job && state.endedAt !== null)
      const already = (await call('jobs.list', {})).jobs.find((state) => state.job === job && state.endedAt !== null)
      return already ?? (await over).job
    },
  }
}

/** A project with one document of the bundled sample, 384 x 256. */
export async function sampleDocument(rig: HostRig, name = 'Sample'): Promise<{ readonly view: DocumentView; readonly which: { readonly project: string; readonly document: number } }> {
  const { project } = await rig.call('projects.create', { name })
  const view = await rig.call('documents.create', { project, sample: true })
  return { view, which: { project, document: view.document } }
}

/** A grey tile that is white in a box. */
export function whiteBox(x: number, y: number, width: number, height: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(256 * 256)
  for (let row = y; row < y + height; row++) bytes.fill(255, row * 256 + x, row * 256 + x + width)
  return bytes
}

/** Brushes a mask; it is in force then. */
export async function brushMask(rig: HostRig, which: { readonly project: string; readonly document: number }, bytes = whiteBox(80, 80, 60, 60)): Promise<DocumentView> {
  return rig.call('stroke.commit', { ...which, stroke: null, start: { layer: null, plane: 'pixels', title: 'Mask brush', tool: 'brush' }, tiles: [{ x: 0, y: 0, bytes }] })
}

function pixelEngine(engine: Engine): HostEngine {
  return { run: (request, options = {}) => engine.run(request, options), ...restOf() }
}

function modelEngine(engine: Engine, orders: Orders): HostEngine {
  return {
    async run(request, options = {}) {
      orders.asked.push(request)
      const fault = orders.faults.shift()
      for (let step = 1; step <= STEPS; step++) {
        throwIfCancelled(options.signal)
        await sleep(orders.stepMs)
        options.onEvent?.({ event: 'progress', phase: 'sample', step, steps: STEPS, etaSeconds: STEPS - step, preview: { width: 2, height: 2, rgba: new Uint8Array(16).fill(step) } })
        if (fault && step === 2) throw fault
      }
      throwIfCancelled(options.signal)
      switch (request['task']) {
        case 'inpaint': {
          const { image, mask, out, seed } = request
          await paintGrey(engine, String(image), String(mask), String(out), Number(seed))
          return { out, model: 'fake', modelHash: 'f'.repeat(8), device: 'cpu', seed, changedOutside: 0 }
        }
        case 'predict':
          return { ...forecast(request['request'] as { task: string }), peakBytes: 1e9, availableBytes: 8e9, fits: true, device: 'cpu' } // editRequest names a task
        case 'describe':
          throw new EngineError('model/no-describer', 'fake: expected a model that can describe pictures, found one without a probe.', { exitCode: 2 })
        default:
          return engine.run(request, options)
      }
    },
    ...restOf(),
  }
}

/** What the fake model engine says its work will take. */
function forecast({ task }: { readonly task: string }): { seconds: number; phases: { phase: string; seconds: number }[] } {
  const phases = task === 'swap' ? [{ phase: 'load', seconds: 1 }, { phase: 'invert', seconds: 5 }, { phase: 'sample', seconds: 8 }] : [{ phase: 'sample', seconds: 2 }]
  return { seconds: phases.reduce((sum, { seconds }) => sum + seconds, 0), phases }
}

/** "Paints" the masked part in a grey that the seed decides. */
async function paintGrey(engine: Engine, image: string, mask: string, out: string, seed: number): Promise<void> {
  const { width, height } = (await engine.run({ task: 'inspect', image })) as { width: number; height: number }
  const grey = `${out}.grey.png`
  fs.writeFileSync(grey, greyPng(width, height, () => new Uint8Array(width).fill((seed * 37) % 256)))
  await engine.run({ task: 'compose', canvas: { width, height }, base: image, layers: [{ kind: 'image', picture: image }, { kind: 'edit-result', picture: grey, mask }], out })
}

function restOf(): Pick<HostEngine, 'status' | 'unload' | 'close'> {
  return { status: async () => ({ state: 'idle', memory: { rssBytes: 1, peakRssBytes: 2 } }), unload: () => undefined, close: async () => undefined }
}
