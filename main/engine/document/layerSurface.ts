/** The pixels of one layer in its own coordinates: picture, painted tiles over it, mask; read by boxes. */
import { intersectBoxes, unionBoxes, type Box } from '../image/geometry.ts'
import { badInput } from '../errors.ts'
import type { SampleStore } from './sampleStore.ts'
import { TILE_EDGE, tileSamples, type TileFile, type TilePixels } from './tileFile.ts'
import type { LayerPixels } from './transform.ts'
import type { ConvertedTile } from './workingSpace.ts'

/** Painted tiles of one layer that stay converted in memory. */
const HELD_TILES = 6
/** Pixels of floating point that a layer keeps between two reads. */
const MOST_HELD_PIXELS = 4 * TILE_EDGE * TILE_EDGE

/** What a layer is made of; see {@link LayerSurface}. */
export interface SurfaceParts {
  readonly picture: SampleStore | null
  /** painted over the picture, source-over */
  readonly tiles: TileFile | null
  readonly convertTile: (tile: TilePixels) => Promise<ConvertedTile>
  /** grey, one channel */
  readonly mask: SampleStore | null
  /** takes the mask's place */
  readonly maskTiles: TileFile | null
  /** mask value, 0..255, where neither lies */
  readonly maskOutside: number
  /** white without an end instead of pixels: a group's mask */
  readonly solid?: boolean
}

/** A layer's pixels. Boxes are in the layer's coordinates; the picture lies at 0, 0. */
export class LayerSurface {
  /** smallest box around picture and painted tiles; null for a surface without an end */
  readonly extent: Box | null
  readonly #parts: SurfaceParts
  readonly #held = new Map<string, ConvertedTile>()
  #pixels = new Float32Array(0)
  #weights = new Float32Array(0)

  /** @throws EngineError tiles/kind when a tile file holds the wrong kind of tiles */
  constructor(parts: SurfaceParts) {
    this.#parts = parts
    this.extent = parts.solid ? null : extentOf(parts)
    checkKind(parts.tiles, ['rgba8', 'rgba16'], 'painted tiles')
    checkKind(parts.maskTiles, ['grey8', 'grey16'], 'mask tiles')
  }

  /** Whether the layer has a mask at all. */
  get masked(): boolean {
    return this.#parts.mask !== null || this.#parts.maskTiles !== null
  }

