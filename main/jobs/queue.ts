/**
 * The queue: one job at a time on the engine, in the order a person puts them. Ended jobs stay in the list until they are
 * cleared, so that what failed can be tried again.
 */
import { randomBytes } from 'node:crypto'
import { CancelledError, EngineError, badInput } from '../engine/errors.ts'
import type { EngineEvent, PreviewPicture } from '../engine/requests.ts'

/** How a job stands. Times in milliseconds since 1970. */
export interface JobState {
  readonly job: string
  readonly kind: string
  readonly title: string
  readonly project: string | null
  readonly document: number | null
  readonly state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly phase: string
  readonly step: number
  readonly steps: number
  readonly etaSeconds: number | null
  readonly operation: number | null
  readonly warnings: readonly string[]
  readonly error: unknown
  readonly result: unknown
  readonly queuedAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
}

/** What a job is told and can tell while it runs. */
export interface JobRun {
  readonly signal: AbortSignal
  /** takes the engine's own events */
  readonly onEvent: (event: EngineEvent) => void
  /** says what is being done, between requests to the engine */
  readonly phase: (phase: string) => void
}

/** What a job made: plain JSON, and the operation that waits in the strip, if it made one. */
export interface JobOutcome {
  readonly result?: unknown
  readonly operation?: number
}

/** A job to do. */
export interface JobOrder {
  readonly kind: string
  readonly title: string
  readonly project: string | null
  readonly document: number | null
  /** does it; called again by retry */
  readonly work: (run: JobRun) => Promise<JobOutcome>
  /** a job nobody asked for: it is in no list, and stops when one that was asked for comes */
  readonly idle?: boolean
}

/** Who listens to a queue. */
export interface QueueListener {
  readonly onChange: (job: JobState) => void
  readonly onPreview: (job: JobState, preview: PreviewPicture) => void
  /** told what an ended job failed with, for the log */
  readonly onFault: (job: JobState, error: unknown) => void
  /** an error as it is shown */
  readonly toData: (error: unknown) => unknown
}

interface Entry {
  readonly order: JobOrder
  readonly stop: AbortController
  state: JobState
}

/** Ended jobs kept in the list. */
const KEPT = 100
/** Changes of a running job are told at most this often, milliseconds. */
const TELL_EVERY_MS = 100

/** See the file's head. */
export class JobQueue {
  readonly #listener: QueueListener
  readonly #entries: Entry[] = []
  #running: Entry | undefined
  #told = 0
  #closed = false

  constructor(listener: QueueListener) {
    this.#listener = listener
  }

  /** Every job a person asked for: those that ended, the running one, those that wait in order. */
  list(): JobState[] {
    return this.#entries.filter(({ order }) => !order.idle).map(({ state }) => state)
  }

  /** Whether anything runs or waits, jobs nobody asked for left out. */
  get busy(): boolean {
    return this.#entries.some(({ order, state }) => !order.idle && (state.state === 'queued' || state.state === 'running'))
  }

