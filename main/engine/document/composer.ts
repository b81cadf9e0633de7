/**
 * Composes an open document, tile by tile in floating point: straight colours of the document's own space and encoding,
 * which is what a canvas does too. Only the finished samples are as large as the picture.
 */
import { throwIfCancelled } from '../errors.ts'
import { intersectBoxes, type Box } from '../image/geometry.ts'
import { allocateSamples, maxSample, type Samples } from '../image/picture.ts'
import { blendOver } from './blend.ts'
import type { LayerSurface } from './layerSurface.ts'
import type { OpenDocument, OpenLayer } from './openDocument.ts'
import { TILE_EDGE } from './tileFile.ts'
import { composeAffine, IDENTITY, invertAffine, isExact, mapBox, rearrange, resample, type Affine, type LayerPixels } from './transform.ts'

/** What is composed. */
export interface ComposeOptions {
  /** part of the canvas (after `view`); default all of it */
  readonly box?: Box | undefined
  /** extra map from canvas to the result, for thumbnails; default none */
  readonly view?: Affine
  /** bits of the result; default the document's */
  readonly depth?: 8 | 16 | undefined
  readonly signal?: AbortSignal | undefined
  /** called after each row of tiles with the share done, 0..1 */
  readonly onProgress?: (share: number) => void
}

/** Flattened samples: interleaved, in the document's space. */
export interface Composed {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 2 | 3 | 4
  readonly samples: Samples
}

/**
 * Flattens a document. The result has an alpha channel when the base picture has one or a pixel is not fully opaque.
 * @throws CancelledError
 */
export async function composeDocument(document: OpenDocument, options: ComposeOptions = {}): Promise<Composed> {
  const box = options.box ?? { x: 0, y: 0, width: document.width, height: document.height }
  const view = options.view ?? IDENTITY
  const result = new SampleBuffer(box, document.space.colours, options.depth ?? document.depth, document.alpha)
  // tiles begin at multiples of their edge in canvas pixels, as blocks and painted tiles do
  const [firstRow, lastRow] = [Math.floor(box.y / TILE_EDGE), Math.floor((box.y + box.height - 1) / TILE_EDGE)]
  for (let row = firstRow; row <= lastRow; row++) {
    await new Promise(setImmediate) // messages and cancellation get their turn
    for (let column = Math.floor(box.x / TILE_EDGE); column * TILE_EDGE < box.x + box.width; column++) {
      throwIfCancelled(options.signal)
      const region = intersectBoxes({ x: column * TILE_EDGE, y: row * TILE_EDGE, width: TILE_EDGE, height: TILE_EDGE }, box)
      const pixels = backdrop(region, document.background)
      await composeLayers(pixels, document.layers, region, view)
      result.put(region, pixels)
    }
    options.onProgress?.((row - firstRow + 1) / (lastRow - firstRow + 1))
  }
  return result.finish()
}

/**
 * One layer alone, as it looks on the canvas without opacity and blend mode: for the layered export.
 * @returns straight RGBA, 0..1
 */
export async function renderLayer(layer: OpenLayer, region: Box): Promise<Float32Array> {
  const pixels = new Float32Array(region.width * region.height * 4)
  await composeLayer(pixels, { ...layer, opacity: 1, blend: 'normal', visible: true }, region, IDENTITY)
  return pixels
}

/** Box of the canvas that a layer's pixels can reach. */
export function reachOf(layer: OpenLayer, canvas: Box): Box {
  const extent = layer.surface?.extent
  return extent ? intersectBoxes(mapBox(layer.toCanvas, extent), canvas) : canvas
}

function backdrop(region: Box, background: readonly [number, number, number] | null): Float32Array {
  const pixels = new Float32Array(region.width * region.height * 4)
  if (background) for (let at = 0; at < pixels.length; at += 4) pixels.set([...background, 1], at)
  return pixels
}

async function composeLayers(target: Float32Array, layers: readonly OpenLayer[], region: Box, view: Affine): Promise<void> {
  for (const layer of layers) if (layer.visible && layer.opacity > 0) await composeLayer(target, layer, region, view)
}

