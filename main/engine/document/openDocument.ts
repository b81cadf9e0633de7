/**
 * Opens a document for composing: pictures decoded one after the other into the base picture's space, tile files opened
 * and checked, transforms and groups resolved. Layers that do not show are not opened.
 */
import { badInput, throwIfCancelled } from '../errors.ts'
import { DEFAULT_MAX_PIXELS, openPicture, readPictureHeader, type PictureHeader } from '../image/codec.ts'
import { convertPlanes, type ColourSpace } from '../image/colour.ts'
import type { PictureMetadata } from '../image/picture.ts'
import { MAX_LAYER_DEPTH, type BlendMode, type DocumentInput, type DocumentLayer } from '../requests/document.ts'
import { LayerSurface } from './layerSurface.ts'
import { SampleBudget, SampleStore } from './sampleStore.ts'
import { TILE_EDGE, TileFile, tileSamples } from './tileFile.ts'
import { composeAffine, IDENTITY, type Affine } from './transform.ts'
import { maskPlane, SRGB_SPACE, tileConverter, toSpace } from './workingSpace.ts'

/** Samples that stay in memory while a document is composed; the rest goes to temporary files. */
const MEMORY_BUDGET = 192 * 2 ** 20

/** A layer ready to be composed. */
export interface OpenLayer {
  readonly name: string
  readonly blend: BlendMode
  readonly opacity: number
  readonly visible: boolean
  /** layer to canvas, the groups around it included */
  readonly toCanvas: Affine
  /** pixels and mask; null for a group without a mask */
  readonly surface: LayerSurface | null
  /** the mask replaces instead of covering: edit results */
  readonly replace: boolean
  /** what a group holds, lowest first; null for layers with pixels */
  readonly children: readonly OpenLayer[] | null
}

/** A document ready to be composed; close it. */
export interface OpenDocument {
  readonly width: number
  readonly height: number
  readonly space: ColourSpace
  /** bits of the base picture */
  readonly depth: 8 | 16
  /** whether the base picture has an alpha channel */
  readonly alpha: boolean
  readonly metadata: PictureMetadata
  /** straight colour in the space, 0..1; null = transparent */
  readonly background: readonly [number, number, number] | null
  readonly layers: readonly OpenLayer[]
  /** things worth telling, whole sentences */
  readonly notes: readonly string[]
  close(): void
}

/** What opening needs from outside. */
export interface OpenDocumentOptions {
  /** folder for temporary files of large layers */
  readonly cacheDir: string
  readonly signal?: AbortSignal | undefined
  /** keep hidden layers too (for the layered export) */
  readonly hidden?: boolean
  /** called once a layer is decoded, and how many there are */
  readonly onLayer?: (done: number, all: number) => void
}

/**
 * Opens a document.
 * @throws EngineError document/too-large, document/too-deep, document/group (exit 2), and what the pictures and tile
 *   files throw; CancelledError
 */
export async function openDocument(document: DocumentInput, options: OpenDocumentOptions): Promise<OpenDocument> {
  const { canvas } = document
  if (canvas.width * canvas.height > DEFAULT_MAX_PIXELS) {
    throw badInput('document/too-large', {
      thing: 'the canvas',
      expected: `at most ${DEFAULT_MAX_PIXELS / 1e6} megapixels`,
      found: `${canvas.width} x ${canvas.height}, ${((canvas.width * canvas.height) / 1e6).toFixed(1)} megapixels`,
      todo: 'make it smaller',
    })
  }
  const base = document.base === null ? null : await readPictureHeader(document.base)
  const shown = shownLayers(document.layers, options.hidden ?? false, 1)
  const space = await spaceOf(base, shown)
  const opener = new Opener(space, options, count(shown))
  try {
    const layers = await opener.openAll(shown, IDENTITY)
    return {
      width: canvas.width,
      height: canvas.height,
      space,
      depth: base?.depth ?? 8,
      alpha: base?.hasAlpha ?? false,
      metadata: metadataFor(base, space),
      background: await backgroundIn(canvas.background, space),
      layers,
      notes: [...new Set(opener.notes)],
      close: () => opener.close(),
    }
  } catch (error) {
    opener.close()
    throw error
  }
}

/** The layers that take part: selections never, hidden and fully transparent ones only when asked for. */
export function shownLayers(layers: readonly DocumentLayer[], hidden: boolean, depth: number): DocumentLayer[] {
  if (depth > MAX_LAYER_DEPTH) throw badInput('document/too-deep', { thing: 'the layers', expected: `groups at most ${MAX_LAYER_DEPTH} deep`, found: 'deeper ones', todo: 'take some groups apart' })
  return layers
    .filter((layer) => layer.kind !== 'mask' && (hidden || (layer.visible && layer.opacity > 0)))
    .map((layer) => {
      if (layer.kind !== 'group' && layer.children.length > 0) throw badInput('document/group', { thing: `layer "${layer.name}"`, expected: 'layers only within groups', found: `layers within a layer of the kind ${layer.kind}`, todo: 'please report it' })
      return { ...layer, children: shownLayers(layer.children, hidden, depth + 1) }
    })
}

