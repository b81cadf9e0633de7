/** Reads the part of SVG that our icon is drawn in: paths of M, L, C and Z with absolute numbers, plain fills, linear gradients. */

/** A colour, 0..255, and its opacity, 0..1. */
export interface Colour { readonly r: number; readonly g: number; readonly b: number; readonly a: number }
/** A colour at each point of the drawing. */
export type Paint = (x: number, y: number) => Colour
/** A filled outline: points of closed polygons, curves already cut into lines. */
export interface Shape { readonly outline: readonly { readonly x: number; readonly y: number }[]; readonly paint: Paint }
/** A drawing. */
export interface Drawing { readonly size: number; readonly shapes: readonly Shape[] }

const LINES_PER_CURVE = 32

/** Reads a drawing. @throws Error for anything this program would not draw as a browser does */
export function readSvg(text: string): Drawing {
  const box = /viewBox="0 0 (\d+) (\d+)"/.exec(text)
  if (!box || box[1] !== box[2]) throw new Error('expected a square viewBox that starts at 0 0')
  const gradients = new Map([...text.matchAll(/<linearGradient ([^>]*)>(.*?)<\/linearGradient>/gs)].map(([, attributes, stops]) => [attribute(attributes!, 'id'), readGradient(attributes!, stops!)]))
  const unknown = /<(?!\/|svg\b|defs\b|linearGradient\b|stop\b|path\b)(\w+)/.exec(text)
  if (unknown) throw new Error(`expected paths and gradients, found <${unknown[1]}>`)
  const shapes = [...text.matchAll(/<path ([^>]*)\/>/g)].map(([, attributes]): Shape => {
    const fill = attribute(attributes!, 'fill')
    const opacity = Number(/fill-opacity="([^"]*)"/.exec(attributes!)?.[1] ?? 1)
    const reference = /^url\(#(\w+)\)$/.exec(fill)?.[1]
    const paint = reference === undefined ? plain(colour(fill, opacity)) : gradients.get(reference)
    if (!paint) throw new Error(`expected a gradient called ${reference}`)
    return { outline: readPath(attribute(attributes!, 'd')), paint }
  })
  return { size: Number(box[1]), shapes }
}

function attribute(text: string, name: string): string {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(text)?.[1]
  if (value === undefined) throw new Error(`expected the attribute ${name} in ${text}`)
  return value
}

function colour(text: string, a: number): Colour {
  const hex = /^#([0-9a-f]{6})$/i.exec(text)?.[1]
  if (hex === undefined) throw new Error(`expected a colour like #a1b2c3, found ${text}`)
  const value = parseInt(hex, 16)
  return { r: value >> 16, g: (value >> 8) & 255, b: value & 255, a }
}

function plain(value: Colour): Paint {
  return () => value
}

function readGradient(attributes: string, text: string): Paint {
  const [x1, y1, x2, y2] = ['x1', 'y1', 'x2', 'y2'].map((name) => Number(attribute(attributes, name))) as [number, number, number, number]
  const stops = [...text.matchAll(/<stop ([^>]*)\/>/g)].map(([, stop]) => ({ at: Number(attribute(stop!, 'offset')), colour: colour(attribute(stop!, 'stop-color'), 1) }))
  const length2 = (x2 - x1) ** 2 + (y2 - y1) ** 2
  return (x, y) => {
    const t = Math.min(1, Math.max(0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length2))
    const next = Math.max(1, stops.findIndex(({ at }) => at >= t))
    const [from, to] = [stops[next - 1]!, stops[next]!]
    const share = (t - from.at) / (to.at - from.at)
    const mix = (a: number, b: number): number => a + (b - a) * share
    return { r: mix(from.colour.r, to.colour.r), g: mix(from.colour.g, to.colour.g), b: mix(from.colour.b, to.colour.b), a: 1 }
  }
}

function readPath(d: string): { x: number; y: number }[] {
  const points: { x: number; y: number }[] = []
  for (const [, command, rest] of d.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const n = rest!.trim().split(/[\s,]+/).filter((word) => word !== '').map(Number)
    if (command === 'M' || command === 'L') points.push({ x: n[0]!, y: n[1]! })
    else if (command === 'C') points.push(...curve(points.at(-1)!, n as [number, number, number, number, number, number]))
    else if (command !== 'Z') throw new Error(`expected M, L, C and Z in a path, found ${command}`)
  }
  return points
}

function curve(from: { x: number; y: number }, [x1, y1, x2, y2, x3, y3]: readonly [number, number, number, number, number, number]): { x: number; y: number }[] {
  return Array.from({ length: LINES_PER_CURVE }, (_, index) => {
    const t = (index + 1) / LINES_PER_CURVE
    const [a, b, c, e] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3]
    return { x: a * from.x + b * x1 + c * x2 + e * x3, y: a * from.y + b * y1 + c * y2 + e * y3 }
  })
}
