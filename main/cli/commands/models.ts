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
  report: (result, { action }) => {
    const { models: list, added, removed, verified, model } = result as Readonly<Record<string, ModelRow | undefined>> & { readonly models?: readonly ModelRow[] }
    if (action === 'list' && list) return reportList(list)
    if (added) return `Added ${row(added)}.\nUse it with --model ${String(added['id'])}.`
    if (removed) return `Took ${String(removed['id'])} off the list; its files stay at ${String(removed['path'])}.`
    if (verified) return reportVerified(verified)
    return reportTree(model ?? result)
  },
}

type ModelRow = Readonly<Record<string, unknown>>

function reportList(list: readonly ModelRow[]): string {
  if (list.length === 0) return 'No models yet; add one with "palimpsest models add PATH".'
  const text = (value: unknown): string => (value === undefined ? '' : String(value))
  const rows = list.map(({ id, kind, family, size, bytes, path, problem }) => [
    text(id), text(kind ?? (problem === undefined ? '' : 'cannot be opened')), text(family), size === undefined ? '' : `${text(size)} px`,
    typeof bytes === 'number' ? fileSize(bytes) : '', typeof path === 'string' ? shortest(path) : '',
  ])
  const problems = list.flatMap(({ id, problem }) => (problem === undefined ? [] : [`${text(id)}: ${text(problem)}`]))
  return [reportTable(['id', 'kind', 'family', 'side', 'files', 'path'], rows), ...problems].join('\n')
}

function reportVerified({ id, tensors, bytes, checksums, checks }: ModelRow): string {
  const looked = Array.isArray(checks) && checks.length > 0 ? `\nLooked at: ${checks.join(', ')}.` : ''
  const compared = checksums === 0 ? 'no checksums to compare' : `${String(checksums)} checksums equal`
  return `${String(id)} is sound: ${String(tensors)} tensors, ${fileSize(Number(bytes))}, ${compared}.${looked}`
}

function row({ id, kind, family, bytes, path }: ModelRow): string {
  const what = [kind, family, typeof bytes === 'number' ? fileSize(bytes) : undefined].filter((part) => part !== undefined)
  return `${String(id)}${what.length > 0 ? ` (${what.join(', ')})` : ''} at ${String(path)}`
}
