/** Export: what, how, with what inside. The engine composes it from the source; nothing on the screen is read back. */
import { Checkbox, SegmentedControl, Select } from '@mantine/core'
import { useState } from 'react'
import type { ExportFormat } from '../../../preload/contract/documents.ts'
import { bridge, call } from '../../api/client.ts'
import { documentStore, openDocument, place } from '../../stores/documentStore.ts'
import { strokesStored } from '../../stores/canvasPort.ts'
import { tellNotice } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { SliderRow } from '../../ui/SliderRow.tsx'
import { DialogForm } from './DialogForm.tsx'

type Choice = { readonly type: ExportFormat['type']; readonly depth: '8' | '16' | 'source'; readonly quality: number; readonly metadata: boolean; readonly recipe: boolean; readonly layer: string }

const TYPES = ['png', 'jpeg', 'webp', 'tiff', 'ora'] as const
const NAMES: Readonly<Record<ExportFormat['type'], string>> = { png: 'PNG', jpeg: 'JPEG', webp: 'WebP', tiff: 'TIFF', ora: 'OpenRaster' }
const ENDINGS: Readonly<Record<ExportFormat['type'], string>> = { png: 'png', jpeg: 'jpg', webp: 'webp', tiff: 'tif', ora: 'ora' }
const DEEP: ReadonlySet<ExportFormat['type']> = new Set(['png', 'tiff'])
const LOSSY: ReadonlySet<ExportFormat['type']> = new Set(['jpeg', 'webp'])

/** The choice as the contract has it. */
export function formatOf(choice: Choice): ExportFormat {
  const { type, quality, metadata, recipe } = choice
  return { type, quality, metadata, recipe, depth: DEEP.has(type) && choice.depth !== 'source' ? (choice.depth === '16' ? 16 : 8) : null, layer: choice.layer === '' || type === 'ora' ? null : Number(choice.layer) }
}

async function write(choice: Choice): Promise<void> {
  const where = place()
  const { name } = openDocument()
  const target = where && (await bridge().pickTarget({ name: `${name}.${ENDINGS[choice.type]}`, kind: 'picture' }))
  if (!where || !target) return
  await strokesStored()
  const { notes } = await call('document.export', { ...where, target: target.target, format: formatOf(choice) })
  await bridge().targetWritten(target)
  tellNotice({ id: 'exported', level: 'info', message: [t('document.exported', { name: target.name }), ...notes].join(' '), sticky: notes.length > 0, over: false })
}

/** See the file's head. */
export function ExportDialog({ close }: { readonly close: () => void }) {
  const document = useStore(documentStore, (state) => state.document)
  const [choice, setChoice] = useState<Choice>({ type: 'png', depth: 'source', quality: 92, metadata: true, recipe: true, layer: '' })
  const set = (change: Partial<Choice>): void => setChoice({ ...choice, ...change })
  if (!document) return null
  const layers = document.layers.toReversed()
  return (
    <DialogForm submit={t('document.export.go')} close={close} onDone={() => write(choice)}>
      <div>
        <SegmentedControl aria-label={t('document.export.format')} value={choice.type} onChange={(type) => set({ type })} data={TYPES.map((value) => ({ value, label: NAMES[value] }))} />
        <p className="dialog-about">{t(`document.export.about.${choice.type}`)} <span className="number">{t('document.export.size', document.canvas)}</span></p>
      </div>
      {choice.type !== 'ora' && (
        <Select label={t('document.export.what')} value={choice.layer} data={[{ value: '', label: t('document.export.flat') }, ...layers.map(({ id, name }) => ({ value: String(id), label: t('document.export.layer', { name }) }))]} onChange={(next) => set({ layer: next ?? '' })} />
      )}
      {DEEP.has(choice.type) && (
        <div>
          <span className="ui-label" id="export-depth">{t('document.export.depth')}</span>
          <SegmentedControl aria-labelledby="export-depth" value={choice.depth} onChange={(depth) => set({ depth })} data={[{ value: 'source', label: t('document.export.depth.source') }, { value: '8', label: t('document.export.bits', { n: 8 }) }, { value: '16', label: t('document.export.bits', { n: 16 }) }]} />
        </div>
      )}
      {LOSSY.has(choice.type) && <SliderRow label={t('document.export.quality')} value={choice.quality} min={1} max={100} step={1} onChange={(quality) => set({ quality })} />}
      <Checkbox label={t('document.export.metadata')} checked={choice.metadata} onChange={(event) => set({ metadata: event.currentTarget.checked })} />
      <Checkbox label={t('document.export.recipe')} checked={choice.recipe} onChange={(event) => set({ recipe: event.currentTarget.checked })} />
    </DialogForm>
  )
}
