/**
 * A host inside of a page, for tests and the benchmark of the canvas: makes its tiles as they are asked for, keeps what
 * is committed, answers after a while as a real one would.
 */
import { type DocumentChange, type DocumentView, type LayerView, type StrokeTile, type TileData, type TilePlace, TILE_EDGE } from '../../../preload/contract/documents.ts'
import type { EditorHost, StrokeStart } from '../../../renderer/canvas/editorTypes.ts'

/** What the document is like. */
export interface PageDocument {
  readonly width: number
  readonly height: number
  /** paint layers over the photograph, each painted on about this share of its tiles */
  readonly paintLayers: number
  readonly paintedShare: number
  readonly mask: boolean
  readonly latencyMs: number
}

/** Colour of the stand-in photograph at a pixel: squares of 64 with soft shades, so that shifts and seams show. */
export function photographAt(x: number, y: number): readonly [number, number, number] {
  const square = ((x >> 6) + (y >> 6)) & 1
  const shade = 40 * Math.sin(x / 310) + 40 * Math.cos(y / 270)
  return square ? [150 + shade, 140 + shade / 2, 120] : [90, 120 + shade / 2, 150 + shade]
}

/** See the file's head. */
export class PageHost implements EditorHost {
  /** calls by name, and failures still to happen */
  readonly calls: { name: string; start?: StrokeStart; tiles?: number }[] = []
  readonly changes: DocumentChange[] = []
  failures = 0
  view: DocumentView
  readonly #document: PageDocument
  readonly #committed = new Map<string, Uint8Array<ArrayBuffer>>()
  readonly #strokes = new Map<number, Map<string, Uint8Array<ArrayBuffer>>>()
  #next = 1000

  constructor(document: PageDocument) {
    this.#document = document
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

  async readTiles(places: readonly TilePlace[]): Promise<{ tiles: TileData[]; version: number }> {
    const { version } = this.view
    await this.#wait()
    return { tiles: places.map((place) => ({ ...place, bytes: this.#tile(place) })), version }
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

  #tile(place: TilePlace): Uint8Array<ArrayBuffer> | null {
    const kind = this.view.layers.find((layer) => layer.id === place.layer)?.kind
    if (kind === 'image') return photograph(place, this.#document)
    if (place.level === 0) {
      const found = this.#committed.get(`${place.layer}/0/${place.x}/${place.y}`)
      if (found) return new Uint8Array(found)
    }
    return kind === 'paint' && place.layer < 1000 ? paint(place, this.#document.paintedShare) : this.#halved(place)
  }

  /** Coarser tiles of what was committed, by picking pixels. */
  #halved({ layer, level, x, y }: TilePlace): Uint8Array<ArrayBuffer> | null {
    if (level === 0) return null
    const channels = this.view.layers.find((one) => one.id === layer)?.kind === 'mask' ? 1 : 4
    const out = new Uint8Array(TILE_EDGE * TILE_EDGE * channels)
    let any = false
    for (let py = 0; py < TILE_EDGE; py++) {
      for (let px = 0; px < TILE_EDGE; px++) {
        const [fx, fy] = [(x * TILE_EDGE + px) << level, (y * TILE_EDGE + py) << level]
        const tile = this.#committed.get(`${layer}/0/${fx >> 8}/${fy >> 8}`)
        if (!tile) continue
        any = true
        const from = ((fy & 255) * TILE_EDGE + (fx & 255)) * channels
        for (let c = 0; c < channels; c++) out[(py * TILE_EDGE + px) * channels + c] = tile[from + c]
      }
    }
    return any ? out : null
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

function photograph({ level, x, y }: TilePlace, { width, height }: PageDocument): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(TILE_EDGE * TILE_EDGE * 4)
  const words = new Uint32Array(bytes.buffer)
  for (let py = 0; py < TILE_EDGE; py++) {
    for (let px = 0; px < TILE_EDGE; px++) {
      const [fx, fy] = [(x * TILE_EDGE + px) << level, (y * TILE_EDGE + py) << level]
      if (fx >= width || fy >= height) continue
      const [red, green, blue] = photographAt(fx, fy)
      words[py * TILE_EDGE + px] = (255 << 24) | ((blue & 255) << 16) | ((green & 255) << 8) | (red & 255)
    }
  }
  return bytes
}

/** Blobs of colour; which full-size tiles have one is a hash, so that every level agrees. */
function paint({ layer, level, x, y }: TilePlace, share: number): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(TILE_EDGE * TILE_EDGE * 4)
  const words = new Uint32Array(bytes.buffer)
  const colour = [0x2040e0, 0x20c060, 0xe08020, 0xc020c0, 0x40c0e0][layer % 5]
  let any = false
  for (let py = 0; py < TILE_EDGE; py++) {
    for (let px = 0; px < TILE_EDGE; px++) {
      const [fx, fy] = [(x * TILE_EDGE + px) << level, (y * TILE_EDGE + py) << level]
      if (hash(layer, fx >> 8, fy >> 8) >= share) continue
      const far = Math.hypot((fx & 255) - 128, (fy & 255) - 128)
      if (far >= 110) continue
      any = true
      words[py * TILE_EDGE + px] = (Math.round(180 * (1 - far / 110)) << 24) | colour
    }
  }
  return any ? bytes : null
}

function hash(layer: number, x: number, y: number): number {
  let value = Math.imul(layer + 1, 0x9e3779b1) ^ Math.imul(x + 17, 0x85ebca6b) ^ Math.imul(y + 31, 0xc2b2ae35)
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return ((value ^ (value >>> 12)) >>> 0) / 2 ** 32
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
