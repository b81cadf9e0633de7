/**
 * The tool in hand and everything that works with any tool: Space, middle button and wheel for the view, Alt+right-drag
 * and brackets for the brush, digits for opacity, X, the cursor.
 */
import type { Box, Plane } from '../../../preload/contract/documents.ts'
import type { EditorEvent } from '../editorTypes.ts'
import type { Point } from '../geometry/affine.ts'
import { type Fingers, followFingers } from '../geometry/fingers.ts'
import { type Viewport, panned, steppedZoom, zoomedTo } from '../geometry/viewport.ts'
import { BrushCursor } from '../stage/brushCursor.ts'
import { cssCursor } from '../stage/cursors.ts'
import type { RawWheel } from '../stage/pointerInput.ts'
import { MASK_LAYER_PLANE } from '../stage/ownLayers.ts'
import type { Scene } from '../stage/scene.ts'
import { panning, scrubbing, turning } from './hand.ts'
import { ToolMachine } from './machine.ts'
import { addsNow } from './maskBrush.ts'
import { TOOLS } from './registry.ts'
import { ToolSettings, brushGroupOf, sizeStep } from './toolSettings.ts'
import type { CursorKind, Modifiers, State, ToolId, ToolKey, ToolOptions, ToolPointer, ToolSurface } from './toolTypes.ts'

/** A wheel's notch makes things this much larger. */
const NOTCH = 1.2
const NOTCH_PX = 100
const OPACITY_KEYS = /^(?:Digit|Numpad)(\d)$/

/** What the bench needs; settings and cursor are its own. */
export interface BenchSurface extends Omit<ToolSurface, 'options' | 'setOptions' | 'cursor'> {
  /** where the line between original and result is, as a share of the width; null: it is not shown */
  split(): number | null
  setSplit(at: number): void
}

/** The line between original and result is taken from this near, CSS pixels. */
const SPLIT_REACH = 12

/** See the file's head. */
export class ToolBench {
  readonly #surface: ToolSurface & BenchSurface
  readonly #root: HTMLElement
  readonly #emit: (event: EditorEvent) => void
  readonly #ring: BrushCursor
  readonly #settings = new ToolSettings()
  #tool: ToolId = 'hand'
  #machine: ToolMachine
  /** a gesture that any tool lends its buttons to */
  #gesture: State | null = null
  #cursor: CursorKind = 'default'
  #held: Modifiers = { shift: false, alt: false, mod: false, space: false }
  #pointer: Point | null = null
  /** the pen's eraser is on the picture */
  #erases = false
  #follow: ((fingers: Fingers) => Viewport) | null = null

  constructor(surface: BenchSurface, root: HTMLElement, emit: (event: EditorEvent) => void) {
    this.#surface = { ...surface, options: () => this.options, setOptions: (options) => this.setOptions(options), cursor: (kind) => this.showCursor(kind) }
    this.#root = root
    this.#emit = emit
    this.#ring = new BrushCursor(root)
    this.#machine = new ToolMachine(TOOLS.hand, this.#surface)
  }

  /** The tool in hand. */
  get tool(): ToolId {
    return this.#tool
  }

  /** Its settings. */
  get options(): ToolOptions {
    return this.#settings.of(this.#tool)
  }

  /** Whether a gesture is under way. */
  get busy(): boolean {
    return this.#gesture !== null || this.#machine.busy
  }

  /** Takes another tool; the same one begins anew. */
  take(id: ToolId, options: Partial<ToolOptions>): void {
    this.#endGesture(true)
    this.#machine.leave()
    this.#settings.set(id, options)
    this.#tool = id // before the tool starts: it reads its settings then
    this.#machine = new ToolMachine(TOOLS[id], this.#surface)
    this.#emit({ type: 'tool', tool: id, options: this.options })
    this.#showRing()
  }

