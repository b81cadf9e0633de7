/**
 * The host: everything a window can ask, as one plain library. `call` checks what comes in and what goes out against the
 * contract and answers with a Result; nothing is thrown across it, and no path leaves it.
 */
import os from 'node:os'
import path from 'node:path'
import type { z } from 'zod'
import { type EventData, type EventName, type Handlers, events, isMethod, methods } from '../../preload/contract/channels.ts'
import type { FileInfo, TargetInfo } from '../../preload/contract/files.ts'
import type { Result } from '../../preload/contract/result.ts'
import { EngineError, badInput, failed } from '../engine/errors.ts'
import { EngineClient, type EngineNotice } from '../engine-host/client.ts'
import { JobQueue } from '../jobs/queue.ts'
import { programRoot } from '../paths.ts'
import { Batches } from './batches.ts'
import { DocumentSessions } from './documents/documentSessions.ts'
import { IdleWork } from './edits/idleWork.ts'
import { MapSets } from './edits/mapSets.ts'
import { modelsChanged } from './edits/modelRows.ts'
import { EngineLane, type HostEngine } from './engineLanes.ts'
import { forLog, toAppError } from './errors.ts'
import { FileTable } from './fileTable.ts'
import { appHandlers } from './handlers/app.ts'
import { batchHandlers } from './handlers/batch.ts'
import { documentHandlers } from './handlers/documents.ts'
import { editHandlers } from './handlers/edits.ts'
import { fileHandlers } from './handlers/files.ts'
import { historyHandlers } from './handlers/history.ts'
import { modelHandlers } from './handlers/models.ts'
import { projectHandlers } from './handlers/projects.ts'
import { strokeHandlers } from './handlers/strokes.ts'
import { wordHandlers } from './handlers/words.ts'
import { SessionNames } from './ids.ts'
import { LogFile } from './logFile.ts'
import { MediaTable } from './media.ts'
import { createDownloads } from './net/downloads.ts'
import { type Network, createNetwork } from './net/network.ts'
import { Notices } from './notices.ts'
import { OpenProjects } from './openProjects.ts'
import { Scratch } from './scratch.ts'
import { PathScrubber } from './scrub.ts'
import type { HostServices, HostSetting } from './services.ts'
import type { Settings } from '../../preload/contract/app.ts'
import { SettingsFile } from './settingsFile.ts'

/** How to make a host. */
export interface HostOptions extends Omit<HostSetting, 'sample' | 'noticesFile'>, Partial<Pick<HostSetting, 'sample' | 'noticesFile'>> {
  /** folder of the projects; made when the first one is */
  readonly root: string
  /** engines of a test; real ones when absent */
  readonly engines?: { readonly pixels: HostEngine; readonly models: HostEngine }
  /** module of the engine process, for tests */
  readonly engineModule?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** A running host. */
export interface Host {
  /** answers a method of the contract; never rejects */
  call(method: string, input: unknown): Promise<Result<unknown>>
  /** listens to every event; returns how to stop */
  onEvent(listener: (event: string, data: unknown) => void): () => void
  /** mints an id for a path a person chose: for the shell only, never for a window */
  registerFile(file: string): Promise<FileInfo>
  registerTarget(file: string): Promise<TargetInfo>
  /** @throws EngineError host/unknown-id */
  targetPath(target: string): string
  /** the one door to the outside, for whoever guards the process */
  readonly network: Network
  /** saves everything, ends the engines, removes what is temporary */
  close(): Promise<void>
}

/** Everything the handlers work with. */
export interface HostParts {
  readonly services: HostServices
  readonly sessions: DocumentSessions
  readonly maps: MapSets
  readonly idle: IdleWork
  readonly batches: Batches
}

/** Makes a host. Nothing is loaded before something is asked. */
export function createHost(options: HostOptions): Host {
  const listeners = new Set<(event: string, data: unknown) => void>()
  const log = new LogFile(options.paths.data)
  const emit = emitter(listeners, log)
  const services = makeServices(options, log, emit)
  const sessions = new DocumentSessions(services)
  const maps = new MapSets()
  const idle = new IdleWork(services)
  sessions.onRest = (session) => idle.rest(session)
  const batches = new Batches(services)
  const parts: HostParts = { services, sessions, maps, idle, batches }
  const handlers = assemble(parts)
  let closed = false
  log.write(`host ${options.version} begins, for ${options.shell}`)
  return {
    call: (method, input) => answer(handlers, services, method, input),
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    registerFile: async (file) => services.files.grant(file),
    registerTarget: async (file) => services.files.grantTarget(file),
    targetPath: (target) => services.files.target(target).path,
    network: services.network,
    async close() {
      if (closed) return
      closed = true
      services.jobs.close()
      batches.close()
      await services.downloads.close()
      sessions.close()
      await Promise.all([services.engines.pixels.close(), services.engines.models.close()])
      services.files.close()
      services.scratch.remove()
      log.write('host ends')
    },
  }
}

function assemble(parts: HostParts): Handlers {
  return {
    ...appHandlers(parts), ...fileHandlers(parts), ...projectHandlers(parts), ...documentHandlers(parts), ...strokeHandlers(parts), ...historyHandlers(parts),
    ...editHandlers(parts), ...wordHandlers(parts), ...modelHandlers(parts), ...batchHandlers(parts),
  }
}

async function answer(handlers: Handlers, services: HostServices, method: string, input: unknown): Promise<Result<unknown>> {
  try {
    if (!isMethod(method)) throw badInput('host/unknown-method', { thing: 'The request', expected: 'a method of the contract', found: 'another name', todo: 'reload the window' })
    const schema: { readonly input: z.ZodType; readonly output: z.ZodType } = methods[method] // the union of them all is more than the compiler unfolds
    const checked = schema.input.safeParse(input)
    if (!checked.success) {
      const issue = checked.error.issues[0]
      throw badInput('host/input', { thing: `${method} ${issue?.path.join('.') ?? ''}`.trim(), expected: 'what the contract says', found: issue?.message ?? 'something else', todo: 'please report it' })
    }
    const handler = handlers[method] as (input: unknown) => unknown // each handler takes what its own schema has just checked
    const value = schema.output.safeParse(await handler(checked.data))
    if (!value.success) throw failed('internal/answer', `The answer of ${method} is not what the contract says: ${value.error.issues[0]?.path.join('.')} ${value.error.issues[0]?.message}`)
    return { ok: true, value: value.data }
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || thrown.exitCode === 1) services.log.write(`${method}: ${forLog(thrown)}`)
    return { ok: false, error: toAppError(thrown, services.scrub) }
  }
}

