/** `difference` and `patch`: how two pictures differ, and the part that does as a layer. */
import { alignPictures, changedMask, cropPicture, differencePicture, measureDifference } from '../document/differences.ts'
import { badInput, throwIfCancelled } from '../errors.ts'
import { openPicture } from '../image/codec.ts'
import { sameSpace } from '../image/colour.ts'
import { maskFromPicture } from '../image/mask.ts'
import { pictureFromSamples, type Picture } from '../image/picture.ts'
import { checkOutput, writePicture } from '../image/writePicture.ts'
import { spaceOfPicture } from '../document/workingSpace.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import type { RunContext } from './context.ts'

/** Compares. @throws EngineError difference/size, mask/size, what pictures and outputs throw */
export async function comparePictures(context: RunContext, request: RequestOf<'difference'>): Promise<EngineResult> {
  if (request.out !== undefined) checkOutput(request.out)
  const first = await openPicture(request.a)
  const second = await openPicture(request.b)
  const { a, b, exact } = await alignPictures(first, second)
  const mask = request.mask === undefined ? null : await openMask(request.mask, a)
  throwIfCancelled(context.signal)
  const difference = measureDifference(a, b, mask)
  if (request.out !== undefined) await writePicture(differencePicture(a, b), request.out)
  return { width: a.width, height: a.height, depth: a.depth, samples: a.samples.length, exact, ...difference, ...(request.out === undefined ? {} : { out: request.out }) }
}

async function openMask(file: string, size: { readonly width: number; readonly height: number }): Promise<ReturnType<typeof maskFromPicture>> {
  const mask = maskFromPicture(await openPicture(file))
  if (mask.width !== size.width || mask.height !== size.height) {
    throw badInput('mask/size', { thing: file, expected: `a mask of ${size.width} x ${size.height} pixels`, found: `${mask.width} x ${mask.height}` })
  }
  return mask
}

/**
 * Cuts out what an edit changed: a layer of `out` at the box with the mask `maskOut` over `before` gives `after` back,
 * sample by sample.
 *
 * @throws EngineError patch/layout (exit 2), what pictures and outputs throw
 */
export async function cutPatch(context: RunContext, request: RequestOf<'patch'>): Promise<EngineResult> {
  for (const file of [request.out, request.maskOut]) {
    const format = checkOutput(file)
    if (format !== 'png' && format !== 'tiff') throw badInput('output/format', { thing: file, expected: 'a lossless result that ends in .png or .tif', found: format })
  }
  const before = await openPicture(request.before)
  const after = await openPicture(request.after)
  if (layoutOf(before) !== layoutOf(after) || !sameSpace(spaceOfPicture(before), spaceOfPicture(after))) {
    throw badInput('patch/layout', { thing: request.after, expected: `a picture like ${request.before} (${layoutOf(before)}, the same colour profile)`, found: `${layoutOf(after)}`, todo: 'only an edit of the same picture makes a patch' })
  }
  throwIfCancelled(context.signal)
  const { box, changedPixels, changedSamples } = measureDifference(before, after)
  if (!box) return { box: null, changedPixels: 0, changedSamples: 0 }
  const mask = changedMask(before, after, box)
  await writePicture(cropPicture(after, box), request.out)
  await writePicture(pictureFromSamples(mask.data, { width: box.width, height: box.height, channels: 1 }), request.maskOut)
  return { box, changedPixels, changedSamples, out: request.out, maskOut: request.maskOut, width: box.width, height: box.height, depth: after.depth }
}

function layoutOf({ width, height, channels, depth }: Picture): string {
  return `${width} x ${height} pixels, ${channels} channels of ${depth} bits`
}
