/**
 * Paints at most once per display frame, and then only what changed. Everything asks here; nothing paints by itself.
 */
import type { Plane } from '../../../preload/contract/documents.ts'
import type { Comparison, EditorTheme } from '../editorTypes.ts'
import type { Point } from '../geometry/affine.ts'
import { type Edges, grow, intersect, isEmpty, mapEdges, outward } from '../geometry/boxes.ts'
import { type Viewport, between, isUpright, levelOf, scrollBetween, viewMatrix } from '../geometry/viewport.ts'
import { OverlayPainter } from '../overlay/overlayPainter.ts'
import type { Overlays } from '../overlay/overlays.ts'
import type { Drawable, MakeSurface } from '../tiles/surfaces.ts'
import { coarsestLevel } from '../tiles/tilePlan.ts'
import type { CanvasStage, PaintedLayer } from './canvasStage.ts'
import { DocumentPainter } from './documentPainter.ts'
import { InterfacePainter } from './interfacePainter.ts'
import { DirtyParts } from './dirtyParts.ts'
import { type MotionFrame, Motion } from './motion.ts'
import { DEFAULT_MASK_COLOUR, SCRIBBLE_LAYER, WORD_LAYER } from './ownLayers.ts'
import type { Scene } from './scene.ts'
import type { Sketch } from './sketches.ts'

/** What the loop needs. */
export interface FrameLoopPorts {
  readonly stage: CanvasStage
  readonly scene: () => Scene
  readonly theme: () => EditorTheme
  readonly overlays: Overlays
  readonly makeSurface: MakeSurface
  /** strokes put their new dabs into the tiles */
  readonly beforePaint: () => void
  /** layer whose full-size tiles a stroke may need next */
  readonly strokeTarget: () => { readonly layer: number; readonly plane: Plane } | null
  /** the view was changed */
  readonly onView: () => void
}

/**
 * Tiles' worth of layers that a frame draws when whole tiles are new, 0.06 ms each without a graphics card; the rest shows
 * stand-ins and comes with the next frames.
 */
const WORK_A_FRAME = 64
/** The same while zoom or angle change: the stretched picture takes most of the frame. */
const WORK_WHILE_MOVING = 16
/** How long a step of the zoom takes to arrive. */
const GLIDE_MS = 140

/** See the file's head. */
export class FrameLoop {
  /** counts since the start */
  readonly counts = { frames: 0, paintedPixels: 0 }
  readonly #ports: FrameLoopPorts
  readonly #document: PaintedLayer
  readonly #overlay: PaintedLayer
  readonly #interface: InterfacePainter
  #painters: { readonly scene: Scene; readonly document: DocumentPainter; readonly overlay: OverlayPainter } | null = null
  #view: Viewport
  #comparison: Comparison = { show: 'document' }
  #sketches: readonly Sketch[] = []
  readonly #dirty = { document: new DirtyParts(), overlay: new DirtyParts(), interface: false }
  #plan = true
  #planned = ''
  #glide: { readonly from: Viewport; readonly to: Viewport; readonly since: number } | null = null
  #asked: number | null = null
  #overlayShown = false
  readonly #motion = new Motion()
  #flat: Drawable | null = null

  constructor(ports: FrameLoopPorts) {
    this.#ports = ports
    const { stage } = ports
    this.#view = { ...stage.size, centre: { x: 0, y: 0 }, zoom: 1, angle: 0 }
    this.#document = stage.addPainted((context, part) => this.#painter().document.paint(context, part, this.#documentScene()))
    this.#overlay = stage.addPainted((context, part) => this.#painter().overlay.paint(context, part, this.#overlayScene()))
    stage.addInterface()
    this.#interface = new InterfacePainter(stage.interface)
    stage.interface.visible(false)
  }

  /** What is seen. */
  get view(): Viewport {
    return this.#view
  }

  /** Whether nothing waits to be painted. */
  get idle(): boolean {
    return this.#asked === null
  }

  /** What the view is on its way to, or is. */
  get aim(): Viewport {
    return this.#glide?.to ?? this.#view
  }

  /** What is shown in place of the document. */
  get comparison(): Comparison {
    return this.#comparison
  }

  /** Changes what is seen, in a short move where motion is wanted. */
  glideTo(view: Viewport): void {
    if (this.#ports.theme().reducedMotion) {
      this.setView(view)
      return
    }
    this.#glide = { from: this.#view, to: view, since: performance.now() }
    this.request()
  }

  /** Changes what is seen. */
  setView(view: Viewport): void {
    this.#glide = null
    this.#show(view)
  }

