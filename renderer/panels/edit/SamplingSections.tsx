/** Advanced and expert knobs, one click deeper. "auto" leaves a value to the model. */
import { Select, Switch, TextInput } from '@mantine/core'
import { SCHEDULERS } from '../../../preload/contract/edits.ts'
import { type EditForm, type IntentName, editStore, setForm } from '../../stores/editStore.ts'
import { layoutStore, toggleSection } from '../../stores/layoutStore.ts'
import { modelsStore } from '../../stores/modelsStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { Field } from '../../ui/Field.tsx'
import { Section } from '../../ui/Section.tsx'
import { SliderRow } from '../../ui/SliderRow.tsx'

/** See the file's head. Remove has no model, hence nothing here. */
export function SamplingSections({ intent, expert }: { readonly intent: IntentName; readonly expert: boolean }) {
  const closed = useStore(layoutStore, (state) => state.closed)
  if (intent === 'remove') return null
  return (
    <>
      <Section title={t('edit.section.sampling')} open={!closed.includes('sampling')} onToggle={() => toggleSection('sampling')}><Sampling expert={expert} /></Section>
      {(intent === 'fill' || intent === 'expand') && <Section title={t('edit.section.seam')} open={!closed.includes('seam')} onToggle={() => toggleSection('seam')}><Seam expert={expert} /></Section>}
    </>
  )
}

type Sampled = EditForm['sampling']

function Sampling({ expert }: { readonly expert: boolean }) {
  const sampling = useStore(editStore, (state) => state.sampling)
  const negative = useStore(editStore, (state) => state.negative)
  const set = (change: Partial<Sampled>): void => setForm({ sampling: { ...sampling, ...change } })
  const auto = (value: number | null): string | undefined => (value === null ? t('edit.auto') : undefined)
  return (
    <>
      <ModelChoice />
      <TextInput label={t('edit.negative')} value={negative} onChange={(event) => setForm({ negative: event.currentTarget.value })} />
      <SliderRow label={t('edit.steps')} value={sampling.steps ?? 20} unset={auto(sampling.steps)} min={1} max={100} step={1} onChange={(steps) => set({ steps })} />
      <SliderRow label={t('edit.guidance')} value={sampling.guidance ?? 7.5} unset={auto(sampling.guidance)} min={0} max={20} step={0.1} onChange={(guidance) => set({ guidance })} />
      <Field label={t('edit.scheduler')}>
        <Select
          aria-label={t('edit.scheduler')} value={sampling.scheduler ?? ''} data={[{ value: '', label: t('edit.auto') }, ...SCHEDULERS.map((value) => ({ value, label: value }))]}
          onChange={(next) => set({ scheduler: SCHEDULERS.find((one) => one === next) ?? null })}
        />
      </Field>
      {expert && (
        <>
          <SliderRow label={t('edit.rescale')} value={sampling.guidanceRescale ?? 0} unset={auto(sampling.guidanceRescale)} min={0} max={1} step={0.05} onChange={(guidanceRescale) => set({ guidanceRescale })} />
          <SliderRow label={t('edit.clip-skip')} value={sampling.clipSkip ?? 0} unset={auto(sampling.clipSkip)} min={0} max={11} step={1} onChange={(clipSkip) => set({ clipSkip })} />
          <Field label={t('edit.long-prompt')}>
            <Select
              aria-label={t('edit.long-prompt')} value={sampling.longPrompt ?? ''} data={[{ value: '', label: t('edit.auto') }, { value: 'truncate', label: t('edit.long-prompt.truncate') }, { value: 'chunk', label: t('edit.long-prompt.chunk') }]}
              onChange={(next) => set({ longPrompt: next === 'truncate' || next === 'chunk' ? next : null })}
            />
          </Field>
          <Switch label={t('edit.fast')} checked={sampling.fast} onChange={(event) => set({ fast: event.currentTarget.checked })} />
        </>
      )}
    </>
  )
}

function ModelChoice() {
  const model = useStore(editStore, (state) => state.model)
  const intent = useStore(editStore, (state) => state.intent)
  const state = useStore(modelsStore, (all) => all)
  const fallback = intent === 'fill' || intent === 'expand' ? state.fillDefault || state.drawDefault : state.drawDefault
  const name = state.models.find(({ id }) => id === fallback)?.name ?? t('edit.model.none')
  const usable = state.models.filter(({ problem }) => problem === null)
  return (
    <Field label={t('edit.model')}>
      <Select aria-label={t('edit.model')} value={model ?? ''} data={[{ value: '', label: t('edit.model.default', { name }) }, ...usable.map(({ id, name: label }) => ({ value: id, label }))]} onChange={(next) => setForm({ model: next || null })} />
    </Field>
  )
}

function Seam({ expert }: { readonly expert: boolean }) {
  const stitch = useStore(editStore, (state) => state.stitch)
  const set = (change: Partial<EditForm['stitch']>): void => setForm({ stitch: { ...stitch, ...change } })
  const auto = (value: number | null): string | undefined => (value === null ? t('edit.auto') : undefined)
  return (
    <>
      <SliderRow label={t('edit.grow')} value={stitch.grow ?? 4} unset={auto(stitch.grow)} min={0} max={128} step={1} suffix=" px" onChange={(grow) => set({ grow })} />
      <SliderRow label={t('edit.feather')} value={stitch.feather ?? 32} unset={auto(stitch.feather)} min={0} max={256} step={1} suffix=" px" onChange={(feather) => set({ feather })} />
      {expert && <SliderRow label={t('edit.ring')} value={stitch.ring ?? 25} unset={auto(stitch.ring)} min={0} max={128} step={1} suffix=" px" onChange={(ring) => set({ ring })} />}
      <SliderRow label={t('edit.padding')} value={stitch.padding ?? 0.25} unset={auto(stitch.padding)} min={0} max={2} step={0.05} scale={100} suffix=" %" onChange={(padding) => set({ padding })} />
      <Switch label={t('edit.colour-match')} checked={stitch.colourMatch} onChange={(event) => set({ colourMatch: event.currentTarget.checked })} />
    </>
  )
}
