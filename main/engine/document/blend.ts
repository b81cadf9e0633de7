/**
 * The sixteen blend modes of the W3C's Compositing and Blending Level 1 (sections 5, 9, 10; the same as CSS and a 2D
 * canvas), on straight colours in the document's own encoding, 0..1.
 *
 * A pixel is composited by
 *   alpha = as + ab (1 - as)
 *   alpha C = as (1 - ab) Cs + as ab B(Cb, Cs) + (1 - as) ab Cb
 * Where the source covers fully or not at all, and where nothing is below, colours are copied, not computed, so that
 * integer samples pass through unchanged.
 */
import type { BlendMode } from '../requests/document.ts'

/** Blends one channel: backdrop, source -> result. */
type ChannelBlend = (backdrop: number, source: number) => number

const screen: ChannelBlend = (b, s) => b + s - b * s
const hardLight: ChannelBlend = (b, s) => (s <= 0.5 ? b * 2 * s : screen(b, 2 * s - 1))

const SEPARABLE: Partial<Record<BlendMode, ChannelBlend>> = {
  multiply: (b, s) => b * s,
  screen,
  overlay: (b, s) => hardLight(s, b),
  darken: (b, s) => (b < s ? b : s),
  lighten: (b, s) => (b > s ? b : s),
  'color-dodge': (b, s) => (b === 0 ? 0 : s >= 1 ? 1 : Math.min(1, b / (1 - s))),
  'color-burn': (b, s) => (b >= 1 ? 1 : s <= 0 ? 0 : 1 - Math.min(1, (1 - b) / s)),
  'hard-light': hardLight,
  'soft-light': softLight,
  difference: (b, s) => Math.abs(b - s),
  exclusion: (b, s) => b + s - 2 * b * s,
}

function softLight(b: number, s: number): number {
  if (s <= 0.5) return b - (1 - 2 * s) * b * (1 - b)
  const d = b <= 0.25 ? ((16 * b - 12) * b + 4) * b : Math.sqrt(b)
  return b + (2 * s - 1) * (d - b)
}

/** Result of the non-separable modes; one object for all pixels, because they are many. */
const mixed = { r: 0, g: 0, b: 0 }

type TripleBlend = (br: number, bg: number, bb: number, sr: number, sg: number, sb: number) => void

const NON_SEPARABLE: Partial<Record<BlendMode, TripleBlend>> = {
  hue: (br, bg, bb, sr, sg, sb) => {
    setSaturation(sr, sg, sb, saturation(br, bg, bb))
    setLuminosity(mixed.r, mixed.g, mixed.b, luminosity(br, bg, bb))
  },
  saturation: (br, bg, bb, sr, sg, sb) => {
    setSaturation(br, bg, bb, saturation(sr, sg, sb))
    setLuminosity(mixed.r, mixed.g, mixed.b, luminosity(br, bg, bb))
  },
  color: (br, bg, bb, sr, sg, sb) => setLuminosity(sr, sg, sb, luminosity(br, bg, bb)),
  luminosity: (br, bg, bb, sr, sg, sb) => setLuminosity(br, bg, bb, luminosity(sr, sg, sb)),
}

function luminosity(r: number, g: number, b: number): number {
  return 0.3 * r + 0.59 * g + 0.11 * b
}

function saturation(r: number, g: number, b: number): number {
  return Math.max(r, g, b) - Math.min(r, g, b)
}

/** SetLum and ClipColor. */
function setLuminosity(r: number, g: number, b: number, wanted: number): void {
  const shift = wanted - luminosity(r, g, b)
  const red = r + shift
  const green = g + shift
  const blue = b + shift
  const light = luminosity(red, green, blue)
  const least = Math.min(red, green, blue)
  const most = Math.max(red, green, blue)
  const down = least < 0 ? light / (light - least) : 1
  const up = most > 1 ? (1 - light) / (most - light) : 1
  const scale = Math.min(down, up)
  mixed.r = light + (red - light) * scale
  mixed.g = light + (green - light) * scale
  mixed.b = light + (blue - light) * scale
}

/** SetSat: the largest channel becomes `wanted`, the smallest 0, the one between in proportion. */
function setSaturation(r: number, g: number, b: number, wanted: number): void {
  const least = Math.min(r, g, b)
  const range = Math.max(r, g, b) - least
  const scale = range > 0 ? wanted / range : 0
  mixed.r = (r - least) * scale
  mixed.g = (g - least) * scale
  mixed.b = (b - least) * scale
}

/** The blend function of one mode on one colour, as the specification writes it: what a test checks against. */
export function blendColour(mode: BlendMode, backdrop: readonly [number, number, number], source: readonly [number, number, number]): [number, number, number] {
  const triple = NON_SEPARABLE[mode]
  if (triple) {
    triple(...backdrop, ...source)
    return [mixed.r, mixed.g, mixed.b]
  }
  const channel = SEPARABLE[mode]
  return channel ? [0, 1, 2].map((c) => channel(backdrop[c]!, source[c]!)) as [number, number, number] : [...source]
}

