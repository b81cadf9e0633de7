/** Stand-ins for what the canvas needs from a browser and a host. */
import { type DocumentView, type LayerView, TILE_EDGE } from '../../../../preload/contract/documents.ts'
import type { EditorEvent } from '../../../../renderer/canvas/editorTypes.ts'
import type { Affine, Point } from '../../../../renderer/canvas/geometry/affine.ts'
import type { Edges } from '../../../../renderer/canvas/geometry/boxes.ts'
import { type Viewport, toScreen } from '../../../../renderer/canvas/geometry/viewport.ts'
import type { Outline } from '../../../../renderer/canvas/shapes/outlines.ts'
import type { Sketch } from '../../../../renderer/canvas/stage/sketches.ts'
import type { Sample } from '../../../../renderer/canvas/strokes/brush.ts'
import { mapOfLayer } from '../../../../renderer/canvas/tiles/layerTree.ts'
import type { Context2D, Drawable, Surface } from '../../../../renderer/canvas/tiles/surfaces.ts'
import { ToolMachine } from '../../../../renderer/canvas/tools/machine.ts'
import { TOOLS } from '../../../../renderer/canvas/tools/registry.ts'
import { ToolSettings } from '../../../../renderer/canvas/tools/toolSettings.ts'
import type { CombineMode, CursorKind, StrokeOrder, ToolId, ToolKey, ToolOptions, ToolPointer, ToolSurface } from '../../../../renderer/canvas/tools/toolTypes.ts'

/** A layer with nothing special. */
export function layer(id: number, kind: LayerView['kind'], more: Partial<LayerView> = {}): LayerView {
  return {
    id, kind, name: `${kind} ${id}`, parent: null, position: id, visible: true, locked: false, opacity: 1, blend: 'normal', size: null,
    extent: { x: 0, y: 0, width: 1000, height: 800 }, hasMask: false, transform: [1, 0, 0, 1, 0, 0], colour: null, operation: null, ...more,
  }
}

/** A document of 1000 x 800 pixels. */
export function documentOf(layers: LayerView[], more: Partial<DocumentView> = {}): DocumentView {
  return {
    project: 'prj_0000000000000000', document: 1, name: 'test', canvas: { width: 1000, height: 800 }, source: null, layers,
    activeMask: null, head: 1, undo: null, redo: null, version: 1, ...more,
  }
}

/** A 2D context that writes down what it is asked to draw. */
export interface RecordedDraw {
  readonly op: string
  readonly alpha: number
  readonly mode: string
  readonly args: readonly unknown[]
}

/** A surface without pixels: records draws and puts. */
export interface FakeSurface extends Surface {
  readonly draws: RecordedDraw[]
  readonly puts: Edges[]
}

/** Makes recording surfaces. */
export function fakeSurface(width: number, height: number): FakeSurface {
  const draws: RecordedDraw[] = []
  const puts: Edges[] = []
  const state = { globalAlpha: 1, globalCompositeOperation: 'source-over' }
  const saved: (typeof state)[] = []
  const record = (op: string) => (...args: unknown[]): void => void draws.push({ op, alpha: state.globalAlpha, mode: state.globalCompositeOperation, args })
  const context = Object.assign(state, {
    save: () => void saved.push({ globalAlpha: state.globalAlpha, globalCompositeOperation: state.globalCompositeOperation }),
    restore: () => void Object.assign(state, saved.pop()),
    beginPath: () => undefined, rect: () => undefined, clip: () => undefined, transform: () => undefined, imageSmoothingEnabled: true,
    clearRect: record('clear'), drawImage: record('draw'), fillRect: record('fill'),
  })
  return { width, height, picture: { draws } as unknown as Drawable, context: context as unknown as Context2D, draws, puts, put: (_pixels, part) => void puts.push(part) }
}

/** A mask tile filled with one value. */
export function grey(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(TILE_EDGE * TILE_EDGE).fill(value)
}

/** A tile filled with one RGBA pixel. */
export function rgba(...pixel: [number, number, number, number]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(TILE_EDGE * TILE_EDGE * 4).map((_, i) => pixel[i & 3])
}

