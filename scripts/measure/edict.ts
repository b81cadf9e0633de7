/** EDICT there and back. */
import { figure, mean, table } from './report.ts'
import { readScenes } from './scenes.ts'
import { openEngine, tell, type Measure } from './session.ts'

/** PSNR of the latents that come back from the inverted noise. */
export const edict: Measure = {
  summary: 'EDICT round trip: PSNR of the latents, 20 scenes, 50 steps',
  async run({ limit = 20, steps = 50, model }) {
    const scenes = readScenes().slice(0, limit)
    const engine = openEngine()
    const found: { caption: string; latent: number; picture: number; vae: number }[] = []
    for (const [i, { image, caption }] of scenes.entries()) {
      const result = await engine.run({ task: 'invert', model, method: 'edict', image, prompt: caption, steps, seed: 1, device: 'cpu' })
      found.push({ caption, latent: Number(result['latentPsnr']), picture: Number(result['psnr']), vae: Number(result['vaePsnr']) })
      tell(i + 1, scenes.length, 'edict')
    }
    await engine.dispose()
    return {
      figures: [figure('PSNR of the latents, least', { atLeast: 60 }, Math.min(...found.map(({ latent }) => latent)), { digits: 1, unit: ' dB' })],
      details: [
        `Mean ${mean(found.map(({ latent }) => latent)).toFixed(1)} dB over ${found.length} scenes, ${steps} steps.`,
        table(['scene', 'latents dB', 'picture dB', 'autoencoder alone dB'], found.map((one) => [one.caption, one.latent.toFixed(1), one.picture.toFixed(2), one.vae.toFixed(2)])),
      ],
    }
  },
}
