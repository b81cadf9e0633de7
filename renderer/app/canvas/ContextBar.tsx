/** The bar under a selection: say what, how often, go. Shown while a mask is in force and nothing waits to be accepted. */
import { useLayoutEffect, useRef, useState } from 'react'
import { Button, NumberInput, SegmentedControl, TextInput, Tooltip } from '@mantine/core'
import { IconArrowRight, IconPlayerStop } from '@tabler/icons-react'
import { activeMask, documentStore } from '../../stores/documentStore.ts'
import { type IntentName, editStore, setForm } from '../../stores/editStore.ts'
import { layoutStore, showTab } from '../../stores/layoutStore.ts'
import { runningJob, jobsStore } from '../../stores/jobsStore.ts'
import { stagingStore } from '../../stores/stagingStore.ts'
import { useShallowStore, useStore } from '../../stores/useStore.ts'
import { wordsStore } from '../../stores/words.ts'
import { obstacleOf } from '../../stores/words/intent.ts'
import { t } from '../../strings/t.ts'
import { useMaskOnScreen } from './useMaskOnScreen.ts'
import { barPlace } from './barPlace.ts'
import { viewStore } from '../../stores/viewStore.ts'
import { obstacle } from '../actions/runEdit.ts'
import { runCommand } from '../commands/registry.ts'
import { timeText } from '../format.ts'

const CHOICES: readonly IntentName[] = ['fill', 'remove', 'swap']

/** See the file's head. */
export function ContextBar() {
  const mask = useStore(documentStore, (state) => (activeMask(state)?.extent ?? null) !== null)
  const waits = useStore(stagingStore, ({ edits }) => edits.length > 0)
  const job = useStore(jobsStore, runningJob)
  const hidden = useStore(layoutStore, (state) => state.hidden)
  const intent = useStore(editStore, (state) => state.intent)
  if (hidden) return null
  if (job) return <RunBar title={job.title} share={job.steps > 0 ? job.step / job.steps : null} eta={job.etaSeconds} />
  return mask && !waits && CHOICES.includes(intent) ? <SelectionBar /> : null
}

function SelectionBar() {
  const { intent, prompt, variations } = useShallowStore(editStore, (state) => ({ intent: state.intent, prompt: state.prompt, variations: state.variations }))
  useStore(wordsStore, obstacleOf) // a word that was changed makes a swap possible
  const why = useStore(editStore, obstacle)
  const drawing = useStore(viewStore, (state) => state.drawing)
  const bar = useRef<HTMLFormElement>(null)
  const place = useBarPlace(bar)
  const shown = intent
  const choose = (next: IntentName): void => {
    setForm({ intent: next })
    if (next === 'swap') showTab('edit')
  }
  return (
    <form
      ref={bar} className="context" aria-label={t('context.bar')} style={place} data-drawing={drawing || undefined}
      onSubmit={(event) => {
        event.preventDefault()
        void runCommand('run.go')
      }}
    >
      {shown === 'fill' && <TextInput className="context-prompt" aria-label={t('edit.prompt.fill')} placeholder={t('edit.prompt.fill')} value={prompt} onChange={(event) => setForm({ prompt: event.currentTarget.value })} />}
      <SegmentedControl fullWidth={false} aria-label={t('edit.intent')} value={shown} onChange={(next) => choose(next)} data={CHOICES.map((value) => ({ value, label: t(`edit.intent.${value}`) }))} />
      {shown === 'fill' && <Tooltip label={t('context.variations')}><NumberInput className="context-number" aria-label={t('context.variations')} min={1} max={16} value={variations} onChange={(next) => typeof next === 'number' && setForm({ variations: Math.min(16, Math.max(1, Math.round(next))) })} /></Tooltip>}
      <Button type="submit" disabled={why !== null} rightSection={<IconArrowRight size="0.9375rem" />}>{t('edit.go')}</Button>
    </form>
  )
}

/** Under the mask where there is room, always within the canvas. */
function useBarPlace(bar: React.RefObject<HTMLFormElement | null>): React.CSSProperties | undefined {
  const mask = useMaskOnScreen()
  const [place, setPlace] = useState<React.CSSProperties>()
  useLayoutEffect(() => {
    const element = bar.current
    const room = element?.parentElement
    if (!element || !room || !mask) return setPlace(undefined)
    const { left, top } = barPlace(mask, { width: element.offsetWidth, height: element.offsetHeight }, { width: room.clientWidth, height: room.clientHeight })
    setPlace({ left, top, bottom: 'auto', transform: 'none' })
  }, [bar, mask])
  return place
}

function RunBar({ title, share, eta }: { readonly title: string; readonly share: number | null; readonly eta: number | null }) {
  return (
    <div className="context context-run" role="status">
      <span className="context-ring" style={{ '--share': share ?? 0.15 } as React.CSSProperties} data-open={share === null || undefined} aria-hidden />
      <span className="context-title">{title}</span>
      {eta !== null && <span className="number context-eta">{t('queue.left', { time: timeText(eta) })}</span>}
      <Button variant="default" leftSection={<IconPlayerStop size="0.9375rem" />} onClick={() => void runCommand('run.cancel')}>{t('common.cancel')}</Button>
    </div>
  )
}
