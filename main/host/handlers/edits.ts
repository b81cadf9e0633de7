/** Edits: run, predict, the queue, the staging strip. */
import type { editMethods, Job } from '../../../preload/contract/edits.ts'
import { badInput } from '../../engine/errors.ts'
import type { Operation } from '../../history/documents.ts'
import type { OperationId } from '../../history/ids.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import { predictEdit } from '../edits/predict.ts'
import { intentTitle } from '../edits/requests.ts'
import { maskOf, runEdit } from '../edits/runEdit.ts'
import { acceptStaged, rejectStaged, stagedEdits, stagedMedia } from '../edits/staging.ts'
import type { HostParts } from '../host.ts'
import type { Topic } from './topic.ts'

type EditOnly = Omit<typeof editMethods, Extract<keyof typeof editMethods, `words.${string}`>>
type InDocument = { readonly project: string; readonly document: number }

/** See {@link Topic}. */
export function editHandlers({ services, sessions, idle }: HostParts): Topic<EditOnly> {
  const { jobs } = services
  const at = ({ project, document }: InDocument): DocumentSession => sessions.get(project, document)
  const list = (): { jobs: Job[] } => ({ jobs: jobs.list() as Job[] }) // states of the queue are jobs of the contract; checked on the way out
  const stagedIn = (session: DocumentSession, id: number): Operation => {
    const operation = session.opened.reader.operation(id as OperationId) // a number that is none is refused there
    if (operation.document === session.document) return operation
    throw badInput('staging/other-document', { thing: 'This result', expected: 'one of this document', found: 'one of another' })
  }
  return {
    'edit.run': ({ intent, ...which }) => {
      const session = at(which)
      void session.project // a project that is only looked at is refused before the queue
      maskOf(session, intent)
      idle.stop(session)
      return { job: jobs.add({ kind: intent.intent, title: intentTitle(intent), project: which.project, document: which.document, work: (run) => runEdit(session, intent, run) }) }
    },
    'edit.predict': ({ intent, ...which }) => predictEdit(at(which), intent, idle),
    'jobs.list': list,
    'jobs.cancel': ({ job }) => {
      jobs.cancel(job)
      return {}
    },
    'jobs.move': ({ job, before }) => {
      jobs.move(job, before)
      return list()
    },
    'jobs.retry': ({ job }) => ({ job: jobs.retry(job) }),
    'jobs.clear': () => {
      jobs.clear()
      return list()
    },
    'staging.list': (which) => {
      const session = at(which)
      return { edits: stagedEdits(session, (hash) => stagedMedia(session, hash)) }
    },
    'staging.accept': ({ operation, ordinals, ...which }) => {
      const session = at(which)
      return session.exclusively(() => acceptStaged(session, stagedIn(session, operation).id, ordinals))
    },
    'staging.reject': ({ operation, ...which }) => {
      const session = at(which)
      return session.exclusively(() => rejectStaged(session, stagedIn(session, operation).id))
    },
  }
}
