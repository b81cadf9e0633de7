/** The body of the Swap intent: the description as chips, what the chosen word can do, what the picture will become. */
import { Button } from '@mantine/core'
import { IconEye, IconPencil, IconRestore } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import type { JobProgress } from '../../stores/awaitJob.ts'
import { chipState } from '../../stores/words/chips.ts'
import { obstacleOf } from '../../stores/words/intent.ts'
import { t } from '../../strings/t.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { ChipRow } from './ChipRow.tsx'
import { Description } from './Description.tsx'
import { FidelityMeter } from './FidelityMeter.tsx'
import { SwapOptions } from './SwapOptions.tsx'
import { TargetBox } from './TargetBox.tsx'
import { WordCard } from './WordCard.tsx'
import { bindWords } from './bindWords.ts'
import { useWords } from './useWords.ts'
import './words.css'

/** See the file's head. */
export function WordsPanel() {
  const words = useWords((state) => state)
  const [active, setActive] = useState<number | null>(null)
  const [rewriting, setRewriting] = useState(false)
  const panel = useRef<HTMLDivElement>(null)
  useEffect(() => { bindWords() }, [])
  useDescribed()
  const chip = words.chips.find(({ id }) => id === active)
  const bare = words.description.trim() === '' || rewriting
  return (
    <div className="words" ref={panel}>
      <div className="words-line">
        <span className="ui-label">{t('words.title')}</span>
        {!bare && words.from !== 'none' && <span className="words-tag" title={words.note || undefined}>{t(`words.from.${words.from}`)}</span>}
        <span className="words-spring" />
        {!bare && words.chips.some((one) => chipState(one) !== 'kept' || one.weight !== 1) && <IconButton icon={IconRestore} label={t('words.undo.all')} onClick={words.restoreAll} />}
        {!bare && <IconButton icon={IconEye} label={t('words.describe')} onClick={() => void words.describe()} />}
        {!bare && <IconButton icon={IconPencil} label={t('words.edit')} onClick={() => setRewriting(true)} />}
      </div>
      {bare ? <Description key={String(rewriting)} onDone={() => setRewriting(false)} /> : (
        <>
          {words.reading && words.chips.length === 0 ? <p className="words-note">{t('words.reading')}</p> : (
            <ChipRow active={active} onActive={setActive} onMask={() => { if (active !== null) void words.show(active, true) }} />
          )}
          {obstacleOf(words) === 'nothing-changed' && words.chips.length > 0 && <p className="words-note">{t('words.how')}</p>}
          <Notes />
          <Progress what={t('words.looking')} progress={words.looking} />
          <Progress what={t('words.inverting')} progress={words.inverting} />
          {words.problem !== null && (
            <div className="words-problem" role="alert"><span>{words.problem}</span><Button size="compact-xs" variant="default" onClick={() => void words.again?.()}>{t('words.problem.again')}</Button></div>
          )}
          {chip && <WordCard chip={chip} onEdit={() => startTyping(panel.current, chip.id)} />}
          {words.chips.length > 0 && <TargetBox />}
          <FidelityMeter />
          <SwapOptions />
        </>
      )}
    </div>
  )
}

/** Types over a chip as a double click on it does. */
function startTyping(panel: HTMLElement | null, chip: number): void {
  const element = panel?.querySelector<HTMLElement>(`[data-chip="${chip}"]`)
  element?.focus()
  element?.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))
}

/** A picture without a description is described once, unasked: from its recipe, else by the model. */
function useDescribed(): void {
  const document = useWords((state) => state.document)
  const describe = useWords((state) => state.describe)
  const asked = useRef<typeof document>(null)
  const empty = useWords((state) => state.description.trim() === '' && !state.reading)
  useEffect(() => {
    if (!document || asked.current === document || !empty) return
    asked.current = document
    void describe()
  }, [document, describe, empty])
}

/** What the person should know of the words as a whole. */
function Notes() {
  const chips = useWords((state) => state.chips)
  const unknown = chips.filter((chip) => chip.known === false && !chip.removed && !chip.lost).map(({ text }) => `"${text}"`)
  const lost = chips.filter((chip) => chip.lost && chip.text !== '').map(({ text }) => `"${text}"`)
  return (
    <>
      {unknown.length > 0 && <p className="words-note" data-tone="warn">{t('words.unknown', { words: unknown.join(', ') })}</p>}
      {lost.length > 0 && <p className="words-note">{t('words.lost', { words: lost.join(', ') })}</p>}
    </>
  )
}

/** A job of the panel while it runs, with the way to stop it. */
function Progress({ what, progress }: { readonly what: string; readonly progress: JobProgress | null }) {
  const cancel = useWords((state) => state.cancel)
  if (!progress) return null
  const share = progress.steps > 0 ? progress.step / progress.steps : null
  return (
    <div className="words-progress">
      <div className="words-line"><span>{what}</span><span className="words-dim">{progress.steps > 0 && t('words.progress', { step: progress.step, steps: progress.steps })}</span><span className="words-spring" /><Button size="compact-xs" variant="subtle" onClick={() => void cancel()}>{t('words.stop')}</Button></div>
      <div className="words-progress-bar" role="progressbar" aria-label={what} aria-valuemin={0} aria-valuemax={100} {...(share !== null && { 'aria-valuenow': Math.round(share * 100) })}><span data-unsure={share === null || undefined} style={{ width: `${(share ?? 1) * 100}%` }} /></div>
    </div>
  )
}
