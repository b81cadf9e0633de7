/**
 * Decoding and encoding through libvips (sharp). Samples pass through untouched: no colour conversion, no
 * change of depth; the only thing done on the way in is to turn the picture upright by its EXIF orientation.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import sharp, { type Metadata, type Sharp } from 'sharp'
import { badInput, EngineError, failed } from '../errors.ts'
import { isColourChunk, pngInternationalText, pngTextKeyword } from './containers.ts'
import { buildExif, hasTag, isExif, readDescriptiveFields, stripExifPrefix, type ReadAt } from './exif.ts'
import { FORMAT_NAMES, READABLE, SNIFF_BYTES, sniffFormat, unsupported } from './formats.ts'
import type { Picture, PictureFormat, PictureMetadata, PngChunk, Samples } from './picture.ts'
import { parseRecipe, RECIPE_KEYWORD, type Recipe } from './recipe.ts'
import { recipeOfXmp } from './xmp.ts'

// libvips otherwise keeps up to 50 MB of decoded pictures and one pipeline per core, each with its own buffers
sharp.cache(false)
sharp.concurrency(2)

/** Largest picture opened unless told otherwise; cameras sold as "100 megapixels" have up to 103. */
export const DEFAULT_MAX_PIXELS = 120_000_000

const DNG_VERSION_TAG = 50706
const MAX_KEPT_TEXT = 1 << 20

/** What can be told about a picture without decoding it; sizes are upright. */
export interface PictureHeader {
  readonly path: string
  readonly format: PictureFormat
  readonly width: number
  readonly height: number
  readonly channels: 1 | 2 | 3 | 4
  readonly hasAlpha: boolean
  readonly depth: 8 | 16
  readonly metadata: PictureMetadata
  readonly notes: readonly string[]
}

/** Limits of {@link openPicture}. */
export interface OpenOptions {
  /** pixels; default {@link DEFAULT_MAX_PIXELS} */
  readonly maxPixels?: number
}

/**
 * Opens and decodes a picture: integer samples, upright, in the file's own depth and colour space.
 *
 * @throws EngineError (exit 2) picture/not-found, picture/empty, picture/not-a-picture, picture/unsupported,
 *   picture/damaged, picture/too-large, picture/cmyk, picture/depth
 */
export async function openPicture(file: string, options: OpenOptions = {}): Promise<Picture> {
  const maxPixels = options.maxPixels ?? DEFAULT_MAX_PIXELS
  const header = await readPictureHeader(file, { maxPixels })
  const samples = await decode(file, header, maxPixels)
  return { ...header, samples }
}

/**
 * Reads what a file says about itself; the samples are not decoded, so a truncated file may pass.
 * @throws EngineError as {@link openPicture}
 */
export async function readPictureHeader(file: string, options: OpenOptions = {}): Promise<PictureHeader> {
  const maxPixels = options.maxPixels ?? DEFAULT_MAX_PIXELS
  return withFile(file, async (readAt) => {
    const format = sniffFormat(readAt.upTo(0, SNIFF_BYTES), file)
    if (format === 'tiff' && hasTag(readAt, DNG_VERSION_TAG)) throw unsupported(file, 'a camera RAW file (DNG)')
    const meta = await sharp(file, { limitInputPixels: false, failOn: 'error' }).metadata().catch((error: unknown) => {
      throw damaged(file, format, error)
    })
    const { width: storedWidth, height: storedHeight } = meta
    if (!storedWidth || !storedHeight) throw damaged(file, format)
    const frameHeight = meta.pages && meta.pages > 1 && meta.pageHeight ? meta.pageHeight : storedHeight
    if (storedWidth * frameHeight > maxPixels) {
      const megapixels = (pixels: number): string => (pixels / 1e6).toFixed(1)
      throw badInput('picture/too-large', {
        thing: file,
        expected: `at most ${megapixels(maxPixels)} megapixels`,
        found: `${storedWidth} x ${frameHeight} pixels, ${megapixels(storedWidth * frameHeight)} megapixels`,
        todo: 'scale it down first',
      })
    }
    const layout = layoutOf(file, meta)
    const turned = (meta.orientation ?? 1) >= 5
    return {
      path: file,
      format,
      width: turned ? frameHeight : storedWidth,
      height: turned ? storedWidth : frameHeight,
      ...layout,
      metadata: readMetadata(meta, format, readAt),
      notes: meta.pages && meta.pages > 1 ? [`${file} holds ${meta.pages} frames; only the first is used.`] : [],
    }
  })
}

