/** A batch for the stand-in host: its pictures and how they stand. */
import type { BatchItem, BatchView } from '../../../../preload/contract/batch.ts'

/** The id of the stand-in's batch. */
export const BATCH = 'bat_aaaaaaaaaaaaaaaaaaaa'
/** A recipe as it is pasted. */
export const RECIPE = JSON.stringify({ format: 'palimpsest-recipe', version: 1, name: 'Cats to dogs', steps: [{ task: 'swap', aim: 'everything', swap: ['cat=>dog'] }, { task: 'remove', aim: { where: 'attention(sun) > 0.4' } }] }, null, 2)
/** Its steps in words. */
export const STEPS = [{ task: 'swap', aim: 'everything', summary: 'cat becomes dog' }, { task: 'remove', aim: 'attention(sun) > 0.4', summary: 'take out what is there' }]

/** The pictures of a run that is some way on. */
export function itemsOf(count: number, planned: boolean): BatchItem[] {
  return Array.from({ length: count }, (_, index): BatchItem => {
    const state = planned || index >= count * 0.7 ? 'waiting' : index % 17 === 3 ? 'failed' : index % 9 === 4 ? 'review' : index % 13 === 6 ? 'rejected' : index % 5 === 0 ? 'accepted' : 'done'
    return {
      index, name: `IMG_${String(1000 + index)}.jpg`, state, before: 'picture-00', after: state === 'waiting' || state === 'failed' ? null : `result-${index % 3}-0`, seconds: state === 'waiting' ? null : 6.4,
      note: state === 'review' ? 'fidelity 18.2 dB, below 24' : '', error: state === 'failed' ? { code: 'picture/unreadable', message: `IMG_${1000 + index}.jpg ends after 12 KB; copy it again.`, exitCode: 2, details: {} } : null,
    }
  })
}

/** The run as a whole, from its pictures. */
export function viewOf(items: readonly BatchItem[], state: BatchView['state']): BatchView {
  const count = (...states: BatchItem['state'][]): number => items.filter((item) => states.includes(item.state)).length
  return {
    batch: BATCH, name: 'Cats to dogs', state, total: items.length, done: count('done', 'accepted', 'rejected'), failed: count('failed'), review: count('review'), skipped: count('skipped'), etaSeconds: state === 'running' ? 424 : null,
    problems: ['IMG_1003.jpg has no mask "IMG_1003_mask.*" in "masks"; it will be left out.', 'IMG_1011.jpg and IMG_1011.png would both become "IMG_1011.png".'],
  }
}
