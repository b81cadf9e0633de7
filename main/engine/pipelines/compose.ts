/** `compose`: the flattened document, or all its layers as OpenRaster. */
import { readFileSync } from 'node:fs'
import { composeDocument } from '../document/composer.ts'
import { openDocument, shownLayers, type OpenDocument } from '../document/openDocument.ts'
import { writeOpenRaster } from '../document/openRaster.ts'
import { badInput } from '../errors.ts'
import { openPicture, readPictureHeader } from '../image/codec.ts'
import { isColourChunk } from '../image/containers.ts'
import { intersectBoxes, sameBox, wholeBox, type Box } from '../image/geometry.ts'
import { profileName } from '../image/iccProfile.ts'
import { pictureFromSamples, type Picture, type PictureMetadata } from '../image/picture.ts'
import type { Recipe } from '../image/recipe.ts'
import { checkOutput, writeAtomically, writePicture, type WritableFormat } from '../image/writePicture.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import { warn, type RunContext } from './context.ts'
import { RunProgress } from './progress.ts'

type ComposeRequest = RequestOf<'compose'>

/** The bar of composing counts hundredths. */
const STEPS = 100
/** A layered export is asked for by this ending. */
const OPEN_RASTER = '.ora'

/**
 * Composes and writes. A document of one untouched opaque picture gives that picture's own samples, and its very bytes
 * where format and options ask for nothing else.
 *
 * @throws EngineError document/box, document/*, tiles/*, what pictures and outputs throw; CancelledError
 */
export async function compose(context: RunContext, request: ComposeRequest): Promise<EngineResult> {
  const layered = request.format === 'ora' || (request.format === undefined && request.out.toLowerCase().endsWith(OPEN_RASTER))
  const format = checkOutput(request.out, layered ? 'png' : (request.format as WritableFormat | undefined))
  const box = boxOf(request)
  const progress = new RunProgress([{ phase: 'load', steps: 0, seconds: 2 }, { phase: 'compose', steps: STEPS, seconds: 3 }, { phase: 'write', steps: 0, seconds: 3 }], context.emit)
  progress.begin('load')
  const untouched = layered ? null : await untouchedPicture(request, box)
  if (untouched !== null) return writeUntouched(context, request, format, untouched, progress)

  const document = await openDocument(request, { cacheDir: context.cacheDir, signal: context.signal, hidden: layered })
  try {
    for (const note of document.notes) warn(context, 'picture/note', note)
    progress.begin('compose')
    let done = 0
    const onProgress = (share: number): void => {
      for (; done < Math.floor(share * STEPS); done++) progress.advance()
    }
    if (layered) {
      const written = await writeOpenRaster(document, request.out, { box, depth: request.depth, signal: context.signal, onProgress })
      for (const note of written.notes) warn(context, 'output/note', note)
      progress.finish()
      return { out: request.out, format: 'ora', width: box.width, height: box.height, layers: written.layers, bytes: written.bytes, copied: false, seconds: progress.timings }
    }
    const composed = await composeDocument(document, { box, depth: request.depth, signal: context.signal, onProgress })
    const picture = pictureFromSamples(composed.samples, composed, { metadata: metadataOf(document, request) })
    document.close()
    progress.begin('write')
    return await write(context, request, format, picture, progress)
  } finally {
    document.close()
  }
}

function boxOf({ box, canvas }: ComposeRequest): Box {
  const whole = wholeBox(canvas)
  if (!box) return whole
  const common = intersectBoxes(box, whole)
  if (!sameBox(common, box)) {
    throw badInput('document/box', { thing: 'the part to compose', expected: `a box inside the canvas of ${canvas.width} x ${canvas.height} pixels`, found: `${box.width} x ${box.height} at ${box.x}, ${box.y}`, todo: 'choose a part of the canvas' })
  }
  return box
}

