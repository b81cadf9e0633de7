/** What came of a batch, as data and as a table. */
import type { Measures } from './journal.ts'

/**
 * Where a picture stands. `earlier`: done in a run before this one. `review`: done, and below the asked fidelity.
 * `skipped`: a result of another origin is there, or the aim found nothing in it. `no-mask`: no mask was found for it.
 */
export type ItemState = 'waiting' | 'running' | 'done' | 'earlier' | 'review' | 'rejected' | 'failed' | 'skipped' | 'no-mask'

/** A picture as lists, reports and the review wall show it. Paths are relative to the folder of results. */
export interface ItemView {
  readonly key: string
  readonly state: ItemState
  readonly place?: string
  /** code and sentence of what went wrong, or why it was left out */
  readonly code?: string
  readonly sentence?: string
  readonly measures?: Measures
  /** thumbnails */
  readonly before?: string
  readonly after?: string
}

/** What came of a batch. */
export interface BatchSummary {
  readonly recipe: string
  readonly in: string
  readonly out: string
  readonly shard: string
  readonly counts: Readonly<Record<ItemState, number>>
  readonly total: number
  /** of this run, in seconds: from start to end, and what the engine took of it (summed over pictures at work at a time) */
  readonly seconds: number
  readonly engineSeconds: number
  readonly cancelled: boolean
  readonly items: readonly ItemView[]
  /** report files, absolute */
  readonly reports: readonly string[]
}

const STATES: readonly ItemState[] = ['done', 'earlier', 'review', 'rejected', 'failed', 'no-mask', 'skipped', 'running', 'waiting']
const WORDS: Readonly<Record<ItemState, string>> = {
  done: 'done', earlier: 'done earlier', review: 'in review', rejected: 'rejected', failed: 'failed', 'no-mask': 'without a mask', skipped: 'skipped', running: 'at work', waiting: 'not begun',
}

/** Number of pictures in each state. */
export function countStates(items: readonly ItemView[]): Record<ItemState, number> {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<ItemState, number> // every state is in the list
  for (const { state } of items) counts[state] += 1
  return counts
}

/** Whether a person should look: something failed, or had no mask. */
export function hasTrouble(counts: Readonly<Record<ItemState, number>>): boolean {
  return counts.failed + counts['no-mask'] > 0
}

/** "12 done, 1 failed, 2 without a mask" */
export function countsInWords(counts: Readonly<Record<ItemState, number>>): string {
  return STATES.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${WORDS[state]}`).join(', ') || 'nothing'
}

/** The word a table shows for a state. */
export function stateInWords(state: ItemState): string {
  return WORDS[state]
}

/** Rows for a table: every picture that needs a look, and the others only when `all`. */
export function summaryRows(items: readonly ItemView[], all: boolean): string[][] {
  const wanted = items.filter(({ state }) => all || (state !== 'done' && state !== 'earlier' && state !== 'waiting'))
  return wanted.map(({ key, state, place, sentence, measures }) => [
    key, WORDS[state], place ?? '', measures?.fidelity === undefined || measures.fidelity === null ? '' : `${measures.fidelity.toFixed(1)} dB`, sentence?.replace(`${key}: `, '') ?? '', // its row says which picture
  ])
}
