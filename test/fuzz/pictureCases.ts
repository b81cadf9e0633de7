/**
 * One fuzz case: a small picture or mask is damaged and then used as a person would use it, up to the encoded
 * result in memory. Runs in a process of its own (picturesChild.ts), so that a crash or a hang is seen from outside.
 */
import fs from 'node:fs'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import { EngineError } from '../../main/engine/errors.ts'
import { openPicture } from '../../main/engine/image/codec.ts'
import { embedJpeg, embedPng, embedTiff, embedWebp } from '../../main/engine/image/containers.ts'
import { planCrop } from '../../main/engine/image/cropPlan.ts'
import { cropPixels, stitch } from '../../main/engine/image/cropStitch.ts'
import { editMasks, loadMask, type Mask } from '../../main/engine/image/mask.ts'
import { countChangedOutside } from '../../main/engine/image/verify.ts'
import { encodePicture, type WritableFormat } from '../../main/engine/image/writePicture.ts'
import { ADOBE_RGB, exifBlock, greyProfile, noisePicture, rgbProfile, tableProfile } from '../support/pictures.ts'
import type { CaseResult } from './checkpointCases.ts'
import { Chooser, mutateBytes } from './mutations.ts'

/** Size of every template; masks must fit it. */
const SIZE = { width: 48, height: 40 }
/** No damaged header may make the decoder take more than this. */
const MAX_PIXELS = 4_000_000

const TEXT = Buffer.from('<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta>')

