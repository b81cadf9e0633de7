/** A long list of rows of one height, of which only those on the screen exist. */
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'

/** See the file's head. `rowHeight` in CSS pixels; `current` is kept in sight when it changes. */
export type VirtualListProps<Row> = {
  readonly rows: readonly Row[]
  readonly rowHeight: number
  readonly current?: number
  readonly label: string
  readonly keyOf: (row: Row) => string | number
  readonly render: (row: Row, index: number) => ReactNode
  readonly onKeyDown?: (event: React.KeyboardEvent<HTMLDivElement>) => void
}

const BEYOND = 6

/** See the file's head. */
export function VirtualList<Row>({ rows, rowHeight, current, label, keyOf, render, onKeyDown }: VirtualListProps<Row>) {
  const frame = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState({ first: 0, last: 20 })
  useLayoutEffect(() => {
    const element = frame.current!
    const look = (): void => {
      const first = Math.floor(element.scrollTop / rowHeight)
      const last = Math.ceil((element.scrollTop + element.clientHeight) / rowHeight)
      // less than a row further nothing changes
      setSeen((was) => (was.first === first && was.last === last ? was : { first, last }))
    }
    const observer = new ResizeObserver(look)
    observer.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    look()
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [rowHeight])
  useEffect(() => {
    const element = frame.current
    if (!element || current === undefined || current < 0) return
    const top = current * rowHeight
    if (top < element.scrollTop) element.scrollTop = top - rowHeight
    else if (top + rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = top + 2 * rowHeight - element.clientHeight
  }, [current, rowHeight])
  const first = Math.max(0, seen.first - BEYOND)
  const last = Math.min(rows.length, seen.last + BEYOND)
  return (
    <div ref={frame} className="ui-virtual" tabIndex={0} role="group" aria-label={label} onKeyDown={onKeyDown}>
      <div className="ui-virtual-room" style={{ height: rows.length * rowHeight }} role="list">
        {rows.slice(first, last).map((row, index) => (
          <div key={keyOf(row)} className="ui-virtual-row" role="listitem" aria-setsize={rows.length} aria-posinset={first + index + 1} style={{ height: rowHeight, transform: `translateY(${(first + index) * rowHeight}px)` }}>
            {render(row, first + index)}
          </div>
        ))}
      </div>
    </div>
  )
}
