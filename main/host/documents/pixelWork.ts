/** What a document asks of the engine: flattened pictures, masks in canvas pixels, masks as tiles. */
import fs from 'node:fs'
import path from 'node:path'
import { TileFile } from '../../engine/document/tileFile.ts'
import type { DocumentInput } from '../../engine/requests.ts'
import type { BlobHash, LayerId, OperationId } from '../../history/ids.ts'
import type { Layer, Plane } from '../../history/model.ts'
import type { TileEdit } from '../../history/operationDraft.ts'
import { greyPng } from '../greyPng.ts'
import { type Affine, invert, isIdentity, toCanvas } from './affine.ts'
import type { DocumentSession } from './documentSession.ts'
import { engineDocument, untouchedPicture } from './engineDocument.ts'
import { maskOutside } from './tileService.ts'

/** A picture made for one purpose. */
export interface MadePicture {
  readonly file: string
  readonly width: number
  readonly height: number
  /** the picture is this blob of the project, unchanged; null when it was made */
  readonly blob: BlobHash | null
}

/** White far beyond any canvas, for a mask's reach to be all that counts. */
const WHITE_SIDE = 64
const FAR = 4_000_000

/** The engine's work for one document. */
export class PixelWork {
  readonly #session: DocumentSession

  constructor(session: DocumentSession) {
    this.#session = session
  }

  /** The document as the engine takes it, where it stands or as after another operation. */
  async document(at?: OperationId, keep?: (layer: Layer) => boolean): Promise<DocumentInput> {
    const { opened, document, files } = this.#session
    return engineDocument(opened.reader, files, opened.reader.state(document, at), this.#session.tilesAt(at), keep)
  }

  /**
   * The flattened document where it stands, or as after another operation. An untouched picture is given as it is.
   * @param folder where a picture that has to be made is written
   */
  async composite(folder: string, at?: OperationId, signal?: AbortSignal): Promise<MadePicture> {
    const { opened, document, files } = this.#session
    const state = opened.reader.state(document, at)
    const tiles = this.#session.tilesAt(at)
    const untouched = untouchedPicture(opened.reader, state, tiles)
    const size = { width: state.canvas.width, height: state.canvas.height }
    if (untouched) return { file: untouched, ...size, blob: path.basename(untouched) as BlobHash } // a blob's file is called by its hash
    const file = path.join(folder, 'composite.png')
    await this.#run({ task: 'compose', ...(await engineDocument(opened.reader, files, state, tiles)), out: file }, signal)
    files.trim()
    return { file, ...size, blob: null }
  }

  /** A mask layer, or a layer's own mask, as a grey picture of the canvas's size. */
  async canvasMask(layer: Layer, plane: Plane, out: string, signal?: AbortSignal): Promise<string> {
    const { canvas } = this.#session.state
    return this.#mapped(layer, plane, toCanvas(this.#session.state.layers, layer), canvas, out, signal)
  }

  /** A mask picture of the canvas's size as a mask in a layer's own pixels. */
  async toLayer(mask: string, layer: Layer, out: string): Promise<string> {
    const inverse = invert(toCanvas(this.#session.state.layers, layer))
    if (isIdentity(inverse)) return mask
    const size = layer.pixels ?? this.#session.state.canvas
    await this.#run({ task: 'select', kind: 'alpha', document: this.#maskedWhite({ mask, maskTiles: null, outside: 0 }, inverse, size), out })
    return out
  }

  /** Where a layer is opaque, as a grey picture of the canvas's size. */
  async layerAlpha(layer: Layer, out: string): Promise<string> {
    const { layers } = this.#session.state
    const alone = await this.document(undefined, (other) => other.id === layer.id || isInside(layers, other, layer.id) || isInside(layers, layer, other.id))
    await this.#run({ task: 'select', kind: 'alpha', document: { ...alone, canvas: { ...alone.canvas, background: null } }, out })
    return out
  }

  /** Cuts a mask picture into tiles that replace all of a plane; only those that change are given. */
  async maskTiles(mask: string, layer: LayerId, plane: Plane): Promise<TileEdit[]> {
    const out = this.#session.services.scratch.path('mask.tiles')
    await this.#run({ task: 'tiles', image: mask, kind: 'mask', out })
    const file = TileFile.open(out)
    try {
      const edits: TileEdit[] = []
      const wanted = new Set<string>()
      for (const { level, x, y } of file.addresses()) {
        if (level !== 0) continue
        wanted.add(`${x}/${y}`)
        const { bytes } = file.read({ level, x, y })!
        const old = this.#session.tiles.paintedTile(layer, plane, x, y)
        if (old === null || Buffer.compare(old, bytes) !== 0) edits.push({ layer, plane, x, y, pixels: { format: 'grey8', bytes } })
      }
      for (const key of this.#session.tiles.placed(layer, plane).keys()) {
        const [x, y] = key.split('/').map(Number) as [number, number]
        if (!wanted.has(key)) edits.push({ layer, plane, x, y, pixels: null })
      }
      return edits
    } finally {
      file.close()
      fs.rmSync(out, { force: true })
    }
  }

  /** Whether a mask layer has nothing painted on it. */
  isBlank(layer: Layer): boolean {
    return layer.pixels === null && this.#session.tiles.placed(layer.id, 'pixels').size === 0
  }

  /** A mask plane seen through a map, at a size. */
  async #mapped(layer: Layer, plane: Plane, map: Affine, size: { readonly width: number; readonly height: number }, out: string, signal?: AbortSignal): Promise<string> {
    const picture = plane === 'pixels' ? layer.pixels : layer.mask
    const mask = picture && this.#session.opened.reader.blobs.path(picture.hash)
    const maskTiles = await this.#session.files.fileOf(this.#session.tiles.placed(layer.id, plane))
    const outside = plane === 'mask' ? maskOutside(layer) : 0
    const fits = picture === null || (picture.width === size.width && picture.height === size.height)
    const request = isIdentity(map) && fits && outside === 0
      ? { task: 'mask-edit', mask, maskTiles, width: size.width, height: size.height, operations: [], out }
      : { task: 'select', kind: 'alpha', document: this.#maskedWhite({ mask, maskTiles, outside }, map, size), out }
    await this.#run(request, signal)
    return out
  }

  /** White without an end behind a mask: its alpha is the mask, wherever the map puts it. */
  #maskedWhite(source: { readonly mask: string | null; readonly maskTiles: string | null; readonly outside: number }, map: Affine, size: { readonly width: number; readonly height: number }): unknown {
    const white = path.join(this.#session.services.scratch.folder, 'white.png')
    if (!fs.existsSync(white)) fs.writeFileSync(white, greyPng(WHITE_SIDE, WHITE_SIDE, () => new Uint8Array(WHITE_SIDE).fill(255)))
    const scale = FAR / WHITE_SIDE
    return {
      canvas: { width: size.width, height: size.height }, base: null,
      layers: [{
        kind: 'group', transform: [...map], mask: source.mask, maskTiles: source.maskTiles, maskOutside: source.outside,
        children: [{ kind: 'image', picture: white, transform: [scale, 0, 0, scale, -FAR / 2, -FAR / 2] }],
      }],
    }
  }

  #run(request: Record<string, unknown>, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    return this.#session.services.pixels.run(request, signal ? { signal } : {})
  }
}

function isInside(layers: ReadonlyMap<LayerId, Layer>, layer: Layer, group: LayerId): boolean {
  for (let at = layer.parent; at !== null; at = layers.get(at)?.parent ?? null) if (at === group) return true
  return false
}
