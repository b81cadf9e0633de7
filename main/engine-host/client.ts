/**
 * The supervisor of the engine: starts its process when there is something to do, runs one job at a time (or `overlap`
 * side by side), restarts the process with back-off when it dies, and gives memory back when it is idle or has grown.
 */
import { CancelledError, EngineError, failed } from '../engine/errors.ts'
import { MOST_OVERLAP } from './enginePort.ts'
import { EngineProcess } from './engineProcess.ts'
import type { ProcessEnd } from './engineProcess.ts'
import { fromErrorData } from './protocol.ts'
import type { FromEngine, JobEvent, ProcessStatus } from './protocol.ts'

/** What a supervisor can be told; times in milliseconds, every one with a default in {@link SUPERVISOR_DEFAULTS}. */
export interface SupervisorSettings {
  readonly heartbeatMs: number
  readonly missedBeats: number
  readonly startTimeoutMs: number
  /** a job that has not ended this long after its cancel takes the process with it */
  readonly cancelGraceMs: number
  /** models are unloaded after this long without a job; 0 = never */
  readonly idleUnloadMs: number
  /** the process is replaced when it holds this much more after a job than after its first one */
  readonly growthLimitBytes: number
  /** the process is replaced when it holds this much more after unloading its models than when it started */
  readonly residueLimitBytes: number
  /** eager: a process that died is replaced at once; lazy: when the next job comes */
  readonly restart: 'eager' | 'lazy'
  readonly firstBackoffMs: number
  readonly longestBackoffMs: number
  /** jobs in the process side by side, 1 to {@link MOST_OVERLAP}: one has the models, the others read and write files */
  readonly overlap: number
}

/** Defaults of {@link SupervisorSettings}. */
export const SUPERVISOR_DEFAULTS: SupervisorSettings = {
  heartbeatMs: 1000,
  missedBeats: 15,
  startTimeoutMs: 60_000,
  cancelGraceMs: 3000,
  idleUnloadMs: 5 * 60_000,
  growthLimitBytes: 2 * 2 ** 30,
  residueLimitBytes: 2 ** 29,
  restart: 'eager',
  firstBackoffMs: 250,
  longestBackoffMs: 30_000,
  overlap: 1,
}

/** How to build a supervisor. */
export interface EngineClientOptions extends Partial<SupervisorSettings> {
  /** a real Node 24 binary; this process's own when absent */
  readonly nodePath?: string
  readonly engineModule?: string
  readonly engineOptions?: Record<string, unknown>
  readonly env?: Readonly<Record<string, string>>
  readonly onLog?: (text: string) => void
  /** told when the process starts, ends or is replaced, for a log or a status line */
  readonly onNotice?: (notice: EngineNotice) => void
}

/** See {@link EngineClientOptions.onNotice}. */
export interface EngineNotice {
  readonly kind: 'started' | 'ready' | 'stopped' | 'recycled' | 'unloaded'
  readonly reason?: string
  readonly pid?: number
}

/** How a job is watched and stopped. */
export interface JobOptions {
  readonly signal?: AbortSignal
  readonly onEvent?: (event: JobEvent) => void
}

/** What {@link EngineClient.status} tells. */
export interface EngineClientStatus {
  readonly state: 'stopped' | 'starting' | 'idle' | 'busy'
  readonly pid: number | undefined
  readonly queued: number
  /** processes started so far */
  readonly starts: number
  readonly memory: ProcessStatus | undefined
}

interface Job {
  readonly id: number
  readonly request: Record<string, unknown>
  readonly options: JobOptions
  readonly resolve: (value: Record<string, unknown>) => void
  readonly reject: (error: EngineError) => void
  doing: string
  cancelled: boolean
  cancelTimer?: NodeJS.Timeout
  onAbort?: () => void
}

const CLOSE_GRACE_MS = 1500
/** A process that has served this long is sound: the next failure starts the back-off anew. */
const SOUND_AFTER_MS = 60_000
/** Eager restarts in a row with nothing to do; after these only a job starts the process again. */
const EAGER_RESTARTS = 4

