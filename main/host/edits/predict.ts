/** What an edit will take, before Go: time, memory, and what a person should read first. */
import os from 'node:os'
import path from 'node:path'
import type { Intent, Prediction } from '../../../preload/contract/edits.ts'
import { EngineError } from '../../engine/errors.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import { wordChips } from './chips.ts'
import { defaultModels } from './defaultModels.ts'
import type { IdleWork } from './idleWork.ts'
import { INTENT_TASKS, editRequest } from './requests.ts'
import { maskOf } from './runEdit.ts'
import { pictureOfSize } from './standIn.ts'
import { looksUnlikeModel } from './worldCheck.ts'

/** Remove: seconds at least, and per megapixel of the hole (as the engine's own progress bar reckons). */
const REMOVE_SECONDS = { least: 2, perMegapixel: 80 }

/** Works the prediction out. Asks the engine only when it has nothing else to do. */
export async function predictEdit(session: DocumentSession, intent: Intent, idle: IdleWork): Promise<Prediction> {
  const warnings = await warningsOf(session, intent)
  const unknown: Prediction = { seconds: null, peakBytes: null, availableBytes: os.freemem(), fits: true, device: session.services.settings.get().device, warnings }
  if (intent.intent === 'remove') return { ...unknown, seconds: removeSeconds(session, intent), device: 'cpu' }
  if (session.services.jobs.busy) return unknown
  idle.stop(session)
  try {
    const answer = await session.services.models.run({ task: 'predict', request: likelyRequest(session, intent) })
    const { phases, peakBytes, availableBytes, fits, device } = answer as unknown as Omit<Prediction, 'seconds' | 'warnings'> & { phases: readonly PhaseSeconds[] } // as the task tells it; checked on the way out
    return { seconds: secondsOf(session, intent, phases, idle), peakBytes, availableBytes, fits, device, warnings }
  } catch (error) {
    // what cannot be run cannot be predicted either: running it says why
    if (error instanceof EngineError && error.exitCode === 2) return error.code === 'input/request' ? unknown : { ...unknown, warnings: [...warnings, { code: error.code, message: session.services.scrub.text(error.message) }] }
    throw error
  } finally {
    if (intent.intent === 'swap') idle.rest(session) // what made way for the question goes on
  }
}

interface PhaseSeconds {
  readonly phase: string
  readonly seconds: number
}

/** All variations; models are loaded once, and a picture whose noise is known need not be inverted again. */
function secondsOf(session: DocumentSession, intent: Intent, phases: readonly PhaseSeconds[], idle: IdleWork): number {
  const rounds = intent.intent === 'remove' ? 1 : intent.variations
  const isKnown = intent.intent === 'swap' && idle.isReady(session, intent)
  return phases.reduce((sum, { phase, seconds }) => {
    if (phase === 'invert' && isKnown) return sum
    return sum + seconds * (phase === 'load' ? 1 : rounds)
  }, 0)
}

/** The request as it would be run; only the header of the picture is read, so any file of its size will do. */
function likelyRequest(session: DocumentSession, intent: Intent): Record<string, unknown> {
  const { services } = session
  const wanted = INTENT_TASKS[intent.intent]
  const image = pictureOfSize(session)
  const files = { out: path.join(services.scratch.folder, 'never-written.png'), ...(wanted.image ? { image } : {}), ...(wanted.mask === 'needed' ? { mask: image } : {}) }
  return editRequest(intent, files, defaultModels(services), 0, services.settings.get().device)
}

async function warningsOf(session: DocumentSession, intent: Intent): Promise<Prediction['warnings']> {
  const warnings: Prediction['warnings'] = []
  try {
    maskOf(session, intent)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    warnings.push({ code: error.code, message: error.message })
  }
  if (intent.intent === 'remove') return warnings
  const models = defaultModels(session.services)
  const model = intent.sampling.model ?? (intent.intent === 'fill' || intent.intent === 'expand' ? models.fill : models.draw)
  const text = intent.intent === 'swap' ? (intent.target ?? [intent.description, ...intent.swap.map(({ to }) => to), ...intent.add].join(' ')) : intent.prompt
  if (text.trim() !== '') {
    const { chips, lost } = await wordChips(session.services, text, model)
    const strange = [...new Set(chips.filter(({ known }) => known === false).map(({ word }) => word))]
    if (strange.length > 0) warnings.push({ code: 'prompt/unknown-words', message: `This model does not know ${strange.map((word) => `"${word}"`).join(', ')}; it will draw something else.` })
    if (lost.length > 0) warnings.push({ code: 'prompt/too-long', message: `The description is too long for this model; ${lost.map((word) => `"${word}"`).join(' ')} will be left out.` })
  }
  if (INTENT_TASKS[intent.intent].image && (await looksUnlikeModel(session, model)))
    warnings.push({ code: 'model/unlike', message: 'This picture is unlike anything this model was made for, so the result will not look like a photograph; add a photo model for that. Remove needs no model.' })
  return warnings
}

function removeSeconds(session: DocumentSession, intent: Extract<Intent, { intent: 'remove' }>): number | null {
  const mask = intent.mask === null ? session.activeMask() : session.layer(intent.mask)
  if (!mask) return null
  let white = 0
  for (const key of session.tiles.placed(mask.id, 'pixels').keys()) {
    const [x, y] = key.split('/').map(Number) as [number, number]
    for (const value of session.tiles.paintedTile(mask.id, 'pixels', x, y) ?? []) if (value > 0) white += 1
  }
  return Math.round(REMOVE_SECONDS.least + (white / 1e6) * REMOVE_SECONDS.perMegapixel)
}
