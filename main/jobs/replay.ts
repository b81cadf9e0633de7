/** Doing recorded operations of a project again, on the engine, with one of them changed or none. */
import fs from 'node:fs'
import path from 'node:path'
import { failed, throwIfCancelled } from '../engine/errors.ts'
import { type DEVICE_NAMES, requestSchemas } from '../engine/requests.ts'
import type { Operation } from '../history/documents.ts'
import type { BlobHash, DocumentId, OperationId } from '../history/ids.ts'
import type { Project } from '../history/project.ts'
import { Replay, type ReplayPlan, type ReplayStep, engineRequest } from '../history/replay.ts'
import type { JobEngine, JobEngineOptions } from './engine.ts'
import { documentInput } from './composition.ts'
import { type MadeResult, addResults } from './stepResults.ts'

/** Role of an input that is a drawing of where a word is to be; the word follows. */
export const DRAWN_WORD = 'bias:'

/** What a replay needs. */
export interface ReplayRun extends JobEngineOptions {
  readonly engine: JobEngine
  /** an existing folder for files that may go afterwards */
  readonly work: string
  /** where the engine's steps run, instead of where each was recorded */
  readonly device?: (typeof DEVICE_NAMES)[number]
  /** told before each step */
  readonly onStep?: (step: ReplayStep, index: number, count: number) => void
}

const EQUAL = { same: true, psnr: null, changedSamples: 0 } as const

/** A result beside the one it takes the place of. `psnr` in dB, null for equal pictures; absent where they cannot be compared. */
export interface ComparedResult {
  readonly role: string
  readonly same: boolean
  readonly psnr?: number | null
  readonly changedSamples?: number
}

/** A step that was done again. */
export interface ReplayedStep {
  readonly original: OperationId
  readonly made: OperationId
  readonly title: string
  readonly action: ReplayStep['action']
  readonly results: readonly ComparedResult[]
}

/** What a replay made. The document stands at `to`. */
export interface ReplayReport {
  readonly document: DocumentId
  readonly from: OperationId
  readonly to: OperationId
  readonly steps: readonly ReplayedStep[]
  /** the whole picture at the end beside the one before; equal where every step's results are */
  readonly picture: Omit<ComparedResult, 'role'>
  readonly notices: readonly string[]
}

/**
 * Does a plan. Each step is committed as it is done, so that what an interruption leaves is a shorter branch; only when
 * all are done does the document go there.
 * @throws EngineError as the engine or the project words it; CancelledError
 */
export async function runReplay(project: Project, plan: ReplayPlan, run: ReplayRun): Promise<ReplayReport> {
  const replay = new Replay(project, plan)
  const from = project.head(plan.document)
  const steps: ReplayedStep[] = []
  for (let step = replay.next(); step; step = replay.next()) {
    throwIfCancelled(run.signal)
    run.onStep?.(step, steps.length, plan.steps.length)
    const made = step.action === 'apply' ? replay.apply() : await runStep(project, replay, step, run)
    steps.push({ original: step.original, made, title: step.title, action: step.action, results: step.action === 'apply' ? [] : await compareResults(project, step.original, made, run) })
  }
  const to = replay.finish()
  const picture = steps.every(({ results }) => results.every(({ same }) => same)) ? EQUAL : await comparePictures(project, plan.steps.at(-1)!.original, to, run)
  return { document: plan.document, from, to, steps, picture, notices: replay.notices }
}

async function runStep(project: Project, replay: Replay, step: ReplayStep, run: ReplayRun): Promise<OperationId> {
  const { engine, signal, onEvent } = run
  const options: JobEngineOptions = { ...(signal ? { signal } : {}), ...(onEvent ? { onEvent } : {}) }
  const work = path.join(run.work, `step-${replay.made.length + 1}`)
  fs.mkdirSync(work, { recursive: true })
  const inputs: Record<string, BlobHash> = {}
  const files: Record<string, string> = {}
  for (const input of replay.inputs()) {
    const hash = 'hash' in input ? input.hash : await flatten(project, input.flatten, work, engine, options)
    inputs[input.role] = hash
    files[input.role] = project.blobs.path(hash)
  }
  const original = project.operation(step.original)
  const ending = endingOf(project, original.results.find(({ role }) => role === 'picture')?.hash)
  const start = performance.now()
  const results: MadeResult[] = []
  let first: Readonly<Record<string, unknown>> | undefined
  for (const [number, { seed: own, roles }] of variationsOf(original, step).entries()) {
    const folder = path.join(work, String(number))
    fs.mkdirSync(folder, { recursive: true })
    const answer = await engine.run(requestOf({ ...onDevice(step, run.device), seed: own }, files, path.join(folder, `result${ending}`)), options)
    first ??= answer
    const file = typeof answer['out'] === 'string' ? answer['out'] : undefined
    if (file === undefined) throw failed('replay/results', `Step "${step.title}" told no file with its result; replay it in the editor.`)
    const seed = typeof answer['seed'] === 'number' ? answer['seed'] : own
    results.push(...(await addResults(project, roles, { engine, options, before: files['image'], after: file, seed, work: folder })))
  }
  const durationMs = Math.round(performance.now() - start)
  const seed = results[0]?.seed ?? step.seed
  return replay.run({ results, inputs, durationMs, ...text('modelHash', first?.['modelHash']), ...text('device', first?.['device']), ...(seed === null ? {} : { seed }) })
}

