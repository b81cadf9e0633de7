/**
 * What the rest of the window asks of the canvas. The canvas is made once the window has a place for it; until then, and in
 * tests, the port is empty and what needs it does nothing.
 */
import type { Box, StrokeTile } from '../../preload/contract/documents.ts'
import type { AttentionGlow, EditorStats } from '../canvas/editorTypes.ts'

/** The canvas as the window sees it. */
export interface CanvasPort {
  fit(): void
  /** device pixels per picture pixel, 1 = 100 % */
  zoomTo(zoom: number): void
  /** to the next stop in the direction of the factor */
  zoomBy(factor: number): void
  resetRotation(): void
  /** puts a place of the picture into the middle */
  lookAt(at: { readonly x: number; readonly y: number }): void
  /** Gives a key to the tool in hand; true when it was used. */
  key(event: KeyboardEvent): boolean
  /** Resolves when every stroke is stored: before undo, runs and closing. */
  settled(): Promise<void>
  setSelection(box: Box | null): void
  /** A word's attention over the picture; opacity 0..1. */
  setGlow(glow: AttentionGlow | null, opacity?: number): void
  setWordPaint(tiles: readonly StrokeTile[] | null): void
  /** CSS pixels from the canvas' corner */
  toScreen(at: { readonly x: number; readonly y: number }): { readonly x: number; readonly y: number }
  focus(): void
  stats(): EditorStats
}

let current: CanvasPort | null = null

/** The canvas, or null before it is there. */
export function canvasPort(): CanvasPort | null {
  return current
}

/** Tells the window about the canvas; null when it goes away. */
export function setCanvasPort(port: CanvasPort | null): void {
  current = port
}

/** Resolves when every stroke is stored; at once without a canvas. */
export async function strokesStored(): Promise<void> {
  await current?.settled()
}
