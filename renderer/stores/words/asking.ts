/** What the words store asks the host. Every question belongs to a round: an answer to an older round is dropped. */
import { type DocumentView } from '../../../preload/contract/documents.ts'
import { attentionResult, inversionResult, type SamplingOptions } from '../../../preload/contract/edits.ts'
import { type Api, awaitJob, type JobProgress, sentenceOf } from '../awaitJob.ts'
import { bare, chipsOf, knowing } from './chips.ts'
import { mapPlaces, whereOf } from './maps.ts'
import { type DocumentRef, FORGOTTEN, type WordsState } from './state.ts'

/** The store as its questions see it. */
export interface Asking {
  readonly api: Api
  readonly get: () => WordsState
  readonly set: (change: Partial<WordsState>) => void
  /** begins a new round: what was asked before no longer counts */
  readonly renew: () => void
  /** runs a question; its sentence of failure is kept while it still counts */
  readonly ask: (work: (counts: () => boolean) => Promise<void>) => Promise<void>
}

const QUEUED: JobProgress = { job: '', state: 'queued', phase: '', step: 0, steps: 0, etaSeconds: null }

/** Rounds over a store. */
export function createAsking(api: Api, get: Asking['get'], set: Asking['set']): Asking {
  let round = 0
  const ask: Asking['ask'] = async (work) => {
    const mine = round
    const counts = (): boolean => mine === round
    const again = (): Promise<void> => {
      set({ problem: null, again: null })
      return ask(work)
    }
    try {
      await work(counts)
    } catch (error) {
      if (counts()) set({ problem: sentenceOf(error), again })
    }
  }
  return { api, get, set, ask, renew: () => { round += 1 } }
}

/** What host questions about the description are asked with. */
function described({ document, description, sampling }: WordsState): DocumentRef & { description: string; model?: string; sampling: SamplingOptions } {
  return { ...document!, description: description.trim(), ...modelOf(sampling), sampling }
}

function modelOf({ model }: SamplingOptions): { model?: string } {
  return model === undefined ? {} : { model }
}

function hasDescription({ document, description }: WordsState): boolean {
  return document !== null && description.trim() !== ''
}

/** Takes a description, cuts it into chips, and asks what is ready for it. */
export async function takeDescription(asking: Asking, description: string, from: WordsState['from'], note: string): Promise<void> {
  const { api, get, set, ask, renew } = asking
  renew()
  set({ ...FORGOTTEN, description, from, note, outright: null, chips: [], reading: description.trim() !== '', paint: new Map(), painting: null })
  await ask(async (counts) => {
    if (description.trim() === '') return
    try {
      const { chips, lost } = await api.call('words.chips', { text: description.trim(), ...modelOf(get().sampling) })
      if (counts()) set({ chips: chipsOf(chips, lost) })
    } finally {
      if (counts()) set({ reading: false })
    }
  })
  await checkReady(asking)
}

/** Asks the host to describe the picture: in the words of its history, else, or when those are shown, as the model sees it. */
export function describePicture(asking: Asking): Promise<void> {
  const { api, get, set, ask } = asking
  return ask(async (counts) => {
    const { document, sampling, from } = get()
    if (!document) return
    set({ reading: true, problem: null })
    const look = from === 'recipe' ? 'always' : 'needed'
    const answer = await api.call('words.describe', { ...document, ...modelOf(sampling), look }).finally(() => { if (counts()) set({ reading: false }) })
    if (!counts()) return
    set({ source: answer.source })
    if (answer.text === null) set({ from: get().description === '' ? 'none' : get().from, note: answer.note })
    else await takeDescription(asking, answer.text, answer.from, answer.note)
  })
}

/**
 * Goes with the history: a swap that is kept makes its target the description, an undone one brings the old words back.
 * Steps that have no words leave the description, and what is being changed in it, as it is.
 */
export function followHistory(asking: Asking): Promise<void> {
  const { api, get, set, ask } = asking
  return ask(async (counts) => {
    const { document, reading, description, from, note, source } = get()
    if (!document) return
    if (reading && description === '') return describePicture(asking) // the answer to the question before is about another picture
    const told = await api.call('words.describe', { ...document, look: 'never' })
    if (!counts()) return
    set({ source: told.source })
    const isKept = told.source === source || (source === undefined && description !== '') // what a person typed meanwhile stays
    if (!isKept) return takeDescription(asking, told.text ?? '', told.from, told.note)
    return reading ? takeDescription(asking, description, from, note) : checkReady(asking)
  })
}

