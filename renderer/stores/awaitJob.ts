/** Waiting for a job of the queue whose result is wanted: attention maps, inversions, checks of models. */
import type { z } from 'zod'
import type { call as callHost, on as onHost } from '../api/client.ts'
import type { Job } from '../../preload/contract/edits.ts'
import { AppError } from '../../preload/contract/result.ts'

/** The two ways to the host; stores take them as an argument, so that tests can stand in for it. */
export interface Api {
  readonly call: typeof callHost
  readonly on: typeof onHost
}

/** How far a job is. */
export type JobProgress = Pick<Job, 'job' | 'state' | 'phase' | 'step' | 'steps' | 'etaSeconds'>

/** What a job gave: its result, or null when it was cancelled. */
export interface JobOptions<Schema extends z.ZodType> {
  /** checks the job's result */
  readonly result: Schema
  readonly onProgress: (progress: JobProgress) => void
}

/**
 * Starts a job and waits for its end. Listens before it starts, so that a job that ends at once is not missed.
 * @returns the job's result; null when it was cancelled
 * @throws AppError when it could not be queued or failed
 */
export async function awaitJob<Schema extends z.ZodType>(api: Api, start: () => Promise<{ readonly job: string }>, options: JobOptions<Schema>): Promise<z.output<Schema> | null> {
  const seen = new Map<string, Job>()
  let tell: (job: Job) => void = (job) => seen.set(job.job, job)
  const stop = api.on('job.changed', ({ job }) => tell(job))
  try {
    const { job: id } = await start()
    const ended = await new Promise<Job>((resolve) => {
      tell = (job) => {
        if (job.job !== id) return
        options.onProgress(job)
        if (job.state === 'done' || job.state === 'failed' || job.state === 'cancelled') resolve(job)
      }
      const known = seen.get(id)
      if (known) tell(known)
      else options.onProgress({ job: id, state: 'queued', phase: '', step: 0, steps: 0, etaSeconds: null })
    })
    if (ended.state === 'cancelled') return null
    if (ended.error) throw new AppError(ended.error)
    return options.result.parse(ended.result)
  } finally {
    stop()
  }
}

/** The sentence of anything thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
