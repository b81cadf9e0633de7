/** Replay as a job: one step changed, the steps after it done again on a new branch. */
import path from 'node:path'
import type { Json } from '../../../preload/contract/ids.ts'
import type { Operation } from '../../history/documents.ts'
import type { BlobHash, OperationId } from '../../history/ids.ts'
import type { JsonObject } from '../../history/model.ts'
import { planReplay } from '../../history/replay.ts'
import type { JobOrder, JobRun } from '../../jobs/queue.ts'
import type { JobEngine } from '../../jobs/engine.ts'
import { runReplay } from '../../jobs/replay.ts'
import { badInput } from '../../engine/errors.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import type { HostServices } from '../services.ts'

/** What a window asks to be different. */
export interface ReplayWish {
  readonly params?: Readonly<Record<string, Json>> | undefined
  readonly seed?: number | undefined
  readonly activeMask: boolean
}

/** Tasks that are done on the engine without models. */
const PIXEL_TASKS = new Set(['inspect', 'compose', 'patch', 'difference', 'thumbnail', 'tiles', 'mask-edit', 'select', 'picture', 'mask'])

/** The job. The document goes to the new branch when it is done; until then it can be worked on. */
export function replayJob(session: DocumentSession, first: Operation, upTo: OperationId | undefined, wish: ReplayWish): JobOrder {
  return {
    kind: 'replay', title: `Replay from "${first.name ?? first.title}"`, project: session.opened.id, document: session.document,
    work: (run) => session.services.scratch.within((folder) => work(session, first, upTo, wish, folder, run)),
  }
}

async function work(session: DocumentSession, first: Operation, upTo: OperationId | undefined, wish: ReplayWish, folder: string, run: JobRun): Promise<{ operation: number; result: unknown }> {
  const inputs = wish.activeMask ? { mask: await activeMask(session, folder) } : undefined
  const change = { ...(wish.params ? { params: wish.params as JsonObject } : {}), ...(wish.seed === undefined ? {} : { seed: wish.seed }), ...(inputs ? { inputs } : {}) }
  const plan = planReplay(session.opened.reader, first.id, change, upTo)
  const from = session.head
  const report = await runReplay(session.project, plan, {
    engine: bothEngines(session.services), work: folder, signal: run.signal, onEvent: run.onEvent,
    onStep: ({ title }, index, count) => run.phase(`${index + 1} of ${count}: ${title}`),
  })
  // the replay has gone to the end of its branch; every window is told what differs from where it stood
  session.moved({ document: session.document, from, to: report.to, difference: session.opened.reader.difference(from, report.to) }, 'replay')
  return { operation: report.to, result: { steps: report.steps.length, notices: report.notices } }
}

async function activeMask(session: DocumentSession, folder: string): Promise<BlobHash> {
  const mask = session.activeMask()
  if (!mask) throw badInput('mask/none', { thing: 'The mask in force', expected: 'one to replay with', found: 'none', todo: 'draw or choose a mask first' })
  return (await session.project.addBlobFile(await session.pixels.canvasMask(mask, 'pixels', path.join(folder, 'mask.png')), 'image/png')).hash
}

/** One engine to a use-case that asks for both kinds of work. */
export function bothEngines({ pixels, models }: HostServices): JobEngine {
  return { run: (request, options) => (PIXEL_TASKS.has(String(request['task'])) ? pixels : models).run(request, options) }
}
