/** Evaluate: methods of inversion and edit compared on a benchmark, resumable, as tables and a sheet. */
import fs from 'node:fs'
import path from 'node:path'
import { badInput, failed, throwIfCancelled } from '../errors.ts'
import { openPicture } from '../image/codec.ts'
import { contactSheet, picturePanel, type Panel } from '../image/sheet.ts'
import { writePicture } from '../image/writePicture.ts'
import { EDIT_METHODS, INVERSION_METHODS, type EditMethod, type EngineResult, type InversionMethod, type RequestOf } from '../requests.ts'
import { writeFileAtomic } from '../weights/atomicFile.ts'
import { makeFolder } from './attentionMaps.ts'
import { readBenchmark, EDIT_KINDS, type BenchCase } from './benchmark.ts'
import { warn, type RunContext } from './context.ts'
import { noWork, type NetSize, type UNetWork } from './controlledUNet.ts'
import { PreparedCases, type CasePlace, type PreparedCase } from './evaluationCases.ts'
import { closeMeasures, finite, measure, measureNotes, openMeasures, type Measuring } from './evaluationMeasures.ts'
import { ResultFile, settingsOf } from './evaluationResults.ts'
import { markdownTables, summarise, type CaseResult } from './evaluationTable.ts'
import { psnr } from './fidelity.ts'
import { inversionCalls, invertPicture, type InversionChoices } from './inversion.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { planEdit } from './planWords.ts'
import { RunProgress } from './progress.ts'
import { tokenizerOf } from './prompt.ts'
import { putBack } from './wordComposite.ts'
import { checkProximal, isSourceKnown, rowsOf, runWordEdit, type EditChoices } from './wordEdit.ts'
import { planFor } from './wordPicture.ts'

type EvaluateRequest = RequestOf<'evaluate'>

/** A column of the comparison. */
interface Contender {
  readonly name: string
  readonly inversion: InversionMethod
  readonly edit: EditMethod
  /** choices that go with the name, in the place of the request's */
  readonly choices: Partial<EditChoices>
}

/**
 * Proximal negative-prompt inversion under its own name, as PIE-Bench's table has it: soft shrinking by the 0.75 quantile
 * and inversion guidance.
 */
const PROXNPI = {
  name: 'proxnpi',
  choices: { proximal: 'soft', proximalQuantile: 0.75, proximalGuide: 'inversion', proximalUntil: 400, proximalRate: 1, proximalDilate: 1 },
} as const

/**
 * Cases worked on together: their inversions are made in one go, so that nets are not opened for every picture. Methods lie
 * at most this many cases apart, so that an interrupted run has compared them on the same pictures but for these.
 */
const BATCH = 5
/** Rows of the sheet per kind of edit. */
const SHEET_ROWS_PER_KIND = 1

/** Everything a case needs. */
interface Workplace extends Measuring, CasePlace {
  readonly context: RunContext
  readonly request: EvaluateRequest
  readonly seed: number
  readonly folder: string
}

/** Runs every method over every case that is not done yet, then writes the tables. */
export async function evaluate(context: RunContext, request: EvaluateRequest): Promise<EngineResult> {
  if (request.latents || request.trace) throw badInput('evaluate/option', { thing: request.latents ? '--latents' : '--trace', expected: 'no such option: every picture of the benchmark is inverted anew', found: request.latents ?? request.trace ?? '' })
  checkProximal(request)
  const contenders = request.methods.map(parseContender)
  const bench = readBenchmark(request.bench)
  for (const file of bench.missing) warn(context, 'evaluate/missing', `The benchmark names ${file}, which is not there; that edit is left out.`)
  const cases = chooseCases(bench.cases, request)
  if (cases.length === 0) throw badInput('evaluate/bench', { thing: request.bench, expected: 'at least one edit whose picture is there', found: 'none', ...(request.kinds.length > 0 ? { todo: 'leave out --kinds' } : {}) })
  const loaded = await context.checkpoint(request.model, request)
  const seed = request.seed ?? 1234
  const measures = await openMeasures(context, loaded, request)
  try {
    const folder = makeFolder(request.out)
    const record = new ResultFile(folder, settingsOf(request, loaded, seed, measures))
    const place: Workplace = { context, loaded, request, vae: loaded.vae(), seed, measures, folder, textScores: new Map() }
    return await runAll(place, contenders, cases, record, bench.missing)
  } finally {
    await closeMeasures(measures)
  }
}

