/**
 * Starts strokes: finds the layer they go to, turns document pixels into the layer's, keeps commits in order and the
 * document up to date.
 */
import type { Plane, StrokeTile } from '../../../preload/contract/documents.ts'
import type { DocumentView, EditorEvent, EditorHost, StrokeStart } from '../editorTypes.ts'
import { type Affine, type Point, apply, invert, scaleOf } from '../geometry/affine.ts'
import { type Edges, mapEdges, outward } from '../geometry/boxes.ts'
import { MASK_LAYER_PLANE, SCRIBBLE_LAYER, WORD_LAYER } from '../stage/ownLayers.ts'
import type { Scene } from '../stage/scene.ts'
import type { ToolOptions, StrokeHandle, StrokeOrder } from '../tools/toolTypes.ts'
import { tileBox } from '../tiles/tilePlan.ts'
import { type Brush, type Sample, ceilingAt, radiusAt } from './brush.ts'
import { cloneSampler } from './cloneSampler.ts'
import { DabCache } from './dabs.ts'
import { type Ink, type Rgb, cloneInk, colourInk, eraserInk, greyInk } from './inks.ts'
import { StrokeBuffer } from './strokeBuffer.ts'
import { StrokePath } from './strokePath.ts'
import { StrokeSession } from './strokeSession.ts'

/** What a desk needs. */
export interface StrokeDeskPorts {
  readonly scene: () => Scene
  readonly host: EditorHost
  readonly options: () => ToolOptions
  readonly setOptions: (options: Partial<ToolOptions>) => void
  readonly emit: (event: EditorEvent) => void
  /** the document after a commit */
  readonly adopt: (view: DocumentView) => void
  readonly requestFrame: () => void
}

/** Where a stroke goes. */
interface Target {
  readonly layer: number
  readonly plane: Plane
  readonly channels: 1 | 4
  readonly neutral: number
  /** this stroke is the first on a layer that the host has yet to make */
  readonly standIn: 'mask' | 'paint' | null
}

/** See the file's head. */
export class StrokeDesk {
  readonly #ports: StrokeDeskPorts
  readonly #dabs = new DabCache()
  readonly #open = new Set<StrokeSession>()
  /** paint layers that were made above others, so that the next stroke goes there too */
  readonly #made = new Map<number | null, number>()
  #last: Promise<unknown> = Promise.resolve()
  #pending = 0

  constructor(ports: StrokeDeskPorts) {
    this.#ports = ports
  }

  /** Resolves when every stroke so far is committed. */
  async settled(): Promise<void> {
    await this.#last
  }

  /** Strokes that are going on or not committed yet. */
  get pending(): number {
    return this.#pending
  }

