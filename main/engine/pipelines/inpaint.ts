/** Inpaint: paint a prompt into a masked part of a picture. */
import { badInput } from '../errors.ts'
import { openPicture } from '../image/codec.ts'
import { editMasks, loadMask, type EditMasks, type Mask } from '../image/mask.ts'
import { comparisonSheet } from '../image/sheet.ts'
import { checkOutput, writePicture } from '../image/writePicture.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import { warn, type RunContext } from './context.ts'
import { editRegion } from './editRegion.ts'
import { noteWriting } from './plan.ts'
import { reportWritten, samplingRecipe, samplingReport } from './recipes.ts'
import { seedOf } from './sampling.ts'

/** Inpaints: 1 picture and mask, 2 the edit, 3 the result and, when asked, a before / mask / after sheet. */
export async function inpaint(context: RunContext, request: RequestOf<'inpaint'>): Promise<EngineResult> {
  checkOutput(request.out)
  if (request.sheet) checkOutput(request.sheet)
  const picture = await openPicture(request.image)
  for (const note of picture.notes) warn(context, 'picture/note', note)
  const mask = await loadMask(request.mask, picture, { resize: request.resizeMask })
  const masks = masksOf(mask, request, request.mask)
  const loaded = await context.checkpoint(request.model, request)
  loaded.resetCounters()
  const seed = seedOf(request)

  const edited = await editRegion(context, loaded, request, { picture, masks, strength: request.strength, soft: request.soft, seed })
  const ran = context.leaveModels(loaded)

  const recipe = samplingRecipe(request, loaded, seed, edited.scheduler, {
    strength: request.strength, soft: request.soft || undefined, grow: request.grow, feather: request.feather, ring: request.ring, padding: request.padding,
  })
  const written = await writePicture(edited.picture, request.out, { quality: request.quality, ...(request.recipe ? { recipe } : {}) })
  for (const note of written.notes) warn(context, 'output/note', note)
  if (request.sheet) await writePicture(await comparisonSheet({ before: picture, mask, after: edited.picture }), request.sheet)
  edited.progress.finish()
  noteWriting(ran, edited.shape, edited.progress.timings['write'])
  await ran.learnSpeeds()
  return {
    ...samplingReport(request, ran, seed, edited.scheduler, edited.progress.timings),
    ...reportWritten(written, edited.changedOutside),
    crop: edited.plan.box,
    modelSize: edited.plan.model,
    refinedTiles: edited.plan.refine?.tiles.length ?? 0,
    ...(edited.fidelity === null ? {} : { fidelityPsnr: Math.round(edited.fidelity * 100) / 100 }),
    ...(request.sheet ? { sheet: request.sheet } : {}),
  }
}

/** The two masks of an edit, or the sentence that nothing is left of the mask. */
export function masksOf(mask: Mask, shape: { grow: number; feather: number; ring: number }, file: string): EditMasks {
  const masks = editMasks(mask, shape)
  if (masks) return masks
  throw badInput('mask/black', { thing: file, expected: 'some white, the part to change', found: 'none left after growing by a negative amount' })
}
