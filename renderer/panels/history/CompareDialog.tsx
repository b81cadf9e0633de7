/** Two places of the history side by side: split, difference, numbers. */
import { Loader, SegmentedControl } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { Comparison } from '../../../preload/contract/history.ts'
import { call } from '../../api/client.ts'
import { useMedia } from '../../app/useMedia.ts'
import type { Dialog } from '../../stores/dialogStore.ts'
import { place } from '../../stores/documentStore.ts'
import { historyStore } from '../../stores/historyStore.ts'
import { t } from '../../strings/t.ts'
import { Picture } from '../../ui/Picture.tsx'
import { SplitPictures } from '../../ui/SplitPictures.tsx'

/** See the file's head. */
export function CompareDialog({ dialog: { a, b } }: { readonly dialog: Extract<Dialog, { kind: 'compare' }> }) {
  const [found, setFound] = useState<Comparison | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  useEffect(() => {
    const where = place()
    if (where) call('history.compare', { ...where, a, b }).then(setFound, (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
  }, [a, b])
  if (problem !== null) return <p role="alert">{problem}</p>
  if (!found) return <div className="compare-wait"><Loader size="sm" /></div>
  return <Compared found={found} names={[nameOf(a), nameOf(b)]} />
}

function nameOf(id: number): string {
  const row = historyStore.getState().rows.find((one) => one.id === id)
  return row?.name ?? row?.title ?? ''
}

function Compared({ found, names }: { readonly found: Comparison; readonly names: readonly [string, string] }) {
  const [show, setShow] = useState<'split' | 'difference'>('split')
  const [before, after, difference] = [useMedia(found.a), useMedia(found.b), useMedia(found.difference)]
  return (
    <div className="compare">
      <div className="compare-picture">
        {show === 'split' ? <SplitPictures before={before} after={after} label={t('history.compare.slider')} names={names} /> : <Picture src={difference} alt={t('history.compare.difference')} className="compare-difference" />}
      </div>
      <div className="compare-foot">
        <SegmentedControl
          fullWidth={false} aria-label={t('history.compare.title')} value={show} onChange={setShow}
          data={[{ value: 'split', label: t('history.compare.split') }, { value: 'difference', label: t('history.compare.difference') }]}
        />
        <Numbers found={found} />
      </div>
    </div>
  )
}

function Numbers({ found }: { readonly found: Comparison }) {
  const { changedPixels, largest, psnr, box } = found
  const rows = [
    [t('history.compare.changed'), changedPixels.toLocaleString()],
    [t('history.compare.largest'), String(largest)],
    [t('history.compare.psnr'), psnr === null ? t('history.compare.equal') : `${psnr.toFixed(1)} dB`],
    [t('history.compare.box'), box ? `${box.width} × ${box.height} @ ${box.x}, ${box.y}` : t('history.compare.nothing')],
  ]
  return <dl className="compare-numbers number">{rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
}
