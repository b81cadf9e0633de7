import { DEFAULT_MODEL, requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { PICTURE_ENDINGS } from '../outputCheck.ts'
import { reportPicture } from '../reports.ts'

/** Editing by changing words. */
export const swap: CommandSpec = {
  name: 'swap',
  summary: 'change words of a description, and the picture with them',
  about:
    'Changes a picture by changing its description: what is not named stays. The description comes from the picture\'s own ' +
    'recipe, from --prompt, or from what the model sees; what changes from --swap, --add, --remove and --weight, or whole from --target.',
  examples: [
    'palimpsest swap --image cat.png --swap "cat=>dog" --out dog.png',
    'palimpsest swap --image hill.png --prompt "a red house on a hill" --swap "red=>blue" --add "snow" --weight "snow=2" --out winter.png',
    'palimpsest swap --prompt "a cat on a mat" --seed 7 --swap "cat=>fox" --out fox.png --sheet both.png',
  ],
  schema: requestSchemas.swap,
  defaults: { model: DEFAULT_MODEL },
  predictable: true,
  outEndings: PICTURE_ENDINGS,
  inputPaths: ['trajectory'],
  resolve: (request, resolver) => {
    const bias = request['bias']
    if (!Array.isArray(bias)) return request
    return { ...request, bias: (bias as string[]).map((text) => text.replace(/=(.+)$/s, (_whole, file: string) => `=${resolver.path(file)}`)) }
  },
  report: (result) => {
    const { prompt, target, inversion, inversionsTried, fidelityPsnr } = result
    const tried = Array.isArray(inversionsTried) ? (inversionsTried as { inversion: string; psnr: number }[]).map((one) => `${one.inversion} ${one.psnr} dB`).join(', ') : ''
    const noise = tried === '' ? '' : ` From the noise alone it comes back with ${tried}.`
    const by = typeof inversion === 'string' ? `\nInverted by ${inversion}${typeof fidelityPsnr === 'number' ? `; beside the edit the picture itself came back with ${fidelityPsnr} dB` : ''}.${noise}` : ''
    return `From: ${String(prompt)}\nTo:   ${String(target)}${by}\n${reportPicture(result)}`
  },
}
