/** --fast (int8 linear layers) against float32. */
import path from 'node:path'
import { openPicture } from '../../main/engine/image/codec.ts'
import { figure, mean, table } from './report.ts'
import { readScenes } from './scenes.ts'
import { openEngine, tell, type Measure } from './session.ts'

/** The same prompts and seeds with and without --fast: PSNR in dB between the two pictures. */
export const fast: Measure = {
  summary: '--fast against float32 on 20 held-out prompts, DDIM 20: PSNR of the pictures',
  async run({ folder, limit = 20, steps = 20, model }) {
    const scenes = readScenes().slice(0, limit)
    const engine = openEngine()
    const values: number[] = []
    // all of one kind after the other: each has its own nets to open
    for (const isFast of [false, true]) {
      for (const [i, { caption }] of scenes.entries()) {
        await engine.run({ task: 'txt2img', model, prompt: caption, steps, scheduler: 'ddim', seed: i, fast: isFast, device: 'cpu', out: path.join(folder, `${i}-${isFast}.png`) })
        tell(i + 1, scenes.length, isFast ? 'fast, int8' : 'fast, float32')
      }
    }
    await engine.dispose()
    for (const i of scenes.keys()) values.push(await psnrOf(path.join(folder, `${i}-false.png`), path.join(folder, `${i}-true.png`)))
    return {
      figures: [figure('mean PSNR', { atLeast: 32 }, mean(values), { unit: ' dB' }), figure('worst PSNR', { atLeast: 26 }, Math.min(...values), { unit: ' dB' })],
      details: [table(['prompt', 'PSNR dB'], scenes.map(({ caption }, i) => [caption, values[i]!.toFixed(2)]))],
    }
  },
}

/** Peak signal-to-noise ratio of two 8-bit pictures in dB. */
async function psnrOf(a: string, b: string): Promise<number> {
  const [one, other] = await Promise.all([openPicture(a), openPicture(b)])
  let sum = 0
  for (let i = 0; i < one!.samples.length; i++) sum += (one!.samples[i]! - other!.samples[i]!) ** 2
  return 10 * Math.log10((255 * 255 * one!.samples.length) / sum)
}
