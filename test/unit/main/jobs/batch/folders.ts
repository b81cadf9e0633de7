/** Small folders of pictures, masks and recipes for the tests of batches. The pictures are texts: see fakeEditor.ts. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll } from 'vitest'
import type { JobEngine } from '../../../../../main/jobs/engine.ts'
import { BatchRun, type BatchEvent } from '../../../../../main/jobs/batch/batchRun.ts'
import { planBatch } from '../../../../../main/jobs/batch/plan.ts'
import { type BatchSettings, batchSettingsSchema } from '../../../../../main/jobs/batch/settings.ts'
import type { BatchSummary } from '../../../../../main/jobs/batch/summary.ts'
import { createEngine } from '../../../../support/fakeEditor.ts'

/** A folder that goes when the test file is done. */
export function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-batch-'))
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A recipe of one step that needs no mask. */
export const PLAIN_STEP = { task: 'img2img', model: 'starter', prompt: 'a red car' }
/** A recipe of one step with a mask file per picture. */
export const MASKED_STEP = { task: 'inpaint', model: 'starter-inpaint', prompt: 'a red car', aim: { mask: '{name}.png' } }

let count = 0

/** Files of a job: `in/` with these pictures (name -> text), `masks/`, `recipe.json`. */
export function makeJob(parent: string, content: { readonly pictures: Readonly<Record<string, string>>; readonly masks?: Readonly<Record<string, string>>; readonly steps?: readonly object[]; readonly head?: object }): string {
  const folder = path.join(parent, `job-${(count += 1)}`)
  const write = (sub: string, files: Readonly<Record<string, string>>): void => {
    fs.mkdirSync(path.join(folder, sub), { recursive: true })
    for (const [name, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(folder, sub, name)), { recursive: true })
      fs.writeFileSync(path.join(folder, sub, name), text)
    }
  }
  write('in', content.pictures)
  if (content.masks) write('masks', content.masks)
  write('.', { 'recipe.json': JSON.stringify({ format: 'palimpsest-recipe', version: 1, ...content.head, steps: content.steps ?? [PLAIN_STEP] }) })
  return folder
}

/** Pictures `a.png`, `b.png` ... with texts of their own. */
export function pictures(names: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [name, `picture ${name}`]))
}

/** Settings for a job's folder. */
export function settingsFor(job: string, more: Partial<BatchSettings> = {}): BatchSettings {
  return batchSettingsSchema.parse({ recipe: path.join(job, 'recipe.json'), in: path.join(job, 'in'), out: path.join(job, 'out'), ...more })
}

/** Plans and runs a batch on a fake engine in this process. */
export async function runBatch(settings: BatchSettings, options: { readonly ms?: number; readonly log?: string; readonly onEvent?: (event: BatchEvent, run: BatchRun) => void; readonly engine?: JobEngine } = {}): Promise<BatchSummary> {
  const run: BatchRun = new BatchRun(planBatch(settings), { engine: options.engine ?? fakeEngine(options), onEvent: (event) => options.onEvent?.(event, run) })
  return run.start()
}

/** The fake editor as a job engine. */
export function fakeEngine(options: { readonly ms?: number; readonly log?: string } = {}): JobEngine {
  const port = createEngine(options)
  return { run: (request, { signal, onEvent } = {}) => port.run(request, { signal: signal ?? new AbortController().signal, onEvent: onEvent ?? (() => undefined) }) }
}

/** Results below a folder: relative path -> text; what the batch keeps for itself and its reports left out. */
export function results(folder: string): Record<string, string> {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.split(path.sep).join('/')).sort()
  return Object.fromEntries(names
    .filter((name) => !name.startsWith('.palimpsest-batch') && !name.startsWith('batch-report') && fs.statSync(path.join(folder, name)).isFile())
    .map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]))
}

/** State by picture. */
export function states(summary: BatchSummary): Record<string, string> {
  return Object.fromEntries(summary.items.map(({ key, state }) => [key, state]))
}

/** What a call throws, as its sentence. */
export function sentenceOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing was thrown'
}
