/** Tools by their keys, and the brush under the fingers. */
import {
  IconArrowsMove, IconBlur, IconBrush, IconColorPicker, IconCrop, IconEraser, IconHandStop, IconLasso, IconMarquee2, IconCircleDashed, IconPolygon, IconRectangle,
  IconRubberStamp, IconScribble, IconSparkles, IconWand, IconZoom, IconHighlight, IconPencilMinus,
} from '@tabler/icons-react'
import { type ToolId, TOOL_CYCLES, activeTool, brushOf, chooseTool, nextInCycle, setBrush, setToolOptions, stepSize, toolStore } from '../../stores/toolStore.ts'
import type { PlainKey } from '../../strings/t.ts'
import type { Command } from './command.ts'
import { canChange, hasBrush, hasDocument } from './when.ts'

type ToolRow = { readonly tool: ToolId; readonly title: PlainKey; readonly icon: NonNullable<Command['icon']>; readonly keys: readonly string[] }

/** Tools with names, icons and keys, in the groups of the tool bar. */
export const TOOL_GROUPS: readonly (readonly ToolRow[])[] = [
  [
    { tool: 'move', title: 'tool.move', icon: IconArrowsMove, keys: ['V'] },
    { tool: 'hand', title: 'tool.hand', icon: IconHandStop, keys: ['H'] },
    { tool: 'zoom', title: 'tool.zoom', icon: IconZoom, keys: ['Z'] },
  ],
  [
    { tool: 'mask-brush', title: 'tool.mask-brush', icon: IconHighlight, keys: ['B'] },
    { tool: 'mask-eraser', title: 'tool.mask-eraser', icon: IconEraser, keys: ['E'] },
    { tool: 'lasso', title: 'tool.lasso', icon: IconLasso, keys: ['L'] },
    { tool: 'polygon', title: 'tool.polygon', icon: IconPolygon, keys: [] },
    { tool: 'rectangle', title: 'tool.rectangle', icon: IconRectangle, keys: ['M'] },
    { tool: 'ellipse', title: 'tool.ellipse', icon: IconCircleDashed, keys: [] },
    { tool: 'smart-select', title: 'tool.smart-select', icon: IconSparkles, keys: ['W'] },
    { tool: 'wand', title: 'tool.wand', icon: IconWand, keys: [] },
    { tool: 'gradient-mask', title: 'tool.gradient-mask', icon: IconBlur, keys: ['G'] },
  ],
  [{ tool: 'frame', title: 'tool.frame', icon: IconCrop, keys: ['C'] }, { tool: 'marquee', title: 'tool.marquee', icon: IconMarquee2, keys: [] }],
  [
    { tool: 'paint', title: 'tool.paint', icon: IconBrush, keys: ['N'] },
    { tool: 'paint-eraser', title: 'tool.paint-eraser', icon: IconPencilMinus, keys: [] },
    { tool: 'clone', title: 'tool.clone', icon: IconRubberStamp, keys: ['S'] },
    { tool: 'eyedropper', title: 'tool.eyedropper', icon: IconColorPicker, keys: ['I'] },
  ],
]

const toolRows: readonly Command[] = TOOL_GROUPS.flat().map(({ tool, title, icon, keys }) => ({
  id: `tool.${tool}`, title, icon, shortcuts: keys, enabled: hasDocument, checked: () => activeTool(toolStore.getState()) === tool, run: () => chooseTool(tool),
}))

const cycles: readonly Command[] = Object.entries(TOOL_CYCLES).map(([key, cycle]) => ({
  id: `tool.cycle.${key.toLowerCase()}`, title: `tool.cycle.${key.toLowerCase() as Lowercase<keyof typeof TOOL_CYCLES>}`, shortcuts: [`Shift+${key}`], enabled: hasDocument, icon: IconScribble, keyOnly: true,
  run: () => chooseTool(nextInCycle(cycle, toolStore.getState().tool)),
}))

/** Brush of the tool in the hand. */
function brush(): { kind: NonNullable<ReturnType<typeof brushOf>>; size: number; hardness: number } {
  const state = toolStore.getState()
  const kind = brushOf(activeTool(state)) ?? 'mask'
  return { kind, size: state.brushes[kind].size, hardness: state.brushes[kind].hardness }
}

function sizeBy(direction: 1 | -1): void {
  const { kind, size } = brush()
  setBrush(kind, { size: stepSize(size, direction) })
}

function hardnessBy(step: number): void {
  const { kind, hardness } = brush()
  setBrush(kind, { hardness: hardness + step })
}

const digits: readonly Command[] = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0'].map((digit) => ({
  id: `brush.opacity.${digit}`, title: 'command.brush.opacity', shortcuts: [digit], moment: 'brush', enabled: hasBrush, keyOnly: true,
  run: () => setBrush(brush().kind, { opacity: digit === '0' ? 1 : Number(digit) / 10 }),
}))

/** Commands about tools and brushes. */
export const toolCommands: readonly Command[] = [
  ...toolRows,
  ...cycles,
  { id: 'brush.smaller', title: 'command.brush.smaller', shortcuts: ['['], enabled: hasBrush, run: () => sizeBy(-1) },
  { id: 'brush.larger', title: 'command.brush.larger', shortcuts: [']'], enabled: hasBrush, run: () => sizeBy(1) },
  { id: 'brush.softer', title: 'command.brush.softer', shortcuts: ['Shift+['], enabled: hasBrush, run: () => hardnessBy(-0.1) },
  { id: 'brush.harder', title: 'command.brush.harder', shortcuts: ['Shift+]'], enabled: hasBrush, run: () => hardnessBy(0.1) },
  {
    id: 'brush.flip', title: 'command.brush.flip', shortcuts: ['X'], enabled: canChange, checked: () => toolStore.getState().options.maskMode === 'subtract',
    run: () => setToolOptions({ maskMode: toolStore.getState().options.maskMode === 'add' ? 'subtract' : 'add' }),
  },
  ...digits,
]
