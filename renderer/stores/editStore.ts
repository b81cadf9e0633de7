/** What a person asks for on the Edit panel, and the request that comes of it. */
import { createStore } from 'zustand/vanilla'
import type { IntentInput, Prediction, SamplingOptions } from '../../preload/contract/edits.ts'

/** Intents of the panel. `draw` is offered for an empty canvas. */
export const INTENTS = ['fill', 'remove', 'expand', 'restyle', 'swap', 'draw'] as const
/** Name of an intent. */
export type IntentName = (typeof INTENTS)[number]

/** See {@link editStore}. Lengths in pixels, shares 0..1; null leaves a value to the engine. */
export type EditForm = {
  readonly intent: IntentName
  readonly prompt: string
  readonly negative: string
  readonly strength: Readonly<Record<'fill' | 'restyle', number>>
  readonly soft: boolean
  readonly variations: number
  readonly seed: number | null
  readonly model: string | null
  readonly expand: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }
  readonly removal: { readonly grow: number | null; readonly feather: number | null }
  readonly stitch: { readonly grow: number | null; readonly feather: number | null; readonly ring: number | null; readonly padding: number | null; readonly colourMatch: boolean }
  readonly sampling: { readonly steps: number | null; readonly guidance: number | null; readonly guidanceRescale: number | null; readonly scheduler: SamplingOptions['scheduler'] | null; readonly clipSkip: number | null; readonly longPrompt: 'truncate' | 'chunk' | null; readonly fast: boolean }
}

/** The form with what is known about it. */
export type EditState = EditForm & { readonly prediction: Prediction | null; readonly predicting: boolean; readonly prompts: readonly string[]; readonly starting: boolean }

/** The form as it is at first. */
export const EMPTY_FORM: EditForm = {
  intent: 'fill', prompt: '', negative: '', strength: { fill: 1, restyle: 0.6 }, soft: false, variations: 1, seed: null, model: null,
  expand: { left: 0, right: 0, top: 0, bottom: 0 },
  removal: { grow: null, feather: null },
  stitch: { grow: null, feather: null, ring: null, padding: null, colourMatch: true },
  sampling: { steps: null, guidance: null, guidanceRescale: null, scheduler: null, clipSkip: null, longPrompt: null, fast: false },
}

/** The Edit panel's state. `prompts` are earlier ones, newest first. */
export const editStore = createStore<EditState>(() => ({ ...EMPTY_FORM, prediction: null, predicting: false, prompts: [], starting: false }))

/** Changes the form. */
export function setForm(change: Partial<EditForm>): void {
  editStore.setState(change)
}

/** An object without its null values: what is left to the engine is left out. */
function set<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], null> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as { [K in keyof T]?: Exclude<T[K], null> } // nulls have just been taken out
}

/**
 * The request of a form; null when it lacks what its intent needs (an expand without a side, Swap, whose request its own
 * panel makes).
 * @param seed the seed of this run when the form leaves it open
 */
export function intentOf(form: EditForm, seed: number): IntentInput | null {
  const { colourMatch, ...lengths } = form.stitch
  const { fast, ...numbers } = form.sampling
  const stitch = { ...set(lengths), ...(!colourMatch && { colourMatch }) }
  const sampling = { ...set(numbers), ...(fast && { fast }), ...set({ model: form.model }), ...(form.negative.trim() !== '' && { negative: form.negative }), seed: form.seed ?? seed }
  const sampled = { prompt: form.prompt.trim(), variations: form.variations, sampling }
  switch (form.intent) {
    case 'fill': return { intent: 'fill', ...sampled, strength: form.strength.fill, soft: form.soft, stitch }
    case 'remove': return { intent: 'remove', ...set(form.removal), ...set({ seed: form.seed }) }
    case 'expand': return Object.values(form.expand).every((side) => side === 0) ? null : { intent: 'expand', ...sampled, ...form.expand, stitch }
    case 'restyle': return { intent: 'restyle', ...sampled, strength: form.strength.restyle }
    case 'draw': return { intent: 'draw', ...sampled }
    case 'swap': return swap.intent()
  }
}

/** What makes Swap's request: the word chips. `changed` tells when it would be another one. */
export type IntentSource = { readonly intent: () => IntentInput | null; readonly changed: (listener: () => void) => () => void }
let swap: IntentSource = { intent: () => null, changed: () => () => undefined }
const swapListeners = new Set<() => void>()

/** The words panel gives the request of Swap. Returns how to take it back. */
export function provideSwap(source: IntentSource): () => void {
  swap = source
  const stop = source.changed(() => swapListeners.forEach((tell) => tell()))
  return () => {
    stop()
    swap = { intent: () => null, changed: () => () => undefined }
  }
}

/** Tells when Swap's request has changed. */
export function onSwapChanged(listener: () => void): () => void {
  swapListeners.add(listener)
  return () => swapListeners.delete(listener)
}

/** Whether an intent works on the mask in force. */
export function needsMask(intent: IntentName): boolean {
  return intent === 'fill' || intent === 'remove'
}

/** Remembers a prompt, newest first, each once, at most 200. */
export function rememberPrompt(prompts: readonly string[], prompt: string): string[] {
  const text = prompt.trim()
  return text === '' ? [...prompts] : [text, ...prompts.filter((old) => old !== text)].slice(0, 200)
}
