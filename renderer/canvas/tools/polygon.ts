/** Polygon lasso: a click for each corner; a double click, Enter or a click on the first corner closes it. */
import type { Point } from '../geometry/affine.ts'
import { toScreen } from '../geometry/viewport.ts'
import { modeFor } from '../shapes/combine.ts'
import { selectIdle } from './shapeTools.ts'
import type { State, ToolDefinition, ToolPointer } from './toolTypes.ts'

/** Clicks closer to the first corner than this, CSS pixels, close the polygon. */
const CLOSE_PX = 8

/** See the file's head. */
export const polygonTool: ToolDefinition = {
  id: 'polygon',
  title: 'Polygon lasso',
  start: (surface) => {
    const idle: State = selectIdle(surface, (pointer) => placing(pointer))
    const placing = (start: ToolPointer): State => {
      const points: Point[] = [start.at]
      let hover = start.at
      const mode = modeFor(start, surface.options().combine)
      const show = (): void => surface.sketch([{ kind: 'path', points: [...points, hover], closed: false }, { kind: 'handles', points: [points[0]], turn: null }])
      const leave = (): State => {
        surface.sketch([])
        return idle
      }
      const close = (): State => {
        if (points.length >= 3) surface.select([points], mode, 'Select polygon', 'polygon')
        return leave()
      }
      return {
        name: 'placing',
        enter: () => {
          show()
          surface.hints([{ keys: 'Enter', does: 'close' }, { keys: 'Backspace', does: 'one corner back' }, { keys: 'Esc', does: 'cancel' }])
        },
        move: ({ at }) => {
          hover = at
          show()
        },
        down: (pointer) => {
          if (pointer.button !== 0) return
          const first = toScreen(surface.view(), points[0])
          if (pointer.clicks > 1 || (points.length >= 3 && Math.hypot(first.x - pointer.screen.x, first.y - pointer.screen.y) <= CLOSE_PX)) return close()
          points.push(pointer.at)
          show()
        },
        key: ({ code }) => {
          if (code === 'Enter' || code === 'NumpadEnter') return close()
          if (code !== 'Backspace') return false
          points.pop()
          if (points.length === 0) return leave()
          show()
          return true
        },
        refresh: show,
        cancel: leave,
      }
    }
    return idle
  },
}
