/**
 * An edit as a job: the document is flattened, the engine asked, what differs cut out, and the results staged: on the disk
 * and in the history before anybody sees them, in the document only when they are accepted.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { Intent } from '../../../preload/contract/edits.ts'
import { EngineError, badInput, failed } from '../../engine/errors.ts'
import type { OperationId } from '../../history/ids.ts'
import type { Json, Layer, OperationInput } from '../../history/model.ts'
import type { JobOutcome, JobRun } from '../../jobs/queue.ts'
import { DRAWN_WORD } from '../../jobs/replay.ts'
import { type MadeResult, addResults } from '../../jobs/stepResults.ts'
import { tilesAsMask } from '../changes/maskChanges.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import { inspectPicture } from '../documents/importPicture.ts'
import { type EditFiles, INTENT_TASKS, editRequest, intentTitle, recordedParams } from './requests.ts'
import { defaultModels } from './defaultModels.ts'
import { stagingChanged } from './staging.ts'

/** A seed small enough to be read aloud. */
const MOST_SEED = 2 ** 31

/** The inputs of an edit, as files and as the history records them. */
interface Prepared {
  readonly base: OperationId
  readonly files: Omit<EditFiles, 'out'>
  readonly inputs: readonly OperationInput[]
}

/** Results of one variation. */
interface Variation {
  readonly results: readonly MadeResult[]
  readonly answer: Readonly<Record<string, unknown>>
  readonly params: ReturnType<typeof recordedParams>
}

/** Runs an edit and stages what it made. @throws EngineError as the engine or the project words it */
export async function runEdit(session: DocumentSession, intent: Intent, run: JobRun): Promise<JobOutcome> {
  return session.services.scratch.within(async (folder) => {
    run.phase('prepare')
    const prepared = await session.exclusively(() => prepare(session, intent, folder, run.signal))
    const seed = seedOf(intent)
    const variations: Variation[] = []
    const start = performance.now()
    const nothing: EngineError[] = []
    for (let number = 0; number < variationsOf(intent); number++) {
      try {
        variations.push(await paint(session, intent, prepared, { folder: path.join(folder, String(number)), seed: seed + number, run }))
      } catch (error) {
        if (!(error instanceof EngineError) || error.code !== 'replay/nothing-changed') throw error
        nothing.push(error)
      }
    }
    if (variations.length === 0) throw failed('edit/nothing-changed', 'The edit came out exactly as the picture was, so there is nothing to put into it; try another prompt, seed or mask.', nothing[0])
    const operation = await session.exclusively(() => stage(session, intent, prepared, variations, { seed, durationMs: Math.round(performance.now() - start) }))
    stagingChanged(session)
    return { operation, result: { variations: variations.length, warnings: nothing.length } }
  })
}

async function prepare(session: DocumentSession, intent: Intent, folder: string, signal: AbortSignal): Promise<Prepared> {
  const { project } = session
  const base = session.head
  const wanted = INTENT_TASKS[intent.intent]
  const inputs: OperationInput[] = []
  const files: { image?: string; mask?: string; bias?: { word: string; file: string }[] } = {}
  if (wanted.image) {
    const picture = await session.pixels.composite(folder, undefined, signal)
    const blob = picture.blob ?? (await project.addBlobFile(picture.file, 'image/png', signal)).hash
    files.image = project.blobs.path(blob)
    inputs.push({ role: 'image', hash: blob, source: { from: 'composite', operation: base } })
  }
  const layer = maskOf(session, intent)
  if (layer) {
    const mask = await session.pixels.canvasMask(layer, 'pixels', path.join(folder, 'mask.png'), signal)
    const blob = (await project.addBlobFile(mask, 'image/png', signal)).hash
    files.mask = project.blobs.path(blob)
    inputs.push({ role: 'mask', hash: blob, source: { from: 'blob' } })
  }
  if (intent.intent === 'swap' && intent.paint.length > 0) {
    files.bias = await drawnWords(session, intent, folder)
    for (const { word, file } of files.bias) inputs.push({ role: drawnRole(word), hash: (await project.addBlobFile(file, 'image/png', signal)).hash, source: { from: 'blob' } })
  }
  return { base, files, inputs }
}

/** The name of a drawing among an operation's inputs, which holds 64 characters: the sign at the end is not cut off. */
function drawnRole(word: string): string {
  const sign = word.endsWith('!') ? '!' : ''
  return DRAWN_WORD + word.slice(0, word.length - sign.length).slice(0, 64 - DRAWN_WORD.length - sign.length) + sign
}

/** The mask layer an intent acts through. @throws EngineError mask/none, mask/empty (exit 2) */
export function maskOf(session: DocumentSession, intent: Intent): Layer | null {
  const wanted = INTENT_TASKS[intent.intent].mask
  if (wanted === 'none') return null
  const named = 'mask' in intent && intent.mask !== null ? session.layer(intent.mask) : null
  if (named && named.kind !== 'mask') throw badInput('document/not-a-mask', { thing: `Layer "${named.name}"`, expected: 'a mask layer', found: `one of the kind ${named.kind}`, todo: 'choose a mask' })
  if (wanted === 'optional') return named
  const mask = named ?? session.activeMask()
  if (!mask) throw badInput('mask/none', { thing: 'The mask', expected: 'one that says what to change', found: 'none', todo: 'brush over what should change' })
  if (session.pixels.isBlank(mask)) throw badInput('mask/empty', { thing: `Mask "${mask.name}"`, expected: 'something painted', found: 'nothing', todo: 'brush over what should change' })
  return mask
}

