/** Typing over a chip: a field laid over its place, so that the list itself holds nothing but its words. */
import { useLayoutEffect, useRef, useState } from 'react'
import { t } from '../../strings/t.ts'

/** What is passed. `start` is one letter when typing has begun already. `onDone` gets null when nothing is to change. */
export interface ChipEditorProps {
  readonly row: React.RefObject<HTMLDivElement | null>
  readonly chip: number | 'new'
  readonly word: string
  readonly start: string
  readonly onDone: (text: string | null) => void
}

/** See the file's head. Enter and leaving the field take what was typed, Escape does not. */
export function ChipEditor({ row, chip, word, start, onDone }: ChipEditorProps) {
  const [text, setText] = useState(start)
  const field = useRef<HTMLInputElement>(null)
  const ended = useRef(false)
  const [place, setPlace] = useState({ left: 0, top: 0, width: 0, height: 0 })
  useLayoutEffect(() => {
    const at = row.current?.querySelector<HTMLElement>(chip === 'new' ? '.words-add' : `[data-chip="${chip}"]`)
    if (at) setPlace({ left: at.offsetLeft, top: at.offsetTop, width: at.offsetWidth, height: at.offsetHeight })
    field.current?.focus()
    if (start === word) field.current?.select()
  }, [row, chip, start, word])
  const done = (value: string | null): void => {
    if (ended.current) return
    ended.current = true
    onDone(value)
  }
  const label = chip === 'new' ? t('words.add') : t('words.typing', { word })
  return (
    <input
      ref={field} className="words-editor" aria-label={label} value={text} spellCheck={false} autoComplete="off" placeholder={chip === 'new' ? t('words.add.placeholder') : word}
      style={{ left: place.left, top: place.top, height: place.height, minWidth: place.width, width: `${Math.max(text.length, chip === 'new' ? 11 : 3) + 3}ch` }}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => done(text)}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.key === 'Enter') done(text)
        else if (event.key === 'Escape') done(null)
        else return
        event.preventDefault()
      }}
    />
  )
}
