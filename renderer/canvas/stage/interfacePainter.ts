/** Draws sketches (frames, handles, selections in the making) as Konva shapes in screen pixels. */
import Konva from 'konva'
import type { Point } from '../geometry/affine.ts'
import { corners, handlePoints } from '../geometry/handles.ts'
import { type Viewport, toScreen } from '../geometry/viewport.ts'
import type { Rect } from '../geometry/boxes.ts'
import type { Sketch } from './sketches.ts'

/** Side of a handle, CSS pixels. */
export const HANDLE_SIDE = 10
/** letters on a light accent */
const INK = '#10131a'

/** Colours of the interface. */
export interface InterfaceColours {
  readonly accent: string
  readonly onAccent: string
}

type Node = Konva.Shape | Konva.Group

/** See the file's head. */
export class InterfacePainter {
  readonly #layer: Konva.Layer

  constructor(layer: Konva.Layer) {
    this.#layer = layer
  }

  /** Replaces everything that is drawn. */
  paint(sketches: readonly Sketch[], view: Viewport, colours: InterfaceColours): void {
    if (sketches.length === 0 && !this.#layer.visible()) return
    this.#layer.destroyChildren()
    this.#layer.visible(sketches.length > 0)
    for (const sketch of sketches) this.#layer.add(...nodesOf(sketch, view, colours))
    this.#layer.draw()
  }
}

function nodesOf(sketch: Sketch, view: Viewport, colours: InterfaceColours): Node[] {
  const at = (point: Point): Point => toScreen(view, point)
  switch (sketch.kind) {
    case 'path': return outlineNodes(sketch.points.map(at), sketch.closed, [6, 4])
    case 'ellipse': return outlineNodes(ellipsePoints(sketch.box).map(at), true, [6, 4])
    case 'marquee': return outlineNodes(corners(sketch.box).map(at), true, [6, 4])
    case 'quad': return outlineNodes(sketch.points.map(at), true, null, colours.accent)
    case 'line': return lineNodes(at(sketch.from), at(sketch.to), sketch.label, colours)
    case 'handles': return handleNodes(sketch.points.map(at), sketch.turn && at(sketch.turn), colours)
    case 'frame': return frameNodes(sketch.points.map(at), sketch.label, view, colours)
    case 'split': return splitNodes(sketch.at, view)
    case 'source': return sourceNodes(at(sketch.at), (sketch.radius * view.zoom) / view.ratio)
  }
}

/** Two lines over each other: dark below, light or accent dashes above. */
function outlineNodes(points: readonly Point[], closed: boolean, dash: number[] | null, colour = '#ffffff'): Node[] {
  const flat = points.flatMap(({ x, y }) => [x, y])
  const line = { points: flat, closed, listening: false, perfectDrawEnabled: false, lineJoin: 'round' as const }
  return [
    new Konva.Line({ ...line, stroke: 'rgba(0, 0, 0, 0.6)', strokeWidth: 2.5 }),
    new Konva.Line({ ...line, stroke: colour, strokeWidth: 1.25, ...(dash ? { dash } : {}) }),
  ]
}

function handleNodes(points: readonly Point[], turn: Point | null, { accent, onAccent }: InterfaceColours): Node[] {
  const box = { width: HANDLE_SIDE, height: HANDLE_SIDE, offsetX: HANDLE_SIDE / 2, offsetY: HANDLE_SIDE / 2, cornerRadius: 2, fill: onAccent, stroke: accent, strokeWidth: 1.5, listening: false, perfectDrawEnabled: false }
  const [first, second] = [points[0], points[1]]
  const angle = first && second ? (Math.atan2(second.y - first.y, second.x - first.x) * 180) / Math.PI : 0
  const nodes: Node[] = points.map(({ x, y }) => new Konva.Rect({ ...box, x, y, rotation: angle }))
  if (turn && second) {
    nodes.unshift(new Konva.Line({ points: [second.x, second.y, turn.x, turn.y], stroke: accent, strokeWidth: 1.5, listening: false }))
    nodes.push(new Konva.Circle({ x: turn.x, y: turn.y, radius: HANDLE_SIDE / 2, fill: onAccent, stroke: accent, strokeWidth: 1.5, listening: false }))
  }
  return nodes
}

function frameNodes(quad: readonly Point[], label: string, view: Viewport, colours: InterfaceColours): Node[] {
  const dim = new Konva.Shape({
    listening: false, perfectDrawEnabled: false,
    sceneFunc: (context) => {
      const pen = context._context // Konva's own context knows no fill rule
      pen.beginPath()
      pen.rect(0, 0, view.width / view.ratio, view.height / view.ratio)
      quad.forEach(({ x, y }, i) => (i === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)))
      pen.closePath()
      pen.fillStyle = 'rgba(0, 0, 0, 0.55)'
      pen.fill('evenodd')
    },
  })
  const [nw, ne, se, sw] = quad
  const thirds = [1 / 3, 2 / 3].flatMap((share) => [[between(nw, ne, share), between(sw, se, share)], [between(nw, sw, share), between(ne, se, share)]])
    .map((ends) => new Konva.Line({ points: ends.flatMap(({ x, y }) => [x, y]), stroke: 'rgba(255, 255, 255, 0.35)', strokeWidth: 1, listening: false }))
  const top = quad.reduce((one, other) => (other.y < one.y ? other : one))
  return [dim, ...thirds, ...outlineNodes(quad, true, null, colours.accent), ...handleNodes(handlePoints(quad), null, colours), ...(label ? [labelNode(label, top, colours)] : [])]
}

