/** How the picture is looked at; nothing here changes it. The canvas tells zoom and pointer, the rest tells the canvas. */
import { createStore } from 'zustand/vanilla'
import type { Box, StrokeTile } from '../../preload/contract/documents.ts'
import type { Hint } from '../canvas/editorTypes.ts'

/** See {@link viewStore}. Zoom 1 = one picture pixel is one device pixel; rotation in degrees; pointer and boxes in picture pixels. */
export type ViewState = {
  readonly zoom: number
  readonly rotation: number
  /** what of the picture is on the screen */
  readonly seen: Box | null
  /** the window's corners, clockwise from the top left; none before the canvas is there */
  readonly corners: readonly { readonly x: number; readonly y: number }[]
  readonly pointer: { readonly x: number; readonly y: number } | null
  readonly hints: readonly Hint[]
  /** the mask's overlay is drawn */
  readonly overlay: boolean
  /** only its outline */
  readonly outline: boolean
  /** \ is held: the picture as it was opened */
  readonly original: boolean
  readonly compare: 'none' | 'split' | 'difference'
  /** where the split is, share of the canvas' width */
  readonly split: number
  /** the hand is drawing: what floats over the canvas keeps out of the way */
  readonly drawing: boolean
  /** the frame tool's box, null when it is not in use */
  readonly frame: Box | null
  /** the marquee for copying */
  readonly selection: Box | null
  /** who wants to know what was painted on a word's glow */
  readonly onWordPaint: ((tiles: readonly StrokeTile[]) => void) | null
}

/** The view. */
export const viewStore = createStore<ViewState>(() => ({
  zoom: 1, rotation: 0, seen: null, corners: [], pointer: null, hints: [], overlay: true, outline: false, original: false, compare: 'none', split: 0.5, drawing: false, frame: null, selection: null, onWordPaint: null,
}))
