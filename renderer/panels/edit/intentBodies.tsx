/** What each intent needs, and nothing else. */
import { Button, Switch } from '@mantine/core'
import { IconHighlight } from '@tabler/icons-react'
import type { ComponentType } from 'react'
import { activeMask, documentStore } from '../../stores/documentStore.ts'
import { type IntentName, editStore, setForm } from '../../stores/editStore.ts'
import { sessionStore } from '../../stores/sessionStore.ts'
import { chooseTool } from '../../stores/toolStore.ts'
import { useShallowStore, useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { SliderRow } from '../../ui/SliderRow.tsx'
import { Slot, useSlot } from '../../ui/slots.tsx'
import { PromptBox } from './PromptBox.tsx'
import { Variations } from './Variations.tsx'

/** Says which mask the edit works on, or how to get one. */
function MaskLine() {
  const mask = useShallowStore(documentStore, (state) => {
    const layer = activeMask(state)
    return { name: layer?.name ?? null, colour: layer?.colour ?? null }
  })
  const fallback = useStore(sessionStore, ({ settings }) => settings.maskColour)
  if (mask.name !== null) {
    return <p className="edit-mask"><span className="swatch" style={{ background: mask.colour ?? fallback }} aria-hidden />{t('edit.mask.used', { name: mask.name })}</p>
  }
  return (
    <div className="edit-mask edit-mask-none">
      <span><strong>{t('edit.mask.none')}</strong>{t('edit.mask.none.about')}</span>
      <Button fullWidth variant="default" leftSection={<IconHighlight size="1rem" />} onClick={() => chooseTool('mask-brush')}>{t('edit.mask.brush')}</Button>
    </div>
  )
}

function Strength({ intent }: { readonly intent: 'fill' | 'restyle' }) {
  const strength = useStore(editStore, (state) => state.strength)
  return (
    <SliderRow
      label={t('edit.strength')} value={strength[intent]} min={0} max={1} step={0.01} scale={100} suffix=" %" hint={[t('edit.strength.low'), t('edit.strength.high')]}
      onChange={(next) => setForm({ strength: { ...strength, [intent]: next } })}
    />
  )
}

function Fill() {
  const level = useStore(sessionStore, ({ settings }) => settings.level)
  const soft = useStore(editStore, (state) => state.soft)
  return (
    <>
      <MaskLine />
      <PromptBox label={t('edit.prompt.fill')} hint={t('edit.prompt.fill.hint')} />
      <Strength intent="fill" />
      {level !== 'simple' && <Switch label={t('edit.soft')} checked={soft} onChange={(event) => setForm({ soft: event.currentTarget.checked })} />}
      <Variations />
    </>
  )
}

function Remove() {
  const level = useStore(sessionStore, ({ settings }) => settings.level)
  const { grow, feather } = useStore(editStore, (state) => state.removal)
  return (
    <>
      <MaskLine />
      {level !== 'simple' && (
        <>
          <SliderRow label={t('edit.grow')} value={grow ?? 4} unset={grow === null ? t('edit.auto') : undefined} min={0} max={200} step={1} suffix=" px" onChange={(next) => setForm({ removal: { grow: next, feather } })} />
          <SliderRow label={t('edit.feather')} value={feather ?? 8} unset={feather === null ? t('edit.auto') : undefined} min={0} max={200} step={1} suffix=" px" onChange={(next) => setForm({ removal: { grow, feather: next } })} />
        </>
      )}
    </>
  )
}

const SIDES = ['left', 'right', 'top', 'bottom'] as const

function Expand() {
  const expand = useStore(editStore, (state) => state.expand)
  const canvas = useStore(documentStore, ({ document }) => document?.canvas ?? null)
  const most = canvas ? Math.max(256, Math.round(Math.max(canvas.width, canvas.height))) : 512
  return (
    <>
      <PromptBox label={t('edit.prompt.expand')} hint={t('edit.prompt.fill.hint')} />
      <div className="edit-sides">
        {SIDES.map((side) => (
          <SliderRow key={side} label={t(`edit.expand.${side}`)} value={expand[side]} min={0} max={most} step={8} suffix=" px" onChange={(next) => setForm({ expand: { ...expand, [side]: next } })} />
        ))}
      </div>
      <div className="edit-line">
        <Button variant="default" size="compact-sm" onClick={() => setForm({ expand: { left: 128, right: 128, top: 128, bottom: 128 } })}>{t('edit.expand.all')} +128</Button>
        <Button variant="default" size="compact-sm" onClick={() => chooseTool('frame')}>{t('edit.expand.frame')}</Button>
      </div>
      {canvas && <p className="edit-note number">{t('edit.expand.result', { width: canvas.width + expand.left + expand.right, height: canvas.height + expand.top + expand.bottom })}</p>}
      <Variations />
    </>
  )
}

function Restyle() {
  return (
    <>
      <PromptBox label={t('edit.prompt.restyle')} />
      <Strength intent="restyle" />
      <Variations />
    </>
  )
}

function Draw() {
  return (
    <>
      <PromptBox label={t('edit.prompt.draw')} />
      <Variations />
    </>
  )
}

/** Swap's body is the words panel. */
function Swap() {
  return useSlot('edit.swap') ? <Slot id="edit.swap" /> : <EmptyState title={t('edit.swap.missing')} />
}

/** Intent to its body. */
export const INTENT_BODIES: Readonly<Record<IntentName, ComponentType>> = { fill: Fill, remove: Remove, expand: Expand, restyle: Restyle, swap: Swap, draw: Draw }
