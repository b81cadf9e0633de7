/** Swap: the words of a picture's description change, and only what they name changes in the picture. */
import { badInput } from '../errors.ts'
import { openPicture } from '../image/codec.ts'
import type { CropPlan } from '../image/cropPlan.ts'
import { loadMask, type EditMasks } from '../image/mask.ts'
import type { Picture } from '../image/picture.ts'
import { pictureFromPixels } from '../image/pixels.ts'
import { contactSheet, picturePanel } from '../image/sheet.ts'
import { checkOutput, writePicture } from '../image/writePicture.ts'
import type { DrawnWord } from '../methods/shared/drawnBias.ts'
import { crossMapSizes } from '../nets/attentionSite.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import type { Latents } from '../tensor/tensor.ts'
import { writeSafetensors } from '../weights/safetensorsWriter.ts'
import type { BranchResult, BranchRun } from './branchDenoise.ts'
import { chooseInversion, type ChoiceRun, type ChosenInversion } from './chooseInversion.ts'
import { warn, type RunContext } from './context.ts'
import { noWork, sitesOf, type NetSize } from './controlledUNet.ts'
import { drawnCells, parseBias } from './drawnWords.ts'
import { listWords, prepareWords, type WordEdit } from './editWords.ts'
import { psnr } from './fidelity.ts'
import { masksOf } from './inpaint.ts'
import { invertPicture } from './inversion.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { cropTopLeft } from './pixelCrop.ts'
import { noteWriting } from './plan.ts'
import { editShape, planEdit } from './planWords.ts'
import { inversionChoices, planSwap, settleSwap, type SettledSwap } from './planSwap.ts'
import { RunProgress } from './progress.ts'
import { tokenizerOf, windowCount } from './prompt.ts'
import { reportWritten, samplingRecipe, samplingReport } from './recipes.ts'
import { previewOf, readLatents, RunNoise, schedulerFor, seedOf, startLatents } from './sampling.ts'
import { latentMask, putBack } from './wordComposite.ts'
import { spreadOf, wordMap } from './wordMaps.ts'
import { blendMapSize, checkProximal, editStates, negativePromptOf, runWordEdit, sourcePromptFor, type EditStart } from './wordEdit.ts'
import { descriptionOf, encodePicture, planFor, type WordPicture } from './wordPicture.ts'

type SwapRequest = RequestOf<'swap'>

/** From this share of the picture on a word's attention is called diffuse. */
const DIFFUSE_SHARE = 0.5

/** Everything that is known before the nets run. */
interface Prepared {
  readonly loaded: LoadedCheckpoint
  readonly picture: Picture | null
  readonly masks: EditMasks | null
  readonly plan: CropPlan | null
  readonly words: WordEdit
  readonly description: { readonly text: string; readonly from: string }
  readonly size: NetSize
  readonly seed: number
}

