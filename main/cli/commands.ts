/** The commands in the order in which the help lists them. To add one: a file in commands/ and a line here. */
import type { AnyCommand } from './commandSpec.ts'
import { attention } from './commands/attention.ts'
import { batch } from './commands/batch.ts'
import { describe } from './commands/describe.ts'
import { devices } from './commands/devices.ts'
import { evaluate } from './commands/evaluate.ts'
import { graph } from './commands/graph.ts'
import { history } from './commands/history.ts'
import { img2img } from './commands/img2img.ts'
import { inpaint } from './commands/inpaint.ts'
import { invert } from './commands/invert.ts'
import { mask } from './commands/mask.ts'
import { models } from './commands/models.ts'
import { net } from './commands/net.ts'
import { outpaint } from './commands/outpaint.ts'
import { project } from './commands/project.ts'
import { remove } from './commands/remove.ts'
import { repair } from './commands/repair.ts'
import { review } from './commands/review.ts'
import { serve } from './commands/serve.ts'
import { show } from './commands/show.ts'
import { swap } from './commands/swap.ts'
import { txt2img } from './commands/txt2img.ts'

/** Headings of the help and the commands below them. */
export const COMMAND_GROUPS: readonly { readonly heading: string; readonly commands: readonly AnyCommand[] }[] = [
  { heading: 'Pictures:', commands: [txt2img, img2img, inpaint, outpaint, remove, mask, describe, show] },
  { heading: 'Edit with words:', commands: [swap, attention, invert, evaluate] },
  { heading: 'Folders of pictures:', commands: [batch, review] },
  { heading: 'Projects:', commands: [serve, project, history, repair] },
  { heading: 'Models and machine:', commands: [models, devices] },
  { heading: 'For builders:', commands: [net, graph] },
]
