/** One level of the pyramid of an exemplar fill: picture, hole, and which pixels can be centres of patches. */
import { squaredDistances } from '../morphology.ts'
import type { FillImage, Page } from './atlas.ts'

/** Half the side of a patch: patches are 7 x 7. */
export const RADIUS = 3

/** Channels that follow the picture's own: mean absolute horizontal and vertical gradient around the pixel. */
export const TEXTURE_CHANNELS = 2
const TEXTURE_WINDOW = 8
const TEXTURE_WEIGHT = 2

/** A level. `pixels` is interleaved with `features` values per pixel; hole pixels hold the current estimate. */
export interface Level {
  readonly width: number
  readonly height: number
  /** channels of the picture and {@link TEXTURE_CHANNELS} */
  readonly features: number
  readonly pixels: Float32Array
  /** 1 = to be filled */
  readonly hole: Uint8Array
  /** 1 = holds nothing (see FillImage); null when there is no such pixel */
  readonly gap: Uint8Array | null
  readonly usable: Uint8Array | null
  readonly pages: readonly Page[]
  /** centres of patches that reach into the hole, in raster order */
  readonly targets: Int32Array
  readonly isTarget: Uint8Array
  /** how far a target's patch is to be believed: 1 at known pixels, falling with the depth in the hole */
  readonly confidence: Float32Array
  /** 1 = centre of a wholly known patch */
  readonly isSource: Uint8Array
  /** those centres in raster order */
  readonly sources: Int32Array
}

/** What a level is made from. */
/** Fall of confidence per pixel of depth (Wexler, Shechtman, Irani 2007, section 3.1). */
const CONFIDENCE_FALL = 1.1

type LevelPixels = Pick<Level, 'width' | 'height' | 'features' | 'pixels' | 'hole' | 'gap' | 'usable' | 'pages'>

/** The finest level of a picture, texture channels added. */
export function finestLevel(image: FillImage): Level {
  const features = image.channels + TEXTURE_CHANNELS
  return withCentres({ ...image, features, pixels: withTexture(image, TEXTURE_WINDOW, TEXTURE_WEIGHT) })
}

/**
 * Finds the centres. They keep {@link RADIUS} from the first page's border, so every patch is whole; a hole at
 * the border is still covered, by patches centred further in.
 */
function withCentres(level: LevelPixels): Level {
  const { width, height, hole, gap, usable, pages } = level
  const nearHole = spread(hole, width, height)
  const nearBlocked = gap || usable ? spread(hole.map((value, i) => (value || gap?.[i] || (usable && !usable[i]) ? 1 : 0)), width, height) : nearHole
  const isTarget = new Uint8Array(width * height)
  const isSource = new Uint8Array(width * height)
  pages.forEach((page, index) => {
    for (let y = page.y + RADIUS; y < page.y + page.height - RADIUS; y++) {
      for (let i = y * width + page.x + RADIUS; i < y * width + page.x + page.width - RADIUS; i++) {
        if (index === 0 && nearHole[i]) isTarget[i] = 1
        if (!nearBlocked[i]) isSource[i] = 1
      }
    }
  })
  const confidence = confidences(hole, width, pages[0]!)
  return { ...level, targets: placesOf(isTarget), isTarget, confidence, isSource, sources: placesOf(isSource) }
}

/** Confidence by depth in the hole, on the first page. */
function confidences(hole: Uint8Array, width: number, page: Page): Float32Array {
  const known = new Uint8Array(page.width * page.height)
  for (let y = 0; y < page.height; y++) for (let x = 0; x < page.width; x++) known[y * page.width + x] = hole[y * width + x] ? 0 : 255
  const depths = squaredDistances({ width: page.width, height: page.height, data: known })
  const confidence = new Float32Array(hole.length)
  for (let y = 0; y < page.height; y++) {
    for (let x = 0; x < page.width; x++) confidence[y * width + x] = CONFIDENCE_FALL ** -Math.sqrt(depths[y * page.width + x]!)
  }
  return confidence
}

/** Indices of the pixels set to 1. */
export function placesOf(mask: Uint8Array): Int32Array {
  let count = 0
  for (let i = 0; i < mask.length; i++) count += mask[i]!
  const places = new Int32Array(count)
  for (let i = 0, at = 0; i < mask.length; i++) if (mask[i]) places[at++] = i
  return places
}

