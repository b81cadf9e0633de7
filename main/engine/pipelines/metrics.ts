/**
 * How alike two pictures are: PSNR, MSE and SSIM, whole or where a mask says, as PIE-Bench measures them: pictures in
 * 0..1, both multiplied by the mask and compared over the full frame.
 */
import type { Pixels } from '../tensor/tensor.ts'

/** 1 where pixels count, per pixel of the pictures. */
export type PixelMask = Uint8Array

/** Mean squared error in 0..1 squared; pixels [1,3,h,w] in [-1,1], clamped. */
export function meanSquaredError(a: Pixels, b: Pixels, mask?: PixelMask): number {
  const plane = a.data.length / 3
  let sum = 0
  for (let i = 0; i < a.data.length; i++) {
    if (mask && !mask[i % plane]) continue
    sum += (unit(a.data[i]!) - unit(b.data[i]!)) ** 2
  }
  return sum / a.data.length
}

/** 10 log10(1 / MSE) in dB; Infinity for equal pictures. Masked: over the full frame, so small masks flatter it. */
export function peakSignalToNoise(a: Pixels, b: Pixels, mask?: PixelMask): number {
  const error = meanSquaredError(a, b, mask)
  return error === 0 ? Infinity : -10 * Math.log10(error)
}

const WINDOW = 11
const SIGMA = 1.5
const C1 = 0.01 ** 2
const C2 = 0.03 ** 2

/**
 * Structural similarity (Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural
 * Similarity", eq. 13): gaussian windows of 11 x 11 with deviation 1.5, over the three channels, the frame cropped by the
 * window's half as torchmetrics does.
 */
export function ssim(a: Pixels, b: Pixels, mask?: PixelMask): number {
  const [, channels, height, width] = a.dims as [number, number, number, number]
  const plane = height * width
  const masked = (pixels: Pixels, channel: number): Float64Array =>
    Float64Array.from({ length: plane }, (_, i) => (mask && !mask[i] ? 0 : unit(pixels.data[channel * plane + i]!)))
  let [sum, count] = [0, 0]
  const half = Math.floor(WINDOW / 2)
  for (let channel = 0; channel < channels; channel++) {
    const [x, y] = [masked(a, channel), masked(b, channel)]
    const blur = (values: Float64Array): Float64Array => gaussianBlur(values, height, width)
    const [meanX, meanY] = [blur(x), blur(y)]
    const [squareX, squareY, product] = [blur(x.map((value) => value * value)), blur(y.map((value) => value * value)), blur(x.map((value, i) => value * y[i]!))]
    for (let row = half; row < height - half; row++) {
      for (let column = half; column < width - half; column++) {
        const i = row * width + column
        const [mx, my] = [meanX[i]!, meanY[i]!]
        const [vx, vy, covariance] = [squareX[i]! - mx * mx, squareY[i]! - my * my, product[i]! - mx * my]
        sum += ((2 * mx * my + C1) * (2 * covariance + C2)) / ((mx * mx + my * my + C1) * (vx + vy + C2))
        count += 1
      }
    }
  }
  return count === 0 ? 1 : sum / count
}

/** Separable gaussian; the edges, which are not used, repeat. */
function gaussianBlur(values: Float64Array, height: number, width: number): Float64Array {
  const half = Math.floor(WINDOW / 2)
  const weights = Array.from({ length: WINDOW }, (_, i) => Math.exp(-((i - half) ** 2) / (2 * SIGMA ** 2)))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const pass = (source: Float64Array, along: 'x' | 'y'): Float64Array => {
    const result = new Float64Array(source.length)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0
        for (let k = -half; k <= half; k++) {
          const at = along === 'x' ? y * width + Math.min(width - 1, Math.max(0, x + k)) : Math.min(height - 1, Math.max(0, y + k)) * width + x
          sum += weights[k + half]! * source[at]!
        }
        result[y * width + x] = sum / total
      }
    }
    return result
  }
  return pass(pass(values, 'x'), 'y')
}

function unit(value: number): number {
  return Math.min(1, Math.max(0, value / 2 + 0.5))
}
