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

/** Steps whose durations tell how fast the next ones will be. */
const RECENT_STEPS = 5

/**
 * Counts the steps of planned phases and tells them with the seconds left. The estimate starts from the plan, is scaled
 * by measured / planned time of what has already run, and within a phase goes by the median of the last few steps: a
 * step that opened a net, or a moment in which the machine did something else, does not move it.
 */
export class RunProgress {
  readonly #plan: readonly PlannedPhase[]
  readonly #emit: (event: EngineEvent) => void
  readonly #now: () => number
  #index = -1
  #step = 0
  #phaseStarted = 0
  #stepEnded = 0
  /** seconds of the last few steps of the phase, the newest last */
  #recent: number[] = []
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
    this.#stepEnded = this.#phaseStarted
    this.#recent = []
    this.#tell(phase)
  }

  /** One step of the current phase is done. */
  advance(preview?: PreviewPicture): void {
    const now = this.#now()
    this.#step += 1
    this.#recent = [...this.#recent, now - this.#stepEnded].slice(-RECENT_STEPS)
    this.#stepEnded = now
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
    const later = this.#plan.slice(this.#index + 1).reduce((sum, next) => sum + next.seconds, 0)
    const pace = this.#donePlanned > 0 ? this.#doneSeconds / this.#donePlanned : 1
    if (planned.steps === 0 || this.#step === 0) return Math.max(planned.seconds * pace - elapsed, 0) + later * pace
    // once the current phase has steps behind it, they are the best guide to what is left
    const perStep = median(this.#recent)
    const ownPace = planned.seconds > 0 ? (perStep * planned.steps) / planned.seconds : pace
    return perStep * Math.max(0, planned.steps - this.#step) + later * ownPace
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
