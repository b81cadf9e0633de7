/** The canvas of the editor: wires stage, scene, tools and strokes, and is the only thing the app talks to. */
import type { Box, ChangedTiles, DocumentChange, DocumentView, StrokeTile } from '../../preload/contract/documents.ts'
import type { AttentionGlow, Comparison, EditorEvent, EditorOptions, EditorStats, EditorTheme, LivePreview, MaskLook, StagedResult } from './editorTypes.ts'
import type { Point } from './geometry/affine.ts'
import type { Viewport } from './geometry/viewport.ts'
import { fitted, looksAtSame, nextStop, panned, toDocument, toScreen, turnedTo, withinReach, zoomedTo } from './geometry/viewport.ts'
import { Overlays } from './overlay/overlays.ts'
import { SelectionDesk } from './shapes/selectionDesk.ts'
import { CanvasStage } from './stage/canvasStage.ts'
import { FrameLoop } from './stage/frameLoop.ts'
import { type RawPointer, PointerInput } from './stage/pointerInput.ts'
import { SCRIBBLE_LAYER, WORD_LAYER } from './stage/ownLayers.ts'
import { Scene } from './stage/scene.ts'
import { readoutOf } from './stage/viewReadout.ts'
import { StrokeDesk, messageOf } from './strokes/strokeDesk.ts'
import { offscreenSurface } from './tiles/surfaces.ts'
import { type BenchSurface, ToolBench } from './tools/toolBench.ts'
import type { ToolId, ToolOptions } from './tools/toolTypes.ts'

/** The canvas, as the app sees it. Positions are document pixels, screen positions CSS pixels from the container's corner. */
export interface Editor {
  /** the document after a change; `changed` as the host told it. Older news than what is shown is ignored */
  setDocument(view: DocumentView, changed: ChangedTiles): void
  setTheme(theme: EditorTheme): void
  /** takes a tool; a gesture under way is taken back */
  setTool(id: ToolId, options?: Partial<ToolOptions>): void
  setToolOptions(options: Partial<ToolOptions>): void
  readonly tool: ToolId
  readonly toolOptions: ToolOptions
  /** gives a key to the tool in hand; true when it used it, so that no shortcut should */
  key(event: KeyboardEvent): boolean
  /** ends a gesture as Escape does; true when there was one */
  cancel(): boolean
  /** Enter: what the tool in hand holds is done (frame, polygon, move, smart selection) */
  confirm(): boolean

  /** device pixels per document pixel */
  readonly zoomLevel: number
  zoomIn(): void
  zoomOut(): void
  /** 1 = 100 %; around a screen position, else the middle */
  zoomTo(zoom: number, at?: Point): void
  fit(): void
  fitBox(box: Box): void
  panBy(dx: number, dy: number): void
  /** puts a place of the document into the middle */
  lookAt(at: Point): void
  /** degrees, clockwise */
  rotateTo(degrees: number): void
  toDocument(screen: Point): Point
  toScreen(at: Point): Point

  setMaskLook(look: Partial<MaskLook>): void
  setGlow(glow: AttentionGlow | null, opacity?: number): void
  setPreview(preview: LivePreview | null): void
  setStaged(staged: StagedResult | null): void
  setComparison(comparison: Comparison): void
  /** forgets what was painted on a word's glow; or shows tiles painted before */
  setWordPaint(tiles: readonly StrokeTile[] | null): void
  clearScribbles(): void
  readonly selection: Box | null
  setSelection(box: Box | null): void

  /** asks for a change after every stroke under way; adopts the document it answers with */
  change(change: DocumentChange): Promise<DocumentView | null>
  /** resolves when every stroke is stored: wait for it before undo, runs and closing */
  settled(): Promise<void>
  readonly busy: boolean
  readonly stats: EditorStats
  focus(): void
  close(): void
}

/** What layer tiles and composed tiles may take: well inside of 900 MB for the whole window. */
const DEFAULT_BUDGET = { tiles: 320 * 2 ** 20, composed: 160 * 2 ** 20 }

