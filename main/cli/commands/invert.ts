import { DEFAULT_MODEL, requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { PICTURE_ENDINGS } from '../outputCheck.ts'
import { reportPicture } from '../reports.ts'

/** Picture to noise and back. */
export const invert: CommandSpec = {
  name: 'invert',
  summary: 'find the noise that a picture comes from',
  about: 'Finds the noise from which the model would draw a picture, and reports how well the picture comes back from it.',
  examples: [
    'palimpsest invert --image cat.png --prompt "a red cat on a hill" --out back.png',
    'palimpsest invert --image cat.png --prompt "a red cat on a hill" --method npi --trajectory cat.safetensors --json',
  ],
  schema: requestSchemas.invert,
  defaults: { model: DEFAULT_MODEL },
  predictable: true,
  outEndings: PICTURE_ENDINGS,
  report: (result) => {
    const { method, psnr, ssim, unetCalls, rowForwards, out, trajectory } = result
    const fidelity = `Inverted by ${String(method)}: the picture comes back with PSNR ${Number(psnr).toFixed(2)} dB, SSIM ${Number(ssim).toFixed(4)} (${String(unetCalls)} net calls, ${String(rowForwards)} rows).`
    return out === undefined && trajectory === undefined ? fidelity : `${fidelity}\n${reportPicture(result)}`
  },
}
