/**
 * A host inside of a page, for tests and the benchmark of the canvas: makes its tiles as they are asked for, keeps what
 * is committed, answers after a while as a real one would.
 */
import { type DocumentChange, type DocumentView, type LayerView, type StrokeTile, type TileData, type TilePlace, TILE_EDGE } from '../../../preload/contract/documents.ts'
import type { EditorHost, StrokeStart } from '../../../renderer/canvas/editorTypes.ts'
import { type PageDocument, photographAt } from './pageTiles.ts'
import { TileMaker } from './tileMaker.ts'

declare global {
  interface Window {
    /** the script of tileWorker.ts */
    tileWorkerSource: string
  }
}

/** See the file's head. */
export class PageHost implements EditorHost {
  /** calls by name, and failures still to happen */
  readonly calls: { name: string; start?: StrokeStart; tiles?: number }[] = []
  readonly changes: DocumentChange[] = []
  failures = 0
  view: DocumentView
  readonly #document: PageDocument
  readonly #maker: TileMaker
  readonly #committed = new Map<string, Uint8Array<ArrayBuffer>>()
  readonly #strokes = new Map<number, Map<string, Uint8Array<ArrayBuffer>>>()
  #next = 1000

  constructor(document: PageDocument) {
    this.#document = document
    this.#maker = new TileMaker(document)
    this.view = viewOf(document)
  }

