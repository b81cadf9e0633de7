/** Batches of this session: planned, run in the background on the host's engines, reviewed. */
import fs from 'node:fs'
import path from 'node:path'
import type { BatchItem as ItemRow, BatchPlan as Wish, BatchView } from '../../preload/contract/batch.ts'
import { EngineError, badInput } from '../engine/errors.ts'
import { parseRecipe } from '../history/recipe.ts'
import { type BatchEvent, BatchRun, lookAhead } from '../jobs/batch/batchRun.ts'
import { type BatchPlan, planBatch } from '../jobs/batch/plan.ts'
import { decide } from '../jobs/batch/reviews.ts'
import { batchSettingsSchema } from '../jobs/batch/settings.ts'
import type { ItemView } from '../jobs/batch/summary.ts'
import type { JobEngine } from '../jobs/engine.ts'
import { bothEngines } from './edits/replayJob.ts'
import { forLog, toAppError } from './errors.ts'
import { Registry } from './ids.ts'
import type { HostServices } from './services.ts'

interface Batch {
  readonly plan: BatchPlan
  readonly name: string
  items: ItemView[]
  run: BatchRun | undefined
  state: BatchView['state']
  etaSeconds: number | null
  readonly startedAt: Map<string, number>
  readonly seconds: Map<string, number>
}

const STATES: Readonly<Record<ItemView['state'], ItemRow['state']>> = {
  waiting: 'waiting', running: 'running', done: 'done', earlier: 'done', review: 'review', rejected: 'rejected', failed: 'failed', skipped: 'skipped', 'no-mask': 'failed',
}
const FORMATS = { same: undefined, png: 'png', jpeg: 'jpg', webp: 'webp', tiff: 'tif' } as const

/** See the file's head. */
export class Batches {
  readonly #services: HostServices
  readonly #batches = new Registry<Batch>('bat', 'batch')

  constructor(services: HostServices) {
    this.#services = services
  }

  /** Works a batch out; writes nothing. @throws EngineError batch/..., recipe/... (exit 2) */
  plan(wish: Wish): BatchView {
    const { files, scratch, settings } = this.#services
    const recipe = scratch.path('recipe.json')
    fs.writeFileSync(recipe, wish.recipe)
    const plan = planBatch(batchSettingsSchema.parse({
      recipe, in: files.file(wish.inputs).path, out: files.file(wish.outputs).path, existing: wish.existing, jobs: wish.jobs, device: settings.get().device,
      name: wish.name.includes('{ext}') ? wish.name : `${wish.name}.{ext}`,
      ...(wish.masks === undefined ? {} : { masks: files.file(wish.masks).path }),
      ...(wish.maskSuffix === '' ? {} : { maskRule: [`{name}${wish.maskSuffix}.*`] }),
      ...(wish.prompts === undefined ? {} : { prompts: files.plainFile(wish.prompts) }),
      ...(wish.glob === '*' ? {} : { files: [wish.glob] }),
      ...(wish.gate === undefined ? {} : { minFidelity: wish.gate }),
      ...(FORMATS[wish.format] === undefined ? {} : { format: FORMATS[wish.format] }),
    }))
    const name = parseRecipe(wish.recipe, 'The recipe').name || files.file(wish.inputs).name
    const batch: Batch = { plan, name, items: lookAhead(plan), run: undefined, state: 'planned', etaSeconds: null, startedAt: new Map(), seconds: new Map() }
    return this.#view(this.#batches.mint(batch), batch)
  }

  /** Starts a batch, or goes on with a paused one. */
  start(id: string): BatchView {
    const batch = this.#batches.get(id)
    if (batch.run && batch.state === 'paused') batch.run.resume()
    else if (!batch.run) this.#run(id, batch)
    batch.state = 'running'
    return this.#changed(id, batch)
  }

  /** Lets what is at work end and begins nothing more. */
  pause(id: string): BatchView {
    const batch = this.#batches.get(id)
    if (batch.run) {
      batch.run.pause()
      batch.state = 'paused'
    }
    return this.#changed(id, batch)
  }

  /** Stops at once; what is done stays. */
  cancel(id: string): BatchView {
    const batch = this.#batches.get(id)
    batch.run?.cancel()
    batch.state = 'cancelled'
    return this.#changed(id, batch)
  }

  /** Every batch of this session. */
  list(): BatchView[] {
    return this.#batches.entries().map(([id, batch]) => this.#view(id, batch))
  }

