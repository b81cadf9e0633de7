/** History: the tree, going about in it, comparing, replaying, recipes. */
import fs from 'node:fs'
import path from 'node:path'
import type { historyMethods, OperationRow } from '../../../preload/contract/history.ts'
import { badInput } from '../../engine/errors.ts'
import { writeDurably } from '../../history/durableFiles.ts'
import type { Operation, OperationSummary } from '../../history/documents.ts'
import type { OperationId } from '../../history/ids.ts'
import { copyAsRecipe } from '../../history/recipeFromHistory.ts'
import { RUN_KINDS } from '../../history/replay.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import { compareStates } from '../edits/compareStates.ts'
import { replayJob } from '../edits/replayJob.ts'
import type { HostParts } from '../host.ts'
import type { OpenProject } from '../openProjects.ts'
import type { Topic } from './topic.ts'

type InDocument = { readonly project: string; readonly document: number }

/** See {@link Topic}. */
export function historyHandlers({ services, sessions }: HostParts): Topic<typeof historyMethods> {
  const { projects, files, jobs } = services
  const at = ({ project, document }: InDocument): DocumentSession => sessions.get(project, document)
  const row = (opened: OpenProject, operation: OperationSummary, lanes: ReadonlyMap<OperationId, number>): OperationRow => {
    const { id, parent, depth, state, kind, title, name, starred, thumbnail, createdAt } = operation
    return { id, parent, depth, state, kind, title, name, starred, createdAt, lane: lanes.get(id) ?? 0, thumbnail: sessions.mediaOf(opened, thumbnail), replayable: RUN_KINDS.has(kind) }
  }
  const lanesOf = (opened: OpenProject, { document }: Pick<OperationSummary, 'document'>): ReadonlyMap<OperationId, number> => new Map(opened.reader.tree(document).map(({ id, lane }) => [id, lane]))
  const operationIn = (session: DocumentSession, id: number): Operation => {
    const operation = session.opened.reader.operation(id as OperationId) // a number that is none is refused there
    if (operation.document !== session.document) throw badInput('history/other-document', { thing: `Step ${id}`, expected: 'one of this document', found: 'one of another' })
    return operation
  }
  /** a branch is renamed, starred, trashed: every window of the document hears of it */
  const changed = (project: string, document: number): void => at({ project, document }).historyChanged()
  const go = (session: DocumentSession, cause: string, move: () => ReturnType<DocumentSession['project']['undo']>): Promise<ReturnType<DocumentSession['view']>> =>
    session.exclusively(() => {
      const moved = move()
      return moved ? session.moved(moved, cause) : session.view()
    })
  return {
    'history.list': ({ after, limit, trashed, ...which }) => {
      const session = at(which)
      const { opened, document } = session
      const lanes = lanesOf(opened, { document })
      const found = opened.reader.operations(document, { trashed, ...(after === undefined ? {} : { after: after as OperationId }), ...(limit === undefined ? {} : { limit: limit + 1 }) }) // only compared
      const more = limit !== undefined && found.length > limit
      return { operations: found.slice(0, limit).map((operation) => row(opened, operation, lanes)), head: session.head, more }
    },
    'history.show': ({ project, operation: id }) => {
      const opened = projects.get(project)
      const operation = opened.reader.operation(id as OperationId) // a number that is none is refused there
      const { engineVersion, model, modelHash, device, seed, params, durationMs, replayOf, results } = operation
      return {
        ...row(opened, operation, lanesOf(opened, operation)), engineVersion, model: model && services.scrub.text(model), modelHash, device, seed, params: { ...params }, durationMs, replayOf,
        results: results.map(({ role, width, height, seed: own, hash, chosen, metrics }) => ({ role, width, height, seed: own, media: sessions.mediaOf(opened, hash), chosen, metrics: { ...metrics } })),
      }
    },
    'history.undo': (which) => {
      const session = at(which)
      return go(session, 'undo', () => session.project.undo(session.document))
    },
    'history.redo': (which) => {
      const session = at(which)
      return go(session, 'redo', () => session.project.redo(session.document))
    },
    'history.goTo': ({ operation, ...which }) => {
      const session = at(which)
      return go(session, 'goTo', () => session.project.goTo(session.document, operationIn(session, operation).id))
    },
    'history.label': ({ project, operation: id, name, starred }) => {
      const opened = projects.writable(project)
      opened.writable.labelOperation(id as OperationId, { ...(name === undefined ? {} : { name }), ...(starred === undefined ? {} : { starred }) }) // a number that is none is refused there
      const operation = opened.reader.operation(id as OperationId)
      changed(project, operation.document)
      return row(opened, operation, lanesOf(opened, operation))
    },
    'history.trash': ({ project, operation: id, trashed }) => {
      const opened = projects.writable(project)
      const { document } = opened.reader.operation(id as OperationId)
      if (trashed) opened.writable.trashOperation(id as OperationId)
      else opened.writable.restoreOperation(id as OperationId)
      changed(project, document)
      return {}
    },
    'history.compare': ({ a, b, ...which }) => {
      const session = at(which)
      return compareStates(session, operationIn(session, a).id, operationIn(session, b).id)
    },
    'history.replay': ({ from, upTo, change, ...which }) => {
      const session = at(which)
      const first = operationIn(session, from)
      return { job: jobs.add(replayJob(session, first, upTo === undefined ? undefined : operationIn(session, upTo).id, change)) }
    },
    'history.recipe': ({ project, operations, name }) => {
      const { text, files: masks, leftOut } = copyAsRecipe(projects.get(project).reader, operations as OperationId[], name) // numbers that are none are refused there
      return { text, masks: masks.map(({ file }) => file), leftOut: leftOut.length }
    },
    'history.saveRecipe': ({ project, operations, name, target }) => {
      const { reader } = projects.get(project)
      const copied = copyAsRecipe(reader, operations as OperationId[], name) // as above
      const place = files.target(target)
      writeDurably(place.path, copied.text)
      // a download is one file; beside a file of the disk its masks find their place
      if (!place.download) for (const { file, hash } of copied.files) fs.copyFileSync(reader.blobs.path(hash), path.join(path.dirname(place.path), file))
      return { bytes: Buffer.byteLength(copied.text) }
    },
  }
}