  /** Shows what strokes got since the last frame. */
  show(): void {
    for (const session of this.#open) session.show()
  }

  /** Runs something after all strokes before it, and before those after it. */
  inOrder<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** Begins a stroke; null when nothing can be painted on, which a notice has told. */
  begin(order: StrokeOrder): StrokeHandle | null {
    const target = this.#target(order)
    if (!target) return null
    const scene = this.#ports.scene()
    const toLayer = invert(scene.mapOf(target.layer))
    if (!toLayer) return null
    const brush = { ...order.brush, size: Math.max(1, order.brush.size * scaleOf(toLayer)) }
    const buffer = new StrokeBuffer(canvasLimits(scene, toLayer))
    const session = this.#session(order, target, buffer, scene)
    const path = new StrokePath(brush, (at) => this.#stamp(buffer, brush, at))
    this.#open.add(session)
    this.#pending += 1
    this.#ports.emit({ type: 'stroke', phase: 'started', tool: order.tool })
    const over = (): void => {
      this.#open.delete(session)
      this.#pending -= 1
    }
    return {
      add: (samples) => {
        for (const sample of samples) path.add({ ...sample, ...apply(toLayer, sample.x, sample.y) })
        this.#touch(scene, target, buffer)
        this.#ports.requestFrame()
      },
      commit: () => {
        path.end()
        this.#touch(scene, target, buffer)
        this.#commit(session, order, target, buffer, scene, over)
      },
      cancel: () => {
        session.cancel()
        if (target.standIn === 'mask') scene.endStandIn(target.layer, null)
        over()
        this.#ports.emit({ type: 'stroke', phase: 'discarded', tool: order.tool })
        this.#ports.requestFrame()
      },
    }
  }

  /** Puts ready coverage on the mask in force: shapes and gradients. `ink` joins it to what is there. */
  commitCoverage(tool: string, title: string, buffer: StrokeBuffer, ink: Ink): void {
    const scene = this.#ports.scene()
    const target = this.#maskTarget()
    if (!target || buffer.size === 0) return
    const order = { tool, title, ink: { kind: 'mask', add: true } } as const
    const session = this.#session(order, target, buffer, scene, ink)
    this.#pending += 1
    this.#touch(scene, target, buffer)
    this.#ports.emit({ type: 'stroke', phase: 'started', tool })
    this.#commit(session, order, target, buffer, scene, () => void (this.#pending -= 1))
  }

  #commit(session: StrokeSession, order: { readonly tool: string }, target: Target, buffer: StrokeBuffer, scene: Scene, over: () => void): void {
    if (target.layer === WORD_LAYER || target.layer === SCRIBBLE_LAYER) {
      session.show()
      session.keep()
      over()
      if (target.layer === WORD_LAYER) this.#ports.emit({ type: 'word-paint', tiles: wordTiles(scene, buffer) })
      return
    }
    const done = session.commit().then(() => {
      over()
      this.#ports.emit({ type: 'stroke', phase: 'committed', tool: order.tool })
    })
    this.#last = done
    this.#ports.requestFrame()
  }

  #session(order: Pick<StrokeOrder, 'tool' | 'title' | 'ink'> | { tool: string; title: string; ink: StrokeOrder['ink'] }, target: Target, buffer: StrokeBuffer, scene: Scene, ink?: Ink): StrokeSession {
    const { host, emit, adopt } = this.#ports
    const layer = (): number => scene.layerOf(target.layer)
    return new StrokeSession(
      {
        layer, plane: target.plane, channels: target.channels, neutral: target.neutral,
        ink: ink ?? this.#ink(order.ink, scene, target),
        ...(order.ink.kind === 'clone' ? { prepare: cloneSource(scene, target, order.ink.offset) } : {}),
        start: (): StrokeStart => ({ layer: layer() >= 0 ? layer() : null, plane: target.plane, title: order.title, tool: order.tool }),
        canSave: () => layer() >= 0 || target.standIn === 'mask',
        local: target.layer === WORD_LAYER || target.layer === SCRIBBLE_LAYER,
      },
      {
        store: scene.store, host, after: this.#last,
        onSaved: () => emit({ type: 'stroke', phase: 'saved', tool: order.tool }),
        onFailed: (error, attempt, retryMs) => emit({ type: 'stroke-failed', message: messageOf(error), attempt, retryMs }),
        onCommitted: (view) => {
          if (target.standIn === 'mask' && view.activeMask !== null) scene.endStandIn(target.layer, view.activeMask)
          adopt(view)
        },
      },
      buffer,
    )
  }