/** Events are checked like answers; one that is not as the contract says is logged and not sent. */
function emitter(listeners: ReadonlySet<(event: string, data: unknown) => void>, log: LogFile): HostServices['emit'] {
  const send = (event: EventName, data: unknown): void => {
    const parsed = events[event].safeParse(data)
    if (!parsed.success) return log.write(`event ${event} is not as the contract says: ${parsed.error.issues[0]?.path.join('.')} ${parsed.error.issues[0]?.message}`)
    for (const listener of listeners) listener(event, parsed.data)
  }
  return send
}

function makeServices(options: HostOptions, log: LogFile, emit: HostServices['emit']): HostServices {
  const { paths, shell, version, root } = options
  const names = new SessionNames()
  const notices = new Notices((notice) => emit('notice', notice))
  const settings = new SettingsFile(paths.data, {
    onChange: (changed) => {
      engines.models.setIdleUnload?.(idleUnloadMs(changed))
      emit('settings.changed', { settings: changed })
    },
    onDamaged: (reason) => notices.tell({ key: 'settings', level: 'warning', message: `Some settings were lost: ${reason}.` }),
  })
  const scratch = new Scratch(paths.cache)
  const files = new FileTable(scratch)
  const scrub = new PathScrubber([root, paths.data, paths.cache, paths.bundledModels, programRoot, os.tmpdir(), os.homedir()], (file) => files.nameOf(file))
  const engines = options.engines ?? startEngines(options, settings, log)
  const network = createNetwork({ locked: settings.get().offlineLock, proxy: () => settings.get().proxy, onChange: (status) => emit('network.changed', status) })
  const pixels = new EngineLane(engines.pixels)
  const services: HostServices = {
    setting: { paths, shell, version, sample: options.sample ?? path.join(paths.bundledModels, 'samples', 'meadow.png'), noticesFile: options.noticesFile ?? path.join(programRoot, 'THIRD-PARTY-NOTICES.md') },
    emit, log, notices, settings, scratch, scrub, names, files, engines, network, pixels,
    media: new MediaTable(names),
    projects: new OpenProjects(root, paths.data, names),
    models: new EngineLane(engines.models),
    jobs: new JobQueue({
      onChange: (job) => emit('job.changed', { job: job as EventData<'job.changed'>['job'] }), // the queue keeps what its work and toData made: checked in emit
      onPreview: ({ job }, { width, height, rgba, box = null }) => emit('job.preview', { job, width, height, rgba, box }),
      onFault: (job, error) => log.write(`job "${job.title}": ${forLog(error)}`), // windows offer Retry by themselves
      toData: (error) => toAppError(error, scrub),
    }),
    downloads: createDownloads({
      network, dataDir: paths.data, mirror: () => settings.get().mirror,
      addModel: async (target) => {
        const { added } = await pixels.run({ task: 'models', action: 'add', target })
        await modelsChanged(services)
        return (added as { id: string }).id // as the task tells it
      },
      onChange: (download) => emit('download.changed', { download }),
      onLog: (text) => log.write(text),
    }),
  }
  return services
}

function startEngines({ paths, engineModule, env }: HostOptions, settings: SettingsFile, log: LogFile): HostServices['engines'] {
  const common = {
    engineOptions: { dataDir: paths.data, cacheDir: paths.cache, bundledModels: paths.bundledModels },
    onLog: (text: string) => log.write(`engine: ${text}`),
    onNotice: ({ kind, reason, pid }: EngineNotice) => log.write(`engine ${pid ?? ''} ${kind}${reason === undefined ? '' : `: ${reason}`}`),
    restart: 'lazy' as const,
    ...(engineModule ? { engineModule } : {}),
    ...(env ? { env: Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)) } : {}),
  }
  return {
    pixels: new EngineClient(common),
    models: new EngineClient({ ...common, idleUnloadMs: idleUnloadMs(settings.get()) }),
  }
}

function idleUnloadMs({ idleUnloadMinutes }: Settings): number {
  return idleUnloadMinutes * 60_000
}
