/** `select`: masks made from a picture's colours, from scribbles, from transparency. */
import { composeDocument } from '../document/composer.ts'
import { openDocument } from '../document/openDocument.ts'
import { selectByScribble } from '../document/scribble.ts'
import { selectByColour } from '../document/wand.ts'
import { rowsInSpace } from '../document/workingSpace.ts'
import { badInput, throwIfCancelled } from '../errors.ts'
import { openPicture } from '../image/codec.ts'
import type { Plane } from '../image/morphology.ts'
import { pictureFromSamples, type Picture } from '../image/picture.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import { warn, type RunContext } from './context.ts'
import { checkMaskOutput, openGrey, writeMask } from './editMask.ts'

type SelectRequest = RequestOf<'select'>

/** Selects and writes the mask. @throws EngineError input/request, mask/size, select/*, what pictures and outputs throw; CancelledError */
export async function selectPixels(context: RunContext, request: SelectRequest): Promise<EngineResult> {
  checkMaskOutput(request.out)
  context.emit({ event: 'progress', phase: 'load', step: 0, steps: 0 })
  const picture = await pictureOf(context, request)
  throwIfCancelled(context.signal)
  context.emit({ event: 'progress', phase: request.kind, step: 0, steps: 0 })
  const mask = await selection(context, request, picture)
  throwIfCancelled(context.signal)
  return { kind: request.kind, ...(await writeMask(mask, request.out)) }
}

async function pictureOf(context: RunContext, request: SelectRequest): Promise<Picture> {
  if ((request.image === undefined) === (request.document === undefined)) {
    throw badInput('input/request', { thing: 'the request', expected: 'either a picture or a document', found: request.image === undefined ? 'neither' : 'both' })
  }
  if (request.image !== undefined) return openPicture(request.image)
  const document = await openDocument(request.document!, { cacheDir: context.cacheDir, signal: context.signal })
  try {
    for (const note of document.notes) warn(context, 'picture/note', note)
    const flat = await composeDocument(document, { signal: context.signal })
    return pictureFromSamples(flat.samples, flat, { metadata: document.space.icc ? { icc: document.space.icc } : {} })
  } finally {
    document.close()
  }
}

async function selection(context: RunContext, request: SelectRequest, picture: Picture): Promise<Plane> {
  switch (request.kind) {
    case 'wand': {
      const { point, tolerance, contiguous, antialias } = request
      if (!point || point.x < 0 || point.y < 0 || point.x >= picture.width || point.y >= picture.height) {
        throw badInput('select/point', { thing: 'the wand', expected: `a point inside the picture of ${picture.width} x ${picture.height} pixels`, found: point ? `${point.x}, ${point.y}` : 'none' })
      }
      return selectByColour(picture, { point, tolerance, contiguous, antialias })
    }
    case 'scribble':
      return selectByScribble(picture, {
        foreground: await marks(request.foreground, picture),
        background: await marks(request.background, picture),
        box: request.box ?? null,
        signal: context.signal,
      })
    case 'alpha':
      return alphaPlane(picture)
    case 'luminance':
      return luminancePlane(picture)
  }
}

async function marks(file: string | undefined, size: { readonly width: number; readonly height: number }): Promise<Plane | null> {
  if (file === undefined) return null
  const mask = await openGrey(file)
  if (mask.width !== size.width || mask.height !== size.height) {
    throw badInput('mask/size', { thing: file, expected: `a scribble of ${size.width} x ${size.height} pixels, the size of the picture`, found: `${mask.width} x ${mask.height}` })
  }
  return mask
}

/** The alpha channel in 8 bits; 255 where a picture has none. */
function alphaPlane({ width, height, channels, hasAlpha, samples }: Picture): Plane {
  const data = new Uint8Array(width * height).fill(255)
  if (hasAlpha) {
    const scale = samples instanceof Uint16Array ? 1 / 257 : 1
    for (let i = 0, at = channels - 1; i < data.length; i++, at += channels) data[i] = Math.round(samples[at]! * scale)
  }
  return { width, height, data }
}

/** Luminance as sRGB encodes it; transparent parts count as black. */
async function luminancePlane(picture: Picture): Promise<Plane> {
  const { width, height } = picture
  const data = new Uint8Array(width * height)
  const rowsAt = rowsInSpace(picture, { colours: 1, icc: undefined })
  for (let y = 0; y < height; y++) {
    const { samples, channels } = await rowsAt(y, 1)
    const scale = samples instanceof Uint16Array ? 1 / 257 : 1
    for (let x = 0, at = 0; x < width; x++, at += channels) {
      const alpha = channels > 1 ? (samples[at + 1]! * scale) / 255 : 1
      data[y * width + x] = Math.round(samples[at]! * scale * alpha)
    }
  }
  return { width, height, data }
}
