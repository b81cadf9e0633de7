/** Tells picture formats by their first bytes, so that nothing but the five formats we support reaches a decoder. */
import path from 'node:path'
import { badInput, type EngineError } from '../errors.ts'
import type { PictureFormat } from './picture.ts'

/** Bytes {@link sniffFormat} wants to see, at most. */
export const SNIFF_BYTES = 4096

/** How the formats are written in sentences. */
export const FORMAT_NAMES: Readonly<Record<PictureFormat, string>> = { png: 'PNG', jpeg: 'JPEG', webp: 'WebP', tiff: 'TIFF', avif: 'AVIF' }

/** What can be opened, as a noun phrase for messages. */
export const READABLE = 'a PNG, JPEG, WebP, TIFF or AVIF picture'

const CONVERT = 'save it as PNG, JPEG or TIFF in the program it comes from and open that'
const RAW_EXTENSIONS = new Set(['.3fr', '.arw', '.cr2', '.cr3', '.crw', '.dng', '.erf', '.iiq', '.kdc', '.mef', '.mos', '.mrw', '.nef', '.nrw', '.orf', '.pef', '.raf', '.raw', '.rw2', '.rwl', '.sr2', '.srf', '.srw', '.x3f'])
const AVIF_BRANDS = new Set(['avif', 'avis'])
const HEIC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1'])

/** Magic bytes of formats that are known by name and not opened. */
const OTHERS: readonly { readonly magic: string; readonly at?: number; readonly name: string }[] = [
  { magic: '8BPS', name: 'a Photoshop document (PSD)' },
  { magic: 'GIF8', name: 'a GIF' },
  { magic: 'BM', name: 'a BMP' },
  { magic: '%PDF', name: 'a PDF' },
  { magic: 'PK\x03\x04', name: 'a ZIP archive' },
  { magic: '\x00\x00\x01\x00', name: 'a Windows icon' },
  { magic: '\xff\x0a', name: 'a JPEG XL picture' },
  { magic: '\x00\x00\x00\x0cJXL ', name: 'a JPEG XL picture' },
  { magic: '\x00\x00\x00\x0cjP  ', name: 'a JPEG 2000 picture' },
  { magic: '\xff\x4f\xff\x51', name: 'a JPEG 2000 picture' },
  { magic: '\x76\x2f\x31\x01', name: 'an OpenEXR picture' },
  { magic: '#?RADIANCE', name: 'a Radiance HDR picture' },
  { magic: 'gimp xcf', name: 'a GIMP document (XCF)' },
  { magic: 'FUJIFILMCCD-RAW', name: 'a camera RAW file' },
  { magic: 'IIRO', name: 'a camera RAW file' },
  { magic: 'IIRS', name: 'a camera RAW file' },
  { magic: 'IIU\x00', name: 'a camera RAW file' },
  { magic: 'FOVb', name: 'a camera RAW file' },
  { magic: 'HEAPCCDR', at: 6, name: 'a camera RAW file' },
  { magic: 'CR\x02', at: 8, name: 'a camera RAW file' },
]

/**
 * The format of a file from its first bytes (and, for camera RAW in TIFF clothes, its extension).
 *
 * @param head the first {@link SNIFF_BYTES} bytes, or all of a shorter file
 * @throws EngineError picture/empty, picture/unsupported (known format that is not opened),
 *   picture/not-a-picture
 */
export function sniffFormat(head: Uint8Array, file: string): PictureFormat {
  if (head.length === 0) {
    throw badInput('picture/empty', { thing: file, expected: READABLE, found: 'an empty file', todo: 'copy or download it again' })
  }
  const text = (at: number, length: number): string => Buffer.from(head.subarray(at, at + length)).toString('latin1')
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'png'
  if (text(0, 3) === '\xff\xd8\xff') return 'jpeg'
  if (text(0, 4) === 'RIFF' && text(8, 4) === 'WEBP') return 'webp'
  for (const other of OTHERS) {
    if (text(other.at ?? 0, other.magic.length) === other.magic) throw unsupported(file, other.name)
  }
  if (['II*\x00', 'MM\x00*', 'II+\x00', 'MM\x00+'].includes(text(0, 4))) {
    if (RAW_EXTENSIONS.has(path.extname(file).toLowerCase())) throw unsupported(file, 'a camera RAW file')
    return 'tiff'
  }
  if (text(4, 4) === 'ftyp') return isoBrand(head, file)
  throw badInput('picture/not-a-picture', { thing: file, expected: READABLE, found: 'something that is not a picture', todo: 'check that the right file was chosen' })
}

/** The error for a format that is recognised and not opened. */
export function unsupported(file: string, name: string): EngineError {
  return badInput('picture/unsupported', { thing: file, expected: READABLE, found: name, todo: CONVERT })
}

/** ISO base media files: the brands tell AVIF from HEIC, Canon RAW and films. */
function isoBrand(head: Uint8Array, file: string): PictureFormat {
  const view = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  const end = Math.min(view.length >= 4 ? view.readUInt32BE(0) : 0, view.length)
  const brands: string[] = []
  for (let at = 8; at + 4 <= end; at += 4) if (at !== 12) brands.push(view.toString('latin1', at, at + 4))
  if (brands.some((brand) => AVIF_BRANDS.has(brand))) return 'avif'
  if (brands.some((brand) => HEIC_BRANDS.has(brand))) throw unsupported(file, 'a HEIC picture')
  if (brands[0] === 'crx ') throw unsupported(file, 'a camera RAW file')
  throw badInput('picture/not-a-picture', { thing: file, expected: READABLE, found: 'a film or another media file', todo: 'check that the right file was chosen' })
}
