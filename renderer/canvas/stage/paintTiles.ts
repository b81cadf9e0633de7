/** Puts square tiles of the canvas on the screen without gaps, sharp where pixels are whole. */
import { TILE_EDGE } from '../../../preload/contract/documents.ts'
import { type Edges, intersect, isEmpty, mapEdges } from '../geometry/boxes.ts'
import { type Viewport, inverseView, isUpright, viewMatrix } from '../geometry/viewport.ts'
import type { Context2D, Drawable } from '../tiles/surfaces.ts'
import { type TileRange, tileBox, tilesOver } from '../tiles/tilePlan.ts'

/** Tiles of a level that show in a part of the screen. */
export function tilesIn(view: Viewport, part: Edges, level: number, canvas: Edges): TileRange {
  return tilesOver(intersect(mapEdges(inverseView(view), part), canvas), level)
}

/**
 * Draws tiles with the context's opacity and mode.
 * @param pictureAt tile by column and row; null draws nothing
 * @param canvas document pixels outside are left out
 */
export function paintTiles(context: Context2D, view: Viewport, range: TileRange, canvas: Edges, pictureAt: (x: number, y: number) => Drawable | null): void {
  const scale = view.zoom * 2 ** range.level
  context.save()
  context.imageSmoothingEnabled = Math.abs(scale - Math.round(scale)) > 1e-6 && view.zoom < 2 || !isUpright(view)
  context.imageSmoothingQuality = 'low'
  for (let y = range.top; y < range.bottom; y++) {
    for (let x = range.left; x < range.right; x++) {
      const box = intersect(tileBox(range.level, x, y), canvas)
      const picture = isEmpty(box) ? null : pictureAt(x, y)
      if (picture) paintTile(context, view, picture, box, range.level, x, y)
    }
  }
  context.restore()
}

function paintTile(context: Context2D, view: Viewport, picture: Drawable, box: Edges, level: number, x: number, y: number): void {
  const shrink = 2 ** -level
  const [fromX, fromY] = [box.left * shrink - x * TILE_EDGE, box.top * shrink - y * TILE_EDGE]
  const [wide, high] = [(box.right - box.left) * shrink, (box.bottom - box.top) * shrink]
  const map = viewMatrix(view)
  if (view.angle === 0) {
    // both edges are rounded the same way for neighbours: no gap, no overlap
    const [left, top] = [Math.round(map[0] * box.left + map[4]), Math.round(map[3] * box.top + map[5])]
    const [right, bottom] = [Math.round(map[0] * box.right + map[4]), Math.round(map[3] * box.bottom + map[5])]
    if (right > left && bottom > top) context.drawImage(picture, fromX, fromY, wide, high, left, top, right - left, bottom - top)
    return
  }
  // turned: a hair's overlap hides the seams that antialiased edges would leave
  const hair = 0.6 / view.zoom
  context.save()
  context.transform(...map)
  context.drawImage(picture, fromX, fromY, wide, high, box.left, box.top, box.right - box.left + hair, box.bottom - box.top + hair)
  context.restore()
}
