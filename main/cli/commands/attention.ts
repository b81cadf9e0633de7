import { DEFAULT_MODEL, requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { reportTree, shortest } from '../reports.ts'

/** Where each word looks. */
export const attention: CommandSpec = {
  name: 'attention',
  summary: 'show where each word of a description looks',
  about: 'Writes a heat-map per word over the picture: as one grid to look at, and as tensors to go on with.',
  examples: ['palimpsest attention --image cat.png --prompt "a red cat on a hill" --out cat-words'],
  schema: requestSchemas.attention,
  defaults: { model: DEFAULT_MODEL },
  predictable: true,
  outEndings: 'folder',
  report: (result, { out }) => {
    const { words } = result
    const written = `Wrote the maps into ${shortest(String(result['out'] ?? out))}.`
    return words === undefined ? written : `${reportTree({ words })}\n${written}`
  },
}
