/** Layers that only the window has: staged results, word paint, scribbles, stand-ins for layers yet to be made. */
import type { LayerView, Plane } from '../../../preload/contract/documents.ts'
import { IDENTITY } from '../geometry/affine.ts'
import { SCRIBBLE_RAMP, WORD_RAMP } from '../overlay/ramps.ts'
import type { LayerNode } from '../tiles/layerTree.ts'

/** The mask's colour where the layer has none. */
export const DEFAULT_MASK_COLOUR = '#ff3b6b'
/** Layers of the window's own have numbers below 0. */
export const STAGED_LAYER = -1
/** What was painted on a word's glow: 127 is neutral. */
export const WORD_LAYER = -2
/** Scribbles of the smart selection: 255 foreground, 0 background, 127 nothing. */
export const SCRIBBLE_LAYER = -3
/** Where a mask layer keeps its values. */
export const MASK_LAYER_PLANE: Plane = 'pixels'
/** Stand-ins for layers that the host has not made yet count down from here. */
export const FIRST_STAND_IN = -10

/** A layer without anything special, for those that are the window's own. */
export const OWN_LAYER: LayerView = {
  id: 0, kind: 'image', name: '', parent: null, position: 0, visible: true, locked: false, opacity: 1, blend: 'normal',
  size: null, extent: null, hasMask: false, transform: IDENTITY, colour: null, operation: null,
}

/** Whether the host has the layer's tiles. */
export function isHosted({ view }: LayerNode): boolean {
  return view.id > 0 || view.id === STAGED_LAYER
}

/** How single bytes of a layer are shown, and what its empty tiles hold. */
export function lookOf(layer: number): { readonly ramp?: Uint32Array; readonly neutral: number } {
  if (layer === WORD_LAYER) return { ramp: WORD_RAMP, neutral: 127 }
  return layer === SCRIBBLE_LAYER ? { ramp: SCRIBBLE_RAMP, neutral: 127 } : { neutral: 0 }
}