  /** Straight RGBA and mask weights of a box; outside the layer 0. The caller may change the arrays; the next read does. */
  async read(box: Box): Promise<LayerPixels> {
    const { picture, tiles, solid } = this.#parts
    const rgba = this.#pixelsFor(box.width * box.height).fill(solid ? 1 : 0)
    if (picture) readPicture(picture, box, rgba)
    if (tiles) await eachTile(tiles, box, async (key, place, load) => paintOver(rgba, box, place, await this.#converted(key, load)))
    return { rgba, weights: this.masked ? await this.#readMask(box) : null }
  }

  /** Closes files. */
  close(): void {
    this.#parts.picture?.close()
    this.#parts.mask?.close()
    this.#parts.tiles?.close()
    this.#parts.maskTiles?.close()
    this.#held.clear()
    this.#pixels = this.#weights = new Float32Array(0)
  }

  /** The same array again for boxes of the same size, unless it is large. */
  #pixelsFor(count: number): Float32Array<ArrayBuffer> {
    if (count > MOST_HELD_PIXELS) return new Float32Array(4 * count)
    if (this.#pixels.length !== 4 * count) this.#pixels = new Float32Array(4 * count)
    return this.#pixels
  }

  async #readMask(box: Box): Promise<Float32Array> {
    const { mask, maskTiles, maskOutside } = this.#parts
    if (this.#weights.length !== box.width * box.height) this.#weights = new Float32Array(box.width * box.height)
    const weights = this.#weights.fill(maskOutside / 255)
    if (mask) {
      mask.visit(box, (block) => {
        const scale = mask.depth === 16 ? 1 / 65535 : 1 / 255
        eachRow(box, block.box, (at, from, count) => {
          for (let i = 0; i < count; i++) weights[at + i] = block.samples[from + i]! * scale
        })
      })
    }
    if (maskTiles) {
      await eachTile(maskTiles, box, async (_key, place, load) => {
        const samples = tileSamples(load())
        const scale = samples instanceof Uint16Array ? 1 / 65535 : 1 / 255
        eachRow(box, place, (at, from, count) => {
          for (let i = 0; i < count; i++) weights[at + i] = samples[from + i]! * scale
        })
      })
    }
    return weights
  }

  async #converted(key: string, load: () => TilePixels): Promise<ConvertedTile> {
    const held = this.#held.get(key)
    if (held) return held
    const tile = await this.#parts.convertTile(load())
    this.#held.set(key, tile)
    if (this.#held.size > HELD_TILES) this.#held.delete(this.#held.keys().next().value!)
    return tile
  }
}

function extentOf({ picture, tiles }: SurfaceParts): Box {
  let extent: Box = picture ? { x: 0, y: 0, width: picture.width, height: picture.height } : { x: 0, y: 0, width: 0, height: 0 }
  for (const at of tiles?.addresses() ?? []) {
    if (at.level !== 0) continue
    const box = { x: at.x * TILE_EDGE, y: at.y * TILE_EDGE, width: TILE_EDGE, height: TILE_EDGE }
    extent = extent.width === 0 ? box : unionBoxes(extent, box)
  }
  return extent
}

function checkKind(file: TileFile | null, wanted: readonly string[], thing: string): void {
  if (!file) return
  for (const at of file.addresses()) {
    const format = file.formatAt(at)!
    if (!wanted.includes(format)) throw badInput('tiles/kind', { thing, expected: `tiles of the format ${wanted.join(' or ')}`, found: format, todo: 'please report it' })
  }
}

/** Visits the tiles of level 0 that meet a box. */
async function eachTile(file: TileFile, box: Box, use: (key: string, place: Box, load: () => TilePixels) => Promise<void>): Promise<void> {
  for (let y = Math.floor(box.y / TILE_EDGE); y * TILE_EDGE < box.y + box.height; y++) {
    for (let x = Math.floor(box.x / TILE_EDGE); x * TILE_EDGE < box.x + box.width; x++) {
      const at = { level: 0, x, y }
      if (file.formatAt(at) === null) continue
      const place = { x: x * TILE_EDGE, y: y * TILE_EDGE, width: TILE_EDGE, height: TILE_EDGE }
      await use(`${x}/${y}`, place, () => file.read(at)!)
    }
  }
}

/** Rows that two boxes share: index of the first pixel in the box, in the other, and how many. */
function eachRow(box: Box, other: Box, use: (at: number, from: number, count: number) => void): void {
  const common = intersectBoxes(box, other)
  if (common.width === 0) return
  for (let y = common.y; y < common.y + common.height; y++) {
    use((y - box.y) * box.width + common.x - box.x, (y - other.y) * other.width + common.x - other.x, common.width)
  }
}

function readPicture(picture: SampleStore, box: Box, rgba: Float32Array): void {
  const { channels } = picture
  const scale = picture.depth === 16 ? 1 / 65535 : 1 / 255
  const [green, blue, alpha] = [channels >= 3 ? 1 : 0, channels >= 3 ? 2 : 0, channels % 2 === 0 ? channels - 1 : -1]
  picture.visit(box, ({ samples, box: place }) =>
    eachRow(box, place, (to, start, count) => {
      for (let i = 0, at = to * 4, from = start * channels; i < count; i++, at += 4, from += channels) {
        rgba[at] = samples[from]! * scale
        rgba[at + 1] = samples[from + green]! * scale
        rgba[at + 2] = samples[from + blue]! * scale
        rgba[at + 3] = alpha < 0 ? 1 : samples[from + alpha]! * scale
      }
    }),
  )
}

/** Source-over of a tile, straight alpha; where the tile is transparent nothing is written. */
function paintOver(rgba: Float32Array, box: Box, place: Box, { samples, channels }: ConvertedTile): void {
  const scale = samples instanceof Uint16Array ? 1 / 65535 : 1 / 255
  const [green, blue] = channels === 4 ? [1, 2] : [0, 0]
  const top = samples instanceof Uint16Array ? 65535 : 255
  eachRow(box, place, (to, start, count) => {
    for (let i = 0, at = to * 4, from = start * channels; i < count; i++, at += 4, from += channels) {
      const value = samples[from + channels - 1]!
      if (value === 0) continue
      const below = rgba[at + 3]!
      const alpha = value * scale
      const all = value === top ? 1 : alpha + below * (1 - alpha)
      const share = value === top || below === 0 ? 1 : alpha / all
      rgba[at] = mixed(rgba[at]!, samples[from]! * scale, share)
      rgba[at + 1] = mixed(rgba[at + 1]!, samples[from + green]! * scale, share)
      rgba[at + 2] = mixed(rgba[at + 2]!, samples[from + blue]! * scale, share)
      rgba[at + 3] = below >= 1 ? 1 : all
    }
  })
}

function mixed(before: number, painted: number, share: number): number {
  return share === 1 ? painted : before + share * (painted - before)
}