/** See the file's head. Owns its process: call {@link EngineClient.close} when done. */
export class EngineClient {
  readonly #options: EngineClientOptions
  #settings: SupervisorSettings
  readonly #queue: Job[] = []
  readonly #statusWaiters = new Map<number, (status: ProcessStatus | undefined) => void>()
  readonly #running = new Map<number, Job>()
  #process: EngineProcess | undefined
  #nextId = 1
  #starts = 0
  #failures = 0
  #startedAt = 0
  #startTimer: NodeJS.Timeout | undefined
  #idleTimer: NodeJS.Timeout | undefined
  #checking = false
  /** it has grown too much and is replaced as soon as nothing runs */
  #worn: string | undefined
  #freshRss: number | undefined
  #baselineRss: number | undefined
  #closed = false

  constructor(options: EngineClientOptions = {}) {
    this.#options = options
    const given = Object.entries(options).filter(([, value]) => value !== undefined)
    const settings = { ...SUPERVISOR_DEFAULTS, ...Object.fromEntries(given) }
    this.#settings = { ...settings, overlap: Math.min(MOST_OVERLAP, Math.max(1, settings.overlap)) }
  }

  /**
   * Queues a request and resolves with its result.
   * @throws EngineError with the engine's own code, CancelledError, or `process/stopped` when the engine died under it.
   */
  run(request: Record<string, unknown>, options: JobOptions = {}): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(failed('process/closed', 'The engine has been closed; no job can be run any more.'))
      if (options.signal?.aborted) return reject(new CancelledError())
      const job: Job = { id: this.#nextId++, request, options, resolve, reject, doing: 'starting', cancelled: false }
      job.onAbort = () => this.#cancel(job)
      options.signal?.addEventListener('abort', job.onAbort, { once: true })
      this.#queue.push(job)
      this.#pump()
    })
  }

  /** Where things stand, memory included; answered at once even while a job runs. */
  async status(): Promise<EngineClientStatus> {
    const memory = await this.#memory()
    const state = !this.#process ? 'stopped' : this.#running.size > 0 ? 'busy' : this.#process.isReady ? 'idle' : 'starting'
    return { state, pid: this.#process?.pid, queued: this.#queue.length, starts: this.#starts, memory }
  }

  /** Frees loaded models now (after the running job, if there is one). */
  unload(): void {
    clearTimeout(this.#idleTimer)
    this.#process?.send({ type: 'unload', id: this.#nextId++ })
  }

  /** Changes after how long without a job models are unloaded, ms; 0 = never. Counts at once: an engine that rests begins to count anew. */
  setIdleUnload(idleUnloadMs: number): void {
    if (idleUnloadMs === this.#settings.idleUnloadMs) return
    this.#settings = { ...this.#settings, idleUnloadMs }
    this.#pump()
  }

  /** Ends the process without delay and rejects everything that was pending as cancelled. */
  kill(): void {
    this.#closed = true
    this.#clearTimers()
    for (const job of this.#queue.splice(0)) this.#settle(job, new CancelledError())
    this.#process?.kill('it was ended')
  }

  /** Rejects what is pending, lets the process free what it holds, and resolves when it is gone. */
  async close(): Promise<void> {
    this.#closed = true
    this.#clearTimers()
    for (const job of this.#queue.splice(0)) this.#settle(job, new CancelledError())
    if (this.#running.size > 0) this.#process?.kill('it was ended')
    await this.#process?.shutdown(CLOSE_GRACE_MS)
  }

  #pump(): void {
    clearTimeout(this.#idleTimer)
    if (this.#running.size >= this.#settings.overlap || this.#worn !== undefined || this.#checking || this.#closed) return
    const next = this.#queue[0]
    if (!next) return this.#running.size > 0 ? undefined : this.#waitIdle()
    if (!this.#process) {
      const wait = this.#backoffMs()
      if (wait > 0) return this.#startLater(wait)
      this.#start()
    }
    this.#queue.shift()
    this.#running.set(next.id, next)
    this.#process?.send({ type: 'request', id: next.id, request: next.request })
    this.#pump()
  }

  #start(): void {
    clearTimeout(this.#startTimer)
    this.#startTimer = undefined
    this.#starts += 1
    this.#startedAt = Date.now()
    this.#freshRss = undefined
    this.#baselineRss = undefined
    this.#worn = undefined
    const { nodePath, engineModule, engineOptions, env, onLog } = this.#options
    const started: EngineProcess = new EngineProcess(
      {
        nodePath: nodePath ?? process.execPath,
        engineOptions: engineOptions ?? {},
        heartbeatMs: this.#settings.heartbeatMs,
        missedBeats: this.#settings.missedBeats,
        startTimeoutMs: this.#settings.startTimeoutMs,
        ...(engineModule === undefined ? {} : { engineModule }),
        ...(env === undefined ? {} : { env }),
        ...(onLog === undefined ? {} : { onLog }),
      },
      { onMessage: (message) => this.#receive(message), onEnd: (end) => this.#ended(started, end) },
    )
    this.#process = started
    this.#notify('started')
  }

  #startLater(wait: number): void {
    this.#startTimer ??= setTimeout(() => {
      this.#startTimer = undefined
      if (this.#closed || this.#process) return
      this.#start()
      this.#pump()
    }, wait)
  }

  /** 0 after the first failure, then doubling from `firstBackoffMs`; counted from the last start. */
  #backoffMs(): number {
    if (this.#failures < 2) return 0
    const { firstBackoffMs, longestBackoffMs } = this.#settings
    const delay = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (this.#failures - 2))
    return Math.max(0, this.#startedAt + delay - Date.now())
  }

  #receive(message: FromEngine): void {
    const job = 'id' in message ? this.#running.get(message.id) : undefined
    switch (message.type) {
      case 'ready':
        this.#notify('ready')
        void this.#memory().then((memory) => {
          this.#freshRss ??= memory?.rssBytes
        })
        return
      case 'event':
        if (!job) return
        if (message.event.event === 'progress') job.doing = describeProgress(message.event)
        return job.options.onEvent?.(message.event)
      case 'result':
        if (job) this.#finish(job, () => job.resolve(message.value))
        return
      case 'error':
        if (job) this.#finish(job, () => job.reject(fromErrorData(message.error)))
        return
      case 'status':
        this.#statusWaiters.get(message.id)?.(message.status)
        this.#statusWaiters.delete(message.id)
        return
      case 'unloaded':
        this.#notify('unloaded')
        return this.#recycleResidue(message.rssBytes)
      default:
        // hello, pong and fatal are the process's own business; cancelling only says that the cancel has arrived
        return
    }
  }

  /** A job that ended by itself proves the process sound. */
  #finish(job: Job, settle: () => void): void {
    this.#failures = 0
    this.#release(job)
    this.#running.delete(job.id)
    settle()
    void this.#checkGrowth()
  }

  #cancel(job: Job): void {
    job.cancelled = true
    if (!this.#running.has(job.id)) {
      const place = this.#queue.indexOf(job)
      if (place >= 0) this.#queue.splice(place, 1)
      return this.#settle(job, new CancelledError())
    }
    this.#process?.send({ type: 'cancel', id: job.id })
    job.cancelTimer = setTimeout(() => this.#recycle('a cancelled job did not stop in time'), this.#settings.cancelGraceMs)
  }

  #ended(ended: EngineProcess, end: ProcessEnd): void {
    for (const answer of this.#statusWaiters.values()) answer(undefined)
    this.#statusWaiters.clear()
    if (this.#process !== ended) return
    this.#process = undefined
    const jobs = [...this.#running.values()]
    this.#running.clear()
    this.#notify('stopped', end.cause)
    if (this.#closed || jobs.some(({ cancelled }) => cancelled)) {
      // A cancelled job's process was ended on purpose: no failure, and nothing to wait for.
      for (const job of jobs) this.#settle(job, job.cancelled || this.#closed ? new CancelledError() : stoppedError(job, end, true, 0))
      return this.#pump()
    }
    if (end.wasReady && Date.now() - this.#startedAt > SOUND_AFTER_MS) this.#failures = 0
    this.#failures += 1
    const wait = this.#backoffMs()
    const again = this.#queue.length > 0 || (this.#settings.restart === 'eager' && this.#failures <= EAGER_RESTARTS)
    if (again && wait === 0) this.#start()
    else if (again) this.#startLater(wait)
    for (const job of jobs) this.#settle(job, stoppedError(job, end, again, wait))
    this.#pump()
  }

  /** Ends the process though nothing is wrong with it; the next job starts another. */
  #recycle(reason: string): void {
    this.#notify('recycled', reason)
    const old = this.#process
    if (this.#running.size === 0) this.#process = undefined
    old?.kill(reason)
  }

  async #checkGrowth(): Promise<void> {
    this.#checking = true
    const memory = await this.#memory()
    this.#checking = false
    if (memory) {
      this.#baselineRss ??= memory.rssBytes
      const growth = memory.rssBytes - this.#baselineRss
      if (growth > this.#settings.growthLimitBytes) this.#worn = `it had grown by ${(growth / 2 ** 30).toFixed(1)} GiB`
    }
    if (this.#worn !== undefined && this.#running.size === 0) {
      this.#recycle(this.#worn)
      this.#worn = undefined
    }
    this.#pump()
  }

  #recycleResidue(rssBytes: number): void {
    if (this.#running.size > 0 || this.#queue.length > 0 || this.#freshRss === undefined) return
    const residue = rssBytes - this.#freshRss
    if (residue > this.#settings.residueLimitBytes) {
      this.#recycle(`it still held ${(residue / 2 ** 30).toFixed(1)} GiB after its models were unloaded`)
    }
  }

  #memory(): Promise<ProcessStatus | undefined> {
    const current = this.#process
    if (!current) return Promise.resolve(undefined)
    const id = this.#nextId++
    return new Promise((resolve) => {
      this.#statusWaiters.set(id, resolve)
      current.send({ type: 'status', id })
    })
  }

  #waitIdle(): void {
    if (this.#settings.idleUnloadMs <= 0 || !this.#process) return
    this.#idleTimer = setTimeout(() => this.unload(), this.#settings.idleUnloadMs)
    this.#idleTimer.unref()
  }

  #settle(job: Job, error: EngineError): void {
    this.#release(job)
    job.reject(error)
  }

  #release(job: Job): void {
    clearTimeout(job.cancelTimer)
    if (job.onAbort) job.options.signal?.removeEventListener('abort', job.onAbort)
  }

  #clearTimers(): void {
    clearTimeout(this.#startTimer)
    clearTimeout(this.#idleTimer)
  }

  #notify(kind: EngineNotice['kind'], reason?: string): void {
    const pid = this.#process?.pid
    this.#options.onNotice?.({ kind, ...(reason === undefined ? {} : { reason }), ...(pid === undefined ? {} : { pid }) })
  }
}

function describeProgress(event: Extract<JobEvent, { event: 'progress' }>): string {
  return event.steps > 0 ? `doing "${event.phase}", step ${event.step} of ${event.steps}` : `doing "${event.phase}"`
}

/** The error of a job whose process died under it, or never came up. */
function stoppedError(job: Job, end: ProcessEnd, again: boolean, wait: number): EngineError {
  const details = { exitCode: end.exitCode, signal: end.signal, stderr: end.stderr.slice(-2000), ...(end.fatal?.stack ? { stack: end.fatal.stack } : {}) }
  const cause = end.cause.replace(/[.;\s]+$/, '')
  if (!end.wasReady) {
    // The engine's own sentence (a folder that cannot be written, say) is better than one about its process.
    if (end.fatal && !end.fatal.code.startsWith('internal/')) return fromErrorData(end.fatal)
    return new EngineError('process/not-started', `The engine could not be started: ${cause}.`, { exitCode: 1, details })
  }
  const outlook = !again ? 'running it again starts a new one' : wait === 0 ? 'it has been restarted' : `it restarts in ${(wait / 1000).toFixed(1)} s`
  return new EngineError('process/stopped', `The engine stopped while it was ${job.doing} (${cause}); ${outlook}.`, { exitCode: 1, details })
}
