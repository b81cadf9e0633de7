/** Where the picture that a run tells of lies on the canvas. */
import type { Box } from '../../../preload/contract/documents.ts'
import type { LivePreview } from '../../canvas/editorTypes.ts'
import type { JobPreview } from '../../stores/jobsStore.ts'

/**
 * A run's preview as the canvas draws it. Models work on whole cells, so that a preview may reach over the canvas' right and
 * lower edge: that part is cut off. Only where the picture grows is it to be seen.
 * @param grows the run makes the canvas larger
 * @returns null when nothing of it lies on the canvas
 */
export function placedPreview({ width, height, rgba, box }: Pick<JobPreview, 'width' | 'height' | 'rgba' | 'box'>, canvas: { readonly width: number; readonly height: number }, grows: boolean): LivePreview | null {
  const place = box ?? { x: 0, y: 0, ...canvas }
  if (grows) return { width, height, bytes: rgba, box: place }
  const part = pixelsWithin(place, { width, height }, canvas)
  if (part.width <= 0 || part.height <= 0) return null
  const [across, down] = [place.width / width, place.height / height]
  const kept = { x: place.x + part.x * across, y: place.y + part.y * down, width: part.width * across, height: part.height * down }
  return { width: part.width, height: part.height, bytes: cut(rgba, width, part), box: kept }
}

/** The preview's own pixels whose middle lies on the canvas. */
function pixelsWithin(place: Box, size: { readonly width: number; readonly height: number }, canvas: { readonly width: number; readonly height: number }): Box {
  const range = (from: number, length: number, count: number, room: number): readonly [number, number] => {
    const first = Math.max(0, Math.ceil((-from / length) * count - 0.5))
    const end = Math.min(count, Math.ceil(((room - from) / length) * count - 0.5))
    return [first, end - first]
  }
  const [x, width] = range(place.x, place.width, size.width, canvas.width)
  const [y, height] = range(place.y, place.height, size.height, canvas.height)
  return { x, y, width, height }
}

function cut(rgba: Uint8Array, width: number, part: Box): Uint8Array {
  if (part.x === 0 && part.width === width) return rgba.subarray(4 * width * part.y, 4 * width * (part.y + part.height))
  const kept = new Uint8Array(4 * part.width * part.height)
  for (let row = 0; row < part.height; row++) {
    const start = 4 * ((part.y + row) * width + part.x)
    kept.set(rgba.subarray(start, start + 4 * part.width), 4 * row * part.width)
  }
  return kept
}
