/** Grow, shrink and feather by a number; importing a mask, seen over the picture before it is taken. */
import { Checkbox, SegmentedControl } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { OutputOf } from '../../../preload/contract/channels.ts'
import type { CombineMode } from '../../../preload/contract/documents.ts'
import { call } from '../../api/client.ts'
import { attempt } from '../../app/actions/attempt.ts'
import { editMask } from '../../app/actions/masks.ts'
import { useMedia } from '../../app/useMedia.ts'
import type { Dialog } from '../../stores/dialogStore.ts'
import { activeMask, change, openDocument, place } from '../../stores/documentStore.ts'
import { sessionStore } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { SliderRow } from '../../ui/SliderRow.tsx'
import { DialogForm } from './DialogForm.tsx'
import { useBlobUrl } from './useBlobUrl.ts'

/** See the file's head. */
export function MaskNumberDialog({ dialog: { op }, close }: { readonly dialog: Extract<Dialog, { kind: 'mask-number' }>; readonly close: () => void }) {
  const [pixels, setPixels] = useState(op === 'feather' ? 16 : 8)
  return (
    <DialogForm submit={t('common.apply')} close={close} onDone={() => editMask({ op, pixels })}>
      <SliderRow label={t('document.mask.by')} value={pixels} min={1} max={200} step={1} suffix=" px" focused onChange={setPixels} />
    </DialogForm>
  )
}

/** Coloured = will change, said and shown; the other way round is one click. */
export function MaskImportDialog({ dialog: { file }, close }: { readonly dialog: Extract<Dialog, { kind: 'mask-import' }>; readonly close: () => void }) {
  const [found, setFound] = useState<OutputOf<'files.inspect'> | null>(null)
  const [invert, setInvert] = useState(false)
  const [mode, setMode] = useState<CombineMode>('replace')
  useEffect(() => attempt(call('files.inspect', { file: file.file }).then(setFound)), [file.file])
  const { width, height } = openDocument().canvas
  const resize = found !== null && (found.width !== width || found.height !== height)
  return (
    <DialogForm
      submit={t('document.mask.import.take')} disabled={!found} close={close}
      onDone={() => change({ change: 'mask.select', layer: activeMask()?.id ?? null, source: { from: 'file', file: file.file, invert, resize }, mode })}
    >
      <MaskOverlay mask={found?.thumbnail ?? null} invert={invert} />
      {found && resize && <p className="dialog-about number">{t('document.mask.import.size', { maskWidth: found.width, maskHeight: found.height, width, height })}</p>}
      <Checkbox label={t('document.mask.import.invert')} checked={invert} onChange={(event) => setInvert(event.currentTarget.checked)} />
      <div>
        <span className="ui-label" id="mask-mode">{t('document.mask.import.mode')}</span>
        <SegmentedControl aria-labelledby="mask-mode" value={mode} onChange={setMode} data={(['replace', 'add', 'subtract', 'intersect'] as const).map((value) => ({ value, label: t(`document.mask.import.${value}`) }))} />
      </div>
    </DialogForm>
  )
}

function MaskOverlay({ mask, invert }: { readonly mask: string | null; readonly invert: boolean }) {
  const [picture, setPicture] = useState<{ bytes: Uint8Array; media: string } | null>(null)
  const { canvas } = openDocument()
  const colour = useStore(sessionStore, ({ settings }) => settings.maskColour)
  useEffect(() => {
    const where = place()
    if (where) call('document.copy', { ...where, layer: null, box: null, masked: false }).then(setPicture, () => null) // the mask alone can be judged too
  }, [])
  const [under, over] = [useBlobUrl(picture), useMedia(mask)]
  return (
    <figure className="mask-preview">
      <div style={{ aspectRatio: `${canvas.width} / ${canvas.height}` }}>
        {under && <img src={under} alt="" />}
        {over && <MaskTint url={over} invert={invert} colour={colour} />}
      </div>
      <figcaption><span className="swatch" style={{ background: colour }} aria-hidden />{t('document.mask.import.legend')}</figcaption>
    </figure>
  )
}

/** The mask's light parts in the overlay's colour. */
function MaskTint({ url, invert, colour }: { readonly url: string; readonly invert: boolean; readonly colour: string }) {
  const image = `url(${url})`
  return <span className="mask-tint" style={{ background: colour, maskImage: invert ? `linear-gradient(#fff, #fff), ${image}` : image, maskMode: 'luminance', maskSize: '100% 100%', maskComposite: 'exclude' }} />
}
