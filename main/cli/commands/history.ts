import { z } from 'zod'
import { badInput } from '../../engine/errors.ts'
import { DEVICE_NAMES } from '../../engine/requests.ts'
import type { Operation } from '../../history/documents.ts'
import type { DocumentId, OperationId } from '../../history/ids.ts'
import { openProject } from '../../history/openProject.ts'
import type { ProjectReader } from '../../history/projectReader.ts'
import type { Outcome, ProcedureSpec } from '../commandSpec.ts'
import { exportOperations } from '../historyExport.ts'
import { replayOperations } from '../historyReplay.ts'
import { reportTable, reportTree } from '../reports.ts'
import type { Tools } from '../tools.ts'

const schema = z.object({
  action: z.enum(['list', 'show', 'replay', 'export']).describe('what to do'),
  project: z.string().min(1).describe('folder of the project'),
  operation: z.string().regex(/^\d+(-\d+)?(,\d+(-\d+)?)*$/, 'numbers as 7, 3-9 or 3,5,8').optional().describe('operation by its number; export also takes 3-9 and 3,5,8'),
  document: z.number().int().min(1).optional().describe('list: only this document'),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional().describe('replay: another seed for the operation'),
  set: z.array(z.string()).default([]).describe('replay: another value for a parameter of the operation, as "prompt=a blue car"; may be given several times'),
  mask: z.string().min(1).optional().describe('replay: another mask for the operation'),
  device: z.enum(DEVICE_NAMES).optional().describe('replay: where the steps run, instead of where each was recorded; how far the results differ is told'),
  upTo: z.number().int().min(1).optional().describe('replay: the last operation to do again'),
  out: z.string().min(1).optional().describe('export: a recipe (.json, with its masks beside it), or the picture that the operation made'),
})
/** What was typed after `history`. */
export type HistoryRequest = z.output<typeof schema>

/** The history of a project. */
export const history: ProcedureSpec = {
  name: 'history',
  summary: 'list | show | replay | export the history of a project',
  about:
    'Every edit of a project is an operation with all its parameters, in a tree. "list" prints the tree, "show" one operation, "replay" changes an operation ' +
    'and does all that follow it again on a new branch (with nothing changed: on this machine bit for bit the same), "export" writes operations as a recipe ' +
    'for "batch", or the picture that one made.',
  examples: [
    'palimpsest history list garden',
    'palimpsest history show garden 7',
    'palimpsest history replay garden 3 --set "prompt=a blue car" --seed 9',
    'palimpsest history replay garden 2 --device webgpu',
    'palimpsest history export garden 3-9 --out recipe.json',
  ],
  schema,
  positionals: ['action', 'project', 'operation'],
  inputPaths: ['project'],
  placeholders: { set: '<name=value>', out: '<file>', document: '<id>', upTo: '<id>' },
  perform: async (request, tools) => {
    const parsed = schema.parse(request)
    if (parsed.action === 'list') return list(parsed)
    if (parsed.operation === undefined) throw badInput('input/missing', { thing: `history ${parsed.action}`, expected: 'the number of an operation', found: 'none given', todo: `see "palimpsest history list ${parsed.project}"` })
    if (parsed.action === 'show') return show(parsed, one(parsed))
    return parsed.action === 'replay' ? replayOperations(parsed, one(parsed), tools) : exportAction(parsed, tools)
  },
}

/** Numbers of operations as a person writes them: 7, 3-9, 3,5,8. */
export function operationNumbers(text: string): OperationId[] {
  return text.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number)
    if (to < from || to - from > 100_000) throw badInput('input/option', { thing: `operation ${part}`, expected: 'the smaller number first', found: part })
    return Array.from({ length: to - from + 1 }, (_, index) => (from + index) as OperationId) // whether there is one is for the project to say
  })
}

function one({ action, operation }: HistoryRequest): OperationId {
  const [first, ...others] = operationNumbers(operation!)
  if (others.length === 0) return first!
  throw badInput('input/option', { thing: `history ${action}`, expected: 'one operation', found: operation! })
}

/** Opens a project for looking, lends it, and closes it. */
async function looking(folder: string, work: (project: ProjectReader) => Outcome | Promise<Outcome>): Promise<Outcome> {
  const { project } = openProject(folder, { readOnly: true })
  try {
    return await work(project)
  } finally {
    project.close()
  }
}

function list({ project: folder, document }: HistoryRequest): Promise<Outcome> {
  return looking(folder, (project) => {
    const documents = project.documents().filter(({ id }) => document === undefined || id === document)
    if (document !== undefined && documents.length === 0) project.head(document as DocumentId) // throws the sentence for a document that is not there
    const told = documents.map((item) => ({ ...item, operations: operationsOf(project, item.id) }))
    const text = told.map(({ name, width, height, head, operations }) => [
      `${name} (${width} x ${height})`,
      reportTable(['', 'id', 'after', 'operation', 'seed', 'model', 'when'], operations.map((item) => [
        item.id === head ? '>' : item.starred ? '*' : '', String(item.id), item.parent === null ? '' : String(item.parent),
        `${item.name ?? item.title}${item.state === 'applied' ? '' : ` (${item.state})`}`, item.seed === null ? '' : String(item.seed), item.model ?? '', new Date(item.createdAt).toISOString().slice(0, 16).replace('T', ' '),
      ])),
    ].join('\n'))
    return { result: { documents: told }, text: text.join('\n\n') || 'This project holds no documents yet.' }
  })
}

function operationsOf(project: ProjectReader, document: DocumentId): Operation[] {
  return project.operations(document).map(({ id }) => project.operation(id))
}

function show({ project: folder }: HistoryRequest, id: OperationId): Promise<Outcome> {
  return looking(folder, (project) => {
    const operation = project.operation(id)
    const children = project.operations(operation.document).filter(({ parent }) => parent === id).map((child) => child.id)
    const result = { ...operation, children, isHead: project.head(operation.document) === id }
    const { thumbnail: _, ...shown } = result
    return { result, text: reportTree(Object.fromEntries(Object.entries({ ...shown, createdAt: new Date(operation.createdAt).toISOString() }).filter(([, value]) => value !== null))) }
  })
}

function exportAction(request: HistoryRequest, tools: Tools): Promise<Outcome> {
  if (request.out === undefined) throw badInput('input/missing', { thing: 'history export', expected: '--out with a recipe (.json) or a picture to write', found: 'none given' })
  const out = tools.resolver.path(request.out)
  return looking(request.project, (project) => exportOperations(project, operationNumbers(request.operation!), out))
}
