/** Outpaint: extend a picture beyond its borders, one side after the other, each with the finished ones as context. */
import { openPicture } from '../image/codec.ts'
import { extendCanvas, prefillMargin, type Margins } from '../image/outpaint.ts'
import { checkOutput, writePicture } from '../image/writePicture.ts'
import type { EngineEvent, EngineResult, RequestOf } from '../requests.ts'
import { warn, type RunContext } from './context.ts'
import { editRegion, type EditedRegion } from './editRegion.ts'
import { masksOf } from './inpaint.ts'
import { reportWritten, samplingRecipe, samplingReport } from './recipes.ts'
import { seedOf } from './sampling.ts'

/** An ordinary checkpoint starts from the exemplar fill under this much noise; an inpaint checkpoint from noise alone. */
const PREFILL_STRENGTH = 0.85

/** Extends: 1 picture, then per side 2 canvas and first fill, 3 the edit, and at the end 4 the result. */
export async function outpaint(context: RunContext, request: RequestOf<'outpaint'>): Promise<EngineResult> {
  checkOutput(request.out)
  let picture = await openPicture(request.image)
  for (const note of picture.notes) warn(context, 'picture/note', note)
  const sides = sidesOf(request)
  // said before any model is loaded when nothing is added or the canvas would be too large
  extendCanvas(picture, request)
  const loaded = await context.checkpoint(request.model, request)
  loaded.resetCounters()
  const seed = seedOf(request)
  let edited: EditedRegion | undefined
  let origin = { x: 0, y: 0 } // where the picture that came lies on the canvas so far
  const timings: Record<string, number> = {}
  for (const [index, margins] of sides.entries()) {
    const extended = extendCanvas(picture, margins)
    const filled = await prefillMargin(extended, { seed, ...(context.signal ? { signal: context.signal } : {}) })
    const masks = masksOf(extended.mask, request, request.image)
    const strength = loaded.checkpoint.kind === 'inpaint' ? 1 : PREFILL_STRENGTH
    origin = { x: origin.x + extended.place.x, y: origin.y + extended.place.y }
    edited = await editRegion(seenFrom(context, origin), loaded, request, { picture: filled, masks, strength, soft: false, seed: seed + index })
    edited.progress.finish()
    for (const [phase, seconds] of Object.entries(edited.progress.timings)) timings[phase] = (timings[phase] ?? 0) + seconds
    picture = edited.picture
  }
  await loaded.learnSpeeds()
  const ran = context.leaveModels(loaded)
  const { left, right, top, bottom } = request
  const recipe = samplingRecipe(request, loaded, seed, edited!.scheduler, { left, right, top, bottom, grow: request.grow, feather: request.feather, ring: request.ring })
  const written = await writePicture(picture, request.out, { quality: request.quality, ...(request.recipe ? { recipe } : {}) })
  for (const note of written.notes) warn(context, 'output/note', note)
  return {
    ...samplingReport(request, ran, seed, edited!.scheduler, timings),
    ...reportWritten(written, edited!.changedOutside),
    width: picture.width,
    height: picture.height,
  }
}

/** A context whose previews lie in the pixels of the picture that came: beyond its edges, so left and above of it below 0. */
function seenFrom(context: RunContext, origin: { readonly x: number; readonly y: number }): RunContext {
  return {
    ...context,
    emit(event) {
      const preview = event.event === 'progress' ? event.preview : undefined
      if (!preview?.box) return context.emit(event)
      const box = { ...preview.box, x: preview.box.x - origin.x, y: preview.box.y - origin.y }
      context.emit({ ...event, preview: { ...preview, box } } as EngineEvent) // the event that has a preview
    },
  }
}

/** The sides to add, one at a time: the context of each is as large as it can be. */
function sidesOf(request: Margins): Margins[] {
  const none = { left: 0, right: 0, top: 0, bottom: 0 }
  return (['left', 'right', 'top', 'bottom'] as const).filter((side) => request[side] > 0).map((side) => ({ ...none, [side]: request[side] }))
}