  /** Puts a job at the end; one that nobody asked for makes way. @returns its id */
  add(order: JobOrder): string {
    const { kind, title, project, document } = order
    const entry: Entry = {
      order, stop: new AbortController(),
      state: {
        job: `job_${randomBytes(18).toString('base64url')}`, kind, title, project, document, state: 'queued', phase: '', step: 0, steps: 0, etaSeconds: null,
        operation: null, warnings: [], error: null, result: null, queuedAt: Date.now(), startedAt: null, endedAt: null,
      },
    }
    this.#entries.push(entry)
    if (!order.idle && this.#running?.order.idle) this.#running.stop.abort()
    this.#tell(entry)
    this.#pump()
    return entry.state.job
  }

  /** Stops a job, running or waiting; one that has ended stays as it is. @throws EngineError host/unknown-id */
  cancel(job: string): void {
    const entry = this.#find(job)
    if (entry.state.state === 'queued') this.#end(entry, { state: 'cancelled' })
    entry.stop.abort()
  }

  /** Cancels whatever a test picks, jobs nobody asked for included. */
  cancelWhere(test: (job: JobState) => boolean): void {
    for (const { state } of [...this.#entries]) if ((state.state === 'queued' || state.state === 'running') && test(state)) this.cancel(state.job)
  }

  /** Puts a waiting job before another (null: at the end). @throws EngineError jobs/not-waiting (exit 2) */
  move(job: string, before: string | null): void {
    const entry = this.#find(job)
    if (entry.state.state !== 'queued') throw badInput('jobs/not-waiting', { thing: entry.state.title, expected: 'a job that waits', found: 'one that has begun', todo: 'cancel it instead' })
    const other = before === null ? undefined : this.#find(before)
    this.#entries.splice(this.#entries.indexOf(entry), 1)
    this.#entries.splice(other ? this.#entries.indexOf(other) : this.#entries.length, 0, entry)
    this.#tell(entry)
  }

  /** Does an ended job again, as a new one. @returns its id @throws EngineError jobs/not-ended (exit 2) */
  retry(job: string): string {
    const { order, state } = this.#find(job)
    if (state.state === 'queued' || state.state === 'running') throw badInput('jobs/not-ended', { thing: state.title, expected: 'a job that has ended', found: 'one that has not', todo: 'cancel it first' })
    return this.add(order)
  }

  /** Takes ended jobs off the list. */
  clear(): void {
    for (const entry of [...this.#entries]) if (entry.state.endedAt !== null) this.#entries.splice(this.#entries.indexOf(entry), 1)
  }

  /** Cancels everything and takes no more. */
  close(): void {
    this.#closed = true
    this.cancelWhere(() => true)
  }

  #pump(): void {
    if (this.#running || this.#closed) return
    const waiting = this.#entries.filter(({ state }) => state.state === 'queued')
    const next = waiting.find(({ order }) => !order.idle) ?? waiting[0]
    if (next) void this.#run(next)
  }

  async #run(entry: Entry): Promise<void> {
    this.#running = entry
    this.#change(entry, { state: 'running', startedAt: Date.now() })
    const { signal } = entry.stop
    try {
      const { result = null, operation = null } = await entry.order.work({
        signal,
        onEvent: (event) => this.#event(entry, event),
        phase: (phase) => this.#change(entry, { phase, step: 0, steps: 0 }),
      })
      this.#end(entry, { state: 'done', result, operation })
    } catch (error) {
      const cancelled = signal.aborted || error instanceof CancelledError || (error instanceof EngineError && error.exitCode === 130)
      if (!cancelled) this.#listener.onFault(entry.state, error)
      this.#end(entry, cancelled ? { state: 'cancelled' } : { state: 'failed', error: this.#listener.toData(error) })
    } finally {
      this.#running = undefined
      this.#pump()
    }
  }

  #event(entry: Entry, event: EngineEvent): void {
    if (event.event === 'warning') {
      if (!entry.state.warnings.includes(event.message)) this.#change(entry, { warnings: [...entry.state.warnings, event.message] })
      return
    }
    const { phase, step, steps, etaSeconds, preview } = event
    const sooner = phase !== entry.state.phase || step === steps
    this.#set(entry, { phase, step, steps, etaSeconds: etaSeconds ?? null })
    if (sooner || Date.now() - this.#told >= TELL_EVERY_MS) this.#tell(entry)
    if (preview && !entry.order.idle) this.#listener.onPreview(entry.state, preview)
  }

  #end(entry: Entry, change: Partial<JobState>): void {
    this.#change(entry, { ...change, endedAt: Date.now(), etaSeconds: null })
    const ended = this.#entries.filter(({ state }) => state.endedAt !== null)
    for (const old of ended.filter(({ order }, index) => order.idle || index < ended.length - KEPT)) this.#entries.splice(this.#entries.indexOf(old), 1)
  }

  #change(entry: Entry, change: Partial<JobState>): void {
    this.#set(entry, change)
    this.#tell(entry)
  }

  #set(entry: Entry, change: Partial<JobState>): void {
    entry.state = { ...entry.state, ...change }
  }

  #tell(entry: Entry): void {
    if (entry.order.idle) return
    this.#told = Date.now()
    this.#listener.onChange(entry.state)
  }

  #find(job: string): Entry {
    const entry = this.#entries.find(({ state }) => state.job === job)
    if (entry) return entry
    throw badInput('host/unknown-id', { thing: 'This job', expected: 'one of the list', found: 'one that is not there any more' })
  }
}
