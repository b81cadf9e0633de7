/** From what a person wants to what the engine is asked. */
import type { Intent, SamplingOptions } from '../../../preload/contract/edits.ts'
import { unreachable } from '../../engine/errors.ts'
import { DEFAULT_INPAINT_MODEL, DEFAULT_MODEL, requestSchemas } from '../../engine/requests.ts'
import type { Json, JsonObject } from '../../history/model.ts'
import { RUN_FIELDS } from '../../history/recipe.ts'

/** Files of an edit by the request's fields. */
export interface EditFiles {
  readonly image?: string
  readonly mask?: string
  readonly out: string
  /** drawings of where words are to be */
  readonly bias?: readonly { readonly word: string; readonly file: string }[]
}

/** Models to use when an intent names none. */
export interface DefaultModels {
  readonly draw: string
  readonly fill: string
}

/** The defaults until a person chooses others. */
export const BUNDLED_MODELS: DefaultModels = { draw: DEFAULT_MODEL, fill: DEFAULT_INPAINT_MODEL }

/** Which task an intent is, and whether it takes the document's picture and a mask. */
export const INTENT_TASKS = {
  fill: { task: 'inpaint', image: true, mask: 'needed' },
  remove: { task: 'remove', image: true, mask: 'needed' },
  expand: { task: 'outpaint', image: true, mask: 'none' },
  restyle: { task: 'img2img', image: true, mask: 'none' },
  draw: { task: 'txt2img', image: false, mask: 'none' },
  swap: { task: 'swap', image: true, mask: 'optional' },
} as const

/**
 * The engine's request.
 * @param variation 0 for the first; each has the next seed
 */
export function editRequest(intent: Intent, files: EditFiles, models: DefaultModels, seed: number, device: string): Record<string, unknown> {
  const base = { task: INTENT_TASKS[intent.intent].task, out: files.out, ...(files.image ? { image: files.image } : {}), ...(files.mask ? { mask: files.mask } : {}) }
  switch (intent.intent) {
    case 'fill': {
      const { prompt, strength, soft, stitch } = intent
      return { ...base, ...sampled(intent.sampling, models.fill, device), prompt, strength, soft, ...stitch, seed, preview: true }
    }
    case 'remove': {
      const { grow, feather } = intent
      return { ...base, ...(grow === undefined ? {} : { grow }), ...(feather === undefined ? {} : { feather }), seed }
    }
    case 'expand': {
      const { prompt, left, right, top, bottom, stitch } = intent
      return { ...base, ...sampled(intent.sampling, models.fill, device), prompt, left, right, top, bottom, ...stitch, seed, preview: true }
    }
    case 'restyle':
      return { ...base, ...sampled(intent.sampling, models.draw, device), prompt: intent.prompt, strength: intent.strength, seed, preview: true }
    case 'draw': {
      const { width, height } = intent
      return { ...base, ...sampled(intent.sampling, models.draw, device), prompt: intent.prompt, ...(width && height ? { size: { width, height } } : {}), seed, preview: true }
    }
    case 'swap':
      return { ...base, ...swapFields(intent, files), ...sampled(intent.sampling, models.draw, device), seed, preview: true }
    default:
      return unreachable(intent, 'the list of intents')
  }
}

function swapFields(intent: Extract<Intent, { intent: 'swap' }>, files: EditFiles): Record<string, unknown> {
  const { description, target, swap, add, remove, weight, method, inversion, align, cross, self, localBlend, blendWords } = intent
  return {
    ...(description.trim() === '' ? {} : { prompt: description }),
    ...(target === undefined ? {} : { target }),
    swap: swap.map(({ from, to }) => `${from}=>${to}`), add, remove, weight: weight.map(({ word, weight: value }) => `${word}=${value}`),
    method, inversion, align, cross, self, localBlend, blendWords,
    bias: (files.bias ?? []).map(({ word, file }) => `${word}=${file}`),
  }
}

/** Sampling options as request fields. `device` of the settings counts where the intent names none. */
export function sampled(options: SamplingOptions, model: string, device: string): Record<string, unknown> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  return { model, device, ...given }
}

/** What the history keeps of a request: every parameter but paths, model and seed, with defaults filled in. */
export function recordedParams(request: Record<string, unknown>): JsonObject {
  const schema = requestSchemas[request['task'] as keyof typeof requestSchemas] // editRequest names a task
  const full = schema.parse(request) as Record<string, unknown>
  const kept = Object.entries(full).filter(([field, value]) => !RUN_FIELDS.has(field) && field !== 'model' && field !== 'seed' && field !== 'configDir' && value !== undefined)
  return JSON.parse(JSON.stringify(Object.fromEntries(kept))) as Record<string, Json> // a request is JSON
}

/** The words of the history panel and the queue. */
export function intentTitle(intent: Intent): string {
  const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text)
  switch (intent.intent) {
    case 'fill': return intent.prompt.trim() === '' ? 'Fill' : `Fill: ${short(intent.prompt)}`
    case 'remove': return 'Remove'
    case 'expand': return intent.prompt.trim() === '' ? 'Expand' : `Expand: ${short(intent.prompt)}`
    case 'restyle': return `Restyle: ${short(intent.prompt)}`
    case 'draw': return `Draw: ${short(intent.prompt)}`
    case 'swap': return `Swap: ${short(swapWords(intent))}`
    default: return unreachable(intent, 'the list of intents')
  }
}

function swapWords({ swap, add, remove, weight, target }: Extract<Intent, { intent: 'swap' }>): string {
  const parts = [...swap.map(({ from, to }) => `${from} → ${to}`), ...add.map((word) => `+ ${word}`), ...remove.map((word) => `− ${word}`), ...weight.map(({ word, weight: value }) => `${word} × ${value}`)]
  return parts.length > 0 ? parts.join(', ') : (target ?? 'words')
}
