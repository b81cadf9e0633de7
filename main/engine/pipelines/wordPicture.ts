/** A picture for editing with words: its description, its place in the model's frame, its latents. */
import { badInput } from '../errors.ts'
import { planCrop, planWhole, type CropPlan, type Size } from '../image/cropPlan.ts'
import { cropPixels } from '../image/cropStitch.ts'
import type { EditMasks } from '../image/mask.ts'
import type { Picture } from '../image/picture.ts'
import type { Latents, Pixels } from '../tensor/tensor.ts'
import { warn, type RunContext } from './context.ts'
import { captionOf, probeRecord } from './describe.ts'
import { psnr, UNLIKE_WORLD_PSNR } from './fidelity.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import type { Vae } from './vae.ts'

/** Below this share of the model's own area a picture is enlarged for it. */
const ENLARGE_BELOW = 0.5

/** A picture as the model sees it. */
export interface WordPicture {
  readonly picture: Picture
  readonly plan: CropPlan
  readonly pixels: Pixels
  readonly clean: Latents
  /** PSNR in dB of the pixels through the VAE: no inversion can be more faithful */
  readonly vaePsnr: number
}

/**
 * The description: what the person wrote, else the recipe's, else what the model's probe says.
 * @throws EngineError swap/no-description (exit 2) when nobody knows.
 */
export async function descriptionOf(context: RunContext, loaded: LoadedCheckpoint, picture: Picture, given: string | undefined): Promise<{ text: string; from: 'prompt' | 'recipe' | 'describe' }> {
  if (given !== undefined) return { text: given, from: 'prompt' }
  const recipe = picture.metadata.recipe
  const written = recipe?.['target'] ?? recipe?.['prompt']
  if (typeof written === 'string' && written.trim() !== '') return { text: written, from: 'recipe' }
  if (loaded.has('probe')) {
    const text = captionOf(await probeRecord(loaded, picture))
    warn(context, 'swap/described', `No description was given, so the picture was described as "${text}"; say it yourself with --prompt if that is wrong.`)
    return { text, from: 'describe' }
  }
  throw badInput('swap/no-description', {
    thing: picture.path,
    expected: 'a description of the picture',
    found: 'none in its metadata, and a model that cannot describe pictures',
    todo: 'say what it shows with --prompt',
  })
}

/** Where the model works: around a drawn mask, else the whole picture. */
export function planFor(picture: Size, modelSize: number, options: { masks?: EditMasks | null; size?: Size | undefined; padding?: number; maxEnlargement?: number }): CropPlan {
  if (options.masks) {
    // tiles are not refined here: their words would not be those of the whole crop
    return { ...planCrop(options.masks, picture, { modelSize, ...(options.padding === undefined ? {} : { padding: options.padding }), ...(options.maxEnlargement === undefined ? {} : { maxEnlargement: options.maxEnlargement }) }), refine: null }
  }
  const area = picture.width * picture.height
  const grown = area < ENLARGE_BELOW * modelSize * modelSize ? Math.sqrt((modelSize * modelSize) / area) : 1
  const size = options.size ?? (grown > 1 ? { width: Math.round(picture.width * grown), height: Math.round(picture.height * grown) } : undefined)
  return planWhole(picture, { modelSize, ...(size ? { size } : {}) })
}

/** Encodes the planned part and looks at how well the VAE holds it. */
export async function encodePicture(context: RunContext, loaded: LoadedCheckpoint, vae: Vae, picture: Picture, plan: CropPlan): Promise<WordPicture> {
  for (const note of [...picture.notes, ...plan.notes]) warn(context, 'size/padded', note)
  const pixels = await cropPixels(picture, plan.box, plan.model)
  const clean = await vae.encode(pixels)
  const vaePsnr = psnr(pixels, await vae.decode(clean))
  if (loaded.checkpoint.card?.vocabulary !== undefined && vaePsnr < UNLIKE_WORLD_PSNR) {
    warn(
      context,
      'model/unlike-world',
      `This picture is unlike what ${loaded.checkpoint.card.name} was made for (its autoencoder keeps ${vaePsnr.toFixed(1)} dB of it, ${UNLIKE_WORLD_PSNR} or more is usual): expect a poor result, or choose a model made for photographs.`,
    )
  }
  return { picture, plan, pixels, clean, vaePsnr }
}
