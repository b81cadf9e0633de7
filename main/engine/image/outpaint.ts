/** Larger canvases: the picture stands unchanged inside, the new margin is masked and given a first fill. */
import { badInput } from '../errors.ts'
import { DEFAULT_MAX_PIXELS } from './codec.ts'
import { fillHole, type FillHoleOptions } from './fillHole.ts'
import { wholeBox, type Box } from './geometry.ts'
import type { Mask } from './mask.ts'
import { allocateSamples, maxSample, type Picture } from './picture.ts'

/** Pixels to add on each side. */
export interface Margins {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** A picture on its larger canvas. */
export interface Extended {
  /** the margin repeats the picture's edge, opaque; the inside is the source sample by sample */
  readonly picture: Picture
  /** where the source lies on the canvas */
  readonly place: Box
  /** 255 on the margin, 0 on the source */
  readonly mask: Mask
}

/**
 * Puts a picture on a larger canvas.
 * @throws EngineError outpaint/margins when nothing is added, picture/too-large when the canvas would be
 */
export function extendCanvas(source: Picture, margins: Margins, maxPixels: number = DEFAULT_MAX_PIXELS): Extended {
  const { left, right, top, bottom } = margins
  if (left + right + top + bottom === 0) {
    throw badInput('outpaint/margins', { thing: 'outpaint', expected: 'pixels to add on at least one side', found: 'none', todo: 'give --left, --right, --top or --bottom' })
  }
  const [width, height] = [source.width + left + right, source.height + top + bottom]
  if (width * height > maxPixels) {
    throw badInput('picture/too-large', {
      thing: source.path || 'the canvas',
      expected: `a canvas of at most ${(maxPixels / 1e6).toFixed(1)} megapixels`,
      found: `${width} x ${height} pixels, ${((width * height) / 1e6).toFixed(1)} megapixels`,
      todo: 'add less, or scale the picture down first',
    })
  }
  const { channels } = source
  const samples = allocateSamples(source.depth, width * height * channels)
  const data = new Uint8Array(width * height).fill(255)
  const rowLength = source.width * channels
  for (let y = 0; y < height; y++) {
    const inside = y >= top && y < top + source.height
    const row = Math.min(source.height - 1, Math.max(0, y - top)) * rowLength
    const at = y * width * channels
    for (let x = 0; x < left; x++) samples.set(source.samples.subarray(row, row + channels), at + x * channels)
    samples.set(source.samples.subarray(row, row + rowLength), at + left * channels)
    for (let x = left + source.width; x < width; x++) samples.set(source.samples.subarray(row + rowLength - channels, row + rowLength), at + x * channels)
    if (inside) data.fill(0, y * width + left, y * width + left + source.width)
  }
  if (source.hasAlpha) {
    for (let i = 0; i < data.length; i++) if (data[i] === 255) samples[i * channels + channels - 1] = maxSample(source.depth)
  }
  return {
    picture: { ...source, width, height, samples },
    place: { x: left, y: top, width: source.width, height: source.height },
    mask: { width, height, data },
  }
}

/**
 * The first fill of the margin from the picture itself: what the model's noise is laid over, and a usable
 * result without a model.
 */
export async function prefillMargin(extended: Extended, options: FillHoleOptions = {}): Promise<Picture> {
  return fillHole(extended.picture, { box: wholeBox(extended.mask), data: extended.mask.data }, { maxPixels: 250_000, ...options })
}