/** The runs that made an operation's results: one for each seed, with the roles of what it made; seeds move with the step's. */
function variationsOf(original: Operation, step: ReplayStep): { readonly seed: number | null; readonly roles: readonly string[] }[] {
  const runs: { seed: number | null; roles: string[] }[] = []
  const by = step.seed !== null && original.seed !== null ? step.seed - original.seed : 0
  let last: number | null | undefined
  for (const { role, seed } of original.results) {
    if (runs.length === 0 || (seed !== last && seed !== null)) runs.push({ seed: seed === null ? step.seed : Math.max(0, seed + by), roles: [] })
    runs.at(-1)!.roles.push(role)
    last = seed ?? last
  }
  return runs.length > 0 ? runs : [{ seed: step.seed, roles: [] }]
}

/** The step as it runs on a device, where its task runs on one at all. */
function onDevice(step: ReplayStep, device: ReplayRun['device']): ReplayStep {
  const schema = requestSchemas[step.kind as keyof typeof requestSchemas] as (typeof requestSchemas)[keyof typeof requestSchemas] | undefined // a kind that no engine knows has none
  return device === undefined || !schema || !('device' in schema.shape) ? step : { ...step, params: { ...step.params, device } }
}

/** The request of a step; inputs called `bias:WORD` are drawings of where words are to be. */
function requestOf(step: ReplayStep, files: Readonly<Record<string, string>>, out: string): Record<string, unknown> {
  const drawn = Object.entries(files).filter(([role]) => role.startsWith(DRAWN_WORD))
  const plain = Object.fromEntries(Object.entries(files).filter(([role]) => !role.startsWith(DRAWN_WORD)))
  return { ...engineRequest(step, { ...plain, out }), ...(drawn.length > 0 ? { bias: drawn.map(([role, file]) => `${role.slice(DRAWN_WORD.length)}=${file}`) } : {}) }
}

/** The document flattened after an operation, as a blob. */
async function flatten(project: Project, at: OperationId, work: string, engine: JobEngine, options: JobEngineOptions): Promise<BlobHash> {
  const out = path.join(work, 'flattened.png')
  await engine.run({ task: 'compose', ...documentInput(project, at, work), out }, options)
  return (await project.addBlobFile(out, 'image/png')).hash
}

/** The results of a step beside those it takes the place of. */
async function compareResults(project: Project, original: OperationId, made: OperationId, { engine, signal }: ReplayRun): Promise<ComparedResult[]> {
  const [before, after] = [project.operation(original).results, project.operation(made).results]
  const compared: ComparedResult[] = []
  for (const [index, result] of after.entries()) {
    const old = before[index]
    if (!old) continue
    if (old.hash === result.hash) compared.push({ role: result.role, same: true, psnr: null, changedSamples: 0 })
    else if (old.width !== result.width || old.height !== result.height) compared.push({ role: result.role, same: false })
    else compared.push({ role: result.role, ...(await difference(project.blobs.path(old.hash), project.blobs.path(result.hash), engine, signal ? { signal } : {})) })
  }
  return compared
}

/** The whole document after two operations. */
async function comparePictures(project: Project, before: OperationId, after: OperationId, run: ReplayRun): Promise<Omit<ComparedResult, 'role'>> {
  const options: JobEngineOptions = run.signal ? { signal: run.signal } : {}
  const files: string[] = []
  for (const at of [before, after]) {
    const out = path.join(run.work, `whole-${at}.png`)
    await run.engine.run({ task: 'compose', ...documentInput(project, at, run.work), out }, options)
    files.push(out)
  }
  return difference(files[0]!, files[1]!, run.engine, options)
}

async function difference(a: string, b: string, engine: JobEngine, options: JobEngineOptions): Promise<Omit<ComparedResult, 'role'>> {
  const answer = await engine.run({ task: 'difference', a, b }, options)
  return { same: answer['changedSamples'] === 0, psnr: typeof answer['psnr'] === 'number' ? answer['psnr'] : null, ...(typeof answer['changedSamples'] === 'number' ? { changedSamples: answer['changedSamples'] } : {}) }
}

function endingOf(project: Project, hash: BlobHash | undefined): string {
  const media = hash === undefined ? undefined : project.blobInfo(hash)?.media
  return { 'image/jpeg': '.jpg', 'image/webp': '.webp', 'image/tiff': '.tif' }[media ?? ''] ?? '.png'
}

function text<K extends string>(key: K, value: unknown): { [key in K]?: string } {
  return (typeof value === 'string' ? { [key]: value } : {}) as { [key in K]?: string } // one key or none
}
