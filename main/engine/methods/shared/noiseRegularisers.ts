/**
 * What keeps inverted noise like noise (Parmar et al. 2023, "Zero-shot Image-to-Image Translation", pix2pix-zero,
 * arXiv 2302.03027, section 3.1): neighbouring values uncorrelated at every scale, mean 0 and variance 1. Each
 * loss comes with its gradient.
 */
import { failed } from '../../errors.ts'
import type { Latents } from '../../tensor/tensor.ts'

/** A loss and its derivative with respect to every element. */
export interface LossWithGradient {
  readonly loss: number
  readonly gradient: Float32Array
}

/** Smallest picture of the pyramid. */
const SMALLEST = 8

/**
 * Sum over channels and over a pyramid of halved pictures, down to 8 pixels, of
 * mean(n roll(n, k, rows))^2 + mean(n roll(n, k, columns))^2.
 *
 * @param noise one row, [1, C, H, W]
 * @param drawRoll the roll k for a picture of the given size; the method draws one in [1, size/2)
 */
export function autoCorrelationLoss(noise: Latents, drawRoll: (size: number) => number): LossWithGradient {
  const [rows, channels, height, width] = noise.dims
  if (rows !== 1 || noise.dims.length !== 4) throw failed('tensor/shape', `Expected noise of shape [1,C,H,W] but received [${noise.dims}].`)
  const gradient = new Float32Array(noise.data.length)
  let loss = 0
  for (let channel = 0; channel < channels; channel++) {
    const start = channel * height * width
    const plane = { data: Float64Array.from(noise.data.subarray(start, start + height * width)), height, width }
    const result = pyramidLoss(plane, drawRoll)
    loss += result.loss
    gradient.set(result.gradient, start)
  }
  return { loss, gradient }
}

/** variance + mean^2 - 1 - ln(variance + 1e-7): the divergence from a standard normal, over all elements. */
export function normalityLoss(noise: Latents): LossWithGradient {
  const { data } = noise
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length
  const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (data.length - 1)
  const varianceFactor = ((1 - 1 / (variance + 1e-7)) * 2) / (data.length - 1)
  return {
    loss: variance + mean ** 2 - 1 - Math.log(variance + 1e-7),
    gradient: data.map((value) => varianceFactor * (value - mean) + (2 * mean) / data.length),
  }
}

interface Plane {
  readonly data: Float64Array
  readonly height: number
  readonly width: number
}

function pyramidLoss(plane: Plane, drawRoll: (size: number) => number): { loss: number; gradient: Float64Array } {
  const { data, height, width } = plane
  const roll = drawRoll(height)
  const gradient = new Float64Array(data.length)
  let loss = 0
  for (const [dy, dx] of [[roll, 0], [0, roll]]) {
    const at = (i: number, sign: number): number => {
      const y = (Math.floor(i / width) - sign * dy + height) % height
      const x = ((i % width) - sign * dx + width) % width
      return data[y * width + x]
    }
    let sum = 0
    for (let i = 0; i < data.length; i++) sum += data[i] * at(i, 1)
    const correlation = sum / data.length
    loss += correlation ** 2
    for (let i = 0; i < data.length; i++) gradient[i] += ((2 * correlation) / data.length) * (at(i, 1) + at(i, -1))
  }
  if (height <= SMALLEST) return { loss, gradient }
  const below = pyramidLoss(halve(plane), drawRoll)
  for (let i = 0; i < data.length; i++) {
    const parent = Math.floor(Math.floor(i / width) / 2) * Math.floor(width / 2) + Math.floor((i % width) / 2)
    gradient[i] += below.gradient[parent] / 4
  }
  return { loss: loss + below.loss, gradient }
}

/** The mean of every 2 x 2 block. */
function halve({ data, height, width }: Plane): Plane {
  const [h, w] = [Math.floor(height / 2), Math.floor(width / 2)]
  const half = Float64Array.from({ length: h * w }, (_, i) => {
    const at = Math.floor(i / w) * 2 * width + (i % w) * 2
    return (data[at] + data[at + 1] + data[at + width] + data[at + width + 1]) / 4
  })
  return { data: half, height: h, width: w }
}
