import { DEFAULT_MODEL, requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { PICTURE_ENDINGS } from '../outputCheck.ts'
import { reportPicture } from '../reports.ts'

/** Image to image. */
export const img2img: CommandSpec = {
  name: 'img2img',
  summary: 'redraw a picture after a description',
  about: 'Redraws a whole picture after a description; --strength says how far it may go from the original.',
  examples: ['palimpsest img2img --image sketch.png --strength 0.7 --prompt "a blue boat at night" --out boat.png'],
  schema: requestSchemas.img2img,
  defaults: { model: DEFAULT_MODEL },
  outEndings: PICTURE_ENDINGS,
  predictable: true,
  report: reportPicture,
}
