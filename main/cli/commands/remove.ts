import { requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { PICTURE_ENDINGS } from '../outputCheck.ts'
import { reportPicture } from '../reports.ts'

/** Object removal without a model. */
export const remove: CommandSpec = {
  name: 'remove',
  summary: 'remove what a mask covers, without a model',
  about: 'Fills what is white in the mask with patches from the rest of the picture. Needs no model; the same seed gives the same picture.',
  examples: ['palimpsest remove --image beach.jpg --mask bin.png --out beach-clean.jpg'],
  schema: requestSchemas.remove,
  outEndings: PICTURE_ENDINGS,
  report: reportPicture,
}