/** Where words are wanted, and where not (a word with ! behind it), as grey pictures. */
async function drawnWords(session: DocumentSession, intent: Extract<Intent, { intent: 'swap' }>, folder: string): Promise<{ word: string; file: string }[]> {
  const words = new Map(intent.paint.map((painted) => [painted.word, painted])) // the last drawing of a word is the one that counts
  const drawings = [...words.values()].flatMap(({ word, tiles }) => {
    // 127 and 128 both wish nothing: a canvas has no level halfway between 0 and 255
    const part = (share: (value: number) => number) => tiles.map((tile) => ({ ...tile, bytes: tile.bytes.map((value) => Math.round(255 * Math.max(0, share(value)))) }))
    const [plus, minus] = [part((value) => (value - 128) / 127), part((value) => (127 - value) / 127)]
    const isPainted = (painted: typeof plus): boolean => painted.some(({ bytes }) => bytes.some((value) => value > 0))
    return [...(isPainted(plus) || !isPainted(minus) ? [{ word, tiles: plus }] : []), ...(isPainted(minus) ? [{ word: `${word}!`, tiles: minus }] : [])]
  })
  return Promise.all(drawings.map(async ({ word, tiles }, index) => ({ word, file: await tilesAsMask(session, tiles, path.join(folder, `word-${index}.png`)) })))
}

async function paint(session: DocumentSession, intent: Intent, prepared: Prepared, { folder, seed, run }: { readonly folder: string; readonly seed: number; readonly run: JobRun }): Promise<Variation> {
  const { services, project } = session
  const out = path.join(folder, 'result.png')
  const request = editRequest(intent, { ...prepared.files, out }, defaultModels(services), seed, services.settings.get().device)
  fs.mkdirSync(folder, { recursive: true })
  const answer = await services.models.run(request, { signal: run.signal, onEvent: run.onEvent })
  run.phase('keep')
  const before = prepared.files.image
  const whole = before === undefined || intent.intent === 'expand' || !(await sameSize(session, before, out))
  const made = await addResults(project, whole ? ['picture'] : ['patch', 'patch-mask'], {
    engine: services.pixels, options: { signal: run.signal }, before, after: out, seed: typeof answer['seed'] === 'number' ? answer['seed'] : seed, work: folder,
  })
  const metrics = metricsOf(answer)
  const box = whole ? wholeBox(session, intent, made[0]!) : undefined
  const results = made.map((result, index) => ({ ...result, metrics: { ...result.metrics, ...(box && index === 0 ? { box } : {}), ...(index === 0 ? metrics : {}) } }))
  return { results, answer, params: recordedParams(request) }
}

async function sameSize(session: DocumentSession, before: string, after: string): Promise<boolean> {
  const [a, b] = await Promise.all([inspectPicture(session.services, before), inspectPicture(session.services, after)])
  return a.width === b.width && a.height === b.height && a.depth === b.depth && a.channels === b.channels
}

/** Where a whole picture goes, in pixels of the canvas as it is. */
function wholeBox(session: DocumentSession, intent: Intent, { width = 0, height = 0 }: MadeResult): { x: number; y: number; width: number; height: number } {
  if (intent.intent === 'expand') return { x: 0 - intent.left, y: 0 - intent.top, width, height }
  const { canvas } = session.state
  if (intent.intent === 'restyle') return { x: 0, y: 0, width: canvas.width, height: canvas.height }
  return { x: Math.floor((canvas.width - width) / 2), y: Math.floor((canvas.height - height) / 2), width, height }
}

/** What the engine measured, without its files. */
function metricsOf(answer: Readonly<Record<string, unknown>>): Record<string, Json> {
  const wanted = ['changedOutside', 'crop', 'modelSize', 'seconds', 'fidelityPsnr', 'vaePsnr', 'blendShare', 'inversion', 'inversionCached', 'refinedTiles', 'scheduler', 'target', 'prompt', 'changedWords']
  const found = Object.entries(answer).filter(([key, value]) => wanted.includes(key) && value !== undefined)
  return JSON.parse(JSON.stringify(Object.fromEntries(found))) as Record<string, Json> // the engine answers JSON
}

function stage(session: DocumentSession, intent: Intent, prepared: Prepared, variations: readonly Variation[], { seed, durationMs }: { readonly seed: number; readonly durationMs: number }): OperationId {
  const { answer, params } = variations[0]!
  const text = (key: string): string | undefined => (typeof answer[key] === 'string' ? answer[key] : undefined)
  const { version } = session.services.setting
  return session.project.stageOperation(session.document, {
    kind: INTENT_TASKS[intent.intent].task, title: intentTitle(intent), params, inputs: prepared.inputs, seed, durationMs, engineVersion: version,
    results: variations.flatMap(({ results }) => results),
    ...(text('model') === undefined ? {} : { model: text('model')! }),
    ...(text('modelHash') === undefined ? {} : { modelHash: text('modelHash')! }),
    ...(text('device') === undefined ? {} : { device: text('device')! }),
  })
}

function variationsOf(intent: Intent): number {
  return 'variations' in intent ? intent.variations : 1
}

function seedOf(intent: Intent): number {
  if (intent.intent === 'remove') return intent.seed ?? 0
  return intent.sampling.seed ?? Math.floor(Math.random() * MOST_SEED)
}
