/** Predictions against reality over 8 configurations, each in a fresh process. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { measureCase, table } from './measureCase.ts'

const root = path.resolve(import.meta.dirname, '..', '..')
const samples = path.join(root, 'models', 'samples')

/** Predicts, runs, compares; the starter in seven ways and an SD1.5-shaped checkpoint where the benchmark has written one. */
export async function measurePredict(folder: string): Promise<string> {
  const out = path.join(folder, 'predict.png')
  const common = { prompt: 'a red cat on a meadow', seed: 1, device: 'cpu', out }
  const draw = (side: number, steps: number, rest: object = {}) => ({ task: 'txt2img', model: 'starter', steps, size: { width: side, height: side }, ...common, ...rest })
  const cases: Record<string, unknown>[] = [
    draw(256, 20), draw(256, 50), draw(128, 20), draw(384, 20), draw(512, 10), draw(768, 4),
    { task: 'inpaint', model: 'starter-inpaint', steps: 20, image: path.join(samples, 'meadow.png'), mask: path.join(samples, 'meadow-mask.png'), ...common },
  ]
  const shaped = path.join(root, '.cache', 'bench', 'sd15-shaped')
  if (existsSync(path.join(shaped, 'model_index.json'))) cases.push(draw(512, 2, { model: shaped }))
  else cases.push(draw(256, 20, { guidance: 1 }))
  const rows = cases.map((request) => {
    const predicted = measureCase({ task: 'predict', request }).result
    const measured = measureCase(request)
    const [seconds, peak] = [Number(predicted['seconds']), Number(predicted['peakBytes'])]
    const off = (a: number, b: number): string => `${(((a - b) / b) * 100).toFixed(0)} %`
    const side = (request['size'] as { width: number } | undefined)?.width ?? 256
    return [`${String(request['task'])} ${side} px, ${String(request['steps'])} steps${request['guidance'] === 1 ? ', no guidance' : ''}`, seconds.toFixed(2), measured.seconds.toFixed(2), off(seconds, measured.seconds),
      (peak / 2 ** 20).toFixed(0), (measured.peakBytes / 2 ** 20).toFixed(0), off(peak, measured.peakBytes)]
  })
  return table(['run', 'predicted s', 'measured s', 'off (35 %)', 'predicted MiB', 'measured MiB', 'off (20 %)'], rows)
}
