/**
 * One open document on the stage: its tiles, its composed pictures, what lies over it, and which parts of the screen
 * must be painted with the next frame.
 */
import { type ChangedTiles, type LayerView, type Plane, type StrokeTile, TILE_EDGE, type TileData, type TilePlace } from '../../../preload/contract/documents.ts'
import type { Comparison, DocumentView, EditorHost, StagedResult } from '../editorTypes.ts'
import { type Affine, IDENTITY, invert } from '../geometry/affine.ts'
import { type Edges, edgesOf, intersect, isEmpty, mapEdges, outward, rectOf, scaleEdges, unite } from '../geometry/boxes.ts'
import { type Viewport, levelOf, seenBox } from '../geometry/viewport.ts'
import { Contours } from '../overlay/contours.ts'
import type { Compositor } from '../tiles/compositor.ts'
import { type LayerNode, changedBoxes, layerTree, mapOfLayer, reachOf, shownLayers } from '../tiles/layerTree.ts'
import type { MakeSurface } from '../tiles/surfaces.ts'
import { fullSizePlaces, placesUnder } from '../tiles/sightPlan.ts'
import { type TileRange, coarsestLevel, placesOf, tileBox, tilesOver } from '../tiles/tilePlan.ts'
import { DEFAULT_MASK_COLOUR, FIRST_STAND_IN, MASK_LAYER_PLANE, OWN_LAYER, SCRIBBLE_LAYER, STAGED_LAYER, WORD_LAYER, isHosted, lookOf } from './ownLayers.ts'
import { Pictures, type Sight } from './pictures.ts'
import type { OwnBytes } from '../tiles/tilePixels.ts'
import { type PixelCause, type Tile, TileStore } from '../tiles/tileStore.ts'

/** What a scene needs. */
export interface SceneOptions {
  readonly host: EditorHost
  readonly makeSurface: MakeSurface
  readonly budget: { readonly tiles: number; readonly composed: number }
  /** something changed in a box of the canvas (null: everywhere) */
  readonly onDocument: (box: Edges | null) => void
  readonly onOverlay: (box: Edges | null) => void
  readonly onFailure: (error: unknown) => void
}

/** A layer shown before the host has made it. */
interface StandIn {
  readonly view: LayerView
  /** as the mask in force, or as a paint layer in the picture */
  readonly as: 'mask' | 'paint'
}

/** See the file's head. */
export class Scene {
  readonly store: TileStore
  readonly pictures: Pictures
  readonly composed: Compositor
  readonly original: Compositor
  readonly mask: Compositor
  readonly marks: Compositor
  readonly contours: Contours
  readonly #options: SceneOptions
  readonly #standIns = new Map<number, StandIn>()
  readonly #aliases = new Map<number, number>()
  readonly #live = new Map<number, Affine>()
  /** boxes of layers that strokes have touched and the host's extent may not hold yet */
  readonly #touched = new Map<number, Edges>()
  #document: DocumentView
  #staged: StagedResult | null = null
  #nodes: LayerNode[] | null = null
  #nextStandIn = FIRST_STAND_IN
  #maskTint = DEFAULT_MASK_COLOUR
  /** what was planned for last */
  #sight: Sight = { level: 0, shows: 'document' }
  #drawn = false

