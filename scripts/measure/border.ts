/** The seam: how large the step across the mask's border is after inpainting, against the original's at the same border. */
import path from 'node:path'
import sharp from 'sharp'
import { figure, mean, table } from './report.ts'
import { readScenes } from './scenes.ts'
import { openEngine, tell, type Measure } from './session.ts'

const SIDE = 256
/** Disc that is painted anew: centre and radius in pixels. */
const DISC = { x: 128, y: 165, radius: 52 }

/** Inpaints a disc with the picture's own caption. */
export const border: Measure = {
  summary: "the step across the mask's border after inpainting, 50 scenes of papercut-pie",
  async run({ folder, limit = 50, steps = 20, inpaintModel }) {
    const scenes = readScenes().slice(0, limit)
    const mask = path.join(folder, 'mask.png')
    const disc = discMask()
    await sharp(disc, { raw: { width: SIDE, height: SIDE, channels: 1 } }).png().toFile(mask)
    const engine = openEngine()
    const found: { before: number; after: number; changed: number }[] = []
    for (const [i, { image, caption }] of scenes.entries()) {
      const out = path.join(folder, `${i}.png`)
      const result = await engine.run({ task: 'inpaint', model: inpaintModel, prompt: caption, steps, seed: i, device: 'cpu', image, mask, out })
      const [before, after] = await Promise.all([image, out].map((file) => sharp(file).removeAlpha().raw().toBuffer()))
      found.push({ before: stepAcross(before!, disc), after: stepAcross(after!, disc), changed: Number(result['changedOutside']) })
      tell(i + 1, scenes.length, 'border')
    }
    await engine.dispose()
    const [before, after] = [mean(found.map((one) => one.before)), mean(found.map((one) => one.after))]
    return {
      figures: [
        figure('step after / step before, mean over the scenes', { atMost: 1.5 }, after / before),
        figure('samples changed outside the mask', { exactly: 0 }, found.reduce((sum, { changed }) => sum + changed, 0), { digits: 0 }),
      ],
      details: [
        table(['scenes', 'step before (0 to 255)', 'step after', 'scenes above 1.5'], [[found.length, before.toFixed(2), after.toFixed(2), found.filter((one) => one.after > 1.5 * one.before).length]]),
        "The step is the mean absolute difference of neighbouring pixels on the two sides of the drawn mask's border.",
      ],
    }
  },
}

function discMask(): Uint8Array {
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => ((i % SIDE) - DISC.x) ** 2 + (Math.floor(i / SIDE) - DISC.y) ** 2 < DISC.radius ** 2 ? 255 : 0)
}

/** Mean absolute difference of RGB between horizontally and vertically neighbouring pixels of which one is masked. */
export function stepAcross(rgb: Uint8Array, mask: Uint8Array, side = SIDE): number {
  let [sum, count] = [0, 0]
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const i = y * side + x
      const neighbours = [...(x + 1 < side ? [i + 1] : []), ...(y + 1 < side ? [i + side] : [])]
      for (const j of neighbours) {
        if (mask[i] === mask[j]) continue
        for (let c = 0; c < 3; c++) sum += Math.abs(rgb[i * 3 + c]! - rgb[j * 3 + c]!)
        count += 3
      }
    }
  }
  return sum / count
}
