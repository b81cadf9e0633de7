/** Turns shapes and gradients into one operation on the mask in force. */
import { TILE_EDGE } from '../../../preload/contract/documents.ts'
import type { Point } from '../geometry/affine.ts'
import { apply, invert } from '../geometry/affine.ts'
import { type Edges, mapEdges, outward } from '../geometry/boxes.ts'
import { MASK_LAYER_PLANE } from '../stage/ownLayers.ts'
import type { Scene } from '../stage/scene.ts'
import type { Ink } from '../strokes/inks.ts'
import { StrokeBuffer } from '../strokes/strokeBuffer.ts'
import type { StrokeDesk } from '../strokes/strokeDesk.ts'
import { tilesOver } from '../tiles/tilePlan.ts'
import type { CombineMode } from '../tools/toolTypes.ts'
import { joined, reachesOutside } from './combine.ts'
import { gradientTile } from './gradient.ts'
import type { Outline } from './outlines.ts'
import { rasterise } from './rasterise.ts'

const WHOLE: Edges = { left: 0, top: 0, right: TILE_EDGE, bottom: TILE_EDGE }

/** See the file's head. */
export class SelectionDesk {
  readonly #scene: () => Scene
  readonly #desk: StrokeDesk

  constructor(scene: () => Scene, desk: StrokeDesk) {
    this.#scene = scene
    this.#desk = desk
  }

  /** Joins an outline, in document pixels, to the mask. */
  select(outline: Outline, mode: CombineMode, title: string, tool: string): void {
    const { toMask, limits } = this.#place()
    const rings = outline.map((ring) => ring.map((at) => apply(toMask, at.x, at.y)))
    const buffer = new StrokeBuffer(limits)
    for (const { x, y, coverage } of rasterise(rings, limits)) {
      const tile = buffer.tile(x, y)
      tile.coverage.set(coverage)
      tile.dirty = WHOLE
    }
    this.#join(buffer, mode, title, tool)
  }

  /** Joins a gradient over the whole canvas: nothing at `from`, everything at `to`. */
  gradient(from: Point, to: Point, kind: 'linear' | 'radial', mode: CombineMode): void {
    const { toMask, limits } = this.#place()
    const [start, end] = [apply(toMask, from.x, from.y), apply(toMask, to.x, to.y)]
    const buffer = new StrokeBuffer(limits)
    const range = tilesOver(limits, 0)
    for (let y = range.top; y < range.bottom; y++) {
      for (let x = range.left; x < range.right; x++) {
        const tile = buffer.tile(x, y)
        gradientTile(tile.coverage, x, y, start, end, kind, limits)
        tile.dirty = WHOLE
      }
    }
    this.#join(buffer, mode, kind === 'linear' ? 'Linear gradient mask' : 'Radial gradient mask', 'gradient-mask')
  }

  #place(): { toMask: NonNullable<ReturnType<typeof invert>>; limits: Edges } {
    const scene = this.#scene()
    const toMask = (scene.maskLayer === null ? null : invert(scene.mapOf(scene.maskLayer))) ?? [1, 0, 0, 1, 0, 0]
    const { width, height } = scene.document.canvas
    return { toMask, limits: outward(mapEdges(toMask, { left: 0, top: 0, right: width, bottom: height })) }
  }

  #join(buffer: StrokeBuffer, mode: CombineMode, title: string, tool: string): void {
    if (reachesOutside(mode)) this.#addMaskTiles(buffer)
    this.#desk.commitCoverage(tool, title, buffer, joinInk(mode))
  }

  /** Tiles of the mask that the shape does not meet change too. */
  #addMaskTiles(buffer: StrokeBuffer): void {
    const scene = this.#scene()
    const layer = scene.maskLayer
    const extent = layer === null ? null : scene.extentOf(layer)
    if (layer === null || !extent) return
    const range = tilesOver(extent, 0)
    for (let y = range.top; y < range.bottom; y++) {
      for (let x = range.left; x < range.right; x++) {
        if (scene.store.bytesAt({ layer, plane: MASK_LAYER_PLANE, level: 0, x, y }) !== null) buffer.tile(x, y).dirty = WHOLE
      }
    }
  }
}

function joinInk(mode: CombineMode): Ink {
  return (before, coverage, _part, out) => {
    for (let i = 0; i < coverage.length; i++) out[i] = joined(before ? before[i] : 0, coverage[i], mode)
  }
}