/** How a layer goes over what is below it. */
export interface BlendOptions {
  readonly mode: BlendMode
  /** 0..1 */
  readonly opacity: number
  /**
   * replace instead of cover: where the mask is 1 the result is the source, transparency included. For edit results,
   * whose masked pixels take the place of what was there.
   */
  readonly replace: boolean
}

/**
 * Composites `source` over `target` in place.
 * @param target,source straight RGBA, 0..1, the same number of pixels
 * @param weights the layer's mask, 0..1; null = 1 everywhere
 */
export function blendOver(target: Float32Array, source: Float32Array, weights: Float32Array | null, options: BlendOptions): void {
  const { mode, opacity } = options
  if (opacity === 0) return
  const triple = NON_SEPARABLE[mode]
  const channel = SEPARABLE[mode]
  if (options.replace && mode === 'normal') replaceBy(target, source, weights, opacity)
  else if (triple) overTriple(target, source, weights, opacity, triple)
  else if (channel) overSeparable(target, source, weights, opacity, channel)
  else overNormal(target, source, weights, opacity)
}

function overNormal(target: Float32Array, source: Float32Array, weights: Float32Array | null, opacity: number): void {
  for (let at = 0, i = 0; at < target.length; at += 4, i++) {
    const alpha = source[at + 3]! * (weights === null ? opacity : opacity * weights[i]!)
    const below = target[at + 3]!
    if (alpha <= 0) {
      // over nothing at all, even the colours under a picture's own transparency stay what they are
      if (source[at + 3] === 0 && below === 0 && target[at] === 0 && target[at + 1] === 0 && target[at + 2] === 0) copyPixel(target, source, at)
      continue
    }
    if (alpha >= 1 || below <= 0) {
      copyPixel(target, source, at)
      target[at + 3] = alpha >= 1 ? 1 : alpha
      continue
    }
    const all = alpha + below * (1 - alpha)
    const share = alpha / all
    for (let c = at; c < at + 3; c++) target[c] = target[c]! + share * (source[c]! - target[c]!)
    target[at + 3] = below >= 1 ? 1 : all
  }
}

function replaceBy(target: Float32Array, source: Float32Array, weights: Float32Array | null, opacity: number): void {
  for (let at = 0, i = 0; at < target.length; at += 4, i++) {
    const weight = weights === null ? opacity : opacity * weights[i]!
    if (weight <= 0) continue
    const below = target[at + 3]!
    const above = source[at + 3]!
    if (weight >= 1) {
      copyPixel(target, source, at)
      target[at + 3] = above
      continue
    }
    const all = below + weight * (above - below)
    const share = all > 0 ? (weight * above) / all : weight
    for (let c = at; c < at + 3; c++) target[c] = target[c]! + share * (source[c]! - target[c]!)
    target[at + 3] = all
  }
}

function overSeparable(target: Float32Array, source: Float32Array, weights: Float32Array | null, opacity: number, blend: ChannelBlend): void {
  for (let at = 0, i = 0; at < target.length; at += 4, i++) {
    const alpha = source[at + 3]! * (weights === null ? opacity : opacity * weights[i]!)
    if (alpha <= 0) continue
    const below = target[at + 3]!
    if (below <= 0) {
      copyPixel(target, source, at)
      target[at + 3] = alpha
      continue
    }
    const all = alpha + below * (1 - alpha)
    for (let c = at; c < at + 3; c++) {
      const b = target[c]!
      const s = source[c]!
      target[c] = mixChannel(b, s, blend(b, s), alpha, below, all)
    }
    target[at + 3] = below >= 1 ? 1 : all
  }
}

function overTriple(target: Float32Array, source: Float32Array, weights: Float32Array | null, opacity: number, blend: TripleBlend): void {
  for (let at = 0, i = 0; at < target.length; at += 4, i++) {
    const alpha = source[at + 3]! * (weights === null ? opacity : opacity * weights[i]!)
    if (alpha <= 0) continue
    const below = target[at + 3]!
    if (below <= 0) {
      copyPixel(target, source, at)
      target[at + 3] = alpha
      continue
    }
    const all = alpha + below * (1 - alpha)
    blend(target[at]!, target[at + 1]!, target[at + 2]!, source[at]!, source[at + 1]!, source[at + 2]!)
    target[at] = mixChannel(target[at]!, source[at]!, mixed.r, alpha, below, all)
    target[at + 1] = mixChannel(target[at + 1]!, source[at + 1]!, mixed.g, alpha, below, all)
    target[at + 2] = mixChannel(target[at + 2]!, source[at + 2]!, mixed.b, alpha, below, all)
    target[at + 3] = below >= 1 ? 1 : all
  }
}

/** The head's formula, divided by the resulting alpha. */
function mixChannel(b: number, s: number, blended: number, alpha: number, below: number, all: number): number {
  return (alpha * (1 - below) * s + alpha * below * blended + (1 - alpha) * below * b) / all
}

function copyPixel(target: Float32Array, source: Float32Array, at: number): void {
  target[at] = source[at]!
  target[at + 1] = source[at + 1]!
  target[at + 2] = source[at + 2]!
}
