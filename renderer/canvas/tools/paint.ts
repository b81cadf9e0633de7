/** Paint brush and eraser for paint layers. Alt picks a colour from the picture. */
import { brushTool } from './brushTool.ts'
import { pickInto } from './eyedropper.ts'

/** Paints the chosen colour. */
export const paintTool = brushTool({
  id: 'paint',
  title: 'Paint brush',
  order: (surface) => ({ tool: 'paint', title: 'Paint', brush: surface.options().brush, ink: { kind: 'paint', colour: surface.options().colour } }),
  hints: [{ keys: 'Alt+click', does: 'pick a colour' }],
  press: (surface, { alt, at }) => {
    if (alt) void pickInto(surface, at)
    return alt
  },
})

/** Takes paint away. */
export const paintEraserTool = brushTool({
  id: 'paint-eraser',
  title: 'Eraser',
  order: (surface) => ({ tool: 'paint-eraser', title: 'Erase paint', brush: surface.options().brush, ink: { kind: 'erase' } }),
  hints: [],
})
