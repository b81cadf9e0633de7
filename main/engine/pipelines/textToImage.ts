/** Text to image. */
import path from 'node:path'
import { pictureFromPixels } from '../image/pixels.ts'
import { checkOutput, writePicture } from '../image/writePicture.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import type { Latents } from '../tensor/tensor.ts'
import { warn, type RunContext } from './context.ts'
import { cropTopLeft } from './pixelCrop.ts'
import { noteWriting, planPhases, type RunShape } from './plan.ts'
import { RunProgress } from './progress.ts'
import { samplingRecipe, samplingReport } from './recipes.ts'
import { promptStates, readLatents, RunNoise, sample, schedulerFor, seedOf, startLatents, writeTrace } from './sampling.ts'

/**
 * Draws `count` pictures: 1 prompt states, 2 noise, 3 the loop, 4 VAE, 5 crop to the asked size, 6 write.
 * With a count above 1 the files are numbered and each seed is one more than the last.
 */
export async function textToImage(context: RunContext, request: RequestOf<'txt2img'>): Promise<EngineResult> {
  const files = numberedFiles(request.out, request.count)
  for (const file of files) checkOutput(file)
  const loaded = await context.checkpoint(request.model, request)
  loaded.resetCounters()
  const native = loaded.checkpoint.size
  const size = request.size ?? { width: native, height: native }
  const [height, width] = [Math.ceil(size.height / 8), Math.ceil(size.width / 8)]
  if (size.width % 8 !== 0 || size.height % 8 !== 0) {
    warn(context, 'size/padded', `${size.width}x${size.height} is not a multiple of 8: drawn at ${width * 8}x${height * 8} and cropped.`)
  }
  const dims = [1, 4, height, width]
  const given = readLatents(request.latents, dims)
  const seed = seedOf(request)
  const scheduler = schedulerFor(request, loaded)
  const calls = scheduler.timesteps.length
  const shape: RunShape = { latent: [height, width], calls, guided: request.guidance > 1, pictures: request.count, phases: ['load', 'sample', 'decode', 'write'] }
  const progress = new RunProgress(await planPhases(context, loaded, shape), context.emit)

  progress.begin('load')
  const states = await promptStates(context, loaded, request)
  const predictor = await loaded.predictor(height, width, states.promptEmbeds.dims[1]!)
  const results: EngineResult[] = []
  for (const [index, file] of files.entries()) {
    scheduler.setTimesteps(request.steps)
    const noise = new RunNoise(seed + index, dims, given)
    const trace: Latents[] = []
    progress.begin('sample')
    const latents = await sample(context, loaded, request, { predictor, scheduler, latents: startLatents(scheduler, noise), states, noise, trace, progress })
    progress.begin('decode')
    const pixels = await loaded.vae().decode(latents)
    progress.begin('write')
    await writeTrace(index === 0 ? request.trace : undefined, trace)
    const recipe = samplingRecipe(request, loaded, seed + index, scheduler.className, { width: size.width, height: size.height })
    const written = await writePicture(pictureFromPixels(cropTopLeft(pixels, size)), file, { quality: request.quality, ...(request.recipe ? { recipe } : {}) })
    results.push({ out: file, seed: seed + index, bytes: written.bytes })
  }
  progress.finish()
  noteWriting(loaded, shape, progress.timings['write'])
  await loaded.learnSpeeds()
  return { ...samplingReport(request, loaded, seed, scheduler.className, progress.timings), width: size.width, height: size.height, ...(request.count === 1 ? { out: files[0] } : { pictures: results }) }
}

/** `out.png` for one picture; `out-1.png`, `out-2.png`, ... for several. */
function numberedFiles(file: string, count: number): string[] {
  if (count === 1) return [file]
  const { dir, name, ext } = path.parse(file)
  return Array.from({ length: count }, (_, index) => path.join(dir, `${name}-${index + 1}${ext}`))
}