function between(one: Point, other: Point, share: number): Point {
  return { x: one.x + (other.x - one.x) * share, y: one.y + (other.y - one.y) * share }
}

/** A small plate with a text, above a place. */
function labelNode(text: string, { x, y }: Point, { accent, onAccent }: InterfaceColours): Konva.Group {
  const words = new Konva.Text({ text, fontSize: 12, fontFamily: getComputedStyle(document.body).fontFamily, fill: isLight(accent) ? INK : onAccent, padding: 4, listening: false })
  const group = new Konva.Group({ x, y: Math.max(2, y - words.height() - 8), listening: false })
  group.add(new Konva.Rect({ width: words.width(), height: words.height(), fill: accent, cornerRadius: 4, listening: false }), words)
  return group
}

function lineNodes(from: Point, to: Point, label: string | undefined, colours: InterfaceColours): Node[] {
  const ends = [from, to].map(({ x, y }) => new Konva.Circle({ x, y, radius: 5, fill: colours.onAccent, stroke: colours.accent, strokeWidth: 1.5, listening: false }))
  return [...outlineNodes([from, to], false, null, colours.accent), ...ends, ...(label ? [labelNode(label, { x: to.x + 12, y: to.y }, colours)] : [])]
}

/** A line from top to bottom with a knob to drag. */
function splitNodes(at: number, view: Viewport): Node[] {
  const [x, high] = [(at * view.width) / view.ratio, view.height / view.ratio]
  const line = (width: number, stroke: string): Konva.Line => new Konva.Line({ points: [x, 0, x, high], stroke, strokeWidth: width, listening: false })
  const arrow = (side: 1 | -1): Konva.Line => new Konva.Line({ points: [x + side * 4, high / 2 - 4, x + side * 8, high / 2, x + side * 4, high / 2 + 4], stroke: '#222', strokeWidth: 2, lineCap: 'round', lineJoin: 'round', listening: false })
  return [line(3, 'rgba(0, 0, 0, 0.5)'), line(1.5, '#fff'), new Konva.Circle({ x, y: high / 2, radius: 14, fill: '#fff', stroke: 'rgba(0, 0, 0, 0.5)', strokeWidth: 1, listening: false }), arrow(1), arrow(-1)]
}

function sourceNodes({ x, y }: Point, radius: number): Node[] {
  const cross = [[x - 6, y, x + 6, y], [x, y - 6, x, y + 6]]
  return [
    ...(radius > 3 ? [new Konva.Circle({ x, y, radius, stroke: 'rgba(0, 0, 0, 0.6)', strokeWidth: 2, listening: false }), new Konva.Circle({ x, y, radius, stroke: '#fff', strokeWidth: 1, dash: [4, 4], listening: false })] : []),
    ...cross.map((points) => new Konva.Line({ points, stroke: 'rgba(0, 0, 0, 0.6)', strokeWidth: 3, listening: false })),
    ...cross.map((points) => new Konva.Line({ points, stroke: '#fff', strokeWidth: 1.25, listening: false })),
  ]
}

function ellipsePoints({ x, y, width, height }: Rect): Point[] {
  return Array.from({ length: 96 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 96
    return { x: x + (width / 2) * (1 + Math.cos(angle)), y: y + (height / 2) * (1 + Math.sin(angle)) }
  })
}

/** Whether dark letters read better on a colour; only "#rrggbb" is looked at. */
function isLight(colour: string): boolean {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140
}
