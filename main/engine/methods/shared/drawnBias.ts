/**
 * Paint with words (Balaji et al. 2022, eDiff-I, arXiv 2211.01324, section 4.3): drawn maps raise the scores of
 * their words by strength log(1 + sigma) max(Q K^T) before the softmax, so that the pull fades as the noise does.
 * The factor max(Q K^T) is taken in the net.
 *
 * Ours goes both ways: a negative cell lowers its word's scores. That does not fade: a thing once drawn needs no further
 * pull, but one that is to stay away would come back with the first step that lets it.
 */
import type { MapSize } from '../../nets/attentionSite.ts'
import { biasInput, freeInput } from '../../nets/attentionSite.ts'
import type { Tensor } from '../../tensor/tensor.ts'

/** A drawing for one word. */
export interface DrawnWord {
  /** the word's tokens */
  readonly positions: readonly number[]
  /** per cell of the maps of each size, [height * width], keyed `HxW`: up to 1 where the word belongs, down to -1 where it does not */
  readonly cells: ReadonlyMap<string, Float32Array>
}

/** The original's weight of a fully painted cell. */
export const BIAS_STRENGTH = 0.4
/** What log(1 + sigma) counts at least where a word is pushed away. */
const LEAST_PUSH = 1

/**
 * The bias inputs of one step, for one target row. Painted cells keep their own maps, whatever the mapper takes from
 * the source: what is painted is not where it was.
 */
export function biasFeeds(words: readonly DrawnWord[], sizes: readonly MapSize[], tokens: number, strength: number, sigma: number): Record<string, Tensor> {
  const pull = strength * Math.log(1 + sigma)
  const push = strength * Math.max(LEAST_PUSH, Math.log(1 + sigma))
  const feeds: Record<string, Tensor> = {}
  for (const size of sizes) {
    const pixels = size[0] * size[1]
    const bias = new Float32Array(pixels * tokens)
    const free = new Float32Array(pixels)
    for (const { positions, cells } of words) {
      const drawn = cells.get(`${size[0]}x${size[1]}`)
      for (let pixel = 0; pixel < pixels; pixel++) {
        const value = drawn?.[pixel] ?? 0
        if (value === 0) continue
        free[pixel] = 1
        for (const position of positions) bias[pixel * tokens + position]! += value * (value > 0 ? pull : push)
      }
    }
    feeds[biasInput(size)] = { data: bias, dims: [1, pixels, tokens] }
    feeds[freeInput(size)] = { data: free, dims: [1, pixels] }
  }
  return feeds
}
