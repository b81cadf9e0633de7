/** Attention maps per word: where in the picture each word of the prompt looks. */
import type { MapSize } from '../nets/attentionSite.ts'
import { mapsOutput } from '../nets/attentionSite.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** A word's map, row-major, summing to the word's share of all attention. */
export interface WordMap {
  readonly height: number
  readonly width: number
  readonly data: Float32Array
}

/**
 * A word's map: the sum over its tokens. `maps` hold [rows, P, T] by output name, in any scale.
 * @returns null when there are no maps of that size
 */
export function wordMap(maps: ReadonlyMap<string, Tensor>, size: MapSize, branch: number, positions: readonly number[]): WordMap | null {
  const map = maps.get(mapsOutput(size))
  if (!map) return null
  const [, pixels, tokens] = map.dims as [number, number, number]
  const data = new Float32Array(pixels)
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (const position of positions) data[pixel]! += map.data[(branch * pixels + pixel) * tokens + position]!
  }
  return { height: size[0], width: size[1], data }
}

/** How much of the picture a word looks at: the share of cells above half of its largest value; null without maps. */
export function spreadOf(maps: ReadonlyMap<string, Tensor>, size: MapSize, branch: number, positions: readonly number[]): number | null {
  const map = wordMap(maps, size, branch, positions)
  if (!map || positions.length === 0) return null
  const largest = map.data.reduce((most, value) => Math.max(most, value), 0)
  return largest > 0 ? map.data.reduce((count, value) => count + (value > largest / 2 ? 1 : 0), 0) / map.data.length : 1
}

/** A word's map from the maps of several sizes: each enlarged (bilinear) to `height` x `width`, scaled to a mean of 1, and averaged. */
export function combinedWordMap(maps: ReadonlyMap<string, Tensor>, sizes: readonly MapSize[], branch: number, positions: readonly number[], height: number, width: number): WordMap {
  const data = new Float32Array(height * width)
  let count = 0
  for (const size of sizes) {
    const map = wordMap(maps, size, branch, positions)
    if (!map) continue
    const mean = map.data.reduce((sum, value) => sum + value, 0) / map.data.length
    const enlarged = resizeMap(map, height, width)
    for (let i = 0; i < data.length; i++) data[i]! += enlarged[i]! / (mean || 1)
    count += 1
  }
  return { height, width, data: count > 1 ? data.map((value) => value / count) : data }
}

/** Bilinear, cell centres aligned, edges repeated. */
export function resizeMap({ height, width, data }: WordMap, toHeight: number, toWidth: number): Float32Array {
  const result = new Float32Array(toHeight * toWidth)
  const at = (y: number, x: number): number => data[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))]!
  for (let row = 0; row < toHeight; row++) {
    const y = ((row + 0.5) * height) / toHeight - 0.5
    const [top, dy] = [Math.floor(y), y - Math.floor(y)]
    for (let column = 0; column < toWidth; column++) {
      const x = ((column + 0.5) * width) / toWidth - 0.5
      const [left, dx] = [Math.floor(x), x - Math.floor(x)]
      const upper = at(top, left) * (1 - dx) + at(top, left + 1) * dx
      const lower = at(top + 1, left) * (1 - dx) + at(top + 1, left + 1) * dx
      result[row * toWidth + column] = upper * (1 - dy) + lower * dy
    }
  }
  return result
}

/** Colours of a heat-map from cold to hot, 0..255. */
const RAMP = [[13, 8, 60], [84, 15, 109], [187, 55, 84], [249, 142, 9], [252, 255, 164]] as const

/** A map laid over a picture as 8-bit RGB: the picture pale, the word's place in strong colours. @param rgb 3 bytes per pixel @returns new bytes of the same layout */
export function heatOverlay(rgb: Uint8Array, size: { readonly width: number; readonly height: number }, map: WordMap): Uint8Array {
  const heat = resizeMap(map, size.height, size.width)
  let [least, most] = [Infinity, -Infinity]
  for (const value of heat) [least, most] = [Math.min(least, value), Math.max(most, value)]
  const result = new Uint8Array(rgb.length)
  for (let i = 0; i < heat.length; i++) {
    const share = most > least ? (heat[i]! - least) / (most - least) : 0
    const place = share * (RAMP.length - 1)
    const [from, to] = [RAMP[Math.floor(place)]!, RAMP[Math.min(RAMP.length - 1, Math.floor(place) + 1)]!]
    const grey = 0.299 * rgb[i * 3]! + 0.587 * rgb[i * 3 + 1]! + 0.114 * rgb[i * 3 + 2]!
    for (let c = 0; c < 3; c++) {
      const colour = from[c]! + (to[c]! - from[c]!) * (place - Math.floor(place))
      const opacity = 0.35 + 0.4 * share
      result[i * 3 + c] = Math.round(grey * (1 - opacity) + colour * opacity)
    }
  }
  return result
}
