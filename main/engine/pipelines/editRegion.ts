/**
 * The heart of inpaint and outpaint: a crop around the mask is sampled at the model's own size, refined in
 * tiles where the crop is larger than that, stitched back in pixel space, and proven to have changed nothing else.
 */
import { failed } from '../errors.ts'
import { planCrop, type CropPlan, type RefinePlan } from '../image/cropPlan.ts'
import { blendTiles, cropMask, cropPixels, cutTile, enlargeForRefinement, stitch } from '../image/cropStitch.ts'
import type { Box } from '../image/geometry.ts'
import { maskToLatent, type EditMasks } from '../image/mask.ts'
import type { Plane } from '../image/morphology.ts'
import type { Picture } from '../image/picture.ts'
import { countChangedOutside } from '../image/verify.ts'
import type { RequestOf } from '../requests.ts'
import type { Scheduler } from '../schedulers/scheduler.ts'
import { concatRows, type Latents, type Pixels, type Tensor } from '../tensor/tensor.ts'
import { warn, type RunContext } from './context.ts'
import { withExtraChannels, type DenoiseHooks } from './denoise.ts'
import { reconstructionPsnr, UNLIKE_WORLD_PSNR } from './fidelity.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { planPhases, type RunShape } from './plan.ts'
import { chooseRung } from './predict.ts'
import { RunProgress } from './progress.ts'
import { differential, keepKnownRegion } from './regionHooks.ts'
import type { Vae } from './vae.ts'
import { promptStates, readLatents, RunNoise, sample, schedulerFor, startLatents, writeTrace, type PromptStates } from './sampling.ts'

/** The requests that edit a region. */
export type RegionRequest = RequestOf<'inpaint'> | RequestOf<'outpaint'>

/** What is edited. */
export interface RegionEdit {
  readonly picture: Picture
  readonly masks: EditMasks
  /** 0..1, see the request */
  readonly strength: number
  /** grey mask values mean how much to change */
  readonly soft: boolean
  readonly seed: number
}

/** A finished, verified edit. */
export interface EditedRegion {
  readonly picture: Picture
  readonly plan: CropPlan
  readonly scheduler: string
  readonly shape: RunShape
  readonly progress: RunProgress
  /** PSNR in dB of the crop through the VAE; null when it was not looked at */
  readonly fidelity: number | null
  readonly changedOutside: 0
}

/** How much of the noise schedule the refinement of a tile runs: enough to add detail, too little to move things. */
const REFINE_STRENGTH = 0.35

/** Edits the region; see the file's head. */
export async function editRegion(context: RunContext, loaded: LoadedCheckpoint, request: RegionRequest, edit: RegionEdit): Promise<EditedRegion> {
  const { picture, masks } = edit
  const plan = planCrop(masks, picture, { modelSize: loaded.checkpoint.size, maxEnlargement: loaded.maxEnlargement, padding: request.padding })
  for (const note of plan.notes) warn(context, 'size/padded', note)
  const scheduler = schedulerFor(request, loaded, edit.strength)
  const latent: [number, number] = [plan.model.height / 8, plan.model.width / 8]
  const tiles = plan.refine?.tiles.length ?? 0
  const refineCalls = tiles * Math.ceil(request.steps * REFINE_STRENGTH)
  const phases = ['load', 'encode', 'sample', 'decode', ...(tiles > 0 ? ['refine'] : []), 'write']
  const shape: RunShape = { latent, calls: scheduler.timesteps.length, guided: request.guidance > 1, pictures: 1, refineCalls, phases, picturePixels: picture.width * picture.height }
  const vae = loaded.vae(await chooseRung(context, loaded, shape, picture.samples.byteLength))
  const progress = new RunProgress(await planPhases(context, loaded, shape), context.emit)

  // 1. the crop as the model sees it
  progress.begin('load')
  const states = await promptStates(context, loaded, request)
  progress.begin('encode')
  const region = await prepareRegion({ loaded, vae }, picture, masks, plan.box, plan.model)
  const fidelity = await checkWorld(context, { loaded, vae }, region.pixels)

  // 2. sampling
  const given = readLatents(request.latents, [1, 4, ...latent])
  const noise = new RunNoise(edit.seed, [1, 4, ...latent], given)
  const trace: Latents[] = []
  progress.begin('sample')
  progress.previewBox = plan.box
  const latents = await sampleRegion(context, loaded, request, { region, scheduler, noise, states, progress, trace, strength: edit.strength, soft: edit.soft })
  await writeTrace(request.trace, trace)
  progress.begin('decode')
  let generated = await vae.decode(latents)

  // 3. refinement at the picture's own resolution
  if (plan.refine) {
    progress.begin('refine')
    generated = await refine(context, { loaded, vae }, request, { ...plan, refine: plan.refine }, edit, generated, states, progress)
  }

  // 4. back into the picture, and the proof
  progress.begin('write')
  const stitched = await stitch(picture, plan, masks, generated, { colourMatch: request.colourMatch })
  const changedOutside = countChangedOutside(picture, stitched.picture, masks.blend)
  if (changedOutside !== 0) {
    throw failed('run/changed-outside', `The edit changed ${changedOutside} samples outside the mask, expected 0; nothing was written, please report it.`)
  }
  return { picture: stitched.picture, plan, scheduler: scheduler.className, shape, progress, fidelity, changedOutside: 0 }
}

/** The checkpoint and its VAE as this run uses it. */
interface RegionNets {
  readonly loaded: LoadedCheckpoint
  readonly vae: Vae
}

