/** The form of a new batch: recipe, pictures, results. A plan is made before anything runs. */
import { Button, NumberInput, Select, Switch, TextInput } from '@mantine/core'
import { IconFolder, IconTable, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { FileInfo, FileKind } from '../../../preload/contract/files.ts'
import { bridge } from '../../api/client.ts'
import { type BatchForm, NAME_WORDS, exampleName, lacksOf } from '../../stores/batch/form.ts'
import { t } from '../../strings/t.ts'
import { Field } from '../../ui/Field.tsx'
import { IconButton } from '../../ui/IconButton.tsx'
import { SliderRow } from '../../ui/SliderRow.tsx'
import { RecipeBox } from './RecipeBox.tsx'
import { useBatch } from './useBatch.ts'

const FORMATS = ['same', 'png', 'jpeg', 'webp', 'tiff'] as const
const POLICIES = ['skip', 'overwrite', 'suffix'] as const
/** The gate that is offered when it is switched on, dB. */
const FIRST_GATE = 24

/** See the file's head. */
export function BatchFormPane() {
  const { form, setForm, plan, planning } = useBatch((state) => state)
  const broken = useBatch((state) => state.recipeProblem !== null)
  const lacks = lacksOf(form)
  return (
    <div className="batch-form">
      <div className="batch-form-columns">
        <Part title={t('batch.recipe')}><RecipeBox /></Part>
        <div>
          <Part title={t('batch.pictures')}>
            <Chosen what="inputs" kind="folder" />
            <Field label={t('batch.glob')}><TextInput aria-label={t('batch.glob')} spellCheck={false} value={form.glob} onChange={(event) => setForm({ glob: event.currentTarget.value })} /></Field>
            <Chosen what="masks" kind="folder" optional />
            <Field label={t('batch.mask.suffix')}><TextInput aria-label={t('batch.mask.suffix')} placeholder={t('batch.mask.suffix.placeholder')} spellCheck={false} value={form.maskSuffix} onChange={(event) => setForm({ maskSuffix: event.currentTarget.value })} /></Field>
            <Chosen what="prompts" kind="csv" optional />
            {form.prompts === null && <p className="batch-hint">{t('batch.prompts.hint')}</p>}
          </Part>
          <Part title={t('batch.results')}>
            <Chosen what="outputs" kind="folder" />
            <Naming />
            <Field label={t('batch.format')}><Select aria-label={t('batch.format')} value={form.format} data={FORMATS.map((value) => ({ value, label: value === 'same' ? t('batch.format.same') : value.toUpperCase() }))} onChange={(value) => value && setForm({ format: value })} /></Field>
            <Field label={t('batch.existing')}><Select aria-label={t('batch.existing')} value={form.existing} data={POLICIES.map((value) => ({ value, label: t(`batch.existing.${value}`) }))} onChange={(value) => value && setForm({ existing: value })} /></Field>
            <Gate />
            <Field label={t('batch.jobs')}><NumberInput aria-label={t('batch.jobs')} title={t('batch.jobs.hint')} min={1} max={16} value={form.jobs} onChange={(value) => typeof value === 'number' && setForm({ jobs: Math.min(16, Math.max(1, Math.round(value))) })} /></Field>
          </Part>
        </div>
      </div>
      <footer className="batch-form-foot">
        <span className="batch-dim" role="status">{lacks[0] ? t(`batch.lack.${lacks[0]}`) : ''}</span>
        <Button disabled={lacks.length > 0 || broken} loading={planning} onClick={() => void plan()}>{t('batch.plan')}</Button>
      </footer>
    </div>
  )
}

/** A part of the form under its heading. */
function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return <section className="batch-part" aria-label={title}><h2>{title}</h2>{children}</section>
}

/** A folder or file to choose. */
function Chosen({ what, kind, optional = false }: { readonly what: 'inputs' | 'outputs' | 'masks' | 'prompts'; readonly kind: FileKind; readonly optional?: boolean }) {
  const file: FileInfo | null = useBatch((state) => state.form[what])
  const setForm = useBatch((state) => state.setForm)
  const label = t(`batch.${what}`)
  const Icon = kind === 'csv' ? IconTable : IconFolder
  const empty = t(optional ? 'batch.choose.optional' : kind === 'csv' ? 'batch.choose.csv' : 'batch.choose.folder')
  const pick = async (): Promise<void> => {
    const [chosen] = await bridge().pickFiles({ kind, multiple: false })
    if (chosen) setForm({ [what]: chosen } as Partial<BatchForm>) // `what` names a file of the form
  }
  return (
    <Field label={label}>
      <div className="batch-chosen">
        <button type="button" className="batch-choose" data-empty={file === null || undefined} aria-label={file ? `${t('batch.change', { what: label })}: ${file.name}` : `${label}: ${empty}`} onClick={() => void pick()}>
          <Icon size="0.9375rem" stroke={1.5} aria-hidden />
          <span>{file ? file.name : empty}</span>
        </button>
        {file && optional && <IconButton icon={IconX} label={t('batch.clear', { what: label })} onClick={() => setForm({ [what]: null } as Partial<BatchForm>)} />}
      </div>
    </Field>
  )
}

/** The template of names, with what it makes of one. */
function Naming() {
  const form = useBatch((state) => state.form)
  const setForm = useBatch((state) => state.setForm)
  const recipe = useBatch((state) => state.recipe?.name ?? '')
  const example = exampleName(form, 'IMG_0042.jpg', recipe)
  return (
    <>
      <Field label={t('batch.name')}><TextInput aria-label={t('batch.name')} spellCheck={false} error={example === null} value={form.name} onChange={(event) => setForm({ name: event.currentTarget.value })} /></Field>
      <p className="batch-hint" data-tone={example === null ? 'warn' : undefined}>{example === null ? t('batch.name.bad', { words: NAME_WORDS.map((word) => `{${word}}`).join(', ') }) : t('batch.name.example', { name: example })}</p>
    </>
  )
}

/** The fidelity below which results wait for review. */
function Gate() {
  const gate = useBatch((state) => state.form.gate)
  const setForm = useBatch((state) => state.setForm)
  return (
    <>
      <div className="batch-gate"><Switch label={t('batch.gate.on')} checked={gate !== null} onChange={(event) => setForm({ gate: event.currentTarget.checked ? FIRST_GATE : null })} /></div>
      {gate !== null && <SliderRow label={t('batch.gate')} value={gate} min={10} max={45} step={0.5} suffix=" dB" onChange={(value) => setForm({ gate: value })} />}
      <p className="batch-hint">{t('batch.gate.hint')}</p>
    </>
  )
}
