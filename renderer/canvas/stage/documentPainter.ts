/** Paints the document: composed tiles, comparison with the original, what lies around it, the pixel grid. */
import type { Comparison, EditorTheme } from '../editorTypes.ts'
import { apply } from '../geometry/affine.ts'
import { type Edges, intersect, isEmpty, mapEdges } from '../geometry/boxes.ts'
import { type Viewport, inverseView, isUpright, levelOf, viewMatrix } from '../geometry/viewport.ts'
import type { Compositor, Piece } from '../tiles/compositor.ts'
import type { Context2D, MakeSurface, Surface } from '../tiles/surfaces.ts'
import { type TileRange, coarsestLevel } from '../tiles/tilePlan.ts'
import { paintTiles, tilesIn } from './paintTiles.ts'

/** Pixels are told apart by a grid from this many CSS pixels each. */
const GRID_FROM = 10
/** A difference of 1/8 shows as full white. */
const DIFFERENCE_DOUBLINGS = 3

/** What is painted now. */
export interface DocumentScene {
  readonly view: Viewport
  readonly canvas: { readonly width: number; readonly height: number }
  readonly comparison: Comparison
  readonly theme: EditorTheme
}

/** See the file's head. */
export class DocumentPainter {
  readonly #document: Compositor
  readonly #original: Compositor
  readonly #makeSurface: MakeSurface
  #difference: Surface | null = null

  constructor(document: Compositor, original: Compositor, makeSurface: MakeSurface) {
    this.#document = document
    this.#original = original
    this.#makeSurface = makeSurface
  }

  /** Paints a part of the screen, device pixels. */
  paint(context: Context2D, part: Edges, scene: DocumentScene): void {
    const { view, canvas, comparison } = scene
    const box: Edges = { left: 0, top: 0, right: canvas.width, bottom: canvas.height }
    const range = tilesIn(view, part, levelOf(view.zoom, coarsestLevel(canvas)), box)
    if (comparison.show === 'split') this.#paintSplit(context, part, scene, range, box, comparison.at)
    else paintTiles(context, view, range, box, (x, y) => this.#piecesAt(comparison.show, range.level, x, y))
    paintSurround(context, part, scene)
    if (view.zoom / view.ratio >= GRID_FROM && isUpright(view)) paintGrid(context, part, view, box)
  }

  #paintSplit(context: Context2D, part: Edges, { view }: DocumentScene, range: TileRange, box: Edges, at: number): void {
    const line = Math.round(at * view.width)
    for (const [side, compositor] of [[{ ...part, right: Math.min(part.right, line) }, this.#original], [{ ...part, left: Math.max(part.left, line) }, this.#document]] as const) {
      if (isEmpty(side)) continue
      context.save()
      context.beginPath()
      context.rect(side.left, side.top, side.right - side.left, side.bottom - side.top)
      context.clip()
      paintTiles(context, view, tilesIn(view, side, range.level, box), box, (x, y) => compositor.pieces(range.level, x, y))
      context.restore()
    }
  }

  #piecesAt(show: 'document' | 'original' | 'difference', level: number, x: number, y: number): readonly Piece[] {
    if (show === 'document') return this.#document.pieces(level, x, y)
    if (show === 'original') return this.#original.pieces(level, x, y)
    const { picture, width: side } = this.#differenceAt(level, x, y)
    return [{ picture, fromX: 0, fromY: 0, fromSide: side, toX: 0, toY: 0, toSide: side }]
  }

  /** |document - original|, doubled three times, on black. */
  #differenceAt(level: number, x: number, y: number): Surface {
    const [now, was] = [this.#document.fresh(level, x, y), this.#original.fresh(level, x, y)]
    const surface = (this.#difference ??= this.#makeSurface(now.width, now.height))
    const { context } = surface
    context.globalCompositeOperation = 'source-over'
    context.fillStyle = '#000'
    context.fillRect(0, 0, now.width, now.height)
    context.drawImage(now.picture, 0, 0)
    context.globalCompositeOperation = 'difference'
    context.drawImage(was.picture, 0, 0)
    context.globalCompositeOperation = 'lighter'
    for (let i = 0; i < DIFFERENCE_DOUBLINGS; i++) context.drawImage(surface.picture, 0, 0)
    return surface
  }
}

function paintSurround(context: Context2D, part: Edges, { view, canvas, theme }: DocumentScene): void {
  const map = viewMatrix(view)
  const corners = [apply(map, 0, 0), apply(map, canvas.width, 0), apply(map, canvas.width, canvas.height), apply(map, 0, canvas.height)]
  const inside = mapEdges(inverseView(view), part)
  if (inside.left >= 0 && inside.top >= 0 && inside.right <= canvas.width && inside.bottom <= canvas.height) return
  context.beginPath()
  context.rect(part.left, part.top, part.right - part.left, part.bottom - part.top)
  corners.forEach(({ x, y }, i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)))
  context.closePath()
  context.fillStyle = theme.surround
  context.fill('evenodd')
}

function paintGrid(context: Context2D, part: Edges, view: Viewport, box: Edges): void {
  const map = viewMatrix(view)
  const seen = intersect(mapEdges(inverseView(view), part), box)
  if (isEmpty(seen)) return
  const [left, top] = [Math.floor(seen.left), Math.floor(seen.top)]
  const [right, bottom] = [Math.ceil(seen.right), Math.ceil(seen.bottom)]
  context.beginPath()
  for (let x = left; x <= right; x++) segment(context, apply(map, x, top), apply(map, x, bottom))
  for (let y = top; y <= bottom; y++) segment(context, apply(map, left, y), apply(map, right, y))
  context.lineWidth = 1
  context.strokeStyle = 'rgba(128, 128, 128, 0.4)'
  context.stroke()
}

function segment(context: Context2D, from: { x: number; y: number }, to: { x: number; y: number }): void {
  // half a pixel: one sharp line instead of two grey ones
  context.moveTo(Math.round(from.x) + 0.5, Math.round(from.y) + 0.5)
  context.lineTo(Math.round(to.x) + 0.5, Math.round(to.y) + 0.5)
}
