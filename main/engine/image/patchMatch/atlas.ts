/**
 * More to copy from: the picture beside enlarged and reduced copies of itself, so that a pattern in perspective
 * finds its like at the right size. All copies lie below one another in one array of one width, so patches are
 * compared in the same way wherever they come from.
 */
import { resizePlanes } from '../resize.ts'
import { spread } from './level.ts'

/** A rectangle of the atlas that is one copy; the first is the picture itself. */
export interface Page {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** size relative to the picture */
  readonly scale: number
}

/** A picture to fill, with or without further pages. */
export interface FillImage {
  readonly width: number
  readonly height: number
  readonly channels: number
  /** interleaved, 0..1 */
  readonly picture: Float32Array
  /** 1 = to be filled; only on the first page */
  readonly hole: Uint8Array
  /** 1 = holds nothing: between pages, and where a copy shows the hole */
  readonly gap: Uint8Array | null
  /** 1 = may be copied from; null: all that is neither hole nor gap */
  readonly usable: Uint8Array | null
  readonly pages: readonly Page[]
}

/** Sizes of the copies. */
const SCALES = [0.9, 1.11, 0.8, 1.25] as const

/** A picture as an atlas of one page. */
export function singlePage(picture: Float32Array, size: { width: number; height: number; channels: number }, hole: Uint8Array, usable: Uint8Array | null): FillImage {
  const { width, height, channels } = size
  return { width, height, channels, picture, hole, gap: null, usable, pages: [{ x: 0, y: 0, width, height, scale: 1 }] }
}

/**
 * The picture with its copies.
 * @param unit pages begin at multiples of this, so that they do on every level of the pyramid
 */
export function withScaledPages(image: FillImage, unit: number): FillImage {
  const { channels } = image
  const up = (value: number): number => Math.ceil(value / unit) * unit
  const sizes = SCALES.map((scale) => ({ scale, width: Math.round(image.width * scale), height: Math.round(image.height * scale) }))
  const width = up(Math.max(image.width, ...sizes.map((size) => size.width)))
  const pages: Page[] = [{ x: 0, y: 0, width: image.width, height: image.height, scale: 1 }]
  let height = up(image.height)
  for (const size of sizes) {
    pages.push({ x: 0, y: height, ...size })
    height = up(height + size.height)
  }
  const picture = new Float32Array(width * height * channels)
  const gap = new Uint8Array(width * height).fill(1)
  const hole = new Uint8Array(width * height)
  const usable = image.usable ? new Uint8Array(width * height) : null
  const planes = toPlanes(image.picture, image.width * image.height, channels)
  const blocked = Float32Array.from(image.hole, (value, i) => (value || (image.usable && !image.usable[i]) ? 1 : 0))
  for (const page of pages) {
    const first = page.scale === 1
    const copy = first ? planes : resizePlanes(planes, image, page)
    const shown = first ? null : spread(Uint8Array.from(resizePlanes(blocked, { ...image, channels: 1 }, page, 'area'), (value) => (value > 0 ? 1 : 0)), page.width, page.height, 4)
    const area = page.width * page.height
    for (let y = 0; y < page.height; y++) {
      for (let x = 0; x < page.width; x++) {
        const from = y * page.width + x
        const to = (page.y + y) * width + page.x + x
        for (let c = 0; c < channels; c++) picture[to * channels + c] = Math.min(1, Math.max(0, copy[c * area + from]!))
        gap[to] = shown?.[from] ? 1 : 0
        if (first) hole[to] = image.hole[from]!
        if (usable) usable[to] = first ? image.usable![from]! : 1
      }
    }
  }
  return { width, height, channels, picture, hole, gap, usable, pages }
}

function toPlanes(interleaved: Float32Array, pixels: number, channels: number): Float32Array {
  const planes = new Float32Array(interleaved.length)
  for (let i = 0; i < pixels; i++) for (let c = 0; c < channels; c++) planes[c * pixels + i] = interleaved[i * channels + c]!
  return planes
}
