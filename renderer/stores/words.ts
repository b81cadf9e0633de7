/** The store of the words panel: the description as chips, and what the host knows of it. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { DocumentView } from '../../preload/contract/documents.ts'
import type { SamplingOptions } from '../../preload/contract/edits.ts'
import { call, on } from '../api/client.ts'
import type { Api } from './awaitJob.ts'
import { cancelAsked, checkReady, createAsking, describePicture, followHistory, invertPicture, learnWords, lookAtWords, makeMask, readShownMap, takeDescription } from './words/asking.ts'
import { type Chip, add, remove, restore, restoreAll, stepWeight, typeOver, weigh } from './words/chips.ts'
import { targetText } from './words/intent.ts'
import { type DocumentRef, FORGOTTEN, NO_WORDS, type SwapOptions, type WordPaint, type WordsState } from './words/state.ts'

/** Inversions that take longer are not started unasked. */
const IDLE_INVERSION_SECONDS = 60

/** What a person can do with words. */
export interface WordsActions {
  /** shows another document, or none; what was known of the last one is dropped */
  open(document: DocumentRef | null): void
  /** the picture has changed: maps and inversion belong to the one before */
  pictureChanged(): void
  setSampling(sampling: SamplingOptions): Promise<void>
  /** asks the host for a description */
  describe(): Promise<void>
  /** takes a description that was typed, and cuts it into chips */
  setDescription(text: string): Promise<void>
  typeOver(chip: number, text: string): Promise<void>
  remove(chip: number): void
  restore(chip: number): void
  restoreAll(): void
  add(text: string): Promise<void>
  weigh(chip: number, weight: number): void
  stepWeight(chip: number, notches: number): void
  setOutright(text: string | null): void
  setOptions(change: Partial<SwapOptions>): void
  /** shows where a chip's word looks; looks first when that is not known */
  show(chip: number | null, asMask?: boolean): Promise<void>
  setThreshold(threshold: number): void
  /** looks where the words are */
  look(): Promise<void>
  /** makes the shown word's place a mask */
  makeMask(view: Pick<DocumentView, 'head' | 'activeMask'>, mode: 'replace' | 'add' | 'subtract' | 'intersect'): Promise<void>
  invert(method?: string): Promise<void>
  /** asks the host once more what is ready and what getting ready would take */
  checkReady(): Promise<void>
  /** a swap was run: the picture's noise is known now, and how well it comes back */
  swapped(measured: WordsState['measured']): void
  /** inverts unasked, when that is worth it and quick */
  invertWhenIdle(): Promise<void>
  cancel(): Promise<void>
  toggleError(shown?: boolean): void
  setPainting(painting: WordsState['painting']): void
  setPaint(word: string, paint: WordPaint): void
}

/** The words store. */
export type WordsStore = StoreApi<WordsState & WordsActions>

type Set = StoreApi<WordsState & WordsActions>['setState']
type Get = () => WordsState

/** Creates the store. It does nothing until `open` tells it of a document. */
export function createWordsStore(api: Api): WordsStore {
  return createStore<WordsState & WordsActions>()((set, get) => {
    const asking = createAsking(api, get, set)
    return {
      ...NO_WORDS,
      ...chipActions(set, get, () => learnWords(asking)),
      open(document) {
        const before = get().document
        if (before?.project === document?.project && before?.document === document?.document) return
        asking.renew()
        set({ ...NO_WORDS, document, options: get().options, sampling: get().sampling })
      },
      pictureChanged() {
        asking.renew()
        set(FORGOTTEN)
        void followHistory(asking)
      },
      async setSampling(sampling) {
        const before = get().sampling
        if (JSON.stringify(sampling) === JSON.stringify(before)) return
        set({ sampling })
        if (sampling.model !== before.model) await takeDescription(asking, get().description, get().from, get().note)
        else await checkReady(asking)
      },
      describe: () => describePicture(asking),
      setDescription: (text) => takeDescription(asking, text, text.trim() === '' ? 'none' : 'typed', ''),
      async show(chip, asMask = false) {
        set({ shown: chip === null ? null : { chip, asMask } })
        await readShownMap(asking)
      },
      setThreshold: (threshold) => set({ threshold: Math.min(0.99, Math.max(0.01, threshold)) }),
      look: () => lookAtWords(asking),
      makeMask: (view, mode) => makeMask(asking, view, mode),
      invert: (method = get().options.inversion) => invertPicture(asking, method),
      checkReady: () => checkReady(asking),
      swapped(measured) {
        set({ measured })
        void checkReady(asking)
      },
      async invertWhenIdle() {
        const { ready, predictedSeconds, looking, problem, reading } = get()
        if (ready || looking || reading || problem !== null || predictedSeconds === null || predictedSeconds > IDLE_INVERSION_SECONDS) return
        await invertPicture(asking, get().options.inversion)
      },
      cancel: () => cancelAsked(asking),
      toggleError: (shown = !get().errorShown) => set({ errorShown: shown && get().fidelity !== null }),
      setPainting: (painting) => set({ painting }),
      setPaint: (word, tiles) => set(({ paint }) => ({ paint: new Map(paint).set(word, tiles) })),
    }
  })
}

/** Changes of the chips themselves. Touching a chip takes the place of a target that was written outright. */
function chipActions(set: Set, get: Get, learn: () => Promise<void>) {
  const change = (edit: (chips: readonly Chip[]) => Chip[]): void => set(({ chips }) => ({ chips: edit(chips), outright: null }))
  return {
    async typeOver(chip: number, text: string) {
      change((chips) => typeOver(chips, chip, text))
      await learn()
    },
    async add(text: string) {
      change((chips) => add(chips, text))
      await learn()
    },
    remove: (chip: number) => change((chips) => remove(chips, chip)),
    restore: (chip: number) => change((chips) => restore(chips, chip)),
    restoreAll: () => change(restoreAll),
    weigh: (chip: number, weight: number) => set(({ chips }) => ({ chips: weigh(chips, chip, weight) })),
    stepWeight: (id: number, notches: number) => set(({ chips }) => ({ chips: weigh(chips, id, stepWeight(chips.find((chip) => chip.id === id)?.weight ?? 1, notches)) })),
    setOutright: (text: string | null) => set({ outright: text === null || text === targetText({ chips: get().chips, outright: null }) ? null : text }),
    setOptions: (chosen: Partial<SwapOptions>) => set(({ options }) => ({ options: { ...options, ...chosen } })),
  } satisfies Partial<WordsActions>
}

/** The window's words store. */
export const wordsStore = createWordsStore({ call, on })