  /** Bytes kept of what was committed. */
  get committedBytes(): number {
    return [...this.#committed.values()].reduce((sum, bytes) => sum + bytes.length, 0)
  }

  /** Committed bytes of a tile at level 0. */
  committed(layer: number, x: number, y: number): Uint8Array | null {
    return this.#committed.get(`${layer}/0/${x}/${y}`) ?? null
  }

  /** Empties the mask, as undoing everything would. */
  clearMask(): void {
    for (const key of [...this.#committed.keys()]) if (key.startsWith(`${this.view.activeMask}/`)) this.#committed.delete(key)
    this.view = { ...this.view, version: this.view.version + 1 }
  }

  /** Ends its worker. */
  close(): void {
    this.#maker.close()
  }

  async readTiles(places: readonly TilePlace[]): Promise<{ tiles: TileData[]; version: number }> {
    const { version } = this.view
    const made = await this.#maker.make(places.filter((place) => this.#isMade(place)).map((place) => ({ place, kind: this.#kindOf(place.layer) === 'image' ? 'photograph' : 'paint' })))
    await this.#wait()
    return { tiles: places.map((place) => ({ ...place, bytes: this.#isMade(place) ? made.shift()! : this.#tile(place) })), version }
  }

  async readStagedTiles(_staged: unknown, places: readonly { level: number; x: number; y: number }[]): Promise<{ level: number; x: number; y: number; bytes: Uint8Array<ArrayBuffer> | null }[]> {
    await this.#wait()
    return places.map((place) => ({ ...place, bytes: place.x === 0 && place.y === 0 ? filled(255, 220, 0, 255) : null }))
  }

  async beginStroke(start: StrokeStart): Promise<{ stroke: number; layer: number }> {
    this.calls.push({ name: 'begin', start })
    await this.#wait()
    const stroke = this.#next++
    this.#strokes.set(stroke, new Map())
    return { stroke, layer: start.layer ?? 0 }
  }

  async saveStroke(stroke: number, tiles: readonly StrokeTile[]): Promise<void> {
    this.calls.push({ name: 'save', tiles: tiles.length })
    await this.#wait()
    for (const { x, y, bytes } of tiles) this.#strokes.get(stroke)?.set(`${x}/${y}`, new Uint8Array(bytes))
  }

  async commitStroke(stroke: number | null, start: StrokeStart, tiles: readonly StrokeTile[]): Promise<DocumentView> {
    this.calls.push({ name: 'commit', start, tiles: tiles.length })
    await this.#wait()
    if (this.failures > 0) {
      this.failures -= 1
      throw new Error('The disk is full; free some space.')
    }
    const layer = start.layer ?? this.#newMask()
    const saved = (stroke !== null && this.#strokes.get(stroke)) || new Map<string, Uint8Array<ArrayBuffer>>()
    for (const { x, y, bytes } of tiles) saved.set(`${x}/${y}`, new Uint8Array(bytes))
    for (const [place, bytes] of saved) this.#committed.set(`${layer}/0/${place}`, bytes)
    return this.#change((one) => (one.id === layer ? { ...one, extent: around(one.extent, [...saved.keys()]) } : one))
  }

  async discardStroke(): Promise<void> {
    this.calls.push({ name: 'discard' })
    await this.#wait()
  }

  async change(change: DocumentChange): Promise<DocumentView> {
    this.changes.push(change)
    await this.#wait()
    if (change.change === 'layer.transform') return this.#change((layer) => (layer.id === change.layer ? { ...layer, transform: change.transform } : layer))
    if (change.change === 'layer.set') return this.#change((layer) => (layer.id === change.layer ? { ...layer, ...definedOf(change.set) } : layer))
    if (change.change !== 'layer.add' || change.kind !== 'paint') return this.#change((layer) => layer)
    const layer = { ...emptyLayer(this.#next++, 'paint'), position: this.view.layers.length }
    this.view = { ...this.view, layers: [...this.view.layers, layer] }
    return this.#change((one) => one)
  }

  async pick(x: number, y: number): Promise<string | null> {
    await this.#wait()
    return `#${photographAt(x, y).map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`
  }

  #change(edit: (layer: LayerView) => LayerView): DocumentView {
    this.view = { ...this.view, layers: this.view.layers.map(edit), version: this.view.version + 1 }
    return this.view
  }

  #newMask(): number {
    const layer = emptyLayer(this.#next++, 'mask')
    this.view = { ...this.view, layers: [...this.view.layers, layer], activeMask: layer.id }
    return layer.id
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#document.latencyMs))
  }

  #kindOf(layer: number): string | undefined {
    return this.view.layers.find((one) => one.id === layer)?.kind
  }

  /** Whether a tile is the stand-in's own rather than what was committed. */
  #isMade({ layer, level, x, y }: TilePlace): boolean {
    const kind = this.#kindOf(layer)
    return kind === 'image' || (kind === 'paint' && layer < 1000 && !(level === 0 && this.#committed.has(`${layer}/0/${x}/${y}`)))
  }

  #tile(place: TilePlace): Uint8Array<ArrayBuffer> | null {
    const found = place.level === 0 ? this.#committed.get(`${place.layer}/0/${place.x}/${place.y}`) : undefined
    return found ? new Uint8Array(found) : this.#halved(place)
  }

  /** Coarser tiles of what was committed, by picking pixels. */
  #halved({ layer, level, x, y }: TilePlace): Uint8Array<ArrayBuffer> | null {
    const channels = this.#kindOf(layer) === 'mask' ? 1 : 4
    const [tiles, side] = [2 ** level, TILE_EDGE / 2 ** level]
    let out: Uint8Array<ArrayBuffer> | null = null
    for (let row = 0; level > 0 && row < tiles; row++) {
      for (let column = 0; column < tiles; column++) {
        const tile = this.#committed.get(`${layer}/0/${x * tiles + column}/${y * tiles + row}`)
        if (!tile) continue
        out ??= new Uint8Array(TILE_EDGE * TILE_EDGE * channels)
        for (let py = 0; py < side; py++) {
          for (let px = 0; px < side * channels; px++) {
            const [pixel, channel] = [Math.floor(px / channels), px % channels]
            out[((row * side + py) * TILE_EDGE + column * side + pixel) * channels + channel] = tile[(py * tiles * TILE_EDGE + pixel * tiles) * channels + channel]
          }
        }
      }
    }
    return out
  }
}

/** A box that also holds these tiles, "x/y". */
function around(extent: LayerView['extent'], places: readonly string[]): LayerView['extent'] {
  const tiles = places.map((place) => place.split('/').map((index) => Number(index) * TILE_EDGE))
  const [xs, ys] = [tiles.map(([x]) => x), tiles.map(([, y]) => y)]
  const [left, top] = [Math.min(extent?.x ?? Infinity, ...xs), Math.min(extent?.y ?? Infinity, ...ys)]
  const [right, bottom] = [Math.max(extent ? extent.x + extent.width : -Infinity, ...xs.map((x) => x + TILE_EDGE)), Math.max(extent ? extent.y + extent.height : -Infinity, ...ys.map((y) => y + TILE_EDGE))]
  return { x: left, y: top, width: right - left, height: bottom - top }
}

function filled(...pixel: [number, number, number, number]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(TILE_EDGE * TILE_EDGE * 4).map((_, i) => pixel[i & 3])
}

function definedOf<T extends object>(set: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> }
}

function emptyLayer(id: number, kind: LayerView['kind']): LayerView {
  return {
    id, kind, name: `${kind} ${id}`, parent: null, position: id, visible: true, locked: false, opacity: 1, blend: 'normal', size: null, extent: null,
    hasMask: false, transform: [1, 0, 0, 1, 0, 0], colour: null, operation: null,
  }
}

function viewOf({ width, height, paintLayers, mask }: PageDocument): DocumentView {
  const extent = { x: 0, y: 0, width, height }
  const layers = [{ ...emptyLayer(1, 'image'), size: { width, height }, extent }]
  for (let i = 0; i < paintLayers; i++) layers.push({ ...emptyLayer(2 + i, 'paint'), extent, opacity: 0.8, blend: (['normal', 'multiply', 'screen'] as const)[i % 3], size: { width, height } })
  const all: LayerView[] = mask ? [...layers, { ...emptyLayer(500, 'mask'), extent: null }] : layers
  return {
    project: 'prj_0000000000000000', document: 1, name: 'test', canvas: { width, height }, source: null, layers: all, activeMask: mask ? 500 : null,
    head: 1, undo: null, redo: null, version: 1,
  }
}
