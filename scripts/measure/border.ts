/** The seam: how large the step across the mask's border is after inpainting, against the original's at the same border. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { createEngine } from '../../main/engine/index.ts'
import { checkoutEnvironment, palimpsestPaths } from '../../main/paths.ts'
import { table } from './measureCase.ts'

const bench = path.resolve(import.meta.dirname, '..', '..', 'models', 'bench', 'papercut-pie')
const SIDE = 256
const SCENES = 50

/**
 * Inpaints a disc with the picture's own prompt. The step is the mean absolute difference between neighbouring pixels on
 * the two sides of the region that may change (where blend falls to 0) and of the drawn mask's own border.
 */
export async function measureBorder(folder: string): Promise<string> {
  const { data, cache, bundledModels } = palimpsestPaths({ env: { ...process.env, ...checkoutEnvironment() } })
  const engine = createEngine({ bundledModels, dataDir: data, cacheDir: cache })
  const entries = Object.values(JSON.parse(readFileSync(path.join(bench, 'mapping_file.json'), 'utf8')) as Record<string, { image_path: string; original_prompt: string }>).slice(0, SCENES)
  const mask = path.join(folder, 'border-mask.png')
  const disc = new Uint8Array(SIDE * SIDE)
  for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) if ((x - 128) ** 2 + (y - 165) ** 2 < 52 ** 2) disc[y * SIDE + x] = 255
  await sharp(disc, { raw: { width: SIDE, height: SIDE, channels: 1 } }).png().toFile(mask)
  let [before, after, changed] = [0, 0, 0]
  for (const [i, entry] of entries.entries()) {
    const image = path.join(bench, 'annotation_images', entry.image_path)
    const out = path.join(folder, `border-${i}.png`)
    const result = await engine.run({ task: 'inpaint', model: 'starter-inpaint', prompt: entry.original_prompt.replace(/[[\]]/g, ''), steps: 20, seed: i, device: 'cpu', image, mask, out })
    changed += Number(result['changedOutside'])
    const [a, b] = await Promise.all([image, out].map((file) => sharp(file).removeAlpha().raw().toBuffer()))
    before += stepAcross(a!, disc)
    after += stepAcross(b!, disc)
  }
  await engine.dispose()
  return table(['scenes', 'step before', 'step after', 'ratio (at most 1.5)', 'samples changed outside'], [[entries.length, (before / entries.length).toFixed(2), (after / entries.length).toFixed(2), (after / before).toFixed(2), changed]])
}

/** Mean absolute difference of RGB between horizontally and vertically neighbouring pixels of which one is masked. */
function stepAcross(rgb: Buffer, mask: Uint8Array): number {
  let [sum, count] = [0, 0]
  for (let y = 0; y < SIDE - 1; y++) {
    for (let x = 0; x < SIDE - 1; x++) {
      const i = y * SIDE + x
      for (const j of [i + 1, i + SIDE]) {
        if (mask[i] === mask[j]) continue
        for (let c = 0; c < 3; c++) sum += Math.abs(rgb[i * 3 + c]! - rgb[j * 3 + c]!)
        count += 3
      }
    }
  }
  return sum / count
}
