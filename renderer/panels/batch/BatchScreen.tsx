/** Batch: runs on the left; the form of a new one, or the run that is looked at. */
import { IconPlus } from '@tabler/icons-react'
import { useEffect } from 'react'
import type { BatchView } from '../../../preload/contract/batch.ts'
import { settled } from '../../stores/batch/review.ts'
import { t } from '../../strings/t.ts'
import { BatchFormPane } from './BatchFormPane.tsx'
import { BatchRun } from './BatchRun.tsx'
import { useBatch } from './useBatch.ts'
import './batch.css'

/** See the file's head. */
export function BatchScreen() {
  const { batches, current, problem, watch, look } = useBatch((state) => state)
  useEffect(() => watch(), [watch])
  return (
    <div className="batch">
      {problem !== null && <p className="batch-problem" role="alert">{problem}</p>}
      <div className="batch-body">
        <nav className="batch-runs" aria-label={t('batch.runs')}>
          <button type="button" className="batch-run-link" aria-current={current === null ? 'page' : undefined} onClick={() => void look(null)}><IconPlus size="0.9375rem" aria-hidden />{t('batch.new')}</button>
          <h2>{t('batch.runs')}</h2>
          {batches.length === 0 && <p className="batch-dim">{t('batch.runs.none')}</p>}
          {batches.map((view) => <RunLink key={view.batch} view={view} active={view.batch === current?.batch} onLook={() => void look(view.batch)} />)}
        </nav>
        {current ? <BatchRun view={current} /> : <BatchFormPane />}
      </div>
    </div>
  )
}

function RunLink({ view, active, onLook }: { readonly view: BatchView; readonly active: boolean; readonly onLook: () => void }) {
  return (
    <button type="button" className="batch-run-link" aria-current={active ? 'page' : undefined} onClick={onLook}>
      <span className="batch-dot" data-state={view.state} aria-hidden />
      <span className="batch-run-name">{view.name === '' ? t('batch.recipe.unnamed') : view.name}</span>
      <span className="batch-dim">{view.state === 'running' ? t('batch.progress', { done: settled(view), total: view.total }) : t(`batch.state.${view.state}`)}</span>
    </button>
  )
}
