/** A picture file of the document's size, for predictions: they read its header and nothing else. */
import fs from 'node:fs'
import path from 'node:path'
import type { DocumentSession } from '../documents/documentSession.ts'
import { untouchedPicture } from '../documents/engineDocument.ts'
import { factsOf } from '../documents/sourceFacts.ts'
import { greyPng } from '../greyPng.ts'

/** The untouched picture where there is one, else the one the document was opened from, else a blank of the canvas's size. */
export function pictureOfSize(session: DocumentSession): string {
  const { services, opened, state } = session
  const { width, height } = state.canvas
  const untouched = untouchedPicture(opened.reader, state, session.tilesAt())
  if (untouched !== null) return untouched
  const { base } = factsOf(state.canvas)
  if (base) return opened.reader.blobs.path(base)
  const file = path.join(services.scratch.folder, `blank-${width}x${height}.png`)
  if (!fs.existsSync(file)) fs.writeFileSync(file, greyPng(width, height, () => new Uint8Array(width)))
  return file
}
