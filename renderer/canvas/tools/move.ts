/**
 * Move: drags, scales and turns what is chosen: a layer, a group, several layers together. While they are dragged only
 * their transforms change on the screen; the document gets one operation when the button goes up.
 */
import { type Affine, type Point, apply, around, compose, invert, rotation, scaling, translation } from '../geometry/affine.ts'
import { toScreen } from '../geometry/viewport.ts'
import { corners, handlePoints } from '../geometry/handles.ts'
import { type MoveSubject, chosenLayers, moveSubject } from './moveSubject.ts'
import type { CursorKind, State, ToolDefinition, ToolPointer, ToolSurface } from './toolTypes.ts'

/** How far from a handle a press still takes it, CSS pixels, and how far the turning handle stands off. */
const REACH = 9
const TURN_OFF = 28
const NUDGES: Readonly<Record<string, Point>> = { ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 }, ArrowUp: { x: 0, y: -1 }, ArrowDown: { x: 0, y: 1 } }
const RESIZE: readonly CursorKind[] = ['nwse-resize', 'ns-resize', 'nesw-resize', 'ew-resize', 'nwse-resize', 'ns-resize', 'nesw-resize', 'ew-resize']

/** What is under the pointer. */
type Grip = { readonly kind: 'inside' } | { readonly kind: 'turn' } | { readonly kind: 'handle'; readonly index: number } | null

/** The layer's own transform after a gesture on the canvas. */
export function movedTransform(own: Affine, toCanvas: Affine, gesture: Affine): Affine {
  const parent = compose(toCanvas, invert(own)!)
  return compose(invert(parent)!, compose(gesture, compose(parent, own)))
}

/**
 * Scaling by a handle: the opposite handle, or the middle, stays. Handles are counted clockwise from the top left, odd
 * ones are middles of sides.
 * @param frame maps the layer's box [0..1] x [0..1] to the canvas
 */
export function scaleByHandle(frame: Affine, index: number, at: Point, keep: { readonly aspect: boolean; readonly middle: boolean }): Affine {
  const back = invert(frame)!
  const unit = (i: number): Point => [{ x: 0, y: 0 }, { x: 0.5, y: 0 }, { x: 1, y: 0 }, { x: 1, y: 0.5 }, { x: 1, y: 1 }, { x: 0.5, y: 1 }, { x: 0, y: 1 }, { x: 0, y: 0.5 }][i]
  const [grip, fixed] = [unit(index), keep.middle ? { x: 0.5, y: 0.5 } : unit((index + 4) % 8)]
  const pulled = apply(back, at.x, at.y)
  const ratio = (to: number, from: number, still: number): number => (Math.abs(from - still) < 1e-9 ? 1 : (to - still) / (from - still))
  let [sx, sy] = [ratio(pulled.x, grip.x, fixed.x), ratio(pulled.y, grip.y, fixed.y)]
  if (keep.aspect && index % 2 === 0) sx = sy = Math.abs(sx) > Math.abs(sy) ? sx : sy
  const least = (scale: number): number => (Math.abs(scale) < 0.005 ? 0.005 * (Math.sign(scale) || 1) : scale) // a layer never vanishes
  return compose(frame, compose(around(scaling(least(sx), least(sy)), fixed.x, fixed.y), back))
}

/** See the file's head. */
export const moveTool: ToolDefinition = {
  id: 'move',
  title: 'Move',
  start: (surface) => {
    const idle: State = {
      name: 'idle',
      enter: () => {
        surface.cursor('move')
        surface.hints([{ keys: 'Arrows', does: 'one pixel (Shift: ten)' }, { keys: 'Shift', does: 'straight, free sides, 15° steps' }, { keys: 'Alt', does: 'from the middle' }])
        showHandles(surface)
      },
      move: (pointer) => surface.cursor(cursorFor(gripAt(surface, pointer))),
      down: (pointer) => {
        if (pointer.button !== 0) return
        const subject = movable(surface)
        const grip = subject && gripAt(surface, pointer)
        return subject && grip ? dragging(surface, subject, grip, pointer, () => idle) : undefined
      },
      key: ({ code, shift }) => {
        const step = NUDGES[code]
        const subject = step && movable(surface)
        if (!step || !subject) return false
        const by = shift ? 10 : 1
        void place(surface, placesOf(subject, mapsOf(surface, subject), translation(step.x * by, step.y * by)))
        return true
      },
      refresh: () => showHandles(surface),
    }
    return idle
  },
}

/** A layer and where it is to be. */
interface Placed {
  readonly layer: number
  readonly transform: Affine
}

function mapsOf(surface: ToolSurface, { layers }: MoveSubject): ReadonlyMap<number, Affine> {
  return new Map(layers.map(({ id }) => [id, surface.layerMap(id)]))
}

function placesOf({ layers }: MoveSubject, toCanvas: ReadonlyMap<number, Affine>, gesture: Affine): Placed[] {
  return layers.map(({ id, transform }) => ({ layer: id, transform: movedTransform(transform, toCanvas.get(id)!, gesture) }))
}

