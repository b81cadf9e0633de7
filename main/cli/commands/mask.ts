import { requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { reportPicture } from '../reports.ts'

/** A mask from a colour or from words. */
export const mask: CommandSpec = {
  name: 'mask',
  summary: 'make a mask of a colour, or of where words look',
  about: 'Writes a mask that is white where a picture has a colour, or where a condition on words holds. The maps of the words come from "attention".',
  examples: [
    'palimpsest mask --image car.jpg --colour "#c03020" --tolerance 0.12 --out red.png',
    'palimpsest mask --image car.jpg --where "attention(car) > 0.4" --maps car-words/maps.safetensors --out car.png',
  ],
  schema: requestSchemas.mask,
  inputPaths: ['maps'],
  placeholders: { colour: '<#rrggbb>', where: '<condition>' },
  outEndings: ['.png', '.tif', '.tiff'],
  report: (result) => `${reportPicture(result)} ${(Number(result['whiteShare']) * 100).toFixed(1)} % of it is white.`,
}
