/** The upright box of the mask in force on the screen, CSS pixels inside the canvas. */
import { activeMask, documentStore } from '../../stores/documentStore.ts'
import { canvasPort } from '../../stores/canvasPort.ts'
import { useShallowStore, useStore } from '../../stores/useStore.ts'
import { viewStore } from '../../stores/viewStore.ts'
import { useMemo } from 'react'

/** See the file's head; null without a mask or before the canvas is there. */
export function useMaskOnScreen(): { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number } | null {
  const mask = useStore(documentStore, activeMask)
  const view = useShallowStore(viewStore, ({ seen, zoom, rotation }) => ({ seen, zoom, rotation }))
  return useMemo(() => {
    const port = canvasPort()
    const extent = mask?.extent
    if (!port || !extent || !view.seen) return null
    const [a, b, c, d, e, f] = mask.transform
    const corners = [[0, 0], [1, 0], [0, 1], [1, 1]].map(([right, down]) => {
      const [x, y] = [extent.x + right! * extent.width, extent.y + down! * extent.height]
      return port.toScreen({ x: a * x + c * y + e, y: b * x + d * y + f })
    })
    const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)]
    return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) }
  }, [mask, view])
}
