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
