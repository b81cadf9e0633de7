/** The navigator: the whole picture in a corner of the canvas, and the part of it that is seen as a frame to drag. */
import { useEffect, useState } from 'react'
import { canvasPort } from '../../stores/canvasPort.ts'
import { documentStore } from '../../stores/documentStore.ts'
import { historyStore } from '../../stores/historyStore.ts'
import { layoutStore } from '../../stores/layoutStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { viewStore } from '../../stores/viewStore.ts'
import { t } from '../../strings/t.ts'
import { useMedia } from '../useMedia.ts'
import { fittedBox, movedBy, seenFrame } from './navigatorBox.ts'

const STEPS: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

/** See the file's head. Shown while the command `view.navigator` is on. */
export function Navigator() {
  const on = useStore(layoutStore, (state) => state.navigator)
  const canvas = useStore(documentStore, ({ document }) => document?.canvas ?? null)
  return on && canvas ? <Overview width={canvas.width} height={canvas.height} /> : null
}

function Overview({ width, height }: { readonly width: number; readonly height: number }) {
  const box = fittedBox({ width, height })
  const corners = useStore(viewStore, (state) => state.corners)
  const url = useOverview(`${width} ${height}`)
  const look = (event: React.PointerEvent<HTMLElement>): void => {
    const at = event.currentTarget.getBoundingClientRect()
    canvasPort()?.lookAt({ x: ((event.clientX - at.left) / at.width) * width, y: ((event.clientY - at.top) / at.height) * height })
  }
  return (
    <div
      className="navigator" role="group" aria-label={t('canvas.navigator')} tabIndex={0} style={{ width: `${box.width}rem`, height: `${box.height}rem` }}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        look(event)
      }}
      onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && look(event)}
      onWheel={(event) => canvasPort()?.zoomBy(event.deltaY < 0 ? 2 : 0.5)}
      onKeyDown={(event) => {
        const step = STEPS[event.key]
        if (!step || corners.length === 0) return
        event.preventDefault()
        event.stopPropagation()
        canvasPort()?.lookAt(movedBy(corners, step))
      }}
    >
      {url && <img src={url} alt="" draggable={false} />}
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden>
        <path className="navigator-shade" fillRule="evenodd" d={`M0 0H${width}V${height}H0Z ${seenFrame(corners)}`} />
        <path className="navigator-seen" d={seenFrame(corners)} />
      </svg>
    </div>
  )
}

/** The picture as the history keeps it small; the one before is shown while the next is made, unless the canvas changed. */
function useOverview(size: string): string | null {
  const thumbnail = useStore(historyStore, ({ rows, head }) => rows.findLast(({ id }) => id === head)?.thumbnail ?? null)
  const url = useMedia(thumbnail)
  const [shown, setShown] = useState<{ readonly url: string; readonly size: string } | null>(null)
  useEffect(() => {
    if (url) setShown({ url, size })
  }, [url, size])
  return url ?? (shown?.size === size ? shown.url : null)
}
