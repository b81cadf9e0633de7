/** A run: how it stands, what the plan found, and the wall of its pictures. */
import { Button } from '@mantine/core'
import { IconAlertTriangle, IconPlayerPause, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react'
import { useState } from 'react'
import type { BatchView } from '../../../preload/contract/batch.ts'
import { settled } from '../../stores/batch/review.ts'
import { t } from '../../strings/t.ts'
import { timeText } from '../../app/format.ts'
import { ReviewWall } from './ReviewWall.tsx'
import { useBatch } from './useBatch.ts'

/** Problems shown before the rest is unfolded. */
const FIRST_PROBLEMS = 5

/** See the file's head. */
export function BatchRun({ view }: { readonly view: BatchView }) {
  return (
    <div className="batch-run">
      <RunHead view={view} />
      {view.state === 'planned' && <Problems problems={view.problems} />}
      <ReviewWall view={view} />
    </div>
  )
}

function RunHead({ view }: { readonly view: BatchView }) {
  const { start, pause, cancel } = useBatch((state) => state)
  const done = settled(view)
  const counts = [
    view.failed > 0 && t('batch.count.failed', { n: view.failed }), view.review > 0 && t('batch.count.review', { n: view.review }), view.skipped > 0 && t('batch.count.skipped', { n: view.skipped }),
  ].filter((one): one is string => one !== false)
  const share = view.total > 0 ? done / view.total : 0
  return (
    <header className="batch-run-head">
      <div className="batch-run-title">
        <h2>{view.name === '' ? t('batch.recipe.unnamed') : view.name}</h2>
        <span className="batch-state" data-state={view.state}>{t(`batch.state.${view.state}`)}</span>
        <span className="batch-spring" />
        {view.state === 'running' && <Button variant="default" leftSection={<IconPlayerPause size="0.9375rem" />} onClick={() => void pause()}>{t('batch.pause')}</Button>}
        {(view.state === 'running' || view.state === 'paused') && <Button variant="default" leftSection={<IconPlayerStop size="0.9375rem" />} onClick={() => void cancel()}>{t('batch.cancel')}</Button>}
        {(view.state === 'planned' || view.state === 'paused' || view.state === 'cancelled') && <Button leftSection={<IconPlayerPlay size="0.9375rem" />} onClick={() => void start()}>{t(view.state === 'planned' ? 'batch.start' : 'batch.resume')}</Button>}
      </div>
      {view.state === 'planned' ? <p className="batch-dim">{t('batch.planned', { n: view.total - view.skipped })}. {t('batch.planned.body')}</p> : (
        <>
          <div className="batch-bar" role="progressbar" aria-label={t('batch.title')} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)}>
            <span style={{ width: `${(view.total > 0 ? view.done / view.total : 0) * 100}%` }} />
            <span data-tone="review" style={{ width: `${(view.total > 0 ? view.review / view.total : 0) * 100}%` }} />
            <span data-tone="skipped" style={{ width: `${(view.total > 0 ? view.skipped / view.total : 0) * 100}%` }} />
            <span data-tone="failed" style={{ width: `${(view.total > 0 ? view.failed / view.total : 0) * 100}%` }} />
          </div>
          <p className="batch-dim">
            {[t('batch.progress', { done, total: view.total }), ...counts, view.state === 'running' && view.etaSeconds !== null && t('batch.eta', { time: timeText(view.etaSeconds) })].filter((one) => typeof one === 'string').join(' · ')}
            {(view.state === 'paused' || view.state === 'cancelled') && <> · {t('batch.resumes')}</>}
          </p>
        </>
      )}
    </header>
  )
}

/** What the plan found, before anything runs. */
function Problems({ problems }: { readonly problems: readonly string[] }) {
  const [all, setAll] = useState(false)
  if (problems.length === 0) return <p className="batch-good">{t('batch.problems.none')}</p>
  const shown = all ? problems : problems.slice(0, FIRST_PROBLEMS)
  return (
    <section className="batch-problems" aria-label={t('batch.problems', { n: problems.length })}>
      <strong><IconAlertTriangle size="0.9375rem" aria-hidden />{t('batch.problems', { n: problems.length })}</strong>
      <ul>{shown.map((problem) => <li key={problem}>{problem}</li>)}</ul>
      {shown.length < problems.length && <Button variant="subtle" size="compact-sm" onClick={() => setAll(true)}>{t('common.more')} ({problems.length - shown.length})</Button>}
    </section>
  )
}