  #show(view: Viewport): void {
    // the line of a split stands still, and another document has nothing on the screen yet: nothing can be moved
    const anew = this.#comparison.show === 'split' || this.#painters?.scene !== this.#ports.scene()
    const shift = anew ? null : scrollBetween(this.#view, view)
    const moves = shift !== null && !this.#motion.active
    const step = anew || moves ? null : this.#motion.step(this.#view, view, performance.now())
    this.#view = view
    if (step?.begins) this.#flat = this.#ports.stage.flatten()
    if (step) for (const dirty of [this.#dirty.document, this.#dirty.overlay]) dirty.take() // all is painted when the motion is over
    else if (shift) this.#scroll(shift)
    else this.invalidateAll()
    this.#dirty.interface ||= this.#lines().length > 0
    this.request()
    this.#ports.onView()
  }

  /** What is there is moved, strips are painted; where tiles are drawn pixel by pixel, drawing them takes less time. */
  #scroll({ x, y }: Point): void {
    const { document, overlay } = this.#dirty
    if (this.#comparison.show !== 'difference' && isPixelByPixel(this.#view, this.#ports.scene().document.canvas)) document.markAll(this.#screen())
    else document.scroll(x, y, this.#screen())
    overlay.scroll(x, y, this.#screen())
  }

  /** Takes the stage's new size; the middle stays where it is. */
  resize(): void {
    this.setView({ ...this.aim, ...this.#ports.stage.size })
    this.#paint() // at once: a resized canvas is empty
  }

  /** Shows the document, the original or both. */
  setComparison(comparison: Comparison): void {
    this.#comparison = comparison
    this.#motion.end()
    this.#plan = true
    this.#dirty.interface = true
    this.#mark('document', this.#screen())
    this.#mark('overlay', this.#screen())
  }

  /** Replaces lines and handles. */
  setSketches(sketches: readonly Sketch[]): void {
    if (sketches.length === 0 && this.#sketches.length === 0) return
    this.#sketches = sketches
    this.#dirty.interface = true
    this.request()
  }

  /** A box of the canvas looks different; null: everything. */
  invalidateDocument(box: Edges | null): void {
    this.#mark('document', box ? this.#onScreen(box) : this.#screen())
  }

  /** The same for what lies over it. */
  invalidateOverlay(box: Edges | null): void {
    this.#mark('overlay', box ? this.#onScreen(box) : this.#screen())
  }

  /** Everything is painted again. */
  invalidateAll(): void {
    this.#motion.end()
    this.#dirty.document.markAll(this.#screen())
    this.#dirty.overlay.markAll(this.#screen())
    this.#dirty.interface = true
    this.request()
  }

  /** Other tiles may be needed. */
  replan(): void {
    this.#plan = true
    this.request()
  }

  /** A frame, soon. */
  request(): void {
    this.#asked ??= requestAnimationFrame(() => {
      this.#asked = null
      this.#paint()
    })
  }

  /** Stops. */
  close(): void {
    if (this.#asked !== null) cancelAnimationFrame(this.#asked)
  }

  #mark(which: 'document' | 'overlay', part: Edges): void {
    this.#dirty[which].mark(part, this.#screen())
    if (!this.#dirty[which].none) this.request()
  }

  #paint(): void {
    this.counts.frames += 1
    if (this.#glide) this.#move(this.#glide)
    this.#ports.beforePaint()
    const scene = this.#ports.scene()
    const sight = scene.sightKey(this.#view)
    if (this.#plan || sight !== this.#planned) {
      this.#plan = false
      this.#planned = sight
      scene.plan(this.#view, this.#comparison, this.#ports.strokeTarget())
    }
    scene.pictures.startFrame(this.#motion.active ? WORK_WHILE_MOVING : WORK_A_FRAME)
    this.#markBoxes(scene.catchUp(this.#view))
    this.#settle(scene.takeDrawn())
    if (this.#motion.moving) this.#paintStretched(this.#motion.frame(this.#view))
    else {
      this.#paintLayer(this.#document, this.#dirty.document)
      this.#paintOverlay(scene)
    }
    if (this.#dirty.interface) this.#interface.paint(this.#lines(), this.#view, this.#ports.theme())
    this.#dirty.interface = false
    if (scene.pictures.behind || this.#motion.active) this.request()
  }

  /** The flattened picture stretched, and roughly around it what has come into sight. */
  #paintStretched(frame: MotionFrame | null): void {
    if (!frame) return
    const { stretch, filled, exposed, renew } = frame
    this.#overlay.show(false) // it is part of the flattened picture
    this.#overlayShown = false
    if (stretch && filled) {
      this.#document.paint(filled, (context) => {
        context.setTransform(...stretch)
        context.drawImage(this.#flat!, 0, 0)
      })
    }
    const { document, overlay } = this.#painter()
    for (const part of exposed) {
      this.#document.paint(part, (context) => {
        document.paint(context, part, this.#documentScene())
        overlay.paintOver(context, part, this.#overlayScene())
      })
    }
    this.#count([...(filled ? [filled] : []), ...exposed])
    if (renew) this.#flat = this.#ports.stage.flatten()
  }

  /** A band of the real picture in place of the stretched one, once the view rests; all of it when a stroke is drawn. */
  #settle(drawn: boolean): void {
    if (drawn) this.#motion.arrive()
    if (this.#motion.comesToRest(performance.now())) {
      this.#overlay.paint(this.#screen(), () => undefined)
      this.#overlayShown = true
      this.#overlay.show(true)
      for (const dirty of [this.#dirty.document, this.#dirty.overlay]) dirty.take() // every band is painted
    }
    const band = this.#motion.nextBand(this.#view, drawn)
    if (!band) return
    this.#dirty.document.mark(band, this.#screen())
    this.#dirty.overlay.mark(band, this.#screen())
  }

  #markBoxes({ document, overlay }: { readonly document: readonly Edges[]; readonly overlay: readonly Edges[] }): void {
    for (const box of document) this.#mark('document', this.#onScreen(box))
    for (const box of overlay) this.#mark('overlay', this.#onScreen(box))
  }

  #paintOverlay(scene: Scene): void {
    const { mask, inlays, marks } = this.#overlayScene()
    if (mask) scene.setMaskTint(mask.colour)
    const needed = mask !== null || inlays.length > 0 || marks
    if (needed && !this.#overlayShown) this.#dirty.overlay.markAll(this.#screen()) // hidden, it holds old pixels
    if (needed) this.#paintLayer(this.#overlay, this.#dirty.overlay)
    else this.#dirty.overlay.take()
    this.#overlay.show(needed)
    this.#overlayShown = needed
  }

  #lines(): readonly Sketch[] {
    return this.#comparison.show === 'split' ? [...this.#sketches, { kind: 'split', at: this.#comparison.at }] : this.#sketches
  }

  #move({ from, to, since }: { readonly from: Viewport; readonly to: Viewport; readonly since: number }): void {
    const share = (performance.now() - since) / GLIDE_MS
    this.#show(share >= 1 ? to : between(from, to, 1 - (1 - share) ** 3))
    if (share < 1) {
      this.request()
      return
    }
    this.#glide = null
    this.#motion.arrive()
  }

  #paintLayer(layer: PaintedLayer, dirty: DirtyParts): void {
    const { parts, dx, dy } = dirty.take()
    if (dx !== 0 || dy !== 0) layer.scroll(dx, dy)
    const real = this.#motion.real(this.#view)
    for (const part of parts.map((one) => intersect(one, real)).filter((one) => !isEmpty(one))) {
      this.#count([part])
      layer.paint(part)
    }
  }

  #count(parts: readonly Edges[]): void {
    for (const part of parts) this.counts.paintedPixels += (part.right - part.left) * (part.bottom - part.top)
  }

  #painter(): { readonly document: DocumentPainter; readonly overlay: OverlayPainter } {
    const scene = this.#ports.scene()
    if (this.#painters?.scene !== scene) {
      this.#painters = {
        scene, document: new DocumentPainter(scene.composed, scene.original, this.#ports.makeSurface),
        overlay: new OverlayPainter(scene.mask, scene.marks, scene.contours),
      }
    }
    return this.#painters
  }

  #documentScene(): Parameters<DocumentPainter['paint']>[2] {
    return { view: this.#view, canvas: this.#ports.scene().document.canvas, comparison: this.#comparison, theme: this.#ports.theme() }
  }

  #overlayScene(): Parameters<OverlayPainter['paint']>[2] {
    const scene = this.#ports.scene()
    const { look, inlays } = this.#ports.overlays
    const layer = scene.document.layers.find(({ id }) => id === scene.maskLayer)
    const shown = look.visible && scene.maskLayer !== null && this.#comparison.show !== 'original'
    return {
      view: this.#view, canvas: scene.document.canvas, inlays, marks: scene.hasOwn(WORD_LAYER) || scene.hasOwn(SCRIBBLE_LAYER),
      mask: shown ? { look, colour: look.colour ?? layer?.colour ?? DEFAULT_MASK_COLOUR } : null,
    }
  }

  /** Device pixels of a box of the canvas, with room for smoothing and outlines. */
  #onScreen(box: Edges): Edges {
    return outward(grow(mapEdges(viewMatrix(this.#view), box), 2 + 2 * this.#view.ratio + this.#view.zoom))
  }

  #screen(): Edges {
    return { left: 0, top: 0, right: this.#view.width, bottom: this.#view.height }
  }
}

/** Whether a pixel of the tiles in sight is a pixel of the screen. */
function isPixelByPixel(view: Viewport, canvas: { readonly width: number; readonly height: number }): boolean {
  return isUpright(view) && view.zoom * 2 ** levelOf(view.zoom, coarsestLevel(canvas)) === 1
}