/**
 * The recipe embedded in a picture, or null when it has none.
 * @throws EngineError as {@link readPictureHeader}
 */
export async function readRecipe(file: string): Promise<Recipe | null> {
  return (await readPictureHeader(file, { maxPixels: Number.MAX_SAFE_INTEGER })).metadata.recipe ?? null
}

/** How samples are to be encoded. */
export interface EncodeOptions {
  readonly format: Exclude<PictureFormat, 'avif'>
  /** JPEG and WebP, 1..100 */
  readonly quality: number
  /** WebP without loss */
  readonly lossless?: boolean
  /** pixels per inch, for TIFF, whose resolution the encoder writes */
  readonly density?: number
}

/**
 * Encodes samples without metadata.
 * @throws EngineError picture/encode when the encoder refuses (a side too long for the format ...)
 */
export async function encodeSamples(samples: Samples, size: { width: number; height: number; channels: 1 | 2 | 3 | 4 }, options: EncodeOptions): Promise<Buffer> {
  const longest = options.format === 'jpeg' ? 65_500 : options.format === 'webp' ? 16_383 : Number.POSITIVE_INFINITY
  if (Math.max(size.width, size.height) > longest) {
    throw badInput('picture/encode', {
      thing: `a result of ${size.width} x ${size.height} pixels`,
      expected: `sides of at most ${longest} pixels, which is what ${FORMAT_NAMES[options.format]} can hold`,
      found: String(Math.max(size.width, size.height)),
      todo: 'write a .png or .tif instead',
    })
  }
  const pipeline = sharp(samples, { raw: size, limitInputPixels: false }).toColourspace(colourspace(size.channels, samples instanceof Uint16Array ? 16 : 8))
  try {
    return await withEncoder(pipeline, size, options).toBuffer()
  } catch (error) {
    throw failed('picture/encode', `The ${FORMAT_NAMES[options.format]} encoder failed on a picture of ${size.width} x ${size.height} pixels.`, error)
  }
}

/** Decodes an encoded picture in memory into samples of the given layout; used to measure what an encoder did. */
export async function decodeBuffer(encoded: Buffer, layout: { channels: 1 | 2 | 3 | 4; depth: 8 | 16 }): Promise<Samples> {
  const pipeline = sharp(encoded, { ignoreIcc: true, limitInputPixels: false, failOn: 'error' })
  return rawSamples(pipeline, layout.channels, layout.depth)
}

function withEncoder(pipeline: Sharp, size: { width: number; height: number }, options: EncodeOptions): Sharp {
  const { quality } = options
  switch (options.format) {
    case 'png':
      // level 3 with adaptive filters packs photographs as tightly as level 6, a fifth faster
      return pipeline.png({ compressionLevel: 3, adaptiveFiltering: true, palette: false })
    case 'jpeg':
      return pipeline.jpeg({ quality, chromaSubsampling: quality >= 90 ? '4:4:4' : '4:2:0', mozjpeg: false })
    case 'webp':
      return pipeline.webp({ quality, lossless: options.lossless ?? false, exact: true, effort: size.width * size.height > 4e6 ? 2 : 4 })
    case 'tiff': {
      const perMillimetre = (options.density ?? 72) / 25.4
      return pipeline.tiff({ compression: 'deflate', predictor: 'horizontal', xres: perMillimetre, yres: perMillimetre })
    }
  }
}

async function decode(file: string, header: PictureHeader, maxPixels: number): Promise<Samples> {
  const pipeline = sharp(file, { ignoreIcc: true, limitInputPixels: maxPixels, failOn: 'error', sequentialRead: true }).autoOrient()
  let samples: Samples
  try {
    samples = await rawSamples(pipeline, header.channels, header.depth)
  } catch (error) {
    throw damaged(file, header.format, error)
  }
  if (samples.length !== header.width * header.height * header.channels) throw damaged(file, header.format)
  return samples
}

