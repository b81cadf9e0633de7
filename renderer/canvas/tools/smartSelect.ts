/** Smart selection: scribble on the thing, Alt-scribble on what is not it, Enter finds its outline. */
import { brushTool } from './brushTool.ts'
import { modeFor } from '../shapes/combine.ts'
import type { ToolDefinition } from './toolTypes.ts'

/** See the file's head. */
export const smartSelectTool: ToolDefinition = {
  id: 'smart-select',
  title: 'Smart select',
  start: (surface) => brushTool({
    id: 'smart-select',
    title: 'Smart select',
    order: (_, { alt, eraser }) => {
      const foreground = !eraser && (surface.options().scribble === 'foreground') !== alt
      return { tool: 'smart-select', title: 'Scribble', brush: { ...surface.options().brush, hardness: 1, opacity: 1 }, ink: { kind: 'scribble', foreground } }
    },
    hints: [{ keys: 'Alt', does: 'mark what is not it' }, { keys: 'Enter', does: 'select' }, { keys: 'Backspace', does: 'clear scribbles' }],
    key: ({ code, shift, alt }) => {
      if (code === 'Backspace' || code === 'Delete') surface.takeScribbles()
      else if (code === 'Enter' || code === 'NumpadEnter') {
        const { foreground, background } = surface.takeScribbles()
        if (foreground.length === 0) {
          surface.emit({ type: 'notice', message: 'Smart select needs a scribble on the thing to select; draw one and press Enter.' })
          return true
        }
        surface.cursor('progress')
        const mode = modeFor({ shift, alt }, surface.options().combine)
        void surface.change({ change: 'mask.select', layer: null, source: { from: 'scribble', foreground: [...foreground], background: [...background], box: null }, mode }).finally(() => surface.cursor('brush'))
      } else return false
      return true
    },
  }).start(surface),
}
