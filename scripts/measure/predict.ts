/** Predictions against reality over 8 configurations, each in a fresh process. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { figure, table } from './report.ts'
import { measureCase, tell, type Measure } from './session.ts'

const root = path.resolve(import.meta.dirname, '..', '..')
const samples = path.join(root, 'models', 'samples')

/** The starter in seven ways and an SD1.5-shaped checkpoint where the benchmark has written one. */
function configurations({ model, inpaintModel, out, steps }: { model: string; inpaintModel: string; out: string; steps: number | undefined }): Record<string, unknown>[] {
  const common = { prompt: 'a red cat on a meadow', seed: 1, device: 'cpu', out }
  const draw = (side: number, own: number, rest: object = {}): Record<string, unknown> => ({ task: 'txt2img', model, steps: steps ?? own, size: { width: side, height: side }, ...common, ...rest })
  const shaped = path.join(root, '.cache', 'bench', 'sd15-shaped')
  return [
    draw(256, 20), draw(256, 50), draw(128, 20), draw(384, 20), draw(512, 10), draw(768, 4),
    { task: 'inpaint', model: inpaintModel, steps: steps ?? 20, image: path.join(samples, 'meadow.png'), mask: path.join(samples, 'meadow-mask.png'), ...common },
    existsSync(path.join(shaped, 'model_index.json')) ? draw(512, 2, { model: shaped }) : draw(256, 20, { guidance: 1 }),
  ]
}

/** Predicts, runs, compares. */
export const predict: Measure = {
  summary: 'predicted against measured seconds and peak memory over 8 configurations',
  async run({ folder, limit = 8, steps, model, inpaintModel }) {
    const cases = configurations({ model, inpaintModel, steps, out: path.join(folder, 'predict.png') }).slice(0, limit)
    const off = (predicted: number, measured: number): number => ((predicted - measured) / measured) * 100
    const runs = cases.map((request, i) => {
      const predicted = measureCase({ task: 'predict', request }).result
      const { seconds, peakBytes } = measureCase(request)
      tell(i + 1, cases.length, 'predict')
      const side = (request['size'] as { width: number } | undefined)?.width ?? 256
      return {
        name: `${String(request['task'])} ${side} px, ${String(request['steps'])} steps${request['guidance'] === 1 ? ', no guidance' : ''}${request['model'] === model || request['model'] === inpaintModel ? '' : ', SD1.5 shape'}`,
        predicted: { seconds: Number(predicted['seconds']), peak: Number(predicted['peakBytes']) },
        measured: { seconds, peak: peakBytes },
      }
    })
    const worst = (key: 'seconds' | 'peak'): number => Math.max(...runs.map(({ predicted, measured }) => Math.abs(off(predicted[key], measured[key]))))
    const rows = runs.map(({ name, predicted, measured }) => [
      name, predicted.seconds.toFixed(2), measured.seconds.toFixed(2), `${off(predicted.seconds, measured.seconds).toFixed(0)} %`,
      (predicted.peak / 2 ** 20).toFixed(0), (measured.peak / 2 ** 20).toFixed(0), `${off(predicted.peak, measured.peak).toFixed(0)} %`,
    ])
    return {
      figures: [
        figure('time, furthest off', { atMost: 35 }, worst('seconds'), { digits: 0, unit: ' %' }),
        figure('peak memory, furthest off', { atMost: 20 }, worst('peak'), { digits: 0, unit: ' %' }),
      ],
      details: [table(['run', 'predicted s', 'measured s', 'off', 'predicted MiB', 'measured MiB', 'off'], rows), 'A prediction learns from the runs before it: run this twice on a machine that has never run the model.'],
    }
  },
}
