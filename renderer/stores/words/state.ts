/** What the words panel knows: the description as chips, where its words look, how well the picture can be given back. */
import type { InversionResult, SamplingOptions, Intent } from '../../../preload/contract/edits.ts'
import type { StrokeTile } from '../../../preload/contract/documents.ts'
import type { JobProgress } from '../awaitJob.ts'
import type { Chip } from './chips.ts'
import type { MapPlace, WordMap } from './maps.ts'

type SwapIntent = Extract<Intent, { intent: 'swap' }>

/** A document, by the ids of the session. */
export interface DocumentRef {
  readonly project: string
  readonly document: number
}

/** How a swap is run; what the panel's sliders and choices set. */
export interface SwapOptions extends Pick<SwapIntent, 'method' | 'inversion' | 'align' | 'cross' | 'self' | 'localBlend'> {
  /** keep the edit to the mask in force */
  readonly confine: boolean
}

/** The options as they start: the contract's defaults. */
export const SWAP_DEFAULTS: SwapOptions = { method: 'p2p', inversion: 'auto', align: 'refine', cross: 0.4, self: 0.6, localBlend: true, confine: false }

/** Where words look in the picture as it was when they were asked for. */
export interface Maps {
  readonly set: string
  readonly places: ReadonlyMap<number, MapPlace>
  /** maps read so far, by index */
  readonly read: ReadonlyMap<number, WordMap>
}

/** What is laid over the picture: a word's place softly, the mask it would become, or the error of the inversion. */
export type Glow = { readonly kind: 'glow' | 'mask'; readonly map: WordMap; readonly word: string } | { readonly kind: 'error'; readonly media: string }

/** A painted wish: tiles at full size, 127 or 128 = no wish, above more, below less. */
export type WordPaint = ReadonlyMap<string, StrokeTile>

/** See the head of this file. */
export interface WordsState {
  readonly document: DocumentRef | null
  /** sampling that the edit panel has set; part of what an inversion is kept under */
  readonly sampling: SamplingOptions
  readonly description: string
  readonly from: 'recipe' | 'probe' | 'typed' | 'none'
  /** what the host has to say about where the description comes from */
  readonly note: string
  /** the step of the history that has words for the picture: when it is another one, so is the description. Undefined: not asked yet */
  readonly source: number | null | undefined
  readonly chips: readonly Chip[]
  /** a target that the person wrote instead of the chips' */
  readonly outright: string | null
  readonly options: SwapOptions
  /** being asked for: the words of a description, or the description itself */
  readonly reading: boolean
  /** the sentence of what went wrong last; null when nothing did */
  readonly problem: string | null
  /** asks once more what went wrong last */
  readonly again: (() => Promise<void>) | null
  readonly maps: Maps | null
  readonly looking: JobProgress | null
  /** the chip whose place is shown, and whether as a mask; null shows none */
  readonly shown: { readonly chip: number; readonly asMask: boolean } | null
  readonly threshold: number
  readonly fidelity: InversionResult | null
  /** what a swap of this picture has measured on its way: the figure without a map */
  readonly measured: Pick<InversionResult, 'faithful' | 'psnr'> | null
  readonly ready: boolean
  readonly predictedSeconds: number | null
  readonly inverting: JobProgress | null
  readonly errorShown: boolean
  readonly paint: ReadonlyMap<string, WordPaint>
  /** the word that the canvas's word brush paints for; null when it is put away */
  readonly painting: { readonly word: string; readonly sign: 'plus' | 'minus' } | null
}

/** A state without a document. */
export const NO_WORDS: WordsState = {
  document: null, sampling: {}, description: '', from: 'none', note: '', source: undefined, chips: [], outright: null, options: SWAP_DEFAULTS, reading: false, problem: null, again: null,
  maps: null, looking: null, shown: null, threshold: 0.4, fidelity: null, measured: null, ready: false, predictedSeconds: null, inverting: null, errorShown: false,
  paint: new Map(), painting: null,
}

/** What no longer holds when the picture or its description has changed. */
export const FORGOTTEN = {
  maps: null, shown: null, fidelity: null, measured: null, ready: false, predictedSeconds: null, errorShown: false, looking: null, inverting: null, problem: null, again: null,
} as const satisfies Partial<WordsState>
