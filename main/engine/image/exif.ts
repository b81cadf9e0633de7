/**
 * EXIF blocks (a TIFF structure, Exif 2.32 section 4.6): made upright for the result, read out of a TIFF
 * file, rebuilt for one. Every offset is checked: a damaged block is left out, never followed.
 */

/** Bytes of one value of each TIFF field type; index = type. */
const TYPE_SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4] as const
/** Bytes of the unit that byte order applies to. */
const UNIT_SIZES = [0, 1, 1, 2, 4, 4, 1, 1, 2, 4, 4, 4, 8, 4] as const
const MAX_ENTRIES = 1000
const MAX_VALUE_BYTES = 1 << 20

/** EXIF's name for its sub-directories. */
export const EXIF_IFD = 0x8769
const GPS_IFD = 0x8825
const INTEROP_IFD = 0xa005
const ORIENTATION = 0x0112

/** Tags of a TIFF's first directory that describe the picture rather than its storage. */
const DESCRIPTIVE_TAGS = new Set([270, 271, 272, 305, 306, 315, 316, 33432, 18246, 18249, 40091, 40092, 40093, 40094, 40095, EXIF_IFD, GPS_IFD])
const SUB_IFDS = new Set([EXIF_IFD, GPS_IFD, INTEROP_IFD])

/** One field, its value in little-endian order; a sub-directory has `ifd` instead of a value. */
export interface IfdEntry {
  readonly tag: number
  readonly type: number
  readonly count: number
  readonly value: Buffer
  readonly ifd?: readonly IfdEntry[]
}

/** Reads `length` bytes at `offset`; null when they are not all there. */
export type ReadAt = (offset: number, length: number) => Buffer | null

/** Removes the `Exif\0\0` prefix that JPEG and some writers put before the TIFF header. */
export function stripExifPrefix(exif: Uint8Array): Buffer {
  const buffer = Buffer.from(exif.buffer, exif.byteOffset, exif.byteLength)
  return buffer.length >= 6 && buffer.toString('latin1', 0, 6) === 'Exif\0\0' ? buffer.subarray(6) : buffer
}

/**
 * A copy of an EXIF block that fits the result: orientation 1 (the samples are upright), the size fields
 * set, the embedded thumbnail cut off and blanked, since it shows the picture before the edit.
 * Everything else stays byte for byte, maker notes included.
 *
 * @returns null when the block is damaged.
 */
export function uprightExif(exif: Uint8Array, size: { readonly width: number; readonly height: number }): Buffer | null {
  const bytes = Buffer.from(stripExifPrefix(exif))
  const header = readHeader(readerOf(bytes))
  if (!header) return null
  const little = header.little
  const u16 = (at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  const u32 = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const put16 = (at: number, value: number): unknown => (little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at))
  const put32 = (at: number, value: number): unknown => (little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at))
  const putNumber = (at: number, value: number): void => {
    if (u16(at + 2) === 3) put16(at + 8, Math.min(value, 65535))
    else if (u16(at + 2) === 4) put32(at + 8, value)
  }
  /** visits the entries of a directory; returns the position of its next-pointer, or null when damaged */
  const visit = (offset: number, onEntry: (at: number, tag: number) => void): number | null => {
    if (offset < 8 || offset + 2 > bytes.length) return null
    const count = u16(offset)
    const end = offset + 2 + count * 12
    if (count > MAX_ENTRIES || end + 4 > bytes.length) return null
    for (let i = 0; i < count; i++) onEntry(offset + 2 + i * 12, u16(offset + 2 + i * 12))
    return end
  }

  let exifIfd = 0
  const next = visit(header.offset, (at, tag) => {
    if (tag === ORIENTATION) putNumber(at, 1)
    else if (tag === 0x0100) putNumber(at, size.width)
    else if (tag === 0x0101) putNumber(at, size.height)
    else if (tag === EXIF_IFD) exifIfd = u32(at + 8)
  })
  if (next === null) return null
  if (exifIfd > 0) {
    visit(exifIfd, (at, tag) => {
      if (tag === 0xa002) putNumber(at, size.width)
      else if (tag === 0xa003) putNumber(at, size.height)
    })
  }
  const thumbnailIfd = u32(next)
  put32(next, 0)
  if (thumbnailIfd > 0) {
    let [from, length] = [0, 0]
    visit(thumbnailIfd, (at, tag) => {
      if (tag === 0x0201) from = u32(at + 8)
      else if (tag === 0x0202) length = u32(at + 8)
    })
    if (from >= 8 && from + length <= bytes.length) bytes.fill(0, from, from + length)
  }
  return bytes
}

/** Whether the bytes begin like an EXIF block. */
export function isExif(exif: Uint8Array): boolean {
  return readHeader(readerOf(stripExifPrefix(exif))) !== null
}

/**
 * The descriptive fields of a TIFF structure: of an EXIF block, or straight out of a TIFF file.
 * Storage fields (strips, sizes), thumbnails and further pages are left out.
 */
export function readDescriptiveFields(readAt: ReadAt): readonly IfdEntry[] {
  const header = readHeader(readAt)
  return header ? readIfd(readAt, header.offset, header.little, (tag) => DESCRIPTIVE_TAGS.has(tag), 0) : []
}

