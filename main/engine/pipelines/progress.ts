/** Progress of a run: phases with their expected seconds, and an estimate of what is left. */
import type { EngineEvent, PreviewPicture } from '../requests.ts'

/** A phase of a run that is known beforehand. */
export interface PlannedPhase {
  readonly phase: string
  /** steps that will be counted in it */
  readonly steps: number
  /** expected seconds of the whole phase; a rough guess is enough, it is scaled by what is measured */
  readonly seconds: number
}

/**
 * Counts the steps of planned phases and tells them with the seconds left. The estimate starts from the
 * plan and is scaled by measured / planned time of what has already run, the current phase counting most.
 */
export class RunProgress {
  readonly #plan: readonly PlannedPhase[]
  readonly #emit: (event: EngineEvent) => void
  readonly #now: () => number
  #index = -1
  #step = 0
  #phaseStarted = 0
  /** measured / planned over the finished phases */
  #doneSeconds = 0
  #donePlanned = 0
  /** the part of the picture that previews show from now on; all of it when absent */
  previewBox: PreviewPicture['box']
  /** seconds measured per phase, for the result */
  readonly timings: Record<string, number> = {}

  constructor(plan: readonly PlannedPhase[], emit: (event: EngineEvent) => void, now: () => number = () => performance.now() / 1000) {
    this.#plan = plan
    this.#emit = emit
    this.#now = now
  }

  /** Begins the next planned phase of that name; phases between are taken as skipped. */
  begin(phase: string): void {
    this.#close()
    const next = this.#plan.findIndex((planned, index) => index > this.#index && planned.phase === phase)
    if (next >= 0) this.#index = next
    this.#step = 0
    this.#phaseStarted = this.#now()
    this.#tell(phase)
  }

  /** One step of the current phase is done. */
  advance(preview?: PreviewPicture): void {
    this.#step += 1
    this.#tell(this.#plan[this.#index]?.phase ?? '', preview)
  }

  /** Ends the last phase; call once. */
  finish(): void {
    this.#close()
  }

  #close(): void {
    const planned = this.#plan[this.#index]
    if (!planned || this.#phaseStarted === 0) return
    const seconds = this.#now() - this.#phaseStarted
    this.timings[planned.phase] = (this.timings[planned.phase] ?? 0) + seconds
    this.#doneSeconds += seconds
    this.#donePlanned += planned.seconds
    this.#phaseStarted = 0
  }

  #tell(phase: string, preview?: PreviewPicture): void {
    const planned = this.#plan[this.#index]
    const steps = planned?.steps ?? 0
    this.#emit({
      event: 'progress',
      phase,
      step: this.#step,
      steps,
      ...(planned ? { etaSeconds: this.#eta(planned) } : {}),
      ...(preview ? { preview: this.previewBox ? { ...preview, box: this.previewBox } : preview } : {}),
    })
  }

  #eta(planned: PlannedPhase): number {
    const elapsed = this.#now() - this.#phaseStarted
    const share = planned.steps > 0 ? this.#step / planned.steps : 0
    const later = this.#plan.slice(this.#index + 1).reduce((sum, next) => sum + next.seconds, 0)
    const pace = this.#donePlanned > 0 ? this.#doneSeconds / this.#donePlanned : 1
    // once the current phase has steps behind it, its own pace is the best guide to what is left of it
    const rest = share > 0 ? (elapsed / share) * (1 - share) : Math.max(planned.seconds * pace - elapsed, 0)
    const ownPace = share > 0 && planned.seconds > 0 ? elapsed / share / planned.seconds : pace
    return rest + later * ownPace
  }
}