/** Edits a picture, or a picture drawn on the way: 1 words, 2 inversion, 3 the edit, 4 back into the picture, 5 report. */
export async function swap(context: RunContext, asked: SwapRequest): Promise<EngineResult> {
  checkOutput(asked.out)
  if (asked.sheet) checkOutput(asked.sheet)
  const prepared = await prepare(context, asked)
  const { loaded, words, size, seed, picture, plan } = prepared
  const request = settleSwap(asked, loaded)
  loaded.resetCounters()
  warnAboutChoices(context, request)
  const work = noWork()
  const choices = inversionChoices(request, seed)
  const editPlan = await planSwap(loaded, size, request, picture)
  const progress = new RunProgress(await planEdit(context, loaded, size, editPlan), context.emit)

  progress.begin('load')
  const source = sourcePromptFor(request.method, picture !== null, words.source)
  const states = await editStates(context, loaded, { source, target: words.target, negative: request.negative }, request)
  const drawnWords = await drawnWordsOf(request, prepared)
  const shownIn = drawnWords ? { ...words, blend: blendWithDrawn(words, drawnWords, request) } : words
  const vae = loaded.vae()
  let start: EditStart
  let seen: WordPicture | null = null
  let chosen: ChosenInversion | null = null
  if (picture && plan) {
    progress.begin('encode')
    seen = await encodePicture(context, loaded, vae, picture, plan)
    progress.begin('invert')
    const inverting = { pixels: seen.pixels, clean: seen.clean, prompt: source, states: { source: states.source, negative: states.negative } }
    chosen = await invertFaithfully(context, request, { loaded, vae, seen, source: inverting, size, work, choices, onCall: () => progress.advance() })
    start = { kind: 'inverted', inversion: chosen.inversion, inverted: chosen.inverted }
  } else {
    start = drawnStart(request, loaded, size, seed)
  }
  const inverted = { ...work }

  progress.begin('sample')
  if (plan) progress.previewBox = plan.box
  const onStep: BranchRun['onStep'] = async ({ predOriginalSample }) => progress.advance(request.preview ? await previewOf(loaded, predOriginalSample) : undefined)
  const drawnMask = prepared.masks && picture && plan ? latentMask(prepared.masks, picture, plan) : undefined
  const result = await runWordEdit(
    loaded,
    { size, words: shownIn, states, start, work, signal: context.signal, onStep, ...(drawnMask ? { drawnMask } : {}), ...(drawnWords ? { drawnWords } : {}) },
    request,
  )
  if (request.trace) writeTwoRows(request.trace, result.trace)
  warnAboutWords(context, loaded, words, result, size)

  progress.begin('decode')
  const edited = await vae.decode(result.target)
  const before = seen && start.kind === 'inverted' && start.inversion === 'direct' ? null : await vae.decode(result.source)
  const fidelity = seen ? (before ? psnr(seen.pixels, before) : seen.vaePsnr) : null

  progress.begin('write')
  const finished = picture && plan
    ? await putBack(context, request, { picture, plan, drawn: prepared.masks, found: result.blendMask, size }, edited)
    : { picture: pictureFromPixels(cropTopLeft(edited, request.size ?? { width: size.width * 8, height: size.height * 8 })), changedOutside: null }
  const scheduler = start.kind === 'drawn' ? start.scheduler.className : 'DDIMScheduler'
  const recipe = samplingRecipe({ ...request, prompt: words.source }, loaded, seed, scheduler, recipeOf(request, words, start))
  const ran = context.leaveModels(loaded)
  const written = await writePicture(finished.picture, request.out, { quality: request.quality, ...(request.recipe ? { recipe } : {}) })
  for (const note of written.notes) warn(context, 'output/note', note)
  if (request.sheet) await writeSheet(request.sheet, picture ?? pictureFromPixels(before!), finished.picture, words)
  progress.finish()
  noteWriting(ran, editShape(size, editPlan), progress.timings['write'])
  await ran.learnSpeeds()
  return {
    ...samplingReport({ ...request, prompt: words.source }, ran, seed, scheduler, progress.timings),
    ...(finished.changedOutside === null ? { out: written.path, format: written.format, bytes: written.bytes } : reportWritten(written, finished.changedOutside)),
    width: finished.picture.width,
    height: finished.picture.height,
    prompt: words.source,
    promptFrom: prepared.description.from,
    target: words.target,
    method: request.method,
    inversion: start.kind === 'inverted' ? start.inversion : null,
    inversionCached: chosen?.inverted.cached ?? false,
    ...(chosen && chosen.tried.length > 0 ? { inversionsTried: chosen.tried.map(({ inversion, psnr: found }) => ({ inversion, psnr: round(found, 2) })) } : {}),
    ...(fidelity === null || seen === null ? {} : { fidelityPsnr: round(fidelity, 2), vaePsnr: round(seen.vaePsnr, 2) }),
    changedWords: words.changed.map(({ word }) => word),
    ...(drawnWords ? { biasMass: drawnWords.map((drawn) => paintedMass(prepared, result, drawn)) } : {}),
    ...(result.blendMask ? { blendShare: round(shareOf(result.blendMask), 4) } : {}),
    ...(plan ? { crop: plan.box, modelSize: plan.model } : {}),
    unetCalls: work.calls,
    unetSeconds: round(work.seconds, 3),
    rowForwards: work.rowForwards,
    rowForwardsInversion: inverted.rowForwards,
    rowForwardsEdit: work.rowForwards - inverted.rowForwards,
    ...(request.sheet ? { sheet: request.sheet } : {}),
  }
}