/** A crop prepared for sampling. */
interface Region {
  /** [1,3,H,W] in [-1,1] */
  readonly pixels: Pixels
  /** effective mask at the same size, 255 = change */
  readonly mask: Plane
  /** z_0 of the pixels, times the scaling factor */
  readonly original: Latents
  /** channels 5 to 9 of an inpaint checkpoint; null for a 4-channel one */
  readonly extra: Latents | null
}

async function prepareRegion(nets: RegionNets, picture: Picture, masks: EditMasks, box: Box, size: { width: number; height: number }): Promise<Region> {
  const pixels = await cropPixels(picture, box, size)
  return regionOf(nets, pixels, cropMask(masks.effective, picture, box, size), null)
}

/** @param start pixels whose latents sampling starts from; null = `pixels` themselves */
async function regionOf({ loaded, vae }: RegionNets, pixels: Pixels, mask: Plane, start: Pixels | null): Promise<Region> {
  const original = await vae.encode(start ?? pixels)
  const extra = loaded.checkpoint.kind === 'inpaint' ? await inpaintChannels(vae, pixels, mask) : null
  return { pixels, mask, original, extra }
}

/** [mask 1, masked image latents 4] along the channel axis; 1 = repaint (algorithms of diffusers' 9-channel inpainting). */
async function inpaintChannels(vae: Vae, pixels: Pixels, mask: Plane): Promise<Latents> {
  const [, , height, width] = pixels.dims as [number, number, number, number]
  const masked = pixels.data.slice()
  const plane = height * width
  for (let i = 0; i < plane; i++) if (mask.data[i]! >= 127.5) for (let c = 0; c < 3; c++) masked[c * plane + i] = 0
  const latents = await vae.encode({ data: masked, dims: pixels.dims })
  const latentMask = maskToLatent(mask, { method: 'nearest', binarise: true })
  const channels = (part: Tensor): Tensor => ({ data: part.data, dims: part.dims.slice(1) })
  const joined = concatRows([channels(latentMask), channels(latents)])
  return { data: joined.data, dims: [1, ...joined.dims] }
}

interface RegionSampling {
  readonly region: Region
  readonly scheduler: Scheduler
  readonly noise: RunNoise
  readonly states: PromptStates
  readonly progress: RunProgress
  readonly trace: Latents[]
  readonly strength: number
  readonly soft: boolean
}

async function sampleRegion(context: RunContext, loaded: LoadedCheckpoint, request: RegionRequest, run: RegionSampling): Promise<Latents> {
  const { region, scheduler, noise } = run
  const [, , height, width] = region.original.dims as [number, number, number, number]
  const plain = await loaded.predictor(height, width, run.states.promptEmbeds.dims[1]!)
  const predictor = region.extra ? withExtraChannels(plain, region.extra) : plain
  const unit = noise.initial()
  const startNoise = { initial: () => unit, step: noise.step } as RunNoise
  const latents = run.strength < 1 ? scheduler.addNoise(region.original, unit, 0) : startLatents(scheduler, startNoise)
  const hooks: DenoiseHooks[] = []
  if (run.soft) {
    const change = maskToLatent(region.mask, { method: 'area' })
    hooks.push(differential({ original: region.original, noise: unit, change, scheduler }))
  } else if (!region.extra) {
    // every latent pixel that a masked pixel touches may change; the pixel composite keeps the rest exactly
    const change = maskToLatent(region.mask, { method: 'max' })
    hooks.push(keepKnownRegion({ original: region.original, noise: unit, change, scheduler }))
  }
  return sample(context, loaded, request, { predictor, scheduler, latents, states: run.states, noise, hooks, trace: run.trace, progress: run.progress })
}

/** Samples every tile of the enlarged result at part strength and blends them. */
async function refine(
  context: RunContext,
  nets: RegionNets,
  request: RegionRequest,
  plan: CropPlan & { readonly refine: RefinePlan },
  edit: RegionEdit,
  generated: Pixels,
  states: PromptStates,
  progress: RunProgress,
): Promise<Pixels> {
  const canvas = enlargeForRefinement(plan, generated)
  const tiles: Pixels[] = []
  for (const [index, tile] of plan.refine.tiles.entries()) {
    const onPicture = { ...tile, x: tile.x + plan.refine.box.x, y: tile.y + plan.refine.box.y }
    const pixels = await cropPixels(edit.picture, onPicture, tile)
    const mask = cropMask(edit.masks.effective, edit.picture, onPicture, tile)
    const region = await regionOf(nets, pixels, mask, cutTile(canvas, plan.refine, tile))
    const scheduler = schedulerFor(request, nets.loaded, REFINE_STRENGTH)
    const noise = new RunNoise(edit.seed + 1 + index, region.original.dims)
    progress.previewBox = onPicture
    const latents = await sampleRegion(context, nets.loaded, request, { region, scheduler, noise, states, progress, trace: [], strength: REFINE_STRENGTH, soft: false })
    tiles.push(await nets.vae.decode(latents))
  }
  return blendTiles(plan.refine, canvas, tiles)
}

/** Warns when the model's VAE cannot hold the picture: only for models that name a world of their own. */
async function checkWorld(context: RunContext, { loaded, vae }: RegionNets, pixels: Pixels): Promise<number | null> {
  if (loaded.checkpoint.card?.vocabulary === undefined) return null
  const fidelity = await reconstructionPsnr(vae, pixels)
  if (fidelity < UNLIKE_WORLD_PSNR) {
    warn(
      context,
      'model/unlike-world',
      `This picture is unlike what ${loaded.checkpoint.card.name} was made for (its autoencoder keeps ${fidelity.toFixed(1)} dB of it, ${UNLIKE_WORLD_PSNR} or more is usual): expect a poor result, or choose a model made for photographs.`,
    )
  }
  return fidelity
}
