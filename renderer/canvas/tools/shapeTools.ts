/**
 * Rectangle, ellipse, marquee and gradient: one drag from one corner to the other. Keys held at the press choose how the
 * shape joins the mask; Shift pressed later makes it even, Alt grows it from its middle.
 */
import type { Point } from '../geometry/affine.ts'
import type { Rect } from '../geometry/boxes.ts'
import { modeFor } from '../shapes/combine.ts'
import { type Outline, ellipseOutline, rectangleOutline } from '../shapes/outlines.ts'
import type { Sketch } from '../stage/sketches.ts'
import type { CombineMode, State, ToolDefinition, ToolId, ToolPointer, ToolSurface } from './toolTypes.ts'

/** Hints of tools that select. */
export const SELECT_HINTS = [{ keys: 'Shift', does: 'add' }, { keys: 'Alt', does: 'take away' }, { keys: 'Shift+Alt', does: 'intersect' }] as const

/** The rest of a tool that selects: a crosshair, the hints of selecting, and `begin` when the first button goes down. */
export function selectIdle(surface: ToolSurface, begin: (pointer: ToolPointer) => State): State {
  return {
    name: 'idle',
    enter: () => {
      surface.cursor('crosshair')
      surface.hints(SELECT_HINTS)
    },
    down: (pointer) => (pointer.button === 0 ? begin(pointer) : undefined),
  }
}

/** Box of a drag. `even`: as wide as high; `middle`: it began in the middle. */
export function draggedBox(from: Point, to: Point, even: boolean, middle: boolean): Rect {
  let [dx, dy] = [to.x - from.x, to.y - from.y]
  if (even) {
    const side = Math.max(Math.abs(dx), Math.abs(dy))
    ;[dx, dy] = [side * (Math.sign(dx) || 1), side * (Math.sign(dy) || 1)]
  }
  const start = middle ? { x: from.x - dx, y: from.y - dy } : from
  const [wide, high] = middle ? [2 * dx, 2 * dy] : [dx, dy]
  return { x: Math.min(start.x, start.x + wide), y: Math.min(start.y, start.y + high), width: Math.abs(wide), height: Math.abs(high) }
}

/** Edges on whole pixels. */
export function wholeBox({ x, y, width, height }: Rect): Rect {
  const [left, top] = [Math.round(x), Math.round(y)]
  return { x: left, y: top, width: Math.round(x + width) - left, height: Math.round(y + height) - top }
}

interface BoxKind {
  readonly id: ToolId
  readonly title: string
  readonly sketch: (box: Rect) => Sketch
  readonly done: (surface: ToolSurface, box: Rect, mode: CombineMode) => void
  readonly click: (surface: ToolSurface) => void
  readonly selects: boolean
}

/** Keys that count for the shape: those that were not already held at the press. */
function newKeys(start: ToolPointer): (now: ToolPointer) => { even: boolean; middle: boolean } {
  let [shift, alt] = [start.shift, start.alt]
  return (now) => {
    shift &&= now.shift
    alt &&= now.alt
    return { even: now.shift && !shift, middle: now.alt && !alt }
  }
}

function boxTool(kind: BoxKind): ToolDefinition {
  return {
    id: kind.id,
    title: kind.title,
    start: (surface) => {
      const idle: State = {
        name: 'idle',
        enter: () => {
          surface.cursor('crosshair')
          surface.hints(kind.selects ? SELECT_HINTS : [{ keys: 'Shift', does: 'square' }, { keys: 'Alt', does: 'from the middle' }])
        },
        down: (pointer) => (pointer.button === 0 ? dragging(pointer) : undefined),
      }
      const dragging = (start: ToolPointer): State => {
        const keys = newKeys(start)
        let box: Rect | null = null
        const mode = modeFor(start, surface.options().combine)
        return {
          name: 'dragging',
          enter: () => surface.hints([{ keys: 'Shift', does: 'even sides' }, { keys: 'Alt', does: 'from the middle' }, { keys: 'Esc', does: 'cancel' }]),
          move: (pointer) => {
            const { even, middle } = keys(pointer)
            box = wholeBox(draggedBox(start.at, pointer.at, even, middle))
            surface.sketch([kind.sketch(box)])
          },
          up: () => {
            surface.sketch([])
            if (box && box.width > 0 && box.height > 0) kind.done(surface, box, mode)
            else kind.click(surface)
            return idle
          },
          cancel: () => {
            surface.sketch([])
            return idle
          },
        }
      }
      return idle
    },
  }
}

function selectBox(surface: ToolSurface, box: Rect, mode: CombineMode, id: ToolId, title: string, outline: (edges: { left: number; top: number; right: number; bottom: number }) => Outline): void {
  surface.select(outline({ left: box.x, top: box.y, right: box.x + box.width, bottom: box.y + box.height }), mode, title, id)
}

/** Selects a rectangle. */
export const rectangleTool = boxTool({
  id: 'rectangle', title: 'Rectangle', selects: true, sketch: (box) => ({ kind: 'marquee', box }), click: () => undefined,
  done: (surface, box, mode) => selectBox(surface, box, mode, 'rectangle', 'Select rectangle', rectangleOutline),
})

/** Selects an ellipse. */
export const ellipseTool = boxTool({
  id: 'ellipse', title: 'Ellipse', selects: true, sketch: (box) => ({ kind: 'ellipse', box }), click: () => undefined,
  done: (surface, box, mode) => selectBox(surface, box, mode, 'ellipse', 'Select ellipse', ellipseOutline),
})

/** Marks a box to copy; a click takes the mark away. */
export const marqueeTool = boxTool({
  id: 'marquee', title: 'Marquee', selects: false, sketch: (box) => ({ kind: 'marquee', box }), click: (surface) => surface.setSelection(null),
  done: (surface, box) => {
    const { width, height } = surface.document().canvas
    const [left, top] = [Math.max(0, box.x), Math.max(0, box.y)]
    const [right, bottom] = [Math.min(width, box.x + box.width), Math.min(height, box.y + box.height)]
    surface.setSelection(right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null)
  },
})

/** A mask that runs from nothing, where the drag begins, to everything, where it ends. */
export const gradientTool: ToolDefinition = {
  id: 'gradient-mask',
  title: 'Gradient mask',
  start: (surface) => {
    const idle: State = selectIdle(surface, (pointer) => dragging(pointer))
    const dragging = (start: ToolPointer): State => {
      const keys = newKeys(start)
      const mode = modeFor(start, surface.options().combine)
      let to = start.at
      return {
        name: 'dragging',
        move: (pointer) => {
          to = keys(pointer).even ? alongSteps(start.at, pointer.at) : pointer.at
          surface.sketch([{ kind: 'line', from: start.at, to }])
        },
        up: () => {
          surface.sketch([])
          if (Math.hypot(to.x - start.at.x, to.y - start.at.y) >= 1) surface.gradient(start.at, to, surface.options().gradient, mode)
          return idle
        },
        cancel: () => {
          surface.sketch([])
          return idle
        },
      }
    }
    return idle
  },
}

/** The end of a line turned to the nearest 45 degrees. */
function alongSteps(from: Point, to: Point): Point {
  const step = Math.PI / 4
  const angle = Math.round(Math.atan2(to.y - from.y, to.x - from.x) / step) * step
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  return { x: from.x + length * Math.cos(angle), y: from.y + length * Math.sin(angle) }
}
