/** One model of the list: what it is, what is wrong with it, and what can be done with it. */
import { ActionIcon, Button, Menu, Modal } from '@mantine/core'
import { IconBrush, IconCircleCheck, IconDots, IconMask, IconPhotoAi, IconShieldCheck, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import type { ModelRow } from '../../../preload/contract/models.ts'
import type { Check } from '../../stores/models.ts'
import { t } from '../../strings/t.ts'
import { bytesText } from '../../app/format.ts'
import { useModels } from './useModels.ts'

const KINDS = { 'text-to-image': 'models.kind.text-to-image', inpaint: 'models.kind.inpaint', instruct: 'models.kind.instruct' } as const
/** Words of a vocabulary that a tooltip holds. */
const TIP_WORDS = 80

/** What a model does, in words; the engine's own name where there are none. */
export function kindName(kind: string | null): string {
  return kind !== null && Object.hasOwn(KINDS, kind) ? t(KINDS[kind as keyof typeof KINDS]) : (kind ?? '') // hasOwn has looked
}

/** See the file's head. */
export function ModelItem({ model, draws, fills }: { readonly model: ModelRow; readonly draws: boolean; readonly fills: boolean }) {
  const check = useModels((state) => state.checks.get(model.id))
  const { verify, setDefault, remove } = useModels((state) => state)
  const [removing, setRemoving] = useState(false)
  const facts = [
    kindName(model.kind), model.family?.toUpperCase(), model.size !== null && t('models.size', { n: model.size }), model.bytes !== null && bytesText(model.bytes),
    model.can.describe && t('models.can.describe'), model.can.tinyPreview && t('models.can.preview'), t(`models.source.${model.source}`),
  ].filter((fact): fact is string => typeof fact === 'string' && fact !== '')
  const Icon = model.kind === 'inpaint' ? IconMask : IconPhotoAi
  return (
    <li className="models-item" data-broken={model.problem !== null || undefined}>
      <span className="models-item-icon" aria-hidden><Icon size="1.25rem" stroke={1.4} /></span>
      <div className="models-item-body">
        <div className="models-item-title">
          <strong>{model.name}</strong>
          {draws && <span className="models-badge"><IconBrush size="0.75rem" aria-hidden />{t('models.default.draw')}</span>}
          {fills && <span className="models-badge"><IconMask size="0.75rem" aria-hidden />{t('models.default.fill')}</span>}
        </div>
        <p className="models-facts">{facts.join(' · ')}</p>
        <p className="models-facts">
          {model.licence !== null && <span>{t('models.licence', { licence: model.licence })}</span>}
          {model.vocabulary && <span title={t('models.vocabulary.tip', { words: `${model.vocabulary.slice(0, TIP_WORDS).join(', ')}${model.vocabulary.length > TIP_WORDS ? ' …' : ''}` })}>{model.licence !== null && ' · '}{t('models.vocabulary', { n: model.vocabulary.length })}</span>}
        </p>
        {model.problem !== null && <p className="models-warning">{model.problem}</p>}
        {check && <CheckLine model={model} check={check} />}
      </div>
      <Menu position="bottom-end">
        <Menu.Target><ActionIcon aria-label={t('models.actions', { name: model.name })}><IconDots size="1.0625rem" stroke={1.6} /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconBrush size="0.9375rem" />} disabled={draws || model.problem !== null} onClick={() => void setDefault(model.id, 'draw')}>{t('models.make.draw')}</Menu.Item>
          <Menu.Item leftSection={<IconMask size="0.9375rem" />} disabled={fills || model.problem !== null} onClick={() => void setDefault(model.id, 'fill')}>{t('models.make.fill')}</Menu.Item>
          <Menu.Item leftSection={<IconShieldCheck size="0.9375rem" />} disabled={check?.state === 'running'} onClick={() => void verify(model.id)}>{t('models.verify')}</Menu.Item>
          {model.source !== 'bundled' && <Menu.Divider />}
          {model.source !== 'bundled' && <Menu.Item leftSection={<IconTrash size="0.9375rem" />} onClick={() => setRemoving(true)}>{t('models.remove')}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={removing} onClose={() => setRemoving(false)} title={t('models.remove.title', { name: model.name })} size="26rem">
        <p className="models-plain">{t(model.source === 'downloaded' ? 'models.remove.downloaded' : 'models.remove.body')}</p>
        <div className="models-buttons">
          <Button variant="default" onClick={() => setRemoving(false)}>{t('common.cancel')}</Button>
          <Button data-autofocus onClick={() => { setRemoving(false); void remove(model.id) }}>{t('models.remove')}</Button>
        </div>
      </Modal>
    </li>
  )
}

/** How the check of its files stands. */
function CheckLine({ model, check }: { readonly model: ModelRow; readonly check: Check }) {
  const cancel = useModels((state) => state.cancelCheck)
  if (check.state === 'sound') return <p className="models-good"><IconCircleCheck size="0.875rem" aria-hidden />{t('models.sound')}</p>
  if (check.state === 'broken') return <p className="models-warning" role="alert">{check.problem}</p>
  const { step, steps } = check.progress
  return (
    <div className="models-check">
      <span>{t('models.verifying')}</span>
      <Bar label={t('models.verifying')} share={steps > 0 ? step / steps : null} />
      <Button size="compact-xs" variant="subtle" onClick={() => void cancel(model.id)}>{t('models.stop')}</Button>
    </div>
  )
}

/** A thin progress bar; `share` null while it is not known how far it is. */
export function Bar({ label, share, tone }: { readonly label: string; readonly share: number | null; readonly tone?: 'paused' | 'bad' | undefined }) {
  return (
    <span className="models-bar" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} data-tone={tone} {...(share !== null && { 'aria-valuenow': Math.round(share * 100) })}>
      <span data-unsure={share === null || undefined} style={{ width: `${(share ?? 1) * 100}%` }} />
    </span>
  )
}
