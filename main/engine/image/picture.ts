/**
 * A picture in memory: integer samples in the file's own depth and colour space, upright, with the metadata
 * that travels to the result. Only crops ever become floating point.
 */
import { failed } from '../errors.ts'
import type { Recipe } from './recipe.ts'

/** Container formats that can be opened; all but `avif` can be written. */
export type PictureFormat = 'png' | 'jpeg' | 'webp' | 'tiff' | 'avif'

/** Interleaved samples, row by row; 16-bit samples use the whole range 0..65535. */
export type Samples = Uint8Array | Uint16Array

/** What a file says besides its samples. Absent means the file does not have it. */
export interface PictureMetadata {
  /** ICC profile, verbatim */
  readonly icc?: Uint8Array
  /** EXIF as a TIFF structure that begins with `II` or `MM` (no `Exif\0\0` prefix), verbatim */
  readonly exif?: Uint8Array
  /** XMP packet, UTF-8, verbatim */
  readonly xmp?: Uint8Array
  /** payload of JPEG's APP13 segment (IPTC), verbatim; only written to JPEG */
  readonly iptc?: Uint8Array
  /** PNG chunks carried to a PNG result as they are: texts, gamma, chromaticities */
  readonly pngChunks?: readonly PngChunk[]
  /** pixels per inch */
  readonly density?: number
  /** recipe embedded by an earlier edit */
  readonly recipe?: Recipe
}

/** One PNG chunk: four-letter type and payload. */
export interface PngChunk {
  readonly type: string
  readonly data: Uint8Array
}

/** A decoded picture. `samples` belongs to the picture: write to it only through the functions of this folder. */
export interface Picture {
  /** file it came from, for messages; empty for one made in memory */
  readonly path: string
  readonly format: PictureFormat
  readonly width: number
  readonly height: number
  /** 1 grey, 2 grey+alpha, 3 RGB, 4 RGBA */
  readonly channels: 1 | 2 | 3 | 4
  readonly hasAlpha: boolean
  /** bits per sample in memory */
  readonly depth: 8 | 16
  readonly samples: Samples
  readonly metadata: PictureMetadata
  /** things worth telling the person: several frames of which one is used, ... whole sentences */
  readonly notes: readonly string[]
}

/** Largest sample value of a depth. */
export function maxSample(depth: 8 | 16): 255 | 65535 {
  return depth === 8 ? 255 : 65535
}

/** Colour channels without alpha: 1 or 3. */
export function colourChannels(picture: Pick<Picture, 'channels'>): 1 | 3 {
  return picture.channels <= 2 ? 1 : 3
}

/** A fresh sample buffer of the right type, zeroed. */
export function allocateSamples(depth: 8 | 16, length: number): Samples {
  return depth === 8 ? new Uint8Array(length) : new Uint16Array(length)
}

/**
 * Makes a picture from samples in memory (borrowed).
 * @throws EngineError picture/samples when the number or type of samples does not fit.
 */
export function pictureFromSamples(
  samples: Samples,
  size: { width: number; height: number; channels: 1 | 2 | 3 | 4 },
  rest: Partial<Pick<Picture, 'path' | 'format' | 'metadata' | 'notes'>> = {},
): Picture {
  const { width, height, channels } = size
  if (samples.length !== width * height * channels) {
    throw failed('picture/samples', `Expected ${width * height * channels} samples for ${width}x${height}x${channels} but received ${samples.length}.`)
  }
  return {
    path: rest.path ?? '',
    format: rest.format ?? 'png',
    width,
    height,
    channels,
    hasAlpha: channels === 2 || channels === 4,
    depth: samples instanceof Uint16Array ? 16 : 8,
    samples,
    metadata: rest.metadata ?? {},
    notes: rest.notes ?? [],
  }
}

/** A copy whose samples can be changed without touching the original; metadata is shared. */
export function copyPicture(picture: Picture): Picture {
  return { ...picture, samples: picture.samples.slice() }
}
