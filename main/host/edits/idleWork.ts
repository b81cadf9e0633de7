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

/** A forecast that takes longer is given up, milliseconds: something else has the engine. */
const LONGEST_WAIT_MS = 20_000

/** See the file's head. */
export class IdleWork {
  readonly #services: HostServices
  /** what is known of pictures and descriptions, by {@link describedKey} */
  readonly ready = new Map<string, InversionResult>()
  /** seconds that getting ready will take, by the same key */
  readonly #forecasts = new Map<string, number>()
  /** the last description of each document */
  readonly #described = new Map<DocumentSession, Described>()
  #job: { readonly id: string; readonly key: string } | undefined

  constructor(services: HostServices) {
    this.#services = services
  }

  /** A window described a document: worth looking ahead when it rests. */
  described(session: DocumentSession, described: Described): void {
    this.#described.set(session, described)
    if (this.#job && this.#job.key !== describedKey(session, described)) this.stop(session) // words that no longer hold are not worth the wait
  }

  /** Whether a swap of these words could begin at once. */
  isReady(session: DocumentSession, { description, sampling }: Described): boolean {
    const { seed: _, ...rest } = sampling
    return [sampling, rest].some((each) => this.ready.has(describedKey(session, { description, sampling: each, model: sampling.model })))
  }

  /**
   * Seconds that getting ready will take, from the first start on: the engine measures the machine where it has never run.
   * Null while a job that a person asked for has the engine, and where it cannot be said.
   */
  async forecast(session: DocumentSession, described: Described): Promise<number | null> {
    const key = describedKey(session, described)
    const known = this.#forecasts.get(key)
    if (known !== undefined || this.#services.jobs.busy) return known ?? null
    const seconds = await predictInversion(session, described, { signal: AbortSignal.timeout(LONGEST_WAIT_MS) })
    if (seconds !== null) {
      this.#forecasts.clear() // one picture and its words at a time
      this.#forecasts.set(key, seconds)
    }
    return seconds
  }

  /** A document has stood still for a while. */
  rest(session: DocumentSession): void {
    const described = this.#described.get(session)
    const { jobs, settings } = this.#services
    if (!described || !settings.get().autoInvert || jobs.busy || described.description.trim() === '') return
    const key = describedKey(session, described)
    if (this.ready.has(key) || this.#job?.key === key) return
    const [project, document] = [session.opened.id, session.document]
    const id = jobs.add({
      kind: 'invert', title: 'Getting ready', project, document, idle: true,
      work: async (run) => {
        try {
          const seconds = await this.forecast(session, described)
          if (seconds === null || seconds > LONGEST_SECONDS || run.signal.aborted) return {}
          const result = await invertWork(session, described, 'auto', run, this.ready)
          this.#services.emit('words.prepared', { project, document })
          return { result }
        } finally {
          if (this.#job?.key === key) this.#job = undefined
        }
      },
    })
    this.#job = { id, key }
  }

  /** Something else is wanted: what is done by itself makes way. */
  stop(_session: DocumentSession): void {
    const job = this.#job
    this.#job = undefined
    if (job) this.#services.jobs.cancelWhere((state) => state.job === job.id)
  }
}