/** Whether the first directory of a TIFF holds a tag; used to tell camera RAW (DNG) from pictures. */
export function hasTag(readAt: ReadAt, tag: number): boolean {
  const header = readHeader(readAt)
  return header !== null && readIfd(readAt, header.offset, header.little, (other) => other === tag, 9).length > 0
}

/** A reader over bytes in memory. */
export function readerOf(bytes: Uint8Array): ReadAt {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (offset, length) => (offset >= 0 && length >= 0 && offset + length <= buffer.length ? buffer.subarray(offset, offset + length) : null)
}

/** An EXIF block (little-endian, no prefix) with these fields in its first directory. */
export function buildExif(entries: readonly IfdEntry[]): Buffer {
  const header = Buffer.alloc(8)
  header.write('II*\0', 0, 'latin1')
  header.writeUInt32LE(8, 4)
  return Buffer.concat([header, serialiseIfd(entries, 8, 0)])
}

/**
 * One directory with its values and sub-directories, little-endian, as it stands at file offset `base`.
 * @param next offset of the following directory, 0 for none
 */
export function serialiseIfd(entries: readonly IfdEntry[], base: number, next: number): Buffer {
  const sorted = [...entries].sort((a, b) => a.tag - b.tag)
  const directory = Buffer.alloc(2 + sorted.length * 12 + 4)
  const tail: Buffer[] = []
  let tailAt = base + directory.length
  const append = (bytes: Buffer): number => {
    const at = tailAt
    const padded = bytes.length % 2 ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes
    tail.push(padded)
    tailAt += padded.length
    return at
  }
  directory.writeUInt16LE(sorted.length, 0)
  sorted.forEach((entry, i) => {
    const at = 2 + i * 12
    directory.writeUInt16LE(entry.tag, at)
    directory.writeUInt16LE(entry.ifd ? 4 : entry.type, at + 2)
    directory.writeUInt32LE(entry.ifd ? 1 : entry.count, at + 4)
    if (entry.ifd) directory.writeUInt32LE(append(serialiseIfd(entry.ifd, tailAt, 0)), at + 8)
    else if (entry.value.length <= 4) entry.value.copy(directory, at + 8)
    else directory.writeUInt32LE(append(entry.value), at + 8)
  })
  directory.writeUInt32LE(next, directory.length - 4)
  return Buffer.concat([directory, ...tail])
}

/** An entry whose value is a list of bytes of the given type (1 BYTE, 2 ASCII, 7 UNDEFINED). */
export function bytesEntry(tag: number, type: 1 | 2 | 7, bytes: Uint8Array): IfdEntry {
  return { tag, type, count: bytes.length, value: Buffer.from(bytes) }
}

function readHeader(readAt: ReadAt): { little: boolean; offset: number } | null {
  const head = readAt(0, 8)
  if (!head) return null
  const order = head.toString('latin1', 0, 4)
  if (order !== 'II*\0' && order !== 'MM\0*') return null
  const little = order.startsWith('I')
  return { little, offset: little ? head.readUInt32LE(4) : head.readUInt32BE(4) }
}

function readIfd(readAt: ReadAt, offset: number, little: boolean, keep: (tag: number) => boolean, depth: number): IfdEntry[] {
  const countBytes = offset >= 8 ? readAt(offset, 2) : null
  if (!countBytes) return []
  const count = little ? countBytes.readUInt16LE(0) : countBytes.readUInt16BE(0)
  const table = count <= MAX_ENTRIES ? readAt(offset + 2, count * 12) : null
  if (!table) return []
  const entries: IfdEntry[] = []
  for (let i = 0; i < count; i++) {
    const row = table.subarray(i * 12, i * 12 + 12)
    const tag = little ? row.readUInt16LE(0) : row.readUInt16BE(0)
    if (!keep(tag) || entries.some((entry) => entry.tag === tag)) continue
    const type = little ? row.readUInt16LE(2) : row.readUInt16BE(2)
    const values = little ? row.readUInt32LE(4) : row.readUInt32BE(4)
    const pointer = little ? row.readUInt32LE(8) : row.readUInt32BE(8)
    if (SUB_IFDS.has(tag)) {
      // directories nest two deep at most (IFD0 > Exif > Interop); more is a loop
      const ifd = depth < 2 ? readIfd(readAt, pointer, little, () => true, depth + 1) : []
      if (ifd.length > 0) entries.push({ tag, type: 4, count: 1, value: Buffer.alloc(0), ifd })
      continue
    }
    const length = (TYPE_SIZES[type] ?? 0) * values
    if (length === 0 || length > MAX_VALUE_BYTES) continue
    const raw = length <= 4 ? row.subarray(8, 8 + length) : readAt(pointer, length)
    if (raw) entries.push({ tag, type, count: values, value: little ? Buffer.from(raw) : swapped(raw, UNIT_SIZES[type] ?? 1) })
  }
  return entries
}

function swapped(bytes: Buffer, unit: number): Buffer {
  const copy = Buffer.from(bytes)
  if (unit === 2) copy.swap16()
  else if (unit === 4) copy.swap32()
  else if (unit === 8) copy.swap64()
  return copy
}
