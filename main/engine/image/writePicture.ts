/** Writes results: samples, profile, EXIF, XMP and recipe, whole or not at all, and proves what was written. */
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import { badInput, EngineError, failed } from '../errors.ts'
import { decodeBuffer, encodeSamples } from './codec.ts'
import { greyToSrgb } from './colour.ts'
import { embedJpeg, embedPng, embedTiff, embedWebp, isColourChunk, type Embedded, type EmbeddedMetadata } from './containers.ts'
import { uprightExif } from './exif.ts'
import { FORMAT_NAMES } from './formats.ts'
import { profileFits } from './iccProfile.ts'
import { colourChannels, type Picture, type PictureFormat, type Samples } from './picture.ts'
import type { Recipe } from './recipe.ts'
import { compareSamples, type SampleDifference } from './verify.ts'
import { buildXmp } from './xmp.ts'

/** Formats that can be written. */
export type WritableFormat = Exclude<PictureFormat, 'avif'>

/** File extensions and what they mean. */
export const OUTPUT_EXTENSIONS: Readonly<Record<string, WritableFormat>> = {
  '.png': 'png', '.jpg': 'jpeg', '.jpeg': 'jpeg', '.webp': 'webp', '.tif': 'tiff', '.tiff': 'tiff',
}

/** Options of {@link writePicture}. */
export interface WriteOptions {
  /** default: by the extension of the file */
  readonly format?: WritableFormat
  /** JPEG and WebP, 1..100; default 92 */
  readonly quality?: number
  /** WebP without loss; default false */
  readonly lossless?: boolean
  /** embedded when given; an older recipe of the picture is never carried along */
  readonly recipe?: Recipe
}

/** What was written. */
export interface WrittenPicture {
  readonly path: string
  readonly format: WritableFormat
  readonly bytes: number
  /** whether the format keeps every sample */
  readonly lossless: boolean
  /** decoded file against the samples handed to the encoder; changed = 0 for lossless formats, or writing fails */
  readonly codec: SampleDifference
  /** what the format could not hold, whole sentences */
  readonly notes: readonly string[]
}

/**
 * The format that a file name asks for.
 * @throws EngineError output/format when the extension is not one of {@link OUTPUT_EXTENSIONS}
 */
export function outputFormat(file: string): WritableFormat {
  const extension = path.extname(file).toLowerCase()
  const format = OUTPUT_EXTENSIONS[extension]
  if (!format) {
    throw badInput('output/format', {
      thing: file,
      expected: `a name that ends in ${Object.keys(OUTPUT_EXTENSIONS).join(', ')}`,
      found: extension ? `"${extension}"` : 'no extension',
    })
  }
  return format
}

/**
 * Checks, before any long work, that a result can be written to `file`.
 * @param format where the name does not tell
 * @throws EngineError output/format, output/not-writable
 */
export function checkOutput(file: string, format: WritableFormat = outputFormat(file)): WritableFormat {
  const folder = path.dirname(path.resolve(file))
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw badInput('output/not-writable', { thing: file, expected: 'a file in a folder that exists', found: `no folder ${folder}`, todo: 'make the folder first' })
  }
  if (existsSync(file) && !statSync(file).isFile()) {
    throw badInput('output/not-writable', { thing: file, expected: 'a file to write', found: 'a folder of that name', todo: 'choose another name' })
  }
  const temporary = temporaryName(file)
  try {
    closeSync(openSync(temporary, 'wx'))
    rmSync(temporary)
  } catch (error) {
    throw notWritable(file, error)
  }
  return format
}

/**
 * Encodes a picture with its metadata and writes it: to a temporary name in the same folder, synced, renamed.
 * The encoded bytes are decoded again and compared before anything is written.
 *
 * @throws EngineError output/format, output/not-writable (exit 2), picture/encode (exit 1 or 2),
 *   output/not-lossless when a lossless format did not keep every sample (nothing is written)
 */
