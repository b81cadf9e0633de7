/** What the canvas gives and takes: the port to the host, events, theme, and everything that can be laid over the picture. */
import type { Affine, Box, ChangedTiles, DocumentChange, DocumentView, StrokeTile, TileData, TilePlace, strokeStart } from '../../preload/contract/documents.ts'
import type { z } from 'zod'
import type { ToolId, ToolOptions } from './tools/toolTypes.ts'

/** A stroke's layer, plane and words for the history. */
export type StrokeStart = z.output<typeof strokeStart>
/** A staged result: an operation and which of its pictures. */
export interface StagedResult {
  readonly operation: number
  readonly ordinal: number
}
/** Place of a tile of a staged result, in canvas tiles. */
export type StagedPlace = Pick<TilePlace, 'level' | 'x' | 'y'>

/** The narrow port to the host; the app implements it with `call`. Rejections carry a sentence for the person. */
export interface EditorHost {
  readTiles(tiles: readonly TilePlace[]): Promise<{ readonly tiles: readonly TileData[]; readonly version: number }>
  readStagedTiles(staged: StagedResult, tiles: readonly StagedPlace[]): Promise<readonly (StagedPlace & Pick<TileData, 'bytes'>)[]>
  beginStroke(start: StrokeStart): Promise<{ readonly stroke: number; readonly layer: number }>
  saveStroke(stroke: number, tiles: readonly StrokeTile[]): Promise<void>
  /** one operation of the history; answers with the document after it */
  commitStroke(stroke: number | null, start: StrokeStart, tiles: readonly StrokeTile[]): Promise<DocumentView>
  discardStroke(stroke: number): Promise<void>
  change(change: DocumentChange): Promise<DocumentView>
  /** "#rrggbb" of the document as shown, null where it is transparent */
  pick(x: number, y: number): Promise<string | null>
}

/** Colours and habits, from the app's tokens. Colours are CSS. */
export interface EditorTheme {
  /** around the document */
  readonly surround: string
  /** the two squares of transparency */
  readonly checker: readonly [string, string]
  /** handles, frames, selections */
  readonly accent: string
  /** on `accent` */
  readonly onAccent: string
  /** no inertia, no marching outlines, no easing */
  readonly reducedMotion: boolean
}

/** How masks are shown. */
export interface MaskLook {
  readonly visible: boolean
  /** "#rrggbb"; null: the layer's own colour */
  readonly colour: string | null
  /** 0..1 */
  readonly opacity: number
  /** hatched lines over the colour, so that colour is not the only sign */
  readonly pattern: boolean
  /** a line along the edge */
  readonly outline: boolean
}

/** A word's attention over a box of the canvas: 8-bit grey, row by row. */
export interface AttentionGlow {
  readonly width: number
  readonly height: number
  readonly bytes: Uint8Array
  /** canvas pixels it covers */
  readonly box: Box
}

/** A live preview: RGBA8 over a box of the canvas. */
export interface LivePreview {
  readonly width: number
  readonly height: number
  readonly bytes: Uint8Array
  readonly box: Box
}

/** What is shown in place of the document. `split`: the original on the left of a line at a share of the width. */
export type Comparison = { readonly show: 'document' } | { readonly show: 'original' } | { readonly show: 'split'; readonly at: number } | { readonly show: 'difference' }

/** What a head-up display shows. */
export interface ViewReadout {
  /** device pixels per document pixel; 1 = 100 % */
  readonly zoom: number
  /** degrees, clockwise */
  readonly degrees: number
  /** canvas pixels that are seen, cut to the canvas; null when none is */
  readonly seen: Box | null
  /** the window's corners in canvas pixels, clockwise from the top left; beyond the canvas where it ends */
  readonly corners: readonly { readonly x: number; readonly y: number }[]
  readonly canvas: { readonly width: number; readonly height: number }
}

/** A key or gesture and what it does now, for the hint bar. */
export interface Hint {
  readonly keys: string
  readonly does: string
}

/** The crop or outpaint frame while it is shown. */
export interface FrameReadout {
  readonly box: Box
  /** the picture is turned by this first, degrees */
  readonly degrees: number
}

/** What the canvas tells. */
export type EditorEvent =
  | { readonly type: 'view'; readonly view: ViewReadout }
  | { readonly type: 'tool'; readonly tool: ToolId; readonly options: ToolOptions }
  | { readonly type: 'hints'; readonly hints: readonly Hint[] }
  /** null when the pointer left */
  | { readonly type: 'cursor'; readonly at: { readonly x: number; readonly y: number } | null }
  | { readonly type: 'colour'; readonly colour: string | null }
  | { readonly type: 'stroke'; readonly phase: 'started' | 'saved' | 'committed' | 'discarded'; readonly tool: string }
  /** a stroke could not be stored; it stays on the screen and is tried again after `retryMs` */
  | { readonly type: 'stroke-failed'; readonly message: string; readonly attempt: number; readonly retryMs: number }
  /** the document after something the canvas did; the app keeps it */
  | { readonly type: 'document'; readonly view: DocumentView }
  /** the marquee for copy, canvas pixels */
  | { readonly type: 'selection'; readonly box: Box | null }
  | { readonly type: 'frame'; readonly frame: FrameReadout | null }
  /** painted on a word's glow: 0..255, 127 leaves as it is */
  | { readonly type: 'word-paint'; readonly tiles: readonly StrokeTile[] }
  | { readonly type: 'layer-transform'; readonly layer: number; readonly transform: Affine; readonly done: boolean }
  /** a paint layer was made because a brush needed one; choose it in the panel */
  | { readonly type: 'layer-made'; readonly layer: number }
  /** the line between original and result was dragged: a share of the width */
  | { readonly type: 'split'; readonly at: number }
  /** a sentence for the person: something could not be done */
  | { readonly type: 'notice'; readonly message: string }

/** Counts for the benchmark: work done since the start and what is held. */
export interface EditorStats {
  readonly frames: number
  readonly composedTiles: number
  readonly composedPixels: number
  readonly paintedPixels: number
  readonly tilesRead: number
  readonly tilesEvicted: number
  readonly tileBytes: number
  /** the part of `tileBytes` that are canvases */
  readonly pictureBytes: number
  readonly composedBytes: number
  readonly stageBytes: number
  /** everything wanted is there and painted */
  readonly idle: boolean
}

/** Where the canvas is and what it shows. */
export interface EditorOptions {
  /** an element with a size; the canvas fills it */
  readonly container: HTMLElement
  readonly host: EditorHost
  readonly view: DocumentView
  readonly theme: EditorTheme
  /** name of the canvas for screen readers */
  readonly label?: string
  readonly onEvent: (event: EditorEvent) => void
  /** bytes that layer tiles and composed tiles may hold */
  readonly budget?: { readonly tiles: number; readonly composed: number }
}

export type { Affine, Box, ChangedTiles, DocumentChange, DocumentView, StrokeTile, TileData, TilePlace }
