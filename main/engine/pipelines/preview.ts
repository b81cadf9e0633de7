/** Small pictures that show how far a run is, made from the predicted clean latents. */
import type { PreviewPicture } from '../requests.ts'
import type { Latents, Pixels } from '../tensor/tensor.ts'

/** An affine map from the four latent channels to RGB in [-1,1]. */
export interface LatentRgb {
  /** 4 rows (latent channels) of 3 columns (red, green, blue) */
  readonly factors: readonly (readonly number[])[]
  readonly bias: readonly number[]
}

/** Least-squares map for the SD1.x and SD2.x VAE's latents (times 0.18215), in common use for previews. */
export const SD1_LATENT_RGB: LatentRgb = {
  factors: [
    [0.298, 0.207, 0.208],
    [0.187, 0.286, 0.173],
    [-0.158, 0.189, 0.264],
    [-0.184, -0.271, -0.473],
  ],
  bias: [0, 0, 0],
}

/** The map a model card gives ({matrix, bias} to RGB in [0,1]), or null when it gives none of that form. */
export function cardLatentRgb(card: unknown): LatentRgb | null {
  const { matrix, bias } = (card ?? {}) as { matrix?: unknown; bias?: unknown }
  const isRow = (row: unknown): row is number[] => Array.isArray(row) && row.length === 3 && row.every((value) => typeof value === 'number')
  if (!Array.isArray(matrix) || !matrix.every(isRow) || !isRow(bias)) return null
  return { factors: matrix.map((row) => row.map((value) => 2 * value)), bias: bias.map((value) => 2 * value - 1) }
}

/** One preview pixel per latent pixel: latents [1,4,h,w] -> h x w RGBA. */
export function linearPreview(latents: Latents, map: LatentRgb): PreviewPicture {
  const [, channels, height, width] = latents.dims as [number, number, number, number]
  const plane = height * width
  const rgba = new Uint8Array(plane * 4)
  for (let i = 0; i < plane; i++) {
    for (let colour = 0; colour < 3; colour++) {
      let value = map.bias[colour] ?? 0
      for (let c = 0; c < channels; c++) value += latents.data[c * plane + i]! * (map.factors[c]?.[colour] ?? 0)
      rgba[i * 4 + colour] = toByte(value)
    }
    rgba[i * 4 + 3] = 255
  }
  return { width, height, rgba }
}

/** Pixels [1,3,h,w] in [-1,1] as an RGBA preview. */
export function pixelPreview(pixels: Pixels): PreviewPicture {
  const [, , height, width] = pixels.dims as [number, number, number, number]
  const plane = height * width
  const rgba = new Uint8Array(plane * 4)
  for (let i = 0; i < plane; i++) {
    for (let colour = 0; colour < 3; colour++) rgba[i * 4 + colour] = toByte(pixels.data[colour * plane + i]!)
    rgba[i * 4 + 3] = 255
  }
  return { width, height, rgba }
}

/** [-1,1] -> 0..255, rounded and clamped. */
function toByte(value: number): number {
  return Math.min(255, Math.max(0, Math.round((value + 1) * 127.5)))
}
