/** How far Expand will go, drawn around the picture as long as its sides are chosen with the sliders. */
import { useMemo } from 'react'
import { canvasPort } from '../../stores/canvasPort.ts'
import { documentStore } from '../../stores/documentStore.ts'
import { editStore } from '../../stores/editStore.ts'
import { jobsStore } from '../../stores/jobsStore.ts'
import { stagingStore } from '../../stores/stagingStore.ts'
import { activeTool, toolStore } from '../../stores/toolStore.ts'
import { useShallowStore, useStore } from '../../stores/useStore.ts'
import { viewStore } from '../../stores/viewStore.ts'
import { outlineOf } from './outlineOf.ts'

/** See the file's head. The frame tool draws its own. */
export function ExpandOutline() {
  const expand = useStore(editStore, ({ intent, expand: sides }) => (intent === 'expand' ? sides : null))
  const framing = useStore(toolStore, (state) => activeTool(state) === 'frame')
  const judging = useStore(stagingStore, ({ current }) => current !== null)
  const previewing = useStore(jobsStore, ({ preview }) => preview !== null)
  const canvas = useStore(documentStore, ({ document }) => document?.canvas ?? null)
  const view = useShallowStore(viewStore, ({ seen, zoom, rotation }) => ({ seen, zoom, rotation }))
  const corners = useMemo(() => {
    const port = canvasPort()
    if (!port || !canvas || !expand || !view.seen) return null
    const outline = outlineOf(canvas, expand)
    return outline && outline.map((at) => port.toScreen(at))
  }, [canvas, expand, view])
  if (!corners || framing || judging || previewing) return null
  const points = corners.map(({ x, y }) => `${x},${y}`).join(' ')
  return <svg className="edit-outline" aria-hidden><polygon points={points} /><polygon points={points} /></svg>
}
