/**
 * Puts metadata into encoded pictures, byte for byte and in a fixed order, so that the same picture and
 * recipe always give the same file. The encoder writes samples only; everything else is ours.
 *
 * PNG 1.3 and its eXIf/iCCP chunks, JPEG APP1/APP2/APP13 (Exif 2.32, ICC.1 annex B.4), WebP RIFF container,
 * TIFF 6.0 (one more directory at the end of the file).
 */
import { crc32, deflateSync } from 'node:zlib'
import { bytesEntry, EXIF_IFD, readDescriptiveFields, readerOf, serialiseIfd, type IfdEntry } from './exif.ts'
import { RECIPE_KEYWORD, serialiseRecipe, type Recipe } from './recipe.ts'
import type { PngChunk } from './picture.ts'

/** What is put into a file; absent parts are left out. */
export interface EmbeddedMetadata {
  readonly icc?: Uint8Array
  /** TIFF structure without prefix */
  readonly exif?: Uint8Array
  readonly xmp?: Uint8Array
  readonly iptc?: Uint8Array
  readonly pngChunks?: readonly PngChunk[]
  /** pixels per inch */
  readonly density?: number
  readonly recipe?: Recipe
}

/** Pieces of a file in order, and which parts did not fit. */
export interface Embedded {
  readonly pieces: readonly Uint8Array[]
  /** whole sentences about what was left out */
  readonly notes: readonly string[]
}

const XMP_KEYWORD = 'XML:com.adobe.xmp'

/** Iterates over the chunks of a PNG as (type, payload); stops at the first that is cut off. */
export function* pngChunksOf(png: Uint8Array): Generator<PngChunk> {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength)
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    if (at + 12 + length > bytes.length) return
    yield { type: bytes.toString('latin1', at + 4, at + 8), data: bytes.subarray(at + 8, at + 8 + length) }
    at += 12 + length
  }
}

/** Keyword of a tEXt, zTXt or iTXt chunk. */
export function pngTextKeyword(chunk: PngChunk): string {
  const end = chunk.data.indexOf(0)
  return Buffer.from(chunk.data.subarray(0, end < 0 ? Math.min(80, chunk.data.length) : end)).toString('latin1')
}

/** Text of an uncompressed iTXt chunk, or null. */
export function pngInternationalText(chunk: PngChunk): string | null {
  const bytes = Buffer.from(chunk.data)
  const keywordEnd = bytes.indexOf(0)
  if (chunk.type !== 'iTXt' || keywordEnd < 0 || bytes[keywordEnd + 1] !== 0) return null
  const languageEnd = bytes.indexOf(0, keywordEnd + 3)
  const translatedEnd = languageEnd < 0 ? -1 : bytes.indexOf(0, languageEnd + 1)
  return translatedEnd < 0 ? null : bytes.toString('utf8', translatedEnd + 1)
}

/** PNG: chunks before the pixel data in the order IHDR, iCCP, kept chunks, pHYs, eXIf, XMP, recipe. */
export function embedPng(encoded: Uint8Array, metadata: EmbeddedMetadata): Embedded {
  const pieces: Uint8Array[] = [encoded.subarray(0, 8)]
  const chunk = (type: string, data: Uint8Array): void => void pieces.push(...pngChunk(type, data))
  for (const { type, data } of pngChunksOf(encoded)) {
    if (!['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'].includes(type)) continue
    chunk(type, data)
    if (type !== 'IHDR') continue
    if (metadata.icc) chunk('iCCP', Buffer.concat([Buffer.from('icc\0\0', 'latin1'), deflateSync(metadata.icc, { level: 9 })]))
    for (const kept of metadata.pngChunks ?? []) if (!(metadata.icc && isColourChunk(kept))) chunk(kept.type, kept.data)
    if (metadata.density) {
      const perMetre = Buffer.alloc(9)
      perMetre.writeUInt32BE(Math.round(metadata.density / 0.0254), 0)
      perMetre.writeUInt32BE(Math.round(metadata.density / 0.0254), 4)
      perMetre[8] = 1
      chunk('pHYs', perMetre)
    }
    if (metadata.exif) chunk('eXIf', metadata.exif)
    if (metadata.xmp) chunk('iTXt', internationalText(XMP_KEYWORD, metadata.xmp))
    if (metadata.recipe) chunk('iTXt', internationalText(RECIPE_KEYWORD, Buffer.from(serialiseRecipe(metadata.recipe), 'utf8')))
  }
  return { pieces, notes: [] }
}

/** PNG chunks that say what the numbers mean; an ICC profile overrides them. */
export function isColourChunk(chunk: PngChunk): boolean {
  return ['gAMA', 'cHRM', 'sRGB', 'cICP'].includes(chunk.type)
}

