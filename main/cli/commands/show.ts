import { requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { reportTree } from '../reports.ts'

/** The recipe in a picture. */
export const show: CommandSpec = {
  name: 'show',
  summary: 'print the recipe in a picture',
  about: 'Prints the recipe that Palimpsest embeds in its results: prompt, seed, model, versions.',
  examples: ['palimpsest show cat.png'],
  schema: requestSchemas.show,
  positionals: ['image'],
  report: (result) => (result['recipe'] === null ? 'This picture holds no recipe.' : reportTree(result['recipe'] ?? result)),
}
