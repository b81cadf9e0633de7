import { DEFAULT_MODEL, requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { PICTURE_ENDINGS } from '../outputCheck.ts'
import { reportPicture } from '../reports.ts'

/** Text to image. */
export const txt2img: CommandSpec = {
  name: 'txt2img',
  summary: 'draw a picture from a description',
  about: "Draws a picture from a description. The size is the model's own unless --size says otherwise.",
  examples: [
    'palimpsest txt2img --prompt "a red cat on a hill, snow" --out cat.png',
    'palimpsest txt2img --model ~/models/sd15.safetensors --prompt "a lighthouse at dusk" --size 512x768 --steps 30 --seed 7 --out light.jpg',
    'palimpsest txt2img --prompt "a (yellow:1.3) house" --count 4 --out house.png',
  ],
  schema: requestSchemas.txt2img,
  defaults: { model: DEFAULT_MODEL },
  outEndings: PICTURE_ENDINGS,
  predictable: true,
  report: reportPicture,
}