/** Asks whether the model knows what was typed over or added. */
export function learnWords({ api, get, set, ask }: Asking): Promise<void> {
  return ask(async (counts) => {
    const { chips, sampling } = get()
    const text = chips.filter(({ known }) => known === null).map((chip) => chip.text).join(' ')
    if (text.trim() === '' || chips.every(({ sourceKnown }) => sourceKnown === null)) return // the model lists no vocabulary
    const { chips: told } = await api.call('words.chips', { text, ...modelOf(sampling) })
    if (counts()) set({ chips: knowing(get().chips, new Map(told.map(({ word, known }) => [bare(word), known]))) })
  })
}

/** Asks whether an edit would start at once, and how well the picture comes back. Nobody asked for it: a failure is no word worth. */
export function checkReady({ api, get, set, ask }: Asking): Promise<void> {
  return ask(async (counts) => {
    if (!hasDescription(get())) return
    const told = await api.call('words.ready', described(get())).catch(() => null)
    if (told && counts()) set({ ready: told.ready, fidelity: told.fidelity, predictedSeconds: told.predictedSeconds })
  })
}

/** Looks where the words are. */
export function lookAtWords(asking: Asking): Promise<void> {
  const { api, get, set, ask } = asking
  return ask(async (counts) => {
    if (!hasDescription(get()) || get().looking) return
    set({ problem: null, looking: QUEUED })
    const found = await awaitJob(api, () => api.call('words.attention', described(get())), { result: attentionResult, onProgress: (looking) => { if (counts()) set({ looking }) } })
      .finally(() => { if (counts()) set({ looking: null }) })
    if (!counts() || !found) return
    set({ maps: { set: found.maps, places: mapPlaces(get().chips, found.words), read: new Map() } })
    await readShownMap(asking)
    await checkReady(asking) // looking inverts on its way
  })
}

/** Reads the shown chip's map, once. */
export function readShownMap({ api, get, set, ask }: Asking): Promise<void> {
  return ask(async (counts) => {
    const { maps, shown } = get()
    const place = shown && maps?.places.get(shown.chip)
    if (!place || maps!.read.has(place.index)) return
    const map = await api.call('words.map', { maps: maps!.set, index: place.index })
    const now = get().maps
    if (counts() && now?.set === maps!.set) set({ maps: { ...now, read: new Map(now.read).set(place.index, map) } })
  })
}

/** Makes the shown word's place a mask, at the threshold that is seen. */
export function makeMask({ api, get, set, ask }: Asking, view: Pick<DocumentView, 'head' | 'activeMask'>, mode: 'replace' | 'add' | 'subtract' | 'intersect'): Promise<void> {
  return ask(async () => {
    const { document, maps, shown, threshold } = get()
    const place = shown && maps?.places.get(shown.chip)
    if (!document || !place) return
    set({ problem: null })
    const source = { from: 'attention' as const, maps: maps!.set, where: whereOf(place.word, threshold) }
    await api.call('document.change', { ...document, base: view.head, change: { change: 'mask.select', layer: view.activeMask, source, mode } })
    set({ shown: null })
  })
}

/** Inverts the picture, so that an edit can start at once, and measures how well it comes back. */
export function invertPicture({ api, get, set, ask }: Asking, method: string): Promise<void> {
  return ask(async (counts) => {
    if (!hasDescription(get()) || get().inverting) return
    set({ problem: null, inverting: QUEUED })
    const fidelity = await awaitJob(api, () => api.call('words.invert', { ...described(get()), method }), { result: inversionResult, onProgress: (inverting) => { if (counts()) set({ inverting }) } })
      .finally(() => { if (counts()) set({ inverting: null }) })
    if (counts() && fidelity) set({ fidelity, ready: true })
  })
}

/** Cancels what runs for the panel. */
export function cancelAsked({ api, get, ask }: Asking): Promise<void> {
  return ask(async () => {
    for (const running of [get().looking, get().inverting]) if (running && running.job !== '') await api.call('jobs.cancel', { job: running.job })
  })
}
