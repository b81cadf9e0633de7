/**
 * `npm run measure -- NAME [--json]`: the figures that need the starter model and whole runs, as Markdown tables.
 *   timing    starter inpaint at 256 px, 20 steps: the run against UNet calls x measured call + VAE
 *   predict   predicted against measured seconds and peak memory over 8 configurations
 *   border    the step across the mask's border after inpainting, 50 scenes of papercut-pie
 *   fast      --fast against float32 on 20 prompts: PSNR of the pictures
 *   photo     a 24-megapixel photograph with a 1 % mask: crop, overhead, peak
 */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { measureBorder } from './border.ts'
import { measureFast } from './fast.ts'
import { measurePhoto } from './photo.ts'
import { measurePredict } from './predict.ts'
import { measureTiming } from './timing.ts'

const measures: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  timing: measureTiming,
  predict: measurePredict,
  border: measureBorder,
  fast: measureFast,
  photo: measurePhoto,
}

const names = process.argv.slice(2)
const unknown = names.find((name) => !Object.hasOwn(measures, name))
if (unknown !== undefined || names.length === 0) {
  process.stderr.write(`measure: expected any of ${Object.keys(measures).join(', ')}, found ${unknown ?? 'nothing'}.\n`)
  process.exit(2)
}
const folder = path.resolve(import.meta.dirname, '..', '..', 'out', 'measure')
mkdirSync(folder, { recursive: true })
for (const name of names) process.stdout.write(`\n## ${name}\n\n${await measures[name]!(folder)}\n`)
