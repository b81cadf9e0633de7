/** Hand: drags the picture. Its gestures also serve Space, the middle button and the rotation of the view. */
import { panned, turnedTo, zoomedTo } from '../geometry/viewport.ts'
import type { State, ToolDefinition, ToolPointer, ToolSurface } from './toolTypes.ts'

/** Dragging the view, until the button goes up. */
export function panning(surface: ToolSurface, start: ToolPointer, after: () => State): State {
  let last = start.screen
  return {
    name: 'panning',
    enter: () => surface.cursor('grabbing'),
    move: ({ screen }) => {
      surface.setView(panned(surface.view(), screen.x - last.x, screen.y - last.y))
      last = screen
    },
    up: after,
    cancel: after,
  }
}

/** Turning the view around its middle; Shift, newly pressed, keeps to 15 degrees. A double click sets it upright. */
export function turning(surface: ToolSurface, start: ToolPointer, after: () => State): State {
  const begin = surface.view()
  const middle = { x: begin.width / begin.ratio / 2, y: begin.height / begin.ratio / 2 }
  const angleAt = ({ x, y }: { readonly x: number; readonly y: number }): number => Math.atan2(y - middle.y, x - middle.x)
  const from = angleAt(start.screen)
  return {
    name: 'turning',
    enter: () => {
      surface.cursor('rotate')
      if (start.clicks > 1) surface.setView(turnedTo(begin, 0, middle))
    },
    move: ({ screen, alt }) => {
      if (start.clicks > 1) return
      const angle = begin.angle + angleAt(screen) - from
      const step = Math.PI / 12
      const near = Math.round(angle / (Math.PI / 2)) * (Math.PI / 2)
      // close to upright it stays upright: square pixels are sharper
      surface.setView(turnedTo(begin, alt ? Math.round(angle / step) * step : Math.abs(angle - near) < 0.03 ? near : angle, middle))
    },
    up: after,
    cancel: () => {
      surface.setView(begin)
      return after()
    },
  }
}

/** Zooming by dragging right and left, around where it began. */
export function scrubbing(surface: ToolSurface, start: ToolPointer, after: (moved: boolean) => State): State {
  const begin = surface.view()
  let moved = false
  return {
    name: 'scrubbing',
    move: ({ screen }) => {
      const dx = screen.x - start.screen.x
      moved ||= Math.abs(dx) > 3
      if (moved) surface.setView(zoomedTo(begin, begin.zoom * 2 ** (dx / 120), start.screen))
    },
    up: () => after(moved),
    cancel: () => {
      surface.setView(begin)
      return after(true)
    },
  }
}

/** See the file's head. */
export const handTool: ToolDefinition = {
  id: 'hand',
  title: 'Hand',
  start: (surface) => {
    const idle: State = {
      name: 'idle',
      enter: () => {
        surface.cursor('grab')
        surface.hints([{ keys: 'Drag', does: 'move the view' }, { keys: 'Wheel', does: 'zoom' }, { keys: 'Shift+Space+drag', does: 'turn the view' }])
      },
      move: () => surface.cursor('grab'),
      down: (pointer) => (pointer.button === 0 ? panning(surface, pointer, () => idle) : undefined),
    }
    return idle
  },
}

