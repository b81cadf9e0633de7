/**
 * Crop and outpaint frame. Inside the picture it crops, beyond its edges it makes room to paint. Drag edges and corners,
 * drag inside to move, draw a line along a horizon with Mod to straighten, Enter applies.
 */
import { type Affine, type Point, apply, around, rotation } from '../geometry/affine.ts'
import type { Rect } from '../geometry/boxes.ts'
import { corners, handlePoints } from '../geometry/handles.ts'
import { toScreen } from '../geometry/viewport.ts'
import type { CursorKind, State, ToolDefinition, ToolPointer, ToolSurface } from './toolTypes.ts'

const REACH = 10
const RESIZE: readonly CursorKind[] = ['nwse-resize', 'ns-resize', 'nesw-resize', 'ew-resize', 'nwse-resize', 'ns-resize', 'nesw-resize', 'ew-resize']

/** Angle that makes a line lie level or upright, whichever is nearer; degrees, -45 to 45. */
export function levelling(from: Point, to: Point): number {
  const angle = (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI
  const quarter = Math.round(angle / 90) * 90
  return quarter - angle
}

/**
 * The frame after one of its eight handles (clockwise from the top left) was pulled to a place.
 * @param aspect width / height to keep, null: free
 * @param step pulled sides are multiples of this
 */
export function resizedFrame(box: Rect, index: number, at: Point, aspect: number | null, step: number): Rect {
  const west = [0, 6, 7].includes(index)
  const east = [2, 3, 4].includes(index)
  const north = [0, 1, 2].includes(index)
  const south = [4, 5, 6].includes(index)
  const snap = (length: number): number => Math.max(step, Math.round(length / step) * step)
  // a side that is not pulled keeps its length
  let width = east ? snap(at.x - box.x) : west ? snap(box.x + box.width - at.x) : box.width
  let height = south ? snap(at.y - box.y) : north ? snap(box.y + box.height - at.y) : box.height
  if (aspect !== null) {
    if ((east || west) && (!(north || south) || width / aspect >= height)) height = Math.max(1, Math.round(width / aspect))
    else width = Math.max(1, Math.round(height * aspect))
  }
  // the opposite edge stays; a side's handle with a fixed aspect grows evenly to both sides
  const x = west ? box.x + box.width - width : east ? box.x : Math.round(box.x + (box.width - width) / 2)
  const y = north ? box.y + box.height - height : south ? box.y : Math.round(box.y + (box.height - height) / 2)
  return { x, y, width, height }
}

/** The largest frame of an aspect inside a canvas, in its middle. */
export function fittingFrame(canvas: { readonly width: number; readonly height: number }, aspect: number | null): Rect {
  if (aspect === null) return { x: 0, y: 0, ...canvas }
  const width = Math.min(canvas.width, Math.round(canvas.height * aspect))
  const height = Math.min(canvas.height, Math.round(width / aspect))
  return { x: Math.round((canvas.width - width) / 2), y: Math.round((canvas.height - height) / 2), width, height }
}

/** See the file's head. */
export const frameTool: ToolDefinition = {
  id: 'frame',
  title: 'Crop and expand',
  start: (surface) => new FrameTool(surface).idle,
}

class FrameTool {
  readonly idle: State
  readonly #surface: ToolSurface
  #box: Rect
  #degrees = 0
  #aspect: number | null

  constructor(surface: ToolSurface) {
    this.#surface = surface
    this.#aspect = surface.options().aspect
    this.#box = fittingFrame(surface.document().canvas, this.#aspect)
    this.idle = {
      name: 'idle',
      enter: () => {
        surface.hints([{ keys: 'Drag', does: 'edges, corners or the frame' }, { keys: 'Mod+drag', does: 'along a horizon' }, { keys: 'Enter', does: 'apply' }, { keys: 'Esc', does: 'start over' }])
        this.#show()
      },
      exit: () => undefined,
      move: (pointer) => surface.cursor(pointer.mod ? 'crosshair' : this.#cursorAt(pointer)),
      down: (pointer) => (pointer.button === 0 ? this.#press(pointer) : undefined),
      key: ({ code }) => this.#key(code),
      refresh: () => this.#refresh(),
    }
  }

  /** Canvas to the straightened canvas, in which the frame is upright. */
  get #straight(): Affine {
    const { width, height } = this.#surface.document().canvas
    return around(rotation((this.#degrees * Math.PI) / 180), width / 2, height / 2)
  }

  get #back(): Affine {
    const { width, height } = this.#surface.document().canvas
    return around(rotation((-this.#degrees * Math.PI) / 180), width / 2, height / 2)
  }

  #key(code: string): boolean {
    if (code === 'Enter' || code === 'NumpadEnter') {
      void this.#apply()
      return true
    }
    if (code !== 'Escape') return false
    this.#reset()
    return true
  }

  async #apply(): Promise<void> {
    const [box, degrees] = [this.#box, this.#degrees]
    const { width, height } = this.#surface.document().canvas
    if (degrees === 0 && box.x === 0 && box.y === 0 && box.width === width && box.height === height) return
    if (await this.#surface.change({ change: 'canvas.crop', box, degrees })) this.#reset()
  }

  #reset(): void {
    this.#degrees = 0
    this.#box = fittingFrame(this.#surface.document().canvas, this.#surface.options().aspect)
    this.#show()
  }

  /** A new aspect begins anew; everything else only draws again. */
  #refresh(): void {
    if (this.#surface.options().aspect === this.#aspect) this.#show()
    else {
      this.#aspect = this.#surface.options().aspect
      this.#reset()
    }
  }

  #press(start: ToolPointer): State {
    if (start.mod) return this.#levelling(start)
    const index = this.#handleAt(start)
    if (index >= 0) return this.#dragging('resizing', (at) => resizedFrame(this.#box, index, at, this.#surface.options().aspect, this.#surface.options().frameStep))
    const from = apply(this.#straight, start.at.x, start.at.y)
    const box = this.#box
    const inside = from.x >= box.x && from.y >= box.y && from.x <= box.x + box.width && from.y <= box.y + box.height
    if (inside) return this.#dragging('moving', (at) => ({ ...box, x: Math.round(box.x + at.x - from.x), y: Math.round(box.y + at.y - from.y) }))
    // outside: a new frame from here
    return this.#dragging('drawing', (at) => resizedFrame({ x: Math.round(from.x), y: Math.round(from.y), width: 1, height: 1 }, quadrant(from, at), at, this.#surface.options().aspect, this.#surface.options().frameStep))
  }

  #dragging(name: string, box: (at: Point) => Rect): State {
    const before = this.#box
    return {
      name,
      move: ({ at }) => {
        this.#box = this.#allowed(box(apply(this.#straight, at.x, at.y)))
        this.#show()
      },
      up: () => this.idle,
      cancel: () => {
        this.#box = before
        this.#show()
        return this.idle
      },
    }
  }

  #levelling(start: ToolPointer): State {
    const before = this.#degrees
    let to = start.at
    return {
      name: 'levelling',
      enter: () => this.#surface.cursor('crosshair'),
      move: ({ at }) => {
        to = at
        this.#surface.sketch([...this.#sketches(), { kind: 'line', from: start.at, to: at, label: `${levelling(start.at, at).toFixed(1)}°` }])
      },
      up: () => {
        if (Math.hypot(to.x - start.at.x, to.y - start.at.y) > 4) this.#degrees = Math.abs(levelling(start.at, to)) < 0.05 ? 0 : levelling(start.at, to)
        this.#show()
        return this.idle
      },
      cancel: () => {
        this.#degrees = before
        this.#show()
        return this.idle
      },
    }
  }

  /** Cut to the canvas when the frame may not reach beyond it. */
  #allowed(box: Rect): Rect {
    if (this.#surface.options().outside || this.#degrees !== 0) return box
    const { width, height } = this.#surface.document().canvas
    const [wide, high] = [Math.min(box.width, width), Math.min(box.height, height)]
    return { x: Math.min(Math.max(0, box.x), width - wide), y: Math.min(Math.max(0, box.y), height - high), width: wide, height: high }
  }

  #sketches(): Parameters<ToolSurface['sketch']>[0] {
    const { width, height } = this.#box
    const points = corners(this.#box).map(({ x, y }) => apply(this.#back, x, y))
    return [{ kind: 'frame', points, label: `${width} × ${height}${this.#degrees === 0 ? '' : `, ${this.#degrees.toFixed(1)}°`}` }]
  }

  #show(): void {
    this.#surface.sketch(this.#sketches())
    this.#surface.emit({ type: 'frame', frame: { box: this.#box, degrees: this.#degrees } })
  }

  #handleAt({ screen }: ToolPointer): number {
    const quad = corners(this.#box).map(({ x, y }) => apply(this.#back, x, y))
    return handlePoints(quad).findIndex((point) => {
      const { x, y } = toScreen(this.#surface.view(), point)
      return Math.hypot(x - screen.x, y - screen.y) <= REACH
    })
  }

  #cursorAt(pointer: ToolPointer): CursorKind {
    const index = this.#handleAt(pointer)
    if (index >= 0) return RESIZE[index]
    const { x, y } = apply(this.#straight, pointer.at.x, pointer.at.y)
    const box = this.#box
    return x >= box.x && y >= box.y && x <= box.x + box.width && y <= box.y + box.height ? 'move' : 'crosshair'
  }
}

/** Handle that a drag from a corner pulls. */
function quadrant(from: Point, at: Point): number {
  if (at.x >= from.x) return at.y >= from.y ? 4 : 2
  return at.y >= from.y ? 6 : 0
}
