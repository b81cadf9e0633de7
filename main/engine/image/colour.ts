/**
 * Between a picture's own colour space and sRGB. Only crops pass through here: samples that are not edited are
 * never converted. Profiles of curves and a matrix are applied here in floating point, profiles of tables go
 * through libvips (Little CMS) in 16 bits, perceptual intent.
 *
 * Planes are Float32Array, channel by channel, values 0..1 in the named space's own encoding.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { failed } from '../errors.ts'
import { bytesEntry, serialiseIfd, type IfdEntry } from './exif.ts'
import { invertCurve, invertMatrix, multiplyMatrices, parseProfile, SRGB_TO_XYZ_D50, type Curve, type IccProfile, type Matrix3 } from './iccProfile.ts'

/** sRGB's encoding of linear light (IEC 61966-2-1). */
export function encodeSrgb(linear: number): number {
  const value = Math.min(1, Math.max(0, linear))
  return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055
}

/** Linear light of an sRGB value (IEC 61966-2-1). */
export function decodeSrgb(encoded: number): number {
  const value = Math.min(1, Math.max(0, encoded))
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

/**
 * Planes in a picture's own space -> sRGB planes.
 * @param own [channels,h,w]; one channel gives three equal ones
 * @returns [3,h,w]
 */
export async function toSrgb(own: Float32Array, size: { width: number; height: number; channels: 1 | 3 }, icc: Uint8Array | undefined): Promise<Float32Array> {
  const pixels = size.width * size.height
  if (size.channels === 1) {
    const curve = greyToSrgb(icc)
    const result = new Float32Array(pixels * 3)
    for (let i = 0; i < pixels; i++) result[i] = curve(own[i]!)
    result.copyWithin(pixels, 0, pixels)
    result.copyWithin(2 * pixels, 0, pixels)
    return result
  }
  const profile = icc ? parseProfile(icc, 3) : null
  if (!icc || !profile) return own.slice()
  return profile.kind === 'matrix' ? applyMatrix(own, pixels, matrixTransform(profile, 'to-srgb')) : throughProfile(own, size, icc, 'srgb')
}

/**
 * sRGB planes -> planes in a picture's own space; grey takes the luminance (Rec. 709 weights in linear light).
 * @param srgb [3,h,w]
 * @returns [channels,h,w]
 */
export async function fromSrgb(srgb: Float32Array, size: { width: number; height: number; channels: 1 | 3 }, icc: Uint8Array | undefined): Promise<Float32Array> {
  const pixels = size.width * size.height
  if (size.channels === 1) {
    const curve = srgbToGrey(icc)
    const result = new Float32Array(pixels)
    for (let i = 0; i < pixels; i++) {
      const [red, green, blue] = [srgb[i]!, srgb[pixels + i]!, srgb[2 * pixels + i]!]
      const grey = red === green && green === blue ? red : encodeSrgb(0.2126 * decodeSrgb(red) + 0.7152 * decodeSrgb(green) + 0.0722 * decodeSrgb(blue))
      result[i] = curve(grey)
    }
    return result
  }
  const profile = icc ? parseProfile(icc, 3) : null
  if (!icc || !profile) return srgb.slice()
  return profile.kind === 'matrix' ? applyMatrix(srgb, pixels, matrixTransform(profile, 'from-srgb')) : throughProfile(srgb, size, await srgbProfile(), icc)
}

/** The tone of grey samples under a grey profile, as an sRGB value; the identity without a usable profile. */
export function greyToSrgb(icc: Uint8Array | undefined): Curve {
  const profile = icc ? parseProfile(icc, 1) : null
  return profile?.kind === 'grey' ? (value) => encodeSrgb(profile.curve(value)) : (value) => value
}

/** The inverse of {@link greyToSrgb}. */
export function srgbToGrey(icc: Uint8Array | undefined): Curve {
  const profile = icc ? parseProfile(icc, 1) : null
  if (profile?.kind !== 'grey') return (value) => value
  const inverse = invertCurve(profile.curve)
  return (value) => inverse(decodeSrgb(value))
}

interface MatrixTransform {
  readonly decode: readonly Curve[]
  readonly matrix: Matrix3
  readonly encode: readonly Curve[]
}

const SRGB_CURVES = { decode: [decodeSrgb, decodeSrgb, decodeSrgb], encode: [encodeSrgb, encodeSrgb, encodeSrgb] } as const

/** Own space to linear light, matrix through XYZ (D50), encoding of the other; null when the two are the same. */
function matrixTransform(profile: Extract<IccProfile, { kind: 'matrix' }>, direction: 'to-srgb' | 'from-srgb'): MatrixTransform | null {
  const toSrgbLight = multiplyMatrices(invertMatrix(SRGB_TO_XYZ_D50), profile.toXyz)
  const isSrgb =
    toSrgbLight.every((cell, i) => Math.abs(cell - (i % 4 === 0 ? 1 : 0)) < 2e-3) &&
    profile.curves.every((curve) => [0.02, 0.1, 0.3, 0.5, 0.8, 1].every((value) => Math.abs(curve(value) - decodeSrgb(value)) < 1e-3))
  if (isSrgb) return null
  return direction === 'to-srgb'
    ? { decode: profile.curves, matrix: toSrgbLight, encode: SRGB_CURVES.encode }
    : { decode: SRGB_CURVES.decode, matrix: invertMatrix(toSrgbLight), encode: profile.curves.map(invertCurve) }
}

/** Applies a transform; colours outside the target are clipped channel by channel. Curves are tabulated. */
function applyMatrix(planes: Float32Array, pixels: number, transform: MatrixTransform | null): Float32Array {
  if (!transform) return planes.slice()
  const [decodeR, decodeG, decodeB] = transform.decode.map((curve) => tabulate(curve, false)) as [Curve, Curve, Curve]
  const [encodeR, encodeG, encodeB] = transform.encode.map((curve) => tabulate(curve, true)) as [Curve, Curve, Curve]
  const [a, b, c, d, e, f, g, h, i] = transform.matrix
  const result = new Float32Array(pixels * 3)
  for (let at = 0; at < pixels; at++) {
    const [red, green, blue] = [decodeR(planes[at]!), decodeG(planes[pixels + at]!), decodeB(planes[2 * pixels + at]!)]
    result[at] = encodeR(a * red + b * green + c * blue)
    result[pixels + at] = encodeG(d * red + e * green + f * blue)
    result[2 * pixels + at] = encodeB(g * red + h * green + i * blue)
  }
  return result
}

/** A curve as a table of 16384 intervals; `fineDarks` spaces them by the square root, for curves steep at 0. */
function tabulate(curve: Curve, fineDarks: boolean): Curve {
  const steps = 16384
  const table = Float64Array.from({ length: steps + 2 }, (_, i) => curve(fineDarks ? Math.min(1, (i / steps) ** 2) : Math.min(1, i / steps)))
  return (value) => {
    const clipped = value <= 0 ? 0 : value >= 1 ? 1 : value
    const position = (fineDarks ? Math.sqrt(clipped) : clipped) * steps
    const low = position | 0
    return table[low]! + (table[low + 1]! - table[low]!) * (position - low)
  }
}

let cachedSrgbProfile: Promise<Buffer> | null = null

/** libvips' own sRGB profile. */
export function srgbProfile(): Promise<Buffer> {
  cachedSrgbProfile ??= (async () => {
    const png = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#000' } }).withIccProfile('srgb').png().toBuffer()
    const { icc } = await sharp(png).metadata()
    if (!icc) throw failed('colour/srgb', 'The picture library gave no sRGB profile; please reinstall the program.')
    return icc
  })()
  return cachedSrgbProfile
}

/**
 * RGB planes from one profile to another in 16 bits. libvips takes the first profile from the picture itself,
 * so the samples are wrapped as a bare TIFF, and the second by name or from a file.
 */
async function throughProfile(planes: Float32Array, size: { width: number; height: number }, from: Uint8Array, to: 'srgb' | Uint8Array): Promise<Float32Array> {
  const pixels = size.width * size.height
  const tiff = wrapAsTiff(planes, size, from)
  const folder = typeof to === 'string' ? null : mkdtempSync(path.join(os.tmpdir(), 'palimpsest-icc-'))
  try {
    const target = folder === null ? 'srgb' : path.join(folder, 'target.icc')
    if (folder !== null) writeFileSync(target, to)
    const { data } = await sharp(tiff, { limitInputPixels: false })
      .toColourspace('rgb16')
      .withIccProfile(target)
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true })
    const samples = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
    const result = new Float32Array(pixels * 3)
    for (let i = 0; i < pixels; i++) for (let c = 0; c < 3; c++) result[c * pixels + i] = samples[i * 3 + c]! / 65535
    return result
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true })
  }
}

function wrapAsTiff(planes: Float32Array, size: { width: number; height: number }, icc: Uint8Array): Buffer {
  const pixels = size.width * size.height
  const bytes = Buffer.alloc(8 + pixels * 6)
  bytes.write('II*\0', 0, 'latin1')
  bytes.writeUInt32LE(bytes.length, 4)
  const samples = new Uint16Array(bytes.buffer, bytes.byteOffset + 8, pixels * 3)
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < 3; c++) samples[i * 3 + c] = Math.round(65535 * Math.min(1, Math.max(0, planes[c * pixels + i]!)))
  }
  const short = (tag: number, ...values: number[]): IfdEntry => ({ tag, type: 3, count: values.length, value: Buffer.from(new Uint16Array(values).buffer) })
  const long = (tag: number, value: number): IfdEntry => ({ tag, type: 4, count: 1, value: Buffer.from(new Uint32Array([value]).buffer) })
  const entries = [
    long(256, size.width), long(257, size.height), short(258, 16, 16, 16), short(259, 1), short(262, 2),
    long(273, 8), short(277, 3), long(278, size.height), long(279, pixels * 6), bytesEntry(34675, 7, icc),
  ]
  return Buffer.concat([bytes, serialiseIfd(entries, bytes.length, 0)])
}
