/** Paint brush and eraser for paint layers. Alt picks a colour from the picture; a pen's eraser erases with any of them. */
import { brushTool } from './brushTool.ts'
import { pickInto } from './eyedropper.ts'
import type { StrokeOrder, ToolSurface } from './toolTypes.ts'

/** A stroke that takes paint away, with the brush in hand. */
export function erasing(surface: ToolSurface): StrokeOrder {
  return { tool: 'paint-eraser', title: 'Erase paint', brush: surface.options().brush, ink: { kind: 'erase' } }
}

/** Paints the chosen colour. */
export const paintTool = brushTool({
  id: 'paint',
  title: 'Paint brush',
  order: (surface, { eraser }) => (eraser ? erasing(surface) : { tool: 'paint', title: 'Paint', brush: surface.options().brush, ink: { kind: 'paint', colour: surface.options().colour } }),
  hints: [{ keys: 'Alt+click', does: 'pick a colour' }],
  press: (surface, { alt, at, eraser }) => {
    if (!alt || eraser) return false
    void pickInto(surface, at)
    return true
  },
})

/** Takes paint away. */
export const paintEraserTool = brushTool({
  id: 'paint-eraser',
  title: 'Eraser',
  order: erasing,
  hints: [],
})