async function prepare(context: RunContext, request: SwapRequest): Promise<Prepared> {
  checkProximal(request)
  const picture = request.image === undefined ? null : await openPicture(request.image)
  if (!picture && request.mask) throw badInput('swap/mask', { thing: '--mask', expected: 'a picture to which it belongs', found: 'no --image', todo: 'name the picture with --image' })
  if (!picture && request.trajectory) throw badInput('swap/trajectory', { thing: '--trajectory', expected: 'the picture that was inverted', found: 'no --image', todo: 'name the picture with --image' })
  if (picture && request.latents) throw badInput('swap/latents', { thing: '--latents', expected: 'a picture that is drawn', found: '--image as well', todo: 'leave one of them out: a picture has its own noise' })
  const loaded = await context.checkpoint(request.model, request)
  if (loaded.checkpoint.kind !== 'text-to-image') {
    throw badInput('model/kind', { thing: request.model, expected: 'an ordinary text-to-image checkpoint', found: `one for ${loaded.checkpoint.kind}`, todo: 'choose the ordinary model, for example --model starter' })
  }
  const description = picture ? await descriptionOf(context, loaded, picture, request.prompt) : { text: needPrompt(request), from: 'prompt' as const }
  const tokenizer = await tokenizerOf(loaded)
  const leastWindows = windowCount(tokenizer, [negativePromptOf(loaded, request.negative)], request.longPrompt)
  const words = prepareWords(tokenizer, description.text, { ...request, leastWindows })
  if (words.source === words.target && request.weight.length === 0 && request.bias.length === 0 && request.target === undefined) {
    throw badInput('swap/nothing', {
      thing: 'swap',
      expected: 'something to change',
      found: `the words ${listWords(tokenizer, words.source, request.longPrompt).map(({ word }) => word).join(', ')} as they are`,
      todo: 'use --swap "cat=>dog", --add, --remove, --weight "snow=2", --bias or --target',
    })
  }
  const mask = picture && request.mask ? await loadMask(request.mask, picture, { resize: request.resizeMask }) : null
  const masks = mask ? masksOf(mask, request, request.mask!) : null
  const plan = picture ? planFor(picture, loaded.checkpoint.size, { masks, size: request.size, padding: request.padding, maxEnlargement: loaded.maxEnlargement }) : null
  const native = loaded.checkpoint.size
  const pixels = plan ? plan.model : (request.size ?? { width: native, height: native })
  const size = { height: Math.ceil(pixels.height / 8), width: Math.ceil(pixels.width / 8), tokens: words.tokens }
  return { loaded, picture, masks, plan, words, description, size, seed: seedOf(request) }
}

function needPrompt(request: SwapRequest): string {
  if (request.prompt !== undefined && request.prompt.trim() !== '') return request.prompt
  throw badInput('swap/no-description', { thing: 'swap', expected: '--image with the picture to edit, or --prompt with one to draw', found: 'neither' })
}

/** Inverts by the asked method; `auto` by the cheapest that is faithful enough. */
async function invertFaithfully(context: RunContext, request: SettledSwap, run: Omit<ChoiceRun, 'fidelity' | 'file'>): Promise<ChosenInversion> {
  const { loaded, source, choices, work, size, onCall } = run
  if (request.inversion === 'auto') return chooseInversion(context, { ...run, fidelity: request.fidelity, file: request.trajectory })
  const inverted = await invertPicture(context, loaded, source, choices, { work, size, file: request.trajectory, onCall })
  return { inversion: request.inversion, inverted, tried: [] }
}

function drawnStart(request: SettledSwap, loaded: LoadedCheckpoint, size: NetSize, seed: number): EditStart {
  const dims = [1, 4, size.height, size.width]
  const noise = new RunNoise(seed, dims, readLatents(request.latents, dims))
  const scheduler = schedulerFor({ ...request, prompt: request.prompt ?? '' }, loaded)
  return { kind: 'drawn', scheduler, latents: startLatents(scheduler, noise), noise: noise.step }
}

async function drawnWordsOf(request: SwapRequest, { loaded, words, picture, plan, size }: Prepared): Promise<DrawnWord[] | null> {
  if (request.bias.length === 0) return null
  if (request.method !== 'p2p') throw badInput('swap/bias', { thing: '--bias', expected: '--method p2p', found: `--method ${request.method}` })
  // and at the latents' own size, for the place where the edit may show
  const sizes = [...crossMapSizes(sitesOf(loaded, size)), [size.height, size.width] as const]
  const pixels = { width: size.width * 8, height: size.height * 8 }
  return Promise.all(
    request.bias.map(async (text) => {
      const { word, file, sign } = parseBias(text)
      const positions = words.words.target.filter((candidate) => candidate.word.toLowerCase() === word.toLowerCase()).flatMap((found) => found.positions)
      if (positions.length === 0) {
        throw badInput('swap/word', { thing: `--bias "${text}"`, expected: `"${word}" among the words of the target`, found: `the words ${words.words.target.map((known) => known.word).join(', ')}` })
      }
      return { positions, cells: await drawnCells({ file, sign }, { picture: picture ?? pixels, plan, sizes }) }
    }),
  )
}

