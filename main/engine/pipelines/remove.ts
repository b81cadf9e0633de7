/** Remove: fill a masked part of any picture from its surroundings. Needs no model. */
import { openPicture } from '../image/codec.ts'
import { loadMask } from '../image/mask.ts'
import { fillHole } from '../image/fillHole.ts'
import { checkOutput, writePicture } from '../image/writePicture.ts'
import { countChangedOutside } from '../image/verify.ts'
import { failed } from '../errors.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import { warn, type RunContext } from './context.ts'
import { masksOf } from './inpaint.ts'
import { RunProgress } from './progress.ts'
import { PROGRAM, reportWritten } from './recipes.ts'

/** Seconds a fill is expected to take: at least, and per megapixel of the hole; only the progress bar goes by it. */
const FILL_SECONDS_LEAST = 2
const SECONDS_PER_HOLE_MEGAPIXEL = 80
/** The fill tells its share done; the bar counts hundredths. */
const FILL_STEPS = 100

/** Removes: 1 picture and mask, 2 the fill, 3 the proof, 4 the result. */
export async function remove(context: RunContext, request: RequestOf<'remove'>): Promise<EngineResult> {
  checkOutput(request.out)
  const picture = await openPicture(request.image)
  for (const note of picture.notes) warn(context, 'picture/note', note)
  const mask = await loadMask(request.mask, picture, { resize: request.resizeMask })
  const masks = masksOf(mask, { grow: request.grow, feather: request.feather, ring: 0 }, request.mask)
  const hole = masks.effective.data.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0)
  const progress = new RunProgress([{ phase: 'fill', steps: FILL_STEPS, seconds: FILL_SECONDS_LEAST + (hole / 1e6) * SECONDS_PER_HOLE_MEGAPIXEL }, { phase: 'write', steps: 0, seconds: 0.3 }], context.emit)

  progress.begin('fill')
  let done = 0
  const filled = await fillHole(picture, masks.effective, {
    seed: request.seed,
    onProgress: (share) => {
      for (; done < Math.floor(share * FILL_STEPS); done++) progress.advance()
    },
    ...(context.signal ? { signal: context.signal } : {}),
  })

  progress.begin('write')
  const changedOutside = countChangedOutside(picture, filled, masks.effective)
  if (changedOutside !== 0) throw failed('run/changed-outside', `The fill changed ${changedOutside} samples outside the mask, expected 0; nothing was written, please report it.`)
  const recipe = { program: PROGRAM.name, version: PROGRAM.version, task: 'remove', seed: request.seed, grow: request.grow, feather: request.feather }
  const written = await writePicture(filled, request.out, { quality: request.quality, ...(request.recipe ? { recipe } : {}) })
  for (const note of written.notes) warn(context, 'output/note', note)
  progress.finish()
  return { ...reportWritten(written, changedOutside), seed: request.seed, seconds: progress.timings }
}
