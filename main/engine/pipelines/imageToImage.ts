/** Image to image (SDEdit, arXiv 2108.01073): a picture is noised part of the way and drawn anew from there. */
import { openPicture } from '../image/codec.ts'
import { planWhole } from '../image/cropPlan.ts'
import { cropPixels } from '../image/cropStitch.ts'
import { pictureFromPixels } from '../image/pixels.ts'
import { checkOutput, writePicture } from '../image/writePicture.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import type { Latents } from '../tensor/tensor.ts'
import { warn, type RunContext } from './context.ts'
import { noteWriting, planPhases, type RunShape } from './plan.ts'
import { cropTopLeft } from './pixelCrop.ts'
import { RunProgress } from './progress.ts'
import { samplingRecipe, samplingReport } from './recipes.ts'
import { promptStates, readLatents, RunNoise, sample, schedulerFor, seedOf, startLatents, writeTrace } from './sampling.ts'

/** Redraws a whole picture: 1 the picture at the model's size, 2 its latents, 3 noise, 4 the loop, 5 the result. */
export async function imageToImage(context: RunContext, request: RequestOf<'img2img'>): Promise<EngineResult> {
  checkOutput(request.out)
  const picture = await openPicture(request.image)
  const loaded = await context.checkpoint(request.model, request)
  loaded.resetCounters()
  const plan = planWhole(picture, { modelSize: loaded.checkpoint.size, ...(request.size ? { size: request.size } : {}) })
  for (const note of [...picture.notes, ...plan.notes]) warn(context, 'size/padded', note)
  const latent: [number, number] = [plan.model.height / 8, plan.model.width / 8]
  const dims = [1, 4, ...latent]
  const given = readLatents(request.latents, dims)
  const seed = seedOf(request)
  const scheduler = schedulerFor(request, loaded, request.strength)
  const shape: RunShape = { latent, calls: scheduler.timesteps.length, guided: request.guidance > 1, pictures: 1, vaeRuns: { encodes: 1, decodes: 0 }, phases: ['load', 'encode', 'sample', 'decode', 'write'] }
  const progress = new RunProgress(await planPhases(context, loaded, shape), context.emit)

  progress.begin('load')
  const states = await promptStates(context, loaded, request)
  progress.begin('encode')
  const original = await loaded.vae().encode(await cropPixels(picture, plan.box, plan.model))
  const predictor = await loaded.predictor(...latent, states.promptEmbeds.dims[1]!)
  progress.begin('sample')
  progress.previewBox = plan.box
  const noise = new RunNoise(seed, dims, given)
  const trace: Latents[] = []
  const latents = request.strength < 1 ? scheduler.addNoise(original, noise.initial(), 0) : startLatents(scheduler, noise)
  const clean = await sample(context, loaded, request, { predictor, scheduler, latents, states, noise, trace, progress })
  await writeTrace(request.trace, trace)
  progress.begin('decode')
  const pixels = await loaded.vae().decode(clean)

  progress.begin('write')
  const shown = request.size ?? { width: Math.min(plan.model.width, Math.round(picture.width / plan.scale)), height: Math.min(plan.model.height, Math.round(picture.height / plan.scale)) }
  const ran = context.leaveModels(loaded)
  const recipe = samplingRecipe(request, loaded, seed, scheduler.className, { strength: request.strength, width: shown.width, height: shown.height })
  const written = await writePicture(pictureFromPixels(cropTopLeft(pixels, shown)), request.out, { quality: request.quality, ...(request.recipe ? { recipe } : {}) })
  progress.finish()
  noteWriting(ran, shape, progress.timings['write'])
  await ran.learnSpeeds()
  return { ...samplingReport(request, ran, seed, scheduler.className, progress.timings), out: written.path, bytes: written.bytes, width: shown.width, height: shown.height }
}
