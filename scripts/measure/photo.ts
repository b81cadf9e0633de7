/** A 24-megapixel photograph with a mask of 1 % of it. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { measureCase, table } from './measureCase.ts'

const [WIDTH, HEIGHT] = [6000, 4000]

/** Draws a photograph-like JPEG once, inpaints with the starter, reports crop, overhead around sampling and peak. */
export async function measurePhoto(folder: string): Promise<string> {
  const image = path.join(folder, 'photo.jpg')
  const mask = path.join(folder, 'photo-mask.png')
  if (!existsSync(image)) {
    const noise = await sharp({ create: { width: WIDTH / 8, height: HEIGHT / 8, channels: 3, background: '#808080', noise: { type: 'gaussian', mean: 128, sigma: 40 } } }).png().toBuffer()
    await sharp(noise).resize(WIDTH, HEIGHT, { kernel: 'cubic' }).jpeg({ quality: 92 }).toFile(image)
    const [w, h] = [600, 400] // 1 % of the area
    const white = await sharp({ create: { width: w, height: h, channels: 3, background: '#fff' } }).png().toBuffer()
    await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: '#000' } }).composite([{ input: white, left: 2700, top: 1800 }]).toColourspace('b-w').png().toFile(mask)
  }
  const { result, seconds, peakBytes } = measureCase({ task: 'inpaint', model: 'starter-inpaint', prompt: 'a red cat on a meadow', steps: 20, seed: 1, device: 'cpu', image, mask, out: path.join(folder, 'photo-out.jpg') })
  const phases = result['seconds'] as Record<string, number>
  const sampling = ['load', 'encode', 'sample', 'decode', 'refine'].reduce((sum, phase) => sum + (phases[phase] ?? 0), 0)
  const crop = result['crop'] as { width: number; height: number }
  return table(['crop', 'share of mask box (at most 2 x 2)', 'whole s', 'sampling s', 'overhead s (at most 3)', 'peak GiB (at most 1.2)'], [
    [`${crop.width} x ${crop.height}`, `${(crop.width / 600).toFixed(2)} x ${(crop.height / 400).toFixed(2)}`, seconds.toFixed(2), sampling.toFixed(2), (seconds - sampling).toFixed(2), (peakBytes / 2 ** 30).toFixed(2)],
  ])
}
