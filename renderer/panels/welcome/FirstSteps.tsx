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
import { type Step, nextStep, stepsOf } from './steps.ts'
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
  const added = useStore(editStore, ({ expand }) => expand.left + expand.right + expand.top + expand.bottom)
  const wordsChanged = useStore(wordsStore, (state) => obstacleOf(state) === null)
  const [jobsBefore] = useState(() => new Set(jobsStore.getState().jobs.map(({ job }) => job)))
  const started = useStore(jobsStore, ({ jobs }) => jobs.some(({ job, operation, state }) => !jobsBefore.has(job) && operation !== null && state === 'done'))
  const staged = useStore(stagingStore, ({ edits }) => edits.length > 0)
  const steps = stepsOf({ mask, intent, prompt, wordsChanged, added, started: started || staged })
  const next = nextStep(steps)
  useEffect(() => {
    if (next !== null) return undefined
    const timer = setTimeout(finish, FAREWELL_MS)
    return () => clearTimeout(timer)
  }, [next])
  const text: Readonly<Record<Step, { readonly title: string; readonly more: string }>> = {
    paint: { title: t(sample ? 'steps.paint' : 'steps.paint.any'), more: t('steps.paint.more') },
    type: { title: t(intent === 'fill' ? 'steps.type' : 'steps.type.whole'), more: t(intent === 'fill' ? 'steps.type.more' : 'steps.type.whole.more') },
    word: { title: t('steps.word'), more: t('steps.word.more') },
    side: { title: t('steps.side'), more: t('steps.side.more') },
    go: { title: t('steps.go', { name: t(`edit.go.${intent}`) }), more: t('steps.go.more') },
  }
  return (
    <aside className="steps" aria-label={t('steps.title')}>
      <div className="steps-head"><strong>{t('steps.title')}</strong><span className="welcome-dim" role="status">{t('steps.progress', { done: steps.filter(({ done }) => done).length, n: steps.length })}</span><ActionIcon size="1.25rem" aria-label={t('steps.close')} title={t('steps.close')} onClick={finish}><IconX size="0.875rem" /></ActionIcon></div>
      {next === null ? <p className="steps-done">{t('steps.done')}</p> : (
        <ol>
          {steps.map(({ step, done }, at) => (
            <li key={step} data-done={done || undefined} aria-current={step === next ? 'step' : undefined}>
              <span className="steps-sign" aria-hidden>{done ? <IconCheck size="0.75rem" stroke={2.5} /> : at + 1}</span>
              <div><span>{text[step].title}</span>{step === next && <small>{text[step].more}</small>}</div>
            </li>
          ))}
        </ol>
      )}
    </aside>
  )
}