/** Every contender over every case that is not done yet, then the tables. */
async function runAll(place: Workplace, contenders: readonly Contender[], cases: readonly BenchCase[], record: ResultFile, missing: readonly string[]): Promise<EngineResult> {
  const { context, loaded, request, seed, folder } = place
  const isOpen = (item: BenchCase): boolean => contenders.some(({ name }) => !record.has(name, item.id))
  const open = cases.filter(isOpen)
  const progress = await startProgress(place, contenders, open, record)

  progress.begin('evaluate')
  const until = performance.now() + (request.minutes ?? Infinity) * 60_000
  let longest = BATCH * secondsPerCase(contenders, record) * 1000
  const hasNothing = open.length === cases.length // then one batch is run whatever the time, so that there is a table
  for (let at = 0; at < open.length && ((at === 0 && hasNothing) || performance.now() + longest <= until); at += BATCH) {
    const begun = performance.now()
    await runBatch(place, contenders, open.slice(at, at + BATCH), { record, prepared: new PreparedCases(place) }, () => progress.advance())
    longest = Math.max(longest, performance.now() - begun)
  }

  progress.begin('write')
  const names = contenders.map(({ name }) => name)
  // methods are compared on the same pictures, whenever a run ends
  const done = cases.filter((item) => !isOpen(item))
  const left = cases.length - done.length
  const ids = new Set(done.map(({ id }) => id))
  const results = record.results.filter(({ method, id }) => names.includes(method) && ids.has(id))
  const files = await writeTables(place, done, names, results, notesOf(place, missing.length, left))
  progress.finish()
  if (left > 0) warn(context, 'evaluate/left', `${left} of ${cases.length} edits are left, since the ${request.minutes} minutes are over; the same command goes on with them.`)
  if (missing.length > 0) {
    throw failed('evaluate/missing', `${missing.length} files that the benchmark names are not there (${shortList(missing)}); the other ${done.length} edits were run and the table written to ${files.markdown}.`)
  }
  return {
    bench: request.bench, model: loaded.checkpoint.id, modelHash: loaded.checkpoint.hash, device: loaded.device, seed,
    steps: request.steps, guidance: request.guidance, edits: done.length, left, resumed: cases.length - open.length,
    methods: names.map((name) => summarise(results, name)), table: fs.readFileSync(files.markdown, 'utf8'), ...files, out: folder,
  }
}

/** Seconds that every contender together takes for a case, from those that are done; 0 where none is. */
function secondsPerCase(contenders: readonly Contender[], record: ResultFile): number {
  return contenders.reduce((sum, { name }) => {
    const own = record.results.filter(({ method }) => method === name)
    return sum + own.reduce((total, { seconds, secondsInversion }) => total + seconds + secondsInversion, 0) / Math.max(1, own.length)
  }, 0)
}

/** The inversions of some cases, then every contender over them. */
async function runBatch(place: Workplace, contenders: readonly Contender[], cases: readonly BenchCase[], batch: Batch, onCase: () => void): Promise<void> {
  await invertBatch(place, contenders, cases, batch)
  for (const contender of contenders) {
    for (const item of cases) {
      if (batch.record.has(contender.name, item.id)) continue
      throwIfCancelled(place.context.signal)
      batch.record.add(await runCase(place, contender, item, batch))
      onCase()
    }
  }
}

/** Reads `inversion+edit`. */
function parseContender(text: string): Contender {
  const [inversion, edit = 'p2p', ...rest] = text.split('+').map((part) => part.trim())
  const isProximal = inversion === PROXNPI.name
  const knownInversion = isProximal ? 'npi' : INVERSION_METHODS.find((name) => name === inversion)
  const knownEdit = EDIT_METHODS.find((name) => name === edit)
  if (knownInversion && knownEdit && rest.length === 0) return { name: `${inversion}+${knownEdit}`, inversion: knownInversion, edit: knownEdit, choices: isProximal ? PROXNPI.choices : {} }
  throw badInput('evaluate/method', { thing: `--methods ${text}`, expected: `one of ${INVERSION_METHODS.join(', ')}, ${PROXNPI.name}, a plus sign, and one of ${EDIT_METHODS.join(', ')}`, found: text, todo: 'for example --methods ddim+p2p,direct+p2p' })
}

