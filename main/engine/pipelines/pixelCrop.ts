/** Takes back the padding that a size which is no multiple of 8 needed. */
import type { Pixels } from '../tensor/tensor.ts'

/** The top left part of pixels [1,3,H,W]. */
export function cropTopLeft(pixels: Pixels, size: { readonly width: number; readonly height: number }): Pixels {
  const [, channels, height, width] = pixels.dims as [number, number, number, number]
  if (height === size.height && width === size.width) return pixels
  const data = new Float32Array(channels * size.height * size.width)
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < size.height; y++) {
      const from = (c * height + y) * width
      data.set(pixels.data.subarray(from, from + size.width), (c * size.height + y) * size.width)
    }
  }
  return { data, dims: [1, channels, size.height, size.width] }
}