/** Puts the canvas into an element. */
export function createEditor(options: EditorOptions): Editor {
  return new CanvasEditor(options)
}

class CanvasEditor implements Editor {
  readonly #options: EditorOptions
  readonly #stage: CanvasStage
  readonly #frames: FrameLoop
  readonly #overlays: Overlays
  readonly #desk: StrokeDesk
  readonly #selections: SelectionDesk
  readonly #bench: ToolBench
  readonly #input: PointerInput
  #scene: Scene
  #theme: EditorTheme
  #selection: Box | null = null
  /** as fitting left the view: while nobody moves it, it fits whatever size window and canvas get */
  #fitted: Viewport | null = null

  constructor(options: EditorOptions) {
    this.#options = options
    this.#theme = options.theme
    this.#stage = new CanvasStage(options.container, () => this.#resized())
    this.#stage.setTheme(options.theme)
    if (options.label) this.#stage.root.setAttribute('aria-label', options.label)
    this.#scene = this.#open(options.view)
    this.#overlays = new Overlays((box) => this.#frames.invalidateOverlay(box))
    this.#desk = new StrokeDesk({
      scene: () => this.#scene, host: options.host, options: () => this.#bench.options, setOptions: (set) => this.#bench.setOptions(set),
      emit: options.onEvent, adopt: (view) => this.#adopt(view), requestFrame: () => this.#frames.request(),
    })
    this.#selections = new SelectionDesk(() => this.#scene, this.#desk)
    this.#frames = new FrameLoop({
      stage: this.#stage, scene: () => this.#scene, theme: () => this.#theme, overlays: this.#overlays, makeSurface: offscreenSurface,
      beforePaint: () => this.#desk.show(), strokeTarget: () => this.#bench.strokeTarget(this.#scene),
      onView: () => this.#viewChanged(),
    })
    this.#bench = new ToolBench(this.#surface(), this.#stage.root, options.onEvent)
    this.#input = new PointerInput(this.#stage.root, {
      down: (pointer) => this.#bench.down(this.#located(pointer)), move: (pointer) => this.#moved(pointer), up: (pointer) => this.#bench.up(this.#located(pointer)),
      cancel: () => this.#bench.cancel(), leave: () => this.#left(), wheel: (wheel) => this.#bench.wheel(wheel), fingers: (fingers) => this.#bench.fingers(fingers), modifiers: (held) => this.#bench.modifiers(held),
    })
    this.#showAll()
  }

  setDocument(view: DocumentView, changed: ChangedTiles): void {
    const same = view.project === this.#scene.document.project && view.document === this.#scene.document.document
    if (same) {
      const { width, height } = this.#scene.document.canvas
      const isFitted = looksAtSame(this.#frames.aim, this.#fitted)
      this.#scene.setDocument(view, changed)
      if (isFitted && (view.canvas.width !== width || view.canvas.height !== height)) this.#showAll()
    } else {
      this.#bench.cancel()
      this.#scene.close()
      this.#scene = this.#open(view)
      this.#overlays.clear()
      this.setSelection(null)
      this.#showAll(0)
    }
    this.#bench.refresh()
    this.#frames.replan()
  }

  setTheme(theme: EditorTheme): void {
    this.#theme = theme
    this.#stage.setTheme(theme)
    this.#frames.invalidateAll()
  }

  setTool(id: ToolId, options: Partial<ToolOptions> = {}): void {
    this.#bench.take(id, options)
    this.#frames.replan()
  }

  setToolOptions(options: Partial<ToolOptions>): void {
    this.#bench.setOptions(options)
  }

  get tool(): ToolId {
    return this.#bench.tool
  }

  get toolOptions(): ToolOptions {
    return this.#bench.options
  }

  key(event: KeyboardEvent): boolean {
    return this.#bench.key({ code: event.code, repeat: event.repeat, shift: event.shiftKey, alt: event.altKey, mod: event.ctrlKey || event.metaKey, space: this.#input.space })
  }

  cancel(): boolean {
    return this.#bench.cancel()
  }

  confirm(): boolean {
    return this.#bench.key({ code: 'Enter', repeat: false, shift: false, alt: false, mod: false, space: false })
  }

  get zoomLevel(): number {
    return this.#view.zoom
  }

  zoomIn(): void {
    this.zoomTo(nextStop(this.#frames.aim.zoom, 1))
  }

  zoomOut(): void {
    this.zoomTo(nextStop(this.#frames.aim.zoom, -1))
  }

  zoomTo(zoom: number, at: Point = this.#middle()): void {
    this.#glide(zoomedTo(this.#frames.aim, zoom, at))
  }

  fit(): void {
    this.fitBox({ x: 0, y: 0, ...this.#scene.document.canvas })
    this.#fitted = this.#frames.aim
  }

  fitBox(box: Box): void {
    this.#glide(fitted(this.#frames.aim, box))
  }

  panBy(dx: number, dy: number): void {
    this.#setView(panned(this.#view, dx, dy))
  }

  lookAt(at: Point): void {
    this.#setView({ ...this.#view, centre: at })
  }

  rotateTo(degrees: number): void {
    this.#glide(turnedTo(this.#frames.aim, (degrees * Math.PI) / 180, this.#middle()))
  }

  toDocument(screen: Point): Point {
    return toDocument(this.#view, screen)
  }

  toScreen(at: Point): Point {
    return toScreen(this.#view, at)
  }

  setMaskLook(look: Partial<MaskLook>): void {
    this.#overlays.setMaskLook(look)
  }

  setGlow(glow: AttentionGlow | null, opacity = 0.75): void {
    this.#overlays.setGlow(glow, opacity)
  }

  setPreview(preview: LivePreview | null): void {
    this.#overlays.setPreview(preview)
  }

  setStaged(staged: StagedResult | null): void {
    this.#scene.setStaged(staged)
    this.#frames.replan()
  }

  setComparison(comparison: Comparison): void {
    this.#frames.setComparison(comparison)
  }

  setWordPaint(tiles: readonly StrokeTile[] | null): void {
    this.#scene.clearOwn(WORD_LAYER)
    for (const { x, y, bytes } of tiles ?? []) this.#scene.showOwn(WORD_LAYER, x, y, bytes)
  }

  clearScribbles(): void {
    this.#scene.clearOwn(SCRIBBLE_LAYER)
  }

  get selection(): Box | null {
    return this.#selection
  }

  setSelection(box: Box | null): void {
    this.#selection = box
    this.#bench.setMarquee(box)
    this.#options.onEvent({ type: 'selection', box })
  }

  async change(change: DocumentChange): Promise<DocumentView | null> {
    try {
      const view = await this.#desk.inOrder(() => this.#options.host.change(change))
      this.#adopt(view)
      return view
    } catch (error) {
      this.#options.onEvent({ type: 'notice', message: messageOf(error) })
      return null
    }
  }

  settled(): Promise<void> {
    return this.#desk.settled()
  }

  get busy(): boolean {
    return this.#desk.pending > 0 || this.#bench.busy
  }

  get stats(): EditorStats {
    const { store, composed, original, mask, marks } = this.#scene
    const all = [composed, original, mask, marks]
    const sum = (of: (one: typeof composed) => number): number => all.reduce((total, one) => total + of(one), 0)
    return {
      ...this.#frames.counts, composedTiles: sum((one) => one.counts.tiles), composedPixels: sum((one) => one.counts.pixels),
      tilesRead: store.counts.read, tilesEvicted: store.counts.evicted, tileBytes: store.bytes, pictureBytes: store.pictureBytes, composedBytes: sum((one) => one.bytes), stageBytes: this.#stage.bytes,
      idle: store.settled && this.#frames.idle,
    }
  }

  focus(): void {
    this.#stage.root.focus({ preventScroll: true })
  }

  close(): void {
    this.#bench.close()
    this.#input.close()
    this.#frames.close()
    this.#scene.close()
    this.#stage.close()
  }

  get #view(): Viewport {
    return this.#frames.view
  }

  #open(view: DocumentView): Scene {
    return new Scene(view, {
      host: this.#options.host, makeSurface: offscreenSurface, budget: this.#options.budget ?? DEFAULT_BUDGET,
      onDocument: (box) => this.#frames.invalidateDocument(box), onOverlay: (box) => this.#frames.invalidateOverlay(box),
      onFailure: (error) => this.#options.onEvent({ type: 'notice', message: `Part of the picture could not be read: ${messageOf(error)} It is tried again.` }),
    })
  }

  #surface(): BenchSurface {
    const emit = (event: EditorEvent): void => this.#options.onEvent(event)
    return {
      view: () => this.#view, setView: (view) => this.#setView(view), document: () => this.#scene.document,
      stroke: (order) => this.#desk.begin(order),
      select: (shape, mode, title, tool) => this.#selections.select(shape, mode, title, tool),
      gradient: (from, to, kind, mode) => this.#selections.gradient(from, to, kind, mode),
      change: (change) => this.change(change),
      takeScribbles: () => this.#scene.takeScribbles(),
      pick: (at) => this.#options.host.pick(Math.floor(at.x), Math.floor(at.y)).catch((error: unknown) => {
        emit({ type: 'notice', message: messageOf(error) })
        return null
      }),
      previewTransform: (layer, transform) => this.#scene.setLiveTransform(layer, transform),
      layerMap: (layer) => this.#scene.mapOf(layer),
      sketch: (sketches) => this.#frames.setSketches(sketches),
      hints: (hints) => emit({ type: 'hints', hints }), emit,
      setSelection: (box) => this.setSelection(box),
      split: () => (this.#frames.comparison.show === 'split' ? this.#frames.comparison.at : null),
      setSplit: (at) => {
        this.#frames.setComparison({ show: 'split', at })
        emit({ type: 'split', at })
      },
    }
  }

  #adopt(view: DocumentView): void {
    const { project, document, version } = this.#scene.document
    if (view.project === project && view.document === document) {
      if (view.version < version) return
      this.#scene.setDocument(view, [])
      this.#bench.refresh()
      this.#frames.replan()
    }
    this.#options.onEvent({ type: 'document', view })
  }

  #setView(view: Viewport): void {
    this.#frames.setView(withinReach(view, this.#scene.document.canvas))
  }

  /** Fits the whole canvas at once. */
  #showAll(angle = this.#frames.aim.angle): void {
    this.#setView(fitted({ ...this.#frames.aim, ...this.#stage.size, angle }, { x: 0, y: 0, ...this.#scene.document.canvas }))
    this.#fitted = this.#view
  }

  #glide(view: Viewport): void {
    this.#frames.glideTo(withinReach(view, this.#scene.document.canvas))
  }

  #viewChanged(): void {
    this.#bench.viewChanged()
    this.#options.onEvent({ type: 'view', view: readoutOf(this.#view, this.#scene.document.canvas) })
  }

  #resized(): void {
    if (looksAtSame(this.#frames.aim, this.#fitted)) this.#showAll()
    this.#frames.resize()
  }

  #moved(raw: RawPointer): void {
    const pointer = this.#located(raw)
    this.#bench.move(pointer)
    this.#options.onEvent({ type: 'cursor', at: pointer.at })
  }

  #left(): void {
    this.#bench.leave()
    this.#options.onEvent({ type: 'cursor', at: null })
  }

  #located(raw: RawPointer): Parameters<ToolBench['move']>[0] {
    const view = this.#view
    return {
      ...raw, at: toDocument(view, raw.screen),
      samples: raw.readings.map(({ screen, pressure }) => ({ ...toDocument(view, screen), pressure })),
    }
  }

  #middle(): Point {
    return { x: this.#view.width / this.#view.ratio / 2, y: this.#view.height / this.#view.ratio / 2 }
  }
}

