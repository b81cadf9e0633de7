/** Two pictures of one size over each other with a line between them that can be dragged or moved with the arrow keys. */
import { useRef, useState } from 'react'

/** See the file's head. */
export function SplitPictures({ before, after, label, names }: { readonly before: string | null; readonly after: string | null; readonly label: string; readonly names: readonly [string, string] }) {
  const [at, setAt] = useState(0.5)
  const frame = useRef<HTMLDivElement>(null)
  const drag = (event: React.PointerEvent): void => {
    const box = frame.current!.getBoundingClientRect()
    setAt(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)))
  }
  const step = (event: React.KeyboardEvent): void => {
    const by = event.key === 'ArrowLeft' ? -0.02 : event.key === 'ArrowRight' ? 0.02 : 0
    if (by === 0) return
    event.preventDefault()
    setAt((now) => Math.min(1, Math.max(0, now + by)))
  }
  return (
    <div
      ref={frame} className="ui-split"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        drag(event)
      }}
      onPointerMove={(event) => event.buttons > 0 && drag(event)}
    >
      {after && <img src={after} alt={names[1]} draggable={false} />}
      {before && <img src={before} alt={names[0]} draggable={false} style={{ clipPath: `inset(0 ${100 - at * 100}% 0 0)` }} />}
      <span className="ui-split-name" data-side="left">{names[0]}</span>
      <span className="ui-split-name" data-side="right">{names[1]}</span>
      <div className="ui-split-line" role="slider" tabIndex={0} aria-label={label} aria-valuenow={Math.round(at * 100)} aria-valuemin={0} aria-valuemax={100} style={{ left: `${at * 100}%` }} onKeyDown={step} />
    </div>
  )
}
