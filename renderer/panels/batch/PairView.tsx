/** One picture of the wall: before and after beside each other, or one over the other to flip between. */
import { Button, Kbd } from '@mantine/core'
import { IconCheck, IconRefresh, IconX } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { BatchItem } from '../../../preload/contract/batch.ts'
import { call } from '../../api/client.ts'
import { type Verdict, canJudge } from '../../stores/batch/review.ts'
import { t } from '../../strings/t.ts'
import { timeText } from '../../app/format.ts'
import { Picture } from '../../ui/Picture.tsx'
import { useMedia } from '../../app/useMedia.ts'

/** Longer side of what is shown, pixels. */
const SIDE = 1536

/** What is passed. */
export interface PairViewProps {
  readonly batch: string
  readonly item: BatchItem
  /** which of how many */
  readonly place: readonly [number, number]
  readonly flip: boolean
  readonly side: 'before' | 'after'
  readonly onSide: (side: 'before' | 'after') => void
  readonly onJudge: (verdict: Verdict) => void
}

/** See the file's head. */
export function PairView({ batch, item, place, flip, side, onSide, onJudge }: PairViewProps) {
  const before = useSide(batch, item, 'before')
  const after = useSide(batch, item, 'after')
  const facts = [t('batch.place', { at: place[0], n: place[1] }), t(`batch.item.${item.state}`), item.seconds !== null && t('batch.seconds', { time: timeText(item.seconds) }), item.note].filter((one): one is string => typeof one === 'string' && one !== '')
  return (
    <div className="batch-pair">
      {flip ? (
        <button type="button" className="batch-flip" aria-label={`${item.name}, ${t(side === 'before' ? 'batch.before' : 'batch.after')}`} onClick={() => onSide(side === 'after' ? 'before' : 'after')}>
          <Picture src={side === 'before' ? before : after} alt="" />
          <span className="batch-side">{t(side === 'before' ? 'batch.before' : 'batch.after')}</span>
        </button>
      ) : (
        <div className="batch-sides">
          <figure><Picture src={before} alt={`${item.name}, ${t('batch.before')}`} /><figcaption>{t('batch.before')}</figcaption></figure>
          <figure><Picture src={after} alt={`${item.name}, ${t('batch.after')}`} /><figcaption>{t('batch.after')}</figcaption></figure>
        </div>
      )}
      {item.error && <p className="batch-warning" role="alert">{item.error.message}</p>}
      <div className="batch-verdict">
        <div><strong>{item.name}</strong><p className="batch-dim" role="status">{facts.join(' · ')}</p></div>
        <span className="batch-spring" />
        <VerdictButton item={item} verdict="retry" icon={IconRefresh} keys="R" onJudge={onJudge} />
        <VerdictButton item={item} verdict="reject" icon={IconX} keys="X" onJudge={onJudge} />
        <VerdictButton item={item} verdict="accept" icon={IconCheck} keys="Enter" onJudge={onJudge} />
      </div>
    </div>
  )
}

function VerdictButton({ item, verdict, icon: Icon, keys, onJudge }: { readonly item: BatchItem; readonly verdict: Verdict; readonly icon: typeof IconCheck; readonly keys: string; readonly onJudge: (verdict: Verdict) => void }) {
  return (
    <Button variant={verdict === 'accept' ? 'filled' : 'default'} disabled={!canJudge(item, verdict)} leftSection={<Icon size="0.9375rem" />} rightSection={<Kbd aria-hidden>{keys}</Kbd>} onClick={() => onJudge(verdict)}>{t(`batch.${verdict}`)}</Button>
  )
}

/** A side of a picture at the size of the screen; the thumbnail until it is there. */
function useSide(batch: string, item: BatchItem, which: 'before' | 'after'): string | null {
  const small = item[which]
  const [large, setLarge] = useState<{ readonly of: string; readonly key: string } | null>(null)
  const of = `${batch} ${item.index} ${small}`
  const exists = which === 'before' || small !== null
  useEffect(() => {
    let wanted = true
    if (exists) call('batch.media', { batch, index: item.index, which, side: SIDE }).then(({ key }) => { if (wanted) setLarge({ of, key }) }).catch(() => null) // the thumbnail stays
    return () => { wanted = false }
  }, [batch, item.index, which, of, exists])
  const thumbnail = useMedia(small)
  return useMedia(large?.of === of ? large.key : null) ?? thumbnail
}
