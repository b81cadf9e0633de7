import { DEFAULT_MODEL, requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { reportTree, shortest } from '../reports.ts'

/** The table over edit methods. */
export const evaluate: CommandSpec = {
  name: 'evaluate',
  summary: 'compare ways of editing on a benchmark folder',
  about:
    'Runs pairs of inversion and edit method over a folder in the layout of PIE-Bench and writes a table (Markdown, JSON) and a ' +
    'sheet of pictures. A run that was interrupted goes on where it stopped.',
  examples: ['palimpsest evaluate --bench models/bench/papercut-pie --methods ddim+p2p,npi+p2p,direct+p2p --out results'],
  schema: requestSchemas.evaluate,
  defaults: { model: DEFAULT_MODEL },
  outEndings: 'folder',
  report: (result, { out }) => {
    const { table } = result
    const written = `Wrote the table and the pictures into ${shortest(String(result['out'] ?? out))}.`
    return typeof table === 'string' ? `${table.trimEnd()}\n\n${written}` : `${reportTree(result)}\n${written}`
  },
}
