/** A new, empty picture. */
import { NumberInput, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { createBlank } from '../../app/actions/open.ts'
import { modelsStore } from '../../stores/modelsStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { DialogForm } from './DialogForm.tsx'

const PRESETS = ['512 × 512', '768 × 512', '1024 × 1024', '1920 × 1080', '3000 × 2000', '2480 × 3508']
const COLOURS = { white: '#ffffff', grey: '#808080', black: '#000000', clear: null } as const
const MOST = 16384

/** See the file's head. */
export function NewDialog({ close }: { readonly close: () => void }) {
  const native = useStore(modelsStore, ({ models, drawDefault }) => models.find(({ id }) => id === drawDefault)?.size ?? null)
  const [name, setName] = useState(t('app.untitled'))
  const [size, setSize] = useState({ width: Math.max(512, native ?? 1024), height: Math.max(512, native ?? 1024) })
  const [colour, setColour] = useState<keyof typeof COLOURS>('white')
  const preset = `${size.width} × ${size.height}`
  const presets = [...new Set([...(native === null ? [] : [`${native} × ${native}`]), ...PRESETS])]
  const choose = (text: string | null): void => {
    const [width, height] = (text ?? '').split(' × ').map(Number)
    if (width && height) setSize({ width, height })
  }
  const side = (which: 'width' | 'height') => (value: number | string): void => {
    if (typeof value === 'number') setSize({ ...size, [which]: Math.min(MOST, Math.max(1, Math.round(value))) })
  }
  return (
    <DialogForm submit={t('common.create')} close={close} onDone={() => createBlank({ name: name.trim() || t('app.untitled'), ...size, colour: COLOURS[colour] })}>
      <TextInput data-autofocus label={t('document.new.name')} value={name} maxLength={200} onFocus={(event) => event.currentTarget.select()} onChange={(event) => setName(event.currentTarget.value)} />
      <Select label={t('document.new.preset')} value={presets.includes(preset) ? preset : null} placeholder={preset} data={presets} onChange={choose} />
      <div className="dialog-pair">
        <NumberInput label={t('common.width')} suffix=" px" min={1} max={MOST} value={size.width} onChange={side('width')} />
        <NumberInput label={t('common.height')} suffix=" px" min={1} max={MOST} value={size.height} onChange={side('height')} />
      </div>
      <div>
        <span className="ui-label" id="new-background">{t('document.new.background')}</span>
        <SegmentedControl aria-labelledby="new-background" value={colour} onChange={setColour} data={(['white', 'grey', 'black', 'clear'] as const).map((value) => ({ value, label: t(`document.new.${value}`) }))} />
      </div>
    </DialogForm>
  )
}
