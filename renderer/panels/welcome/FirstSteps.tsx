/** A small checklist in a corner of the canvas that follows a person through the first edit, and goes away for good. */
import { ActionIcon } from '@mantine/core'
import { IconCheck, IconX } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { activeMask, documentStore } from '../../stores/documentStore.ts'
import { editStore } from '../../stores/editStore.ts'
import { jobsStore } from '../../stores/jobsStore.ts'
import { changeSettings, sessionStore } from '../../stores/sessionStore.ts'
import { stagingStore } from '../../stores/stagingStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { wordsStore } from '../../stores/words.ts'
import { obstacleOf } from '../../stores/words/intent.ts'
import { t } from '../../strings/t.ts'
import { nextStep, stepsDone } from './steps.ts'
import './welcome.css'

/** The last line stays this long after the first edit. */
const FAREWELL_MS = 9000

/** See the file's head. */
export function FirstSteps() {
  const { ready, settings } = useStore(sessionStore, (state) => state)
  return ready && !settings.onboarded ? <Checklist /> : null
}

/** Remembers that the first steps were taken; a failure to remember shows them once more, which does no harm. */
function finish(): void {
  changeSettings({ onboarded: true }).catch(() => null)
}

function Checklist() {
  const mask = useStore(documentStore, (state) => activeMask(state))
  const sample = useStore(documentStore, (state) => state.project?.name === t('document.sample'))
  const intent = useStore(editStore, (state) => state.intent)
  const prompt = useStore(editStore, (state) => state.prompt)
  const wordsChanged = useStore(wordsStore, (state) => obstacleOf(state) === null)
  const [jobsBefore] = useState(() => new Set(jobsStore.getState().jobs.map(({ job }) => job)))
  const started = useStore(jobsStore, ({ jobs }) => jobs.some(({ job, operation, state }) => !jobsBefore.has(job) && operation !== null && state === 'done'))
  const staged = useStore(stagingStore, ({ edits }) => edits.length > 0)
  const done = stepsDone({ mask, intent, prompt, wordsChanged, started: started || staged })
  const next = nextStep(done)
  useEffect(() => {
    if (next !== null) return undefined
    const timer = setTimeout(finish, FAREWELL_MS)
    return () => clearTimeout(timer)
  }, [next])
  const steps = [
    { title: t(sample ? 'steps.paint' : 'steps.paint.any'), more: t('steps.paint.more') }, { title: t('steps.type'), more: t('steps.type.more') }, { title: t('steps.go'), more: t('steps.go.more') },
  ]
  return (
    <aside className="steps" aria-label={t('steps.title')}>
      <div className="steps-head"><strong>{t('steps.title')}</strong><span className="welcome-dim" role="status">{t('steps.progress', { done: done.filter(Boolean).length })}</span><ActionIcon size="1.25rem" aria-label={t('steps.close')} title={t('steps.close')} onClick={finish}><IconX size="0.875rem" /></ActionIcon></div>
      {next === null ? <p className="steps-done">{t('steps.done')}</p> : (
        <ol>
          {steps.map(({ title, more }, at) => (
            <li key={title} data-done={done[at] || undefined} aria-current={at === next ? 'step' : undefined}>
              <span className="steps-sign" aria-hidden>{done[at] ? <IconCheck size="0.75rem" stroke={2.5} /> : at + 1}</span>
              <div><span>{title}</span>{at === next && <small>{more}</small>}</div>
            </li>
          ))}
        </ol>
      )}
    </aside>
  )
}
