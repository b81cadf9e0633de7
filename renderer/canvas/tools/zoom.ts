/** Zoom: click in, Alt-click out, drag to scrub. */
import { nextStop, zoomedTo } from '../geometry/viewport.ts'
import { scrubbing } from './hand.ts'
import type { State, ToolDefinition, ToolPointer } from './toolTypes.ts'

/** See the file's head. */
export const zoomTool: ToolDefinition = {
  id: 'zoom',
  title: 'Zoom',
  start: (surface) => {
    const cursor = ({ alt }: { readonly alt: boolean }): void => surface.cursor(alt ? 'zoom-out' : 'zoom-in')
    const step = (pointer: ToolPointer): void => surface.setView(zoomedTo(surface.view(), nextStop(surface.view().zoom, pointer.alt ? -1 : 1), pointer.screen))
    const idle: State = {
      name: 'idle',
      enter: () => {
        cursor({ alt: false })
        surface.hints([{ keys: 'Click', does: 'zoom in' }, { keys: 'Alt+click', does: 'zoom out' }, { keys: 'Drag', does: 'zoom freely' }])
      },
      move: cursor,
      down: (pointer) => {
        if (pointer.button !== 0) return
        return scrubbing(surface, pointer, (moved) => {
          if (!moved) step(pointer)
          return idle
        })
      },
    }
    return idle
  },
}
