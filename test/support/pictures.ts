/** Pictures, profiles and EXIF blocks made on the spot for tests of main/engine/image. */
import { buildExif, type IfdEntry } from '../../main/engine/image/exif.ts'
import { allocateSamples, pictureFromSamples, type Picture, type PictureMetadata } from '../../main/engine/image/picture.ts'

/** Seeded numbers in [0, 1) (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A picture of noise: every sample independent. */
export function noisePicture(size: { width: number; height: number; channels: 1 | 2 | 3 | 4; depth: 8 | 16 }, seed = 1, metadata: PictureMetadata = {}): Picture {
  const next = numbers(seed)
  const samples = allocateSamples(size.depth, size.width * size.height * size.channels)
  const range = size.depth === 8 ? 256 : 65536
  for (let i = 0; i < samples.length; i++) samples[i] = Math.floor(next() * range)
  return pictureFromSamples(samples, size, { path: 'noise', metadata })
}

/** Largest difference of two pictures' samples. */
export function largestDifference(a: Picture, b: Picture): number {
  let most = 0
  for (let i = 0; i < a.samples.length; i++) most = Math.max(most, Math.abs(a.samples[i]! - b.samples[i]!))
  return most
}

/** A picture from a function of pixel positions that gives sRGB values 0..1; RGB, 8 bit. */
export function drawn(width: number, height: number, colour: (x: number, y: number) => readonly [number, number, number]): Picture {
  const samples = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) samples.set(colour(x, y).map((value) => Math.round(255 * Math.min(1, Math.max(0, value)))), (y * width + x) * 3)
  }
  return pictureFromSamples(samples, { width, height, channels: 3 })
}

/** Primaries and tone curve of a profile; `toXyz` columns are the D50-adapted primaries. */
export interface ProfileSpec {
  readonly toXyz: readonly number[]
  /** gamma as u8Fixed8 (2.19921875 is Adobe RGB's) or a parametric curve of kind 3 */
  readonly curve: { readonly gamma: number } | { readonly parametric: readonly [number, number, number, number, number] }
}

/** Adobe RGB (1998): D50-adapted primaries and gamma of its specification. */
export const ADOBE_RGB: ProfileSpec = {
  toXyz: [0.60974, 0.20528, 0.14919, 0.31111, 0.62567, 0.06322, 0.01947, 0.06087, 0.74457],
  curve: { gamma: 2.19921875 },
}

/** Display P3: D50-adapted primaries with sRGB's curve. */
export const DISPLAY_P3: ProfileSpec = {
  toXyz: [0.51512, 0.29198, 0.1571, 0.2412, 0.69225, 0.06657, -0.00105, 0.04189, 0.78407],
  curve: { parametric: [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045] },
}

/** An ICC profile (version 4 layout) of curves and a matrix. */
export function rgbProfile(spec: ProfileSpec): Buffer {
  const xyz = (column: number): Buffer => tagData('XYZ ', [0, 1, 2].flatMap((row) => s15Fixed16(spec.toXyz[row * 3 + column]!)))
  const curve = curveTag(spec.curve)
  return profile('RGB ', 'XYZ ', [['rXYZ', xyz(0)], ['gXYZ', xyz(1)], ['bXYZ', xyz(2)], ['rTRC', curve], ['gTRC', curve], ['bTRC', curve], ['wtpt', tagData('XYZ ', [0.9642, 1, 0.8249].flatMap(s15Fixed16))]])
}

/** A grey ICC profile with one gamma. */
export function greyProfile(gamma: number): Buffer {
  return profile('GRAY', 'XYZ ', [['kTRC', curveTag({ gamma })], ['wtpt', tagData('XYZ ', [0.9642, 1, 0.8249].flatMap(s15Fixed16))]])
}

/**
 * An ICC profile of tables (lut16Type in both directions) whose Lab is a linear function of its RGB:
 * L = 100 (0.3 r + 0.4 g + 0.3 b), a = 50 (r - g), b = 50 (g - b).
 */
