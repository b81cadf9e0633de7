/** Picture: a picture written in another form, as the last file of several edits. Needs no model. */
import { openPicture, readPictureHeader } from '../image/codec.ts'
import { checkOutput, writePicture } from '../image/writePicture.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import { type RunContext, warn } from './context.ts'

/**
 * Writes a picture anew. With `metadataFrom`, the result carries that picture's metadata: a JPEG that was edited in
 * several steps through PNG files comes out as if it had been edited in one.
 */
export async function writeAnew(context: RunContext, request: RequestOf<'picture'>): Promise<EngineResult> {
  checkOutput(request.out)
  const picture = await openPicture(request.image)
  const { recipe, ...own } = picture.metadata
  const metadata = request.metadataFrom === undefined ? own : (await readPictureHeader(request.metadataFrom)).metadata
  const written = await writePicture({ ...picture, metadata }, request.out, { quality: request.quality, ...(request.recipe && recipe ? { recipe } : {}) })
  for (const note of written.notes) warn(context, 'output/note', note)
  return {
    out: written.path, format: written.format, bytes: written.bytes, width: picture.width, height: picture.height,
    codec: { lossless: written.lossless, changedSamples: written.codec.changed, largestChange: written.codec.maxAbs },
  }
}
