/**
 * Paints what lies over the picture: mask in force (tinted, hatched, outlined), a word's glow, what was painted on it,
 * scribbles, a live preview.
 *
 * The mask goes first: its tiles are composed in its colour, with its values as alpha. The hatch only lands on it
 * (source-atop), and everything else goes below it (destination-over).
 */
import type { MaskLook } from '../editorTypes.ts'
import { type Edges, grow, intersect, mapEdges, outward, unite } from '../geometry/boxes.ts'
import { type Viewport, inverseView, levelOf, viewMatrix } from '../geometry/viewport.ts'
import { paintTiles, tilesIn } from '../stage/paintTiles.ts'
import type { Compositor } from '../tiles/compositor.ts'
import type { Context2D, Drawable } from '../tiles/surfaces.ts'
import { coarsestLevel, tileBox } from '../tiles/tilePlan.ts'
import type { Contours } from './contours.ts'

/** A picture that is stretched over a box of the canvas. */
export interface Inlay {
  readonly picture: Drawable
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
  readonly opacity: number
}

/** What is painted now. */
export interface OverlayScene {
  readonly view: Viewport
  readonly canvas: { readonly width: number; readonly height: number }
  /** colour of the mask in force; null: none is set or shown */
  readonly mask: { readonly look: MaskLook; readonly colour: string } | null
  /** glow and preview, topmost first */
  readonly inlays: readonly Inlay[]
  /** scribbles and word paint */
  readonly marks: boolean
}

/** Distance of the hatch's lines, CSS pixels. */
const HATCH = 8
/** How far the outline reaches from the edge that it follows, CSS pixels: lines of tiles beside a part reach into it. */
const OUTLINE = 2

/** See the file's head. */
export class OverlayPainter {
  readonly #mask: Compositor
  readonly #marks: Compositor
  readonly #contours: Contours
  readonly #hatches = new Map<number, CanvasPattern | null>()

  constructor(mask: Compositor, marks: Compositor, contours: Contours) {
    this.#mask = mask
    this.#marks = marks
    this.#contours = contours
  }

  /** Paints a part of the screen, device pixels; the part is cleared before. */
  paint(context: Context2D, part: Edges, scene: OverlayScene): void {
    const { view, canvas, mask } = scene
    const box: Edges = { left: 0, top: 0, right: canvas.width, bottom: canvas.height }
    const range = tilesIn(view, part, levelOf(view.zoom, coarsestLevel(canvas)), box)
    if (mask && mask.look.opacity > 0) {
      context.globalAlpha = mask.look.opacity
      let covered: Edges | null = null
      paintTiles(context, view, range, box, (x, y) => {
        const pieces = this.#mask.pieces(range.level, x, y)
        if (pieces.length > 0) covered = unite(covered, tileBox(range.level, x, y))
        return pieces
      })
      context.globalAlpha = 1
      const hatch = mask.look.pattern && covered ? this.#hatch(context, view) : null
      if (hatch) fillWith(context, intersect(part, outward(mapEdges(viewMatrix(view), covered!))), 'source-atop', hatch)
      context.globalCompositeOperation = 'source-over'
    }
    if (mask?.look.outline) {
      const near = grow(part, OUTLINE * view.ratio)
      this.#contours.paint(context, view, tilesIn(view, near, range.level, box), mapEdges(inverseView(view), near), mask.colour)
    }
    context.globalCompositeOperation = 'destination-over'
    if (scene.marks) paintTiles(context, view, range, box, (x, y) => this.#marks.pieces(range.level, x, y))
    for (const inlay of scene.inlays) paintInlay(context, view, inlay)
    context.globalCompositeOperation = 'source-over'
  }

  /** The same over a picture that is there, without the mask's pattern and outline: while the view moves. */
  paintOver(context: Context2D, part: Edges, scene: OverlayScene): void {
    const { view, canvas, mask } = scene
    const box: Edges = { left: 0, top: 0, right: canvas.width, bottom: canvas.height }
    const range = tilesIn(view, part, levelOf(view.zoom, coarsestLevel(canvas)), box)
    for (const inlay of scene.inlays.toReversed()) paintInlay(context, view, inlay)
    if (scene.marks) paintTiles(context, view, range, box, (x, y) => this.#marks.pieces(range.level, x, y))
    if (!mask) return
    context.globalAlpha = mask.look.opacity
    paintTiles(context, view, range, box, (x, y) => this.#mask.pieces(range.level, x, y))
    context.globalAlpha = 1
  }

  /** Diagonal lines that move with the picture. */
  #hatch(context: Context2D, view: Viewport): CanvasPattern | null {
    const pattern = this.#hatches.get(view.ratio) ?? this.#makeHatch(context, view.ratio)
    const [, , , , x, y] = viewMatrix(view)
    pattern?.setTransform(new DOMMatrix([1, 0, 0, 1, x, y]))
    return pattern
  }

  /** Light beside dark, so that they show on every colour. */
  #makeHatch(context: Context2D, ratio: number): CanvasPattern | null {
    const side = Math.max(4, Math.round(HATCH * ratio))
    const tile = new OffscreenCanvas(side, side)
    const pen = tile.getContext('2d')!
    pen.lineCap = 'square'
    for (const [shift, colour] of [[0, 'rgba(255, 255, 255, 0.5)'], [ratio, 'rgba(0, 0, 0, 0.35)']] as const) {
      pen.strokeStyle = colour
      pen.lineWidth = ratio
      for (const step of [-side, 0, side]) {
        pen.beginPath()
        pen.moveTo(step + shift, side)
        pen.lineTo(step + side + shift, 0)
        pen.stroke()
      }
    }
    const pattern = context.createPattern(tile, 'repeat')
    this.#hatches.set(ratio, pattern)
    return pattern
  }
}

function paintInlay(context: Context2D, view: Viewport, { picture, box, opacity }: Inlay): void {
  context.save()
  context.globalAlpha = opacity
  context.imageSmoothingEnabled = true
  context.transform(...viewMatrix(view))
  context.drawImage(picture, box.x, box.y, box.width, box.height)
  context.restore()
}

function fillWith(context: Context2D, part: Edges, mode: GlobalCompositeOperation, style: string | CanvasPattern): void {
  context.globalCompositeOperation = mode
  context.fillStyle = style
  context.fillRect(part.left, part.top, part.right - part.left, part.bottom - part.top)
}
