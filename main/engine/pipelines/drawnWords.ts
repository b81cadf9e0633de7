/** Drawings of where a word is to be: from a picture file to a value per cell of the net's attention maps. */
import { badInput } from '../errors.ts'
import { readPictureHeader } from '../image/codec.ts'
import type { CropPlan, Size } from '../image/cropPlan.ts'
import { cropMask } from '../image/cropStitch.ts'
import { loadMask } from '../image/mask.ts'
import type { MapSize } from '../nets/attentionSite.ts'

/** A drawing for a word as a person names it. */
export interface BiasRequest {
  readonly word: string
  readonly file: string
  /** 1: white is where the word belongs; -1: white is where it does not */
  readonly sign: 1 | -1
}

/**
 * Reads `word=file` (the word belongs there) or `word!=file` (it does not).
 * @throws EngineError swap/form (exit 2)
 */
export function parseBias(text: string): BiasRequest {
  const at = text.indexOf('=')
  const isAway = text[at - 1] === '!'
  const [word, file] = [text.slice(0, isAway ? at - 1 : at).trim(), text.slice(at + 1).trim()]
  if (at > 0 && word !== '' && file !== '') return { word, file, sign: isAway ? -1 : 1 }
  throw badInput('swap/form', { thing: `--bias ${JSON.stringify(text)}`, expected: 'a word, = or !=, and a picture file', found: at > 0 ? 'an empty side' : 'no equals sign', todo: 'write --bias "hat=where.png" or --bias "hat!=where-not.png"' })
}

/**
 * The drawing per size of maps, 0..1 (or 0..-1 for a sign of -1), keyed `HxW`: the mean over what a cell covers.
 * @throws EngineError swap/bias-size (exit 2) when the drawing has another size than the picture
 */
export async function drawnCells({ file, sign }: Pick<BiasRequest, 'file' | 'sign'>, where: { picture: Size; plan: CropPlan | null; sizes: readonly MapSize[] }): Promise<Map<string, Float32Array>> {
  const { picture, plan, sizes } = where
  const header = await readPictureHeader(file)
  if (header.width !== picture.width || header.height !== picture.height) {
    throw badInput('swap/bias-size', {
      thing: file,
      expected: `a drawing of the picture's size, ${picture.width} x ${picture.height}`,
      found: `${header.width} x ${header.height}`,
      todo: 'draw it on a copy of the picture',
    })
  }
  const mask = await loadMask(file, picture)
  const window = { box: { x: 0, y: 0, width: mask.width, height: mask.height }, data: mask.data }
  const box = plan?.box ?? window.box
  const cells = new Map<string, Float32Array>()
  for (const [height, width] of sizes) {
    const plane = cropMask(window, picture, box, { width, height })
    cells.set(`${height}x${width}`, Float32Array.from(plane.data, (value) => (sign * value) / 255))
  }
  return cells
}
