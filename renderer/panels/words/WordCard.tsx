/** What can be done with the word one stands on: weigh it, take it out, paint where it is to be, make a mask of its place. */
import { Button, SegmentedControl } from '@mantine/core'
import { IconArrowBackUp, IconBrush, IconCursorText, IconMask, IconMinus, IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { openDocument } from '../../stores/documentStore.ts'
import { type Chip, stepWeight } from '../../stores/words/chips.ts'
import { chosenShare } from '../../stores/words/maps.ts'
import { t } from '../../strings/t.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { SliderRow } from '../../ui/SliderRow.tsx'
import { useWords } from './useWords.ts'
import { timeText } from '../../app/format.ts'

const MODES = ['replace', 'add', 'subtract', 'intersect'] as const
type Mode = (typeof MODES)[number]
const MODE_NAMES = { replace: 'words.mask.new', add: 'words.mask.add', subtract: 'words.mask.subtract', intersect: 'words.mask.intersect' } as const

/** See the file's head. */
export function WordCard({ chip, onEdit }: { readonly chip: Chip; readonly onEdit: () => void }) {
  const words = useWords((state) => state)
  const masking = words.shown?.chip === chip.id && words.shown.asMask
  const place = words.maps?.places.get(chip.id)
  return (
    <div className="words-card" role="group" aria-label={t('words.card', { word: chip.text })}>
      <div className="words-card-head">
        <strong>{chip.text}</strong>
        <span className="words-card-tools">
          <IconButton icon={IconCursorText} label={t('words.swap')} shortcut="Enter" onClick={onEdit} />
          {chip.removed
            ? <IconButton icon={IconArrowBackUp} label={t('words.restore')} shortcut="Del" onClick={() => words.restore(chip.id)} />
            : <IconButton icon={IconTrash} label={t('words.remove')} shortcut="Del" onClick={() => words.remove(chip.id)} />}
        </span>
      </div>
      {!chip.removed && <Weight chip={chip} />}
      {place?.diffuse && <p className="words-note" data-tone="warn">{t('words.diffuse', { word: place.word })}</p>}
      {chip.source !== null && !chip.lost && !masking && (place
        ? <>
            {!chip.removed && <PaintButtons word={chip.text} />}
            <div className="words-card-row"><Button variant="default" size="compact-sm" leftSection={<IconMask size="0.9375rem" />} onClick={() => void words.show(chip.id, true)}>{t('words.mask')}</Button></div>
          </>
        : <LookButton />)}
      {masking && <MaskMaker index={place?.index ?? -1} />}
    </div>
  )
}

/** The weight as steps of the wheel on a slider whose middle is 1. */
function Weight({ chip }: { readonly chip: Chip }) {
  const weigh = useWords((state) => state.weigh)
  return (
    <div className="words-weight">
      <SliderRow label={t('words.weight')} value={chip.weight} min={0} max={4} step={0.1} hint={[t('words.weight.less'), t('words.weight.more')]} compact onChange={(weight) => weigh(chip.id, weight)} />
      <IconButton icon={IconMinus} label={`${t('words.weight')}, −`} shortcut="−" disabled={chip.weight <= 0} onClick={() => weigh(chip.id, stepWeight(chip.weight, -1))} />
      <IconButton icon={IconPlus} label={`${t('words.weight')}, +`} shortcut="+" disabled={chip.weight >= 10} onClick={() => weigh(chip.id, stepWeight(chip.weight, 1))} />
    </div>
  )
}

/** Looking is asked for where it takes long enough to be asked. */
function LookButton() {
  const { looking, ready, predictedSeconds, look } = useWords((state) => state)
  if (looking) return null
  const label = !ready && predictedSeconds !== null ? t('words.look.time', { time: timeText(predictedSeconds) }) : t('words.look')
  return <div className="words-card-row"><Button variant="default" size="compact-sm" onClick={() => void look()}>{label}</Button></div>
}

/** The plus and minus brushes of the canvas, for this word. */
function PaintButtons({ word }: { readonly word: string }) {
  const painting = useWords((state) => state.painting)
  const painted = useWords((state) => (state.paint.get(word)?.size ?? 0) > 0)
  const { setPainting, setPaint } = useWords((state) => state)
  const on = (sign: 'plus' | 'minus'): boolean => painting?.word === word && painting.sign === sign
  const brush = (sign: 'plus' | 'minus', label: string) => (
    <Button variant={on(sign) ? 'filled' : 'default'} size="compact-sm" aria-pressed={on(sign)} leftSection={<IconBrush size="0.9375rem" stroke={1.5} />} onClick={() => setPainting(on(sign) ? null : { word, sign })}>{label}</Button>
  )
  return (
    <div className="words-paint" role="group" aria-label={t('words.paint')}>
      <span className="ui-label" aria-hidden>{t('words.paint')}</span>
      <div className="words-card-row">
        {brush('plus', t('words.paint.plus'))}
        {brush('minus', t('words.paint.minus'))}
        {painted && <IconButton icon={IconTrash} label={t('words.paint.clear')} onClick={() => setPaint(word, new Map())} />}
      </div>
    </div>
  )
}

/** The threshold with its preview on the canvas, and how the mask joins the one that is there. */
function MaskMaker({ index }: { readonly index: number }) {
  const { threshold, setThreshold, maps, makeMask, show } = useWords((state) => state)
  const [mode, setMode] = useState<Mode>('replace')
  const map = maps?.read.get(index)
  return (
    <div className="words-mask">
      <SliderRow label={t('words.mask.threshold')} value={threshold} min={0.05} max={0.95} step={0.01} scale={100} suffix=" %" onChange={setThreshold} />
      <SegmentedControl aria-label={t('words.mask.mode')} value={mode} onChange={(value) => setMode(value as Mode)} data={MODES.map((value) => ({ value, label: t(MODE_NAMES[value]) }))} />
      <div className="words-card-row words-apart">
        <span className="words-dim" role="status">{map ? t('words.mask.share', { share: Math.round(chosenShare(map, threshold) * 100) }) : ''}</span>
        <span className="words-line">
          <Button size="compact-sm" variant="default" onClick={() => void show(null)}>{t('common.cancel')}</Button>
          <Button size="compact-sm" onClick={() => void makeMask(openDocument(), mode)}>{t('words.mask')}</Button>
        </span>
      </div>
    </div>
  )
}
