/**
 * Inks: how coverage becomes pixels over what was there. Every ink works on the pixels before the stroke, so that a
 * part can be resolved again whenever its coverage grows.
 */
import { TILE_EDGE } from '../../../preload/contract/documents.ts'
import type { Edges } from '../geometry/boxes.ts'
import type { TileBytes } from '../tiles/tilePixels.ts'

/** Resolves a part of a tile. `before` null: the tile was empty. `x`, `y`: the tile's place. */
export type Ink = (before: TileBytes | null, coverage: Uint8Array, part: Edges, out: Uint8Array, x: number, y: number) => void

/** An RGB colour, 0..255 each. */
export type Rgb = readonly [number, number, number]

/** Grey towards a value: 255 adds to a mask, 0 takes away. `neutral` is what an empty tile holds. */
export function greyInk(value: number, neutral = 0): Ink {
  return (before, coverage, part, out) => eachPixel(part, (at) => {
    const old = before ? before[at] : neutral
    out[at] = old + Math.round(((value - old) * coverage[at]) / 255)
  })
}

/** Paints a colour over what is there (source-over, straight alpha). */
export function colourInk(colour: Rgb): Ink {
  const [red, green, blue] = colour
  return (before, coverage, part, out) => eachPixel(part, (pixel) => {
    over(before, out, pixel * 4, red, green, blue, coverage[pixel])
  })
}

/** Takes colour away: alpha goes down, colours stay. */
export function eraserInk(): Ink {
  return (before, coverage, part, out) => eachPixel(part, (pixel) => {
    const at = pixel * 4
    const alpha = before ? Math.round((before[at + 3] * (255 - coverage[pixel])) / 255) : 0
    for (let i = 0; i < 3; i++) out[at + i] = alpha === 0 ? 0 : before![at + i]
    out[at + 3] = alpha
  })
}

/** Straight RGBA of a box, for cloning; null outside the picture. */
export type SamplePixels = (x: number, y: number) => readonly [number, number, number, number] | null

/** Paints pixels found at a distance from here. */
export function cloneInk(sample: SamplePixels, offsetX: number, offsetY: number): Ink {
  return (before, coverage, part, out, x, y) => eachPixel(part, (pixel) => {
    const at = pixel * 4
    const found = coverage[pixel] === 0 ? null : sample(x * TILE_EDGE + (pixel % TILE_EDGE) + offsetX, y * TILE_EDGE + Math.floor(pixel / TILE_EDGE) + offsetY)
    if (found) over(before, out, at, found[0], found[1], found[2], Math.round((coverage[pixel] * found[3]) / 255))
    else over(before, out, at, 0, 0, 0, 0)
  })
}

/** One pixel of source-over with straight alpha; alpha 0 copies. */
function over(before: TileBytes | null, out: Uint8Array, at: number, red: number, green: number, blue: number, alpha: number): void {
  const below = before ? before[at + 3] : 0
  if (alpha === 0) {
    for (let i = 0; i < 4; i++) out[at + i] = before ? before[at + i] : 0
    return
  }
  const all = alpha * 255 + below * (255 - alpha) // 255 times the resulting alpha
  const share = (alpha * 255) / all
  out[at] = below === 0 ? red : Math.round(before![at] + (red - before![at]) * share)
  out[at + 1] = below === 0 ? green : Math.round(before![at + 1] + (green - before![at + 1]) * share)
  out[at + 2] = below === 0 ? blue : Math.round(before![at + 2] + (blue - before![at + 2]) * share)
  out[at + 3] = Math.round(all / 255)
}

function eachPixel({ left, top, right, bottom }: Edges, use: (pixel: number) => void): void {
  for (let y = top; y < bottom; y++) for (let pixel = y * TILE_EDGE + left; pixel < y * TILE_EDGE + right; pixel++) use(pixel)
}