  /** Changes settings of the tool in hand. */
  setOptions(options: Partial<ToolOptions>): void {
    if (!this.#settings.set(this.tool, options)) return // an app that pushes what it was told makes no circle
    this.#machine.refresh()
    this.#emit({ type: 'tool', tool: this.tool, options: this.options })
    this.#showRing()
  }

  /** The layer that the tool in hand paints on. */
  strokeTarget(scene: Scene): { readonly layer: number; readonly plane: Plane } | null {
    const group = brushGroupOf(this.tool)
    if (group === 'mask') return scene.maskLayer === null ? null : { layer: scene.maskLayer, plane: MASK_LAYER_PLANE }
    const { layer, plane } = this.options
    const kind = scene.document.layers.find((one) => one.id === layer)?.kind
    return group === 'paint' && layer !== null && (kind === 'paint' || plane === 'mask') ? { layer, plane } : null
  }

  down(pointer: ToolPointer): void {
    this.#pointer = pointer.screen
    this.#erases = pointer.eraser
    const gesture = this.#gestureFor(pointer)
    if (gesture && !this.#machine.busy) {
      this.#gesture = gesture
      gesture.enter?.()
    } else if (pointer.button !== 1) this.#machine.down(pointer)
    this.#showRing()
  }

  move(pointer: ToolPointer): void {
    this.#pointer = pointer.screen
    this.#held = pointer
    if (this.#gesture) this.#gesture.move?.(pointer)
    else if (pointer.space && !this.#machine.busy) this.showCursor('grab')
    else if (!this.#machine.busy && this.#overSplit(pointer)) this.showCursor('ew-resize')
    else this.#machine.move(pointer)
    this.#showRing()
  }

  up(pointer: ToolPointer): void {
    if (this.#gesture) {
      this.#gesture.up?.(pointer)
      this.#endGesture(false)
    } else this.#machine.up(pointer)
    this.#erases = false
    this.#showRing()
  }

  /** Fingers that hold the view moved; null: they let go. */
  fingers(fingers: Fingers | null): void {
    if (!fingers) this.#follow = null
    else if (this.#follow) this.#surface.setView(this.#follow(fingers))
    else this.#follow = followFingers(this.#surface.view(), fingers)
  }

  leave(): void {
    this.#pointer = null
    this.#ring.hide()
  }

  /** Ends a gesture and takes back what it did. @returns whether there was one */
  cancel(): boolean {
    const was = this.busy
    this.#endGesture(true)
    this.#machine.cancel()
    return was
  }

  /** @returns whether the key was used */
  key(key: ToolKey): boolean {
    if (key.code === 'Escape' && this.#gesture) return this.cancel()
    return this.#machine.key(key) || (!this.busy && this.#brushKey(key))
  }

  wheel(wheel: RawWheel): void {
    const view = this.#surface.view()
    if (wheel.pinch) this.#surface.setView(zoomedTo(view, view.zoom * Math.exp(-wheel.dy * 0.01), wheel.screen))
    else if (wheel.mod && brushGroupOf(this.tool)) this.#resizeBrush(NOTCH ** (-wheel.dy / NOTCH_PX))
    else if (wheel.smooth && !wheel.alt && !wheel.mod) this.#surface.setView(panned(view, -wheel.dx, -wheel.dy))
    else if (wheel.shift) this.#surface.setView(panned(view, -(wheel.dx || wheel.dy), 0))
    else this.#surface.setView(zoomedTo(view, steppedZoom(view.zoom, NOTCH ** (-(wheel.dy || wheel.dx) / NOTCH_PX)), wheel.screen))
  }

  modifiers(held: Modifiers): void {
    this.#held = held
    if (held.space && !this.busy) this.showCursor('grab')
    else if (!this.#gesture && !this.#machine.busy && this.#cursor === 'grab' && this.tool !== 'hand') this.showCursor(brushGroupOf(this.tool) ? 'brush' : 'crosshair')
    this.#showRing()
  }

  /** The view changed: handles stand elsewhere. */
  viewChanged(): void {
    this.#machine?.refresh()
    this.#showRing()
  }

  /** The document changed. */
  refresh(): void {
    this.#machine.refresh()
  }

  showCursor(kind: CursorKind): void {
    this.#cursor = kind
    this.#showRing()
  }

  /** The marquee is shown while its tool is in hand. */
  setMarquee(box: Box | null): void {
    if (this.tool === 'marquee') this.#surface.sketch(box ? [{ kind: 'marquee', box }] : [])
  }

  close(): void {
    this.cancel()
    this.#ring.close()
  }

  #gestureFor(pointer: ToolPointer): State | null {
    const nothing: State = { name: 'idle' }
    if (pointer.button === 0 && this.#overSplit(pointer)) return this.#splitting()
    if (pointer.space && pointer.button === 0) {
      if (pointer.shift) return turning(this.#surface, pointer, () => nothing)
      return pointer.mod ? scrubbing(this.#surface, pointer, () => nothing) : panning(this.#surface, pointer, () => nothing)
    }
    if (pointer.button === 1) return pointer.mod ? scrubbing(this.#surface, pointer, () => nothing) : panning(this.#surface, pointer, () => nothing)
    return pointer.button === 2 && pointer.alt && brushGroupOf(this.tool) ? this.#adjusting(pointer) : null
  }

  #overSplit({ screen }: { readonly screen: Point }): boolean {
    const at = this.#surface.split()
    const view = this.#surface.view()
    return at !== null && Math.abs(screen.x - (at * view.width) / view.ratio) <= SPLIT_REACH
  }

  #splitting(): State {
    const width = this.#surface.view().width / this.#surface.view().ratio
    return { name: 'splitting', enter: () => this.showCursor('ew-resize'), move: ({ screen }) => this.#surface.setSplit(clampShare(screen.x / width)) }
  }

  /** Alt+right-drag: sideways the size, up and down the hardness. The ring stays where the drag began. */
  #adjusting(start: ToolPointer): State {
    const { brush } = this.options
    const view = this.#surface.view()
    return {
      name: 'adjusting',
      move: ({ screen }) => {
        this.#pointer = start.screen
        const size = brush.size + ((screen.x - start.screen.x) * 2 * view.ratio) / view.zoom
        this.setOptions({ brush: { ...brush, size: clampSize(size), hardness: clampShare(brush.hardness - (screen.y - start.screen.y) / 200) } })
      },
      cancel: () => this.setOptions({ brush }),
    }
  }

  #endGesture(takeBack: boolean): void {
    const gesture = this.#gesture
    if (!gesture) return
    this.#gesture = null
    if (takeBack) gesture.cancel?.()
    gesture.exit?.()
    this.showCursor(brushGroupOf(this.tool) ? 'brush' : this.tool === 'hand' ? 'grab' : 'crosshair')
  }

  #brushKey({ code, shift, mod, alt }: ToolKey): boolean {
    if (mod || alt) return false
    const group = brushGroupOf(this.tool)
    if (code === 'KeyX' && !shift && (group === 'mask' || this.tool === 'word-paint' || this.tool === 'smart-select')) {
      const { maskMode, wordSign, scribble } = this.options
      if (this.tool === 'word-paint') this.setOptions({ wordSign: wordSign === 'plus' ? 'minus' : 'plus' })
      else if (this.tool === 'smart-select') this.setOptions({ scribble: scribble === 'foreground' ? 'background' : 'foreground' })
      else this.setOptions({ maskMode: maskMode === 'add' ? 'subtract' : 'add' })
      return true
    }
    if (!group) return false
    const { brush } = this.options
    const direction = code === 'BracketRight' ? 1 : code === 'BracketLeft' ? -1 : 0
    if (direction !== 0) {
      if (shift) this.setOptions({ brush: { ...brush, hardness: clampShare(Math.round((brush.hardness + direction * 0.25) * 4) / 4) } })
      else this.setOptions({ brush: { ...brush, size: clampSize(sizeStep(brush.size, direction)) } })
      return true
    }
    const digit = OPACITY_KEYS.exec(code)
    if (!digit || shift) return false
    this.setOptions({ brush: { ...brush, opacity: digit[1] === '0' ? 1 : Number(digit[1]) / 10 } })
    return true
  }

  #resizeBrush(factor: number): void {
    const { brush } = this.options
    this.setOptions({ brush: { ...brush, size: clampSize(brush.size * factor) } })
  }

  #showRing(): void {
    const brushing = this.#cursor === 'brush' && this.#pointer !== null
    let ring = false
    if (brushing) {
      const view = this.#surface.view()
      const { brush } = this.options
      ring = this.#ring.show(this.#pointer!, (brush.size * view.zoom) / view.ratio, brush.hardness, this.#sign())
    } else this.#ring.hide()
    this.#root.style.cursor = this.#cursor === 'brush' ? (ring ? 'none' : 'crosshair') : cssCursor(this.#cursor)
  }

  #sign(): '+' | '-' | '' {
    const { alt } = this.#held
    if (this.#erases) return '-'
    if (this.tool === 'mask-brush' || this.tool === 'mask-eraser') return addsNow(this.tool, this.options, alt) ? '+' : '-'
    if (this.tool === 'word-paint') return (this.options.wordSign === 'plus') !== alt ? '+' : '-'
    if (this.tool === 'smart-select') return (this.options.scribble === 'foreground') !== alt ? '+' : '-'
    return this.tool === 'paint-eraser' ? '-' : ''
  }
}

function clampSize(size: number): number {
  return Math.min(2000, Math.max(1, Math.round(size)))
}

function clampShare(share: number): number {
  return Math.min(1, Math.max(0, share))
}
