/** One minimum cut on a grid of colours: whole, or only in a band around an earlier border. */
import { MinimumCut } from '../image/patchMatch/maxFlow.ts'

/** Weight of the border's length against the colours (GrabCut's gamma). */
const SMOOTHNESS = 50
/** Cost of going against a stroke. */
const FORCED = 1e6
/** Colours say at most this much for one side, so that one odd pixel cannot outvote its neighbours. */
const MOST_CERTAIN = 60

/** What is cut. */
export interface LevelCut {
  readonly width: number
  readonly height: number
  /** OKLab planes [3,h,w] */
  readonly colours: Float32Array
  /** 1 surely inside, 2 surely outside, 0 unknown */
  readonly seeds: Uint8Array
  /** cost of being inside minus that of being outside */
  readonly unary: Float32Array
  /** 1 where `start` is kept; null = cut everywhere */
  readonly fixed: Uint8Array | null
  /** 1 inside, 0 outside: the labels of what is fixed */
  readonly start: Uint8Array
}

/** Neighbours to the right, below left, below, below right; every pair of eight neighbours once. */
const STEPS = [
  { x: 1, y: 0, length: 1 },
  { x: -1, y: 1, length: Math.SQRT2 },
  { x: 0, y: 1, length: 1 },
  { x: 1, y: 1, length: Math.SQRT2 },
] as const

/** Cuts. @returns 1 inside, 0 outside */
export function cutLevel(cut: LevelCut): Uint8Array {
  const { width, height, fixed, start, seeds, unary } = cut
  const node = new Int32Array(width * height).fill(-1)
  let nodes = 0
  for (let i = 0; i < node.length; i++) if (!fixed || fixed[i] === 0) node[i] = nodes++
  if (nodes === 0) return start.slice()
  const terminal = new Float64Array(nodes)
  for (let i = 0; i < node.length; i++) {
    if (node[i]! < 0) continue
    const seed = seeds[i]!
    // positive pulls to the source, which is the outside; the sink's side is the inside
    terminal[node[i]!] = seed === 0 ? Math.max(-MOST_CERTAIN, Math.min(MOST_CERTAIN, unary[i]!)) : seed === 2 ? FORCED : -FORCED
  }
  const links = linksOf(cut, node, terminal)
  const graph = new MinimumCut(nodes, links.ends)
  for (let k = 0; k < links.weights.length; k++) graph.setEdge(k, links.weights[k]!, links.weights[k]!)
  for (let n = 0; n < nodes; n++) graph.setTerminal(n, terminal[n]!)
  const onSinkSide = new Uint8Array(nodes)
  graph.solve(onSinkSide)
  return Uint8Array.from(node, (n, i) => (n < 0 ? start[i]! : onSinkSide[n]!))
}

/** Edges between free places; an edge to a fixed place becomes part of the free one's terminal. */
function linksOf(cut: LevelCut, node: Int32Array, terminal: Float64Array): { ends: Int32Array; weights: Float32Array } {
  const { width, height } = cut
  const sharpness = contrast(cut)
  const ends = new Int32Array(8 * terminal.length)
  const weights = new Float32Array(4 * terminal.length)
  let count = 0
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      for (const step of STEPS) {
        if (x + step.x < 0 || x + step.x >= width || y + step.y >= height) continue
        const j = i + step.y * width + step.x
        const [a, b] = [node[i]!, node[j]!]
        if (a < 0 && b < 0) continue
        const weight = (SMOOTHNESS / step.length) * Math.exp(-sharpness * squaredStep(cut.colours, i, j))
        if (a >= 0 && b >= 0) {
          ends[2 * count] = a
          ends[2 * count + 1] = b
          weights[count++] = weight
        } else if (a >= 0) terminal[a]! += cut.start[j] === 1 ? -weight : weight
        else terminal[b]! += cut.start[i] === 1 ? -weight : weight
      }
    }
  }
  return { ends: ends.subarray(0, 2 * count), weights: weights.subarray(0, count) }
}

/** GrabCut's beta: one over twice the mean squared colour step between neighbours. */
function contrast({ width, height, colours }: LevelCut): number {
  let [sum, count] = [0, 0]
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (x + 1 < width) sum += squaredStep(colours, i, i + 1)
      if (y + 1 < height) sum += squaredStep(colours, i, i + width)
      count += 2
    }
  }
  return sum > 0 ? count / (2 * sum) : 0
}

function squaredStep(colours: Float32Array, i: number, j: number): number {
  const count = colours.length / 3
  let sum = 0
  for (let at = 0; at < colours.length; at += count) sum += (colours[at + i]! - colours[at + j]!) ** 2
  return sum
}
