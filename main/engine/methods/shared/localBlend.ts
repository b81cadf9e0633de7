/**
 * Local blend: keeps an edit to where the changed words look (Hertz et al. 2022, arXiv 2208.01626, section 4).
 *
 * Cross-attention maps of chosen words become a mask; outside it every branch takes the source's latents.
 */
import { failed } from '../../errors.ts'
import type { Latents } from '../../tensor/tensor.ts'

/** Attention maps of one branch: averaged over layers and heads, [height, width, tokens] row-major. */
export interface BranchMaps {
  readonly data: Float32Array
  readonly height: number
  readonly width: number
}

/** Choices of the blend; thresholds are fractions of a map's largest value. */
export interface LocalBlendOptions {
  /** positions of the words that may change, per branch (source first); an empty list blends that branch nowhere */
  readonly words: readonly (readonly number[])[]
  /** positions of words whose area must not change, per branch */
  readonly subtract?: readonly (readonly number[])[]
  /** default 0.3 */
  readonly threshold?: number
  /** of the subtracted words; default 0.3 */
  readonly subtractThreshold?: number
}

/** First step (1-based) at which the blend acts: the call after int(start x steps). */
export function firstBlendStep(numSteps: number, start: number): number {
  return Math.trunc(start * numSteps) + 1
}

/**
 * One mask per branch at the latents' size, 1 where the branch may differ from the source. A target's mask holds
 * the source's own words too, so that what is removed is free to change.
 */
export function localBlendMasks(maps: readonly BranchMaps[], options: LocalBlendOptions, height: number, width: number): Uint8Array[] {
  const { words, subtract, threshold = 0.3, subtractThreshold = 0.3 } = options
  if (words.length !== maps.length) {
    throw failed('blend/words', `Expected the words of ${maps.length} branches for a local blend but received ${words.length}.`)
  }
  const own = maps.map((map, branch) => wordMask(map, words[branch], { threshold, pool: true, height, width }))
  const excluded = subtract && maps.map((map, branch) => wordMask(map, subtract[branch] ?? [], { threshold: subtractThreshold, pool: false, height, width }))
  return own.map((mask, branch) => mask.map((inside, i) => ((inside | own[0][i]) & (excluded?.[branch][i] ? 0 : 1))))
}

/**
 * x_b = x_0 + mask_b (x_b - x_0) for every branch b, after the scheduler's step.
 * @param latents [branches, channels, height, width], the source first
 */
export function blendLatents(latents: Latents, masks: readonly Uint8Array[]): Latents {
  const branchSize = latents.data.length / masks.length
  return {
    data: latents.data.map((value, i) => {
      const branch = Math.floor(i / branchSize)
      return masks[branch][i % masks[branch].length] ? value : latents.data[i % branchSize]
    }),
    dims: latents.dims,
  }
}

interface MaskOptions {
  readonly threshold: number
  readonly pool: boolean
  readonly height: number
  readonly width: number
}

function wordMask(map: BranchMaps, positions: readonly number[], options: MaskOptions): Uint8Array {
  const { height, width } = options
  const summed = sumTokens(map, positions)
  const heat = options.pool ? maxPool3(summed, map.height, map.width) : summed
  // nearest neighbour, as torch: the top left pixel of each cell
  const enlarged = Float32Array.from({ length: height * width }, (_, i) => {
    const y = Math.floor((Math.floor(i / width) * map.height) / height)
    const x = Math.floor(((i % width) * map.width) / width)
    return heat[y * map.width + x]
  })
  const largest = enlarged.reduce((max, value) => Math.max(max, value), 0)
  return Uint8Array.from(enlarged, (value) => (largest > 0 && Math.fround(value / largest) > options.threshold ? 1 : 0))
}

function sumTokens(map: BranchMaps, positions: readonly number[]): Float32Array {
  const pixels = map.height * map.width
  const tokens = map.data.length / pixels
  return Float32Array.from({ length: pixels }, (_, pixel) => positions.reduce((sum, position) => sum + map.data[pixel * tokens + position], 0))
}

/** The largest of the 3 x 3 neighbourhood, stride 1. */
function maxPool3(values: Float32Array, height: number, width: number): Float32Array {
  return values.map((_, i) => {
    const [y, x] = [Math.floor(i / width), i % width]
    let largest = -Infinity
    for (let dy = Math.max(0, y - 1); dy <= Math.min(height - 1, y + 1); dy++) {
      for (let dx = Math.max(0, x - 1); dx <= Math.min(width - 1, x + 1); dx++) largest = Math.max(largest, values[dy * width + dx])
    }
    return largest
  })
}
