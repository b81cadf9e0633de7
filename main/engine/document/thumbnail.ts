/** Small pictures of documents: every layer is shrunk on its way, so a large document costs no full-size composition. */
import type { Box } from '../image/geometry.ts'
import { pictureFromSamples, type Picture } from '../image/picture.ts'
import { composeDocument } from './composer.ts'
import type { OpenDocument } from './openDocument.ts'
import { SRGB_SPACE, toSpace } from './workingSpace.ts'

/**
 * A part of a document at most `side` pixels long, 8-bit sRGB without metadata; never enlarged.
 * @throws CancelledError
 */
export async function composeThumbnail(document: OpenDocument, box: Box, side: number, signal: AbortSignal | undefined): Promise<Picture> {
  const scale = Math.min(1, side / Math.max(box.width, box.height))
  const width = Math.max(1, Math.round(box.width * scale))
  const height = Math.max(1, Math.round(box.height * scale))
  const [across, down] = [width / box.width, height / box.height]
  const small = await composeDocument(document, { box: { x: 0, y: 0, width, height }, view: [across, 0, 0, down, -box.x * across, -box.y * down], signal })
  const own = pictureFromSamples(small.samples, small, { metadata: document.space.icc ? { icc: document.space.icc } : {} })
  const { samples, channels } = await toSpace(own, SRGB_SPACE)
  const bytes = samples instanceof Uint16Array ? Uint8Array.from(samples, (value) => Math.round(value / 257)) : samples
  return pictureFromSamples(bytes, { width, height, channels: channels as 3 | 4 })
}
