/** `history replay`: an operation with something changed, and all that follow it, done again on a new branch. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { badInput } from '../engine/errors.ts'
import { requestSchemas } from '../engine/requests.ts'
import type { OperationId } from '../history/ids.ts'
import type { Json } from '../history/model.ts'
import { openProject } from '../history/openProject.ts'
import type { Project } from '../history/project.ts'
import { type ReplayChange, planReplay } from '../history/replay.ts'
import { type ReplayReport, runReplay } from '../jobs/replay.ts'
import type { Outcome } from './commandSpec.ts'
import type { HistoryRequest } from './commands/history.ts'
import { reportTable } from './reports.ts'
import { likelyMeant } from './suggest.ts'
import type { Tools } from './tools.ts'

/** Replays. @throws EngineError project/open-elsewhere, replay/..., what the engine throws */
export async function replayOperations(request: HistoryRequest, operation: OperationId, tools: Tools): Promise<Outcome> {
  const opened = openProject(request.project, { program: 'palimpsest history' })
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-replay-'))
  try {
    for (const { sentence } of opened.notices) tools.printer.note(sentence)
    if (opened.mode !== 'write') throw badInput('project/read-only', { thing: request.project, expected: 'a project that can be written', found: 'one that can only be looked at', todo: 'mend what the sentence before says' })
    const change = await changeOf(opened.project, operation, request, tools)
    const plan = planReplay(opened.project, operation, change, request.upTo as OperationId | undefined) // the project says whether there is such an operation
    const report = await runReplay(opened.project, plan, {
      engine: tools.engine(), work, signal: tools.signal, ...(request.device === undefined ? {} : { device: request.device }),
      onEvent: (event) => tools.printer.event(event),
      onStep: (step, index, count) => tools.printer.happened('step', { operation: step.original, title: step.title, index, count }, `Step ${index + 1} of ${count}: ${step.title}`),
    })
    return { result: { ...report }, text: told(report) }
  } finally {
    opened.project.close()
    fs.rmSync(work, { recursive: true, force: true })
  }
}

async function changeOf(project: Project, operation: OperationId, request: HistoryRequest, tools: Tools): Promise<ReplayChange> {
  const { kind } = project.operation(operation)
  const params: Record<string, Json> = {}
  for (const text of request.set) {
    const at = text.indexOf('=')
    if (at < 1) throw badInput('input/option', { thing: `--set ${text}`, expected: 'a parameter and its value, as "prompt=a blue car"', found: `"${text}"` })
    const field = text.slice(0, at).trim()
    params[field] = valueFor(kind, field, text.slice(at + 1))
  }
  const mask = request.mask === undefined ? undefined : (await project.addBlobFile(tools.resolver.path(request.mask), 'image/png')).hash
  return { params, ...(request.seed === undefined ? {} : { seed: request.seed }), ...(mask === undefined ? {} : { inputs: { mask } }) }
}

/** The value as the task's schema takes it. */
function valueFor(kind: string, field: string, text: string): Json {
  const schema = kind in requestSchemas ? requestSchemas[kind as keyof typeof requestSchemas] : undefined // the line before checks it
  const shape: Readonly<Record<string, { safeParse(value: unknown): { success: boolean } }>> = schema?.shape ?? {}
  if (!(field in shape)) {
    const known = Object.keys(shape)
    const meant = likelyMeant(field, known)
    throw badInput('input/option', { thing: `--set ${field}=${text}`, expected: `a parameter of ${kind}`, found: `"${field}"`, ...(meant ? { todo: `perhaps ${meant} is meant` } : {}) })
  }
  const candidates: Json[] = [text, ...(text.trim() !== '' && Number.isFinite(Number(text)) ? [Number(text)] : []), ...(text === 'true' ? [true] : text === 'false' ? [false] : [])]
  const value = candidates.find((candidate) => shape[field]!.safeParse(candidate).success)
  if (value !== undefined) return value
  throw badInput('input/option', { thing: `--set ${field}`, expected: `a value that "${field}" of ${kind} can take`, found: `"${text}"` })
}

function told({ steps, notices, to, picture }: ReplayReport): string {
  const rows = steps.map(({ original, made, title, action, results }) => [
    String(original), String(made), title,
    action === 'apply' ? 'as it was' : results.every(({ same }) => same) ? 'the same, bit for bit' : results.map(({ psnr }) => (typeof psnr === 'number' ? `${psnr.toFixed(1)} dB from before` : 'another')).join(', '),
  ])
  const change = picture.same ? 'The picture is the same, bit for bit.' : typeof picture.psnr === 'number' ? `The picture is ${picture.psnr.toFixed(1)} dB from before (${picture.changedSamples} samples changed).` : 'The picture is of another size than before.'
  return [reportTable(['was', 'is now', 'operation', 'result'], rows), ...notices, `${change} The document stands at operation ${to}, on a new branch; the old one is as it was.`].join('\n')
}
