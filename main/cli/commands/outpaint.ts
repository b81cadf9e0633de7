import { badInput } from '../../engine/errors.ts'
import { DEFAULT_INPAINT_MODEL, requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { PICTURE_ENDINGS } from '../outputCheck.ts'
import { reportPicture } from '../reports.ts'

/** Outpainting. */
export const outpaint: CommandSpec = {
  name: 'outpaint',
  summary: 'extend a picture beyond its edges',
  about:
    'Extends a picture beyond its edges. The original stays inside the new picture as it is, sample by sample; where a seam shows, ' +
    '--ring 8 lets that many pixels at its edge change with the margin.',
  examples: ['palimpsest outpaint --image hill.png --left 64 --right 64 --prompt "a hill with trees" --out wide.png'],
  schema: requestSchemas.outpaint,
  defaults: { model: DEFAULT_INPAINT_MODEL },
  outEndings: PICTURE_ENDINGS,
  predictable: true,
  check: (request) => {
    if (['left', 'right', 'top', 'bottom'].some((side) => Number(request[side]) > 0)) return
    throw badInput('input/option', {
      thing: 'outpaint', expected: 'pixels to add on at least one side', found: '0 on each', todo: 'give --left, --right, --top or --bottom',
    })
  },
  report: reportPicture,
}
