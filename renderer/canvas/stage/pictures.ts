/** The four pictures of a scene that are composed of its tiles, and the share of each frame's work that each one gets. */
import type { Comparison } from '../editorTypes.ts'
import type { Affine } from '../geometry/affine.ts'
import { type Edges, mapEdges } from '../geometry/boxes.ts'
import { Compositor, type CompositorOptions } from '../tiles/compositor.ts'
import { layerLevel } from '../tiles/layerDrawer.ts'
import { type TileAt, type TileRange, tileBox } from '../tiles/tilePlan.ts'

/** What is in sight: the level of the tiles, and what is shown in place of the document. */
export interface Sight {
  readonly level: number
  readonly shows: Comparison['show']
}

/** Layers of each picture. */
export interface PictureLayers {
  readonly document: CompositorOptions['layers']
  readonly original: CompositorOptions['layers']
  readonly mask: CompositorOptions['layers']
  readonly marks: CompositorOptions['layers']
  /** colour of the mask */
  readonly tint: () => string
}

/** See the file's head. */
export class Pictures {
  readonly composed: Compositor
  readonly original: Compositor
  readonly mask: Compositor
  /** word paint and scribbles */
  readonly marks: Compositor
  readonly #all: readonly Compositor[]

  /** @param budget bytes of composed tiles, all pictures together */
  constructor(layers: PictureLayers, { budget, ...rest }: Pick<CompositorOptions, 'store' | 'makeSurface' | 'budget'>) {
    this.composed = new Compositor({ ...rest, layers: layers.document, budget: budget * 0.5 })
    this.original = new Compositor({ ...rest, layers: layers.original, budget: budget * 0.2 })
    this.mask = new Compositor({ ...rest, layers: layers.mask, budget: budget * 0.2, tint: layers.tint })
    this.marks = new Compositor({ ...rest, layers: layers.marks, budget: budget * 0.1 })
    this.#all = [this.composed, this.original, this.mask, this.marks]
  }

  /** Begins a frame with so much work for whole tiles; see {@link Compositor.startFrame}. */
  startFrame(draws: number): void {
    for (const one of this.#all) one.startFrame(draws)
  }

  /** Whether something waits for a frame that has time for it. */
  get behind(): boolean {
    return this.#all.some((one) => one.behind)
  }

  /** Composes what earlier frames had no time for and is still in sight. @returns boxes of picture and overlay to paint again */
  catchUp(seen: TileRange): { document: Edges[]; overlay: Edges[] } {
    const isSeen = ({ level, x, y }: TileAt): boolean => level === seen.level && x >= seen.left && x < seen.right && y >= seen.top && y < seen.bottom
    const [composed, original, mask, marks] = this.#all.map((one) => one.catchUp(isSeen))
    return { document: [...composed, ...original], overlay: [...mask, ...marks] }
  }

  /** Whether painting a box of the canvas shows anything better than before, now that some tiles were read. */
  hasNews(over: Compositor | null, { level, shows }: Sight, box: Edges): boolean {
    if (over) return over === this.mask || over.hasNews(level, box) // an outline needs no composed tile
    return (shows !== 'original' && this.composed.hasNews(level, box)) || (shows !== 'document' && this.original.hasNews(level, box))
  }

  /**
   * A tile of a layer changed that nobody holds, or (null) a whole plane: what was composed of it is old.
   * @param over the picture it belongs to; null: the document and its original
   */
  unseen(over: Compositor | null, toCanvas: Affine, at: TileAt | null): void {
    for (const one of over ? [over] : [this.composed, this.original]) {
      if (!at) one.invalidate(null, 'change')
      else one.invalidateLevels((level) => layerLevel(toCanvas, level) === at.level, mapEdges(toCanvas, tileBox(at.level, at.x, at.y)))
    }
  }
}