/** The cases asked for, one of each kind after the other: whenever a run stops, the kinds are as even as they can be. */
function chooseCases(cases: readonly BenchCase[], { kinds, limit }: EvaluateRequest): BenchCase[] {
  for (const kind of kinds) if (!(Number(kind) in EDIT_KINDS)) throw badInput('evaluate/kinds', { thing: `--kinds ${kind}`, expected: `numbers from 0 to ${EDIT_KINDS.length - 1} (${EDIT_KINDS.map((name, index) => `${index} ${name}`).join(', ')})`, found: kind })
  const taken = new Map<number, number>()
  const ranked = cases.flatMap((item) => {
    if (kinds.length > 0 && !kinds.includes(String(item.kind))) return []
    const rank = taken.get(item.kind) ?? 0
    taken.set(item.kind, rank + 1)
    return limit === undefined || rank < limit ? [{ item, rank }] : []
  })
  return ranked.sort((a, b) => a.rank - b.rank).map(({ item }) => item)
}

async function startProgress(place: Workplace, contenders: readonly Contender[], open: readonly BenchCase[], record: ResultFile): Promise<RunProgress> {
  const { context, loaded, request } = place
  const first = open[0]
  if (!first) return new RunProgress([{ phase: 'evaluate', steps: 0, seconds: 0 }, { phase: 'write', steps: 0, seconds: 5 }], context.emit)
  const size = await sizeOf(loaded, first.size)
  let [edits, seconds] = [0, 0]
  for (const { name, inversion } of contenders) {
    const own = open.filter((item) => !record.has(name, item.id)).length
    const rows = rowsOf(inversion, request).count
    const phases = await planEdit(context, loaded, size, { invert: inversionCalls({ ...choicesOf(place, inversion) }), steps: request.steps, rows })
    edits += own
    seconds += own * phases.filter(({ phase }) => phase !== 'load').reduce((sum, phase) => sum + phase.seconds, 0)
  }
  return new RunProgress([{ phase: 'evaluate', steps: edits, seconds }, { phase: 'write', steps: 0, seconds: 5 }], context.emit)
}

async function sizeOf(loaded: LoadedCheckpoint, picture: { width: number; height: number }): Promise<NetSize> {
  const { model } = planFor(picture, loaded.checkpoint.size, {})
  return { height: model.height / 8, width: model.width / 8, tokens: (await tokenizerOf(loaded)).maxLength }
}

function choicesOf({ request, seed }: Workplace, method: InversionMethod): InversionChoices {
  const { steps, strength, renoiseSteps, guidance, clipSkip, fast } = request
  return { method, steps, strength, renoiseSteps, guidance, clipSkip, fast, seed }
}

/** Names of contenders' inversions: ddim, npi and direct share one. */
function inversionKey({ inversion, edit }: Contender, { id }: BenchCase): string {
  const shared = inversion === 'npi' || inversion === 'direct' ? 'ddim' : inversion
  return `${shared} ${edit === 'p2p' ? 'words' : 'no words'} ${id}`
}

/** What the steps of a batch share. */
interface Batch {
  readonly record: ResultFile
  readonly prepared: PreparedCases
}

/** Makes the inversions of a batch, with the plain net open, and writes down what each took. */
async function invertBatch(place: Workplace, contenders: readonly Contender[], batch: readonly BenchCase[], { record, prepared }: Batch): Promise<void> {
  const made = new Set<string>()
  for (const item of batch) {
    for (const contender of contenders) {
      const key = inversionKey(contender, item)
      if (record.has(contender.name, item.id) || made.has(key)) continue
      made.add(key)
      throwIfCancelled(place.context.signal)
      const ready = await prepared.of(item, contender.edit)
      const started = performance.now()
      const { cached } = await invert(place, contender, ready, noWork())
      // an inversion that was found on disk took its time in an earlier run
      if (!cached || record.inversionSeconds(key) === null) record.addInversion(key, (performance.now() - started) / 1000)
    }
  }
}

function invert(place: Workplace, { inversion }: Contender, { pixels, clean, source, states, size }: PreparedCase, work: UNetWork) {
  return invertPicture(place.context, place.loaded, { pixels, clean, prompt: source, states: { source: states.source, negative: states.negative } }, choicesOf(place, inversion), { work, size })
}

