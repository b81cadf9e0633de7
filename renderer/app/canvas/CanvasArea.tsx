/** The picture: the canvas and what floats over it. */
import { useEffect, useRef } from 'react'
import { stagingStore, shownResult } from '../../stores/stagingStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { viewStore } from '../../stores/viewStore.ts'
import { t } from '../../strings/t.ts'
import { carriesPicture, dropPicture } from '../actions/dragPictures.ts'
import { Slot } from '../../ui/slots.tsx'
import { ContextBar } from './ContextBar.tsx'
import { Hud } from './Hud.tsx'
import { Navigator } from './Navigator.tsx'
import { attachCanvas } from './attachCanvas.ts'

/** See the file's head. */
export function CanvasArea() {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => attachCanvas(place.current!), [])
  return (
    <main
      className="canvas" aria-label={t('shell.canvas')}
      onDragOver={(event) => carriesPicture(event) && event.preventDefault()}
      onDrop={(event) => {
        if (!carriesPicture(event)) return
        event.preventDefault()
        dropPicture()
      }}
    >
      <div ref={place} className="canvas-place" />
      <Badge />
      <Slot id="canvas.words" />
      <Navigator />
      <ContextBar />
      <Hud />
    </main>
  )
}

/** Says what is seen when it is not the picture itself. */
function Badge() {
  const original = useStore(viewStore, (state) => state.original)
  const compare = useStore(viewStore, (state) => state.compare)
  const staged = useStore(stagingStore, (state) => shownResult(state) !== null)
  if (!original && compare === 'none' && !staged) return null
  const text = original ? t('canvas.original') : compare === 'difference' ? t('canvas.difference') : compare === 'split' ? t('canvas.split') : t('canvas.staged')
  return <div className="canvas-badge" role="status">{text}</div>
}