/** The next coarser level: half the size, known pixels only; a pixel with any hole in it is hole. */
export function coarserLevel(level: Level): Level {
  const { width, height, features, pixels, hole, gap, usable } = level
  const [w, h] = [width >> 1, height >> 1]
  const result = new Float32Array(w * h * features)
  const anyOf = (mask: Uint8Array | null, want: 0 | 1): Uint8Array | null => {
    if (!mask) return null
    const out = new Uint8Array(w * h)
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const i = 2 * y * width + 2 * x
        const any = mask[i] === want || mask[i + 1] === want || mask[i + width] === want || mask[i + width + 1] === want
        out[y * w + x] = any ? want : 1 - want
      }
    }
    return out
  }
  const taps = [1, 3, 3, 1] as const
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const at = (y * w + x) * features
      let total = 0
      for (let v = 0; v < 4; v++) {
        const row = Math.min(height - 1, Math.max(0, 2 * y + v - 1)) * width
        for (let u = 0; u < 4; u++) {
          const source = row + Math.min(width - 1, Math.max(0, 2 * x + u - 1))
          if (hole[source] || gap?.[source]) continue
          const weight = taps[v]! * taps[u]!
          total += weight
          for (let f = 0; f < features; f++) result[at + f]! += weight * pixels[source * features + f]!
        }
      }
      if (total > 0) for (let f = 0; f < features; f++) result[at + f]! /= total
    }
  }
  const pages = level.pages.map((page) => ({ x: page.x >> 1, y: page.y >> 1, width: page.width >> 1, height: page.height >> 1, scale: page.scale }))
  return withCentres({ width: w, height: h, features, pixels: result, hole: anyOf(hole, 1)!, gap: anyOf(gap, 1), usable: anyOf(usable, 0), pages })
}

/** Pixels within {@link RADIUS} (square) of a set one. */
export function spread(mask: Uint8Array, width: number, height: number, radius = RADIUS): Uint8Array {
  const across = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    let last = -1e9
    const row = y * width
    for (let x = 0; x < width; x++) {
      if (mask[row + x]) last = x
      if (x - last <= radius) across[row + x] = 1
    }
    last = 1e9
    for (let x = width - 1; x >= 0; x--) {
      if (mask[row + x]) last = x
      if (last - x <= radius) across[row + x] = 1
    }
  }
  const result = new Uint8Array(width * height)
  for (let x = 0; x < width; x++) {
    let last = -1e9
    for (let y = 0; y < height; y++) {
      if (across[y * width + x]) last = y
      if (y - last <= radius) result[y * width + x] = 1
    }
    last = 1e9
    for (let y = height - 1; y >= 0; y--) {
      if (across[y * width + x]) last = y
      if (last - y <= radius) result[y * width + x] = 1
    }
  }
  return result
}

/**
 * Adds texture channels: mean |dI/dx| and |dI/dy| of the first channels' mean over a window, known pixels only,
 * scaled by `weight` (Newson et al. 2014, section 3.3: without them coarse levels cannot tell textures apart).
 *
 * @param window half side of the averaging window
 */
function withTexture(image: FillImage, window: number, weight: number): Float32Array {
  const { width, height, channels, picture, gap } = image
  const hole = gap ? image.hole.map((value, i) => value | gap[i]!) : image.hole
  const features = channels + TEXTURE_CHANNELS
  const pixels = new Float32Array(width * height * features)
  const sums = new Float64Array((width + 1) * (height + 1) * 3)
  const greys = new Float32Array(width * height)
  for (let i = 0; i < greys.length; i++) {
    let sum = 0
    for (let c = 0; c < channels; c++) sum += picture[i * channels + c]!
    greys[i] = sum / channels
  }
  const stride = (width + 1) * 3
  for (let y = 0; y < height; y++) {
    let gx = 0
    let gy = 0
    let count = 0
    for (let x = 0; x < width; x++) {
      const i = y * width + x
      const right = x + 1 < width ? i + 1 : i
      const below = y + 1 < height ? i + width : i
      if (!hole[i] && !hole[right] && !hole[below]) {
        const here = greys[i]!
        gx += Math.abs(greys[right]! - here)
        gy += Math.abs(greys[below]! - here)
        count += 1
      }
      const at = (y + 1) * stride + (x + 1) * 3
      sums[at] = sums[at - stride]! + gx
      sums[at + 1] = sums[at + 1 - stride]! + gy
      sums[at + 2] = sums[at + 2 - stride]! + count
    }
  }
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [Math.max(0, y - window), Math.min(height, y + window + 1)]
    for (let x = 0; x < width; x++) {
      const i = y * width + x
      for (let c = 0; c < channels; c++) pixels[i * features + c] = picture[i * channels + c]!
      const [left, right] = [Math.max(0, x - window) * 3, Math.min(width, x + window + 1) * 3]
      const box = (k: number): number => sums[bottom * stride + right + k]! - sums[top * stride + right + k]! - sums[bottom * stride + left + k]! + sums[top * stride + left + k]!
      const count = box(2)
      if (count > 0) {
        pixels[i * features + channels] = (weight * box(0)) / count
        pixels[i * features + channels + 1] = (weight * box(1)) / count
      }
    }
  }
  return pixels
}
