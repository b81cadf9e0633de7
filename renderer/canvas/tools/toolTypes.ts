/** Tools: their names, their settings, and what they may do. A tool is a small state machine; see machine.ts. */
import type { Affine, Box, DocumentChange, DocumentView, StrokeTile } from '../../../preload/contract/documents.ts'
import type { EditorEvent, Hint } from '../editorTypes.ts'
import type { Point } from '../geometry/affine.ts'
import type { Viewport } from '../geometry/viewport.ts'
import type { Brush, Sample } from '../strokes/brush.ts'
import type { Outline } from '../shapes/outlines.ts'
import type { Sketch } from '../stage/sketches.ts'

/** Every tool. */
export const TOOL_IDS = [
  'hand', 'zoom', 'move', 'mask-brush', 'mask-eraser', 'lasso', 'polygon', 'rectangle', 'ellipse', 'wand', 'smart-select',
  'gradient-mask', 'marquee', 'frame', 'eyedropper', 'paint', 'paint-eraser', 'clone', 'word-paint',
] as const
/** One of {@link TOOL_IDS}. */
export type ToolId = (typeof TOOL_IDS)[number]

/** How a shape joins the mask. */
export type CombineMode = 'replace' | 'add' | 'subtract' | 'intersect'

/** Settings of all tools; each reads its own. Lengths in document pixels. */
export interface ToolOptions {
  readonly brush: Brush
  /** X flips it: whether a mask brush adds or takes away */
  readonly maskMode: 'add' | 'subtract'
  /** how selections join without a modifier key */
  readonly combine: CombineMode
  /** "#rrggbb" of the paint brush */
  readonly colour: string
  /** wand: 0..1 */
  readonly tolerance: number
  readonly contiguous: boolean
  /** wand: look at one layer only; null: at the whole picture */
  readonly sampleLayer: number | null
  /** smart select: what is being scribbled */
  readonly scribble: 'foreground' | 'background'
  readonly gradient: 'linear' | 'radial'
  /** frame: width / height; null: free */
  readonly aspect: number | null
  /** frame: edges keep to multiples of this */
  readonly frameStep: number
  /** frame: whether it may reach beyond the picture (outpaint) */
  readonly outside: boolean
  readonly wordSign: 'plus' | 'minus'
  /** paint, clone: the layer they work on; null: none chosen */
  readonly layer: number | null
  /** move: all layers that are chosen */
  readonly layers: readonly number[]
  /** masks of layers: paint on the layer's own mask instead of its pixels */
  readonly plane: 'pixels' | 'mask'
}

/** Keys held during an event. */
export interface Modifiers {
  readonly shift: boolean
  readonly alt: boolean
  /** Ctrl or Cmd */
  readonly mod: boolean
  readonly space: boolean
}

/** A pointer event as tools see it. */
export interface ToolPointer extends Modifiers {
  /** CSS pixels from the container's corner */
  readonly screen: Point
  /** document pixels */
  readonly at: Point
  /** 0..1; a mouse presses fully */
  readonly pressure: number
  readonly pen: boolean
  /** the pen's eraser touches: brushes take away */
  readonly eraser: boolean
  /** 0 main, 1 middle, 2 secondary */
  readonly button: number
  /** clicks in a row */
  readonly clicks: number
  /** every reading since the last event, this one included */
  readonly samples: readonly Sample[]
}

/** A key as tools see it; `code` is the place on the keyboard. */
export interface ToolKey extends Modifiers {
  readonly code: string
  readonly repeat: boolean
}

/** A stroke in progress. */
export interface StrokeHandle {
  /** readings in document pixels */
  add(samples: readonly Sample[]): void
  commit(): void
  cancel(): void
}

/** What a stroke is to do. */
export interface StrokeOrder {
  readonly tool: ToolId
  readonly title: string
  readonly brush: Brush
  readonly ink:
    | { readonly kind: 'mask'; readonly add: boolean }
    | { readonly kind: 'paint'; readonly colour: string }
    | { readonly kind: 'erase' }
    | { readonly kind: 'clone'; readonly offset: Point }
    | { readonly kind: 'word'; readonly sign: 'plus' | 'minus' }
    | { readonly kind: 'scribble'; readonly foreground: boolean }
}

/** What tools may do. The editor implements it; tests fake it. */
export interface ToolSurface {
  view(): Viewport
  setView(view: Viewport): void
  document(): DocumentView
  options(): ToolOptions
  setOptions(options: Partial<ToolOptions>): void
  /** null when nothing can be painted on; the person has been told why */
  stroke(order: StrokeOrder): StrokeHandle | null
  /** joins a shape to the mask in force: one operation */
  select(shape: Outline, mode: CombineMode, title: string, tool: ToolId): void
  /** a mask that runs from nothing to everything */
  gradient(from: Point, to: Point, kind: 'linear' | 'radial', mode: CombineMode): void
  /** asks the host; failures are told as notices */
  change(change: DocumentChange): Promise<DocumentView | null>
  /** scribbles made so far, as mask tiles; forgets them */
  takeScribbles(): { readonly foreground: readonly StrokeTile[]; readonly background: readonly StrokeTile[] }
  pick(at: Point): Promise<string | null>
  /** shows a layer elsewhere without changing it; null: as it is */
  previewTransform(layer: number, transform: Affine | null): void
  /** map from a layer's pixels to the canvas, groups included */
  layerMap(layer: number): Affine
  /** lines, handles and frames over the picture; replaces those of before */
  sketch(sketches: readonly Sketch[]): void
  cursor(kind: CursorKind): void
  /** what the keys do now */
  hints(hints: readonly Hint[]): void
  emit(event: EditorEvent): void
  /** the marquee, canvas pixels */
  setSelection(box: Box | null): void
}

/** A CSS cursor, or the ring of a brush. */
export type CursorKind = 'default' | 'none' | 'brush' | 'grab' | 'grabbing' | 'crosshair' | 'zoom-in' | 'zoom-out' | 'move' | 'rotate' | 'nwse-resize' | 'nesw-resize' | 'ns-resize' | 'ew-resize' | 'pipette' | 'progress' | 'not-allowed'

/** A state of a tool, named by what the person is doing. Handlers answer with the next state, or nothing to stay. */
export interface State {
  readonly name: string
  enter?(): void
  exit?(): void
  down?(pointer: ToolPointer): State | void
  move?(pointer: ToolPointer): State | void
  up?(pointer: ToolPointer): State | void
  /** true or a state: the key was used */
  key?(key: ToolKey): State | boolean | void
  /** Escape, or the pointer was taken away: undo what this gesture began */
  cancel?(): State | void
  /** the view, the document or a setting changed */
  refresh?(): void
}

/** One row of the registry. */
export interface ToolDefinition {
  readonly id: ToolId
  /** the tool's name for people */
  readonly title: string
  /** the state to begin in */
  readonly start: (surface: ToolSurface) => State
}
