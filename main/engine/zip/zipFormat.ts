/** The parts of the ZIP format that reader and writer share (PKWARE APPNOTE 6.3.10; section numbers in comments). */

/** Signatures of the records in a ZIP file. */
export const SIGNATURES = {
  local: 0x04034b50, // 4.3.7
  central: 0x02014b50, // 4.3.12
  zip64End: 0x06064b50, // 4.3.14
  zip64Locator: 0x07064b50, // 4.3.15
  end: 0x06054b50, // 4.3.16
} as const

/** Compression methods (4.4.5); nothing else is written or read. */
export const STORED = 0
/** See {@link STORED}. */
export const DEFLATED = 8
/** Stands for "see the ZIP64 field" in a 32-bit size or offset. */
export const IN_ZIP64 = 0xffffffff
/** The same in a 16-bit count. */
export const COUNT_IN_ZIP64 = 0xffff
/** Header number of the ZIP64 extra field (4.5.3). */
export const ZIP64_EXTRA = 0x0001

/** Reads an unsigned 64-bit number that must be exact in JavaScript; undefined when it is not. */
export function readUInt64(bytes: Buffer, at: number): number | undefined {
  const value = bytes.readBigUInt64LE(at)
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined
}
