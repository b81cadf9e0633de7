/**
 * The Konva stage: as large as the container in whole device pixels, three layers (document; mask, glow and previews;
 * interface). Document and overlay are painted by us, by parts, on Konva's own canvases; Konva hears no pointers.
 */
import Konva from 'konva'
import type { EditorTheme } from '../editorTypes.ts'
import type { Edges } from '../geometry/boxes.ts'
import { type Context2D, type Drawable, type Surface, offscreenSurface, surfaceBytes } from '../tiles/surfaces.ts'

// we say when to draw: nothing is drawn twice
Konva.autoDrawEnabled = false

/** Size of the stage. */
export interface StageSize {
  /** whole device pixels */
  readonly width: number
  readonly height: number
  /** device pixels per CSS pixel */
  readonly ratio: number
}

/** Draws a part of a layer in device pixels, clipped and cleared before. */
export type PaintPart = (context: Context2D, part: Edges) => void

/** A layer painted by us. */
export interface PaintedLayer {
  /** @param how what paints the part this once, in place of the layer's own painter */
  paint(part: Edges, how?: PaintPart): void
  /** moves what is there by whole device pixels; what comes into sight is empty */
  scroll(dx: number, dy: number): void
  show(visible: boolean): void
}

/** See the file's head. */
export class CanvasStage {
  /** focusable; carries pointer events and the checkerboard that shows through transparency */
  readonly root: HTMLDivElement
  /** for shapes in CSS pixels */
  readonly interface: Konva.Layer
  readonly #container: HTMLElement
  readonly #stage: Konva.Stage
  readonly #observer: ResizeObserver
  #size: StageSize
  readonly #backs = new Map<Konva.Layer, Surface>()

