/** Overlapping tiles with smooth weights: for the VAE on large pictures and for refinement at native resolution. */
import type { Tensor } from '../tensor/tensor.ts'

/** One tile along one axis: first position and length, in tile-grid units. */
export interface Span {
  readonly start: number
  readonly length: number
}

/**
 * Covers `[0, total)` with spans of `tile` (or one shorter span when `total < tile`) that overlap by at
 * least `overlap` and are spread evenly, so that no span is a sliver.
 */
export function spans(total: number, tile: number, overlap: number): Span[] {
  if (total <= tile) return [{ start: 0, length: total }]
  const count = Math.ceil((total - overlap) / (tile - overlap))
  return Array.from({ length: count }, (_, i) => ({ start: Math.round((i * (total - tile)) / (count - 1)), length: tile }))
}

/**
 * Blend weights of a span: 1 inside, falling smoothly (raised cosine) to a small positive value over
 * `overlap` at each side that has a neighbour.
 */
export function spanWeights(span: Span, total: number, overlap: number): Float32Array {
  const weights = new Float32Array(span.length).fill(1)
  const ramp = Math.min(overlap, span.length)
  for (let i = 0; i < ramp; i++) {
    const value = 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / ramp)
    if (span.start > 0) weights[i] = Math.min(weights[i]!, value)
    if (span.start + span.length < total) weights[span.length - 1 - i] = Math.min(weights[span.length - 1 - i]!, value)
  }
  return weights
}

/** Copies a window out of every channel plane: [1,C,H,W] -> [1,C,h,w]. */
export function cutWindow(source: Tensor, y: Span, x: Span): Tensor {
  const [, channels, height, width] = source.dims as [number, number, number, number]
  const data = new Float32Array(channels * y.length * x.length)
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < y.length; row++) {
      const from = (c * height + y.start + row) * width + x.start
      data.set(source.data.subarray(from, from + x.length), (c * y.length + row) * x.length)
    }
  }
  return { data, dims: [1, channels, y.length, x.length] }
}

/** Weighted sum of windows, then division by the summed weights. */
export class WindowBlender {
  readonly #sum: Float32Array
  readonly #weight: Float32Array
  readonly #dims: readonly [number, number, number, number]

  constructor(dims: readonly [number, number, number, number]) {
    this.#dims = dims
    this.#sum = new Float32Array(dims[1] * dims[2] * dims[3])
    this.#weight = new Float32Array(dims[2] * dims[3])
  }

  /** Adds one window [1,C,h,w] at (y, x) with separable weights. */
  add(window: Tensor, y: Span, x: Span, weightsY: Float32Array, weightsX: Float32Array): void {
    const [, channels, height, width] = this.#dims
    for (let row = 0; row < y.length; row++) {
      for (let column = 0; column < x.length; column++) {
        const weight = weightsY[row]! * weightsX[column]!
        const at = (y.start + row) * width + x.start + column
        this.#weight[at]! += weight
        for (let c = 0; c < channels; c++) {
          this.#sum[c * height * width + at]! += weight * window.data[(c * y.length + row) * x.length + column]!
        }
      }
    }
  }

  /** The blended picture [1,C,H,W]. */
  finish(): Tensor {
    const [, channels, height, width] = this.#dims
    const plane = height * width
    for (let c = 0; c < channels; c++) for (let i = 0; i < plane; i++) this.#sum[c * plane + i]! /= this.#weight[i]!
    return { data: this.#sum, dims: this.#dims }
  }
}
