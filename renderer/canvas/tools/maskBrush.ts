/**
 * Mask brush and mask eraser: paint what will change. X flips adding and taking away; Alt does the opposite while held; a pen's
 * eraser always takes away.
 */
import { brushTool } from './brushTool.ts'
import type { ToolDefinition, ToolOptions } from './toolTypes.ts'

/** Whether a mask brush adds now. */
export function addsNow(tool: 'mask-brush' | 'mask-eraser', options: Pick<ToolOptions, 'maskMode'>, alt: boolean): boolean {
  const adds = (tool === 'mask-brush') === (options.maskMode === 'add')
  return alt ? !adds : adds
}

function maskTool(id: 'mask-brush' | 'mask-eraser', title: string): ToolDefinition {
  return brushTool({
    id, title,
    order: (surface, { alt, eraser }) => {
      const add = !eraser && addsNow(id, surface.options(), alt)
      return { tool: id, title: add ? 'Paint mask' : 'Erase mask', brush: surface.options().brush, ink: { kind: 'mask', add } }
    },
    hints: [{ keys: 'X', does: 'add or take away' }, { keys: 'Alt', does: 'the opposite' }],
  })
}

/** Adds to the mask. */
export const maskBrushTool = maskTool('mask-brush', 'Mask brush')
/** Takes away from the mask. */
export const maskEraserTool = maskTool('mask-eraser', 'Mask eraser')