  #ink(ink: StrokeOrder['ink'], scene: Scene, target: Target): Ink {
    switch (ink.kind) {
      case 'mask': return greyInk(ink.add ? 255 : 0)
      case 'word': return greyInk(ink.sign === 'plus' ? 255 : 0, 127)
      case 'scribble': return greyInk(ink.foreground ? 255 : 0, 127)
      case 'paint': return target.channels === 1 ? greyInk(greyOf(rgbOf(ink.colour))) : colourInk(rgbOf(ink.colour))
      case 'erase': return target.channels === 1 ? greyInk(0) : eraserInk()
      case 'clone': return this.#cloneInk(ink.offset, scene, target)
    }
  }

  /** Clones what the document shows, taken at the start of the stroke tile by tile as it is needed. */
  #cloneInk(offset: Point, scene: Scene, target: Target): Ink {
    const map = scene.mapOf(target.layer)
    const sample = cloneSampler(scene)
    return cloneInk((x, y) => {
      const at = apply(map, x + 0.5, y + 0.5)
      return sample(Math.floor(at.x + offset.x), Math.floor(at.y + offset.y))
    }, 0, 0)
  }

  #stamp(buffer: StrokeBuffer, brush: Brush, at: Sample): void {
    const dab = this.#dabs.dab(radiusAt(brush, at.pressure), brush.hardness, at.x, at.y)
    buffer.stamp(dab, Math.floor(at.x), Math.floor(at.y), ceilingAt(brush, at.pressure))
  }

  #touch(scene: Scene, target: Target, buffer: StrokeBuffer): void {
    for (const { x, y, dirty } of buffer.tiles) if (dirty) scene.touch(scene.layerOf(target.layer), tileBox(0, x, y))
  }

  #target({ ink }: StrokeOrder): Target | null {
    if (ink.kind === 'mask') return this.#maskTarget()
    if (ink.kind === 'word') return { layer: WORD_LAYER, plane: 'pixels', channels: 1, neutral: 127, standIn: null }
    if (ink.kind === 'scribble') return { layer: SCRIBBLE_LAYER, plane: 'pixels', channels: 1, neutral: 127, standIn: null }
    return this.#paintTarget(ink.kind === 'erase')
  }

  #maskTarget(): Target | null {
    const scene = this.#ports.scene()
    const id = scene.maskLayer
    if (id !== null && scene.document.layers.find((layer) => layer.id === id)?.locked) {
      this.#ports.emit({ type: 'notice', message: 'The mask is locked; unlock it in the layers panel to change it.' })
      return null
    }
    return { layer: id ?? scene.addStandIn('mask', null), plane: MASK_LAYER_PLANE, channels: 1, neutral: 0, standIn: id === null ? 'mask' : null }
  }

  /** A paint layer; above other layers a new one is made, because their pixels are never burnt over. */
  #paintTarget(erasing: boolean): Target | null {
    const scene = this.#ports.scene()
    const { layer: id, plane } = this.#ports.options()
    const picked = scene.document.layers.find((layer) => layer.id === id)
    const made = picked?.kind === 'paint' || plane === 'mask' ? undefined : this.#madeAbove(scene, picked?.id ?? null)
    if (made !== undefined && made < 0) return { layer: made, plane: 'pixels', channels: 4, neutral: 0, standIn: 'paint' } // still being made
    const chosen = made === undefined ? picked : scene.document.layers.find((layer) => layer.id === made)
    if (chosen?.locked) {
      this.#ports.emit({ type: 'notice', message: `The layer "${chosen.name}" is locked; unlock it or choose another to paint on.` })
      return null
    }
    if (chosen && plane === 'mask' && chosen.hasMask) return { layer: chosen.id, plane: 'mask', channels: 1, neutral: 0, standIn: null }
    if (chosen?.kind === 'paint') {
      if (!chosen.visible) {
        this.#ports.emit({ type: 'notice', message: `The layer "${chosen.name}" is hidden; show it or choose another to paint on.` })
        return null
      }
      return { layer: chosen.id, plane: 'pixels', channels: 4, neutral: 0, standIn: null }
    }
    if (erasing) {
      this.#ports.emit({ type: 'notice', message: 'The eraser works on paint layers; choose one, or hide parts of this layer with a mask.' })
      return null
    }
    return { layer: this.#newPaintLayer(scene, chosen?.id ?? null), plane: 'pixels', channels: 4, neutral: 0, standIn: 'paint' }
  }

  /** The layer made above another, while it is there and can be painted on. */
  #madeAbove(scene: Scene, above: number | null): number | undefined {
    const made = this.#made.get(above)
    const layer = made === undefined ? undefined : scene.layerOf(made)
    if (layer === undefined || (layer < 0 && scene.isStandIn(layer))) return layer
    const view = scene.document.layers.find((one) => one.id === layer)
    return view?.visible && !view.locked ? layer : undefined
  }

  #newPaintLayer(scene: Scene, above: number | null): number {
    const id = scene.addStandIn('paint', above)
    const known = new Set(scene.document.layers.map((layer) => layer.id))
    this.#made.set(above, id)
    void this.inOrder(async () => {
      for (let wait = 1000; ; wait = Math.min(15_000, wait * 2)) {
        try {
          const view = await this.#ports.host.change({ change: 'layer.add', kind: 'paint', above })
          const made = view.layers.find((layer) => layer.kind === 'paint' && !known.has(layer.id))
          if (!made) throw new Error('the host made no layer')
          scene.endStandIn(id, made.id)
          this.#ports.adopt(view)
          this.#ports.setOptions({ layer: made.id })
          this.#ports.emit({ type: 'layer-made', layer: made.id })
          return
        } catch (error) {
          this.#ports.emit({ type: 'stroke-failed', message: messageOf(error), attempt: 1, retryMs: wait })
          await new Promise((resolve) => setTimeout(resolve, wait))
        }
      }
    })
    return id
  }
}

/** Reads what a tile of the layer clones, before it is needed. */
function cloneSource(scene: Scene, target: Target, offset: Point): (x: number, y: number) => Promise<void> | null {
  return (x, y) => {
    const { left, top, right, bottom } = mapEdges(scene.mapOf(target.layer), tileBox(0, x, y))
    return scene.loadBox({ left: left + offset.x, top: top + offset.y, right: right + offset.x, bottom: bottom + offset.y })
  }
}

/** Canvas in the layer's pixels: nothing outside is painted. */
function canvasLimits(scene: Scene, toLayer: Affine): Edges {
  const { width, height } = scene.document.canvas
  return outward(mapEdges(toLayer, { left: 0, top: 0, right: width, bottom: height }))
}

function wordTiles(scene: Scene, buffer: StrokeBuffer): StrokeTile[] {
  return [...buffer.tiles].flatMap(({ x, y }) => {
    const bytes = scene.store.bytesAt({ layer: WORD_LAYER, plane: 'pixels', level: 0, x, y })
    return bytes ? [{ x, y, bytes: new Uint8Array(bytes) }] : []
  })
}

/** Parts of "#rrggbb"; black for anything else. */
export function rgbOf(colour: string): Rgb {
  const value = /^#[0-9a-f]{6}$/i.test(colour) ? Number.parseInt(colour.slice(1), 16) : 0
  return [value >> 16, (value >> 8) & 255, value & 255]
}

function greyOf([red, green, blue]: Rgb): number {
  return Math.round(0.2126 * red + 0.7152 * green + 0.0722 * blue)
}

/** The sentence in an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
