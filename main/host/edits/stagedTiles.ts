/** Display tiles of a result that waits, cut by its mask, on the canvas's own grid: laid over the document they show it as if accepted. */
import { TILE_EDGE } from '../../engine/document/tileFile.ts'
import type { TileFile } from '../../engine/document/tileFile.ts'
import type { TileAddress } from '../documents/tileService.ts'
import type { Pyramids } from '../documents/pyramids.ts'
import { displayBytes, isPlain } from '../documents/tileMath.ts'
import type { StagedResult } from './staging.ts'

/** Reads tiles of one staged result. */
export async function stagedTile(pyramids: Pyramids, result: StagedResult, at: TileAddress): Promise<Uint8Array | null> {
  const { pixels, mask, box } = result
  const picture = await pyramids.get(pixels.hash, 'picture')
  const cut = mask ? await pyramids.get(mask.hash, 'mask') : null
  const scale = 2 ** at.level
  const [left, top] = [Math.round(box.x / scale), Math.round(box.y / scale)]
  const size = { width: Math.ceil(pixels.width / scale), height: Math.ceil(pixels.height / scale) }
  const out = new Uint8Array(TILE_EDGE * TILE_EDGE * 4)
  // the tile in pixels of the result at this level
  const [x0, y0] = [at.x * TILE_EDGE - left, at.y * TILE_EDGE - top]
  if (x0 >= size.width || y0 >= size.height || x0 + TILE_EDGE <= 0 || y0 + TILE_EDGE <= 0) return null
  const colours = new Grid(picture, at.level, 4)
  const alphas = cut && new Grid(cut, at.level, 1)
  for (let y = Math.max(0, -y0); y < TILE_EDGE && y0 + y < size.height; y++) {
    for (let x = Math.max(0, -x0); x < TILE_EDGE && x0 + x < size.width; x++) {
      const to = (y * TILE_EDGE + x) * 4
      const from = colours.find(x0 + x, y0 + y)
      if (!from) continue
      out.set(from.tile.subarray(from.at, from.at + 4), to)
      if (!alphas) continue
      const alpha = alphas.find(x0 + x, y0 + y)
      out[to + 3] = Math.round((out[to + 3]! * (alpha ? alpha.tile[alpha.at]! : 0)) / 255)
    }
  }
  return isPlain(out, 0) ? null : out
}

/** Pixels of a level of a pyramid, wherever its tiles begin; the last tile of a row of pixels is kept at hand. */
class Grid {
  readonly #file: TileFile
  readonly #level: number
  readonly #channels: number
  readonly #tiles = new Map<string, Uint8Array | null>()

  constructor(file: TileFile, level: number, channels: 1 | 4) {
    this.#file = file
    this.#level = Math.min(level, file.levels - 1)
    this.#channels = channels
  }

  /** Where a pixel's first sample lies; undefined where the tile is empty. */
  find(x: number, y: number): { readonly tile: Uint8Array; readonly at: number } | undefined {
    const [tileX, tileY] = [Math.floor(x / TILE_EDGE), Math.floor(y / TILE_EDGE)]
    const key = `${tileX}/${tileY}`
    let tile = this.#tiles.get(key)
    if (tile === undefined) {
      const found = this.#file.read({ level: this.#level, x: tileX, y: tileY })
      tile = found ? displayBytes(found) : null
      this.#tiles.set(key, tile)
    }
    return tile ? { tile, at: ((y - tileY * TILE_EDGE) * TILE_EDGE + x - tileX * TILE_EDGE) * this.#channels } : undefined
  }
}
