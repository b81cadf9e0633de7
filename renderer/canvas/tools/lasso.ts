/** Lasso: a freehand outline, closed when the button goes up. */
import type { Point } from '../geometry/affine.ts'
import { modeFor } from '../shapes/combine.ts'
import { simplified } from '../shapes/outlines.ts'
import { selectIdle } from './shapeTools.ts'
import type { State, ToolDefinition, ToolPointer } from './toolTypes.ts'

/** See the file's head. */
export const lassoTool: ToolDefinition = {
  id: 'lasso',
  title: 'Lasso',
  start: (surface) => {
    const idle: State = selectIdle(surface, (pointer) => drawing(pointer))
    const drawing = (start: ToolPointer): State => {
      const points: Point[] = [start.at]
      const mode = modeFor(start, surface.options().combine)
      return {
        name: 'drawing',
        enter: () => surface.hints([{ keys: 'Esc', does: 'cancel' }]),
        move: (pointer) => {
          points.push(...pointer.samples.map(({ x, y }) => ({ x, y })))
          surface.sketch([{ kind: 'path', points, closed: false }])
        },
        up: () => {
          surface.sketch([])
          const outline = simplified(points, 0.25 / Math.max(1, surface.view().zoom))
          if (outline.length >= 3) surface.select([outline], mode, 'Select with lasso', 'lasso')
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
