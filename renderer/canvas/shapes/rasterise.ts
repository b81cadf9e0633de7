/**
 * Outlines to 8-bit coverage, even-odd, by area: within a row of pixels the outline is cut into slabs in which no edge
 * crosses another; there the inside is a row of trapezoids, whose share of each pixel is summed exactly. Where edges
 * cross, slabs are halved down to 1/64 of a pixel.
 */
import { TILE_EDGE } from '../../../preload/contract/documents.ts'
import { type Edges, intersect, isEmpty, outward } from '../geometry/boxes.ts'
import { TILE_PIXELS } from '../tiles/tilePixels.ts'
import { type Outline, outlineBox } from './outlines.ts'

/** Coverage of one tile. */
export interface ShapeTile {
  readonly x: number
  readonly y: number
  readonly coverage: Uint8Array
}

interface Edge {
  readonly top: number
  readonly bottom: number
  /** x at `top`, and how it changes with y */
  readonly x: number
  readonly slope: number
}

const LEAST_SLAB = 1 / 64

/** Rasterises an outline; only tiles that it meets, nothing outside of `limits`. */
export function rasterise(outline: Outline, limits: Edges): ShapeTile[] {
  const box = outlineBox(outline)
  const part = box && outward(intersect(box, limits))
  if (!part || isEmpty(part)) return []
  const tiles = new Map<string, ShapeTile>()
  const edges = edgesOf(outline).sort((one, other) => one.top - other.top)
  const width = part.right - part.left
  const sums = new Float32Array(width + 2)
  let [active, next]: [Edge[], number] = [[], 0]
  for (let y = part.top; y < part.bottom; y++) {
    active = active.filter((edge) => edge.bottom > y)
    for (; next < edges.length && edges[next].top < y + 1; next++) if (edges[next].bottom > y) active.push(edges[next])
    if (active.length === 0) continue
    sums.fill(0)
    const cuts = [...new Set([y, y + 1, ...active.flatMap(({ top, bottom }) => [top, bottom]).filter((cut) => cut > y && cut < y + 1)])].sort((a, b) => a - b)
    for (let i = 0; i + 1 < cuts.length; i++) addSlab(sums, active, cuts[i], cuts[i + 1], part.left, width)
    putRow(tiles, sums, y, part.left, width)
  }
  return [...tiles.values()]
}

function edgesOf(outline: Outline): Edge[] {
  return outline.flatMap((ring) => ring.flatMap((from, i) => {
    const to = ring[(i + 1) % ring.length]
    if (from.y === to.y) return []
    const [upper, lower] = from.y < to.y ? [from, to] : [to, from]
    return [{ top: upper.y, bottom: lower.y, x: upper.x, slope: (lower.x - upper.x) / (lower.y - upper.y) }]
  }))
}

/** Adds the inside between two heights. `sums` holds differences: its running sum is the coverage. */
function addSlab(sums: Float32Array, active: readonly Edge[], top: number, bottom: number, left: number, width: number): void {
  const crossing = active.filter((edge) => edge.top <= top && edge.bottom >= bottom)
    .map((edge) => ({ upper: edge.x + (top - edge.top) * edge.slope - left, lower: edge.x + (bottom - edge.top) * edge.slope - left }))
    .sort((one, other) => one.upper + one.lower - other.upper - other.lower)
  const ordered = crossing.every((edge, i) => i === 0 || (edge.upper >= crossing[i - 1].upper && edge.lower >= crossing[i - 1].lower))
  if (!ordered && bottom - top > LEAST_SLAB) {
    const middle = (top + bottom) / 2
    addSlab(sums, active, top, middle, left, width)
    addSlab(sums, active, middle, bottom, left, width)
    return
  }
  crossing.forEach((edge, i) => addEdge(sums, edge.upper, edge.lower, i % 2 === 0 ? bottom - top : top - bottom, width))
}

/** Adds what lies to the right of an edge, times `height`. */
function addEdge(sums: Float32Array, from: number, to: number, height: number, width: number): void {
  const [low, high] = [Math.min(from, to), Math.max(from, to)]
  if (high <= 0) {
    sums[0] += height
    return
  }
  if (low >= width) return
  if (low < 0 || high > width) {
    // the pieces outside are handled alone: their share of the height counts at the border, or not at all
    const per = height / (high - low)
    if (low < 0) sums[0] += per * -low
    addEdge(sums, Math.max(0, low), Math.min(width, high), per * (Math.min(width, high) - Math.max(0, low)), width)
    return
  }
  const first = Math.floor(low)
  if (high <= first + 1) {
    const covered = height * (first + 1 - (low + high) / 2)
    sums[first] += covered
    sums[first + 1] += height - covered
    return
  }
  const per = height / (high - low)
  for (let column = first; column < high; column++) {
    const [enter, leave] = [Math.max(low, column), Math.min(high, column + 1)]
    const piece = per * (leave - enter)
    const covered = piece * (column + 1 - (enter + leave) / 2)
    sums[column] += covered
    sums[column + 1] += piece - covered
  }
}

function putRow(tiles: Map<string, ShapeTile>, sums: Float32Array, y: number, left: number, width: number): void {
  const row = Math.floor(y / TILE_EDGE)
  let sum = 0
  let tile: ShapeTile | null = null
  let column = NaN
  for (let i = 0; i < width; i++) {
    sum += sums[i]
    const value = Math.round(255 * Math.min(1, Math.max(0, sum)))
    if (value === 0) continue
    const x = left + i
    const at = Math.floor(x / TILE_EDGE)
    if (at !== column) {
      column = at
      tile = tiles.get(`${at}/${row}`) ?? { x: at, y: row, coverage: new Uint8Array(TILE_PIXELS) }
      tiles.set(`${at}/${row}`, tile)
    }
    tile!.coverage[(y - row * TILE_EDGE) * TILE_EDGE + x - at * TILE_EDGE] = value
  }
}