async function rawSamples(pipeline: Sharp, channels: 1 | 2 | 3 | 4, depth: 8 | 16): Promise<Samples> {
  // sharp's raw output drops the alpha of 8-bit grey, so that goes the long way round
  const greyAlpha = channels === 2 && depth === 8
  const { data } = await pipeline
    .toColourspace(greyAlpha ? 'srgb' : colourspace(channels, depth))
    .raw({ depth: depth === 8 ? 'uchar' : 'ushort' })
    .toBuffer({ resolveWithObject: true })
  if (greyAlpha) return firstAndAlpha(data)
  if (depth === 8) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return data.byteOffset % 2 === 0 ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : new Uint16Array(data.slice().buffer)
}

function firstAndAlpha(rgba: Uint8Array): Uint8Array {
  const result = new Uint8Array(rgba.length / 2)
  for (let i = 0, at = 0; at < result.length; i += 4, at += 2) {
    result[at] = rgba[i]!
    result[at + 1] = rgba[i + 3]!
  }
  return result
}

function colourspace(channels: 1 | 2 | 3 | 4, depth: 8 | 16): string {
  if (channels <= 2) return depth === 8 ? 'b-w' : 'grey16'
  return depth === 8 ? 'srgb' : 'rgb16'
}

function layoutOf(file: string, meta: Metadata): Pick<PictureHeader, 'channels' | 'hasAlpha' | 'depth'> {
  if (meta.space === 'cmyk') {
    throw badInput('picture/cmyk', { thing: file, expected: 'a picture in RGB or grey', found: 'CMYK (print) colours', todo: 'convert it to RGB first; which profile to use is a decision only you can make' })
  }
  const spaces: Readonly<Record<string, { colours: 1 | 3; depth: 8 | 16 }>> = {
    srgb: { colours: 3, depth: 8 },
    'b-w': { colours: 1, depth: 8 },
    rgb16: { colours: 3, depth: 16 },
    grey16: { colours: 1, depth: 16 },
  }
  const space = spaces[meta.space ?? '']
  const alpha = meta.hasAlpha ? 1 : 0
  if (!space || meta.depth !== (space.depth === 8 ? 'uchar' : 'ushort') || meta.channels !== space.colours + alpha) {
    throw badInput('picture/depth', {
      thing: file,
      expected: 'RGB or grey samples of 8 or 16 bits, with or without alpha',
      found: `${meta.channels ?? '?'} channels of type ${meta.depth ?? '?'} in colour space "${meta.space ?? '?'}"`,
      todo: 'convert it to 8 or 16 bits per channel first',
    })
  }
  return { channels: (space.colours + alpha) as 1 | 2 | 3 | 4, hasAlpha: alpha === 1, depth: space.depth }
}

function readMetadata(meta: Metadata, format: PictureFormat, readAt: FileReader): PictureMetadata {
  const exif = readExif(meta, format, readAt)
  const pngChunks = format === 'png' ? readPngChunks(readAt) : []
  const ours = pngChunks.find((chunk) => chunk.type === 'iTXt' && pngTextKeyword(chunk) === RECIPE_KEYWORD)
  const recipeText = ours ? pngInternationalText(ours) : null
  const recipe = (recipeText === null ? null : parseRecipe(recipeText)) ?? (meta.xmp ? recipeOfXmp(meta.xmp) : null)
  const density = (format === 'jpeg' ? jfifDensity(readAt) : null) ?? meta.density
  const kept = pngChunks.filter((chunk) => isColourChunk(chunk) || ![RECIPE_KEYWORD, 'XML:com.adobe.xmp'].includes(pngTextKeyword(chunk)))
  return {
    ...(meta.icc ? { icc: meta.icc } : {}),
    ...(exif ? { exif } : {}),
    ...(meta.xmp ? { xmp: meta.xmp } : {}),
    ...(meta.iptc && format === 'jpeg' ? { iptc: meta.iptc } : {}),
    ...(kept.length > 0 ? { pngChunks: kept } : {}),
    ...(density ? { density } : {}),
    ...(recipe ? { recipe } : {}),
  }
}