  constructor(document: DocumentView, options: SceneOptions) {
    this.#document = document
    this.#options = options
    const { makeSurface, budget } = options
    this.store = new TileStore({
      read: (places) => this.#read(places), makeSurface, budget: budget.tiles,
      keepsBytes: (layer, plane) => this.#keepsBytes(layer, plane),
      isEmpty: (place) => this.#isEmpty(place),
      look: lookOf,
      levels: () => coarsestLevel(this.#document.canvas),
      onPixels: (tile, part, cause) => this.#onPixels(tile, part, cause),
      onUnseen: (layer, plane, at) => this.pictures.unseen(this.#overlayOf(layer, plane), this.mapOf(layer), at),
      onFailure: options.onFailure,
    })
    this.pictures = new Pictures({
      document: () => this.nodes, original: () => this.#originalNodes(), mask: () => this.#maskNodes(), tint: () => this.#maskTint,
      marks: () => [this.#ownNode(WORD_LAYER), this.#ownNode(SCRIBBLE_LAYER)],
    }, { store: this.store, makeSurface, budget: budget.composed });
    ({ composed: this.composed, original: this.original, mask: this.mask, marks: this.marks } = this.pictures)
    this.contours = new Contours((level, x, y) => this.#maskBytes(level, x, y))
  }

  /** The document as last told. */
  get document(): DocumentView {
    return this.#document
  }

  /** The layers of the picture, stand-ins and the staged result included. */
  get nodes(): readonly LayerNode[] {
    if (this.#nodes) return this.#nodes
    const nodes = layerTree(this.#withStandIns(), this.#live)
    if (this.#staged) nodes.push(this.#ownNode(STAGED_LAYER))
    return (this.#nodes = nodes)
  }

  /** The layer whose mask is in force, by its number in the tile store; null: none. */
  get maskLayer(): number | null {
    for (const [id, standIn] of this.#standIns) if (standIn.as === 'mask') return id
    return this.#document.activeMask
  }

  /** Takes the document after a change. Older news than what is known is ignored. */
  setDocument(view: DocumentView, changed: ChangedTiles): void {
    if (view.version < this.#document.version) return
    const before = this.#document
    this.#document = view
    this.#nodes = null
    const there = new Set(view.layers.map((layer) => layer.id))
    this.store.keepLayers((layer) => layer < 0 || there.has(layer))
    for (const { layer, plane, tiles } of changed) this.store.invalidate(layer, plane, tiles, view.version)
    const boxes: readonly (Edges | null)[] = changedBoxes(before, view) ?? [null] // null: everything
    for (const box of boxes) this.#changedPicture(box)
    if (before.activeMask !== view.activeMask || maskMap(before) !== maskMap(view) || boxes.includes(null)) this.#changedMask(null)
  }

  /** Shows a staged result over the document; null: none. */
  setStaged(staged: StagedResult | null): void {
    this.#staged = staged
    this.#nodes = null
    this.store.keepLayers((layer) => layer !== STAGED_LAYER)
    this.#changedPicture(null)
  }

  /** Shows a layer elsewhere while it is dragged; null: as the document says. */
  setLiveTransform(layer: number, transform: Affine | null): void {
    const was = this.#boxesOf(layer)
    if (transform) this.#live.set(layer, transform)
    else this.#live.delete(layer)
    this.#nodes = null
    const group = this.#document.layers.find(({ id }) => id === layer)?.kind === 'group'
    if (group) {
      this.#changedPicture(null)
      return
    }
    const now = this.#boxesOf(layer)
    for (const box of [...was, ...now]) if (box) this.#changedPicture(outward(box))
  }

  /** A layer that is painted on before the host has made it: a mask, or a paint layer above another. */
  addStandIn(as: 'mask' | 'paint', above: number | null): number {
    const id = this.#nextStandIn--
    const below = this.#document.layers.find((layer) => layer.id === above)
    const view: LayerView = {
      ...OWN_LAYER, id, kind: as === 'mask' ? 'mask' : 'paint', parent: below?.parent ?? null, position: (below?.position ?? 1e6) + 0.5, extent: null,
    }
    this.#standIns.set(id, { view, as })
    this.#nodes = null
    return id
  }

  /** The host has made the layer, or (null) will not. */
  endStandIn(id: number, real: number | null): void {
    this.#standIns.delete(id)
    this.#nodes = null
    if (real !== null) {
      this.#aliases.set(id, real)
      this.store.rename(id, real)
      const touched = this.#touched.get(id)
      if (touched) this.#touched.set(real, touched)
    } else this.store.keepLayers((layer) => layer !== id)
    this.#changedMask(null)
    this.#changedPicture(null)
  }

  /** Whether a layer is shown that the host has not made yet. */
  isStandIn(id: number): boolean {
    return this.#standIns.has(id)
  }

  /** The number of a layer in the tile store now. */
  layerOf(id: number): number {
    return this.#aliases.get(id) ?? id
  }

  /** Map from a layer's pixels to the canvas. */
  mapOf(layer: number): Affine {
    return layer < 0 ? IDENTITY : mapOfLayer(this.#document, layer, this.#live)
  }

  /** Box of a layer's pixels, strokes included; null: nothing is in it. */
  extentOf(layer: number): Edges | null {
    const view = this.#document.layers.find((one) => one.id === layer)
    const [extent, touched] = [view?.extent ? edgesOf(view.extent) : null, this.#touched.get(layer) ?? null]
    return touched ? unite(extent, touched) : extent
  }

  /** A stroke reaches tiles that the layer's extent may not hold yet. */
  touch(layer: number, box: Edges): void {
    const old = this.#touched.get(layer)
    if (old && box.left >= old.left && box.top >= old.top && box.right <= old.right && box.bottom <= old.bottom) return
    this.#touched.set(layer, unite(old ?? null, box))
    this.#nodes = null
  }

  /** The colour in which the mask in force is composed. */
  setMaskTint(colour: string): void {
    if (colour === this.#maskTint) return
    this.#maskTint = colour
    this.pictures.mask.invalidate(null)
  }

  /** Whether a stroke has drawn anything since the last call. */
  takeDrawn(): boolean {
    const drawn = this.#drawn
    this.#drawn = false
    return drawn
  }

  /** Composes what earlier frames had no time for and is still in sight. @returns boxes of picture and overlay to paint again */
  catchUp(view: Viewport): { document: Edges[]; overlay: Edges[] } {
    return this.pictures.catchUp(this.#rangeOf(view))
  }

  /** Forgets the tiles of one of the window's own layers. */
  clearOwn(layer: number): void {
    this.store.keepLayers((one) => one !== layer)
    this.#touched.delete(layer)
    this.pictures.marks.invalidate(null)
    this.#options.onOverlay(null)
  }

  /** Shows a tile of one of the window's own layers. */
  showOwn(layer: number, x: number, y: number, bytes: Uint8Array): void {
    this.touch(layer, tileBox(0, x, y))
    this.store.hold(layer, 'pixels', [{ x, y }])
    this.store.patch({ layer, plane: 'pixels', level: 0, x, y }, new Uint8Array(bytes), { left: 0, top: 0, right: TILE_EDGE, bottom: TILE_EDGE })
  }

  /** Scribbles as two masks, 255 where they are; forgets them. */
  takeScribbles(): { foreground: StrokeTile[]; background: StrokeTile[] } {
    const box = this.#touched.get(SCRIBBLE_LAYER)
    const [foreground, background]: [StrokeTile[], StrokeTile[]] = [[], []]
    for (const { x, y } of box ? placesOf(tilesOver(box, 0)) : []) {
      const bytes = this.store.bytesAt({ layer: SCRIBBLE_LAYER, plane: 'pixels', level: 0, x, y })
      if (!bytes) continue
      if (bytes.some((value) => value > 191)) foreground.push({ x, y, bytes: bytes.map((value) => (value > 191 ? 255 : 0)) })
      if (bytes.some((value) => value < 64)) background.push({ x, y, bytes: bytes.map((value) => (value < 64 ? 255 : 0)) })
    }
    this.clearOwn(SCRIBBLE_LAYER)
    return { foreground, background }
  }

  /** Whether anything was painted on one of the window's own layers. */
  hasOwn(layer: number): boolean {
    return this.#touched.has(layer)
  }

  /** Changes when other tiles come into sight. */
  sightKey(view: Viewport): string {
    const range = this.#rangeOf(view)
    return `${range.level} ${range.left} ${range.top} ${range.right} ${range.bottom}`
  }

  #rangeOf(view: Viewport): TileRange {
    return tilesOver(seenBox(view), levelOf(view.zoom, coarsestLevel(this.#document.canvas)))
  }

  /** Stops everything. */
  close(): void {
    this.store.close()
  }

  /** Asks for the tiles that a view needs, most wanted first. */
  plan(view: Viewport, comparison: Comparison, strokeLayer: { readonly layer: number; readonly plane: Plane } | null): void {
    const { canvas } = this.#document
    const seen = intersect(seenBox(view), { left: 0, top: 0, right: canvas.width, bottom: canvas.height })
    if (isEmpty(seen)) return
    const level = levelOf(view.zoom, coarsestLevel(canvas))
    this.#sight = { level, shows: comparison.show }
    const pictures = comparison.show === 'original' ? this.#originalNodes() : [...shownLayers(this.nodes), ...(comparison.show === 'document' ? [] : this.#originalNodes())]
    const all = [...this.#maskNodes(), ...[...pictures].reverse()].filter(isHosted)
    const coarse = Math.min(coarsestLevel(canvas), level + 3)
    const wanted = coarse > level ? placesUnder(all, seen, coarse, 0).filter((place) => this.store.shown(place) === null) : []
    wanted.push(...placesUnder(all, seen, level, 0), ...placesUnder(all, seen, level, 1))
    const painted = this.#document.layers.find((one) => one.id === strokeLayer?.layer)
    if (painted && strokeLayer) wanted.push(...fullSizePlaces(painted, strokeLayer.plane, this.mapOf(painted.id), seen))
    this.store.want(wanted)
  }

  /** Reads the full-size tiles of every shown layer under a box of the canvas; null: all are there. */
  loadBox(box: Edges): Promise<void> | null {
    const missing = placesUnder(shownLayers(this.nodes).filter(isHosted), box, 0, 0).filter((place) => !this.store.shown(place) && !this.#isEmpty(place))
    return missing.length === 0 ? null : this.store.load(missing)
  }

  #boxesOf(layer: number): (Edges | null)[] {
    return shownLayers(this.nodes).filter((node) => node.view.id === layer).map(reachOf)
  }

  #withStandIns(): DocumentView {
    const added = [...this.#standIns.values()].filter((one) => one.as === 'paint').map((one) => one.view)
    const layers = [...this.#document.layers, ...added].map((layer) => this.#reaching(layer))
    return { ...this.#document, layers }
  }

  /** A layer with an extent that holds what strokes have touched. */
  #reaching(layer: LayerView): LayerView {
    const touched = this.#touched.get(layer.id)
    return touched ? { ...layer, extent: rectOf(unite(layer.extent && edgesOf(layer.extent), touched)) } : layer
  }

  #originalNodes(): LayerNode[] {
    const [first] = this.#document.layers.filter((layer) => layer.kind === 'image')
    if (!first) return []
    const toCanvas = mapOfLayer(this.#document, first.id)
    return [{ view: { ...first, visible: true, opacity: 1, blend: 'normal', hasMask: false }, toCanvas, fromCanvas: inverseOf(toCanvas), children: null }]
  }

  #maskNodes(): LayerNode[] {
    const id = this.maskLayer
    if (id === null) return []
    const layer = this.#standIns.get(id)?.view ?? this.#document.layers.find((one) => one.id === id)
    if (!layer) return []
    const toCanvas = this.mapOf(id)
    return [{ view: { ...this.#reaching(layer), visible: true, opacity: 1, blend: 'normal', hasMask: false }, toCanvas, fromCanvas: inverseOf(toCanvas), children: null }]
  }

  #ownNode(id: number): LayerNode {
    const { width, height } = this.#document.canvas
    const view = id === STAGED_LAYER ? { ...OWN_LAYER, id, extent: { x: 0, y: 0, width, height } } : this.#reaching({ ...OWN_LAYER, id })
    return { view, toCanvas: IDENTITY, fromCanvas: IDENTITY, children: null }
  }

  #maskBytes(level: number, x: number, y: number): OwnBytes | null | undefined {
    const layer = this.maskLayer
    if (layer === null) return null
    const place = { layer, plane: MASK_LAYER_PLANE, level, x, y }
    const tile = this.store.shown(place)
    return tile ? tile.bytes : this.#isEmpty(place) ? null : undefined
  }

  #keepsBytes(layer: number, plane: Plane): boolean {
    if (layer < 0) return layer !== STAGED_LAYER
    if (plane === 'mask') return true
    const kind = this.#document.layers.find((one) => one.id === layer)?.kind
    return kind === 'paint' || kind === 'mask'
  }

  #isEmpty({ layer, plane, level, x, y }: TilePlace): boolean {
    if (layer < 0) return layer !== STAGED_LAYER
    const view = this.#document.layers.find((one) => one.id === layer)
    if (!view) return true
    if (plane === 'mask') return !view.hasMask
    return !view.extent || isEmpty(intersect(tileBox(level, x, y), edgesOf(view.extent)))
  }

  #onPixels({ place }: Tile, part: Edges, cause: PixelCause): void {
    this.#drawn ||= cause === 'stroke'
    const at = tileBox(place.level, place.x, place.y)
    const scaled = scaleEdges(part, 2 ** place.level)
    const inLayer = { left: at.left + scaled.left, top: at.top + scaled.top, right: at.left + scaled.right, bottom: at.top + scaled.bottom }
    const box = mapEdges(this.mapOf(place.layer), inLayer)
    const over = this.#overlayOf(place.layer, place.plane)
    if (over === this.pictures.mask) this.contours.invalidate(place, part)
    for (const one of over ? [over] : [this.pictures.composed, this.pictures.original]) one.invalidate(box, cause)
    if (cause === 'arrival' && !this.pictures.hasNews(over, this.#sight, box)) return
    if (over) this.#options.onOverlay(box)
    else this.#options.onDocument(box)
  }

  /** The compositor of what lies over the picture that shows a plane; null: it belongs to the picture. */
  #overlayOf(layer: number, plane: Plane): Compositor | null {
    if (layer === WORD_LAYER || layer === SCRIBBLE_LAYER) return this.pictures.marks
    return layer === this.maskLayer && plane === MASK_LAYER_PLANE ? this.pictures.mask : null
  }

  #changedPicture(box: Edges | null): void {
    this.pictures.composed.invalidate(box)
    this.pictures.original.invalidate(box)
    this.#options.onDocument(box)
  }

  #changedMask(box: Edges | null): void {
    this.contours.invalidate(null)
    this.pictures.mask.invalidate(box)
    this.#options.onOverlay(box)
  }

  async #read(places: readonly TilePlace[]): Promise<{ tiles: readonly TileData[]; version: number }> {
    const staged = this.#staged
    const own = places.filter((place) => place.layer === STAGED_LAYER)
    const rest = places.filter((place) => place.layer !== STAGED_LAYER)
    const [answer, pictures] = await Promise.all([
      rest.length > 0 ? this.#options.host.readTiles(rest) : { tiles: [], version: this.#document.version },
      staged && own.length > 0 ? this.#options.host.readStagedTiles(staged, own.map(({ level, x, y }) => ({ level, x, y }))) : [],
    ])
    const current = staged === this.#staged ? pictures : [] // another result is looked at by now
    return { tiles: [...answer.tiles, ...current.map((tile) => ({ ...tile, layer: STAGED_LAYER, plane: 'pixels' as const }))], version: answer.version }
  }
}

function maskMap(view: DocumentView): string {
  return view.activeMask === null ? '' : JSON.stringify([mapOfLayer(view, view.activeMask), view.layers.find(({ id }) => id === view.activeMask)?.colour])
}

function inverseOf(map: Affine): Affine {
  return invert(map) ?? IDENTITY // a layer flattened to nothing shows nothing
}
