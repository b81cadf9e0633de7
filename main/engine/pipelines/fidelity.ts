/** How faithfully a model's VAE can hold a picture: the test for "this picture is unlike the model's world". */
import type { Pixels } from '../tensor/tensor.ts'
import type { Vae } from './vae.ts'

/** Below this PSNR in dB a picture is called unlike the model's world. Photographs through SD's VAE reach 25 and more. */
export const UNLIKE_WORLD_PSNR = 22

/** Peak signal-to-noise ratio in dB of two pictures in [-1,1] (peak 2); Infinity for equal ones. Values are clamped first. */
export function psnr(a: Pixels, b: Pixels): number {
  let sum = 0
  for (let i = 0; i < a.data.length; i++) {
    const difference = clamp(a.data[i]!) - clamp(b.data[i]!)
    sum += difference * difference
  }
  return sum === 0 ? Infinity : 10 * Math.log10(4 / (sum / a.data.length))
}

/** PSNR in dB of a VAE round trip, pixels in [-1,1] with sides that are multiples of 8. */
export async function reconstructionPsnr(vae: Vae, pixels: Pixels): Promise<number> {
  return psnr(pixels, await vae.decode(await vae.encode(pixels)))
}

function clamp(value: number): number {
  return Math.min(1, Math.max(-1, value))
}
