/** Starter inpaint at 256 px: nothing but the nets may take time. */
import path from 'node:path'
import { figure, mean, table } from './report.ts'
import { measureCase, tell, type Measure } from './session.ts'

const samples = path.resolve(import.meta.dirname, '..', '..', 'models', 'samples')

/** Warm runs in fresh processes: the whole run against UNet calls x measured call + VAE. */
export const timing: Measure = {
  summary: 'starter inpaint at 256 px, 20 steps, after load: the run against UNet calls x measured call + VAE',
  async run({ folder, limit = 3, steps = 20, inpaintModel }) {
    const request = {
      task: 'inpaint', model: inpaintModel, prompt: 'a red cat on a meadow', steps, seed: 1, device: 'cpu',
      image: path.join(samples, 'meadow.png'), mask: path.join(samples, 'meadow-mask.png'), out: path.join(folder, 'timing.png'),
    }
    const runs = Array.from({ length: limit }, (_, i) => {
      const { result, seconds } = measureCase(request, true)
      tell(i + 1, limit, 'timing')
      const phases = result['seconds'] as Record<string, number>
      const [calls, unet] = [Number(result['unetCalls']), Number(result['unetSeconds'])]
      const vae = (phases['encode'] ?? 0) + (phases['decode'] ?? 0)
      return { calls, unet, vae, seconds, ratio: (seconds - vae) / unet }
    })
    const rows = runs.map(({ calls, unet, vae, seconds, ratio }) => [calls, ((unet / calls) * 1000).toFixed(1), unet.toFixed(2), vae.toFixed(2), seconds.toFixed(2), ratio.toFixed(2)])
    return {
      figures: [figure('(whole run - VAE) / UNet seconds', { atMost: 1.3 }, mean(runs.map(({ ratio }) => ratio)))],
      details: [table(['UNet calls', 'ms per call', 'UNet s', 'VAE s', 'whole run s', 'ratio'], rows)],
    }
  },
}
