/** Whether a word's attention lies on the thing that it names. */
import path from 'node:path'
import { resizeMap } from '../../main/engine/pipelines/wordMaps.ts'
import { readSafetensorsHeader, readTensor } from '../../main/engine/weights/safetensors.ts'
import { areaUnderCurve, pointsInside } from './ranking.ts'
import { Kept, weightsName } from './kept.ts'
import { figure, mean, table } from './report.ts'
import { readScenes } from './scenes.ts'
import { openEngine, tell, type Measure } from './session.ts'

interface Found {
  readonly word: string
  readonly area: number
  readonly points: boolean
}

/** What a scene's objects gave; without any where none is named in the caption. */
interface SeenScene {
  readonly image: string
  readonly found: readonly Found[]
}

/** Maps along DDIM inversion against the true masks of every named object. */
export const attention: Measure = {
  summary: "a named object's attention against its true mask, 200 scenes, DDIM inversion: AUC and pointing game",
  async run({ folder, limit = 200, minutes = Infinity, steps = 50, model }) {
    const scenes = readScenes().slice(0, limit)
    const engine = openEngine()
    const kept = new Kept<SeenScene>(path.join(folder, `${await weightsName(engine, model)}-${steps}.jsonl`))
    const until = performance.now() + minutes * 60_000
    for (const [i, { image, caption, objects, maskSize }] of scenes.entries()) {
      if (kept.all.some((seen) => seen.image === image)) continue
      if (performance.now() > until) break
      await engine.run({ task: 'attention', model, image, prompt: caption, steps, device: 'cpu', out: folder })
      const { tensors, metadata } = readSafetensorsHeader(path.join(folder, 'maps.safetensors'))
      const maps = readTensor(tensors.get('words')!)
      const names = (JSON.parse(metadata['words']!) as { word: string }[]).map(({ word }) => word.toLowerCase())
      const [, height, width] = maps.dims as [number, number, number]
      const own: Found[] = []
      for (const { word, mask } of objects) {
        const at = names.indexOf(word)
        // an object that the edit took away is not in the caption of the true result
        if (at < 0 || !mask.includes(1)) continue
        const map = resizeMap({ height, width, data: maps.data.subarray(at * height * width, (at + 1) * height * width) }, maskSize, maskSize)
        own.push({ word, area: areaUnderCurve(map, mask), points: pointsInside(map, mask) })
      }
      kept.add({ image, found: own })
      tell(i + 1, scenes.length, 'attention')
    }
    await engine.dispose()
    const seen = kept.all.filter(({ image }) => scenes.some((scene) => scene.image === image))
    const found = seen.flatMap(({ found }) => found)
    const words = [...new Set(found.map(({ word }) => word))].sort()
    const rows = words.map((word) => {
      const own = found.filter((one) => one.word === word)
      return [word, own.length, mean(own.map(({ area }) => area)).toFixed(3), `${((100 * own.filter(({ points }) => points).length) / own.length).toFixed(0)} %`]
    })
    return {
      figures: [
        figure('area under the ROC curve, mean', { atLeast: 0.85 }, mean(found.map(({ area }) => area)), { digits: 3 }),
        figure('pointing game', { atLeast: 80 }, (100 * found.filter(({ points }) => points).length) / found.length, { digits: 1, unit: ' %' }),
      ],
      details: [
        `${found.length} objects of ${seen.length} scenes, ${steps} steps. Masks of 64 x 64 hold the object with outline and shadow, less what hides it; the pointing game has no tolerance.`,
        table(['word', 'objects', 'AUC', 'points inside'], rows),
      ],
    }
  },
}
