/** One picture as a PNG file, for dragging it out of the window: a layer, the document after a step, a result that waits. */
import fs from 'node:fs'
import path from 'node:path'
import type { PictureOf } from '../../../preload/contract/documents.ts'
import { badInput } from '../../engine/errors.ts'
import type { OperationId } from '../../history/ids.ts'
import { stagedResults } from '../edits/staging.ts'
import type { GrantedTarget } from '../fileTable.ts'
import type { DocumentSession } from './documentSession.ts'
import { exportDocument, put } from './exportDocument.ts'

/** Writes it, in the depth and with the profile of the source. @throws EngineError history/other-document, staging/no-result (exit 2), project/disk-full */
export async function writePicture(session: DocumentSession, target: GrantedTarget, of: PictureOf): Promise<{ readonly bytes: number }> {
  if (of.what === 'layer') return exportDocument(session, target, { type: 'png', depth: null, quality: 92, metadata: true, recipe: false, layer: of.layer })
  const { services, opened, document } = session
  const operation = opened.reader.operation(of.operation as OperationId) // a number that is none is refused there
  if (operation.document !== document) throw badInput('history/other-document', { thing: `"${operation.title}"`, expected: 'a step of this picture', found: 'one of another', todo: 'open that picture first' })
  if (of.what === 'result') {
    const result = stagedResults(operation)[of.ordinal]
    if (!result) throw badInput('staging/no-result', { thing: 'This result', expected: 'one that waits in the strip', found: 'none', todo: 'look at the strip again' })
    put(opened.reader.blobs.path(result.pixels.hash), target.path)
  } else {
    await services.scratch.within(async (folder) => {
      const out = path.join(folder, 'step.png')
      await services.pixels.run({ task: 'compose', ...(await session.pixels.document(operation.id)), out, format: 'png' })
      put(out, target.path)
    })
  }
  return { bytes: fs.statSync(target.path).size }
}
