/**
 * Strokes: tiles come while the brush moves and are on the disk within two seconds; the end of the gesture makes one
 * operation of them, and waits for that while the disk is full. After a crash what was saved is offered again.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DocumentView } from '../../../preload/contract/documents.ts'
import { EngineError, badInput, failed } from '../../engine/errors.ts'
import type { LayerId, StrokeId } from '../../history/ids.ts'
import { newLayer } from '../../history/layers.ts'
import type { Layer, Plane } from '../../history/model.ts'
import type { TileEdit } from '../../history/operationDraft.ts'
import { type StrokeAutosaver, type StrokeInProgress, type StrokeStart, createStrokeAutosaver } from '../../history/strokes.ts'
import { type TilePixels, tileBytes } from '../../history/tilePacks.ts'
import type { DocumentSession } from './documentSession.ts'
import { hasMask } from './documentView.ts'
import { isPlain, overlayFor } from './tileMath.ts'
import { isGrey, maskOutside } from './tileService.ts'

/** How a window begins a stroke; a null layer is the mask in force, made when there is none. */
export interface SentStart {
  readonly layer: number | null
  readonly plane: Plane
  readonly title: string
  readonly tool: string
}

/** A tile as a window sends it: whole, as the layer shall look. */
export interface SentTile {
  readonly x: number
  readonly y: number
  readonly bytes: Uint8Array
}

interface Drawing {
  readonly start: StrokeStart
  readonly autosaver: StrokeAutosaver
  /** what came so far, by "x/y": saving lags behind */
  readonly tiles: Map<string, SentTile>
  /** the row of the autosave, once something was saved */
  saved: StrokeId | undefined
  /** set when the gesture ended but the disk would not take its operation: it is made as soon as there is room */
  waits: boolean
}

/** A stroke that the disk would not take is tried again after so long, milliseconds. */
const RETRY_MS = 1500

/** Name of a mask layer that a stroke makes. */
const MASK_NAME = 'Mask'

/** The strokes of one document. */
export class Strokes {
  readonly #session: DocumentSession
  readonly #drawing = new Map<number, Drawing>()
  /** mask layers that strokes will make when they end */
  readonly #coming = new Map<number, Layer>()
  /** far from the numbers of saved strokes, which are named by the same kind of number */
  #next = 1e9

  constructor(session: DocumentSession) {
    this.#session = session
  }

  /** Begins a stroke. The number is the session's own: the disk hears of the stroke with its first tiles. */
  begin(sent: SentStart): { readonly stroke: number; readonly layer: number } {
    const layer = this.#target(sent.layer)
    if (sent.plane === 'mask' && !hasMask(layer)) throw badInput('layer/no-mask', { thing: `"${layer.name}"`, expected: 'a layer with a mask', found: 'one without', todo: 'add a mask first' })
    const start: StrokeStart = { document: this.#session.document, layer: layer.id, plane: sent.plane, title: sent.title, tool: { tool: sent.tool } }
    const stroke = this.#next++
    const drawing: Drawing = {
      start, tiles: new Map(), saved: undefined, waits: false,
      autosaver: createStrokeAutosaver({
        save: (tiles) => { drawing.saved = this.#session.project.autosaveStroke(drawing.saved ?? start, tiles) },
        onFault: (error) => this.#tellUnsaved(error),
        onSaved: () => this.#savedAgain(),
      }),
    }
    this.#drawing.set(stroke, drawing)
    return { stroke, layer: layer.id }
  }

  /** Takes tiles of a stroke under way; they are on the disk within two seconds. */
  save(stroke: number, tiles: readonly SentTile[]): void {
    const drawing = this.#find(stroke)
    const layer = this.#layerOf(drawing.start)
    for (const tile of tiles) {
      const pixels = checkedPixels(layer, drawing.start.plane, tile)
      drawing.tiles.set(`${tile.x}/${tile.y}`, tile)
      drawing.autosaver.touch({ x: tile.x, y: tile.y, pixels })
    }
  }

  /**
   * Ends a stroke: one operation of its tiles, overlaid by these. A null stroke is a gesture short enough to come whole.
   * While the disk is full it waits, and a notice says so: sent again by the window, it would be made twice.
   */
  async commit(stroke: number | null, sent: SentStart, tiles: readonly SentTile[]): Promise<DocumentView> {
    const number = stroke ?? this.begin(sent).stroke
    const drawing = this.#find(number)
    const layer = this.#layerOf(drawing.start)
    for (const tile of tiles) {
      checkedPixels(layer, drawing.start.plane, tile)
      drawing.tiles.set(`${tile.x}/${tile.y}`, tile)
    }
    for (;;) {
      try {
        return await this.#end(number, drawing, sent)
      } catch (error) {
        if (!isDiskFault(error)) {
          if (stroke === null) this.drop(number) // the window has all of it and tells
          throw error
        }
        drawing.waits = true
        this.#tellUnsaved(error)
      }
      await sleep(RETRY_MS, undefined, { ref: false })
      if (!this.#drawing.has(number)) throw failed('stroke/closed', 'The project was closed before there was room to save the last stroke.')
    }
  }

  #end(number: number, drawing: Drawing, sent: SentStart): Promise<DocumentView> {
    return this.#session.exclusively(async () => {
      const view = await this.#commitTiles(drawing.start, [...drawing.tiles.values()], { title: sent.title, tool: { tool: sent.tool }, saved: drawing.saved })
      drawing.autosaver.stop()
      this.#drawing.delete(number)
      if (drawing.waits) this.#savedAgain()
      return view
    })
  }

