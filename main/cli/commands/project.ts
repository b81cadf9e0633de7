import path from 'node:path'
import { z } from 'zod'
import { badInput } from '../../engine/errors.ts'
import { unzipProject, zipProject } from '../../history/archive.ts'
import { checkProject } from '../../history/checkProject.ts'
import { createProject, openProject } from '../../history/openProject.ts'
import type { ProjectNotice, ProjectReader } from '../../history/projectReader.ts'
import type { Outcome, ProcedureSpec } from '../commandSpec.ts'
import { fileSize, reportTable, shortest } from '../reports.ts'
import type { Tools } from '../tools.ts'

const schema = z.object({
  action: z.enum(['new', 'open', 'zip', 'check']).describe('what to do'),
  target: z.string().min(1).describe('folder of the project; for open also a .palimpsest file'),
  name: z.string().max(200).optional().describe('new: what the project is called; the name of its folder when absent'),
  out: z.string().min(1).optional().describe('zip: the .palimpsest file to write; open: the folder to unpack into'),
})
type Request = z.output<typeof schema>

/** Projects as a whole. */
export const project: ProcedureSpec = {
  name: 'project',
  summary: 'new | open | zip | check a project',
  about:
    'A project is a folder with everything about its documents: pictures, layers, masks and the whole history. "new" makes one, "open" looks whether one ' +
    'opens and says what it holds (a .palimpsest file is unpacked first, and whatever in it is not to be trusted is refused), "zip" packs one into a ' +
    'single file, "check" reads every row and every file and names what is wrong.',
  examples: [
    'palimpsest project new garden --name "Garden, spring"',
    'palimpsest project zip garden --out garden.palimpsest',
    'palimpsest project open garden.palimpsest --out copy',
    'palimpsest project check garden',
  ],
  schema,
  positionals: ['action', 'target'],
  inputPaths: ['target'],
  placeholders: { out: '<path>' },
  perform: (request, tools) => {
    const parsed = schema.parse(request)
    return ACTIONS[parsed.action](parsed, tools)
  },
}

const ACTIONS: Readonly<Record<Request['action'], (request: Request, tools: Tools) => Promise<Outcome>>> = { new: make, open, zip, check }

async function make({ target, name, out }: Request): Promise<Outcome> {
  refuseOut('new', out)
  const made = createProject(target, name ?? path.basename(target), { program: 'palimpsest project' })
  const { uuid } = made.identity()
  made.close()
  return { result: { folder: target, uuid, name: name ?? path.basename(target) }, text: `Made the project ${shortest(target)}.` }
}

async function open({ target, out }: Request, tools: Tools): Promise<Outcome> {
  const notices: ProjectNotice[] = []
  let folder = target
  if (target.endsWith('.palimpsest')) {
    folder = out ?? target.slice(0, -'.palimpsest'.length)
    const unpacked = await unzipProject(target, folder, { now: Date.now(), signal: tools.signal, onProgress: progress(tools, 'unpack') })
    notices.push(...unpacked.notices)
  } else refuseOut('open of a folder', out)
  const opened = openProject(folder, { program: 'palimpsest project' })
  try {
    notices.push(...opened.notices)
    for (const { sentence } of notices) tools.printer.note(sentence)
    const documents = documentRows(opened.project)
    const { name, uuid } = opened.project.identity()
    const mode = opened.mode === 'write' ? '' : ' It can only be looked at.'
    return {
      result: { folder, name, uuid, mode: opened.mode, documents, notices },
      text: [`${folder === target ? 'Opened' : `Unpacked ${shortest(target)} into`} ${shortest(folder)}: project "${name}" with ${counted(documents.length, 'document')}.${mode}`,
        ...(documents.length > 0 ? [reportTable(['id', 'document', 'size', 'operations'], documents.map(({ id, name: called, width, height, operations }) => [String(id), called, `${width} x ${height}`, String(operations)]))] : [])].join('\n'),
      ...(opened.mode === 'write' ? {} : { exitCode: 1 as const }),
    }
  } finally {
    opened.project.close()
  }
}

async function zip({ target, out }: Request, tools: Tools): Promise<Outcome> {
  const file = out ?? `${target}.palimpsest`
  if (!file.endsWith('.palimpsest')) throw badInput('output/ending', { thing: `--out ${file}`, expected: 'a name ending in .palimpsest', found: path.extname(file) === '' ? 'no ending' : `"${path.extname(file)}"` })
  const opened = openProject(target, { readOnly: true })
  try {
    const notices = await zipProject(opened.project, file, { signal: tools.signal, onProgress: progress(tools, 'pack') })
    for (const { sentence } of notices) tools.printer.note(sentence)
    return { result: { file, notices }, text: `Packed ${shortest(target)} into ${shortest(file)}.`, ...(notices.length > 0 ? { exitCode: 1 as const } : {}) }
  } finally {
    opened.project.close()
  }
}

async function check({ target, out }: Request, tools: Tools): Promise<Outcome> {
  refuseOut('check', out)
  const opened = openProject(target, { readOnly: true })
  try {
    const report = await checkProject(opened.project, { signal: tools.signal, onProgress: progress(tools, 'check') })
    const faults = [...opened.notices, ...report.faults]
    const extent = `${counted(report.documents, 'document')}, ${counted(report.operations, 'operation')}, ${counted(report.blobs, 'file')} (${fileSize(report.bytes)})`
    const name = path.basename(target)
    const verdict = faults.length === 0 ? `${name} is sound: ${extent}.` : `${name} has ${counted(faults.length, 'fault')} in ${extent}; "palimpsest repair ${name}" builds the database again from the files.`
    return { result: { ...report, sound: faults.length === 0, faults }, text: [...faults.map(({ sentence }) => sentence), verdict].join('\n'), ...(faults.length === 0 ? {} : { exitCode: 1 as const }) }
  } finally {
    opened.project.close()
  }
}

function documentRows(reader: ProjectReader): { id: number; name: string; width: number; height: number; operations: number; head: number }[] {
  return reader.documents().map(({ id, name, width, height, operations, head }) => ({ id, name, width, height, operations, head }))
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function refuseOut(action: string, out: string | undefined): void {
  if (out !== undefined) throw badInput('input/option', { thing: `project ${action}`, expected: 'no --out', found: out })
}

function progress({ printer }: Tools, phase: string): (done: number, total: number) => void {
  return (step, steps) => printer.event({ event: 'progress', phase, step, steps })
}
