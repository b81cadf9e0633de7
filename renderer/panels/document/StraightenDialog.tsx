/** Straighten: turn by an angle, seen before it is done. */
import { useEffect, useState } from 'react'
import { call } from '../../api/client.ts'
import { change, openDocument, place } from '../../stores/documentStore.ts'
import { t } from '../../strings/t.ts'
import { SliderRow } from '../../ui/SliderRow.tsx'
import { DialogForm } from './DialogForm.tsx'
import { straightened } from './sizes.ts'
import { useBlobUrl } from './useBlobUrl.ts'

/** See the file's head. */
export function StraightenDialog({ close }: { readonly close: () => void }) {
  const [canvas] = useState(openDocument().canvas)
  const [degrees, setDegrees] = useState(0)
  const [picture, setPicture] = useState<{ bytes: Uint8Array; media: string } | null>(null)
  useEffect(() => {
    const where = place()
    if (where) call('document.copy', { ...where, layer: null, box: null, masked: false }).then(setPicture, () => null) // the angle can be set without seeing it
  }, [])
  const url = useBlobUrl(picture)
  const box = straightened(canvas, degrees)
  return (
    <DialogForm submit={t('common.apply')} disabled={degrees === 0} close={close} onDone={() => change({ change: 'canvas.crop', box, degrees })}>
      <p className="dialog-about">{t('document.straighten.about')}</p>
      <div className="straighten" style={{ aspectRatio: `${canvas.width} / ${canvas.height}` }}>
        {url && <img src={url} alt="" style={{ transform: `rotate(${degrees}deg)` }} />}
        <div className="straighten-box" style={{ width: `${(100 * box.width) / canvas.width}%`, height: `${(100 * box.height) / canvas.height}%` }} />
      </div>
      <SliderRow label={t('document.straighten.angle')} value={degrees} min={-45} max={45} step={0.1} suffix="°" focused onChange={setDegrees} />
    </DialogForm>
  )
}
