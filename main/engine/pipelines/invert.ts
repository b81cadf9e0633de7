/** Invert: the noise behind a picture, and how well the picture comes back from it. */
import { badInput } from '../errors.ts'
import { openPicture } from '../image/codec.ts'
import { pictureFromPixels } from '../image/pixels.ts'
import { checkOutput, writePicture } from '../image/writePicture.ts'
import { sampleDdim } from '../methods/inversion/ddimInversion.ts'
import { EDICT_MIX, sampleEdict } from '../methods/inversion/edict.ts'
import { negativeEmbeds } from '../methods/inversion/negativePromptInversion.ts'
import type { EpsilonModel } from '../methods/shared/ddimPath.ts'
import type { EngineResult, InversionMethod, RequestOf } from '../requests.ts'
import { combine } from '../tensor/elementwise.ts'
import type { Latents, PromptEmbeds } from '../tensor/tensor.ts'
import type { RunContext } from './context.ts'
import { countedPredictor, noWork, type NetSize, type UNetWork } from './controlledUNet.ts'
import { literalPrompt, prepareDescription } from './editWords.ts'
import { psnr } from './fidelity.ts'
import { edictGuidance, epsilonModel, inversionCalls, invertPicture, type InversionChoices, type Inverted } from './inversion.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { ssim } from './metrics.ts'
import { cropTopLeft } from './pixelCrop.ts'
import { noteWriting } from './plan.ts'
import { editShape, planEdit, type WordWork } from './planWords.ts'
import { RunProgress } from './progress.ts'
import { tokenizerOf, windowCount } from './prompt.ts'
import { samplingRecipe, samplingReport } from './recipes.ts'
import { seedOf, writeTrace } from './sampling.ts'
import { writeTrajectory } from './trajectoryCache.ts'
import { editStates, negativePromptOf, type EditStates } from './wordEdit.ts'
import { descriptionOf, encodePicture, planFor } from './wordPicture.ts'

/** Inverts and reconstructs: 1 the picture, 2 its noise, 3 back again, 4 how near that is. */
export async function invert(context: RunContext, request: RequestOf<'invert'>): Promise<EngineResult> {
  if (request.out !== undefined) checkOutput(request.out)
  if (request.latents) throw badInput('invert/latents', { thing: '--latents', expected: 'no starting noise: inversion finds it', found: request.latents, todo: 'leave it out' })
  const picture = await openPicture(request.image)
  const loaded = await context.checkpoint(request.model, request)
  const description = await descriptionOf(context, loaded, picture, request.prompt)
  const prompt = prepareDescription(description.text)
  const tokenizer = await tokenizerOf(loaded)
  const plan = planFor(picture, loaded.checkpoint.size, { size: request.size })
  const size: NetSize = { height: plan.model.height / 8, width: plan.model.width / 8, tokens: tokenizer.maxLength * windowCount(tokenizer, [literalPrompt(prompt), negativePromptOf(loaded, request.negative)], request.longPrompt) }
  const seed = seedOf(request)
  const { method, steps, strength, renoiseSteps, guidance, clipSkip, fast } = request
  const choices: InversionChoices = { method, steps, strength, renoiseSteps, guidance, seed, clipSkip, fast }
  loaded.resetCounters()
  const work = noWork()
  const planned = planInverting(request, picture)
  const progress = new RunProgress(await planEdit(context, loaded, size, planned), context.emit)

  progress.begin('load')
  const states = await editStates(context, loaded, { source: prompt, target: prompt, negative: request.negative }, request)
  const vae = loaded.vae()
  progress.begin('encode')
  const seen = await encodePicture(context, loaded, vae, picture, plan)
  progress.begin('invert')
  const source = { pixels: seen.pixels, clean: seen.clean, prompt, states: { source: states.source, negative: states.negative } }
  const inverted = await invertPicture(context, loaded, source, choices, { work, size, onCall: () => progress.advance() })
  const forwards = work.rowForwards
  if (request.trajectory) writeTrajectory(request.trajectory, inverted.trajectory, inverted.identity)
  await writeTrace(request.trace, inverted.trajectory.latents.slice(1))

  progress.begin('sample')
  const back = await reconstruct(context, loaded, { method, guidance, inverted, states, size, work, emptyShare: request.emptyShare, onCall: () => progress.advance() })
  progress.begin('decode')
  const pixels = await vae.decode(back)
  progress.begin('write')
  const shown = cropTopLeft(pixels, plan.model)
  const written = request.out === undefined
    ? null
    : await writePicture(pictureFromPixels(shown), request.out, { recipe: samplingRecipe({ ...request, prompt }, loaded, seed, 'DDIMScheduler', { inversion: method }) })
  progress.finish()
  if (written) noteWriting(loaded, editShape(size, planned), progress.timings['write'])
  await loaded.learnSpeeds()
  return {
    ...samplingReport({ ...request, prompt }, loaded, seed, 'DDIMScheduler', progress.timings),
    prompt,
    promptFrom: description.from,
    method,
    psnr: round(psnr(seen.pixels, pixels), 3),
    ssim: round(ssim(seen.pixels, pixels), 5),
    vaePsnr: round(seen.vaePsnr, 3),
    latentPsnr: round(latentPsnr(seen.clean, back), 3),
    cached: inverted.cached,
    unetCalls: work.calls,
    unetSeconds: round(work.seconds, 3),
    rowForwards: work.rowForwards,
    rowForwardsInversion: forwards,
    width: plan.model.width,
    height: plan.model.height,
    ...(written ? { out: written.path, bytes: written.bytes } : {}),
    ...(request.trajectory ? { trajectory: request.trajectory } : {}),
  }
}

