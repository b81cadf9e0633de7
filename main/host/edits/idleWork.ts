/**
 * What is done while nobody asks for anything: the noise behind a picture is looked for when a description of it is known,
 * so that the first swap starts at once. A job of a person ends it within a step.
 */
import type { InversionResult } from '../../../preload/contract/edits.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import type { HostServices } from '../services.ts'
import { type Described, describedKey, invertWork, predictInversion } from './inversions.ts'

/** Nothing that takes longer is begun by itself, seconds. */
const LONGEST_SECONDS = 60

/** See the file's head. */
export class IdleWork {
  readonly #services: HostServices
  /** what is known of pictures and descriptions, by {@link describedKey} */
  readonly ready = new Map<string, InversionResult>()
  /** the last description of each document */
  readonly #described = new Map<DocumentSession, Described>()
  #job: string | undefined

  constructor(services: HostServices) {
    this.#services = services
  }

  /** A window described a document: worth looking ahead when it rests. */
  described(session: DocumentSession, described: Described): void {
    this.#described.set(session, described)
  }

  /** A document has stood still for a while. */
  rest(session: DocumentSession): void {
    const described = this.#described.get(session)
    const { jobs, settings } = this.#services
    if (!described || !settings.get().autoInvert || jobs.busy || described.description.trim() === '') return
    if (this.ready.has(describedKey(session, described))) return
    this.#job = jobs.add({
      kind: 'invert', title: 'Getting ready', project: session.opened.id, document: session.document, idle: true,
      work: async (run) => {
        const seconds = await predictInversion(session, described, run)
        if (seconds === null || seconds > LONGEST_SECONDS) return {}
        return { result: await invertWork(session, described, 'auto', run, this.ready) }
      },
    })
  }

  /** Something else is wanted: what is done by itself makes way. */
  stop(_session: DocumentSession): void {
    const job = this.#job
    this.#job = undefined
    if (job !== undefined) this.#services.jobs.cancelWhere((state) => state.job === job)
  }
}
