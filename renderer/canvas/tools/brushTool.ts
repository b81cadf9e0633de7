/**
 * What all brushes share: idle, drawing; a straight line from the last stroke's end with Shift; Escape takes the stroke
 * back. A brush says what a stroke is to do, the rest is here.
 */
import type { Point } from '../geometry/affine.ts'
import type { Hint } from '../editorTypes.ts'
import type { Sample } from '../strokes/brush.ts'
import type { State, StrokeHandle, StrokeOrder, ToolDefinition, ToolId, ToolPointer, ToolSurface } from './toolTypes.ts'

/** What one brush is. */
export interface BrushKind {
  readonly id: ToolId
  readonly title: string
  /** the stroke that begins here, null: none can */
  readonly order: (surface: ToolSurface, pointer: ToolPointer) => StrokeOrder | null
  readonly hints: readonly Hint[]
  /** a press that is no stroke: true when it was used */
  readonly press?: (surface: ToolSurface, pointer: ToolPointer) => boolean
  /** the pointer moved, drawing or not */
  readonly moved?: (surface: ToolSurface, pointer: ToolPointer) => void
  readonly key?: State['key']
}

/** Keys of every brush. */
export const BRUSH_HINTS: readonly Hint[] = [
  { keys: '[ ]', does: 'size' }, { keys: 'Shift+[ ]', does: 'hardness' }, { keys: 'Alt+right-drag', does: 'size and hardness' }, { keys: 'Shift+click', does: 'straight line' },
]

/** Makes a tool of a brush. */
export function brushTool(kind: BrushKind): ToolDefinition {
  return {
    id: kind.id,
    title: kind.title,
    start: (surface) => {
      let end: Point | null = null
      const idle: State = {
        name: 'idle',
        enter: () => {
          surface.cursor('brush')
          surface.hints([...kind.hints, ...BRUSH_HINTS])
        },
        move: (pointer) => {
          surface.cursor('brush')
          kind.moved?.(surface, pointer)
        },
        down: (pointer) => {
          if (pointer.button !== 0 || kind.press?.(surface, pointer)) return
          const order = kind.order(surface, pointer)
          const stroke = order && surface.stroke(order)
          if (!stroke) return
          const from = pointer.shift && end ? [{ ...end, pressure: pointer.pressure }] : []
          stroke.add([...from, { ...pointer.at, pressure: pointer.pressure }])
          return drawing(stroke)
        },
        ...(kind.key ? { key: kind.key } : {}),
      }
      const drawing = (stroke: StrokeHandle): State => ({
        name: 'drawing',
        enter: () => surface.hints([{ keys: 'Esc', does: 'take the stroke back' }]),
        move: (pointer) => {
          stroke.add(pointer.samples)
          kind.moved?.(surface, pointer)
        },
        up: (pointer) => {
          stroke.add(lastOf(pointer))
          stroke.commit()
          end = pointer.at
          return idle
        },
        cancel: () => {
          stroke.cancel()
          return idle
        },
      })
      return idle
    },
  }
}

/** The place where the button went up. Pens report no pressure there; the path keeps the one before. */
function lastOf(pointer: ToolPointer): Sample[] {
  return pointer.pen ? [] : [{ ...pointer.at, pressure: pointer.pressure }]
}
