/**
 * The description as a row of chips: a list box in which one stands on a word, sees where it looks, types over it, weighs
 * it with the wheel or up and down, and drags it off to take it out.
 */
import { IconPlus } from '@tabler/icons-react'
import { Fragment, useLayoutEffect, useRef, useState } from 'react'
import { t } from '../../strings/t.ts'
import { type Chip, isMark } from '../../stores/words/chips.ts'
import { targetOf } from '../../stores/words/target.ts'
import { ChipEditor } from './ChipEditor.tsx'
import { ChipView } from './ChipView.tsx'
import { chipKey, standable } from './chipKeys.ts'
import { useWords } from './useWords.ts'

/** A chip being typed over, or the place where words are added. */
type Editing = { readonly chip: number | 'new'; readonly text: string }

/** See the file's head. `active` is the chip one stands on. */
export function ChipRow({ active, onActive, onMask }: { readonly active: number | null; readonly onActive: (chip: number | null) => void; readonly onMask: () => void }) {
  const chips = useWords(({ chips: all }) => all)
  const words = useWords((state) => state)
  const { alongside } = targetOf(chips)
  const row = useRef<HTMLDivElement>(null)
  const [editing, setEditing] = useState<Editing | null>(null)
  const stand = chips.some(({ id }) => id === active) ? active : (standable(chips)[0]?.id ?? null)
  const focusChip = (chip: number | null): void => row.current?.querySelector<HTMLElement>(`[data-chip="${chip}"]`)?.focus()
  const edit = (chip: Chip, text: string): void => setEditing({ chip: chip.id, text })
  useWheel(row, (chip, notches) => words.stepWeight(chip, notches))

  const keyDown = (event: React.KeyboardEvent): void => {
    const act = chipKey(chips, stand, event)
    if (!act) return
    event.preventDefault()
    event.stopPropagation()
    const chip = chips.find(({ id }) => id === stand)
    if (act.do === 'go') {
      onActive(act.chip)
      focusChip(act.chip)
    } else if (act.do === 'add') setEditing({ chip: 'new', text: '' })
    else if (act.do === 'leave') void words.show(null)
    else if (!chip) return
    else if (act.do === 'edit') edit(chip, act.with ?? chip.text)
    else if (act.do === 'weigh') words.stepWeight(chip.id, act.notches)
    else if (act.do === 'restore') words.restore(chip.id)
    else if (act.do === 'mask') onMask()
    else words.remove(chip.id)
  }
  const finish = (text: string | null): void => {
    if (!editing) return
    setEditing(null)
    const before = editing.chip === 'new' ? '' : chips.find(({ id }) => id === editing.chip)?.text
    if (text !== null && text.trim() !== before) void (editing.chip === 'new' ? words.add(text) : words.typeOver(editing.chip, text))
    requestAnimationFrame(() => (editing.chip === 'new' ? row.current?.querySelector<HTMLElement>('.words-add')?.focus() : focusChip(editing.chip)))
  }
  return (
    <div className="words-row" ref={row}>
      <div role="listbox" aria-label={t('words.row')} aria-description={t('words.row.help')} aria-orientation="horizontal" className="words-list" onKeyDown={keyDown}>
        {chips.map((chip) => (isMark(chip) ? <Fragment key={chip.id}>{' '}<span className="words-mark" role="presentation">{chip.source}</span></Fragment> : (
          <ChipView
            key={chip.id} chip={chip} alongside={alongside.has(chip.id)} active={chip.id === active} reachable={chip.id === stand} row={row}
            onStand={() => onActive(chip.id)} onEdit={() => edit(chip, chip.text)} onRemove={() => words.remove(chip.id)}
          />
        )))}
      </div>
      <button type="button" className="words-add" aria-label={t('words.add')} title={t('words.add')} onClick={() => setEditing({ chip: 'new', text: '' })}><IconPlus size="0.875rem" aria-hidden /></button>
      {editing && <ChipEditor row={row} chip={editing.chip} start={editing.text} word={chips.find(({ id }) => id === editing.chip)?.text ?? ''} onDone={finish} />}
    </div>
  )
}

/** The wheel over a chip weighs it. React's own wheel listeners cannot keep the panel from scrolling. */
function useWheel(row: React.RefObject<HTMLDivElement | null>, weigh: (chip: number, notches: number) => void): void {
  const latest = useRef(weigh)
  latest.current = weigh
  useLayoutEffect(() => {
    const element = row.current
    if (!element) return undefined
    const turn = (event: WheelEvent): void => {
      const chip = (event.target as Element).closest<HTMLElement>('[data-chip]')?.dataset['chip'] // wheel events come from elements
      if (chip === undefined || event.ctrlKey || event.deltaY === 0) return
      event.preventDefault()
      latest.current(Number(chip), event.deltaY < 0 ? 1 : -1)
    }
    element.addEventListener('wheel', turn, { passive: false })
    return () => element.removeEventListener('wheel', turn)
  }, [row])
}
