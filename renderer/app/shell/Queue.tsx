/** The queue: what runs, what waits, what is done; reorder, retry, cancel. */
import { Button, Progress } from '@mantine/core'
import { IconArrowBarToUp, IconChevronDown, IconChevronUp, IconRefresh, IconX } from '@tabler/icons-react'
import type { Job } from '../../../preload/contract/edits.ts'
import { tellProblem } from '../../stores/dialogStore.ts'
import { cancelJob, clearJobs, isActive, jobsStore, moveJob, retryJob } from '../../stores/jobsStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { IconButton } from '../../ui/IconButton.tsx'
import { timeText } from '../format.ts'

const attempt = (work: Promise<unknown>): void => void work.catch((error: unknown) => tellProblem(error, t('error.title')))

/** See the file's head. */
export function Queue() {
  const jobs = useStore(jobsStore, (state) => state.jobs)
  const waiting = jobs.filter(({ state }) => state === 'queued')
  const shown = [...jobs.filter(({ state }) => state === 'running'), ...waiting, ...jobs.filter((job) => !isActive(job)).toReversed()]
  return (
    <div className="queue" role="dialog" aria-label={t('queue.title')}>
      <div className="queue-head">
        <h2>{t('queue.title')}</h2>
        <Button variant="subtle" color="gray" size="compact-xs" disabled={shown.every(isActive)} onClick={() => attempt(clearJobs())}>{t('queue.clear')}</Button>
      </div>
      {shown.length === 0 && <EmptyState title={t('queue.empty')} />}
      <ul className="queue-list">{shown.map((job) => <QueueRow key={job.job} job={job} waiting={waiting} />)}</ul>
    </div>
  )
}

function QueueRow({ job, waiting }: { readonly job: Job; readonly waiting: readonly Job[] }) {
  const place = waiting.indexOf(job)
  const name = job.title
  return (
    <li className="queue-row" data-state={job.state}>
      <div className="queue-about">
        <span className="queue-name">{name}</span>
        <span className="queue-state number">{stateText(job)}</span>
      </div>
      {job.state === 'running' && <Progress size="xs" value={job.steps > 0 ? (100 * job.step) / job.steps : 100} animated={job.steps === 0} aria-label={name} />}
      <div className="queue-buttons">
        {place > 0 && <IconButton icon={IconArrowBarToUp} label={t('queue.first', { name })} onClick={() => attempt(moveJob(job.job, waiting[0]!.job))} />}
        {place > 0 && <IconButton icon={IconChevronUp} label={t('queue.up', { name })} onClick={() => attempt(moveJob(job.job, waiting[place - 1]!.job))} />}
        {place >= 0 && place < waiting.length - 1 && <IconButton icon={IconChevronDown} label={t('queue.down', { name })} onClick={() => attempt(moveJob(job.job, waiting[place + 2]?.job ?? null))} />}
        {isActive(job) ? <IconButton icon={IconX} label={t('queue.cancel', { name })} onClick={() => attempt(cancelJob(job.job))} /> : <IconButton icon={IconRefresh} label={t('queue.retry', { name })} onClick={() => attempt(retryJob(job.job))} />}
      </div>
    </li>
  )
}

function stateText(job: Job): string {
  if (job.state === 'failed' && job.error) return job.error.message
  if (job.state !== 'running') return t(`queue.state.${job.state}`)
  const step = job.steps > 0 ? t('queue.step', { phase: job.phase, step: job.step, steps: job.steps }) : job.phase
  return job.etaSeconds === null ? step : `${step}, ${t('queue.left', { time: timeText(job.etaSeconds) })}`
}