/** The undamaged pictures by file name; each is accepted as it is. */
export async function pictureTemplates(): Promise<ReadonlyMap<string, Buffer>> {
  const templates = new Map<string, Buffer>()
  const metadata = { exif: exifBlock(6), icc: rgbProfile(ADOBE_RGB), xmp: TEXT, recipe: { prompt: 'x', seed: 1 } }
  const add = (name: string, pieces: readonly Uint8Array[]): void => void templates.set(name, Buffer.concat(pieces))
  const raw = (channels: 1 | 2 | 3 | 4, depth: 8 | 16): Sharp => {
    const picture = noisePicture({ ...SIZE, channels, depth }, channels + depth)
    const space = channels <= 2 ? (depth === 8 ? 'b-w' : 'grey16') : depth === 8 ? 'srgb' : 'rgb16'
    return sharp(picture.samples, { raw: { ...SIZE, channels } }).toColourspace(space)
  }
  add('rgb.png', embedPng(await raw(3, 8).png().toBuffer(), metadata).pieces)
  add('deep.png', embedPng(await raw(4, 16).png({ progressive: true }).toBuffer(), { icc: tableProfile() }).pieces)
  add('grey.png', embedPng(await raw(2, 8).png().toBuffer(), { icc: greyProfile(2.2) }).pieces)
  add('palette.png', [await raw(3, 8).png({ palette: true, colours: 16 }).toBuffer()])
  add('photo.jpg', embedJpeg(await raw(3, 8).jpeg({ quality: 80 }).toBuffer(), metadata).pieces)
  add('progressive.jpg', embedJpeg(await raw(1, 8).jpeg({ progressive: true }).toBuffer(), { exif: exifBlock(3) }).pieces)
  add('lossy.webp', embedWebp(await raw(4, 8).webp().toBuffer(), metadata, { ...SIZE, hasAlpha: true }).pieces)
  add('lossless.webp', [await raw(3, 8).webp({ lossless: true }).toBuffer()])
  add('deflate.tif', embedTiff(await raw(3, 16).tiff({ compression: 'deflate', predictor: 'horizontal' }).toBuffer(), metadata).pieces)
  add('tiled.tif', [await raw(1, 8).tiff({ compression: 'lzw', tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer()])
  add('film.avif', [await raw(3, 8).avif({ quality: 40, effort: 0 }).toBuffer()])
  return templates
}

/** Damages bytes; in a PNG the checksums are made right again three times in four, else nothing behind them is reached. */
function damage(name: string, bytes: Buffer, choose: Chooser): Buffer {
  let damaged = Buffer.from(bytes)
  for (let n = 1 + choose.below(3); n > 0 && damaged.length > 16; n--) damaged = Buffer.from(choose.below(3) === 0 ? mutateNumber(damaged, choose) : mutateBytes(damaged, choose))
  return name.endsWith('.png') && choose.below(4) > 0 ? mendChecksums(damaged) : damaged
}

/** Puts an extreme number where a length, an offset or a size may stand, in either byte order. */
function mutateNumber(bytes: Buffer, choose: Chooser): Buffer {
  const changed = Buffer.from(bytes)
  const at = choose.below(Math.max(1, Math.min(changed.length - 4, choose.below(2) === 0 ? 300 : changed.length)))
  const value = choose.of([0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 40_000, changed.length, changed.length - at])
  const length = choose.of([1, 2, 4])
  const kept = length === 4 ? value : value % 2 ** (8 * length)
  if (choose.below(2) === 0) changed.writeUIntBE(kept, at, length)
  else changed.writeUIntLE(kept, at, length)
  return changed
}

function mendChecksums(png: Buffer): Buffer {
  for (let at = 8; at + 12 <= png.length; ) {
    const length = png.readUInt32BE(at)
    if (at + 12 + length > png.length) break
    png.writeUInt32BE(crc32(png.subarray(at + 4, at + 8 + length)), at + 8 + length)
    at += 12 + length
  }
  return png
}

/** Runs one case; `scratch` is an empty folder of its own. */
export async function runPictureCase(seed: number, number: number, templates: ReadonlyMap<string, Buffer>, scratch: string): Promise<CaseResult> {
  const choose = new Chooser(seed * 1_000_003 + number)
  const name = choose.of([...templates.keys()])
  const asMask = choose.below(3) === 0
  const file = path.join(scratch, name)
  fs.writeFileSync(file, damage(name, templates.get(name)!, choose))
  const detail = `${name} as a ${asMask ? 'mask' : 'picture'}`
  try {
    const accepted = asMask ? await useMask(file, choose) : await usePicture(file, choose)
    if (accepted) return { number, outcome: 'failed', detail: `${detail}: ${accepted}` }
    return fault(scratch, name, number, detail) ?? { number, outcome: 'accepted', detail }
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error)
    const proper = error instanceof EngineError && error.exitCode === 2 && sentence.startsWith(file) && !sentence.includes('\n') && sentence.endsWith('.')
    if (!proper) return { number, outcome: 'failed', detail: `${detail}: ${error instanceof Error ? error.stack : sentence}` }
    return fault(scratch, name, number, detail) ?? { number, outcome: 'refused', detail: `${detail}: ${sentence}` }
  } finally {
    fs.rmSync(file, { force: true })
  }
}

/** A file that must not be there, as a failed case. */
function fault(scratch: string, name: string, number: number, detail: string): CaseResult | null {
  const left = fs.readdirSync(scratch).filter((entry) => entry !== name)
  return left.length > 0 ? { number, outcome: 'failed', detail: `${detail}: left ${left.join(', ')}` } : null
}

/** Edits the picture and encodes the result; returns what is wrong with it. */
async function usePicture(file: string, choose: Chooser): Promise<string | null> {
  const picture = await openPicture(file, { maxPixels: MAX_PIXELS })
  const mask: Mask = { width: picture.width, height: picture.height, data: new Uint8Array(picture.width * picture.height) }
  mask.data.fill(255, Math.floor(mask.data.length / 3), Math.floor(mask.data.length / 3) + Math.min(12, picture.width))
  const masks = editMasks(mask, { grow: 2, feather: 3, ring: 4 })
  if (!masks) return null
  const plan = planCrop(masks, picture, { modelSize: 64 })
  const pixels = await cropPixels(picture, plan.box, plan.model)
  if (!pixels.data.every(Number.isFinite)) return 'the crop holds numbers that are not finite'
  const { picture: result } = await stitch(picture, plan, masks, { data: pixels.data.map((value) => -value), dims: pixels.dims })
  if (countChangedOutside(picture, result, masks.blend) !== 0) return 'samples outside the mask changed'
  await encodePicture(result, { format: choose.of<WritableFormat>(['png', 'jpeg', 'webp', 'tiff']), recipe: { seed: 1 } })
  return null
}

async function useMask(file: string, choose: Chooser): Promise<string | null> {
  const mask = await loadMask(file, SIZE, { maxPixels: MAX_PIXELS, resize: choose.below(2) === 0 })
  if (mask.width !== SIZE.width || mask.height !== SIZE.height) return 'the mask has another size'
  editMasks(mask, { grow: choose.below(5), feather: choose.below(9), ring: choose.below(9) })
  return null
}
