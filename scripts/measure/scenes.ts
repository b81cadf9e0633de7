/** The drawn scenes of papercut-pie: pictures with their captions and the true masks of their objects. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The folder of the benchmark. */
export const benchFolder = path.resolve(import.meta.dirname, '..', '..', 'models', 'bench', 'papercut-pie')

/** An object of a scene. */
export interface SceneObject {
  /** its word in the caption */
  readonly word: string
  /** 1 where it is seen, row-major, of side {@link Scene.maskSize} */
  readonly mask: Uint8Array
}

/** One picture. */
export interface Scene {
  readonly image: string
  readonly caption: string
  readonly objects: readonly SceneObject[]
  readonly maskSize: number
}

interface Entry {
  readonly image_path: string
  readonly edited_image_path: string
  readonly original_prompt: string
  readonly editing_prompt: string
}

/** All 280 pictures: those to edit first, then the true results, both spread over the kinds of edit. */
export function readScenes(): Scene[] {
  const mapping = JSON.parse(readFileSync(path.join(benchFolder, 'mapping_file.json'), 'utf8')) as Record<string, Entry>
  const { size, pictures } = JSON.parse(readFileSync(path.join(benchFolder, 'object_masks.json'), 'utf8')) as { size: number; pictures: Record<string, { cls: string; mask: number[] }[]> }
  const entries = spread(Object.values(mapping))
  const scene = (file: string, caption: string): Scene => ({
    image: path.join(benchFolder, file),
    caption: caption.replace(/[[\]]/g, ''),
    maskSize: size,
    objects: pictures[file]!.map(({ cls, mask }) => ({ word: cls, mask: decodeRuns(mask, size * size) })),
  })
  return [
    ...entries.map((entry) => scene(`annotation_images/${entry.image_path}`, entry.original_prompt)),
    ...entries.map((entry) => scene(`edited_images/${entry.edited_image_path}`, entry.editing_prompt)),
  ]
}

/** Start, length, start, length ... as a mask of `count` pixels. */
export function decodeRuns(runs: readonly number[], count: number): Uint8Array {
  const mask = new Uint8Array(count)
  for (let i = 0; i + 1 < runs.length; i += 2) mask.fill(1, runs[i], runs[i]! + runs[i + 1]!)
  return mask
}

/** The list in golden strides, so that its first few stand for all of it. */
function spread<T>(items: readonly T[]): T[] {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))
  let stride = Math.max(1, Math.round(0.618 * items.length))
  while (gcd(stride, items.length) !== 1) stride += 1
  return items.map((_, i) => items[(i * stride) % items.length]!)
}
