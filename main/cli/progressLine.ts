/** Progress for a person: a bar that stays on one line of a terminal, or a line now and then in a log. */
import type { EngineEvent } from '../engine/requests.ts'

type ProgressEvent = Extract<EngineEvent, { event: 'progress' }>

/** What is written to; process.stderr fits. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Words for the phases that the engine names; others are shown as they are. */
const PHASES: Readonly<Record<string, string>> = {
  load: 'loading', convert: 'converting', open: 'opening', encode: 'encoding', sample: 'sampling', decode: 'decoding', fill: 'filling', write: 'writing',
  describe: 'describing', refine: 'refining', verify: 'verifying', invert: 'inverting', text: 'reading the prompt', batch: 'pictures', replay: 'steps', check: 'files', pack: 'packing', unpack: 'unpacking',
}
/** In a log: at most one line in this many milliseconds within a phase. */
const LOG_EVERY_MS = 5000
/** On a terminal: often enough to look alive, seldom enough to cost nothing. */
const DRAW_EVERY_MS = 60
const BAR_CELLS = 24

/** Shows the progress of one job; call {@link ProgressLine.clear} before writing anything else to the stream. */
export class ProgressLine {
  readonly #stream: ProgressStream
  readonly #unicode: boolean
  readonly #now: () => number
  #lastAt = -Infinity
  #lastPhase = ''
  #drawn = false

  constructor(stream: ProgressStream, options: { unicode?: boolean; now?: () => number } = {}) {
    this.#stream = stream
    this.#unicode = options.unicode ?? true
    this.#now = options.now ?? (() => performance.now())
  }

  /** Shows an event, or skips it when the last one was shown a moment ago. */
  show(event: ProgressEvent): void {
    const now = this.#now()
    const isNews = event.phase !== this.#lastPhase
    const isLast = event.steps > 0 && event.step === event.steps
    const pause = this.#stream.isTTY ? DRAW_EVERY_MS : LOG_EVERY_MS
    if (!isNews && !(isLast && this.#stream.isTTY) && now - this.#lastAt < pause) return
    this.#lastAt = now
    this.#lastPhase = event.phase
    if (!this.#stream.isTTY) return void this.#stream.write(`${inWords(event)}\n`)
    const width = Math.max(20, (this.#stream.columns ?? 80) - 1)
    this.#stream.write(`\r\u001b[2K${this.#bar(event).slice(0, width)}`)
    this.#drawn = true
  }

  /** Takes the bar off the terminal. */
  clear(): void {
    if (this.#drawn) this.#stream.write('\r\u001b[2K')
    this.#drawn = false
  }

  #bar(event: ProgressEvent): string {
    const name = inPhase(event.phase).padEnd(10)
    if (event.steps === 0) return `${name} ${timeLeft(event)}`.trimEnd()
    const done = Math.round((event.step / event.steps) * BAR_CELLS)
    const [full, empty] = this.#unicode ? ['█', '░'] : ['#', '-']
    return `${name} ${full.repeat(done)}${empty.repeat(BAR_CELLS - done)} ${event.step}/${event.steps} ${timeLeft(event)}`.trimEnd()
  }
}

/** "sampling: step 5 of 20, about 12 s left" */
export function inWords(event: ProgressEvent): string {
  const name = inPhase(event.phase)
  const steps = event.steps > 0 ? `: step ${event.step} of ${event.steps}` : ''
  const left = timeLeft(event)
  return `${name}${steps}${left ? `, ${left}` : ''}`
}

/** "load unet" is "loading unet". */
function inPhase(phase: string): string {
  const [first = '', ...rest] = phase.split(' ')
  return [PHASES[first] ?? first, ...rest].join(' ')
}

function timeLeft(event: ProgressEvent): string {
  return event.etaSeconds === undefined ? '' : `about ${duration(event.etaSeconds)} left`
}

/** Seconds for people: "8 s", "1 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Math.max(0, Number(seconds.toFixed(1)))} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`
}
