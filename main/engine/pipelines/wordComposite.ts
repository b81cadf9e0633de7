/** From the model's result back into the picture: all of it, or only the place that may have changed, with the proof. */
import { failed } from '../errors.ts'
import type { CropPlan } from '../image/cropPlan.ts'
import { cropMask, stitch } from '../image/cropStitch.ts'
import { editMasks, maskToLatent, type EditMasks, type Mask } from '../image/mask.ts'
import type { Picture } from '../image/picture.ts'
import { countChangedOutside } from '../image/verify.ts'
import type { Pixels } from '../tensor/tensor.ts'
import { warn, type RunContext } from './context.ts'

/** Pixels of the model by which the place found by attention grows: half a latent pixel, whose edge is soft in the decoder. */
const FOUND_GROW = 4

/** How the edge of the place is laid. */
export interface CompositeChoices {
  readonly composite: boolean
  readonly grow: number
  readonly feather: number
  readonly ring: number
  readonly colourMatch: boolean
}

/** What is known of the place. */
export interface EditPlace {
  readonly picture: Picture
  readonly plan: CropPlan
  /** masks of a drawn mask */
  readonly drawn: EditMasks | null
  /** the local blend's mask, 1 where the latents may differ */
  readonly found: Uint8Array | null
  /** latent rows and columns */
  readonly size: { readonly height: number; readonly width: number }
}

/** The edited picture. */
export interface Finished {
  readonly picture: Picture
  /** 0 where the place was confined and proven, null where the whole picture was redrawn */
  readonly changedOutside: 0 | null
}

/** Puts the result into the picture. @throws EngineError run/changed-outside when the proof fails (nothing is returned) */
export async function putBack(context: RunContext, choices: CompositeChoices, place: EditPlace, edited: Pixels): Promise<Finished> {
  const { picture, plan, drawn, found } = place
  if (!drawn && (!choices.composite || !found)) {
    const whole = editMasks(filled(picture, 255), { grow: 0, feather: 0, ring: 0 })!
    return { picture: (await stitch(picture, plan, whole, edited, { colourMatch: false })).picture, changedOutside: null }
  }
  const masks = drawn ?? foundMasks(place, choices)
  if (!masks) {
    warn(context, 'swap/no-place', 'The changed words look nowhere in particular, so nothing was changed; name where with --blend-words or --mask, or use --no-local-blend.')
    return { picture, changedOutside: 0 }
  }
  const stitched = await stitch(picture, plan, masks, edited, { colourMatch: choices.colourMatch })
  const changedOutside = countChangedOutside(picture, stitched.picture, masks.blend)
  if (changedOutside !== 0) throw failed('run/changed-outside', `The edit changed ${changedOutside} samples outside its place, expected 0; nothing was written, please report it.`)
  return { picture: stitched.picture, changedOutside: 0 }
}

/** 1 where any masked pixel touches a latent pixel. */
export function latentMask(masks: EditMasks, picture: Picture, plan: CropPlan): Uint8Array {
  const mask = cropMask(masks.effective, picture, plan.box, plan.model)
  return Uint8Array.from(maskToLatent(mask, { method: 'max' }).data, (value) => (value > 0 ? 1 : 0))
}

/** The masks of the place that attention found; null when it found none. */
function foundMasks({ picture, plan, found, size }: EditPlace, choices: CompositeChoices): EditMasks | null {
  const { box } = plan
  const mask = filled(picture, 0)
  for (let y = Math.max(0, box.y); y < Math.min(picture.height, box.y + box.height); y++) {
    const row = Math.min(size.height - 1, Math.floor(((y - box.y + 0.5) * size.height) / box.height))
    for (let x = Math.max(0, box.x); x < Math.min(picture.width, box.x + box.width); x++) {
      const column = Math.min(size.width - 1, Math.floor(((x - box.x + 0.5) * size.width) / box.width))
      if (found![row * size.width + column]) mask.data[y * picture.width + x] = 255
    }
  }
  const unit = Math.max(1, plan.scale)
  const scaled = (pixels: number): number => Math.round(pixels * unit)
  return editMasks(mask, { grow: scaled(FOUND_GROW + choices.grow), feather: scaled(choices.feather), ring: scaled(choices.ring) })
}

function filled(picture: Picture, value: number): Mask {
  return { width: picture.width, height: picture.height, data: new Uint8Array(picture.width * picture.height).fill(value) }
}
