/**
 * Reads the ICC profiles that photographs carry: three tone curves and a matrix (sRGB, Adobe RGB, Display P3,
 * ProPhoto ...), or one tone curve (grey). These are applied in floating point; 16-bit transforms of Little CMS
 * go through a 33-point table and are up to 12 levels of 255 off in saturated darks (measured), so only
 * profiles made of tables are left to it.
 *
 * ICC.1:2022 sections 7.2 (header), 9.2 (tags), 10.6 curveType, 10.15 multiLocalizedUnicodeType, 10.18 parametricCurveType, 10.31 XYZType, E.2.
 */

/** A tone curve: 0..1 -> 0..1. */
export type Curve = (value: number) => number

/** Nine numbers, row by row. */
export type Matrix3 = readonly [number, number, number, number, number, number, number, number, number]

/** What a profile is made of. */
export type IccProfile =
  /** grey = one curve to linear light relative to white */
  | { readonly kind: 'grey'; readonly curve: Curve }
  /** RGB to XYZ (D50): curve per channel, then the matrix */
  | { readonly kind: 'matrix'; readonly curves: readonly [Curve, Curve, Curve]; readonly toXyz: Matrix3 }
  /** RGB pictures with tables in both directions */
  | { readonly kind: 'tables' }

/** sRGB's primaries adapted to D50 (Bradford), linear RGB to XYZ. */
export const SRGB_TO_XYZ_D50: Matrix3 = [0.4360747, 0.3850649, 0.1430804, 0.2225045, 0.7168786, 0.0606169, 0.0139322, 0.0971045, 0.7141733]

const MAX_TAGS = 200
const MAX_CURVE_POINTS = 65_536

/** Whether an ICC profile is one for pictures of this many channels (grey for 1 and 2, RGB for 3 and 4). */
export function profileFits(icc: Uint8Array, channels: 1 | 2 | 3 | 4): boolean {
  if (icc.length < 132) return false
  const bytes = Buffer.from(icc.buffer, icc.byteOffset, icc.byteLength)
  return bytes.toString('latin1', 36, 40) === 'acsp' && bytes.toString('latin1', 16, 20) === (channels <= 2 ? 'GRAY' : 'RGB ')
}

/** What a profile calls itself (its `desc` tag), or null when it does not say; at most 200 characters. */
export function profileName(icc: Uint8Array): string | null {
  if (icc.length < 132) return null
  const bytes = readTags(icc).get('desc')
  if (!bytes || bytes.length < 16) return null
  const type = bytes.toString('latin1', 0, 4)
  let name = ''
  if (type === 'desc') name = bytes.toString('latin1', 12, Math.min(bytes.length, 12 + bytes.readUInt32BE(8)))
  if (type === 'mluc' && bytes.readUInt32BE(8) > 0 && bytes.length >= 28) {
    const [length, offset] = [bytes.readUInt32BE(20), bytes.readUInt32BE(24)]
    const text = Buffer.from(bytes.subarray(offset, Math.min(bytes.length, offset + length)))
    name = text.subarray(0, text.length & ~1).swap16().toString('utf16le') // stored big-endian
  }
  name = name.split('\0')[0]!.trim().slice(0, 200)
  return name === '' ? null : name
}

/** Parses a profile for pictures of this many colour channels; null when it does not fit or is damaged. */
export function parseProfile(icc: Uint8Array, colours: 1 | 3): IccProfile | null {
  if (!profileFits(icc, colours)) return null
  const tags = readTags(icc)
  if (colours === 1) {
    const curve = readCurve(tags.get('kTRC'))
    return curve ? { kind: 'grey', curve } : null
  }
  const curves = ['rTRC', 'gTRC', 'bTRC'].map((name) => readCurve(tags.get(name)))
  const columns = ['rXYZ', 'gXYZ', 'bXYZ'].map((name) => readXyz(tags.get(name)))
  const [red, green, blue] = curves
  const [x, y, z] = columns
  const invertible = tags.has('A2B0') && tags.has('B2A0')
  if (invertible) return { kind: 'tables' }
  // tables that lead one way only (scanners) are of no use here: what is converted must come back
  if (!red || !green || !blue || !x || !y || !z) return null
  const toXyz: Matrix3 = [x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]]
  return Math.abs(determinant(toXyz)) > 1e-6 ? { kind: 'matrix', curves: [red, green, blue], toXyz } : null
}