export async function writePicture(picture: Picture, file: string, options: WriteOptions = {}): Promise<WrittenPicture> {
  const { format, pieces, lossless, codec, notes } = await encodePicture(picture, { ...options, format: options.format ?? outputFormat(file) })
  writeAtomically(file, pieces)
  return { path: file, format, bytes: pieces.reduce((sum, piece) => sum + piece.length, 0), lossless, codec, notes }
}

/** A picture as the bytes of a file, in pieces; see {@link writePicture}. */
export async function encodePicture(
  picture: Picture,
  options: WriteOptions & { readonly format: WritableFormat },
): Promise<{ format: WritableFormat; pieces: readonly Uint8Array[]; lossless: boolean; codec: SampleDifference; notes: readonly string[] }> {
  const { format } = options
  const notes: string[] = []
  const prepared = prepareSamples(picture, format, notes)
  const encoded = await encodeSamples(prepared.samples, { width: picture.width, height: picture.height, channels: prepared.channels }, {
    format,
    quality: options.quality ?? 92,
    lossless: options.lossless ?? false,
    ...(picture.metadata.density ? { density: picture.metadata.density } : {}),
  })
  const depth = prepared.samples instanceof Uint16Array ? 16 : 8
  const codec = compareSamples(prepared.samples, await decodeBuffer(encoded, { channels: prepared.channels, depth }))
  const lossless = format === 'png' || format === 'tiff' || (format === 'webp' && options.lossless === true)
  if (lossless && codec.changed > 0) {
    throw failed('output/not-lossless', `The ${FORMAT_NAMES[format]} encoder changed ${codec.changed} samples of a lossless result; nothing was written, please report it.`)
  }
  const embedded = embed(encoded, picture, { ...options, format, channels: prepared.channels }, prepared.profile, notes)
  return { format, pieces: embedded.pieces, lossless, codec, notes: [...notes, ...embedded.notes] }
}

/**
 * Writes a file whole or not at all.
 * @throws EngineError output/not-writable (exit 2)
 */
export function writeAtomically(file: string, pieces: readonly Uint8Array[]): void {
  const temporary = temporaryName(file)
  let fd: number | null = null
  try {
    fd = openSync(temporary, 'wx')
    for (const piece of pieces) for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at, piece.length - at)
    fsyncSync(fd)
    closeSync(fd)
    fd = null
    renameSync(temporary, file)
  } catch (error) {
    if (fd !== null) closeSync(fd)
    rmSync(temporary, { force: true })
    throw notWritable(file, error)
  }
}

interface Prepared {
  readonly samples: Samples
  readonly channels: 1 | 2 | 3 | 4
  /** false when the samples left the picture's own colour space */
  readonly profile: boolean
}

/** Fits the samples to what the format can hold; every loss is told. */
function prepareSamples(picture: Picture, format: WritableFormat, notes: string[]): Prepared {
  let { samples } = picture
  let channels: 1 | 2 | 3 | 4 = picture.channels
  let profile = true
  const name = FORMAT_NAMES[format]
  if ((format === 'jpeg' || format === 'webp') && picture.depth === 16) {
    samples = toEightBit(samples)
    notes.push(`${name} holds 8 bits per sample: the 16-bit samples were rounded.`)
  }
  if (format === 'jpeg' && picture.hasAlpha) {
    const { flat, transparent } = flattenOnWhite(samples, channels)
    samples = flat
    channels = (channels - 1) as 1 | 3
    if (transparent) notes.push('JPEG holds no transparency: transparent parts were put on white.')
  }
  if (format === 'webp' && colourChannels(picture) === 1) {
    samples = greyToRgb(samples, channels as 1 | 2, picture.metadata.icc)
    channels = (channels + 2) as 3 | 4
    profile = false
  }
  return { samples, channels, profile }
}

