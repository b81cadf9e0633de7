import { requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { TENSOR_ENDINGS } from '../outputCheck.ts'
import { reportPicture } from '../reports.ts'

/** One net's raw forward. */
export const net: CommandSpec = {
  name: 'net',
  summary: "run one of a model's nets on tensors from a file",
  about:
    "The raw forward of one net, without scaling factor or clamp, tensors named as in diffusers. In: sample, timestep, " +
    'encoder_hidden_states, latent_sample, input_ids, pixel_values. Out (F32): sample, mean, std, last_hidden_state, image_embeds.',
  examples: ['palimpsest net unet --model starter --in unet-in.safetensors --out unet-out.safetensors'],
  schema: requestSchemas.net,
  positionals: ['component'],
  outEndings: TENSOR_ENDINGS,
  report: reportPicture,
}
