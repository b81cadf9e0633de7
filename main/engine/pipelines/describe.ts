/** Describe: what a picture shows, in the model's own words. So far for models that bring a probe (the starter). */
import { badInput } from '../errors.ts'
import { openPicture } from '../image/codec.ts'
import { cropPixels } from '../image/cropStitch.ts'
import { wholeBox } from '../image/geometry.ts'
import type { Picture } from '../image/picture.ts'
import { buildProbe, planProbe, readProbe, type ProbeRecord } from '../nets/probe.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { RunContext } from './context.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'

/** How the papercut world words places and surroundings; other words are used as they are. */
const PLACES: Readonly<Record<string, string>> = { left: 'on the left', middle: 'in the middle', right: 'on the right' }
const PLACE_ORDER = ['left', 'middle', 'right']
const SURROUNDINGS: Readonly<Record<string, string>> = {
  meadow: 'on a meadow', beach: 'at the beach', city: 'in the city', mountains: 'in the mountains', desert: 'in the desert',
}

/** Describes a picture: its record and the caption that says it. */
export async function describePicture(context: RunContext, request: RequestOf<'describe'>): Promise<EngineResult> {
  const picture = await openPicture(request.image)
  const loaded = await context.checkpoint(request.model, { device: request.device, fast: false })
  if (!loaded.has('probe')) {
    throw badInput('model/no-describer', { thing: request.model, expected: 'a model that can describe pictures', found: 'one without a probe', todo: 'use --model starter, or type the description yourself' })
  }
  const record = await probeRecord(loaded, picture)
  return { image: request.image, model: loaded.checkpoint.id, caption: captionOf(record), record }
}

/** What the checkpoint's probe says of a whole picture. */
export async function probeRecord(loaded: LoadedCheckpoint, picture: Picture): Promise<ProbeRecord> {
  const plan = planProbe(loaded.checkpoint.components.probe!.config)
  return probePixels(loaded, await cropPixels(picture, wholeBox(picture), { width: plan.side, height: plan.side }))
}

/** What the probe says of pixels [1,3,side,side] in [-1,1]. */
export async function probePixels(loaded: LoadedCheckpoint, pixels: Tensor): Promise<ProbeRecord> {
  const plan = planProbe(loaded.checkpoint.components.probe!.config)
  const session = await loaded.open('probe', 'one', (config, weights) => buildProbe(config, weights, { batch: 1 }))
  const { logits } = await session.run({ pixel_values: pixels })
  return readProbe(plan, logits!.data)
}

/** The record as one sentence, objects from left to right, in the form the starter was taught (papercut/world/caption.py). */
export function captionOf(record: ProbeRecord): string {
  const order = (place: string | undefined): number => PLACE_ORDER.indexOf(place ?? '')
  const objects = [...record.objects].sort((a, b) => order(a.attributes['place']) - order(b.attributes['place']))
  const things = objects.map(({ class: name, attributes }) => {
    const { size, colour, pattern, place } = attributes
    const phrase = [size, colour, pattern === 'plain' ? undefined : pattern, name].filter(Boolean).join(' ')
    return [`${/^[aeiou]/.test(phrase) ? 'an' : 'a'} ${phrase}`, place === undefined ? undefined : PLACES[place] ?? place].filter(Boolean).join(' ')
  })
  const { background, style, weather } = record.picture
  const list = things.length === 0 ? 'an empty scene' : things.length === 1 ? things[0]! : `${things.slice(0, -1).join(', ')} and ${things.at(-1)}`
  let text = background === undefined ? list : `${list} ${SURROUNDINGS[background] ?? background}`
  if (style === 'night') text += ' at night'
  if (weather !== undefined && weather !== 'clear') text += `, ${weather}`
  return style !== undefined && style !== 'flat' && style !== 'night' ? `a ${style} of ${text}` : text
}
