/** Attention: where each word of a description looks, on a real picture (along its inversion) or on one drawn on the way. */
import fs from 'node:fs'
import path from 'node:path'
import { badInput } from '../errors.ts'
import { openPicture } from '../image/codec.ts'
import { wholeBox } from '../image/geometry.ts'
import type { Picture } from '../image/picture.ts'
import { pictureFromPixels } from '../image/pixels.ts'
import { contactSheet, renderRgb, type Panel } from '../image/sheet.ts'
import { writePicture } from '../image/writePicture.ts'
import type { AttentionControl, MapSize } from '../nets/attentionSite.ts'
import { crossMapSizes, mapsOutput } from '../nets/attentionSite.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import type { Latents, PromptEmbeds, Tensor } from '../tensor/tensor.ts'
import { writeSafetensors } from '../weights/safetensorsWriter.ts'
import type { RunContext } from './context.ts'
import { noWork, openControlledUNet, planControlledUNet, sitesOf, type NetSize, type UNetWork } from './controlledUNet.ts'
import { denoise, type NoisePredictor } from './denoise.ts'
import { listWords, literalPrompt, prepareDescription, type PromptWord } from './editWords.ts'
import { createInversionPath, invertAlong, knownTrajectory, type InversionChoices } from './inversion.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { editShape, planEdit, type WordWork } from './planWords.ts'
import { noteWriting } from './plan.ts'
import { RunProgress } from './progress.ts'
import { tokenizerOf, windowCount } from './prompt.ts'
import { samplingReport } from './recipes.ts'
import { readLatents, RunNoise, schedulerFor, seedOf, startLatents, writeTrace } from './sampling.ts'
import { editStates, negativePromptOf, type EditStates } from './wordEdit.ts'
import { combinedWordMap, heatOverlay, type WordMap } from './wordMaps.ts'
import { descriptionOf, encodePicture, planFor } from './wordPicture.ts'

/** Maps of at most this many cells are shown: finer ones hold texture, not things. */
const MOST_CELLS = 32 * 32
/** Longer side of a panel of the sheet, in pixels. */
const PANEL = 256
const COLUMNS = 4

/** A word with its map at the latents' size. */
export interface SeenWord extends PromptWord {
  readonly map: WordMap
}

/** What looking at a picture found. */
export interface WordsSeen {
  readonly words: readonly SeenWord[]
  /** maps summed over the steps, [1,P,T] by output name */
  readonly maps: ReadonlyMap<string, Tensor>
  readonly sizes: readonly MapSize[]
}

