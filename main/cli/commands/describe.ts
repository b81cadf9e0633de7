import { requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { reportTree } from '../reports.ts'

/** Picture to description. */
export const describe: CommandSpec = {
  name: 'describe',
  summary: 'say what a picture shows',
  about: "Says what a picture shows, in the words of the model's own captions (the starter's probe knows the starter's world only).",
  examples: ['palimpsest describe --image scene.png', 'palimpsest describe --image scene.png --json'],
  schema: requestSchemas.describe,
  report: (result) => {
    const description = result['prompt'] ?? result['description'] ?? result['caption']
    return typeof description === 'string' ? description : reportTree(result)
  },
}
