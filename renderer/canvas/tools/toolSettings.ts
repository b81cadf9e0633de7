/** Settings of the tools. Brushes are kept apart for masks, paint, words and scribbles; everything else is shared. */
import { type Brush, DEFAULT_BRUSH } from '../strokes/brush.ts'
import type { ToolId, ToolOptions } from './toolTypes.ts'

/** Tools that share a brush. */
export type BrushGroup = 'mask' | 'paint' | 'word' | 'scribble'

const GROUPS: Partial<Record<ToolId, BrushGroup>> = {
  'mask-brush': 'mask', 'mask-eraser': 'mask', paint: 'paint', 'paint-eraser': 'paint', clone: 'paint', 'word-paint': 'word', 'smart-select': 'scribble',
}

/** The brush that a tool paints with; null: it has none. */
export function brushGroupOf(tool: ToolId): BrushGroup | null {
  return GROUPS[tool] ?? null
}

/** The next size by a bracket key: single pixels when small, a tenth when large. */
export function sizeStep(size: number, direction: 1 | -1): number {
  const step = size < 10 || (size === 10 && direction < 0) ? 1 : size < 50 || (size === 50 && direction < 0) ? 5 : size < 200 || (size === 200 && direction < 0) ? 10 : 50
  return Math.max(1, size + direction * step)
}

const DEFAULTS: ToolOptions = {
  brush: DEFAULT_BRUSH, maskMode: 'add', combine: 'replace', colour: '#000000', tolerance: 0.1, contiguous: true, sampleLayer: null,
  scribble: 'foreground', gradient: 'linear', aspect: null, frameStep: 1, outside: true, wordSign: 'plus', layer: null, layers: [], plane: 'pixels',
}

/** See the file's head. */
export class ToolSettings {
  #shared = DEFAULTS
  readonly #brushes: Record<BrushGroup, Brush> = {
    mask: DEFAULT_BRUSH,
    paint: { ...DEFAULT_BRUSH, size: 40, hardness: 0.9 },
    word: { ...DEFAULT_BRUSH, size: 120, hardness: 0, opacity: 0.6 },
    scribble: { ...DEFAULT_BRUSH, size: 24, hardness: 1 },
  }

  /** Settings as one tool sees them. */
  of(tool: ToolId): ToolOptions {
    const group = brushGroupOf(tool)
    return group ? { ...this.#shared, brush: this.#brushes[group] } : this.#shared
  }

  /**
   * Changes settings; a brush is that of the tool's group.
   * @returns whether anything is different now
   */
  set(tool: ToolId, { brush, ...rest }: Partial<ToolOptions>): boolean {
    const group = brushGroupOf(tool)
    const changed = !holds(this.#shared, rest) || (brush !== undefined && group !== null && !holds(this.#brushes[group], brush))
    this.#shared = { ...this.#shared, ...rest }
    if (brush && group) this.#brushes[group] = brush
    return changed
  }
}

/** Whether values are there already. */
function holds(all: object, some: object): boolean {
  return Object.entries(some).every(([key, value]) => Object.is((all as Readonly<Record<string, unknown>>)[key], value))
}
