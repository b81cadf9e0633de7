/**
 * An open document: its tiles, its strokes, one change after another. Whatever changes it ends here, so that every window
 * is told the same: the view, and exactly which tiles must be drawn anew.
 */
import type { ChangedTiles, DocumentView } from '../../../preload/contract/documents.ts'
import { badInput } from '../../engine/errors.ts'
import type { DocumentId, LayerId, OperationId } from '../../history/ids.ts'
import type { Layer } from '../../history/model.ts'
import type { OperationDraft } from '../../history/operationDraft.ts'
import type { Project } from '../../history/project.ts'
import type { HeadMove } from '../../history/projectTypes.ts'
import type { DocumentState, StateDifference } from '../../history/state.ts'
import type { OpenProject } from '../openProjects.ts'
import type { HostServices } from '../services.ts'
import { activeMaskSetting, buildView, hasMask } from './documentView.ts'
import { TileFiles, type TilesByPlane, tilesAt } from './engineDocument.ts'
import { PixelWork } from './pixelWork.ts'
import type { Pyramids } from './pyramids.ts'
import { Strokes } from './strokes.ts'
import { TileService, maskOutside } from './tileService.ts'

/** What a session is told after each change. */
export interface SessionEvents {
  /** an operation was made or gone to: it may want a thumbnail */
  readonly onHead: (session: DocumentSession, operation: OperationId) => void
}

/** See the file's head. */
export class DocumentSession {
  readonly services: HostServices
  readonly opened: OpenProject
  readonly document: DocumentId
  readonly tiles: TileService
  readonly pixels: PixelWork
  readonly strokes: Strokes
  readonly files: TileFiles
  readonly #events: SessionEvents
  #state: DocumentState
  #version = 1
  #last: Promise<unknown> = Promise.resolve()

  constructor(services: HostServices, opened: OpenProject, document: DocumentId, pyramids: Pyramids, events: SessionEvents) {
    this.services = services
    this.opened = opened
    this.document = document
    this.#events = events
    this.#state = opened.reader.state(document)
    this.tiles = new TileService({
      layer: (id) => this.#state.layers.get(id),
      pyramid: (hash, kind) => pyramids.get(hash, kind),
      tile: (ref) => opened.reader.tile(ref),
    }, opened.reader.placedTiles(document))
    this.files = new TileFiles(opened.reader, services.scratch)
    this.pixels = new PixelWork(this)
    this.strokes = new Strokes(this)
  }

  /** The project, to be changed. @throws EngineError project/read-only */
  get project(): Project {
    return this.services.projects.writable(this.opened.id).writable
  }

  /** Canvas and layers where the document stands. */
  get state(): DocumentState {
    return this.#state
  }

  /** Where the document stands. */
  get head(): OperationId {
    return this.opened.reader.head(this.document)
  }

  /** Goes up with every change. */
  get version(): number {
    return this.#version
  }

  /** The document as a window sees it. */
  view(): DocumentView {
    return buildView(this.opened, this.document, this.#version, (layer) => this.tiles.placed(layer, 'pixels'))
  }

  /** A layer of the document. @throws EngineError document/no-layer (exit 2) */
  layer(id: number): Layer {
    const layer = this.#state.layers.get(id as LayerId) // a number of another kind finds nothing
    if (layer) return layer
    throw badInput('document/no-layer', { thing: 'This layer', expected: 'one of the document', found: 'one that is not there any more', todo: 'choose another' })
  }

  /** The mask layer in force; null when none is. */
  activeMask(): Layer | null {
    const id = this.opened.reader.setting(activeMaskSetting(this.document))
    const layer = typeof id === 'number' ? this.#state.layers.get(id as LayerId) : undefined // as in layer()
    return layer?.kind === 'mask' ? layer : null
  }

  /** Sets the mask in force. It is no step of the history: undo leaves it where it is. */
  setActiveMask(layer: LayerId | null): DocumentView {
    if (layer !== null && this.layer(layer).kind !== 'mask') throw badInput('document/not-a-mask', { thing: `Layer "${this.layer(layer).name}"`, expected: 'a mask layer', found: 'another kind', todo: 'choose a mask' })
    this.project.setSetting(activeMaskSetting(this.document), layer)
    return this.#tell([], 'activeMask')
  }

  /** Runs one change after the other: what it reads stays true until it commits. */
  exclusively<T>(work: () => Promise<T> | T): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** {@link exclusively}, refused when the window saw another state than the document's. @throws EngineError document/stale */
  changeFrom<T>(base: number, work: () => Promise<T> | T): Promise<T> {
    return this.exclusively(() => {
      if (base !== this.head) throw badInput('document/stale', { thing: 'The document', expected: 'to be as it was when this was begun', found: 'changed since', todo: 'do it again' })
      return work()
    })
  }

  /** Commits an operation where the document stands and tells every window. Call within {@link exclusively}. */
  commit(draft: OperationDraft, cause: string, activeMask?: LayerId): DocumentView {
    const from = this.head
    const operation = this.project.commitOperation(this.document, draft)
    if (activeMask !== undefined) this.project.setSetting(activeMaskSetting(this.document), activeMask)
    return this.moved({ document: this.document, from, to: operation, difference: this.opened.reader.difference(from, operation) }, cause)
  }

  /** Takes in that the document went to another place of its history. */
  moved(move: HeadMove, cause: string): DocumentView {
    this.#state = this.opened.reader.state(this.document)
    this.tiles.apply(move.difference)
    const view = this.#tell(changedTiles(move.difference), cause)
    this.#events.onHead(this, move.to)
    return view
  }

  /** Tells every window that the list of operations changed without a change of the pixels. */
  historyChanged(): void {
    this.services.emit('history.changed', { project: this.opened.id, document: this.document })
  }

  /** Tells every window how the document stands, for changes outside its history (its name). */
  changed(cause: string): DocumentView {
    return this.#tell([], cause)
  }

  /** Tiles of the whole document where it stands, or as after another operation. */
  tilesAt(at?: OperationId): TilesByPlane {
    return tilesAt(this.opened.reader, this.document, at)
  }

  /** Saves what strokes have not saved yet. */
  close(): void {
    this.strokes.close()
  }

  #tell(tiles: ChangedTiles, cause: string): DocumentView {
    this.#version += 1
    const view = this.view()
    this.services.emit('document.changed', { view, tiles, cause })
    return view
  }
}

/** What must be drawn anew after a difference: single tiles, or whole planes whose picture changed. */
function changedTiles(difference: StateDifference): ChangedTiles {
  const planes = new Map<string, ChangedTiles[number]>()
  for (const { layer, before, after } of difference.layers) {
    if (after === null) continue // a layer that is gone is drawn no more
    if (before === null || before.pixels?.hash !== after.pixels?.hash) planes.set(`${layer}/pixels`, { layer, plane: 'pixels', tiles: null })
    const masked = before === null ? hasMask(after) : before.mask?.hash !== after.mask?.hash || maskOutside(before) !== maskOutside(after)
    if (masked) planes.set(`${layer}/mask`, { layer, plane: 'mask', tiles: null })
  }
  for (const { layer, plane, x, y } of difference.tiles) {
    const key = `${layer}/${plane}`
    const known = planes.get(key)
    if (known?.tiles === null) continue
    planes.set(key, { layer, plane, tiles: [...(known?.tiles ?? []), [x, y]] })
  }
  return [...planes.values()]
}
