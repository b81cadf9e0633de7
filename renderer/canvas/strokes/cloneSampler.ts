/** Reads pixels of the document as shown, for the clone brush: full-size composed tiles, each read once per stroke. */
import { TILE_EDGE } from '../../../preload/contract/documents.ts'
import type { Scene } from '../stage/scene.ts'
import type { SamplePixels } from './inks.ts'

/** A sampler for one stroke: tiles stay as they were when first read, so that a stroke never clones itself. */
export function cloneSampler(scene: Scene): SamplePixels {
  const tiles = new Map<string, Uint8ClampedArray>()
  const { width, height } = scene.document.canvas
  return (x, y) => {
    if (x < 0 || y < 0 || x >= width || y >= height) return null
    const [column, row] = [Math.floor(x / TILE_EDGE), Math.floor(y / TILE_EDGE)]
    const key = `${column}/${row}`
    let pixels = tiles.get(key)
    if (!pixels) {
      pixels = scene.composed.fresh(0, column, row).context.getImageData(0, 0, TILE_EDGE, TILE_EDGE).data
      tiles.set(key, pixels)
    }
    const at = ((y - row * TILE_EDGE) * TILE_EDGE + x - column * TILE_EDGE) * 4
    return [pixels[at], pixels[at + 1], pixels[at + 2], pixels[at + 3]]
  }
}