  get #noticeKey(): string {
    return `autosave ${this.#session.opened.id}`
  }

  #tellUnsaved(error: unknown): void {
    const { notices, log } = this.#session.services
    log.write(`a stroke waits to be saved: ${String((error as Error).message)}`)
    const why = error instanceof EngineError && error.code === 'project/disk-full' ? 'The disk is full' : 'The project cannot be written'
    notices.tell({ key: this.#noticeKey, level: 'error', message: `${why}: what you draw is kept in memory and saved by itself as soon as there is room. Nothing that was saved before is touched; free some space.` })
  }

  /** The notice ends with the last stroke that has waited. */
  #savedAgain(): void {
    if (![...this.#drawing.values()].some(({ waits }) => waits)) this.#session.services.notices.over(this.#noticeKey)
  }

  /** Gives a stroke up: one that is being drawn, or one that a crash left behind. */
  drop(stroke: number): void {
    const drawing = this.#drawing.get(stroke)
    if (!drawing) return this.#session.project.discardStroke(this.#recoverable(stroke).id)
    drawing.autosaver.stop()
    this.#drawing.delete(stroke)
    if (drawing.saved !== undefined) this.#session.project.discardStroke(drawing.saved)
  }

  /** Strokes that a crash left behind, by the number of their autosave. */
  recovered(): StrokeInProgress[] {
    const own = new Set([...this.#drawing.values()].map((drawing) => drawing.saved))
    return this.#session.opened.reader.strokesInProgress().filter((stroke) => stroke.document === this.#session.document && !own.has(stroke.id))
  }

  /** Makes an operation of a stroke that a crash left behind. @throws EngineError stroke/unknown (exit 2) */
  restore(id: number): Promise<DocumentView> {
    const stroke = this.#recoverable(id)
    const tiles = this.#session.opened.reader.strokeTiles(stroke.id).map((tile): SentTile => ({ x: tile.x, y: tile.y, bytes: tile.pixels.bytes }))
    return this.#session.exclusively(async () => {
      const known = this.#session.state.layers.has(stroke.layer)
      const layer = known ? stroke.layer : this.#newMask().id
      if (!known) this.#session.services.log.write(`stroke ${stroke.id} is restored on a new mask layer`)
      const view = await this.#commitTiles({ ...stroke, layer }, tiles, { title: stroke.title, tool: stroke.tool, saved: known ? stroke.id : undefined })
      if (!known) this.#session.project.discardStroke(stroke.id)
      return view
    })
  }

  /** Saves what waits; what is being drawn stays to be recovered. */
  close(): void {
    for (const { autosaver } of this.#drawing.values()) {
      autosaver.flush()
      autosaver.stop()
    }
    this.#drawing.clear()
  }

  async #commitTiles(start: StrokeStart, tiles: readonly SentTile[], { title, tool, saved }: { title: string; tool: StrokeStart['tool']; saved: StrokeId | undefined }): Promise<DocumentView> {
    const session = this.#session
    const layer = this.#layerOf(start)
    const isNew = !session.state.layers.has(layer.id)
    const edits = await Promise.all(tiles.map((tile) => this.#edit(layer, start.plane, tile)))
    const view = session.commit(
      { kind: 'stroke', title, params: tool, tiles: edits, ...(isNew ? { layers: [layer] } : {}), ...(saved === undefined ? {} : { stroke: saved }) },
      'stroke',
      layer.kind === 'mask' ? layer.id : undefined,
    )
    this.#coming.delete(layer.id)
    return view
  }

  /** The tile as the history keeps it: on a picture only what was painted over it. */
  async #edit(layer: Layer, plane: Plane, { x, y, bytes }: SentTile): Promise<TileEdit> {
    const place = { layer: layer.id, plane, x, y }
    const picture = await this.#session.tiles.pictureTile(layer, plane, x, y)
    if (isGrey(layer, plane)) {
      const outside = plane === 'mask' ? maskOutside(layer) : 0
      return { ...place, pixels: picture === null && isPlain(bytes, outside) ? null : { format: 'grey8', bytes } }
    }
    if (picture === null) return { ...place, pixels: isPlain(bytes, 0) ? null : { format: 'rgba8', bytes } }
    const shown = (await this.#session.tiles.read(layer.id, plane, { level: 0, x, y })) ?? picture
    const overlay = overlayFor(bytes, shown, picture, this.#session.tiles.paintedTile(layer.id, plane, x, y))
    return { ...place, pixels: isPlain(overlay, 0) ? null : { format: 'rgba8', bytes: overlay } }
  }

  #target(id: number | null): Layer {
    if (id !== null) {
      const layer = this.#coming.get(id) ?? this.#session.layer(id)
      if (layer.kind === 'group') throw badInput('stroke/group', { thing: `"${layer.name}"`, expected: 'a layer to draw on', found: 'a group', todo: 'choose a layer in it' })
      if (layer.locked) throw badInput('stroke/locked', { thing: `Layer "${layer.name}"`, expected: 'an unlocked layer', found: 'a locked one', todo: 'unlock it first' })
      return layer
    }
    return this.#session.activeMask() ?? [...this.#coming.values()][0] ?? this.#newMask()
  }

  #newMask(): Layer {
    const session = this.#session
    const top = [...session.state.layers.values()].filter((layer) => layer.parent === null).length
    const layer = newLayer({ id: session.project.newLayerId(), kind: 'mask', name: MASK_NAME, position: top })
    this.#coming.set(layer.id, layer)
    return layer
  }

  #layerOf({ layer }: Pick<StrokeStart, 'layer'>): Layer {
    return this.#coming.get(layer) ?? this.#session.layer(layer as LayerId)
  }

  #recoverable(id: number): StrokeInProgress {
    const stroke = this.recovered().find((candidate) => candidate.id === id)
    if (stroke) return stroke
    throw badInput('stroke/unknown', { thing: 'This stroke', expected: 'one that was left behind', found: 'none', todo: 'look at the list again' })
  }

  #find(stroke: number): Drawing {
    const drawing = this.#drawing.get(stroke)
    if (drawing) return drawing
    throw badInput('stroke/unknown', { thing: 'This stroke', expected: 'one that is being drawn', found: 'one that has ended', todo: 'draw it again' })
  }
}

/** Whether the disk, and nothing in the request, is to blame: later it may work. */
function isDiskFault(error: unknown): boolean {
  return error instanceof EngineError && (error.code === 'project/disk-full' || error.code === 'project/not-writable')
}

/** Checks a tile's length against its plane. @throws EngineError stroke/tile (exit 2) */
function checkedPixels(layer: Layer, plane: Plane, tile: SentTile): TilePixels {
  const format = isGrey(layer, plane) ? 'grey8' : 'rgba8'
  const expected = tileBytes(format)
  if (tile.bytes.length === expected) return { format, bytes: tile.bytes }
  throw badInput('stroke/tile', { thing: `Tile ${tile.x}, ${tile.y} of a stroke`, expected: `${expected} bytes`, found: `${tile.bytes.length}`, todo: 'please report it' })
}
