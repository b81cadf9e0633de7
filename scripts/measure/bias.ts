/** A word drawn where it is to be: what it does to the attention, and to the picture. */
import path from 'node:path'
import { openPicture } from '../../main/engine/image/codec.ts'
import { pictureFromSamples } from '../../main/engine/image/picture.ts'
import { contactSheet, picturePanel, type Panel } from '../../main/engine/image/sheet.ts'
import { writePicture } from '../../main/engine/image/writePicture.ts'
import { figure, table } from './report.ts'
import { readScenes, type Scene } from './scenes.ts'
import { openEngine, tell, type Measure } from './session.ts'

const SIDE = 256
const PANEL = 192

/** Draws scenes of one object with its word painted on one side of the picture, once as wanted and once as unwanted there; a sheet shows before, paint and both. */
export const bias: Measure = {
  summary: 'a painted word, wanted and unwanted: attention inside the paint before and after, and a sheet of what the picture does',
  async run({ folder, limit = 12, steps = 30, model }) {
    const scenes = readScenes().filter(({ objects }) => objects.length === 1).slice(0, limit)
    const engine = openEngine()
    const panels: Panel[] = []
    const masses: { word: string; caption: string; more: number; less: number }[] = []
    for (const [i, scene] of scenes.entries()) {
      const { word } = scene.objects[0]!
      const isLeft = centreOf(scene) >= 0.5
      const paint = path.join(folder, `${i}-paint.png`)
      const [before, more, less] = ['before', 'more', 'less'].map((name) => path.join(folder, `${i}-${name}.png`)) as [string, string, string]
      await writePicture(pictureFromSamples(paintedSide(isLeft), { width: SIDE, height: SIDE, channels: 1 }), paint)
      // the place is said by the paint, not by the caption
      const prompt = scene.caption.replace(/ (on the left|in the middle|on the right)/g, '')
      const common = { model, prompt, steps, seed: i, scheduler: 'ddim', device: 'cpu' }
      await engine.run({ ...common, task: 'txt2img', guidance: 7.5, out: before })
      const ratioOf = async (drawing: string, out: string): Promise<number> => {
        const result = await engine.run({ ...common, task: 'swap', guidance: 7.5, target: prompt, bias: [drawing], cross: 0, self: 0, localBlend: false, composite: false, out })
        const [mass] = result['biasMass'] as { before: number; after: number }[]
        return mass!.after / mass!.before
      }
      const found = { word, caption: prompt, more: await ratioOf(`${word}=${paint}`, more), less: await ratioOf(`${word}!=${paint}`, less) }
      masses.push(found)
      for (const [file, caption] of [[before, prompt], [paint, `${word} here, or not`], [more, `here: x ${found.more.toFixed(1)} attention`], [less, `not here: x ${found.less.toFixed(2)}`]] as const) panels.push(await picturePanel(await openPicture(file), caption, PANEL))
      tell(i + 1, scenes.length, 'bias')
    }
    await engine.dispose()
    const sheet = path.join(folder, 'sheet.png')
    await writePicture(await contactSheet(panels, 8), sheet)
    return {
      figures: [
        figure('attention inside the paint of a wanted word, after / before, least', { atLeast: 2 }, Math.min(...masses.map(({ more }) => more)), { unit: ' x' }),
        figure('attention inside the paint of an unwanted word, after / before, most', { atMost: 0.5 }, Math.max(...masses.map(({ less }) => less)), { unit: ' x' }),
      ],
      details: [
        `Sheet of before, paint, wanted and unwanted: ${sheet}`,
        table(['scene', 'word', 'wanted x', 'unwanted x'], masses.map(({ caption, word, more, less }) => [caption, word, more.toFixed(2), less.toFixed(2)])),
      ],
    }
  },
}

/** Where the object lies from left (0) to right (1). */
function centreOf({ objects, maskSize }: Scene): number {
  const { mask } = objects[0]!
  let [sum, count] = [0, 0]
  mask.forEach((value, i) => {
    sum += value * ((i % maskSize) + 0.5)
    count += value
  })
  return sum / count / maskSize
}

/** White on the middle half of the picture's height, in the left or the right two fifths. */
function paintedSide(isLeft: boolean): Uint8Array {
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [(i % SIDE) / SIDE, Math.floor(i / SIDE) / SIDE]
    return y > 0.35 && y < 0.9 && (isLeft ? x < 0.4 : x > 0.6) ? 255 : 0
  })
}