/** Pixels per inch of JFIF's first segment: libvips prefers EXIF, and takes 72 for an EXIF block that says nothing. */
function jfifDensity(readAt: FileReader): number | null {
  const head = readAt(0, 20)
  if (!head || head.toString('latin1', 2, 4) !== '\xff\xe0' || head.toString('latin1', 6, 10) !== 'JFIF') return null
  const unit = [0, 1, 2.54][head[13]!] ?? 0
  return unit > 0 && head.readUInt16BE(14) > 1 ? Math.round(head.readUInt16BE(14) * unit) : null
}

function readExif(meta: Metadata, format: PictureFormat, readAt: FileReader): Buffer | undefined {
  if (meta.exif && isExif(meta.exif)) return stripExifPrefix(meta.exif)
  if (format !== 'tiff') return undefined
  const fields = readDescriptiveFields(readAt)
  return fields.length > 0 ? buildExif(fields) : undefined
}

/** Text and colour chunks of a PNG; chunks after the pixel data are looked at too, pixel data is skipped over. */
function readPngChunks(readAt: FileReader): PngChunk[] {
  const chunks: PngChunk[] = []
  let room = MAX_KEPT_TEXT
  for (let at = 8, visited = 0; visited < 100_000; visited++) {
    const head = readAt(at, 8)
    if (!head) break
    const length = head.readUInt32BE(0)
    const type = head.toString('latin1', 4, 8)
    if (type === 'IEND') break
    if (['tEXt', 'zTXt', 'iTXt', 'gAMA', 'cHRM', 'sRGB', 'cICP'].includes(type) && length <= room) {
      const data = readAt(at + 8, length)
      if (!data) break
      room -= length
      chunks.push({ type, data })
    }
    at += 12 + length
  }
  return [...pngChunksUnique(chunks)]
}

/** Colour chunks may occur once only; texts as often as they like. */
function* pngChunksUnique(chunks: readonly PngChunk[]): Generator<PngChunk> {
  const seen = new Set<string>()
  for (const chunk of chunks) {
    if (isColourChunk(chunk) && seen.has(chunk.type)) continue
    seen.add(chunk.type)
    yield chunk
  }
}

interface FileReader extends ReadAt {
  /** as many of the bytes as there are */
  upTo(offset: number, length: number): Buffer
}

async function withFile<T>(file: string, use: (readAt: FileReader) => Promise<T>): Promise<T> {
  let fd: number
  try {
    fd = openSync(file, 'r')
    if (!fstatSync(fd).isFile()) {
      closeSync(fd)
      throw badInput('picture/not-found', { thing: file, expected: READABLE, found: 'something that is not a file', todo: 'name a picture file' })
    }
  } catch (error) {
    if (error instanceof EngineError) throw error
    const code = (error as NodeJS.ErrnoException).code
    const found = code === 'ENOENT' || code === 'ENOTDIR' ? 'no such file' : code === 'EACCES' || code === 'EPERM' ? 'a file that may not be read' : `a file that could not be opened (${code ?? 'unknown reason'})`
    throw badInput('picture/not-found', { thing: file, expected: READABLE, found, todo: 'check the path', cause: error })
  }
  const upTo = (offset: number, length: number): Buffer => {
    const buffer = Buffer.alloc(length)
    return buffer.subarray(0, readSync(fd, buffer, 0, length, offset))
  }
  const readAt = Object.assign(
    (offset: number, length: number): Buffer | null => {
      if (offset < 0 || length < 0 || length > 64 << 20 || !Number.isSafeInteger(offset)) return null
      const bytes = upTo(offset, length)
      return bytes.length === length ? bytes : null
    },
    { upTo },
  )
  try {
    return await use(readAt)
  } finally {
    closeSync(fd)
  }
}

function damaged(file: string, format: PictureFormat, cause?: unknown): EngineError {
  return badInput('picture/damaged', {
    thing: file,
    expected: `a whole ${FORMAT_NAMES[format]} picture`,
    found: 'one that is truncated or damaged',
    todo: 'copy or download it again',
    ...(cause === undefined ? {} : { cause }),
  })
}