/** The file whose samples the document shows unchanged, or null. */
async function untouchedPicture(request: ComposeRequest, box: Box): Promise<string | null> {
  const shown = shownLayers(request.layers, false, 1)
  const layer = shown[0]
  if (shown.length !== 1 || !layer || layer.picture === null || layer.picture !== request.base) return null
  const bare = layer.kind !== 'group' && layer.tiles === null && layer.mask === null && layer.maskTiles === null && layer.opacity === 1
  if (!bare || layer.transform.some((value, i) => value !== [1, 0, 0, 1, 0, 0][i])) return null
  const header = await readPictureHeader(layer.picture)
  const covers = header.width === request.canvas.width && header.height === request.canvas.height && sameBox(box, wholeBox(header))
  return covers && !(header.hasAlpha && request.canvas.background !== null) ? layer.picture : null
}

async function writeUntouched(context: RunContext, request: ComposeRequest, format: WritableFormat, file: string, progress: RunProgress): Promise<EngineResult> {
  const header = await readPictureHeader(file)
  const asked = request.recipe !== undefined || !request.metadata || (request.depth ?? header.depth) !== header.depth
  const encoderDecides = (format === 'jpeg' || format === 'webp') && (request.quality !== undefined || request.lossless)
  if (header.format === format && !asked && !encoderDecides) {
    progress.begin('write')
    const bytes = readFileSync(file)
    writeAtomically(request.out, [bytes])
    progress.finish()
    return { ...told(header, format), out: request.out, bytes: bytes.length, copied: true, codec: { lossless: true, changedSamples: 0, largestChange: 0 }, seconds: progress.timings }
  }
  const picture = await openPicture(file)
  for (const note of picture.notes) warn(context, 'picture/note', note)
  progress.begin('write')
  return write(context, request, format, { ...atDepth(picture, request.depth), metadata: request.metadata ? picture.metadata : colourOnly(picture.metadata) }, progress)
}

async function write(context: RunContext, request: ComposeRequest, format: WritableFormat, picture: Picture, progress: RunProgress): Promise<EngineResult> {
  const written = await writePicture(picture, request.out, {
    format,
    lossless: request.lossless,
    ...(request.quality === undefined ? {} : { quality: request.quality }),
    ...(request.recipe === undefined ? {} : { recipe: request.recipe as Recipe }),
  })
  for (const note of written.notes) warn(context, 'output/note', note)
  progress.finish()
  const { changed, maxAbs } = written.codec
  return {
    ...told(picture, format),
    out: request.out,
    bytes: written.bytes,
    copied: false,
    codec: { lossless: written.lossless, changedSamples: changed, largestChange: maxAbs },
    seconds: progress.timings,
  }
}

function told(picture: Pick<Picture, 'width' | 'height' | 'channels' | 'depth' | 'metadata'>, format: WritableFormat): EngineResult {
  const { width, height, channels, depth, metadata } = picture
  return { format, width, height, channels, depth, profile: metadata.icc ? (profileName(metadata.icc) ?? 'unnamed') : null }
}

function metadataOf(document: OpenDocument, request: ComposeRequest): PictureMetadata {
  return request.metadata ? document.metadata : colourOnly(document.metadata)
}

/** What says what the samples mean, and the resolution; nothing about where and when. */
function colourOnly({ icc, pngChunks, density }: PictureMetadata): PictureMetadata {
  const chunks = pngChunks?.filter(isColourChunk) ?? []
  return { ...(icc ? { icc } : {}), ...(chunks.length > 0 ? { pngChunks: chunks } : {}), ...(density ? { density } : {}) }
}

function atDepth(picture: Picture, depth: 8 | 16 | undefined): Picture {
  if (depth === undefined || depth === picture.depth) return picture
  const samples = depth === 16 ? Uint16Array.from(picture.samples, (value) => value * 257) : Uint8Array.from(picture.samples, (value) => Math.round(value / 257))
  return { ...picture, samples, depth }
}
