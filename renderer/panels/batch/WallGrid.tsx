/** A grid of thousands of pictures of which only those in sight exist. */
import { IconAlertTriangle, IconCheck, IconEye, IconLoader2, IconX } from '@tabler/icons-react'
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { BatchItem } from '../../../preload/contract/batch.ts'
import { type GridShape, gridWindow, scrollTo } from '../../stores/batch/grid.ts'
import { t } from '../../strings/t.ts'
import { Picture } from '../../ui/Picture.tsx'
import { useMedia } from '../../app/useMedia.ts'

/** Lengths in rem. */
const CELL = { width: 10.5, height: 9.75, gap: 0.625 } as const

/** What is passed. `columns` is told how many there are, for the arrow keys. */
export interface WallGridProps {
  readonly items: readonly BatchItem[]
  readonly cursor: number | null
  readonly columns: RefObject<number>
  readonly onStand: (index: number) => void
  readonly onOpen: () => void
}

/** See the file's head. */
export function WallGrid({ items, cursor, columns, onStand, onOpen }: WallGridProps) {
  const frame = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, width: 800, height: 600, rem: 16 })
  useLayoutEffect(() => {
    const element = frame.current!
    const look = (): void => setView({ top: element.scrollTop, width: element.clientWidth, height: element.clientHeight, rem: parseFloat(getComputedStyle(document.documentElement).fontSize) })
    const observer = new ResizeObserver(look)
    observer.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    look()
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [])
  const shape: GridShape = { count: items.length, width: view.width, cell: CELL.width * view.rem, rowHeight: CELL.height * view.rem, gap: CELL.gap * view.rem }
  const shown = gridWindow(shape, view.top, view.height)
  columns.current = shown.columns
  const at = items.findIndex(({ index }) => index === cursor)
  useEffect(() => {
    const element = frame.current
    if (element && at >= 0) element.scrollTop = scrollTo(shape, at, element.scrollTop, element.clientHeight)
    // only a step of the cursor scrolls, not a change of size
  }, [at])
  return (
    <div ref={frame} className="batch-grid" role="listbox" aria-label={t('batch.wall')} aria-description={t('batch.wall.help')} tabIndex={0} aria-activedescendant={at >= 0 ? `picture-${cursor}` : undefined} onFocus={() => { if (at < 0 && items[0]) onStand(items[0].index) }}>
      <div role="presentation" style={{ height: shown.height, position: 'relative' }}>
        <div role="presentation" className="batch-cells" style={{ transform: `translateY(${shown.top}px)`, gridTemplateColumns: `repeat(${shown.columns}, minmax(0, 1fr))`, gap: shape.gap, gridAutoRows: shape.rowHeight }}>
          {items.slice(shown.first, shown.end).map((item) => <Cell key={item.index} item={item} active={item.index === cursor} onStand={() => onStand(item.index)} onOpen={onOpen} />)}
        </div>
      </div>
    </div>
  )
}

const SIGNS = { accepted: IconCheck, rejected: IconX, review: IconEye, failed: IconAlertTriangle, running: IconLoader2 } as const

function Cell({ item, active, onStand, onOpen }: { readonly item: BatchItem; readonly active: boolean; readonly onStand: () => void; readonly onOpen: () => void }) {
  const src = useMedia(item.after ?? item.before)
  const Sign = Object.hasOwn(SIGNS, item.state) ? SIGNS[item.state as keyof typeof SIGNS] : null // hasOwn has looked
  return (
    <div
      id={`picture-${item.index}`} role="option" aria-selected={active} className="batch-cell" data-state={item.state}
      aria-label={`${t('batch.item', { name: item.name, state: t(`batch.item.${item.state}`) })}${item.error ? `: ${item.error.message}` : ''}`} title={item.error?.message ?? (item.note || undefined)}
      onClick={onStand} onDoubleClick={onOpen}
    >
      <Picture src={src} alt="" />
      {Sign && <span className="batch-sign" aria-hidden><Sign size="0.8125rem" stroke={2} /></span>}
      <span className="batch-cell-name" aria-hidden>{item.name}</span>
    </div>
  )
}
