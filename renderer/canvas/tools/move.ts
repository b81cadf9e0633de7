/**
 * Move: drags, scales and turns the chosen layer. While it is dragged only its transform changes on the screen; the
 * document gets one operation when the button goes up.
 */
import { type Affine, type Point, apply, around, compose, invert, rotation, scaling, translation } from '../geometry/affine.ts'
import { edgesOf } from '../geometry/boxes.ts'
import { toScreen } from '../geometry/viewport.ts'
import { corners, handlePoints } from '../geometry/handles.ts'
import type { LayerView } from '../../../preload/contract/documents.ts'
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
        const layer = movable(surface)
        const grip = layer && gripAt(surface, pointer)
        return layer && grip ? dragging(surface, layer, grip, pointer, () => idle) : undefined
      },
      key: ({ code, shift }) => {
        const step = NUDGES[code]
        const layer = step && movable(surface)
        if (!step || !layer) return false
        const by = shift ? 10 : 1
        void place(surface, layer, movedTransform(layer.transform, surface.layerMap(layer.id), translation(step.x * by, step.y * by)))
        return true
      },
      refresh: () => showHandles(surface),
    }
    return idle
  },
}

function dragging(surface: ToolSurface, layer: LayerView, grip: NonNullable<Grip>, start: ToolPointer, after: () => State): State {
  const toCanvas = surface.layerMap(layer.id)
  const frame = frameOf(layer, toCanvas)
  let transform: Affine | null = null
  return {
    name: grip.kind === 'inside' ? 'moving' : grip.kind === 'turn' ? 'turning' : 'scaling',
    enter: () => surface.cursor(grip.kind === 'inside' ? 'move' : cursorFor(grip)),
    move: (pointer) => {
      transform = movedTransform(layer.transform, toCanvas, gestureOf(grip, frame, start, pointer))
      surface.previewTransform(layer.id, transform)
      surface.emit({ type: 'layer-transform', layer: layer.id, transform, done: false })
      showHandles(surface)
    },
    up: () => {
      if (transform) void place(surface, layer, transform)
      return after()
    },
    cancel: () => {
      surface.previewTransform(layer.id, null)
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

/** Shows the layer there until the document says so itself. */
async function place(surface: ToolSurface, layer: LayerView, transform: Affine): Promise<void> {
  surface.previewTransform(layer.id, transform)
  await surface.change({ change: 'layer.transform', layer: layer.id, transform })
  surface.previewTransform(layer.id, null)
  surface.emit({ type: 'layer-transform', layer: layer.id, transform, done: true })
  showHandles(surface)
}

function movable(surface: ToolSurface): LayerView | null {
  const { layer: id } = surface.options()
  const layer = surface.document().layers.find((one) => one.id === id)
  if (!layer?.extent) {
    surface.emit({ type: 'notice', message: layer ? `The layer "${layer.name}" is empty; there is nothing to move.` : 'No layer is chosen; choose one in the layers panel to move it.' })
    return null
  }
  if (layer.locked) {
    surface.emit({ type: 'notice', message: `The layer "${layer.name}" is locked; unlock it to move it.` })
    return null
  }
  return layer
}

/** Maps [0..1] x [0..1] to the layer's box on the canvas. */
function frameOf(layer: LayerView, toCanvas: Affine): Affine {
  const { left, top, right, bottom } = edgesOf(layer.extent!)
  return compose(toCanvas, compose(translation(left, top), scaling(right - left, bottom - top)))
}

function chosenFrame(surface: ToolSurface): Affine | null {
  const layer = surface.document().layers.find((one) => one.id === surface.options().layer)
  return layer?.extent ? frameOf(layer, surface.layerMap(layer.id)) : null
}

function gripsOf(surface: ToolSurface, frame: Affine): { readonly handles: Point[]; readonly turn: Point } {
  const handles = handlePoints(corners({ x: 0, y: 0, width: 1, height: 1 }).map(({ x, y }) => apply(frame, x, y)))
  const [middle, top] = [apply(frame, 0.5, 0.5), handles[1]]
  const view = surface.view()
  const off = (TURN_OFF * view.ratio) / view.zoom
  const length = Math.hypot(top.x - middle.x, top.y - middle.y) || 1
  return { handles, turn: { x: top.x + ((top.x - middle.x) / length) * off, y: top.y + ((top.y - middle.y) / length) * off } }
}

function showHandles(surface: ToolSurface): void {
  const frame = chosenFrame(surface)
  if (!frame) {
    surface.sketch([])
    return
  }
  const { handles, turn } = gripsOf(surface, frame)
  surface.sketch([{ kind: 'quad', points: [0, 2, 4, 6].map((i) => handles[i]) }, { kind: 'handles', points: handles, turn }])
}

function gripAt(surface: ToolSurface, { screen, at }: ToolPointer): Grip {
  const frame = chosenFrame(surface)
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