  constructor(container: HTMLElement, onResize: () => void) {
    this.#container = container
    this.root = document.createElement('div')
    this.root.tabIndex = 0
    this.root.setAttribute('role', 'application')
    Object.assign(this.root.style, { position: 'absolute', inset: '0', overflow: 'hidden', touchAction: 'none', outline: 'none', userSelect: 'none' })
    if (getComputedStyle(container).position === 'static') container.style.position = 'relative'
    container.append(this.root)
    this.#showFocus()
    this.#size = sizeOf(container.getBoundingClientRect())
    const surface = document.createElement('div') // Konva empties the element it is given
    this.root.prepend(surface)
    this.#stage = new Konva.Stage({ container: surface, width: cssSide(this.#size.width, this.#size.ratio), height: cssSide(this.#size.height, this.#size.ratio), listening: false })
    this.#stage.content.style.pointerEvents = 'none'
    this.interface = new Konva.Layer({ listening: false })
    this.#observer = new ResizeObserver((entries) => {
      const measured = measure(entries.at(-1)!)
      const { width, height, ratio } = this.#size
      if (measured.width === width && measured.height === height && measured.ratio === ratio) return
      this.#size = measured
      this.#fit()
      onResize()
    })
    try {
      this.#observer.observe(this.root, { box: 'device-pixel-content-box' })
    } catch {
      this.#observer.observe(this.root) // Safari knows no device pixels here; rounding is off by at most one
    }
  }

  /** Size now. */
  get size(): StageSize {
    return this.#size
  }

  /** Bytes of the stage's canvases. */
  get bytes(): number {
    return [...this.#backs.values()].reduce((sum, back) => sum + surfaceBytes(back), 0) + this.#stage.getLayers().reduce((sum, layer) => sum + (layer.visible() ? layer.getNativeCanvasElement().width * layer.getNativeCanvasElement().height * 4 : 0), 0)
  }

  /** Adds a layer that is painted by parts. */
  addPainted(paint: PaintPart): PaintedLayer {
    const layer = new Konva.Layer({ listening: false })
    const whole = (): Edges => ({ left: 0, top: 0, right: this.#size.width, bottom: this.#size.height })
    const paintPart = (part: Edges, how: PaintPart = paint): void => {
      const context = layer.getNativeCanvasElement().getContext('2d')!
      context.save()
      context.setTransform(1, 0, 0, 1, 0, 0)
      context.beginPath()
      context.rect(part.left, part.top, part.right - part.left, part.bottom - part.top)
      context.clip()
      context.clearRect(part.left, part.top, part.right - part.left, part.bottom - part.top)
      how(context, part)
      context.restore()
    }
    // when Konva itself draws (after a resize), everything is painted
    layer.add(new Konva.Shape({ listening: false, perfectDrawEnabled: false, sceneFunc: () => paintPart(whole()) }))
    this.#stage.add(layer)
    this.#slim(layer)
    // by way of a second picture: a canvas drawn on itself is copied first, which takes twice as long
    const scroll = (dx: number, dy: number): void => {
      const canvas = layer.getNativeCanvasElement()
      const { context, picture } = this.#backOf(layer)
      replace(context, canvas, dx, dy)
      replace(canvas.getContext('2d')!, picture, 0, 0)
    }
    return { paint: paintPart, scroll, show: (visible) => void (layer.visible() === visible || layer.visible(visible)) }
  }

  /** Everything painted by us that is visible, as one picture of the stage's size, until a layer is moved. */
  flatten(): Drawable {
    const [lowest, ...above] = this.#stage.getLayers().filter((layer) => layer !== this.interface && layer.visible())
    const { context, picture } = this.#backOf(lowest)
    replace(context, lowest.getNativeCanvasElement(), 0, 0)
    for (const layer of above) context.drawImage(layer.getNativeCanvasElement(), 0, 0)
    return picture
  }

  /** The second picture of a layer, of the stage's size. */
  #backOf(layer: Konva.Layer): Surface {
    const { width, height } = this.#size
    const found = this.#backs.get(layer)
    if (found?.width === width && found.height === height) return found
    const made = offscreenSurface(width, height)
    this.#backs.set(layer, made)
    return made
  }

  /** Adds the interface on top. */
  addInterface(): void {
    this.#stage.add(this.interface)
    this.#slim(this.interface)
  }

  /** Colours of transparency. */
  setTheme({ checker, accent }: EditorTheme): void {
    this.root.style.background = `repeating-conic-gradient(${checker[0]} 0 25%, ${checker[1]} 0 50%) 0 0 / 24px 24px`
    this.root.style.setProperty('--canvas-accent', accent)
  }

  /** Removes everything from the page. */
  close(): void {
    this.#observer.disconnect()
    this.#stage.destroy()
    this.root.remove()
    this.#container.style.cursor = ''
  }

  /** A ring inside the edge when the canvas was reached by Tab; an outline would lie under the canvases. */
  #showFocus(): void {
    const ring = document.createElement('div')
    Object.assign(ring.style, { position: 'absolute', inset: '0', border: '2px solid var(--canvas-accent)', pointerEvents: 'none', zIndex: '1', display: 'none' })
    this.root.append(ring)
    const show = (visible: boolean): void => void (ring.style.display = visible ? 'block' : 'none')
    this.root.addEventListener('keyup', ({ code }) => code === 'Tab' && show(true))
    this.root.addEventListener('blur', () => show(false))
    this.root.addEventListener('pointerdown', () => show(false))
  }

  #fit(): void {
    const { width, height, ratio } = this.#size
    this.#stage.size({ width: cssSide(width, ratio), height: cssSide(height, ratio) })
    for (const layer of this.#stage.getLayers()) this.#slim(layer)
  }

  /** A layer's canvas has exactly the device's pixels; its hit canvas, never used, has none. */
  #slim(layer: Konva.Layer): void {
    const { width, height, ratio } = this.#size
    const canvas = layer.getCanvas()
    canvas.setPixelRatio(ratio)
    canvas.setSize(cssSide(width, ratio), cssSide(height, ratio))
    layer.getHitCanvas().setSize(1, 1)
  }
}

/** Draws a picture in place of everything that is there. */
function replace(context: Context2D, picture: Drawable, x: number, y: number): void {
  context.save()
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.globalCompositeOperation = 'copy'
  context.drawImage(picture, x, y)
  context.restore()
}

/** CSS length whose product with the ratio is this many device pixels, after Konva's rounding down. */
function cssSide(device: number, ratio: number): number {
  return (device + 0.001) / ratio
}

function sizeOf({ width, height }: { readonly width: number; readonly height: number }): StageSize {
  const ratio = window.devicePixelRatio || 1
  return { width: Math.max(1, Math.round(width * ratio)), height: Math.max(1, Math.round(height * ratio)), ratio }
}

function measure(entry: ResizeObserverEntry): StageSize {
  const [device] = entry.devicePixelContentBoxSize ?? []
  const counted = sizeOf(entry.contentRect)
  // the browser knows to which device pixels the edges snap; a display that is only emulated is not in its count
  if (!device || Math.abs(device.inlineSize - counted.width) > 1 || Math.abs(device.blockSize - counted.height) > 1) return counted
  return { ...counted, width: Math.max(1, device.inlineSize), height: Math.max(1, device.blockSize) }
}
