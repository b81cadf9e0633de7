/** Image size and canvas size. */
import { Checkbox, NumberInput } from '@mantine/core'
import { useState } from 'react'
import { change, openDocument } from '../../stores/documentStore.ts'
import { t } from '../../strings/t.ts'
import { DialogForm } from './DialogForm.tsx'
import { ANCHORS, type Anchor, linked, offsetOf } from './sizes.ts'

const MOST = 65536

/** Resamples every layer. */
export function ImageSizeDialog({ close }: { readonly close: () => void }) {
  const [{ width: fullWidth, height: fullHeight }] = useState(openDocument().canvas)
  const [size, setSize] = useState({ width: fullWidth, height: fullHeight })
  const [keep, setKeep] = useState(true)
  const set = (side: 'width' | 'height') => (value: number | string): void => {
    if (typeof value === 'number' && value >= 1) setSize(keep ? linked({ width: fullWidth, height: fullHeight }, side, Math.min(MOST, value)) : { ...size, [side]: Math.min(MOST, Math.round(value)) })
  }
  const same = size.width === fullWidth && size.height === fullHeight
  return (
    <DialogForm submit={t('common.apply')} disabled={same} close={close} onDone={() => change({ change: 'canvas.scale', ...size })}>
      <p className="dialog-about">{t('document.size.about')}</p>
      <div className="dialog-pair">
        <NumberInput data-autofocus label={t('common.width')} suffix=" px" min={1} max={MOST} value={size.width} onChange={set('width')} />
        <NumberInput label={t('common.height')} suffix=" px" min={1} max={MOST} value={size.height} onChange={set('height')} />
      </div>
      <p className="dialog-about number">{Math.round((1000 * size.width) / fullWidth) / 10} %</p>
      <Checkbox label={t('document.size.keep')} checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} />
    </DialogForm>
  )
}

/** Grows or cuts the canvas around the picture. */
export function CanvasSizeDialog({ close }: { readonly close: () => void }) {
  const [before] = useState(openDocument().canvas)
  const [size, setSize] = useState(before)
  const [anchor, setAnchor] = useState<Anchor>('middle')
  const set = (side: 'width' | 'height') => (value: number | string): void => {
    if (typeof value === 'number' && value >= 1) setSize({ ...size, [side]: Math.min(MOST, Math.round(value)) })
  }
  const same = size.width === before.width && size.height === before.height
  return (
    <DialogForm submit={t('common.apply')} disabled={same} close={close} onDone={() => change({ change: 'canvas.resize', ...size, ...offsetOf(anchor, before, size) })}>
      <p className="dialog-about">{t('document.canvas.about')}</p>
      <div className="dialog-pair">
        <NumberInput data-autofocus label={t('common.width')} suffix=" px" min={1} max={MOST} value={size.width} onChange={set('width')} />
        <NumberInput label={t('common.height')} suffix=" px" min={1} max={MOST} value={size.height} onChange={set('height')} />
      </div>
      <div>
        <span className="ui-label" id="anchor">{t('document.canvas.anchor')}</span>
        <div className="anchors" role="radiogroup" aria-labelledby="anchor">
          {ANCHORS.map((one) => (
            <button key={one} type="button" role="radio" aria-checked={one === anchor} aria-label={t('document.canvas.anchor.at', { place: t(`document.place.${one}`) })} onClick={() => setAnchor(one)} />
          ))}
        </div>
      </div>
    </DialogForm>
  )
}