function embed(
  encoded: Buffer,
  picture: Picture,
  options: WriteOptions & { readonly format: WritableFormat; readonly channels: 1 | 2 | 3 | 4 },
  keepProfile: boolean,
  notes: string[],
): Embedded {
  const source = picture.metadata
  const exif = source.exif ? uprightExif(source.exif, picture) : undefined
  if (exif === null) notes.push('The EXIF block of the source is damaged and was left out.')
  const xmp = buildXmp(source.xmp, options.format === 'png' ? undefined : options.recipe)
  if (xmp.sourceLost) notes.push('The XMP packet of the source has an unusual form and was left out.')
  const metadata: EmbeddedMetadata = {
    ...(source.icc && keepProfile && profileFits(source.icc, options.channels) ? { icc: source.icc } : {}),
    ...(exif ? { exif } : {}),
    ...(xmp.packet ? { xmp: xmp.packet } : {}),
    ...(source.iptc ? { iptc: source.iptc } : {}),
    ...(source.pngChunks ? { pngChunks: source.pngChunks.filter((chunk) => keepProfile || !isColourChunk(chunk)) } : {}),
    ...(source.density ? { density: source.density } : {}),
    ...(options.recipe ? { recipe: options.recipe } : {}),
  }
  switch (options.format) {
    case 'png':
      return embedPng(encoded, metadata)
    case 'jpeg':
      return embedJpeg(encoded, metadata)
    case 'webp':
      return embedWebp(encoded, metadata, { width: picture.width, height: picture.height, hasAlpha: options.channels === 4 })
    case 'tiff':
      return embedTiff(encoded, metadata)
  }
}

function toEightBit(samples: Samples): Uint8Array {
  const result = new Uint8Array(samples.length)
  // 65535 = 255 * 257, so this is the nearest 8-bit value
  for (let i = 0; i < result.length; i++) result[i] = Math.round(samples[i]! / 257)
  return result
}

function flattenOnWhite(samples: Samples, channels: 1 | 2 | 3 | 4): { flat: Samples; transparent: boolean } {
  const colours = channels - 1
  const pixels = samples.length / channels
  const top = samples instanceof Uint16Array ? 65535 : 255
  const flat = samples instanceof Uint16Array ? new Uint16Array(pixels * colours) : new Uint8Array(pixels * colours)
  let transparent = false
  for (let i = 0; i < pixels; i++) {
    const alpha = samples[i * channels + colours]!
    if (alpha < top) transparent = true
    for (let c = 0; c < colours; c++) {
      const value = samples[i * channels + c]!
      flat[i * colours + c] = alpha === top ? value : Math.round((value * alpha + top * (top - alpha)) / top)
    }
  }
  return { flat, transparent }
}

function greyToRgb(samples: Samples, channels: 1 | 2, icc: Uint8Array | undefined): Uint8Array {
  const curve = greyToSrgb(icc)
  const pixels = samples.length / channels
  const wide = channels + 2
  const result = new Uint8Array(pixels * wide)
  const table = Uint8Array.from({ length: 256 }, (_, value) => Math.round(255 * curve(value / 255)))
  for (let i = 0; i < pixels; i++) {
    result.fill(table[samples[i * channels]!]!, i * wide, i * wide + 3)
    if (channels === 2) result[i * wide + 3] = samples[i * channels + 1]!
  }
  return result
}

function temporaryName(file: string): string {
  return path.join(path.dirname(path.resolve(file)), `.palimpsest-${process.pid}-${randomBytes(6).toString('hex')}.tmp`)
}

function notWritable(file: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason'
  const found: Readonly<Record<string, string>> = {
    ENOSPC: 'a full disk', EDQUOT: 'a full disk quota', EACCES: 'one that may not be written', EPERM: 'one that may not be written', EROFS: 'a read-only disk',
    ENOENT: 'a folder that does not exist', ENOTDIR: 'a folder that does not exist', EISDIR: 'a folder of that name', ENAMETOOLONG: 'a name that is too long',
  }
  return badInput('output/not-writable', {
    thing: file,
    expected: 'a place where the result can be written',
    found: found[code] ?? `one that cannot be written (${code})`,
    todo: 'choose another name or folder; nothing was written',
    cause: error,
  })
}