function count(layers: readonly DocumentLayer[]): number {
  return layers.reduce((sum, layer) => sum + 1 + count(layer.children), 0)
}

/** The base's space; a grey base becomes sRGB as soon as a layer has colour, because that is what a canvas shows. */
async function spaceOf(base: PictureHeader | null, layers: readonly DocumentLayer[]): Promise<ColourSpace> {
  if (!base) return SRGB_SPACE
  if (base.channels >= 3) return { colours: 3, icc: base.metadata.icc }
  return (await hasColour(layers)) ? SRGB_SPACE : { colours: 1, icc: base.metadata.icc }
}

async function hasColour(layers: readonly DocumentLayer[]): Promise<boolean> {
  for (const layer of layers) {
    if (await hasColour(layer.children)) return true
    if (layer.picture !== null && (await readPictureHeader(layer.picture)).channels >= 3) return true
    if (layer.tiles !== null && tilesHaveColour(layer.tiles)) return true
  }
  return false
}

function tilesHaveColour(path: string): boolean {
  const file = TileFile.open(path)
  try {
    return file.addresses().some((at) => {
      const samples = tileSamples(file.read(at)!)
      for (let i = 0; i < samples.length; i += 4) if (samples[i + 3]! > 0 && (samples[i] !== samples[i + 1] || samples[i] !== samples[i + 2])) return true
      return false
    })
  } finally {
    file.close()
  }
}

/** The base's metadata, without a profile and colour chunks that no longer say what the samples are. */
function metadataFor(base: PictureHeader | null, space: ColourSpace): PictureMetadata {
  if (!base) return {}
  if (base.metadata.icc === space.icc) return base.metadata
  const { icc: _icc, ...rest } = base.metadata
  return space.icc ? { ...rest, icc: space.icc } : rest
}

async function backgroundIn(colour: string | null, space: ColourSpace): Promise<[number, number, number] | null> {
  if (colour === null) return null
  const srgb = Float32Array.from([1, 3, 5], (at) => parseInt(colour.slice(at, at + 2), 16) / 255)
  const own = await convertPlanes(SRGB_SPACE, space)(srgb, { width: 1, height: 1 })
  return space.colours === 1 ? [own[0]!, own[0]!, own[0]!] : [own[0]!, own[1]!, own[2]!]
}

/** Opens layers in turn and remembers what must be closed. */
class Opener {
  readonly notes: string[] = []
  readonly #space: ColourSpace
  readonly #options: OpenDocumentOptions
  readonly #budget: SampleBudget
  readonly #convertTile: ReturnType<typeof tileConverter>
  readonly #closers: (() => void)[] = []
  readonly #all: number
  #done = 0

  constructor(space: ColourSpace, options: OpenDocumentOptions, all: number) {
    this.#space = space
    this.#options = options
    this.#all = all
    this.#budget = new SampleBudget(options.cacheDir, MEMORY_BUDGET)
    this.#convertTile = tileConverter(space, TILE_EDGE)
  }

  async openAll(layers: readonly DocumentLayer[], outer: Affine): Promise<OpenLayer[]> {
    const opened: OpenLayer[] = []
    for (const layer of layers) {
      throwIfCancelled(this.#options.signal)
      await new Promise(setImmediate) // messages and cancellation get their turn
      opened.push(await this.#open(layer, outer))
      this.#done += 1
      this.#options.onLayer?.(this.#done, this.#all)
    }
    return opened
  }

  close(): void {
    for (const close of this.#closers.splice(0)) close()
  }

  async #open(layer: DocumentLayer, outer: Affine): Promise<OpenLayer> {
    const group = layer.kind === 'group'
    const toCanvas = composeAffine(outer, layer.transform)
    const parts = {
      picture: group ? null : await this.#picture(layer.picture),
      tiles: group ? null : this.#tiles(layer.tiles),
      convertTile: this.#convertTile,
      mask: await this.#mask(layer.mask),
      maskTiles: this.#tiles(layer.maskTiles),
      maskOutside: layer.maskOutside,
    }
    const masked = parts.mask !== null || parts.maskTiles !== null
    return {
      name: layer.name,
      blend: layer.blend,
      opacity: layer.opacity,
      visible: layer.visible,
      toCanvas,
      surface: group ? (masked ? new LayerSurface({ ...parts, solid: true }) : null) : new LayerSurface(parts),
      replace: layer.kind === 'edit-result',
      children: group ? await this.openAll(layer.children, toCanvas) : null,
    }
  }

  async #picture(path: string | null): Promise<SampleStore | null> {
    if (path === null) return null
    const picture = await openPicture(path)
    this.notes.push(...picture.notes)
    return this.#keep(new SampleStore(await toSpace(picture, this.#space), this.#budget))
  }

  async #mask(path: string | null): Promise<SampleStore | null> {
    return path === null ? null : this.#keep(new SampleStore(maskPlane(await openPicture(path)), this.#budget))
  }

  #tiles(path: string | null): TileFile | null {
    return path === null ? null : this.#keep(TileFile.open(path))
  }

  #keep<T extends { close(): void }>(thing: T): T {
    this.#closers.push(() => thing.close())
    return thing
  }
}
