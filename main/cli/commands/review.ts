import { z } from 'zod'
import { badInput } from '../../engine/errors.ts'
import { readJournals } from '../../jobs/batch/journal.ts'
import { DECISIONS, decide, reviewStates } from '../../jobs/batch/reviews.ts'
import type { ProcedureSpec } from '../commandSpec.ts'
import { reportTable } from '../reports.ts'

const schema = z.object({
  folder: z.string().min(1).describe('folder of results of a batch'),
  action: z.enum(['list', ...DECISIONS]).default('list').describe('what to decide; list shows what has been decided'),
  picture: z.array(z.string().min(1)).default([]).describe('picture as the report calls it; may be given several times'),
})

/** Decisions about the results of a batch. */
export const review: ProcedureSpec = {
  name: 'review',
  summary: 'FOLDER list | accept | reject | retry results of a batch',
  about:
    'Decides about results of a batch. accept moves a result from the folder "review" to its place, reject moves it to "rejected", retry sets it ' +
    'aside and the next run of the batch does the picture again with another seed. No file is deleted.',
  examples: ['palimpsest review results list', 'palimpsest review results accept --picture cat.jpg --picture dog.jpg', 'palimpsest review results retry --picture cat.jpg'],
  schema,
  positionals: ['folder', 'action'],
  inputPaths: ['folder'],
  check: ({ action, picture }) => {
    if (action === undefined || action === 'list' || (Array.isArray(picture) && picture.length > 0)) return
    throw badInput('input/missing', { thing: `review ${String(action)}`, expected: '--picture with the name of a picture', found: 'none given', todo: 'see "palimpsest review FOLDER list"' })
  },
  perform: async (request) => {
    const { folder, action, picture } = schema.parse(request)
    if (action === 'list') {
      const states = reviewStates(folder)
      const items = [...readJournals(folder)].flatMap(([key, { done }]) => {
        const place = states.get(key)?.place ?? [...done.values()].at(-1)
        return place === undefined ? [] : [{ key, place, decision: states.get(key)?.decision ?? null }]
      })
      const rows = items.map(({ key, place, decision }) => [key, place, decision ?? (place.startsWith('review/') ? 'waits' : '')])
      return { result: { items }, text: rows.length > 0 ? reportTable(['picture', 'result', 'decision'], rows) : 'No batch has put results into this folder.' }
    }
    const reviews = picture.map((key) => decide(folder, key, action, Date.now()))
    return { result: { reviews }, text: reviews.map(({ key, from, to }) => (from === to ? `${key}: ${action}.` : `${key}: ${action}, ${from} -> ${to}`)).join('\n') }
  },
}
