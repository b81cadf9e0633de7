/** The noise behind a document's picture: found by the engine, which keeps it; how near the picture comes back is shown. */
import fs from 'node:fs'
import path from 'node:path'
import type { InversionResult, SamplingOptions } from '../../../preload/contract/edits.ts'
import { CancelledError, EngineError } from '../../engine/errors.ts'
import { requestSchemas } from '../../engine/requests.ts'
import type { JobRun } from '../../jobs/queue.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import { defaultModels } from './defaultModels.ts'
import { sampled } from './requests.ts'
import { pictureOfSize } from './standIn.ts'

/** A document with words for it. */
export interface Described {
  readonly description: string
  readonly model?: string | undefined
  readonly sampling: SamplingOptions
}

/** Fidelity from which on a picture counts as given back, dB; the engine's own bound for `auto`. */
const FAITHFUL_DB = 24
/** Ways to invert that `auto` tries, the cheapest first. */
const AUTO = 'direct'

/** Everything an inversion depends on, as one text. */
export function describedKey(session: DocumentSession, { description, model, sampling }: Described): string {
  return JSON.stringify([session.opened.id, session.document, session.head, description.trim(), model ?? null, sampling])
}

/** Inverts, keeps what is known of it, and makes the error map. @throws EngineError as the engine's `invert` */
export async function invertWork(session: DocumentSession, described: Described, method: string, run: JobRun, ready: Map<string, InversionResult>): Promise<InversionResult> {
  const { services } = session
  const key = describedKey(session, described)
  return services.scratch.within(async (folder) => {
    run.phase('prepare')
    const { file: image } = await session.exclusively(() => session.pixels.composite(folder, undefined, run.signal))
    const out = path.join(folder, 'back.png')
    const asked = known(method) ? method : AUTO
    const start = performance.now()
    const answer = await services.models.run({ ...requestFields(session, described), task: 'invert', image, method: asked, out }, { signal: run.signal, onEvent: run.onEvent })
    const seconds = Math.round((performance.now() - start) / 10) / 100
    const number = (value: unknown): number => (typeof value === 'number' ? value : 99) // null: equal pictures
    const result: InversionResult = { method: asked, psnr: number(answer['psnr']), ssim: typeof answer['ssim'] === 'number' ? answer['ssim'] : 1, seconds, faithful: number(answer['psnr']) >= FAITHFUL_DB, errorMap: await errorMap(session, image, out, folder, key) }
    ready.set(key, result)
    return result
  })
}

function known(method: string): boolean {
  return (requestSchemas.invert.shape.method.unwrap().options as readonly string[]).includes(method)
}

/** Seconds an inversion will take; null when that cannot be said. Only the size of the picture is looked at. */
export async function predictInversion(session: DocumentSession, described: Described, run: Pick<JobRun, 'signal'>): Promise<number | null> {
  const out = path.join(session.services.scratch.folder, 'never-written.png')
  try {
    const answer = await session.services.models.run({ task: 'predict', request: { ...requestFields(session, described), task: 'invert', image: pictureOfSize(session), method: AUTO, out } }, { signal: run.signal })
    return typeof answer['seconds'] === 'number' ? answer['seconds'] : null
  } catch (error) {
    if (error instanceof CancelledError) return null
    if (error instanceof EngineError && error.exitCode === 2) return null
    throw error
  }
}

function requestFields(session: DocumentSession, { description, model, sampling }: Described): Record<string, unknown> {
  const { services } = session
  return { ...sampled({ ...sampling, ...(model === undefined ? {} : { model }) }, defaultModels(services).draw, services.settings.get().device), prompt: description }
}

/** Where the picture does not come back, as a heat picture. */
async function errorMap(session: DocumentSession, image: string, back: string, folder: string, key: string): Promise<string> {
  const { services } = session
  const out = path.join(folder, 'error.png')
  const [small, shown] = [path.join(folder, 'before-small.png'), path.join(folder, 'back-small.png')]
  // the way back is as large as the model works; both are compared at the size of a thumbnail
  await services.pixels.run({ task: 'thumbnail', image, side: 512, out: small })
  await services.pixels.run({ task: 'thumbnail', image: back, side: 512, out: shown })
  try {
    await services.pixels.run({ task: 'difference', a: small, b: shown, out })
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'difference/size') throw error
    fs.copyFileSync(shown, out) // a crop to whole cells has another shape: the picture that came back is shown
  }
  return services.media.keep(`error ${key}`, fs.readFileSync(out), 'image/png')
}
