/** Starter inpaint at 256 px: nothing but the nets may take time. */
import path from 'node:path'
import { measureCase, table } from './measureCase.ts'

const samples = path.resolve(import.meta.dirname, '..', '..', 'models', 'samples')

/** Three warm runs; the ratio is whole run / (UNet seconds + VAE phases). */
export async function measureTiming(folder: string): Promise<string> {
  const request = {
    task: 'inpaint', model: 'starter-inpaint', prompt: 'a red cat on a meadow', steps: 20, seed: 1, device: 'cpu',
    image: path.join(samples, 'meadow.png'), mask: path.join(samples, 'meadow-mask.png'), out: path.join(folder, 'timing.png'),
  }
  const rows = Array.from({ length: 3 }, () => {
    const { result, seconds } = measureCase(request, true)
    const phases = result['seconds'] as Record<string, number>
    const [calls, unet] = [Number(result['unetCalls']), Number(result['unetSeconds'])]
    const vae = (phases['encode'] ?? 0) + (phases['decode'] ?? 0)
    return [calls, (unet / calls * 1000).toFixed(1), unet.toFixed(2), vae.toFixed(2), seconds.toFixed(2), ((seconds - vae) / unet).toFixed(2)]
  })
  return table(['UNet calls', 'ms per call', 'UNet s', 'VAE s', 'whole run s', '(run - VAE) / UNet (at most 1.3)'], rows)
}
