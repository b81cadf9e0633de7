/** What goes into and comes out of an open project. */
import type { WritableDb } from './db.ts'
import type { DocumentId, OperationId } from './ids.ts'
import type { Canvas, Layer, MaskOrigin, PictureRef } from './model.ts'
import type { OperationDraft } from './operationDraft.ts'
import type { ProjectLock } from './projectLock.ts'
import type { RecordLog } from './recordLog.ts'
import type { StateDifference } from './state.ts'

/** What opening hands to the project. */
export interface ProjectParts {
  readonly db: WritableDb
  readonly log: RecordLog
  readonly lock: ProjectLock
  readonly options: ProjectOptions
}

/** Choices for an open project. */
export interface ProjectOptions {
  /** memory for undo in bytes; 256 MiB when absent */
  readonly undoBytes?: number
  /** the most that caches may take on the disk, in bytes; 8 GiB when absent */
  readonly cacheBytes?: number
  /** milliseconds since 1970; the clock when absent */
  readonly now?: () => number
}

/** Where a document went and what a canvas must redraw. */
export interface HeadMove {
  readonly document: DocumentId
  readonly from: OperationId
  readonly to: OperationId
  readonly difference: StateDifference
}

/** A new document. Its layers' pictures must have been added as blobs before. */
export interface DocumentDraft extends Pick<OperationDraft, 'kind' | 'title' | 'params' | 'inputs' | 'thumbnail'> {
  readonly name: string
  readonly canvas: Canvas
  readonly layers: readonly Layer[]
}

/** A mask to save. */
export interface MaskDraft extends PictureRef {
  readonly name: string
  readonly origin: MaskOrigin
}

