import { requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { reportTree } from '../reports.ts'

/** A net's graph in readable form. */
export const graph: CommandSpec = {
  name: 'graph',
  summary: "print the graph of one of a model's nets",
  about: 'Prints the graph that the engine builds for one of the nets: every value with its shape, every op with its inputs.',
  examples: ['palimpsest graph unet --model starter | less'],
  schema: requestSchemas.graph,
  positionals: ['component'],
  report: (result) => {
    const text = result['text'] ?? result['graph']
    return typeof text === 'string' ? text.replace(/\n$/, '') : reportTree(result)
  },
}