/** A group is composed alone on transparency (isolated) and then blended like a layer. */
async function composeLayer(target: Float32Array, layer: OpenLayer, region: Box, view: Affine): Promise<void> {
  const { blend: mode, opacity, replace } = layer
  const map = composeAffine(view, layer.toCanvas)
  if (layer.children) {
    const alone = new Float32Array(target.length)
    await composeLayers(alone, layer.children, region, view)
    const mask = layer.surface ? await place(layer.surface, map, region) : null
    blendOver(target, alone, mask ? alphaOf(mask) : null, { mode, opacity, replace: false })
    return
  }
  const pixels = layer.surface ? await place(layer.surface, map, region) : null
  if (pixels) blendOver(target, pixels.rgba, pixels.weights, { mode, opacity, replace: replace && isExact(map) })
}

/** A surface as it lies on the region; null where it does not. */
async function place(surface: LayerSurface, map: Affine, region: Box): Promise<LayerPixels | null> {
  const inverse = invertAffine(map)
  if (!inverse) return null
  const { extent } = surface
  if (extent) {
    const reached = intersectBoxes(mapBox(inverse, region), extent)
    if (reached.width === 0 || reached.height === 0) return null
  }
  const read = (box: Box): Promise<LayerPixels> => surface.read(box)
  if (isExact(map)) return rearrange(read, inverse, region)
  return { rgba: await resample(read, inverse, region, extent), weights: null }
}

/** A group's mask: its weights where they are apart, else the alpha of the resampled white. */
function alphaOf({ rgba, weights }: LayerPixels): Float32Array {
  return weights ?? Float32Array.from({ length: rgba.length / 4 }, (_, i) => rgba[4 * i + 3]!)
}

/** Takes composed tiles as integer samples; gets an alpha channel when the first pixel needs it. */
class SampleBuffer {
  readonly #box: Box
  readonly #colours: 1 | 3
  readonly #depth: 8 | 16
  #alpha: boolean
  #samples: Samples

  constructor(box: Box, colours: 1 | 3, depth: 8 | 16, alpha: boolean) {
    this.#box = box
    this.#colours = colours
    this.#depth = depth
    this.#alpha = alpha
    this.#samples = allocateSamples(depth, box.width * box.height * this.#channels)
  }

  get #channels(): 1 | 2 | 3 | 4 {
    return (this.#colours + (this.#alpha ? 1 : 0)) as 1 | 2 | 3 | 4
  }

  put(region: Box, pixels: Float32Array): void {
    const top = maxSample(this.#depth)
    if (!this.#alpha && !opaque(pixels, top)) this.#widen()
    const [colours, channels] = [this.#colours, this.#channels]
    const samples = this.#samples
    let from = 0
    for (let y = 0; y < region.height; y++) {
      let at = ((region.y - this.#box.y + y) * this.#box.width + region.x - this.#box.x) * channels
      for (let x = 0; x < region.width; x++, from += 4, at += channels) {
        for (let c = 0; c < colours; c++) samples[at + c] = toSample(pixels[from + c]!, top)
        if (channels > colours) samples[at + colours] = toSample(pixels[from + 3]!, top)
      }
    }
  }

  finish(): Composed {
    return { width: this.#box.width, height: this.#box.height, channels: this.#channels, samples: this.#samples }
  }

  #widen(): void {
    const before = this.#samples
    const colours = this.#colours
    this.#alpha = true
    const after = allocateSamples(this.#depth, this.#box.width * this.#box.height * this.#channels)
    const top = maxSample(this.#depth)
    for (let from = 0, at = 0; from < before.length; from += colours, at += colours + 1) {
      for (let c = 0; c < colours; c++) after[at + c] = before[from + c]!
      after[at + colours] = top
    }
    this.#samples = after
  }
}

function opaque(pixels: Float32Array, top: number): boolean {
  for (let at = 3; at < pixels.length; at += 4) if (toSample(pixels[at]!, top) < top) return false
  return true
}

function toSample(value: number, top: number): number {
  return value <= 0 ? 0 : value >= 1 ? top : Math.round(value * top)
}
