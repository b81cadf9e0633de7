/** The queue as the window sees it, and the newest preview of each run. */
import { createStore } from 'zustand/vanilla'
import type { EventData } from '../../preload/contract/channels.ts'
import type { Job } from '../../preload/contract/edits.ts'
import { call } from '../api/client.ts'

/** A preview picture: RGBA8, and where on the canvas it belongs (null = everywhere). */
export type JobPreview = EventData<'job.preview'>

/** See {@link jobsStore}. Jobs in the order of the queue. */
export type JobsState = { readonly jobs: readonly Job[]; readonly preview: JobPreview | null }

/** Runs of this host. */
export const jobsStore = createStore<JobsState>(() => ({ jobs: [], preview: null }))

/** Whether a job still has something to do. */
export function isActive(job: Job): boolean {
  return job.state === 'queued' || job.state === 'running'
}

/** The job that is being computed. */
export function runningJob(state: JobsState): Job | null {
  return state.jobs.find((job) => job.state === 'running') ?? null
}

/** Takes news of a job; a finished job's preview is over. */
export function takeJob(job: Job): void {
  jobsStore.setState(({ jobs, preview }) => ({
    jobs: jobs.some((old) => old.job === job.job) ? jobs.map((old) => (old.job === job.job ? job : old)) : [...jobs, job],
    preview: preview?.job === job.job && !isActive(job) ? null : preview,
  }))
}

/** Reads the queue. @throws AppError */
export async function refreshJobs(): Promise<void> {
  jobsStore.setState({ jobs: (await call('jobs.list', {})).jobs })
}

/** Stops a job. @throws AppError */
export async function cancelJob(job: string): Promise<void> {
  await call('jobs.cancel', { job })
}

/** Runs a job again with what it was given. @throws AppError */
export async function retryJob(job: string): Promise<void> {
  await call('jobs.retry', { job })
}

/** Moves a waiting job in front of another, or to the end. @throws AppError */
export async function moveJob(job: string, before: string | null): Promise<void> {
  jobsStore.setState({ jobs: (await call('jobs.move', { job, before })).jobs })
}

/** Takes finished jobs out of the list. @throws AppError */
export async function clearJobs(): Promise<void> {
  jobsStore.setState({ jobs: (await call('jobs.clear', {})).jobs })
}

/** Resolves with a job once it has ended, however it ended. */
export function jobEnded(id: string): Promise<Job> {
  return new Promise((resolve) => {
    const look = (): boolean => {
      const job = jobsStore.getState().jobs.find(({ job }) => job === id)
      if (!job || isActive(job)) return false
      resolve(job)
      return true
    }
    if (look()) return
    const stop = jobsStore.subscribe(() => {
      if (look()) stop()
    })
  })
}
