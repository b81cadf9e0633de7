/** The tasks about a document's pixels, by name. */
import { unreachable } from '../errors.ts'
import type { documentTasks } from '../requests/document.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import { comparePictures, cutPatch } from './comparePictures.ts'
import { compose } from './compose.ts'
import type { RunContext } from './context.ts'
import { editMask } from './editMask.ts'
import { inspectPicture } from './inspectPicture.ts'
import { makeThumbnail } from './makeThumbnail.ts'
import { selectPixels } from './selectPixels.ts'
import { writeTiles } from './writeTiles.ts'

/** A request of one of the document's tasks. */
export type DocumentRequest = RequestOf<keyof typeof documentTasks>

/** Runs one of them. @throws EngineError as the task says */
export function runDocumentTask(context: RunContext, request: DocumentRequest): Promise<EngineResult> {
  switch (request.task) {
    case 'inspect':
      return inspectPicture(request)
    case 'tiles':
      return writeTiles(context, request)
    case 'compose':
      return compose(context, request)
    case 'patch':
      return cutPatch(context, request)
    case 'thumbnail':
      return makeThumbnail(context, request)
    case 'mask-edit':
      return editMask(context, request)
    case 'select':
      return selectPixels(context, request)
    case 'difference':
      return comparePictures(context, request)
    default:
      return unreachable(request, 'the list of document tasks')
  }
}
