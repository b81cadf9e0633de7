/** Runs that ended because the program behind the window did: told, with a way to begin them again. */
import type { IntentInput, Job } from '../../../preload/contract/edits.ts'
import { call } from '../../api/client.ts'
import { place } from '../../stores/documentStore.ts'
import { isActive, jobsStore } from '../../stores/jobsStore.ts'
import { tellNotice } from '../../stores/sessionStore.ts'
import { t } from '../../strings/t.ts'

/** Requests of this window by their jobs, which a new host does not know. */
const sent = new Map<string, IntentInput>()
/** Requests that are kept; older ones have ended long ago. */
const MOST_KEPT = 50

/** Keeps what a job was asked for. */
export function rememberRun(job: string, intent: IntentInput): void {
  sent.set(job, intent)
  for (const old of [...sent.keys()].slice(0, Math.max(0, sent.size - MOST_KEPT))) sent.delete(old)
}

/** Tells of each job that was under way and that the host does not know any more. @param before the queue before it was asked anew */
export function tellInterrupted(before: readonly Job[]): void {
  const known = new Set(jobsStore.getState().jobs.map(({ job }) => job))
  for (const { job, title } of before.filter((one) => isActive(one) && !known.has(one.job))) {
    const action = sent.has(job) ? { action: { label: t('notice.retry'), command: 'run.again', payload: job } } : {}
    tellNotice({ id: `job-${job}`, level: 'error', message: t('error.run.lost', { title }), sticky: true, over: false, ...action })
  }
}

/** Begins an interrupted run again, with the seed it had. @throws AppError */
export async function runAgain(job: string): Promise<void> {
  const where = place()
  const intent = sent.get(job)
  if (!where || !intent) return
  sent.delete(job)
  rememberRun((await call('edit.run', { ...where, intent })).job, intent)
}