/** Lets promises that are ready run on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

/** What a tool did to its surface. */
export class FakeTool {
  readonly strokes: { order: StrokeOrder; samples: Sample[]; end: 'open' | 'committed' | 'cancelled' }[] = []
  readonly selections: { shape: Outline; mode: CombineMode; tool: string }[] = []
  readonly gradients: { from: Point; to: Point; kind: string; mode: CombineMode }[] = []
  readonly changes: Parameters<ToolSurface['change']>[0][] = []
  readonly events: EditorEvent[] = []
  readonly transforms: (Affine | null)[] = []
  sketches: readonly Sketch[] = []
  cursor: CursorKind = 'default'
  view: Viewport = { width: 800, height: 600, ratio: 1, centre: { x: 400, y: 300 }, zoom: 1, angle: 0 }
  document: DocumentView = documentOf([layer(1, 'image'), layer(2, 'paint', { extent: { x: 100, y: 100, width: 200, height: 100 } })])
  scribbles: ReturnType<ToolSurface['takeScribbles']> = { foreground: [], background: [] }
  canStroke = true
  readonly machine: ToolMachine
  readonly #settings = new ToolSettings()
  readonly #id: ToolId

  constructor(id: ToolId, options: Partial<ToolOptions> = {}) {
    this.#id = id
    this.#settings.set(id, options)
    this.machine = new ToolMachine(TOOLS[id], this.#surface())
  }

  get options(): ToolOptions {
    return this.#settings.of(this.#id)
  }

  setOptions(options: Partial<ToolOptions>): void {
    this.#settings.set(this.#id, options)
    this.machine.refresh()
  }

  /** A press at a place of the document. */
  down(x: number, y: number, more: Partial<ToolPointer> = {}): this {
    this.machine.down(this.#pointer(x, y, more))
    return this
  }

  move(x: number, y: number, more: Partial<ToolPointer> = {}): this {
    this.machine.move(this.#pointer(x, y, more))
    return this
  }

  up(x: number, y: number, more: Partial<ToolPointer> = {}): this {
    this.machine.up(this.#pointer(x, y, more))
    return this
  }

  /** A drag in one step. */
  drag(from: [number, number], to: [number, number], more: Partial<ToolPointer> = {}): this {
    return this.down(...from, more).move(...to, more).up(...to, more)
  }

  key(code: string, more: Partial<ToolKey> = {}): boolean {
    return this.machine.key({ code, repeat: false, shift: false, alt: false, mod: false, space: false, ...more })
  }

  notices(): string[] {
    return this.events.flatMap((event) => (event.type === 'notice' ? [event.message] : []))
  }

  #pointer(x: number, y: number, more: Partial<ToolPointer>): ToolPointer {
    const at = { x, y }
    return { at, screen: toScreen(this.view, at), pressure: 1, pen: false, eraser: false, button: 0, clicks: 1, samples: [{ ...at, pressure: 1 }], shift: false, alt: false, mod: false, space: false, ...more }
  }

  #surface(): ToolSurface {
    return {
      view: () => this.view, setView: (view) => void (this.view = view), document: () => this.document, options: () => this.options,
      setOptions: (options) => this.setOptions(options),
      stroke: (order) => {
        if (!this.canStroke) return null
        const stroke = { order, samples: [] as Sample[], end: 'open' as 'open' | 'committed' | 'cancelled' }
        this.strokes.push(stroke)
        return { add: (samples) => void stroke.samples.push(...samples), commit: () => void (stroke.end = 'committed'), cancel: () => void (stroke.end = 'cancelled') }
      },
      select: (shape, mode, _title, tool) => void this.selections.push({ shape, mode, tool }),
      gradient: (from, to, kind, mode) => void this.gradients.push({ from, to, kind, mode }),
      change: async (change) => {
        this.changes.push(change)
        return this.document
      },
      takeScribbles: () => {
        const taken = this.scribbles
        this.scribbles = { foreground: [], background: [] }
        return taken
      },
      pick: async () => '#123456', previewTransform: (_layer, transform) => void this.transforms.push(transform),
      layerMap: (id) => mapOfLayer(this.document, id),
      sketch: (sketches) => void (this.sketches = sketches), cursor: (kind) => void (this.cursor = kind), hints: () => undefined,
      emit: (event) => void this.events.push(event), setSelection: (box) => void this.events.push({ type: 'selection', box }),
    }
  }
}
