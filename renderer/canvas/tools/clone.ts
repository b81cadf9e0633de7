/** Clone brush: Alt-click says where to take from; strokes keep the same distance until the next Alt-click. */
import type { Point } from '../geometry/affine.ts'
import { brushTool } from './brushTool.ts'
import { erasing } from './paint.ts'
import type { ToolDefinition, ToolPointer, ToolSurface } from './toolTypes.ts'

/** See the file's head. */
export const cloneTool: ToolDefinition = {
  id: 'clone',
  title: 'Clone brush',
  start: (surface) => {
    let source: Point | null = null
    let offset: Point | null = null
    const show = (pointer: ToolPointer): void => {
      const at = offset ? { x: pointer.at.x + offset.x, y: pointer.at.y + offset.y } : source
      surface.sketch(at ? [{ kind: 'source', at, radius: surface.options().brush.size / 2 }] : [])
    }
    return brushTool({
      id: 'clone',
      title: 'Clone brush',
      press: (_, { alt, at, eraser }) => {
        if (!alt || eraser) return false
        source = at
        offset = null
        return true
      },
      order: (_: ToolSurface, { at, eraser }) => {
        if (eraser) return erasing(surface)
        if (!source) {
          surface.emit({ type: 'notice', message: 'The clone brush needs a source: hold Alt and click where to take pixels from.' })
          return null
        }
        // whole pixels: a cloned texture stays sharp
        offset ??= { x: Math.round(source.x - at.x), y: Math.round(source.y - at.y) }
        return { tool: 'clone', title: 'Clone', brush: surface.options().brush, ink: { kind: 'clone', offset } }
      },
      moved: (_, pointer) => show(pointer),
      hints: [{ keys: 'Alt+click', does: 'set the source' }],
    }).start(surface)
  },
}
