/** A mask of the pixels whose colour is near a given one. */
import { wholeBox } from './geometry.ts'
import type { Mask } from './mask.ts'
import { type Picture, maxSample } from './picture.ts'
import { renderRgb } from './sheet.ts'

/** Rows that are converted to sRGB at a time: a 24-megapixel picture never becomes floating point as a whole. */
const STRIP_ROWS = 256
const UNKNOWN = 0
const NEAR = 1
const FAR = 2

/**
 * The mask of a colour range: 255 where the colour's distance in OKLab is at most `tolerance` (black to white is 1),
 * 0 elsewhere and where the picture is fully transparent.
 * @param colour "#rrggbb", sRGB
 */
export async function colourRangeMask(picture: Picture, colour: string, tolerance: number): Promise<Mask> {
  const { width, height } = picture
  const near = colourTest(colour, tolerance)
  const solid = opaque(picture)
  const data = new Uint8Array(width * height)
  for (let y = 0; y < height; y += STRIP_ROWS) {
    const strip = { ...wholeBox(picture), y, height: Math.min(STRIP_ROWS, height - y) }
    const rgb = await renderRgb(solid, strip, strip)
    for (let i = 0; i < strip.width * strip.height; i++) if (near(rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!)) data[y * width + i] = 255
  }
  if (picture.hasAlpha) for (let i = 0; i < data.length; i++) if (picture.samples[(i + 1) * picture.channels - 1] === 0) data[i] = 0
  return { width, height, data }
}

/** Whether sRGB bytes are near the colour; each colour is worked out once. */
export function colourTest(colour: string, tolerance: number): (red: number, green: number, blue: number) => boolean {
  const wanted = okLab(parseInt(colour.slice(1, 3), 16), parseInt(colour.slice(3, 5), 16), parseInt(colour.slice(5, 7), 16))
  const known = new Uint8Array(1 << 24)
  return (red, green, blue) => {
    const key = (red << 16) | (green << 8) | blue
    if (known[key] === UNKNOWN) {
      const [l, a, b] = okLab(red, green, blue)
      known[key] = Math.hypot(l - wanted[0], a - wanted[1], b - wanted[2]) <= tolerance ? NEAR : FAR
    }
    return known[key] === NEAR
  }
}

/** The colours as they are under any transparency: half-transparent red is red. */
function opaque(picture: Picture): Picture {
  if (!picture.hasAlpha) return picture
  const samples = picture.samples.slice()
  const most = maxSample(picture.depth)
  for (let at = picture.channels - 1; at < samples.length; at += picture.channels) samples[at] = most
  return { ...picture, samples }
}

/** sRGB bytes to OKLab. */
export function okLab(red: number, green: number, blue: number): [number, number, number] {
  const linear = (byte: number): number => (byte <= 10.31475 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4)
  return okLabOfLight(linear(red), linear(green), linear(blue))
}

/** Linear sRGB, 0..1, to OKLab (B. Ottosson 2020, "A perceptual color space for image processing"). */
export function okLabOfLight(r: number, g: number, b: number): [number, number, number] {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s]
}
