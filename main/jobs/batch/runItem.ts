/** One picture through every step of the recipe, into the work folder. */
import fs from 'node:fs'
import path from 'node:path'
import { badInput, throwIfCancelled } from '../../engine/errors.ts'
import { WAIT_PHASE, type EngineEvent } from '../../engine/requests.ts'
import type { JobEngine } from '../engine.ts'
import type { BatchItem, PlannedStep } from './plan.ts'

/** What a picture is run with. */
export interface ItemRun {
  readonly engine: JobEngine
  /** folder for unfinished files, this picture's own; it exists and is empty */
  readonly work: string
  /** the picture, absolute */
  readonly source: string
  readonly quality: number
  readonly embedRecipe: boolean
  /** longer side of thumbnails in pixels; none when absent */
  readonly thumbnails?: { readonly side: number; readonly before: string; readonly after: string }
  readonly signal: AbortSignal
  readonly onEvent: (event: EngineEvent) => void
}

/** What came of it. */
export interface ItemOutcome {
  /** the result, in the work folder */
  readonly file: string
  /** time the engine took, waiting left out */
  readonly engineSeconds: number
  readonly seed: number | null
  /** the least faithful step's, in dB */
  readonly fidelity: number | null
  readonly changedOutside: number | null
}

/** Longest run of the words' attention: more steps sharpen nothing. */
const ATTENTION_STEPS = 20

/**
 * Runs the steps one after another, each on what the one before made.
 * @throws EngineError as the engine words it; mask/nothing when an aim finds nothing in this picture
 */
export async function runItem(item: BatchItem, run: ItemRun): Promise<ItemOutcome> {
  const told: Readonly<Record<string, unknown>>[] = []
  let engineSeconds = 0
  const ask = async (request: Record<string, unknown>): Promise<Readonly<Record<string, unknown>>> => {
    const answer = await askEngine(request, run)
    engineSeconds += answer.seconds
    return answer.value
  }
  let picture = run.source
  const last = path.join(run.work, `result${path.extname(item.out)}`)
  for (const [index, step] of item.steps.entries()) {
    throwIfCancelled(run.signal)
    const mask = await maskFor(item, step, index, picture, run, ask)
    // One step writes the result itself; several pass lossless pictures on, and the last is written from the source's metadata.
    const out = item.steps.length === 1 ? last : path.join(run.work, `step-${index + 1}.png`)
    told.push(await ask({ ...step.params, task: step.task, image: picture, ...(mask === undefined ? {} : { mask }), out }))
    picture = out
  }
  if (item.steps.length > 1) await ask({ task: 'picture', image: picture, out: last, quality: run.quality, recipe: run.embedRecipe, metadataFrom: run.source })
  if (run.thumbnails) {
    const { side, before, after } = run.thumbnails
    await ask({ task: 'thumbnail', image: run.source, out: before, side })
    await ask({ task: 'thumbnail', image: last, out: after, side })
  }
  const numbers = (field: string): number[] => told.flatMap((value) => (typeof value[field] === 'number' ? [value[field]] : []))
  const least = (list: readonly number[]): number | null => (list.length > 0 ? Math.min(...list) : null)
  return {
    file: last, engineSeconds, seed: numbers('seed').at(-1) ?? null, fidelity: least(numbers('fidelityPsnr')),
    changedOutside: numbers('changedOutside').length > 0 ? numbers('changedOutside').reduce((sum, value) => sum + value, 0) : null,
  }
}

/** The mask file of a step, made when the aim asks for it; undefined for a step that takes none. */
async function maskFor(item: BatchItem, { task, aim, params }: PlannedStep, index: number, picture: string, run: ItemRun, ask: (request: Record<string, unknown>) => Promise<Readonly<Record<string, unknown>>>): Promise<string | undefined> {
  if (aim.by === 'mask') return aim.file
  if (aim.by === 'everything' && task !== 'inpaint') return undefined
  const out = path.join(run.work, `mask-${index + 1}.png`)
  if (aim.by === 'everything') {
    await ask({ task: 'mask', image: picture, colour: '#808080', tolerance: 1, out }) // no colour is farther from grey
    return out
  }
  let made: Readonly<Record<string, unknown>>
  if (aim.by === 'colour') made = await ask({ task: 'mask', image: picture, colour: aim.colour, tolerance: aim.tolerance, out })
  else {
    const folder = path.join(run.work, `attention-${index + 1}`)
    const seen = await ask({ task: 'attention', image: picture, prompt: aim.description, model: aim.model, device: params['device'], steps: ATTENTION_STEPS, out: folder })
    made = await ask({ task: 'mask', image: picture, where: aim.where, maps: seen['maps'], out })
  }
  if (made['whiteShare'] !== 0) return out
  const wanted = aim.by === 'colour' ? `the colour ${aim.colour}` : aim.where
  throw badInput('mask/nothing', { thing: item.key, expected: `a place for step ${index + 1} (${wanted})`, found: 'none in this picture', todo: 'it is left as it is' })
}

async function askEngine(request: Record<string, unknown>, run: ItemRun): Promise<{ value: Readonly<Record<string, unknown>>; seconds: number }> {
  throwIfCancelled(run.signal)
  const start = performance.now()
  let waited = 0
  let waitingSince: number | undefined
  const value = await run.engine.run(request, {
    signal: run.signal,
    onEvent: (event) => {
      if (waitingSince !== undefined) waited += performance.now() - waitingSince
      waitingSince = event.event === 'progress' && event.phase === WAIT_PHASE ? performance.now() : undefined
      run.onEvent(event)
    },
  })
  return { value, seconds: (performance.now() - start - waited) / 1000 }
}

/** Empties or makes a folder. */
export function freshFolder(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
}
