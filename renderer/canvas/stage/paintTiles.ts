/** Puts square tiles of the canvas on the screen without gaps, sharp where pixels are whole. */
import { type Edges, intersect, isEmpty, mapEdges } from '../geometry/boxes.ts'
import { type Viewport, inverseView, isUpright, viewMatrix } from '../geometry/viewport.ts'
import type { Piece } from '../tiles/compositor.ts'
import type { Context2D } from '../tiles/surfaces.ts'
import { type TileRange, tileBox, tilesOver } from '../tiles/tilePlan.ts'

/** Tiles of a level that show in a part of the screen. */
export function tilesIn(view: Viewport, part: Edges, level: number, canvas: Edges): TileRange {
  return tilesOver(intersect(mapEdges(inverseView(view), part), canvas), level)
}

/**
 * Draws tiles with the context's opacity and mode.
 * @param piecesAt what shows on a tile, by column and row
 * @param canvas document pixels outside are left out
 */
export function paintTiles(context: Context2D, view: Viewport, range: TileRange, canvas: Edges, piecesAt: (x: number, y: number) => readonly Piece[]): void {
  const scale = view.zoom * 2 ** range.level
  context.save()
  const smooth = (Math.abs(scale - Math.round(scale)) > 1e-6 && view.zoom < 2) || !isUpright(view)
  context.imageSmoothingQuality = 'low'
  for (let y = range.top; y < range.bottom; y++) {
    for (let x = range.left; x < range.right; x++) {
      const tile = tileBox(range.level, x, y)
      for (const piece of piecesAt(x, y)) {
        context.imageSmoothingEnabled = smooth || piece.fromSide !== piece.toSide // stand-ins of other levels are always smoothed
        paintPiece(context, view, piece, tile, 2 ** range.level, canvas)
      }
    }
  }
  context.restore()
}

/** @param grain document pixels a tile's pixel */
function paintPiece(context: Context2D, view: Viewport, piece: Piece, tile: Edges, grain: number, canvas: Edges): void {
  const [left, top] = [tile.left + piece.toX * grain, tile.top + piece.toY * grain]
  const side = piece.toSide * grain
  const box = intersect({ left, top, right: left + side, bottom: top + side }, canvas)
  if (isEmpty(box)) return
  const shrink = piece.fromSide / side
  const [fromX, fromY] = [piece.fromX + (box.left - left) * shrink, piece.fromY + (box.top - top) * shrink]
  const [wide, high] = [(box.right - box.left) * shrink, (box.bottom - box.top) * shrink]
  const map = viewMatrix(view)
  if (view.angle === 0) {
    // both edges are rounded the same way for neighbours: no gap, no overlap
    const [x, y] = [Math.round(map[0] * box.left + map[4]), Math.round(map[3] * box.top + map[5])]
    const [right, bottom] = [Math.round(map[0] * box.right + map[4]), Math.round(map[3] * box.bottom + map[5])]
    if (right > x && bottom > y) context.drawImage(piece.picture, fromX, fromY, wide, high, x, y, right - x, bottom - y)
    return
  }
  // turned: a hair's overlap hides the seams that antialiased edges would leave
  const hair = 0.6 / view.zoom
  context.save()
  context.transform(...map)
  context.drawImage(piece.picture, fromX, fromY, wide, high, box.left, box.top, box.right - box.left + hair, box.bottom - box.top + hair)
  context.restore()
}
