import { DEFAULT_INPAINT_MODEL, requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { PICTURE_ENDINGS } from '../outputCheck.ts'
import { reportPicture } from '../reports.ts'

/** Inpainting. */
export const inpaint: CommandSpec = {
  name: 'inpaint',
  summary: 'repaint the white part of a mask',
  about:
    'Repaints what is white in the mask and nothing else: outside the grown and feathered mask and its blend ring every ' +
    'sample of the picture stays as it is, and the program checks that after each edit.',
  examples: [
    'palimpsest inpaint --image room.jpg --mask sofa.png --prompt "a green sofa" --out room2.jpg',
    'palimpsest inpaint --image photo.tif --mask sky.png --prompt "a sky at dawn" --model ~/models/sd-inpainting --steps 30 --out dawn.tif',
  ],
  schema: requestSchemas.inpaint,
  defaults: { model: DEFAULT_INPAINT_MODEL },
  outEndings: PICTURE_ENDINGS,
  predictable: true,
  report: reportPicture,
}
