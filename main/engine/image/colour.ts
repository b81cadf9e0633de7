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
import { invertCurve, invertMatrix, multiplyMatrices, parseProfile, SRGB_TO_XYZ_D50, type Curve, type IccProfile } from './iccProfile.ts'

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
  return convertPlanes({ colours: size.channels, icc }, { colours: 3, icc: undefined })(own, size)
}

/**
 * sRGB planes -> planes in a picture's own space; grey takes the luminance (Rec. 709 weights in linear light).
 * @param srgb [3,h,w]
 * @returns [channels,h,w]
 */
export async function fromSrgb(srgb: Float32Array, size: { width: number; height: number; channels: 1 | 3 }, icc: Uint8Array | undefined): Promise<Float32Array> {
  return convertPlanes({ colours: 3, icc: undefined }, { colours: size.channels, icc })(srgb, size)
}

/** A colour space that samples are in: grey or RGB under a profile; without a usable one sRGB's tone and primaries. */
export interface ColourSpace {
  readonly colours: 1 | 3
  readonly icc: Uint8Array | undefined
}

/** Converts planes [colours,h,w]; always a new array. */
export type PlaneConverter = (planes: Float32Array, size: { readonly width: number; readonly height: number }) => Promise<Float32Array>

/**
 * Whether samples of the two spaces mean the same colours: equal profiles, or profiles and none that are all sRGB. Then
 * {@link convertPlanes} copies.
 */
export function sameSpace(from: ColourSpace, to: ColourSpace): boolean {
  if (from.colours !== to.colours) return false
  if (from.icc === to.icc || (from.icc && to.icc && Buffer.from(from.icc).equals(to.icc))) return true
  if (from.colours === 1) return !isGreyProfile(from.icc) && !isGreyProfile(to.icc)
  return spaceOf(from.icc) === SRGB && spaceOf(to.icc) === SRGB
}

/**
 * A converter between two spaces; its tables are made once, so keep it for many crops. RGB goes straight from matrix to
 * matrix, never through sRGB, whose gamut would cut wider ones off; from grey to RGB and back it goes by way of sRGB.
 */
export function convertPlanes(from: ColourSpace, to: ColourSpace): PlaneConverter {
  if (sameSpace(from, to)) return async (planes) => planes.slice()
  if (from.colours === 1 && to.colours === 1) {
    const [toTone, toOwn] = [greyToSrgb(from.icc), srgbToGrey(to.icc)]
    return async (planes) => planes.map((value) => toOwn(toTone(value)))
  }
  if (from.colours === 1) {
    const [spread, onwards] = [greyToRgbPlanes(from.icc), convertPlanes({ colours: 3, icc: undefined }, to)]
    return async (planes, size) => onwards(spread(planes), size)
  }
  if (to.colours === 1) {
    const [first, weigh] = [convertPlanes(from, { colours: 3, icc: undefined }), rgbToGreyPlane(to.icc)]
    return async (planes, size) => weigh(await first(planes, size))
  }
  const [source, target] = [spaceOf(from.icc), spaceOf(to.icc)]
  if (source.kind === 'matrix' && target.kind === 'matrix') {
    const apply = matrixConverter(source, target)
    return async (planes) => apply(planes)
  }
  const table = (icc: Uint8Array | undefined, space: RgbSpace): Uint8Array | null => (space === SRGB || !icc ? null : icc)
  return async (planes, size) => throughProfile(planes, size, table(from.icc, source) ?? (await srgbProfile()), table(to.icc, target) ?? 'srgb')
}

function greyToRgbPlanes(icc: Uint8Array | undefined): (grey: Float32Array) => Float32Array {
  const curve = greyToSrgb(icc)
  return (grey) => {
    const result = new Float32Array(grey.length * 3)
    for (let i = 0; i < grey.length; i++) result[i] = curve(grey[i]!)
    result.copyWithin(grey.length, 0, grey.length)
    result.copyWithin(2 * grey.length, 0, grey.length)
    return result
  }
}

function rgbToGreyPlane(icc: Uint8Array | undefined): (srgb: Float32Array) => Float32Array {
  const curve = srgbToGrey(icc)
  return (srgb) => {
    const pixels = srgb.length / 3
    const result = new Float32Array(pixels)
    for (let i = 0; i < pixels; i++) {
      const [red, green, blue] = [srgb[i]!, srgb[pixels + i]!, srgb[2 * pixels + i]!]
      const grey = red === green && green === blue ? red : encodeSrgb(0.2126 * decodeSrgb(red) + 0.7152 * decodeSrgb(green) + 0.0722 * decodeSrgb(blue))
      result[i] = curve(grey)
    }
    return result
  }
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

type RgbSpace = Exclude<IccProfile, { kind: 'grey' }>

const SRGB: RgbSpace = { kind: 'matrix', curves: [decodeSrgb, decodeSrgb, decodeSrgb], toXyz: SRGB_TO_XYZ_D50 }

/** The RGB space of a profile; {@link SRGB} itself for none, for an unusable one and for one that is sRGB in all but name. */
function spaceOf(icc: Uint8Array | undefined): RgbSpace {
  const profile = icc ? parseProfile(icc, 3) : null
  if (!profile || profile.kind === 'grey') return SRGB
  return profile.kind === 'matrix' && isSrgb(profile) ? SRGB : profile
}

function isGreyProfile(icc: Uint8Array | undefined): boolean {
  return icc !== undefined && parseProfile(icc, 1)?.kind === 'grey'
}

function isSrgb(profile: Extract<RgbSpace, { kind: 'matrix' }>): boolean {
  const toSrgbLight = multiplyMatrices(invertMatrix(SRGB_TO_XYZ_D50), profile.toXyz)
  return (
    toSrgbLight.every((cell, i) => Math.abs(cell - (i % 4 === 0 ? 1 : 0)) < 2e-3) &&
    profile.curves.every((curve) => [0.02, 0.1, 0.3, 0.5, 0.8, 1].every((value) => Math.abs(curve(value) - decodeSrgb(value)) < 1e-3))
  )
}

/**
 * Own space to linear light, matrix through XYZ (D50), encoding of the other. Colours outside the target are clipped
 * channel by channel; curves are tabulated.
 */
function matrixConverter(from: Extract<RgbSpace, { kind: 'matrix' }>, to: Extract<RgbSpace, { kind: 'matrix' }>): (planes: Float32Array) => Float32Array {
  const encoders = to === SRGB ? [encodeSrgb, encodeSrgb, encodeSrgb] : to.curves.map(invertCurve)
  const [decodeR, decodeG, decodeB] = from.curves.map((curve) => tabulate(curve, false)) as [Curve, Curve, Curve]
  const [encodeR, encodeG, encodeB] = encoders.map((curve) => tabulate(curve, true)) as [Curve, Curve, Curve]
  const [a, b, c, d, e, f, g, h, i] = multiplyMatrices(invertMatrix(to.toXyz), from.toXyz)
  return (planes) => {
    const pixels = planes.length / 3
    const result = new Float32Array(planes.length)
    for (let at = 0; at < pixels; at++) {
      const [red, green, blue] = [decodeR(planes[at]!), decodeG(planes[pixels + at]!), decodeB(planes[2 * pixels + at]!)]
      result[at] = encodeR(a * red + b * green + c * blue)
      result[pixels + at] = encodeG(d * red + e * green + f * blue)
      result[2 * pixels + at] = encodeB(g * red + h * green + i * blue)
    }
    return result
  }
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
