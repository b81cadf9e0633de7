/** The line between two parts of the window: drag it, or move it with the arrow keys. */
import { useRef } from 'react'

/** See the file's head. `size` is what the line decides, in CSS pixels; `grows` says which way makes it larger. */
export type SplitterProps = { readonly label: string; readonly axis: 'x' | 'y'; readonly size: number; readonly least: number; readonly most: number; readonly grows: 'forward' | 'backward'; readonly onChange: (size: number) => void }

/** See the file's head. */
export function Splitter({ label, axis, size, least, most, grows, onChange }: SplitterProps) {
  const start = useRef<{ at: number; size: number } | null>(null)
  const sign = grows === 'forward' ? 1 : -1
  const set = (value: number): void => onChange(Math.min(most, Math.max(least, Math.round(value))))
  const keys = axis === 'x' ? { ArrowRight: 1, ArrowLeft: -1 } : { ArrowDown: 1, ArrowUp: -1 }
  return (
    <div
      role="separator" tabIndex={0} aria-label={label} aria-orientation={axis === 'x' ? 'vertical' : 'horizontal'} aria-valuenow={Math.round(size)} aria-valuemin={least} aria-valuemax={most}
      className={`ui-splitter ui-splitter-${axis}`}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        start.current = { at: axis === 'x' ? event.clientX : event.clientY, size }
      }}
      onPointerMove={(event) => {
        if (start.current) set(start.current.size + sign * ((axis === 'x' ? event.clientX : event.clientY) - start.current.at))
      }}
      onPointerUp={() => (start.current = null)}
      onPointerCancel={() => (start.current = null)}
      onKeyDown={(event) => {
        const step = (keys as Readonly<Record<string, number | undefined>>)[event.key] // any key may come
        if (step === undefined) return
        event.preventDefault()
        event.stopPropagation()
        set(size + sign * step * (event.shiftKey ? 48 : 12))
      }}
    />
  )
}