function dragging(surface: ToolSurface, subject: MoveSubject, grip: NonNullable<Grip>, start: ToolPointer, after: () => State): State {
  const toCanvas = mapsOf(surface, subject)
  const { frame } = subject
  let places: Placed[] = []
  return {
    name: grip.kind === 'inside' ? 'moving' : grip.kind === 'turn' ? 'turning' : 'scaling',
    enter: () => surface.cursor(grip.kind === 'inside' ? 'move' : cursorFor(grip)),
    move: (pointer) => {
      const gesture = gestureOf(grip, frame, start, pointer)
      places = placesOf(subject, toCanvas, gesture)
      for (const { layer, transform } of places) {
        surface.previewTransform(layer, transform)
        surface.emit({ type: 'layer-transform', layer, transform, done: false })
      }
      showHandles(surface, compose(gesture, frame))
    },
    up: () => {
      if (places.length > 0) void place(surface, places)
      return after()
    },
    cancel: () => {
      for (const { id } of subject.layers) surface.previewTransform(id, null)
      showHandles(surface)
      return after()
    },
  }
}

function gestureOf(grip: NonNullable<Grip>, frame: Affine, start: ToolPointer, { at, shift, alt }: ToolPointer): Affine {
  if (grip.kind === 'inside') {
    const [dx, dy] = [Math.round(at.x - start.at.x), Math.round(at.y - start.at.y)] // whole pixels: moving blurs nothing
    if (!shift) return translation(dx, dy)
    return Math.abs(dx) > Math.abs(dy) ? translation(dx, 0) : translation(0, dy)
  }
  if (grip.kind === 'handle') return scaleByHandle(frame, grip.index, at, { aspect: !shift, middle: alt })
  const middle = apply(frame, 0.5, 0.5)
  const angle = Math.atan2(at.y - middle.y, at.x - middle.x) - Math.atan2(start.at.y - middle.y, start.at.x - middle.x)
  const step = Math.PI / 12
  return around(rotation(shift ? Math.round(angle / step) * step : angle), middle.x, middle.y)
}

/** Shows the layers there until the document says so itself: one mark for all of them. */
async function place(surface: ToolSurface, places: readonly Placed[]): Promise<void> {
  for (const { layer, transform } of places) surface.previewTransform(layer, transform)
  const [first] = places
  await surface.change(places.length === 1 ? { change: 'layer.transform', ...first! } : { change: 'layers.transform', transforms: [...places] })
  for (const { layer, transform } of places) {
    surface.previewTransform(layer, null)
    surface.emit({ type: 'layer-transform', layer, transform, done: true })
  }
  showHandles(surface)
}

/** What is moved; null when nothing can be, and the person has been told why. */
function movable(surface: ToolSurface): MoveSubject | null {
  const chosen = chosenLayers(surface.document(), surface.options())
  const tell = (message: string): null => {
    surface.emit({ type: 'notice', message })
    return null
  }
  const [first] = chosen
  if (!first) return tell('No layer is chosen; choose one in the layers panel to move it.')
  const locked = chosen.find((layer) => layer.locked)
  if (locked) return tell(`The layer "${locked.name}" is locked; unlock it to move it.`)
  return moveSubject(surface) ?? tell(chosen.length === 1 ? `The layer "${first.name}" is empty; there is nothing to move.` : 'The chosen layers are empty; there is nothing to move.')
}

function gripsOf(surface: ToolSurface, frame: Affine): { readonly handles: Point[]; readonly turn: Point } {
  const handles = handlePoints(corners({ x: 0, y: 0, width: 1, height: 1 }).map(({ x, y }) => apply(frame, x, y)))
  const [middle, top] = [apply(frame, 0.5, 0.5), handles[1]]
  const view = surface.view()
  const off = (TURN_OFF * view.ratio) / view.zoom
  const length = Math.hypot(top.x - middle.x, top.y - middle.y) || 1
  return { handles, turn: { x: top.x + ((top.x - middle.x) / length) * off, y: top.y + ((top.y - middle.y) / length) * off } }
}

function showHandles(surface: ToolSurface, frame = moveSubject(surface)?.frame): void {
  if (!frame) {
    surface.sketch([])
    return
  }
  const { handles, turn } = gripsOf(surface, frame)
  surface.sketch([{ kind: 'quad', points: [0, 2, 4, 6].map((i) => handles[i]) }, { kind: 'handles', points: handles, turn }])
}

function gripAt(surface: ToolSurface, { screen, at }: ToolPointer): Grip {
  const frame = moveSubject(surface)?.frame
  if (!frame) return null
  const near = (point: Point): boolean => {
    const { x, y } = toScreen(surface.view(), point)
    return Math.hypot(x - screen.x, y - screen.y) <= REACH
  }
  const { handles, turn } = gripsOf(surface, frame)
  if (near(turn)) return { kind: 'turn' }
  const index = handles.findIndex(near)
  if (index >= 0) return { kind: 'handle', index }
  const back = invert(frame)
  const inside = back && apply(back, at.x, at.y)
  return inside && inside.x >= 0 && inside.y >= 0 && inside.x <= 1 && inside.y <= 1 ? { kind: 'inside' } : null
}

function cursorFor(grip: Grip): CursorKind {
  if (!grip) return 'default'
  return grip.kind === 'inside' ? 'move' : grip.kind === 'turn' ? 'rotate' : RESIZE[grip.index]
}
