/**
 * Which tool is in the hand and how tools are set. The tool bar, options bar and shortcuts write it; `renderer/app/canvas`
 * hands it to the canvas, and takes from there what the canvas itself has changed (a size dragged with Alt).
 */
import { createStore } from 'zustand/vanilla'
import type { Brush } from '../canvas/strokes/brush.ts'
import type { ToolId, ToolOptions } from '../canvas/tools/toolTypes.ts'

export type { Brush, ToolId, ToolOptions }

/** Brushes have settings of their own, so that a fine paint brush leaves the mask's broad one alone. */
export type BrushKind = 'mask' | 'paint' | 'clone' | 'word' | 'scribble'
/** Settings of tools besides brushes and the layer they work on. */
export type PlainOptions = Omit<ToolOptions, 'brush' | 'layer' | 'layers' | 'sampleLayer'> & { readonly sampleAll: boolean }

/** See {@link toolStore}. `held` is a tool for as long as a key is down. */
export type ToolState = { readonly tool: ToolId; readonly held: ToolId | null; readonly brushes: Readonly<Record<BrushKind, Brush>>; readonly options: PlainOptions }

const brush: Brush = { size: 48, hardness: 0.8, opacity: 1, spacing: 0.1, smoothing: 0.2, pressureSize: true, pressureOpacity: false }

/** The tool in the hand. */
export const toolStore = createStore<ToolState>(() => ({
  tool: 'mask-brush',
  held: null,
  brushes: { mask: { ...brush, size: 80 }, paint: { ...brush, size: 24 }, clone: { ...brush, hardness: 0.5 }, word: { ...brush, hardness: 0.2 }, scribble: { ...brush, size: 16, hardness: 1 } },
  options: {
    maskMode: 'add', combine: 'add', colour: '#1f6feb', tolerance: 0.12, contiguous: true, sampleAll: true, scribble: 'foreground', gradient: 'linear',
    aspect: null, frameStep: 8, outside: true, wordSign: 'plus', plane: 'pixels',
  },
}))

/** The tool that acts: the held one, else the chosen one. */
export function activeTool(state: ToolState): ToolId {
  return state.held ?? state.tool
}

const BRUSH_OF: Partial<Record<ToolId, BrushKind>> = { 'mask-brush': 'mask', 'mask-eraser': 'mask', 'smart-select': 'scribble', paint: 'paint', 'paint-eraser': 'paint', clone: 'clone', 'word-paint': 'word' }
const JOINING: ReadonlySet<ToolId> = new Set(['lasso', 'polygon', 'rectangle', 'ellipse', 'wand', 'smart-select', 'gradient-mask'])

/** The brush of a tool, if it has one. */
export function brushOf(tool: ToolId): BrushKind | null {
  return BRUSH_OF[tool] ?? null
}

/** Tools whose shapes join the mask, so that add, subtract and intersect mean something. */
export function joinsMask(tool: ToolId): boolean {
  return JOINING.has(tool)
}

/** Takes a tool into the hand. */
export function chooseTool(tool: ToolId): void {
  toolStore.setState({ tool, held: null })
}

/** Tools that share a key; Shift and the key goes to the next. */
export const TOOL_CYCLES = { M: ['rectangle', 'ellipse', 'marquee'], L: ['lasso', 'polygon'], W: ['smart-select', 'wand', 'gradient-mask'], B: ['mask-brush', 'paint', 'clone'], E: ['mask-eraser', 'paint-eraser'] } as const satisfies Record<string, readonly ToolId[]>

/** The next tool of a cycle; its first when none of it is in the hand. */
export function nextInCycle(cycle: readonly ToolId[], tool: ToolId): ToolId {
  return cycle[(cycle.indexOf(tool) + 1) % cycle.length]!
}

/** Changes a brush; sizes stay within 1..2000 pixels, shares within 0..1. */
export function setBrush(kind: BrushKind, change: Partial<Brush>): void {
  toolStore.setState(({ brushes }) => {
    const next = { ...brushes[kind], ...change }
    const share = (value: number): number => Math.min(1, Math.max(0, value))
    const size = Math.min(2000, Math.max(1, next.size))
    return { brushes: { ...brushes, [kind]: { ...next, size, hardness: share(next.hardness), opacity: Math.max(0.01, share(next.opacity)) } } }
  })
}

/** Changes settings besides brushes. */
export function setToolOptions(change: Partial<PlainOptions>): void {
  toolStore.setState(({ options }) => ({ options: { ...options, ...change } }))
}

/** One press of [ or ]: about an eighth of the size, at least one pixel. */
export function stepSize(size: number, direction: 1 | -1): number {
  return Math.max(1, Math.round(size + direction * Math.max(1, size / 8)))
}
