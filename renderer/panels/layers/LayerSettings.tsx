/** Opacity, blend mode or overlay colour of the selected layer. */
import { ColorInput, Select } from '@mantine/core'
import { useEffect, useState } from 'react'
import { BLEND_MODES, type LayerView } from '../../../preload/contract/documents.ts'
import { attempt } from '../../app/actions/attempt.ts'
import { change, documentStore, selectedLayer } from '../../stores/documentStore.ts'
import { sessionStore } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { Field } from '../../ui/Field.tsx'
import { SliderRow } from '../../ui/SliderRow.tsx'

const COLOURS = ['#e5484d', '#f76b15', '#e2a336', '#46a758', '#12a594', '#0090ff', '#8e4ec6', '#d6409f']

/** See the file's head. Always there, so that the list does not jump. */
export function LayerSettings() {
  const layer = useStore(documentStore, selectedLayer)
  return (
    <div className="layers-settings">
      <Field label={layer?.kind === 'mask' ? t('layers.overlay') : t('layers.blend')}>
        {layer?.kind === 'mask' ? <Colour layer={layer} /> : (
          <Select
            aria-label={t('layers.blend')} disabled={!layer} value={layer?.blend ?? 'normal'} data={BLEND_MODES.map((value) => ({ value, label: t(`blend.${value}`) }))}
            onChange={(next) => {
              const blend = BLEND_MODES.find((one) => one === next)
              if (layer && blend) attempt(change({ change: 'layer.set', layer: layer.id, set: { blend } }))
            }}
          />
        )}
      </Field>
      <Opacity layer={layer} />
    </div>
  )
}

/** The slider follows the hand; the document changes once, when it lets go. */
function Opacity({ layer }: { readonly layer: LayerView | null }) {
  const [value, setValue] = useState(layer?.opacity ?? 1)
  useEffect(() => setValue(layer?.opacity ?? 1), [layer?.id, layer?.opacity])
  return (
    <SliderRow
      label={t('layers.opacity')} disabled={!layer} value={value} min={0} max={1} step={0.01} scale={100} suffix=" %" onChange={setValue}
      onSettle={(opacity) => layer && opacity !== layer.opacity && attempt(change({ change: 'layer.set', layer: layer.id, set: { opacity } }))}
    />
  )
}

function Colour({ layer }: { readonly layer: LayerView }) {
  const fallback = useStore(sessionStore, ({ settings }) => settings.maskColour)
  return (
    <ColorInput
      aria-label={t('layers.colour', { name: layer.name })} format="hex" size="xs" swatches={COLOURS} withEyeDropper={false} value={layer.colour ?? fallback} key={layer.id}
      onChangeEnd={(colour) => /^#[0-9a-f]{6}$/i.test(colour) && attempt(change({ change: 'layer.set', layer: layer.id, set: { colour } }))}
    />
  )
}