function warnAboutChoices(context: RunContext, request: SettledSwap): void {
  if (request.image !== undefined && request.scheduler && request.scheduler !== 'ddim') {
    warn(context, 'swap/scheduler', `A picture is inverted and edited along DDIM's path, so --scheduler ${request.scheduler} was not used.`)
  }
  if ((request.inversion === 'npi' || request.inversion === 'renoise') && request.negative !== '') {
    warn(context, 'swap/negative', `With --inversion ${request.inversion} the description takes the place of the negative prompt, so --negative was not used.`)
  }
  if (request.inversion !== 'npi' && (request.proximal !== 'none' || request.emptyShare > 0)) {
    warn(context, 'swap/npi-only', `The options --proximal and --empty-share belong to --inversion npi and were not used with ${request.inversion}.`)
  }
}

/** Where the edit may show: with the changed words also those that are painted, unless the person named the words. */
function blendWithDrawn({ blend, words }: WordEdit, drawn: readonly DrawnWord[], { blendWords }: SwapRequest): WordEdit['blend'] {
  if (blendWords.length > 0) return blend
  const target = drawn.flatMap(({ positions }) => positions)
  const names = new Set(words.target.filter(({ positions }) => positions.some((position) => target.includes(position))).map(({ word }) => word.toLowerCase()))
  const source = words.source.filter(({ word }) => names.has(word.toLowerCase())).flatMap(({ positions }) => positions)
  return [[...new Set([...(blend?.[0] ?? []), ...source])], [...new Set([...(blend?.[1] ?? []), ...target])]]
}

/** Mean attention to a drawn word per painted cell, of the source (null where it has no such word) and of the edit. */
function paintedMass({ loaded, size, words }: Prepared, result: BranchResult, drawn: DrawnWord): { word: string; paint: 'more' | 'less'; before: number | null; after: number } {
  const mapSize = blendMapSize(sitesOf(loaded, size), size)!
  const word = words.words.target.find(({ positions }) => positions.includes(drawn.positions[0]!))!.word
  const source = words.words.source.filter((known) => known.word.toLowerCase() === word.toLowerCase()).flatMap(({ positions }) => positions)
  const cells = drawn.cells.get(`${mapSize[0]}x${mapSize[1]}`)!
  const mass = (branch: number, positions: readonly number[]): number => {
    const map = wordMap(result.maps, mapSize, branch, positions)!
    const painted = map.data.filter((_, cell) => cells[cell]! !== 0)
    return round(painted.reduce((sum, value) => sum + value, 0) / Math.max(1, painted.length) / result.trace.length, 6)
  }
  return { word, paint: cells.some((value) => value < 0) ? 'less' : 'more', before: source.length > 0 ? mass(0, source) : null, after: mass(1, drawn.positions) }
}

/** Tells which words look everywhere or nowhere. */
function warnAboutWords(context: RunContext, loaded: LoadedCheckpoint, words: WordEdit, result: BranchResult, size: NetSize): void {
  const mapSize = blendMapSize(sitesOf(loaded, size), size)
  if (!mapSize) return
  for (const { word, positions } of words.changed) {
    const spread = spreadOf(result.maps, mapSize, 1, positions)
    if (spread !== null && spread > DIFFUSE_SHARE) {
      warn(context, 'swap/diffuse', `The attention of "${word}" is spread over ${Math.round(spread * 100)} % of the picture, so the edit may be as well; confine it with --mask or name other --blend-words.`)
    }
  }
}

function recipeOf(request: SettledSwap, words: WordEdit, start: EditStart) {
  return {
    target: words.target,
    method: request.method,
    inversion: start.kind === 'inverted' ? start.inversion : undefined,
    align: request.align === 'refine' ? undefined : request.align,
    cross: request.cross,
    self: request.self,
    weights: request.weight.length > 0 ? [...request.weight] : undefined,
    blendWords: request.blendWords.length > 0 ? [...request.blendWords] : undefined,
    localBlend: request.localBlend ? undefined : false,
    referenceExact: request.referenceExact || undefined,
  }
}

async function writeSheet(file: string, before: Picture, after: Picture, words: WordEdit): Promise<void> {
  const sheet = await contactSheet([await picturePanel(before, words.source), await picturePanel(after, words.target)], 2)
  await writePicture(sheet, file)
}

/** `--trace`: [steps, rows, 4, h, w], row 0 the source. */
function writeTwoRows(file: string, trace: readonly Latents[]): void {
  const first = trace[0]!
  const data = new Float32Array(trace.length * first.data.length)
  trace.forEach((latents, step) => data.set(latents.data, step * first.data.length))
  writeSafetensors(file, { latents: { data, dims: [trace.length, ...first.dims] } })
}

function shareOf(mask: Uint8Array): number {
  return mask.reduce((sum, value) => sum + value, 0) / mask.length
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits
}
