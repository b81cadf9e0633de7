/** Where each picture of a plan stands before a run: done, to be finished, to be skipped or to be done. */
import fs from 'node:fs'
import path from 'node:path'
import { createHash } from 'node:crypto'
import { REJECTED_FOLDER, REVIEW_FOLDER } from './findPictures.ts'
import type { MadeRecord, PictureHistory } from './journal.ts'
import type { BatchItem, BatchPlan } from './plan.ts'
import { holds } from './publish.ts'
import type { ReviewState } from './reviews.ts'
import type { ItemState, ItemView } from './summary.ts'

/** Where a picture stands. */
export interface Standing {
  /** digest of picture, masks, wish and attempt: what a result was made of */
  readonly print: string
  /** how often a person has asked to have it done again */
  readonly attempt: number
  readonly state: Extract<ItemState, 'waiting' | 'earlier' | 'review' | 'rejected' | 'skipped' | 'no-mask'>
  /** a result that only has to be put into its place */
  readonly made?: MadeRecord
  readonly place?: string
  readonly sentence?: string
}

/** Works out where a picture stands; looks at names and sizes, changes nothing. */
export function standingOf(item: BatchItem, plan: BatchPlan, history: PictureHistory | undefined, review: ReviewState | undefined): Standing {
  const { out, existing } = plan.settings
  const attempt = review?.attempt ?? 0
  const print = printOf(item, plan, attempt)
  const at = { print, attempt }
  if (item.noMask !== undefined) return { ...at, state: 'no-mask', sentence: item.noMask }
  const isThere = (place: string | undefined): place is string => place !== undefined && fs.existsSync(path.join(out, place))
  const done = history?.done.get(print)
  if (done !== undefined) {
    const place = [review?.decision === 'retry' ? undefined : review?.place, done].find(isThere)
    if (place !== undefined) return { ...at, state: stateAt(place), place }
    if (review?.decision === 'reject') return { ...at, state: 'rejected' }
  }
  const made = history?.made.get(print)
  if (made && (isThere(made.work) || (isThere(made.place) && holds(path.join(out, made.place), made)))) return { ...at, state: 'waiting', made }
  if (existing === 'skip' && isThere(item.out))
    return { ...at, state: 'skipped', place: item.out, sentence: `${item.out} is there already, made by something else; --existing overwrite or suffix would do the picture all the same.` }
  return { ...at, state: 'waiting' }
}

/** A standing as lists show it; what was measured comes from the journal. */
export function viewOf(item: BatchItem, standing: Standing, history: PictureHistory | undefined): ItemView {
  const made = history?.made.get(standing.print)
  return {
    key: item.key, state: standing.state,
    ...(standing.place === undefined ? {} : { place: standing.place }),
    ...(standing.sentence === undefined ? {} : { sentence: standing.sentence }),
    ...(made && standing.place !== undefined ? { measures: made.measures, ...thumbnailsOf(made) } : {}),
  }
}

/** The thumbnails of a made result, where there are any. */
export function thumbnailsOf(made: Pick<MadeRecord, 'before' | 'after'>): Pick<ItemView, 'before' | 'after'> {
  return { ...(made.before === null ? {} : { before: made.before }), ...(made.after === null ? {} : { after: made.after }) }
}

/** Whether a place is among those that wait for a decision, were turned down, or are as they should be. */
function stateAt(place: string): 'earlier' | 'review' | 'rejected' {
  if (place.startsWith(`${REVIEW_FOLDER}/`)) return 'review'
  return place.startsWith(`${REJECTED_FOLDER}/`) ? 'rejected' : 'earlier'
}

/** Files count by length and time of change: reading each would take as long as the batch itself. */
function printOf(item: BatchItem, plan: BatchPlan, attempt: number): string {
  const files = [path.join(plan.settings.in, item.key), ...item.steps.flatMap(({ aim }) => (aim.by === 'mask' ? [aim.file] : []))]
  const states = files.map((file) => {
    const stat = fs.statSync(file, { throwIfNoEntry: false })
    return stat ? [stat.size, Math.round(stat.mtimeMs)] : null
  })
  return createHash('sha256').update(JSON.stringify([item.wish, states, attempt])).digest('hex').slice(0, 32)
}