/** JPEG: APP1 Exif, APP1 XMP, APP2 ICC in parts, APP13 after JFIF's APP0. */
export function embedJpeg(encoded: Uint8Array, metadata: EmbeddedMetadata): Embedded {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  const notes: string[] = []
  // the encoder writes JFIF's segment only beside other metadata; ours always stands first
  let rest = 2
  while (bytes[rest] === 0xff && bytes[rest + 1] === 0xe0) rest += 2 + bytes.readUInt16BE(rest + 2)
  const density = metadata.density ? clampDensity(metadata.density) : 1
  const jfif = Buffer.from([0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, metadata.density ? 1 : 0, density >> 8, density & 255, density >> 8, density & 255, 0, 0])
  const head: Buffer[] = [Buffer.from([0xff, 0xd8]), jfif]
  const segment = (marker: number, name: string, ...parts: Uint8Array[]): void => {
    const length = parts.reduce((sum, part) => sum + part.length, 2)
    if (length > 65535) {
      notes.push(`The ${name} is too long for a JPEG and was left out.`)
      return
    }
    const start = Buffer.from([0xff, marker, length >> 8, length & 255])
    head.push(start, ...parts.map((part) => Buffer.from(part)))
  }
  if (metadata.exif) segment(0xe1, 'EXIF block', Buffer.from('Exif\0\0', 'latin1'), metadata.exif)
  if (metadata.xmp) segment(0xe1, 'XMP packet', Buffer.from('http://ns.adobe.com/xap/1.0/\0', 'latin1'), metadata.xmp)
  if (metadata.icc) {
    const part = 65519
    const parts = Math.ceil(metadata.icc.length / part)
    if (parts > 255) notes.push('The colour profile is too long for a JPEG and was left out.')
    else {
      for (let i = 0; i < parts; i++) {
        segment(0xe2, 'colour profile', Buffer.from('ICC_PROFILE\0', 'latin1'), Buffer.from([i + 1, parts]), metadata.icc.subarray(i * part, (i + 1) * part))
      }
    }
  }
  if (metadata.iptc) segment(0xed, 'IPTC block', metadata.iptc)
  return { pieces: [...head, encoded.subarray(rest)], notes }
}

/** WebP: the extended header, then ICCP, the picture's own chunks, EXIF, XMP. */
export function embedWebp(encoded: Uint8Array, metadata: EmbeddedMetadata, size: { width: number; height: number; hasAlpha: boolean }): Embedded {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  const body: Uint8Array[] = []
  for (let at = 12; at + 8 <= bytes.length; ) {
    const type = bytes.toString('latin1', at, at + 4)
    const length = bytes.readUInt32LE(at + 4)
    const end = Math.min(at + 8 + length + (length % 2), bytes.length)
    if (['VP8 ', 'VP8L', 'ALPH'].includes(type)) body.push(encoded.subarray(at, end))
    at = end
  }
  const extended = Buffer.alloc(10)
  extended[0] = (metadata.icc ? 0x20 : 0) | (size.hasAlpha ? 0x10 : 0) | (metadata.exif ? 0x08 : 0) | (metadata.xmp ? 0x04 : 0)
  extended.writeUIntLE(size.width - 1, 4, 3)
  extended.writeUIntLE(size.height - 1, 7, 3)
  const pieces = [
    ...riffChunk('VP8X', extended),
    ...(metadata.icc ? riffChunk('ICCP', metadata.icc) : []),
    ...body,
    ...(metadata.exif ? riffChunk('EXIF', metadata.exif) : []),
    ...(metadata.xmp ? riffChunk('XMP ', metadata.xmp) : []),
  ]
  const header = Buffer.alloc(12)
  header.write('RIFF', 0, 'latin1')
  header.writeUInt32LE(pieces.reduce((sum, piece) => sum + piece.length, 4), 4)
  header.write('WEBP', 8, 'latin1')
  return { pieces: [header, ...pieces], notes: [] }
}

/**
 * TIFF: a new first directory at the end of the file holds the encoder's entries and ours (ICC 34675, XMP 700,
 * descriptive fields and the EXIF and GPS directories); the encoder's own directory stays behind, unused.
 */
export function embedTiff(encoded: Uint8Array, metadata: EmbeddedMetadata): Embedded {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  if (bytes.toString('latin1', 0, 4) !== 'II*\0') return { pieces: [encoded], notes: ['The metadata could not be put into this TIFF and was left out.'] }
  const ifdAt = bytes.readUInt32LE(4)
  const count = bytes.readUInt16LE(ifdAt)
  const ours: IfdEntry[] = []
  if (metadata.icc) ours.push(bytesEntry(34675, 7, metadata.icc))
  if (metadata.xmp) ours.push(bytesEntry(700, 1, metadata.xmp))
  if (metadata.exif) ours.push(...readDescriptiveFields(readerOf(metadata.exif)))
  const replaced = new Set([...ours.map((entry) => entry.tag), EXIF_IFD, 34675, 700])
  const kept: IfdEntry[] = []
  for (let i = 0; i < count; i++) {
    const at = ifdAt + 2 + i * 12
    const [tag, type] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)]
    // the four value bytes are either the value or its offset, and both stay true at the end of the file
    if (!replaced.has(tag)) kept.push({ tag, type, count: bytes.readUInt32LE(at + 4), value: bytes.subarray(at + 8, at + 12) })
  }
  const padding = bytes.length % 2
  const base = bytes.length + padding
  const header = Buffer.from(bytes.subarray(0, 8))
  header.writeUInt32LE(base, 4)
  return { pieces: [header, encoded.subarray(8), Buffer.alloc(padding), serialiseIfd([...kept, ...ours], base, 0)], notes: [] }
}

function pngChunk(type: string, data: Uint8Array): Uint8Array[] {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(data.length, 0)
  head.write(type, 4, 'latin1')
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(data, crc32(head.subarray(4))), 0)
  return [head, data, check]
}

function internationalText(keyword: string, text: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${keyword}\0\0\0\0\0`, 'latin1'), text])
}

function riffChunk(type: string, data: Uint8Array): Uint8Array[] {
  const head = Buffer.alloc(8)
  head.write(type, 0, 'latin1')
  head.writeUInt32LE(data.length, 4)
  return [head, data, ...(data.length % 2 ? [Buffer.alloc(1)] : [])]
}

function clampDensity(density: number): number {
  return Math.min(65535, Math.max(1, Math.round(density)))
}
