/**
 * What a person decided about results: accept, reject, retry. A line per decision in `reviews.jsonl`, flushed before the
 * file is moved, so that a decision is never half carried out: the next look finishes it. No file is deleted.
 *
 * accept: a result that waits in `review` goes to its place. reject: the result goes to `rejected`. retry: the result is
 * set aside and the next run does the picture again with another seed.
 */
import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { badInput } from '../../engine/errors.ts'
import { diskFault, makeFolder, renameOver, syncFolder, writeAll } from '../../history/durableFiles.ts'
import { formatLine, parseLine } from '../../history/recordLog.ts'
import { REJECTED_FOLDER, REVIEW_FOLDER } from './findPictures.ts'
import { batchFolder, readJournals } from './journal.ts'
import { freeName } from './naming.ts'

/** What can be decided. */
export const DECISIONS = ['accept', 'reject', 'retry'] as const
/** One of {@link DECISIONS}. */
export type Decision = (typeof DECISIONS)[number]

const reviewSchema = z.object({
  key: z.string().min(1),
  decision: z.enum(DECISIONS),
  /** where the result lay and where it goes, relative to the folder of results; equal when it stays */
  from: z.string().min(1),
  to: z.string().min(1),
  at: z.number(),
})

/** A decision as the file holds it. */
export type Review = z.output<typeof reviewSchema>

/** What the decisions say of one picture. */
export interface ReviewState {
  /** the last decision */
  readonly decision: Decision
  /** how often the picture was asked to be done again: the attempt the next run makes */
  readonly attempt: number
  /** where the result of the last decision lies, relative to the folder of results */
  readonly place: string
}

function reviewFile(out: string): string {
  return path.join(batchFolder(out), 'reviews.jsonl')
}

/** Every decision in order; lines that were cut off are left out. */
export function readReviews(out: string): Review[] {
  if (!fs.existsSync(reviewFile(out))) return []
  return fs.readFileSync(reviewFile(out), 'utf8').split('\n').flatMap((text) => {
    const line = text === '' ? undefined : parseLine(text)
    const parsed = line && z.array(reviewSchema).safeParse(JSON.parse(line.text))
    return parsed?.success ? parsed.data : []
  })
}

/** What the decisions say, by picture. Changes nothing. */
export function reviewStates(out: string): Map<string, ReviewState> {
  const states = new Map<string, ReviewState>()
  for (const { key, decision, to } of readReviews(out))
    states.set(key, { decision, place: to, attempt: (states.get(key)?.attempt ?? 0) + (decision === 'retry' ? 1 : 0) })
  return states
}

/** Does the move that a crash left undone. Only the last can be: those before it were done before it was written. */
export function finishReviews(out: string): void {
  const last = readReviews(out).at(-1)
  if (last) carryOut(out, last)
}

/**
 * Decides about the result of a picture.
 * @param key the picture's relative path, as reports call it
 * @returns the decision as it was written down
 * @throws EngineError batch/no-result (exit 2) when the picture has no result to decide about
 */
export function decide(out: string, key: string, decision: Decision, now: number): Review {
  finishReviews(out)
  const from = currentPlace(out, key)
  if (from === undefined) throw badInput('batch/no-result', { thing: key, expected: 'a picture with a result to decide about', found: 'none in this folder', todo: 'see batch-report.html for the names' })
  const review: Review = { key, decision, from, to: targetOf(out, from, decision), at: now }
  const file = reviewFile(out)
  try {
    makeFolder(path.dirname(file))
    const isNew = !fs.existsSync(file)
    const fd = fs.openSync(file, 'a')
    try {
      const torn = !isNew && !fs.readFileSync(file).subarray(-1).equals(Buffer.from('\n')) && fs.statSync(file).size > 0
      writeAll(fd, Buffer.from(`${torn ? '\n' : ''}${formatLine(readReviews(out).length + 1, JSON.stringify([review]))}\n`))
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
    if (isNew) syncFolder(path.dirname(file))
  } catch (error) {
    throw diskFault(file, error)
  }
  carryOut(out, review)
  return review
}

/** Where the picture's result lies now: where the last decision or the newest run put it. */
function currentPlace(out: string, key: string): string | undefined {
  const done = [...(readJournals(out).get(key)?.done.values() ?? [])].reverse()
  const decided = readReviews(out).filter((review) => review.key === key).map((review) => review.to).reverse()
  return [...done, ...decided].find((place) => fs.existsSync(path.join(out, place)) && !place.startsWith(path.basename(batchFolder(out))))
}

function targetOf(out: string, from: string, decision: Decision): string {
  const bare = from.replace(new RegExp(`^(${REVIEW_FOLDER}|${REJECTED_FOLDER})/`), '')
  const free = (name: string): string => (name === from ? name : freeName(name, (candidate) => fs.existsSync(path.join(out, candidate))))
  if (decision === 'accept') return free(bare)
  if (decision === 'reject') return from.startsWith(`${REJECTED_FOLDER}/`) ? from : free(`${REJECTED_FOLDER}/${bare}`)
  return free(`${path.basename(batchFolder(out))}/replaced/${bare}`)
}

function carryOut(out: string, { from, to }: Review): void {
  const [source, target] = [path.join(out, from), path.join(out, to)]
  if (from === to || !fs.existsSync(source) || fs.existsSync(target)) return
  try {
    makeFolder(path.dirname(target))
    renameOver(source, target)
    syncFolder(path.dirname(target))
    syncFolder(path.dirname(source))
  } catch (error) {
    throw diskFault(target, error)
  }
}
