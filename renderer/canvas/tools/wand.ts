/** Wand: selects what has the colour that was clicked. */
import { modeFor } from '../shapes/combine.ts'
import { SELECT_HINTS } from './shapeTools.ts'
import type { State, ToolDefinition } from './toolTypes.ts'

/** See the file's head. */
export const wandTool: ToolDefinition = {
  id: 'wand',
  title: 'Wand',
  start: (surface) => {
    const idle: State = {
      name: 'idle',
      enter: () => {
        surface.cursor('crosshair')
        surface.hints([...SELECT_HINTS, { keys: 'Mod+click', does: 'everywhere in the picture' }])
      },
      down: (pointer) => {
        const { width, height } = surface.document().canvas
        const [x, y] = [Math.floor(pointer.at.x), Math.floor(pointer.at.y)]
        if (pointer.button !== 0 || x < 0 || y < 0 || x >= width || y >= height) return
        const { tolerance, contiguous, sampleLayer, combine } = surface.options()
        surface.cursor('progress')
        void surface.change({
          change: 'mask.select', layer: null, mode: modeFor(pointer, combine),
          source: { from: 'wand', x, y, tolerance, contiguous: pointer.mod ? !contiguous : contiguous, layer: sampleLayer },
        }).finally(() => surface.cursor('crosshair'))
      },
    }
    return idle
  },
}
