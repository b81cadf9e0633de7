/** A 24-megapixel photograph with a mask of 1 % of it. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { figure, table } from './report.ts'
import { measureCase, type Measure } from './session.ts'

const [WIDTH, HEIGHT] = [6000, 4000]
const MASK = { width: 600, height: 400, left: 2700, top: 1800 }

/** Draws a photograph-like JPEG once, inpaints, reports crop, overhead around sampling and peak. */
export const photo: Measure = {
  summary: 'a 24-megapixel photograph with a 1 % mask: crop, overhead, peak',
  async run({ folder, steps = 20, inpaintModel }) {
    const [image, mask] = [path.join(folder, 'photo.jpg'), path.join(folder, 'mask.png')]
    if (!existsSync(image) || !existsSync(mask)) await drawPhotograph(image, mask)
    const { result, seconds, peakBytes } = measureCase({ task: 'inpaint', model: inpaintModel, prompt: 'a red cat on a meadow', steps, seed: 1, device: 'cpu', image, mask, out: path.join(folder, 'out.jpg') })
    const phases = result['seconds'] as Record<string, number>
    const sampling = ['load', 'encode', 'sample', 'decode', 'refine'].reduce((sum, phase) => sum + (phases[phase] ?? 0), 0)
    const crop = result['crop'] as { width: number; height: number }
    const share = Math.max(crop.width / MASK.width, crop.height / MASK.height)
    return {
      figures: [
        figure("crop, longer share of the mask's box", { atMost: 2 }, share, { unit: ' x' }),
        figure('overhead around the nets', { atMost: 3 }, seconds - sampling, { unit: ' s' }),
        ...(peakBytes > 0 ? [figure('peak memory', { atMost: 1.2 }, peakBytes / 2 ** 30, { unit: ' GiB' })] : []),
        figure('samples changed outside the mask', { exactly: 0 }, Number(result['changedOutside']), { digits: 0 }),
      ],
      details: [
        table(['crop', 'model size', 'tiles refined', 'whole s', 'nets s'], [[`${crop.width} x ${crop.height}`, sizeText(result['modelSize']), String(result['refinedTiles']), seconds.toFixed(2), sampling.toFixed(2)]]),
        table(['phase', 's'], Object.entries(phases).map(([phase, value]) => [phase, value.toFixed(2)])),
      ],
    }
  },
}

async function drawPhotograph(image: string, mask: string): Promise<void> {
  const noise = await sharp({ create: { width: WIDTH / 8, height: HEIGHT / 8, channels: 3, background: '#808080', noise: { type: 'gaussian', mean: 128, sigma: 40 } } }).png().toBuffer()
  await sharp(noise).resize(WIDTH, HEIGHT, { kernel: 'cubic' }).jpeg({ quality: 92 }).toFile(image)
  const white = await sharp({ create: { width: MASK.width, height: MASK.height, channels: 3, background: '#fff' } }).png().toBuffer()
  const black = sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: '#000' } })
  await black.composite([{ input: white, left: MASK.left, top: MASK.top }]).toColourspace('b-w').png().toFile(mask)
}

function sizeText(size: unknown): string {
  const { width, height } = size as { width: number; height: number }
  return `${width} x ${height}`
}
