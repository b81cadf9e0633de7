/**
 * A batch at work. It can be paused, stopped at any moment by any means, and started again: what is done is never done
 * again and never written twice.
 *
 * The way of a picture: its steps write into a work folder; a line `made` says what the result is and where it goes; the
 * file is moved to its place in one step; a line `done` says that it is there. A run that finds `made` without `done`
 * finishes the move instead of painting again.
 */
import fs from 'node:fs'
import path from 'node:path'
import { createHash } from 'node:crypto'
import { EngineError, failed } from '../../engine/errors.ts'
import type { EngineEvent } from '../../engine/requests.ts'
import { makeFolder } from '../../history/durableFiles.ts'
import type { JobEngine } from '../engine.ts'
import { Company } from './company.ts'
import { Pace } from './eta.ts'
import { REVIEW_FOLDER } from './findPictures.ts'
import { Journal, type MadeRecord, batchFolder, readJournals } from './journal.ts'
import { freeName } from './naming.ts'
import type { BatchItem, BatchPlan } from './plan.ts'
import { digestFile, holds, publish } from './publish.ts'
import { writeReports } from './reports.ts'
import { finishReviews, reviewStates } from './reviews.ts'
import { freshFolder, runItem } from './runItem.ts'
import { type RunLock, acquireRunLock } from './runLock.ts'
import { shardName } from './shards.ts'
import { type Standing, standingOf, thumbnailsOf, viewOf } from './standing.ts'
import { type BatchSummary, type ItemView, countStates } from './summary.ts'

/** What a run tells while it goes on. */
export type BatchEvent =
  | { readonly event: 'item'; readonly item: ItemView }
  | { readonly event: 'progress'; readonly finished: number; readonly total: number; readonly etaSeconds?: number }
  | { readonly event: 'engine'; readonly key: string; readonly told: EngineEvent }
  | { readonly event: 'paused' | 'resumed' }

/** What a run needs besides its plan. */
export interface BatchRunOptions {
  /** takes as many requests side by side as the settings' `jobs`, or lets them wait; what it answers must not depend on that */
  readonly engine: JobEngine
  readonly onEvent?: (event: BatchEvent) => void
  /** milliseconds since 1970; the clock when absent */
  readonly now?: () => number
}

/** Longer side of a thumbnail in pixels. */
const THUMBNAIL_SIDE = 256
/** A picture whose engine died under it is tried so often: the first death may have been the machine's fault, or a neighbour's. */
const TRIES = 2

interface Entry {
  readonly item: BatchItem
  readonly standing: Standing
  view: ItemView
}

/** What a batch that was planned would do: every picture and where it stands. Writes nothing. */
export function lookAhead(plan: BatchPlan): ItemView[] {
  return entriesOf(plan).map(({ view }) => view)
}

function entriesOf(plan: BatchPlan): Entry[] {
  const histories = readJournals(plan.settings.out)
  const reviews = reviewStates(plan.settings.out)
  return plan.items.map((item) => {
    const history = histories.get(item.key)
    const standing = standingOf(item, plan, history, reviews.get(item.key))
    return { item, standing, view: viewOf(item, standing, history) }
  })
}

/** See the file's head. One object is one run: start it once. */
export class BatchRun {
  readonly plan: BatchPlan
  readonly #options: BatchRunOptions
  readonly #stop = new AbortController()
  readonly #company = new Company()
  readonly #now: () => number
  #entries: Entry[] = []
  #queue: Entry[] = []
  #journal: Journal | undefined
  #pace = new Pace(performance.now())
  #paused: { readonly promise: Promise<void>; readonly open: () => void } | undefined
  #finished = 0
  #engineSeconds = 0
  #fatal: unknown

