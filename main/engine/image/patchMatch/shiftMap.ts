/**
 * A fill made of few large pieces: every hole pixel takes one of the shifts at which the picture repeats itself,
 * so that seams between pieces cost least (He, Sun 2012; Pritch et al. 2009 "shift-map"). Where a pattern is
 * regular this finds the right phase, which a search patch by patch does not.
 */
import type { Field } from './field.ts'
import { RADIUS, type Level } from './level.ts'
import { MinimumCut } from './maxFlow.ts'
import type { Offset } from './offsets.ts'

/** Cost of reading a pixel that is not known. */
const FORBIDDEN = 1e4
/** Cost per seam end whose other side cannot be compared. */
const UNCOMPARED = 1.5
/** Weight of fitting the known pixels around the hole against the seams inside. */
const BORDER_WEIGHT = 3
const SWEEPS = 2

/**
 * Assigns a shift to every hole pixel by alpha-expansion and writes the field that follows from it.
 * @returns false when the shifts cannot serve every pixel (the caller keeps its other guesses)
 */
export function shiftMapField(level: Level, offsets: readonly Offset[], field: Field): boolean {
  const nodes = holeNodes(level)
  if (offsets.length === 0 || nodes.pixels.length === 0) return false
  const labels = solveLabels(level, nodes, offsets)
  return writeField(level, nodes, offsets, labels, field)
}

interface HoleNodes {
  /** pixel index of each node */
  readonly pixels: Int32Array
  /** node of each pixel, -1 outside the hole */
  readonly nodeOf: Int32Array
  readonly edges: readonly (readonly [number, number])[]
}

function holeNodes(level: Level): HoleNodes {
  const { width, height, hole } = level
  const nodeOf = new Int32Array(width * height).fill(-1)
  const pixels: number[] = []
  hole.forEach((value, i) => {
    if (value) nodeOf[i] = pixels.push(i) - 1
  })
  const edges: [number, number][] = []
  pixels.forEach((i, node) => {
    if ((i + 1) % width !== 0 && nodeOf[i + 1]! >= 0) edges.push([node, nodeOf[i + 1]!])
    if (i + width < width * height && nodeOf[i + width]! >= 0) edges.push([node, nodeOf[i + width]!])
  })
  return { pixels: Int32Array.from(pixels), nodeOf, edges }
}

function solveLabels(level: Level, nodes: HoleNodes, offsets: readonly Offset[]): Int32Array {
  const { pixels, edges } = nodes
  const count = pixels.length
  const unary = offsets.map((offset) => unaryCosts(level, nodes, offset))
  const labels = new Int32Array(count)
  for (let node = 0; node < count; node++) {
    for (let k = 1; k < offsets.length; k++) if (unary[k]![node]! < unary[labels[node]!]![node]!) labels[node] = k
  }
  const cut = new MinimumCut(count, edges)
  const switched = new Uint8Array(count)
  const cost1 = new Float64Array(count)
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let changes = 0
    for (let alpha = 0; alpha < offsets.length; alpha++) {
      for (let node = 0; node < count; node++) cost1[node] = unary[alpha]![node]! - unary[labels[node]!]![node]!
      edges.forEach(([p, q], edge) => {
        const [lp, lq] = [labels[p]!, labels[q]!]
        const keep = seam(level, pixels[p]!, pixels[q]!, offsets[lp]!, offsets[lq]!)
        const onlyQ = seam(level, pixels[p]!, pixels[q]!, offsets[lp]!, offsets[alpha]!)
        const onlyP = seam(level, pixels[p]!, pixels[q]!, offsets[alpha]!, offsets[lq]!)
        // Kolmogorov, Zabih 2004: the pairwise term as two terminal parts and one arc
        cost1[p]! += onlyP - keep
        cost1[q]! += -onlyP
        cut.setEdge(edge, Math.max(0, onlyQ + onlyP - keep), 0)
      })
      for (let node = 0; node < count; node++) cut.setTerminal(node, cost1[node]!)
      cut.solve(switched)
      for (let node = 0; node < count; node++) {
        if (switched[node] && labels[node] !== alpha) {
          labels[node] = alpha
          changes += 1
        }
      }
    }
    if (changes === 0) break
  }
  return labels
}

