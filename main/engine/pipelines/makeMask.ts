/** Mask: the part of a picture that has a colour, or that words look at. Needs no model: the maps come from `attention`. */
import { badInput } from '../errors.ts'
import { openPicture } from '../image/codec.ts'
import { colourRangeMask } from '../image/colourRange.ts'
import type { Mask } from '../image/mask.ts'
import { type Picture, pictureFromSamples } from '../image/picture.ts'
import { checkOutput, writePicture } from '../image/writePicture.ts'
import { type EngineResult, evaluateWhere, parseWhere, type RequestOf } from '../requests.ts'
import { readSafetensorsHeader, readTensor } from '../weights/safetensors.ts'
import { type RunContext, warn } from './context.ts'
import { resizeMap } from './wordMaps.ts'

type MaskRequest = RequestOf<'mask'>

/** Writes the mask as a grey PNG, white where the condition holds; tells the white share, which may be 0. */
export async function makeMask(context: RunContext, request: MaskRequest): Promise<EngineResult> {
  const format = checkOutput(request.out)
  if (format !== 'png' && format !== 'tiff') throw badInput('mask/lossy', { thing: request.out, expected: 'a mask file that keeps every value: .png or .tif', found: format })
  const picture = await openPicture(request.image)
  for (const note of picture.notes) warn(context, 'picture/note', note)
  const mask = await maskOf(picture, request)
  const white = mask.data.reduce((count, value) => count + (value > 0 ? 1 : 0), 0)
  await writePicture(pictureFromSamples(mask.data, { width: mask.width, height: mask.height, channels: 1 }), request.out)
  return { out: request.out, width: mask.width, height: mask.height, whiteShare: Math.round((white / mask.data.length) * 1e6) / 1e6 }
}

async function maskOf(picture: Picture, { colour, tolerance, where, maps }: MaskRequest): Promise<Mask> {
  if ((colour === undefined) === (where === undefined)) throw badInput('mask/aim', { thing: 'mask', expected: 'either a colour or a condition on words', found: colour === undefined ? 'neither' : 'both' })
  if (colour !== undefined) return colourRangeMask(picture, colour, tolerance)
  if (maps === undefined) throw badInput('mask/maps', { thing: 'mask', expected: 'the maps of the words, as "palimpsest attention" writes them', found: 'none', todo: 'name maps.safetensors with --maps' })
  const words = readWordMaps(maps)
  const { width, height } = picture
  const data = evaluateWhere(parseWhere(where!), (word) => words.attention(word, width, height))
  return { width, height, data }
}

/** The maps in a file of `attention`; a name of several words is where all of them look, added up. */
function readWordMaps(file: string): { attention(name: string, width: number, height: number): Float32Array } {
  const { tensors, metadata } = readSafetensorsHeader(file)
  const entry = tensors.get('words')
  const names = wordList(metadata['words'])
  if (!entry || entry.shape.length !== 3 || names.length !== entry.shape[0])
    throw badInput('mask/maps', { thing: file, expected: 'maps of words, as "palimpsest attention" writes them', found: 'another safetensors file' })
  const [, h, w] = entry.shape as readonly [number, number, number]
  const { data } = readTensor(entry)
  return {
    attention(name, width, height) {
      const sum = new Float32Array(h * w)
      for (const part of name.toLowerCase().split(/\s+/)) {
        const places = names.flatMap((known, index) => (known.toLowerCase() === part ? [index] : []))
        if (places.length === 0) throw badInput('mask/word', { thing: `attention(${name})`, expected: `words of the description: ${names.join(', ')}`, found: `"${part}"` })
        for (const place of places) for (let cell = 0; cell < sum.length; cell++) sum[cell]! += data[place * sum.length + cell]!
      }
      const largest = sum.reduce((most, value) => Math.max(most, value), 0) || 1
      return resizeMap({ height: h, width: w, data: sum.map((value) => value / largest) }, height, width)
    },
  }
}

function wordList(text: string | undefined): string[] {
  try {
    const list = JSON.parse(text ?? '[]') as { word?: unknown }[]
    return list.map(({ word }) => String(word))
  } catch {
    return [] // no file of ours; the caller says so
  }
}