  constructor(plan: BatchPlan, options: BatchRunOptions) {
    this.plan = plan
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** Every picture of the plan as it stands. */
  get items(): readonly ItemView[] {
    return this.#entries.map(({ view }) => view)
  }

  get isPaused(): boolean {
    return this.#paused !== undefined
  }

  /** Lets the pictures at work come to their end and begins no other. */
  pause(): void {
    if (this.#paused) return
    let open = (): void => {}
    this.#paused = { promise: new Promise((resolve) => (open = resolve)), open }
    this.#pace.pause(performance.now())
    this.#tell({ event: 'paused' })
  }

  /** Goes on after {@link pause}. */
  resume(): void {
    const paused = this.#paused
    this.#paused = undefined
    this.#pace.resume(performance.now())
    paused?.open()
    if (paused) this.#tell({ event: 'resumed' })
  }

  /** Stops at once; pictures at work are given up and begun anew by the next run. */
  cancel(): void {
    this.#stop.abort()
    this.#paused?.open()
  }

  /**
   * Runs to the end, or to {@link cancel}. Faults of single pictures are in the summary, never thrown.
   * @throws EngineError batch/running (exit 2) when the folder is being filled already; project/disk-full and the like
   *   when the journal cannot be written: going on would risk doing things twice
   */
  async start(): Promise<BatchSummary> {
    if (this.#journal) throw failed('batch/started', 'This batch has been started already; make another one.')
    const { out } = this.plan.settings
    const start = performance.now()
    const { lock, journal } = this.#open(out)
    this.#journal = journal
    try {
      finishReviews(out)
      this.#entries = entriesOf(this.plan)
      this.#queue = this.#entries.filter(({ view }) => view.state === 'waiting')
      this.#clearWork()
      this.#pace = new Pace(performance.now())
      for (const entry of this.#entries) if (entry.view.state !== 'waiting') this.#tell({ event: 'item', item: entry.view })
      this.#tellProgress()
      await Promise.all(Array.from({ length: this.plan.settings.jobs }, () => this.#work()))
      if (this.#fatal !== undefined) throw this.#fatal
      fs.rmSync(this.#workFolder, { recursive: true, force: true })
      return this.#summary((performance.now() - start) / 1000)
    } finally {
      journal.close()
      lock.release()
    }
  }

  #open(out: string): { lock: RunLock; journal: Journal } {
    makeFolder(out)
    const lock = acquireRunLock(out, this.plan.shard)
    try {
      return { lock, journal: new Journal(out, this.plan.shard) }
    } catch (error) {
      lock.release()
      throw error
    }
  }

  get #workFolder(): string {
    return path.join(batchFolder(this.plan.settings.out), 'work', shardName(this.plan.shard))
  }

  /** Unfinished work of a run that was ended; results that only have to be moved stay. */
  #clearWork(): void {
    const kept = new Set(this.#queue.flatMap(({ standing }) => (standing.made ? [path.dirname(path.join(this.plan.settings.out, standing.made.work))] : [])))
    for (const name of fs.existsSync(this.#workFolder) ? fs.readdirSync(this.#workFolder) : []) {
      const folder = path.join(this.#workFolder, name)
      if (!kept.has(folder)) fs.rmSync(folder, { recursive: true, force: true })
    }
  }

  async #work(): Promise<void> {
    for (;;) {
      while (this.#paused && !this.#stop.signal.aborted) await this.#paused.promise
      const entry = this.#stop.signal.aborted ? undefined : this.#queue.shift()
      if (!entry) return
      try {
        await this.#do(entry)
      } catch (error) {
        this.#fatal ??= error
        this.cancel()
        return
      }
    }
  }

  async #do(entry: Entry): Promise<void> {
    this.#show(entry, { key: entry.item.key, state: 'running' })
    for (let tries = 1; ; tries += 1) {
      const leave = await (tries === 1 ? this.#company.together() : this.#company.alone())
      try {
        const made = entry.standing.made ?? (await this.#paint(entry))
        this.#putInPlace(entry, made)
        break
      } catch (thrown) {
        if (!(thrown instanceof EngineError) || thrown.code.startsWith('project/')) throw thrown
        if (thrown.exitCode === 130 && this.#stop.signal.aborted) return this.#show(entry, { key: entry.item.key, state: 'waiting' })
        if (thrown.code === 'process/stopped' && tries < TRIES && !this.#stop.signal.aborted) continue
        this.#fail(entry, thrown)
        break
      } finally {
        leave()
      }
    }
    this.#finished += 1
    this.#pace.finish(performance.now())
    this.#tellProgress()
  }

  #fail(entry: Entry, error: EngineError): void {
    const { key } = entry.item
    fs.rmSync(this.#workOf(entry), { recursive: true, force: true })
    if (error.code === 'mask/nothing') return this.#show(entry, { key, state: 'skipped', code: error.code, sentence: error.message })
    this.#journal!.append({ record: 'failed', key, print: entry.standing.print, code: error.code, sentence: error.message, at: this.#now() })
    this.#show(entry, { key, state: 'failed', code: error.code, sentence: error.message })
  }

  #workOf(entry: Entry): string {
    return path.join(this.#workFolder, digestOf(entry.item.key))
  }

  /** Runs the steps and writes down what they made. */
  async #paint(entry: Entry): Promise<MadeRecord> {
    const { settings } = this.plan
    const { item, standing } = entry
    const start = performance.now()
    const work = this.#workOf(entry)
    freshFolder(work)
    const warnings = new Set<string>()
    const thumbnails = settings.sheet ? this.#thumbnails(item.key, standing.attempt) : undefined
    const outcome = await runItem(withAttempt(item, standing.attempt), {
      engine: this.#options.engine, work, source: path.join(settings.in, item.key), quality: settings.quality, embedRecipe: settings.embedRecipe, signal: this.#stop.signal,
      ...(thumbnails ? { thumbnails: { side: THUMBNAIL_SIDE, before: path.join(settings.out, thumbnails.before), after: path.join(settings.out, thumbnails.after) } } : {}),
      onEvent: (told) => {
        if (told.event === 'warning') warnings.add(told.message)
        this.#tell({ event: 'engine', key: item.key, told })
      },
    })
    this.#engineSeconds += outcome.engineSeconds
    const review = settings.minFidelity !== undefined && outcome.fidelity !== null && outcome.fidelity < settings.minFidelity
    const made: MadeRecord = {
      record: 'made', key: item.key, print: standing.print, work: this.#relative(outcome.file), place: this.#placeFor(item, review), ...digestFile(outcome.file), review,
      before: thumbnails?.before ?? null, after: thumbnails?.after ?? null,
      measures: {
        seconds: round((performance.now() - start) / 1000), engineSeconds: round(outcome.engineSeconds), seed: outcome.seed, fidelity: outcome.fidelity,
        changedOutside: outcome.changedOutside, warnings: [...warnings],
      },
      at: this.#now(),
    }
    this.#journal!.append(made)
    return made
  }

  #thumbnails(key: string, attempt: number): { before: string; after: string } {
    const folder = path.join(batchFolder(this.plan.settings.out), 'thumbnails')
    fs.mkdirSync(folder, { recursive: true })
    const name = digestOf(key)
    return { before: this.#relative(path.join(folder, `${name}-before.webp`)), after: this.#relative(path.join(folder, `${name}-after${attempt > 0 ? `-${attempt}` : ''}.webp`)) }
  }

  /** Where a result goes; in the review folder nothing is ever written over. */
  #placeFor(item: BatchItem, review: boolean): string {
    const { out, existing } = this.plan.settings
    const wanted = review ? `${REVIEW_FOLDER}/${item.out}` : item.out
    const own = new Set(this.plan.items.map((other) => other.out))
    own.delete(item.out)
    return existing === 'suffix' || review ? freeName(wanted, (name) => fs.existsSync(path.join(out, name)) || own.has(name)) : wanted
  }

  /** Moves a made result to its place; again and again until it is there, in whatever state an earlier run was ended. */
  #putInPlace(entry: Entry, first: MadeRecord): void {
    const { out, existing } = this.plan.settings
    let made = first
    const work = path.join(out, made.work)
    while (!(fs.existsSync(work) ? this.#moved(made) : holds(path.join(out, made.place), made))) {
      if (holds(path.join(out, made.place), made)) break // the move was done, the work file not yet gone
      if (existing === 'skip' && !made.review) {
        fs.rmSync(work, { force: true })
        return this.#show(entry, { key: made.key, state: 'skipped', place: made.place, sentence: `${made.place} appeared while the picture was being done, and was left as it is.` })
      }
      made = { ...made, place: this.#placeFor(entry.item, made.review), at: this.#now() }
      this.#journal!.append(made)
    }
    this.#journal!.append({ record: 'done', key: made.key, print: made.print, place: made.place, at: this.#now() })
    fs.rmSync(path.dirname(work), { recursive: true, force: true })
    this.#show(entry, { key: made.key, state: made.review ? 'review' : 'done', place: made.place, measures: made.measures, ...thumbnailsOf(made), ...(made.review ? { sentence: this.#whyReview(made) } : {}) })
  }

  #moved(made: MadeRecord): boolean {
    const { out, existing } = this.plan.settings
    return publish(path.join(out, made.work), path.join(out, made.place), existing === 'overwrite' && !made.review)
  }

  #whyReview(made: MadeRecord): string {
    return `Fidelity ${made.measures.fidelity?.toFixed(1)} dB is below ${this.plan.settings.minFidelity} dB; the result waits in "${REVIEW_FOLDER}" for a decision.`
  }

  #relative(file: string): string {
    return path.relative(this.plan.settings.out, file).split(path.sep).join('/')
  }

  #show(entry: Entry, view: ItemView): void {
    entry.view = view
    this.#tell({ event: 'item', item: view })
  }

  #tell(event: BatchEvent): void {
    this.#options.onEvent?.(event)
  }

  #tellProgress(): void {
    const total = this.#finished + this.#queue.length + this.#entries.filter(({ view }) => view.state === 'running').length
    const etaSeconds = this.#pace.secondsFor(total - this.#finished)
    this.#tell({ event: 'progress', finished: this.#finished, total, ...(etaSeconds === undefined ? {} : { etaSeconds }) })
  }

  #summary(seconds: number): BatchSummary {
    const { settings, recipe, shard, items } = this.plan
    const views = this.items
    return writeReports({
      recipe: recipe.name || path.basename(settings.recipe), in: settings.in, out: settings.out, shard: shardName(shard), counts: countStates(views), total: items.length,
      seconds: round(seconds), engineSeconds: round(this.#engineSeconds), cancelled: this.#stop.signal.aborted, items: views, reports: [],
    }, settings.sheet)
  }
}

/** A picture that was asked to be done again gets another seed; everything else stays. */
function withAttempt(item: BatchItem, attempt: number): BatchItem {
  if (attempt === 0) return item
  const steps = item.steps.map((step) => (typeof step.params['seed'] === 'number' ? { ...step, params: { ...step.params, seed: (step.params['seed'] + attempt) % Number.MAX_SAFE_INTEGER } } : step))
  return { ...item, steps }
}

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 24)
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