/** Cost of a shift at each node: forbidden where it reads the hole; near the border, how well the known pixels of the patch fit. */
function unaryCosts(level: Level, nodes: HoleNodes, offset: Offset): Float64Array {
  const { width, height, hole, pixels, features } = level
  return Float64Array.from(nodes.pixels, (i) => {
    const [x, y] = [i % width, Math.floor(i / width)]
    const source = readable(level, x + offset.dx, y + offset.dy)
    if (source < 0) return FORBIDDEN
    let [sum, count] = [0, 0]
    for (let v = -RADIUS; v <= RADIUS; v++) {
      for (let u = -RADIUS; u <= RADIUS; u++) {
        const [px, py] = [x + u, y + v]
        if (px < 0 || py < 0 || px >= width || py >= height || hole[py * width + px]) continue
        const like = readable(level, px + offset.dx, py + offset.dy)
        count += 1
        sum += like < 0 ? UNCOMPARED : difference(pixels, features, py * width + px, like)
      }
    }
    return count > 0 ? (BORDER_WEIGHT * sum) / (2 * RADIUS + 1) : 0
  })
}

/** Index of a known pixel, or -1. */
function readable(level: Level, x: number, y: number): number {
  if (x < 0 || y < 0 || x >= level.width || y >= level.height) return -1
  const i = y * level.width + x
  return level.hole[i] ? -1 : i
}

/** Visibility of a seam between neighbours p and q that take different shifts: how much the two sources differ at both. */
function seam(level: Level, p: number, q: number, a: Offset, b: Offset): number {
  if (a === b) return 0
  return mismatch(level, p, a, b) + mismatch(level, q, a, b)
}

function mismatch(level: Level, i: number, a: Offset, b: Offset): number {
  const { width } = level
  const [x, y] = [i % width, Math.floor(i / width)]
  const [first, second] = [readable(level, x + a.dx, y + a.dy), readable(level, x + b.dx, y + b.dy)]
  return first < 0 || second < 0 ? UNCOMPARED : difference(level.pixels, level.features, first, second) + 1e-3
}

function difference(pixels: Float32Array, features: number, a: number, b: number): number {
  let sum = 0
  for (let f = 0; f < features; f++) sum += (pixels[a * features + f]! - pixels[b * features + f]!) ** 2
  return Math.sqrt(sum)
}

function writeField(level: Level, nodes: HoleNodes, offsets: readonly Offset[], labels: Int32Array, field: Field): boolean {
  const { width, height, isSource } = level
  let missing = 0
  for (const target of level.targets) {
    const [x, y] = [target % width, Math.floor(target / width)]
    const node = nodes.nodeOf[target]! >= 0 ? nodes.nodeOf[target]! : nearestNode(nodes, width, height, x, y)
    const { dx, dy } = offsets[labels[node]!]!
    const source = nearestSourceAt(level, x + dx, y + dy)
    if (source < 0) missing += 1
    field.source[target] = source >= 0 ? source : level.sources[target % level.sources.length]!
  }
  void isSource
  return missing <= level.targets.length * 0.2
}

function nearestNode(nodes: HoleNodes, width: number, height: number, x: number, y: number): number {
  for (let reach = 1; reach <= RADIUS; reach++) {
    for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++) {
      for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u++) {
        const node = nodes.nodeOf[v * width + u]!
        if (node >= 0) return node
      }
    }
  }
  return 0
}

/** The source centre nearest to a place, within a patch; -1 when there is none. */
export function nearestSourceAt(level: Level, x: number, y: number): number {
  for (let reach = 0; reach <= 2 * RADIUS; reach++) {
    for (let v = -reach; v <= reach; v++) {
      for (let u = -reach; u <= reach; u++) {
        if (Math.max(Math.abs(u), Math.abs(v)) !== reach) continue
        const [sx, sy] = [x + u, y + v]
        if (sx >= 0 && sy >= 0 && sx < level.width && sy < level.height && level.isSource[sy * level.width + sx]) return sy * level.width + sx
      }
    }
  }
  return -1
}