/** The inverse of a rising tone curve, by a fine table read backwards. */
export function invertCurve(curve: Curve): Curve {
  const steps = 8192
  // equal steps of the square: darks, where curves are flat, get the finer grid
  const at = (i: number): number => (i / steps) ** 2
  const table = Float64Array.from({ length: steps + 1 }, (_, i) => curve(at(i)))
  for (let i = 1; i <= steps; i++) table[i] = Math.max(table[i]!, table[i - 1]!)
  return (light) => {
    if (light <= table[0]!) return 0
    if (light >= table[steps]!) return 1
    let [low, high] = [0, steps]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (table[middle]! <= light) low = middle
      else high = middle
    }
    const span = table[high]! - table[low]!
    return at(low) + (at(high) - at(low)) * (span > 0 ? (light - table[low]!) / span : 0)
  }
}

/** Product a*b of two matrices. */
export function multiplyMatrices(a: Matrix3, b: Matrix3): Matrix3 {
  const cell = (row: number, column: number): number => a[row * 3]! * b[column]! + a[row * 3 + 1]! * b[3 + column]! + a[row * 3 + 2]! * b[6 + column]!
  return [cell(0, 0), cell(0, 1), cell(0, 2), cell(1, 0), cell(1, 1), cell(1, 2), cell(2, 0), cell(2, 1), cell(2, 2)]
}

/** Inverse of a matrix whose determinant is not 0. */
export function invertMatrix(m: Matrix3): Matrix3 {
  const [a, b, c, d, e, f, g, h, i] = m
  const k = 1 / determinant(m)
  return [k * (e * i - f * h), k * (c * h - b * i), k * (b * f - c * e), k * (f * g - d * i), k * (a * i - c * g), k * (c * d - a * f), k * (d * h - e * g), k * (b * g - a * h), k * (a * e - b * d)]
}

function determinant([a, b, c, d, e, f, g, h, i]: Matrix3): number {
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
}

function readTags(icc: Uint8Array): Map<string, Buffer> {
  const bytes = Buffer.from(icc.buffer, icc.byteOffset, icc.byteLength)
  const tags = new Map<string, Buffer>()
  const count = Math.min(bytes.readUInt32BE(128), MAX_TAGS)
  for (let i = 0; i < count && 144 + i * 12 <= bytes.length; i++) {
    const at = 132 + i * 12
    const [offset, length] = [bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8)]
    if (offset + length <= bytes.length) tags.set(bytes.toString('latin1', at, at + 4), bytes.subarray(offset, offset + length))
  }
  return tags
}

function readXyz(bytes: Buffer | undefined): readonly [number, number, number] | null {
  if (!bytes || bytes.length < 20 || bytes.toString('latin1', 0, 4) !== 'XYZ ') return null
  const number = (at: number): number => bytes.readInt32BE(at) / 65536
  return [number(8), number(12), number(16)]
}

function readCurve(bytes: Buffer | undefined): Curve | null {
  if (!bytes || bytes.length < 12) return null
  const type = bytes.toString('latin1', 0, 4)
  if (type === 'curv') return readTable(bytes)
  if (type !== 'para') return null
  const kind = bytes.readUInt16BE(8)
  const length = [1, 3, 4, 5, 7][kind]
  if (length === undefined || 12 + length * 4 > bytes.length) return null
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from({ length }, (_, i) => bytes.readInt32BE(12 + i * 4) / 65536)
  const raised = (x: number): number => Math.max(0, a * x + b) ** g
  switch (kind) {
    case 0:
      return (x) => Math.max(0, x) ** g
    case 1:
      return (x) => (x >= -b / a ? raised(x) : 0)
    case 2:
      return (x) => (x >= -b / a ? raised(x) + c : c)
    default:
      return (x) => (x >= d ? raised(x) + e : c * x + f)
  }
}

function readTable(bytes: Buffer): Curve | null {
  const count = bytes.readUInt32BE(8)
  if (count === 0) return (value) => value
  if (count > MAX_CURVE_POINTS || 12 + count * 2 > bytes.length) return null
  if (count === 1) {
    const gamma = bytes.readUInt16BE(12) / 256
    return (value) => Math.max(0, value) ** gamma
  }
  const table = Float64Array.from({ length: count }, (_, i) => bytes.readUInt16BE(12 + i * 2) / 65535)
  return (value) => {
    const position = Math.min(1, Math.max(0, value)) * (count - 1)
    const low = Math.min(Math.floor(position), count - 2)
    return table[low]! + (table[low + 1]! - table[low]!) * (position - low)
  }
}
