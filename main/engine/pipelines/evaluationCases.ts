/** An edit of a benchmark made ready: picture, words, latents. The methods that are compared share it. */
import { badInput } from '../errors.ts'
import { openPicture } from '../image/codec.ts'
import type { CropPlan } from '../image/cropPlan.ts'
import { cropPixels } from '../image/cropStitch.ts'
import type { Picture } from '../image/picture.ts'
import { tokenScale } from '../methods/shared/attentionEdits.ts'
import type { EditMethod, RequestOf } from '../requests.ts'
import type { Latents, Pixels } from '../tensor/tensor.ts'
import type { BenchCase } from './benchmark.ts'
import type { RunContext } from './context.ts'
import type { NetSize } from './controlledUNet.ts'
import { prepareWords, wordPlaces, type WordEdit } from './editWords.ts'
import { finite } from './evaluationMeasures.ts'
import { psnr } from './fidelity.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { tokenizerOf, windowCount } from './prompt.ts'
import type { Vae } from './vae.ts'
import { editStates, negativePromptOf, sourcePromptFor, type EditStates } from './wordEdit.ts'
import { planFor } from './wordPicture.ts'

/** PIE-Bench's weight of the blend word. */
const BLEND_WORD_SCALE = 2

/** What making cases ready needs. */
export interface CasePlace {
  readonly context: RunContext
  readonly loaded: LoadedCheckpoint
  readonly request: RequestOf<'evaluate'>
  readonly vae: Vae
}

/** A case before any method has touched it. */
export interface PreparedCase {
  readonly picture: Picture
  readonly plan: CropPlan
  readonly pixels: Pixels
  readonly clean: Latents
  readonly words: WordEdit
  /** the net's description of the picture as it is: none for methods that look at it without words */
  readonly source: string
  readonly states: EditStates
  readonly size: NetSize
  /** what making it ready took */
  readonly seconds: number
}

/** Cases of a batch, each made ready once: with its words for prompt-to-prompt, without for the other methods. */
export class PreparedCases {
  readonly #place: CasePlace
  readonly #cases = new Map<string, Promise<PreparedCase>>()
  readonly #roundTrips = new Map<string, number | null>()

  constructor(place: CasePlace) {
    this.#place = place
  }

  /** The case as a way of editing wants it. @throws EngineError evaluate/bench when the picture has not the size of its mask */
  of(item: BenchCase, edit: EditMethod): Promise<PreparedCase> {
    const key = `${edit === 'p2p' ? 'words' : 'no words'} ${item.id}`
    const known = this.#cases.get(key)
    if (known) return known
    const made = prepareCase(this.#place, item, edit)
    this.#cases.set(key, made)
    return made
  }

  /** PSNR in dB of the picture through the autoencoder alone: how it comes back where its latents are known. */
  async roundTrip({ id }: BenchCase, { pixels, clean }: PreparedCase): Promise<number | null> {
    const known = this.#roundTrips.get(id)
    if (known !== undefined) return known
    const found = finite(psnr(pixels, await this.#place.vae.decode(clean)))
    this.#roundTrips.set(id, found)
    return found
  }
}

async function prepareCase({ context, loaded, request, vae }: CasePlace, item: BenchCase, edit: EditMethod): Promise<PreparedCase> {
  const started = performance.now()
  const picture = await openPicture(item.image)
  if (picture.width !== item.size.width || picture.height !== item.size.height) {
    throw badInput('evaluate/bench', { thing: item.image, expected: `a picture of ${item.size.width} x ${item.size.height}, as its mask is`, found: `${picture.width} x ${picture.height}` })
  }
  const plan = planFor(picture, loaded.checkpoint.size, {})
  const pixels = await cropPixels(picture, plan.box, plan.model)
  const words = await wordsOf(loaded, item, request)
  const source = sourcePromptFor(edit, true, words.source)
  const states = await editStates(context, loaded, { source, target: words.target, negative: request.negative }, request)
  const clean = await vae.encode(pixels)
  const size: NetSize = { height: plan.model.height / 8, width: plan.model.width / 8, tokens: states.source.dims[1]! }
  return { picture, plan, pixels, clean, words, source, states, size, seconds: (performance.now() - started) / 1000 }
}

/** The benchmark's words: where the edit may show, and the changed word at twice its weight, as PIE-Bench's runs have it. */
async function wordsOf(loaded: LoadedCheckpoint, item: BenchCase, { longPrompt, localBlend, negative }: RequestOf<'evaluate'>): Promise<WordEdit> {
  const tokenizer = await tokenizerOf(loaded)
  const leastWindows = windowCount(tokenizer, [negativePromptOf(loaded, negative)], longPrompt)
  const words = prepareWords(tokenizer, item.source, { target: item.target, swap: [], add: [], remove: [], weight: [], blendWords: [], align: 'refine', referenceExact: false, longPrompt, leastWindows })
  const { blendWords } = item
  if (!blendWords || !localBlend) return { ...words, blend: null }
  const places = [wordPlaces(tokenizer, words.source, blendWords[0], longPrompt), wordPlaces(tokenizer, words.target, blendWords[1], longPrompt)] as const
  return { ...words, blend: places, scale: tokenScale([{ positions: places[1], value: BLEND_WORD_SCALE }], words.tokens) }
}
