/** What editing with words will need, before it starts: swap, invert, attention. Of a picture only the header is read. */
import { readPictureHeader } from '../image/codec.ts'
import type { EngineRequest, RequestOf } from '../requests.ts'
import { planLook } from './attentionMaps.ts'
import type { RunContext } from './context.ts'
import type { NetSize } from './controlledUNet.ts'
import { literalPrompt } from './editWords.ts'
import { planInverting } from './invert.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { unetCost } from './netCosts.ts'
import { planSwap } from './planSwap.ts'
import { planEdit, type WordWork } from './planWords.ts'
import { decodedBytes, predictPeak, type Prediction } from './peakMemory.ts'
import { tokenizerOf, windowCount } from './prompt.ts'
import { negativePromptOf } from './wordEdit.ts'
import { planFor } from './wordPicture.ts'

type WordRequest = RequestOf<'swap' | 'invert' | 'attention'>

/** Whether a request is one of editing with words. */
export function isOfWords(request: EngineRequest): request is WordRequest {
  return request.task === 'swap' || request.task === 'invert' || request.task === 'attention'
}

/** Phases and peak of such a request, as if nothing were known of the picture yet: a kept inversion saves the phase `invert`. */
export async function predictWords(context: RunContext, request: WordRequest): Promise<Prediction & { loaded: LoadedCheckpoint }> {
  const loaded = await context.checkpoint(request.model, request)
  const picture = request.image === undefined ? null : await readPictureHeader(request.image)
  const size = await sizeOf(loaded, request, picture)
  const work = await workOf(loaded, size, request, picture)
  const nets = [work.net?.cost, work.invertNet?.cost, await unetCost(loaded, size.height, size.width, size.tokens)].filter((cost) => cost !== undefined)
  const unet = nets.reduce((largest, cost) => (cost.peakActivationBytes > largest.peakActivationBytes ? cost : largest))
  return {
    loaded,
    phases: await planEdit(context, loaded, size, work),
    peakBytes: await predictPeak(loaded, [size.height, size.width], { unet, pictureBytes: picture ? decodedBytes(picture) : 0 }),
  }
}

function workOf(loaded: LoadedCheckpoint, size: NetSize, request: WordRequest, picture: { readonly width: number; readonly height: number } | null): WordWork | Promise<WordWork> {
  switch (request.task) {
    case 'swap':
      return planSwap(loaded, size, request, picture)
    case 'attention':
      return planLook(loaded, size, request.steps, picture)
    case 'invert':
      return planInverting(request, picture!) // its schema wants a picture
  }
}

async function sizeOf(loaded: LoadedCheckpoint, request: WordRequest, picture: { readonly width: number; readonly height: number } | null): Promise<NetSize> {
  const tokenizer = await tokenizerOf(loaded)
  const prompts = [request.prompt ?? '', ...(request.task === 'swap' && request.target !== undefined ? [request.target] : [])].map(literalPrompt)
  const tokens = tokenizer.maxLength * windowCount(tokenizer, [...prompts, negativePromptOf(loaded, request.negative)], request.longPrompt)
  const native = loaded.checkpoint.size
  const pixels = picture ? planFor(picture, native, { size: request.size }).model : (request.size ?? { width: native, height: native })
  return { height: Math.ceil(pixels.height / 8), width: Math.ceil(pixels.width / 8), tokens }
}