  /** A stretch of a batch's pictures. */
  items(id: string, from: number, count: number): { items: ItemRow[]; total: number } {
    const batch = this.#batches.get(id)
    return { items: batch.items.slice(from, from + count).map((_, index) => this.#item(batch, from + index)), total: batch.items.length }
  }

  /** Decides about a result; retry does the picture again with another seed. @throws EngineError batch/no-result (exit 2) */
  review(id: string, index: number, verdict: 'accept' | 'reject' | 'retry'): ItemRow {
    const batch = this.#batches.get(id)
    const { key } = this.#found(batch, index)
    decide(batch.plan.settings.out, key, verdict, Date.now())
    if (verdict === 'retry' && !batch.run) this.start(id)
    const now = lookAhead(batch.plan).find((item) => item.key === key)
    if (now) batch.items = batch.items.map((item) => (item.key === key ? now : item))
    return { ...this.#item(batch, index), ...(verdict === 'accept' ? { state: 'accepted' as const } : {}) }
  }

  /** A picture of a batch at a size. @throws EngineError batch/no-result (exit 2) */
  async media(id: string, index: number, which: 'before' | 'after', side: number): Promise<string> {
    const { plan, items } = this.#batches.get(id)
    const { key, place } = this.#found({ items }, index)
    const file = which === 'before' ? path.join(plan.settings.in, key) : place === undefined ? undefined : path.join(plan.settings.out, place)
    if (file === undefined || !fs.existsSync(file)) throw badInput('batch/no-result', { thing: key, expected: 'a picture to show', found: 'none yet' })
    const out = this.#services.scratch.path('batch.webp')
    await this.#services.pixels.run({ task: 'thumbnail', image: file, side, out })
    return this.#services.media.keep(`batch ${id} ${index} ${which} ${side} ${fs.statSync(file).mtimeMs}`, fs.readFileSync(out), 'image/webp')
  }

  /** Stops everything; what is done stays done. */
  close(): void {
    for (const [, { run }] of this.#batches.entries()) run?.cancel()
  }

  #run(id: string, batch: Batch): void {
    // what a person does meanwhile goes first
    const both = bothEngines(this.#services)
    const engine: JobEngine = { run: (request, options) => both.run(request, { ...options, urgency: 'idle' } as typeof options) } // the lanes know it, others do not mind
    const run = new BatchRun(batch.plan, { engine, onEvent: (event) => this.#event(id, batch, event) })
    batch.run = run
    run.start().then(
      (summary) => {
        batch.state = summary.cancelled ? 'cancelled' : 'done'
      },
      (error: unknown) => {
        batch.state = 'cancelled'
        this.#services.log.write(`batch: ${forLog(error)}`)
        this.#services.notices.tell({ level: 'error', message: toAppError(error, this.#services.scrub).message })
      },
    ).finally(() => {
      batch.items = [...run.items].length > 0 ? [...run.items] : batch.items
      batch.run = undefined
      batch.etaSeconds = null
      this.#changed(id, batch)
    })
  }

  #event(id: string, batch: Batch, event: BatchEvent): void {
    if (event.event === 'progress') batch.etaSeconds = event.etaSeconds ?? null
    if (event.event === 'item') {
      const { item } = event
      const index = batch.items.findIndex(({ key }) => key === item.key)
      if (index >= 0) batch.items[index] = item
      if (item.state === 'running') batch.startedAt.set(item.key, performance.now())
      else if (batch.startedAt.has(item.key)) batch.seconds.set(item.key, Math.round((performance.now() - batch.startedAt.get(item.key)!) / 100) / 10)
      if (index >= 0) this.#services.emit('batch.item', { batch: id, item: this.#item(batch, index) })
    }
    if (event.event !== 'engine') this.#changed(id, batch)
  }

  #changed(id: string, batch: Batch): BatchView {
    const view = this.#view(id, batch)
    this.#services.emit('batch.changed', { view })
    return view
  }

  #view(id: string, { plan, name, items, state, etaSeconds }: Batch): BatchView {
    const count = (...wanted: ItemView['state'][]): number => items.filter((item) => wanted.includes(item.state)).length
    return {
      batch: id, name, state, etaSeconds, total: items.length, done: count('done', 'earlier'), failed: count('failed', 'no-mask'), review: count('review'), skipped: count('skipped'),
      problems: [...plan.notes, ...items.filter((item) => item.state === 'no-mask').slice(0, 20).map(({ key, sentence }) => this.#services.scrub.text(sentence ?? `${key} has no mask.`))],
    }
  }

  #item(batch: Batch, index: number): ItemRow {
    const item = this.#found(batch, index)
    const { out } = batch.plan.settings
    const shown = (file: string | undefined): string | null => (file === undefined || !fs.existsSync(path.join(out, file)) ? null : this.#services.media.offerFile(path.join(out, file), 'image/webp'))
    const error = item.state === 'failed' && item.sentence ? toAppError(new EngineError(item.code ?? 'batch/failed', item.sentence), this.#services.scrub) : null
    return {
      index, name: item.key, state: STATES[item.state], before: shown(item.before), after: shown(item.after), seconds: batch.seconds.get(item.key) ?? null,
      note: this.#services.scrub.text(item.sentence ?? ''), error,
    }
  }

  #found(batch: Pick<Batch, 'items'>, index: number): ItemView {
    const item = batch.items[index]
    if (item) return item
    throw badInput('batch/no-picture', { thing: `Picture ${index + 1}`, expected: `one of ${batch.items.length}`, found: 'none' })
  }
}