/** Writes `words.png` and `maps.safetensors` into the folder `out`. */
export async function attentionMaps(context: RunContext, request: RequestOf<'attention'>): Promise<EngineResult> {
  const folder = makeFolder(request.out)
  const picture = request.image === undefined ? null : await openPicture(request.image)
  if (!picture && (request.prompt ?? '').trim() === '') throw badInput('attention/no-description', { thing: 'attention', expected: '--image with the picture to look at, or --prompt with one to draw', found: 'neither' })
  if (picture && request.latents) throw badInput('attention/latents', { thing: '--latents', expected: 'a picture that is drawn', found: '--image as well', todo: 'leave one of them out' })
  const loaded = await context.checkpoint(request.model, request)
  const description = picture ? await descriptionOf(context, loaded, picture, request.prompt) : { text: request.prompt!, from: 'prompt' as const }
  const prompt = prepareDescription(description.text)
  const tokenizer = await tokenizerOf(loaded)
  const plan = picture ? planFor(picture, loaded.checkpoint.size, { size: request.size }) : null
  const native = loaded.checkpoint.size
  const pixels = plan?.model ?? request.size ?? { width: native, height: native }
  const size: NetSize = { height: Math.ceil(pixels.height / 8), width: Math.ceil(pixels.width / 8), tokens: tokenizer.maxLength * windowCount(tokenizer, [literalPrompt(prompt), negativePromptOf(loaded, request.negative)], request.longPrompt) }
  const seed = seedOf(request)
  loaded.resetCounters()
  const work = noWork()
  const lookPlan = await planLook(loaded, size, request.steps, picture)
  const progress = new RunProgress(await planEdit(context, loaded, size, lookPlan), context.emit)

  progress.begin('load')
  const states = await editStates(context, loaded, { source: prompt, target: prompt, negative: request.negative }, request)
  const net = await observingPredictor(loaded, size, states.source, work)
  let shown: Picture
  let trace: readonly Latents[]
  if (picture && plan) {
    progress.begin('encode')
    const seen = await encodePicture(context, loaded, loaded.vae(), picture, plan)
    progress.begin('invert')
    const choices: InversionChoices = { method: 'ddim', steps: request.steps, renoiseSteps: 0, guidance: 1, seed, clipSkip: request.clipSkip, fast: request.fast }
    trace = await lookAlong(context, loaded, { pixels: seen.pixels, clean: seen.clean, prompt, states: { source: states.source, negative: states.negative } }, choices, net.predictor, { useCache: request.inversionCache, onCall: () => progress.advance() })
    shown = pictureFromPixels(seen.pixels)
  } else {
    progress.begin('sample')
    trace = await draw(context, loaded, request, { size, states, seed, predictor: net.predictor, onStep: () => progress.advance() })
    progress.begin('decode')
    shown = pictureFromPixels(await loaded.vae().decode(trace.at(-1)!))
  }
  await writeTrace(request.trace, trace)

  progress.begin('write')
  const words = seenWords(listWords(tokenizer, prompt, request.longPrompt), net, size)
  const sheet = path.join(folder, 'words.png')
  const raw = path.join(folder, 'maps.safetensors')
  await writePicture(await wordSheet(shown, words), sheet)
  writeMaps(raw, words, net, prompt)
  progress.finish()
  noteWriting(loaded, editShape(size, lookPlan), progress.timings['write'])
  await loaded.learnSpeeds()
  return {
    ...samplingReport({ ...request, prompt }, loaded, seed, picture ? 'DDIMScheduler' : 'sampled', progress.timings),
    prompt,
    promptFrom: description.from,
    words: words.map(({ word, positions }) => ({ word, positions })),
    sizes: net.sizes,
    out: folder,
    sheet,
    maps: raw,
    unetCalls: work.calls,
    unetSeconds: Math.round(work.seconds * 1000) / 1000,
    rowForwards: work.rowForwards,
  }
}

/** A one-row net that adds up the maps of the prompt it observes. */
export interface ObservingNet {
  readonly predictor: NoisePredictor
  readonly maps: Map<string, Tensor>
  readonly sizes: readonly MapSize[]
}

/** What looking takes: the observing net along the inversion of a picture, or twice a step (guidance) for one that is drawn. */
export async function planLook(loaded: LoadedCheckpoint, size: NetSize, steps: number, picture: { readonly width: number; readonly height: number } | null): Promise<WordWork> {
  const net = await planControlledUNet(loaded, 1, size, observing(loaded, size).control)
  if (picture) return { invert: steps, invertNet: net, steps: 0, rows: 1, decodes: 0, picturePixels: picture.width * picture.height }
  return { invert: 0, steps, runs: 2, rows: 1, net }
}

function observing(loaded: LoadedCheckpoint, size: NetSize): { readonly sizes: readonly MapSize[]; readonly control: AttentionControl } {
  const all = crossMapSizes(sitesOf(loaded, size))
  const coarse = all.filter(([height, width]) => height * width <= MOST_CELLS && height * width >= 16)
  const sizes = coarse.length > 0 ? coarse : all
  return { sizes, control: { observe: { rows: [0], sizes } } }
}

/** Opens the observing net. Maps are added up for runs with `observed`, not for other prompts. */
export async function observingPredictor(loaded: LoadedCheckpoint, size: NetSize, observed: PromptEmbeds, work: UNetWork): Promise<ObservingNet> {
  const { sizes, control } = observing(loaded, size)
  const net = await openControlledUNet(loaded, 1, size, control, work)
  const maps = new Map<string, Tensor>()
  return {
    sizes,
    maps,
    predictor: {
      source: net.source,
      async predict(sample, timestep, promptEmbeds) {
        const output = await net.run([sample], timestep, promptEmbeds, {})
        if (promptEmbeds === observed) addMaps(maps, output.maps)
        return output.sample
      },
    },
  }
}