/** What an inversion and its way back take. */
export function planInverting(request: RequestOf<'invert'>, { width, height }: { readonly width: number; readonly height: number }): WordWork {
  const { method, steps, strength, renoiseSteps, guidance, clipSkip, fast } = request
  return { invert: inversionCalls({ method, steps, strength, renoiseSteps, guidance, seed: 0, clipSkip, fast }), steps: reconstructionRows(request), rows: 1, picturePixels: width * height }
}

/** Net calls of the way back. */
function reconstructionRows({ method, steps, guidance, emptyShare }: RequestOf<'invert'>): number {
  if (method === 'direct' || method === 'ef-ddpm') return 0
  if (method === 'npi') return steps * (emptyShare > 0 && guidance > 1 ? 2 : 1)
  return method === 'renoise' ? steps : steps * (guidance > 1 ? 2 : 1) * (method === 'edict' ? 2 : 1)
}

interface Reconstruction {
  readonly method: InversionMethod
  readonly guidance: number
  readonly inverted: Inverted
  readonly states: EditStates
  readonly size: NetSize
  readonly work: UNetWork
  readonly emptyShare: number
  readonly onCall: () => void
}

/**
 * The picture's latents as the source branch of an edit would reach them: for direct inversion and edit-friendly DDPM the
 * inverted latents themselves (the branch is put back on them at every step), for the others by sampling.
 */
async function reconstruct(context: RunContext, loaded: LoadedCheckpoint, run: Reconstruction): Promise<Latents> {
  const { method, inverted, states } = run
  const { trajectory, path, timesteps } = inverted
  if (method === 'direct' || method === 'ef-ddpm') return trajectory.latents[0]!
  const predictor = await countedPredictor(loaded, run.size, run.work)
  const model = epsilonModel(predictor, path, loaded.checkpoint.predictionType, context.signal, run.onCall)
  const noise = trajectory.latents.at(-1)!
  if (method === 'edict') return reconstructCoupled(model, run, noise)
  // where the description is its own negative prompt guidance cancels: one call instead of two
  const negative = method === 'ddim' ? states.negative : method === 'npi' && run.emptyShare > 0 ? negativeEmbeds(states.source, states.negative, run.emptyShare) : null
  return sampleDdim({ ...path, timesteps }, guided(model, negative, run.guidance), noise, states.source)
}

async function reconstructCoupled(model: EpsilonModel, { inverted, states, guidance }: Reconstruction, noise: Latents): Promise<Latents> {
  const { path, timesteps, trajectory } = inverted
  const predict = guided(model, states.negative, edictGuidance(guidance))
  const wide = ({ data }: Latents): Float64Array => Float64Array.from(data)
  const { x } = await sampleEdict(
    path,
    async (sample, timestep) => wide(await predict({ data: Float32Array.from(sample), dims: noise.dims }, timestep, states.source)),
    { x: wide(noise), y: wide(trajectory.partner ?? noise) },
    timesteps,
    EDICT_MIX,
  )
  return { data: Float32Array.from(x), dims: noise.dims }
}

/** The model with guidance away from `negative`; without one, or at a scale of 1, the model itself. */
function guided(model: EpsilonModel, negative: PromptEmbeds | null, scale: number): EpsilonModel {
  if (negative === null || scale <= 1) return model
  return async (sample, timestep, promptEmbeds) => {
    const conditional = await model(sample, timestep, promptEmbeds)
    return combine([1 - scale, await model(sample, timestep, negative)], [scale, conditional])
  }
}

/** PSNR in dB of latents against the largest difference among the wanted ones. */
function latentPsnr(wanted: Latents, found: Latents): number {
  let [least, most, sum] = [Infinity, -Infinity, 0]
  for (let i = 0; i < wanted.data.length; i++) {
    least = Math.min(least, wanted.data[i]!)
    most = Math.max(most, wanted.data[i]!)
    sum += (wanted.data[i]! - found.data[i]!) ** 2
  }
  return sum === 0 ? Infinity : 10 * Math.log10((most - least) ** 2 / (sum / wanted.data.length))
}

function round(value: number, digits: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 10 ** digits) / 10 ** digits : null
}
