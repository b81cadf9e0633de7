/** `thumbnail`: a small sRGB picture of a file or of a document. */
import { openDocument } from '../document/openDocument.ts'
import { composeThumbnail } from '../document/thumbnail.ts'
import { badInput } from '../errors.ts'
import { readPictureHeader } from '../image/codec.ts'
import { wholeBox } from '../image/geometry.ts'
import { checkOutput, writePicture } from '../image/writePicture.ts'
import { documentSchema, type DocumentInput } from '../requests/document.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import { warn, type RunContext } from './context.ts'

/** Composes small and writes. @throws EngineError input/request, what pictures, documents and outputs throw; CancelledError */
export async function makeThumbnail(context: RunContext, request: RequestOf<'thumbnail'>): Promise<EngineResult> {
  const format = checkOutput(request.out)
  if (format !== 'webp' && format !== 'png') throw badInput('output/format', { thing: request.out, expected: 'a thumbnail that ends in .webp or .png', found: format })
  const document = await openDocument(await documentOf(request), { cacheDir: context.cacheDir, signal: context.signal })
  try {
    for (const note of document.notes) warn(context, 'picture/note', note)
    const picture = await composeThumbnail(document, wholeBox(document), request.side, context.signal)
    const written = await writePicture(picture, request.out, { format, quality: 85 })
    return { out: request.out, width: picture.width, height: picture.height, bytes: written.bytes }
  } finally {
    document.close()
  }
}

/** The document asked for, or one of the picture alone. @throws EngineError input/request unless exactly one is given */
export async function documentOf(request: { readonly image?: string | undefined; readonly document?: DocumentInput | undefined }): Promise<DocumentInput> {
  const { image, document } = request
  if ((image === undefined) === (document === undefined)) {
    throw badInput('input/request', { thing: 'the request', expected: 'either a picture or a document', found: image === undefined ? 'neither' : 'both' })
  }
  if (document !== undefined) return document
  const { width, height } = await readPictureHeader(image!)
  return documentSchema.parse({ canvas: { width, height }, base: image, layers: [{ kind: 'image', picture: image }] })
}
