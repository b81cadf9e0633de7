import { badInput } from '../../engine/errors.ts'
import { requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { fileSize, reportTable, reportTree, shortest } from '../reports.ts'

/** The model store. */
export const models: CommandSpec = {
  name: 'models',
  summary: 'list | add PATH | verify ID | show ID | remove ID',
  about:
    'Keeps the list of checkpoints: a diffusers folder or a single .safetensors file. Files stay where they are; `remove` ' +
    'takes a checkpoint off the list and deletes nothing. `verify` reads every weight and reports what is damaged.',
  examples: ['palimpsest models list', 'palimpsest models add ~/Downloads/sd15-inpainting.safetensors', 'palimpsest models verify starter'],
  schema: requestSchemas.models,
  defaults: { action: 'list' },
  positionals: ['action', 'target'],
  resolve: (request, resolver) => {
    const { action, target } = request
    if (typeof target !== 'string') return request
    return { ...request, target: action === 'add' ? resolver.path(target) : resolver.model(target) }
  },
  check: ({ action, target }) => {
    if (action === 'list' || target !== undefined) return
    const expected = action === 'add' ? 'the path of a checkpoint' : "a checkpoint's id"
    throw badInput('input/missing', { thing: `models ${String(action)}`, expected, found: 'none given', todo: 'see "palimpsest models list"' })
  },
  report: (result, request) => {
    const list = result['models']
    if (request['action'] !== 'list' || !Array.isArray(list)) return reportTree(result)
    const rows = (list as Record<string, unknown>[]).map((model) => [
      String(model['id'] ?? ''),
      String(model['kind'] ?? ''),
      String(model['family'] ?? ''),
      typeof model['bytes'] === 'number' ? fileSize(model['bytes']) : '',
      typeof model['path'] === 'string' ? shortest(model['path']) : '',
    ])
    return reportTable(['id', 'kind', 'family', 'size', 'path'], rows)
  },
}
