/** The steps of `mask-edit` on planes of grey values: 255 = selected. Every function gives a new plane. */
import { badInput } from '../errors.ts'
import { intersectBoxes, wholeBox, widenBox, type Box } from '../image/geometry.ts'
import { fullMask, maskBounds, resizeMask, windowOf } from '../image/mask.ts'
import { dilate, erode, type Plane } from '../image/morphology.ts'
import type { MaskOperation } from '../requests/document.ts'
import { gaussianBlur } from './boxBlur.ts'
import { TILE_EDGE, tileSamples, type TileFile } from './tileFile.ts'

/** Opens the other mask of a combination. */
export type OpenMask = (file: string) => Promise<Plane>

/**
 * Applies one step.
 * @throws EngineError mask/size (exit 2) when a combined mask has another size, and what `open` throws
 */
export async function applyMaskOperation(mask: Plane, operation: MaskOperation, open: OpenMask): Promise<Plane> {
  switch (operation.op) {
    case 'invert':
      return { ...mask, data: mask.data.map((value) => 255 - value) }
    case 'grow':
      return near(mask, Math.ceil(operation.pixels), (part) => dilate(part, operation.pixels))
    case 'shrink':
      // beyond the picture counts as selected, so only edges inside it move
      return near(mask, 0, (part, whole) => (whole ? erode(part, operation.pixels) : erodeInside(mask, part, operation.pixels)))
    case 'feather':
      // the kernel of three boxes reaches less than three times its deviation
      return near(mask, Math.ceil(1.5 * operation.pixels) + 4, (part) => gaussianBlur(part, operation.pixels / 2))
    case 'threshold':
      return { ...mask, data: mask.data.map((value) => (value >= operation.at ? 255 : 0)) }
    case 'resize':
      return operation.width === mask.width && operation.height === mask.height ? mask : resizeMask(mask, operation)
    case 'combine':
      return combine(mask, await open(operation.mask), operation)
  }
}

function combine(mask: Plane, other: Plane, { how, mask: file }: Extract<MaskOperation, { op: 'combine' }>): Plane {
  if (other.width !== mask.width || other.height !== mask.height) {
    throw badInput('mask/size', { thing: file, expected: `a mask of ${mask.width} x ${mask.height} pixels`, found: `${other.width} x ${other.height}`, todo: 'resize one of them first' })
  }
  const data = new Uint8Array(mask.data.length)
  const [a, b] = [mask.data, other.data]
  for (let i = 0; i < data.length; i++) {
    const [mine, its] = [a[i]!, b[i]!]
    data[i] = how === 'add' ? Math.max(mine, its) : how === 'subtract' ? Math.min(mine, 255 - its) : how === 'intersect' ? Math.min(mine, its) : its
  }
  return { ...mask, data }
}

/**
 * Works on the box around what is not 0, widened by `reach`: a small mask on a large picture costs what it is.
 * Where the box ends inside the picture everything beyond is 0, and the step must leave it 0.
 */
function near(mask: Plane, reach: number, work: (part: Plane, whole: boolean) => Plane): Plane {
  const bounds = maskBounds(mask)
  if (!bounds) return { ...mask, data: mask.data.slice() }
  const box: Box = intersectBoxes(widenBox(bounds, reach), wholeBox(mask))
  if (box.width === mask.width && box.height === mask.height) return work(mask, true)
  const part = work({ width: box.width, height: box.height, data: windowOf(mask, box).data }, false)
  return fullMask({ box, data: part.data }, mask)
}

/** Erosion of a part that has 0 beyond it wherever the picture goes on: one pixel of that 0 is enough. */
function erodeInside(mask: Plane, part: Plane, radius: number): Plane {
  const bounds = maskBounds(mask)!
  const box = intersectBoxes(widenBox(bounds, 1), wholeBox(mask))
  const shrunk = erode({ width: box.width, height: box.height, data: windowOf(mask, box).data }, radius)
  return { width: part.width, height: part.height, data: windowOf({ box, data: shrunk.data }, bounds).data }
}

/** A mask with painted tiles in the place of its values. @throws EngineError tiles/kind (exit 2) */
export function layTiles(mask: Plane, tiles: TileFile): Plane {
  const data = mask.data.slice()
  for (const at of tiles.addresses()) {
    if (at.level !== 0) continue
    const tile = tiles.read(at)!
    if (tile.format !== 'grey8' && tile.format !== 'grey16') throw badInput('tiles/kind', { thing: 'mask tiles', expected: 'tiles of the format grey8 or grey16', found: tile.format, todo: 'please report it' })
    const samples = tileSamples(tile)
    const scale = tile.format === 'grey16' ? 1 / 257 : 1
    const box = intersectBoxes({ x: at.x * TILE_EDGE, y: at.y * TILE_EDGE, width: TILE_EDGE, height: TILE_EDGE }, wholeBox(mask))
    for (let y = box.y; y < box.y + box.height; y++) {
      const from = (y - at.y * TILE_EDGE) * TILE_EDGE + box.x - at.x * TILE_EDGE
      for (let x = 0; x < box.width; x++) data[y * mask.width + box.x + x] = Math.round(samples[from + x]! * scale)
    }
  }
  return { ...mask, data }
}
