/** Colours of the 256 values of grey tiles that mean something other than "how much": little-endian RGBA words. */

type Rgb = readonly [number, number, number]

/**
 * A ramp with a neutral middle: transparent at 127, one colour above and another below, the stronger the farther away.
 * @param most alpha at the ends, 0..1
 */
export function signedRamp(above: Rgb, below: Rgb, most: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, value) => {
    const [red, green, blue] = value >= 127 ? above : below
    const strength = value >= 127 ? (value - 127) / 128 : (127 - value) / 127
    return ((Math.round(255 * most * strength) << 24) | (blue << 16) | (green << 8) | red) >>> 0
  })
}

/** Word paint: amber makes the word stronger, blue weaker (told apart with any kind of colour vision). */
export const WORD_RAMP = signedRamp([255, 176, 32], [64, 128, 255], 0.75)
/** Scribbles: teal is the thing, magenta is not. */
export const SCRIBBLE_RAMP = signedRamp([0, 200, 160], [230, 40, 140], 0.85)

/**
 * An attention map as a glow: from nothing over violet and orange to pale yellow.
 * @returns RGBA8
 */
export function glowPixels(grey: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(grey.length * 4)
  const words = new Uint32Array(pixels.buffer)
  for (let i = 0; i < grey.length; i++) words[i] = GLOW[grey[i]]
  return pixels
}

const GLOW_STOPS: readonly (readonly [number, Rgb])[] = [[0, [60, 20, 120]], [0.35, [150, 40, 130]], [0.65, [240, 110, 50]], [1, [255, 240, 150]]]
const GLOW = Uint32Array.from({ length: 256 }, (_, value) => {
  const share = value / 255
  const upper = GLOW_STOPS.findIndex(([stop]) => stop >= share)
  const [from, to] = [GLOW_STOPS[Math.max(0, upper - 1)], GLOW_STOPS[upper]]
  const t = to[0] === from[0] ? 0 : (share - from[0]) / (to[0] - from[0])
  const [red, green, blue] = [0, 1, 2].map((i) => Math.round(from[1][i] + (to[1][i] - from[1][i]) * t))
  return ((Math.round(255 * Math.min(1, share * 1.15)) << 24) | (blue << 16) | (green << 8) | red) >>> 0
})
