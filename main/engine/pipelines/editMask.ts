/** `mask-edit`: a mask through a list of steps. */
import { applyMaskOperation, layTiles } from '../document/maskOperations.ts'
import { TileFile } from '../document/tileFile.ts'
import { maskPlane } from '../document/workingSpace.ts'
import { badInput, throwIfCancelled } from '../errors.ts'
import { openPicture } from '../image/codec.ts'
import { maskBounds } from '../image/mask.ts'
import type { Plane } from '../image/morphology.ts'
import { pictureFromSamples } from '../image/picture.ts'
import { checkOutput, writePicture } from '../image/writePicture.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import type { RunContext } from './context.ts'

/** Edits and writes. @throws EngineError mask/size, tiles/*, what pictures and outputs throw; CancelledError */
export async function editMask(context: RunContext, request: RequestOf<'mask-edit'>): Promise<EngineResult> {
  checkMaskOutput(request.out)
  let mask = await firstMask(request)
  for (const [index, operation] of request.operations.entries()) {
    throwIfCancelled(context.signal)
    await new Promise(setImmediate) // messages and cancellation get their turn
    context.emit({ event: 'progress', phase: operation.op, step: index, steps: request.operations.length })
    mask = await applyMaskOperation(mask, operation, openGrey)
  }
  throwIfCancelled(context.signal)
  return writeMask(mask, request.out)
}

/** A mask file's grey values in 8 bits, none of them rounded to black or white. @throws EngineError as openPicture */
export async function openGrey(file: string): Promise<Plane> {
  const { width, height, samples } = maskPlane(await openPicture(file))
  return { width, height, data: samples instanceof Uint16Array ? Uint8Array.from(samples, (value) => Math.round(value / 257)) : samples }
}

/** @throws EngineError output/format, output/not-writable (exit 2) */
export function checkMaskOutput(out: string): void {
  const format = checkOutput(out)
  if (format !== 'png') throw badInput('output/format', { thing: out, expected: 'a mask that ends in .png', found: format })
}

/** Writes a mask as grey PNG and tells where it is not 0 and how much of the picture it covers (0..1). */
export async function writeMask(mask: Plane, out: string): Promise<EngineResult> {
  const { width, height, data } = mask
  const written = await writePicture(pictureFromSamples(data, { width, height, channels: 1 }), out)
  let sum = 0
  for (const value of data) sum += value
  return { out, width, height, bytes: written.bytes, box: maskBounds(mask), coverage: sum / 255 / data.length }
}

async function firstMask(request: RequestOf<'mask-edit'>): Promise<Plane> {
  const { width, height } = request
  const mask = request.mask === null ? { width, height, data: new Uint8Array(width * height) } : await openGrey(request.mask)
  if (mask.width !== width || mask.height !== height) {
    throw badInput('mask/size', { thing: request.mask ?? 'the mask', expected: `a mask of ${width} x ${height} pixels`, found: `${mask.width} x ${mask.height}`, todo: 'ask with the size of the mask itself and resize it in a step' })
  }
  if (request.maskTiles === null) return mask
  const tiles = TileFile.open(request.maskTiles)
  try {
    return layTiles(mask, tiles)
  } finally {
    tiles.close()
  }
}
