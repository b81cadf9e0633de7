/**
 * The space a document is composed in: the base picture's own profile. Pictures already in it keep their samples;
 * others are converted once, strip by strip, to 16 bits.
 */
import { convertPlanes, sameSpace, type ColourSpace, type PlaneConverter } from '../image/colour.ts'
import { colourChannels, maxSample, type Picture, type Samples } from '../image/picture.ts'
import type { SamplePlane } from './sampleStore.ts'
import { tileSamples, type TilePixels } from './tileFile.ts'

/** sRGB without a profile: what painted tiles and backgrounds are in. */
export const SRGB_SPACE: ColourSpace = { colours: 3, icc: undefined }

/** Rows that are converted at a time, so that a large picture never becomes floating point as a whole. */
const STRIP_ROWS = 128

/** The space a picture's samples are in. */
export function spaceOfPicture(picture: Pick<Picture, 'channels' | 'metadata'>): ColourSpace {
  return { colours: colourChannels(picture), icc: picture.metadata.icc }
}

/** Interleaved samples of some rows, and how many channels they have. */
export interface RowSamples {
  readonly samples: Samples
  readonly channels: number
}

/** Reads rows of a picture in a space: views of its own samples when it is in it already, else 16-bit copies. Alpha is kept. */
export function rowsInSpace(picture: Picture, space: ColourSpace): (y: number, rows: number) => Promise<RowSamples> {
  const own = spaceOfPicture(picture)
  const { width, channels, samples } = picture
  const cut = (y: number, rows: number): Samples => samples.subarray(y * width * channels, (y + rows) * width * channels)
  if (sameSpace(own, space)) return async (y, rows) => ({ samples: cut(y, rows), channels })
  const convert = convertPlanes(own, space)
  const wide = space.colours + (picture.hasAlpha ? 1 : 0)
  const top = maxSample(picture.depth)
  return async (y, rows) => ({
    samples: await convertInterleaved(cut(y, rows), convert, { channels, from: own.colours, to: space.colours, size: { width, height: rows }, top }),
    channels: wide,
  })
}

/** A picture's samples in the space; its own array when it is in it already, else 16-bit samples. Alpha is kept. */
export async function toSpace(picture: Picture, space: ColourSpace): Promise<SamplePlane> {
  const { width, height, channels, samples } = picture
  if (sameSpace(spaceOfPicture(picture), space)) return { width, height, channels, samples }
  const rowsAt = rowsInSpace(picture, space)
  const wide = space.colours + (picture.hasAlpha ? 1 : 0)
  const result = new Uint16Array(width * height * wide)
  for (let y = 0; y < height; y += STRIP_ROWS) result.set((await rowsAt(y, Math.min(STRIP_ROWS, height - y))).samples, y * width * wide)
  return { width, height, channels: wide, samples: result }
}

interface Interleaved {
  readonly channels: number
  readonly from: 1 | 3
  readonly to: 1 | 3
  readonly size: { readonly width: number; readonly height: number }
  readonly top: number
}

/** Interleaved samples through a converter, to 16 bits; a channel after the colours is alpha and passes through. */
async function convertInterleaved(samples: Samples, convert: PlaneConverter, { channels, from, to, size, top }: Interleaved): Promise<Uint16Array> {
  const pixels = size.width * size.height
  const planes = new Float32Array(pixels * from)
  for (let i = 0; i < pixels; i++) for (let c = 0; c < from; c++) planes[c * pixels + i] = samples[i * channels + c]! / top
  const converted = await convert(planes, size)
  const alpha = channels > from
  const wide = to + (alpha ? 1 : 0)
  const result = new Uint16Array(pixels * wide)
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < to; c++) result[i * wide + c] = Math.round(65535 * Math.min(1, Math.max(0, converted[c * pixels + i]!)))
    if (alpha) result[i * wide + to] = Math.round((samples[i * channels + from]! / top) * 65535)
  }
  return result
}

/** Samples of a painted tile in the space, with alpha: 2 or 4 channels. */
export interface ConvertedTile {
  readonly samples: Samples
  readonly channels: 2 | 4
}

/** Converts painted tiles (sRGB, straight alpha) into a space; the tables are made once. */
export function tileConverter(space: ColourSpace, edge: number): (tile: TilePixels) => Promise<ConvertedTile> {
  const convert = sameSpace(SRGB_SPACE, space) ? null : convertPlanes(SRGB_SPACE, space)
  return async (tile) => {
    const samples = tileSamples(tile)
    if (!convert) return { samples, channels: 4 }
    const layout = { channels: 4, from: 3 as const, to: space.colours, size: { width: edge, height: edge }, top: samples instanceof Uint16Array ? 65535 : 255 }
    return { samples: await convertInterleaved(samples, convert, layout), channels: space.colours === 1 ? 2 : 4 }
  }
}

/** The grey plane that a mask picture shows, at its own depth: grey as it is, Rec. 601 luma of RGB; alpha is ignored. */
export function maskPlane(picture: Picture): SamplePlane {
  const { width, height, channels, samples, depth } = picture
  if (channels === 1) return { width, height, channels: 1, samples }
  const result = depth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height)
  for (let i = 0, at = 0; i < result.length; i++, at += channels) {
    result[i] = channels === 2 ? samples[at]! : Math.round(0.299 * samples[at]! + 0.587 * samples[at + 1]! + 0.114 * samples[at + 2]!)
  }
  return { width, height, channels: 1, samples: result }
}
