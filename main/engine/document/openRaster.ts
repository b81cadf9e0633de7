/**
 * Layered export as OpenRaster 0.0.5 (freedesktop.org): a ZIP of one PNG per layer with its offset, opacity, blend mode
 * and groups, the flattened picture and a thumbnail. Transforms, masks and painted tiles are worked into the layers'
 * pixels, since the format has none of them.
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { CancelledError, EngineError, failed, throwIfCancelled } from '../errors.ts'
import { intersectBoxes, type Box } from '../image/geometry.ts'
import { maskBounds } from '../image/mask.ts'
import { allocateSamples, maxSample, pictureFromSamples, type Picture } from '../image/picture.ts'
import { encodePicture } from '../image/writePicture.ts'
import type { BlendMode } from '../requests/document.ts'
import { ZipWriter } from '../zip/zipWriter.ts'
import { composeDocument, reachOf, renderLayer } from './composer.ts'
import type { OpenDocument, OpenLayer } from './openDocument.ts'
import { composeThumbnail } from './thumbnail.ts'
import { TILE_EDGE } from './tileFile.ts'

/** The side of the format's thumbnail. */
const THUMBNAIL_SIDE = 256

/** How a layered export is written. */
export interface OpenRasterOptions {
  /** part of the canvas that becomes the picture */
  readonly box: Box
  readonly depth: 8 | 16 | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (share: number) => void
}

/** What was written. */
export interface OpenRasterReport {
  readonly layers: number
  readonly bytes: number
  readonly notes: readonly string[]
}

/**
 * Writes an `.ora` file, whole or not at all.
 * @throws EngineError output/open-raster when the file cannot be written; CancelledError
 */
