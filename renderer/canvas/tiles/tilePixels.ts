/** Sums over tile bytes: halving for coarser levels. Tiles are 256 x 256, one or four bytes a pixel. */
import { TILE_EDGE } from '../../../preload/contract/documents.ts'
import type { Edges } from '../geometry/boxes.ts'

/** Bytes of a tile that own their buffer, as messages carry them. */
export type OwnBytes = Uint8Array<ArrayBuffer>
/** Bytes of tiles. */
export type TileBytes = Uint8Array | Uint8ClampedArray

/** Pixels in a tile. */
export const TILE_PIXELS = TILE_EDGE * TILE_EDGE

/** Bytes that keep no larger buffer alive: those of one answer often share one. */
export function ownBytes(bytes: OwnBytes): OwnBytes {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}

/** Bytes a pixel: 4 for pictures, 1 for masks. */
export function channelsOf(bytes: TileBytes): 1 | 4 {
  return bytes.length === TILE_PIXELS ? 1 : 4
}

/**
 * Writes a part of a tile into the quarter of the next coarser tile that it covers, by a 2 x 2 box in premultiplied
 * values, as the engine's pyramids do.
 * @param part whole edges in the finer tile
 * @param column 0 or 1: which half of the coarser tile, likewise `row`
 * @returns what was written, edges in the coarser tile
 */
export function halveInto(fine: TileBytes, part: Edges, coarse: TileBytes, column: number, row: number): Edges {
  const [left, top, right, bottom] = [part.left >> 1, part.top >> 1, (part.right + 1) >> 1, (part.bottom + 1) >> 1]
  const [offsetX, offsetY] = [(column * TILE_EDGE) / 2, (row * TILE_EDGE) / 2]
  const channels = channelsOf(fine)
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const from = (2 * y * TILE_EDGE + 2 * x) * channels
      const at = ((y + offsetY) * TILE_EDGE + x + offsetX) * channels
      if (channels === 1) coarse[at] = (fine[from] + fine[from + 1] + fine[from + TILE_EDGE] + fine[from + TILE_EDGE + 1] + 2) >> 2
      else halvePixel(fine, from, coarse, at)
    }
  }
  return { left: left + offsetX, top: top + offsetY, right: right + offsetX, bottom: bottom + offsetY }
}

function halvePixel(fine: TileBytes, from: number, coarse: TileBytes, at: number): void {
  const below = from + TILE_EDGE * 4
  const [a, b, c, d] = [fine[from + 3], fine[from + 7], fine[below + 3], fine[below + 7]]
  const alpha = a + b + c + d
  if (alpha < 2) {
    coarse.fill(0, at, at + 4)
    return
  }
  for (let i = 0; i < 3; i++) coarse[at + i] = (fine[from + i] * a + fine[from + 4 + i] * b + fine[below + i] * c + fine[below + 4 + i] * d + alpha / 2) / alpha
  coarse[at + 3] = (alpha + 2) >> 2
}
