/** One chip: the word, what was done to it, its weight as a bar and a number, and what the model makes of it. */
import { VisuallyHidden } from '@mantine/core'
import { useRef, useState } from 'react'
import { t } from '../../strings/t.ts'
import { type Chip, chipState, trimMarks, weightShare } from '../../stores/words/chips.ts'
import { lookAt } from './lookAt.ts'
import { useWords } from './useWords.ts'

/** How far off the row a chip is dragged to take it out, CSS pixels. */
const DRAG_OFF = 28
/** Movement below which a press is a click. */
const CLICK = 5

/** What is passed. */
export interface ChipViewProps {
  readonly chip: Chip
  /** goes with a word that was taken out */
  readonly alongside: boolean
  readonly active: boolean
  /** where Tab leads */
  readonly reachable: boolean
  readonly row: React.RefObject<HTMLDivElement | null>
  readonly onStand: () => void
  readonly onEdit: () => void
  readonly onRemove: () => void
}

/** See the file's head. */
export function ChipView({ chip, alongside, active, reachable, row, onStand, onEdit, onRemove }: ChipViewProps) {
  const diffuse = useWords(({ maps }) => maps?.places.get(chip.id)?.diffuse ?? false)
  const shown = useWords((state) => state.shown?.chip === chip.id)
  const painted = useWords(({ paint }) => paint.has(chip.text))
  const drag = useDragOff(row, onRemove)
  const state = chipState(chip)
  const old = chip.source === null ? '' : trimMarks(chip.source)
  const flags = [
    chip.weight !== 1 && t('words.chip.weight', { weight: chip.weight }), chip.known === false && t('words.chip.unknown'), chip.lost && t('words.chip.lost'),
    diffuse && t('words.chip.diffuse'), painted && t('words.chip.painted'),
  ].filter((one) => one !== false)
  const name = alongside ? t('words.chip.alongside', { word: chip.text })
    : state === 'swapped' ? t('words.chip.swapped', { word: chip.text, old }) : t(`words.chip.${state}`, { word: chip.text })
  return (
    <div
      role="option" aria-selected={active} tabIndex={reachable ? 0 : -1} data-chip={chip.id} data-state={alongside ? 'alongside' : state} data-shown={shown || undefined}
      data-unknown={chip.known === false || undefined} data-lost={chip.lost || undefined} data-off={drag.off || undefined}
      className="words-chip" title={flags.join(', ') || undefined}
      style={drag.by ? { transform: `translate(${drag.by.x}px, ${drag.by.y}px)` } : undefined}
      onPointerEnter={() => lookAt(chip.id)} onPointerLeave={() => lookAt(null)}
      onFocus={() => { onStand(); lookAt(chip.id) }} onBlur={() => lookAt(null)}
      onDoubleClick={onEdit} {...drag.handlers}
    >
      <VisuallyHidden>{[name, ...flags].join(', ')}</VisuallyHidden>
      {state === 'swapped' && <s className="words-old" aria-hidden>{old}</s>}
      <span className="words-text" aria-hidden>{chip.text}</span>
      {chip.weight !== 1 && <span className="words-number" aria-hidden>{chip.weight}</span>}
      {chip.weight !== 1 && <span className="words-bar" aria-hidden><span style={{ width: `${weightShare(chip.weight) * 100}%` }} /></span>}
    </div>
  )
}

interface DragOff {
  readonly by: { readonly x: number; readonly y: number } | null
  /** far enough: letting go takes the chip out */
  readonly off: boolean
  readonly handlers: Pick<React.DOMAttributes<HTMLElement>, 'onPointerDown' | 'onPointerMove' | 'onPointerUp' | 'onPointerCancel'>
}

/** Dragging a chip off the row. */
function useDragOff(row: React.RefObject<HTMLDivElement | null>, onRemove: () => void): DragOff {
  const start = useRef<{ x: number; y: number } | null>(null)
  const [by, setBy] = useState<{ x: number; y: number } | null>(null)
  const [off, setOff] = useState(false)
  const end = (): void => {
    start.current = null
    setBy(null)
    setOff(false)
  }
  return {
    by, off,
    handlers: {
      onPointerDown(event) {
        if (event.button !== 0) return
        start.current = { x: event.clientX, y: event.clientY }
        event.currentTarget.setPointerCapture(event.pointerId) // at once: a quick hand is off the chip before it has moved
      },
      onPointerMove(event) {
        if (!start.current || !row.current) return
        const move = { x: event.clientX - start.current.x, y: event.clientY - start.current.y }
        if (!by && Math.hypot(move.x, move.y) < CLICK) return
        setBy(move)
        setOff(isOff(event, row.current))
      },
      onPointerUp(event) {
        if (start.current && row.current && isOff(event, row.current)) onRemove()
        end()
      },
      onPointerCancel: end,
    },
  }
}

/** Whether the pointer is far enough off the row. */
function isOff({ clientX, clientY }: React.PointerEvent, row: HTMLElement): boolean {
  const box = row.getBoundingClientRect()
  return clientY < box.top - DRAG_OFF || clientY > box.bottom + DRAG_OFF || clientX < box.left - DRAG_OFF || clientX > box.right + DRAG_OFF
}