async function runCase(place: Workplace, contender: Contender, item: BenchCase, { record, prepared }: Batch): Promise<CaseResult> {
  const { context, loaded, request, vae } = place
  const ready = await prepared.of(item, contender.edit)
  const { picture, plan, pixels, words, states, size } = ready
  const inverted = await invert(place, contender, ready, noWork()) // from the disk: made with the batch
  const started = performance.now()
  const work = noWork()
  const choices: EditChoices = {
    ...request, method: contender.edit, selfPixels: 32, blendThreshold: 0.3, blendStart: 0.2, startStep: 4, biasStrength: 0, ...contender.choices,
  }
  const edited = await runWordEdit(loaded, { size, words, states, start: { kind: 'inverted', inversion: contender.inversion, inverted }, work, signal: context.signal }, choices)
  const after = await vae.decode(edited.target)
  const seconds = (performance.now() - started) / 1000
  const fidelity = isSourceKnown(contender.inversion) ? await prepared.roundTrip(item, ready) : finite(psnr(pixels, await vae.decode(edited.source)))
  const finished = await putBack(context, { composite: request.composite, grow: 4, feather: 8, ring: 16, colourMatch: true }, { picture, plan, drawn: null, found: edited.blendMask, size }, after)
  const file = pictureFile(place, contender.name, item)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  await writePicture(finished.picture, file, {})
  const inversionRows = inversionCalls(choicesOf(place, contender.inversion))
  return {
    method: contender.name,
    id: item.id,
    kind: item.kind,
    ...(await measure(place, item, picture, finished.picture)),
    fidelity,
    rowForwards: inversionRows + work.rowForwards,
    unetCalls: inversionRows + work.calls,
    secondsInversion: record.inversionSeconds(inversionKey(contender, item)) ?? 0,
    seconds: ready.seconds + seconds,
  }
}

async function writeTables(place: Workplace, cases: readonly BenchCase[], names: readonly string[], results: readonly CaseResult[], notes: readonly string[]) {
  const files = { markdown: path.join(place.folder, 'table.md'), json: path.join(place.folder, 'table.json'), sheet: path.join(place.folder, 'sheet.png') }
  writeFileAtomic(files.markdown, Buffer.from(markdownTables(results, names, notes)))
  writeFileAtomic(files.json, Buffer.from(`${JSON.stringify({ methods: names.map((name) => summarise(results, name)), results }, null, 1)}\n`))
  const panels: Panel[] = []
  for (const item of sheetCases(cases)) {
    panels.push(await picturePanel(await openPicture(item.image), `${EDIT_KINDS[item.kind] ?? item.kind}`, 256))
    if (cases.some(({ truth }) => truth !== null)) panels.push(item.truth ? await picturePanel(await openPicture(item.truth), 'as it should be', 256) : { ...panels.at(-1)!, caption: '' })
    for (const name of names) panels.push(await picturePanel(await openPicture(pictureFile(place, name, item)), name, 256))
  }
  const columns = names.length + (cases.some(({ truth }) => truth !== null) ? 2 : 1)
  await writePicture(await contactSheet(panels, columns), files.sheet, {})
  return files
}

/** The first cases of each kind. */
function sheetCases(cases: readonly BenchCase[]): BenchCase[] {
  const taken = new Map<number, number>()
  return cases.filter(({ kind }) => {
    taken.set(kind, (taken.get(kind) ?? 0) + 1)
    return taken.get(kind)! <= SHEET_ROWS_PER_KIND
  })
}

function notesOf({ request, loaded, seed, measures }: Workplace, missing: number, left: number): string[] {
  return [
    `${loaded.checkpoint.id} (${loaded.checkpoint.hash.slice(0, 12)}), DDIM, ${request.steps} steps, guidance ${request.guidance}, seed ${seed}; cross ${request.cross}, self ${request.self}, local blend ${request.localBlend ? 'from the benchmark\'s words' : 'off'}.`,
    request.composite ? 'Only the place that may have changed was put into the picture.' : 'Pictures as the model gives them, nothing composited: what the background loses in the autoencoder counts.',
    ...measureNotes(measures),
    ...(left > 0 ? [`${left} edits are not done yet.`] : []),
    ...(missing > 0 ? [`${missing} files of the benchmark were missing.`] : []),
  ]
}

function pictureFile({ folder }: Workplace, method: string, { id }: BenchCase): string {
  return path.join(folder, 'pictures', method, `${id.replace(/[^\w.-]/g, '_')}.png`)
}

function shortList(files: readonly string[]): string {
  return files.length > 5 ? `${files.slice(0, 5).join(', ')} and ${files.length - 5} more` : files.join(', ')
}