export async function writeOpenRaster(document: OpenDocument, out: string, options: OpenRasterOptions): Promise<OpenRasterReport> {
  const temporary = path.join(path.dirname(path.resolve(out)), `.${path.basename(out)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`)
  let fd: number | null = null
  try {
    fd = fs.openSync(temporary, 'wx')
    const zip = new ZipWriter(fd)
    const stack = new Stack(zip, document, options, countImages(document.layers) + 1)
    await zip.add('mimetype', Buffer.from('image/openraster'), { deflate: false })
    const body = await stack.layers(document.layers, 2)
    const { width, height } = options.box
    const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<image version="0.0.5" w="${width}" h="${height}">\n  <stack>\n${body}  </stack>\n</image>\n`
    await zip.add('stack.xml', Buffer.from(xml), { deflate: true })
    const flat = await composeDocument(document, { box: options.box, depth: options.depth, signal: options.signal })
    options.onProgress?.(1)
    await zip.add('mergedimage.png', await png(pictureFromSamples(flat.samples, flat, { metadata: profileOf(document) })), { deflate: false })
    await zip.add('Thumbnails/thumbnail.png', await png(await composeThumbnail(document, options.box, THUMBNAIL_SIDE, options.signal)), { deflate: false })
    zip.finish()
    fs.fsyncSync(fd)
    const bytes = fs.fstatSync(fd).size
    fs.closeSync(fd)
    fd = null
    fs.renameSync(temporary, out)
    return { layers: stack.count, bytes, notes: stack.notes }
  } catch (error) {
    if (fd !== null) fs.closeSync(fd)
    fs.rmSync(temporary, { force: true })
    if (error instanceof EngineError || error instanceof CancelledError) throw error
    throw failed('output/open-raster', `${out} could not be written (${(error as NodeJS.ErrnoException).code ?? String(error)}); nothing was written.`, error)
  }
}

/** The name the format (and the programs that read it) have for a blend mode. */
export function compositeOp(mode: BlendMode): string {
  return mode === 'normal' ? 'svg:src-over' : `svg:${mode}`
}

/** Layers that become a picture of their own: all but groups without a mask. */
function countImages(layers: readonly OpenLayer[]): number {
  return layers.reduce((sum, layer) => sum + (layer.children && !layer.surface ? countImages(layer.children) : 1), 0)
}

/** Writes layers and describes them, top first as the format wants it. */
class Stack {
  readonly notes: string[] = []
  count = 0
  readonly #zip: ZipWriter
  readonly #document: OpenDocument
  readonly #options: OpenRasterOptions
  readonly #all: number

  /** @param all pictures that will be made, for the progress */
  constructor(zip: ZipWriter, document: OpenDocument, options: OpenRasterOptions, all: number) {
    this.#zip = zip
    this.#document = document
    this.#options = options
    this.#all = all
  }

  async layers(layers: readonly OpenLayer[], depth: number): Promise<string> {
    const parts: string[] = []
    for (const layer of [...layers].reverse()) parts.push(await this.#layer(layer, depth))
    return parts.join('')
  }

  async #layer(layer: OpenLayer, depth: number): Promise<string> {
    throwIfCancelled(this.#options.signal)
    const pad = '  '.repeat(depth)
    if (layer.blend === 'exclusion') this.notes.push(`OpenRaster has no name for the blend mode of "${layer.name}" (exclusion); some programs will show it as normal.`)
    const shared = `name="${escapeXml(layer.name)}" opacity="${layer.opacity}" visibility="${layer.visible ? 'visible' : 'hidden'}" composite-op="${compositeOp(layer.blend)}"`
    if (layer.children && !layer.surface) return `${pad}<stack ${shared} isolation="isolate">\n${await this.layers(layer.children, depth + 1)}${pad}</stack>\n`
    if (layer.children) this.notes.push(`The group "${layer.name}" has a mask, which OpenRaster does not know: it was flattened to one layer.`)
    const number = this.count++
    const { picture, x, y } = await this.#render(layer)
    const src = `data/layer${number}.png`
    await this.#zip.add(src, await png(picture), { deflate: false })
    this.#options.onProgress?.(this.count / this.#all)
    return `${pad}<layer ${shared} src="${src}" x="${x}" y="${y}"/>\n`
  }

  /** A layer's pixels cropped to what is not transparent; an empty one is a single clear pixel. */
  async #render(layer: OpenLayer): Promise<{ picture: Picture; x: number; y: number }> {
    const { box } = this.#options
    const reach = intersectBoxes(reachOf(layer, box), box)
    const depth = this.#options.depth ?? this.#document.depth
    const colours = this.#document.space.colours
    const channels = (colours + 1) as 2 | 4
    const rest = { metadata: profileOf(this.#document) }
    const whole = { ...reach, samples: allocateSamples(depth, reach.width * reach.height * channels) }
    const cover = new Uint8Array(reach.width * reach.height)
    for (let y = reach.y; y < reach.y + reach.height; y += TILE_EDGE) {
      throwIfCancelled(this.#options.signal)
      await new Promise(setImmediate) // messages and cancellation get their turn
      for (let x = reach.x; x < reach.x + reach.width; x += TILE_EDGE) {
        const region = intersectBoxes({ x, y, width: TILE_EDGE, height: TILE_EDGE }, reach)
        putTile(whole, cover, region, await renderLayer(layer, region), colours)
      }
    }
    const used = maskBounds({ width: reach.width, height: reach.height, data: cover })
    if (!used) return { picture: pictureFromSamples(allocateSamples(depth, channels), { width: 1, height: 1, channels }, rest), x: 0, y: 0 }
    const samples = allocateSamples(depth, used.width * used.height * channels)
    for (let y = 0; y < used.height; y++) {
      const from = ((used.y + y) * reach.width + used.x) * channels
      samples.set(whole.samples.subarray(from, from + used.width * channels), y * used.width * channels)
    }
    return { picture: pictureFromSamples(samples, { ...used, channels }, rest), x: reach.x + used.x - box.x, y: reach.y + used.y - box.y }
  }
}

/** Puts a tile's straight pixels into integer samples with alpha, and marks what is not transparent. */
function putTile(whole: Box & { readonly samples: Picture['samples'] }, cover: Uint8Array, region: Box, pixels: Float32Array, colours: 1 | 3): void {
  const { samples } = whole
  const top = maxSample(samples instanceof Uint16Array ? 16 : 8)
  const channels = colours + 1
  for (let y = 0, from = 0; y < region.height; y++) {
    const row = (region.y - whole.y + y) * whole.width + region.x - whole.x
    for (let x = 0; x < region.width; x++, from += 4) {
      const alpha = Math.round(Math.min(1, Math.max(0, pixels[from + 3]!)) * top)
      if (alpha === 0) continue
      const at = (row + x) * channels
      for (let c = 0; c < colours; c++) samples[at + c] = Math.round(Math.min(1, Math.max(0, pixels[from + c]!)) * top)
      samples[at + colours] = alpha
      cover[row + x] = 255
    }
  }
}

async function png(picture: Picture): Promise<Uint8Array> {
  const { pieces } = await encodePicture(picture, { format: 'png' })
  return Buffer.concat(pieces)
}

function profileOf(document: OpenDocument): Picture['metadata'] {
  return document.space.icc ? { icc: document.space.icc } : {}
}

/** Text for an attribute: markup escaped, characters that XML 1.0 forbids left out. */
function escapeXml(text: string): string {
  const legal = [...text].filter((character) => character >= ' ' && !/[\ufffe\uffff]/.test(character)).join('')
  return legal.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