export function tableProfile(): Buffer {
  const toLab = (rgb: readonly number[]): number[] => {
    const [r, g, b] = rgb as [number, number, number]
    return [0.3 * r + 0.4 * g + 0.3 * b, (50 * (r - g) + 128) / 255.996, (50 * (g - b) + 128) / 255.996]
  }
  const toRgb = (lab: readonly number[]): number[] => {
    const [l, a, b] = [lab[0]!, (lab[1]! * 255.996 - 128) / 50, (lab[2]! * 255.996 - 128) / 50]
    const g = l - 0.3 * a + 0.3 * b
    return [g + a, g, g - b]
  }
  return profile('RGB ', 'Lab ', [['A2B0', lut16(2, toLab)], ['B2A0', lut16(33, toRgb)], ['wtpt', tagData('XYZ ', [0.9642, 1, 0.8249].flatMap(s15Fixed16))]])
}

/** lut16Type with identity curves and a grid of `points` per axis (legacy Lab encoding: 0xff00 = 1 for L = 100). */
function lut16(points: number, map: (value: readonly number[]) => number[]): Buffer {
  const table: number[] = []
  for (let i = 0; i < points ** 3; i++) {
    const at = [Math.floor(i / points ** 2), Math.floor(i / points) % points, i % points].map((value) => value / (points - 1))
    for (const value of map(at)) table.push(Math.round(65535 * Math.min(1, Math.max(0, value))))
  }
  const identity = [0, 65535, 0, 65535, 0, 65535]
  const head = [3, 3, points, 0]
  const matrix = [1, 0, 0, 0, 1, 0, 0, 0, 1].flatMap(s15Fixed16)
  const u16 = (value: number): number[] => [value >> 8, value & 255]
  return tagData('mft2', [...head, ...matrix, ...u16(2), ...u16(2), ...identity.flatMap(u16), ...table.flatMap(u16), ...identity.flatMap(u16)])
}

function curveTag(curve: ProfileSpec['curve']): Buffer {
  if ('gamma' in curve) {
    const value = Math.round(curve.gamma * 256)
    return tagData('curv', [0, 0, 0, 1, value >> 8, value & 255])
  }
  return tagData('para', [0, 3, 0, 0, ...curve.parametric.flatMap(s15Fixed16)])
}

function s15Fixed16(value: number): number[] {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(Math.round(value * 65536))
  return [...bytes]
}

function tagData(type: string, bytes: readonly number[]): Buffer {
  const data = Buffer.concat([Buffer.from(type, 'latin1'), Buffer.alloc(4), Buffer.from(bytes)])
  return Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)])
}

function profile(space: string, pcs: string, tags: readonly (readonly [string, Buffer])[]): Buffer {
  const head = Buffer.alloc(128)
  head.writeUInt32BE(0x02400000, 8)
  head.write('mntr', 12, 'latin1')
  head.write(space, 16, 'latin1')
  head.write(pcs, 20, 'latin1')
  head.write('acsp', 36, 'latin1')
  Buffer.from([0.9642, 1, 0.8249].flatMap(s15Fixed16)).copy(head, 68)
  const table = Buffer.alloc(4 + tags.length * 12)
  table.writeUInt32BE(tags.length, 0)
  let at = 128 + table.length
  tags.forEach(([name, data], i) => {
    table.write(name, 4 + i * 12, 'latin1')
    table.writeUInt32BE(at, 8 + i * 12)
    table.writeUInt32BE(data.length, 12 + i * 12)
    at += data.length
  })
  head.writeUInt32BE(at, 0)
  return Buffer.concat([head, table, ...tags.map(([, data]) => data)])
}

/** An EXIF block with maker, orientation, a size, an aperture, and a GPS direction. */
export function exifBlock(orientation: number): Buffer {
  const short = (tag: number, value: number): IfdEntry => ({ tag, type: 3, count: 1, value: Buffer.from(new Uint16Array([value]).buffer) })
  const ascii = (tag: number, text: string): IfdEntry => ({ tag, type: 2, count: text.length + 1, value: Buffer.from(`${text}\0`, 'latin1') })
  const aperture: IfdEntry = { tag: 0x829d, type: 5, count: 1, value: Buffer.from(new Uint32Array([28, 10]).buffer) }
  const directory = (tag: number, ifd: readonly IfdEntry[]): IfdEntry => ({ tag, type: 4, count: 1, value: Buffer.alloc(0), ifd })
  return buildExif([
    ascii(271, 'Acme Optics'), short(274, orientation),
    directory(0x8769, [aperture, short(0xa002, 999), short(0xa003, 888)]),
    directory(0x8825, [ascii(1, 'N')]),
  ])
}
