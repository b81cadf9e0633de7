/** Joins a shape to a mask by one of four modes, in 8-bit grey. */
import type { CombineMode } from '../tools/toolTypes.ts'

/**
 * Mask value after a shape has joined it. add: the larger; subtract: at most what the shape leaves; intersect: the
 * smaller; replace: the shape. These are the engine's own rules, so that a mask does not depend on who joined it.
 */
export function joined(old: number, shape: number, mode: CombineMode): number {
  switch (mode) {
    case 'replace': return shape
    case 'add': return Math.max(old, shape)
    case 'subtract': return Math.min(old, 255 - shape)
    case 'intersect': return Math.min(old, shape)
  }
}

/** Whether tiles outside of the shape change too. */
export function reachesOutside(mode: CombineMode): boolean {
  return mode === 'replace' || mode === 'intersect'
}

/** The mode that held keys ask for: Shift adds, Alt takes away, both intersect. */
export function modeFor(keys: { readonly shift: boolean; readonly alt: boolean }, otherwise: CombineMode): CombineMode {
  if (keys.shift && keys.alt) return 'intersect'
  return keys.shift ? 'add' : keys.alt ? 'subtract' : otherwise
}
