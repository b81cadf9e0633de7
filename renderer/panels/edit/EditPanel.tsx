/** The Edit panel: an intent, what it needs, and Go with its forecast. */
import { Select } from '@mantine/core'
import { IconArrowsMaximize, IconEraser, IconPaint, IconPalette, IconPencil, IconReplace } from '@tabler/icons-react'
import type { ComponentType } from 'react'
import { documentStore } from '../../stores/documentStore.ts'
import { INTENTS, type IntentName, editStore, setForm } from '../../stores/editStore.ts'
import { changeSettings, sessionStore } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { EditFooter } from './EditFooter.tsx'
import { INTENT_BODIES } from './intentBodies.tsx'
import { SamplingSections } from './SamplingSections.tsx'

const ICONS: Readonly<Record<IntentName, ComponentType<{ size?: number | string; stroke?: number }>>> = { fill: IconPaint, remove: IconEraser, expand: IconArrowsMaximize, restyle: IconPalette, swap: IconReplace, draw: IconPencil }
const LEVELS = ['simple', 'advanced', 'expert'] as const

/** See the file's head. */
export function EditPanel() {
  const intent = useStore(editStore, (state) => state.intent)
  const level = useStore(sessionStore, ({ settings }) => settings.level)
  const Body = INTENT_BODIES[intent]
  return (
    <div className="panel">
      <Intents />
      <div className="panel-scroll edit-scroll">
        <div className="edit-about">
          <p>{t(`edit.about.${intent}`)}</p>
          <Select
            className="edit-level" variant="unstyled" aria-label={t('edit.level')} value={level} data={LEVELS.map((value) => ({ value, label: t(`edit.level.${value}`) }))}
            onChange={(next) => next && void changeSettings({ level: next as (typeof LEVELS)[number] })} // the list has only levels
          />
        </div>
        <div className="panel-body"><Body /></div>
        {level !== 'simple' && <SamplingSections intent={intent} expert={level === 'expert'} />}
      </div>
      <EditFooter />
    </div>
  )
}

/** The intents in a row. Draw stands in for Fill's neighbours while the canvas is blank. */
function Intents() {
  const intent = useStore(editStore, (state) => state.intent)
  const blank = useStore(documentStore, ({ document }) => document?.source === null)
  const shown = INTENTS.filter((one) => one !== 'draw' || blank || intent === 'draw')
  return (
    <div className="intents" role="radiogroup" aria-label={t('edit.intent')}>
      {shown.map((one) => {
        const Icon = ICONS[one]
        return (
          <button key={one} type="button" role="radio" aria-checked={one === intent} tabIndex={one === intent ? 0 : -1} className="intent" onClick={() => setForm({ intent: one })} onKeyDown={(event) => walk(event, shown, one)}>
            <Icon size="1.125rem" stroke={1.5} />
            {t(`edit.intent.${one}`)}
          </button>
        )
      })}
    </div>
  )
}

/** Arrow keys choose the neighbour, as in any group of radio buttons. */
function walk(event: React.KeyboardEvent<HTMLElement>, shown: readonly IntentName[], one: IntentName): void {
  const by = event.key === 'ArrowRight' || event.key === 'ArrowDown' ? 1 : event.key === 'ArrowLeft' || event.key === 'ArrowUp' ? -1 : 0
  if (by === 0) return
  event.preventDefault()
  event.stopPropagation()
  const next = (shown.indexOf(one) + by + shown.length) % shown.length
  setForm({ intent: shown[next]! })
  event.currentTarget.parentElement?.querySelectorAll('button')[next]?.focus()
}
