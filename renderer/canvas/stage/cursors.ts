/** CSS cursors; those that browsers lack are drawn. */
import type { CursorKind } from '../tools/toolTypes.ts'

/** The CSS value of a cursor. */
export function cssCursor(kind: CursorKind): string {
  if (kind === 'pipette') return drawn('<path d="M3 21l1-4L14 7l3 3L7 20zM13 6l2-2a2.1 2.1 0 0 1 3 0l2 2a2.1 2.1 0 0 1 0 3l-2 2z"/>', 3, 21, 'crosshair')
  if (kind === 'rotate') return drawn('<path d="M5 12a7 7 0 1 1 2.5 5.4" fill="none"/><path d="M3.5 7.5L5 13l5-2.5z"/>', 12, 12, 'grab')
  return kind === 'brush' ? 'none' : kind
}

/** White with a dark edge shows on every picture. */
function drawn(path: string, x: number, y: number, otherwise: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24" fill="#fff" stroke="#fff" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"><g stroke="#000" stroke-width="3.5">${path}</g>${path}</svg>`
  return `url("data:image/svg+xml,${encodeURIComponent(svg)}") ${x} ${y}, ${otherwise}`
}