/** The words with their maps at the latents' size, from all sizes together. */
export function seenWords(words: readonly PromptWord[], net: Pick<ObservingNet, 'maps' | 'sizes'>, { height, width }: NetSize): SeenWord[] {
  return words.map((word) => ({ ...word, map: combinedWordMap(net.maps, net.sizes, 0, word.positions, height, width) }))
}

/** Runs the net along the picture's inversion: while inverting, or over the levels of one that is kept. */
export async function lookAlong(
  context: RunContext,
  loaded: LoadedCheckpoint,
  source: Parameters<typeof invertAlong>[2],
  choices: InversionChoices,
  predictor: NoisePredictor,
  options: { readonly useCache: boolean; readonly onCall: () => void },
): Promise<Latents[]> {
  const path = createInversionPath(loaded, source, choices)
  const known = options.useCache ? knownTrajectory(context, path.identity) : null
  if (!known) return [...(await invertAlong(context, loaded, source, choices, predictor, options)).latents].slice(1)
  for (const [level, timestep] of [...path.path.timesteps].reverse().entries()) {
    await predictor.predict(known.latents[level]!, timestep, source.states.source)
    options.onCall()
  }
  return known.latents.slice(1)
}

async function draw(
  context: RunContext,
  loaded: LoadedCheckpoint,
  request: RequestOf<'attention'>,
  run: { size: NetSize; states: EditStates; seed: number; predictor: NoisePredictor; onStep: () => void },
): Promise<Latents[]> {
  const dims = [1, 4, run.size.height, run.size.width]
  const noise = new RunNoise(run.seed, dims, readLatents(request.latents, dims))
  const scheduler = schedulerFor({ ...request, prompt: request.prompt ?? '' }, loaded)
  const trace: Latents[] = []
  await denoise({
    predictor: run.predictor,
    scheduler,
    latents: startLatents(scheduler, noise),
    promptEmbeds: run.states.source,
    negativePromptEmbeds: run.states.negative,
    guidanceScale: request.guidance,
    guidanceRescale: request.guidanceRescale,
    noise: noise.step,
    trace,
    onStep: run.onStep,
    ...(context.signal ? { signal: context.signal } : {}),
  })
  return trace
}

/** The picture and, for each word, the picture with the word's map over it. */
async function wordSheet(picture: Picture, words: readonly SeenWord[]) {
  const scale = PANEL / Math.max(picture.width, picture.height)
  const size = { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)) }
  const rgb = await renderRgb(picture, wholeBox(picture), size)
  const panels: Panel[] = [{ caption: 'picture', ...size, rgb }, ...words.map(({ word, map }) => ({ caption: word, ...size, rgb: heatOverlay(rgb, size, map) }))]
  return contactSheet(panels, COLUMNS)
}

/** `words` [words,h,w] at the latents' size, `cross_maps_HxW` [H,W,tokens] summed over the steps; the words in the metadata. */
function writeMaps(file: string, words: readonly SeenWord[], net: ObservingNet, prompt: string): void {
  const { height, width } = words[0]?.map ?? { height: 0, width: 0 }
  const data = new Float32Array(words.length * height * width)
  words.forEach(({ map }, index) => data.set(map.data, index * height * width))
  const raw = net.sizes.map(([h, w]) => {
    const name = mapsOutput([h, w])
    const sum = net.maps.get(name)!
    return [name, { data: sum.data, dims: [h, w, sum.dims[2]!] }] as const
  })
  writeSafetensors(file, { words: { data, dims: [words.length, height, width] }, ...Object.fromEntries(raw) }, { prompt, words: JSON.stringify(words.map(({ word, positions }) => ({ word, positions }))) })
}

function addMaps(sums: Map<string, Tensor>, maps: Readonly<Record<string, Tensor>>): void {
  for (const [name, map] of Object.entries(maps)) {
    const sum = sums.get(name)
    if (sum) for (let i = 0; i < sum.data.length; i++) sum.data[i]! += map.data[i]!
    else sums.set(name, { data: map.data.slice(), dims: map.dims })
  }
}

/** Makes the result folder. @throws EngineError output/not-writable (exit 2) */
export function makeFolder(folder: string): string {
  try {
    fs.mkdirSync(folder, { recursive: true })
    return folder
  } catch (cause) {
    throw badInput('output/not-writable', { thing: folder, expected: 'a folder that can be made and written to', found: cause instanceof Error ? cause.message.split(',')[0]! : 'none', cause })
  }
}
