/** A generated picture: 8-bit sRGB samples from pixels in [-1,1]. */
import type { Pixels } from '../tensor/tensor.ts'
import { pictureFromSamples, type Picture } from './picture.ts'

/** Pixels [1,3,h,w] in [-1,1] (clamped) as an 8-bit RGB picture; values are rounded as diffusers does. */
export function pictureFromPixels(pixels: Pixels): Picture {
  const [, , height, width] = pixels.dims as [number, number, number, number]
  const plane = height * width
  const samples = new Uint8Array(plane * 3)
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) samples[i * 3 + c] = Math.round(Math.min(1, Math.max(0, pixels.data[c * plane + i]! / 2 + 0.5)) * 255)
  }
  return pictureFromSamples(samples, { width, height, channels: 3 })
}
