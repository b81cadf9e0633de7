/**
 * The first guess on the coarsest level: patch by patch from the hole's border inwards, strong edges that run
 * into the hole first, so that lines are carried across before texture closes in on them
 * (Criminisi, Perez, Toyama 2004: priority = confidence x data term).
 */
import type { SeededRandom } from './field.ts'
import { RADIUS, type Level } from './level.ts'

/** Comparisons of patches that one fill may cost; above, sources are drawn at random. */
const BUDGET = 400_000

/** Fills the hole of a level in place and gives each filled pixel the source pixel it was copied from (-1 elsewhere). */
export function firstFill(level: Level, random: SeededRandom): Int32Array {
  const { width, height, features, pixels, sources } = level
  const open = level.hole.slice()
  const confidence = Float32Array.from(open, (value) => (value ? 0 : 1))
  const origin = new Int32Array(width * height).fill(-1)
  let left = open.reduce((sum, value) => sum + value, 0)
  const rounds = Math.max(1, left / 12)
  const draws = Math.min(sources.length, Math.max(64, Math.floor(BUDGET / rounds)))
  while (left > 0) {
    const target = nextCentre(level, open, confidence)
    const source = bestSource(level, open, target, draws, random)
    const trust = patchConfidence(level, confidence, target)
    for (let v = -RADIUS; v <= RADIUS; v++) {
      for (let u = -RADIUS; u <= RADIUS; u++) {
        const to = target + v * width + u
        if (!open[to]) continue
        const from = source + v * width + u
        for (let f = 0; f < features; f++) pixels[to * features + f] = pixels[from * features + f]!
        open[to] = 0
        confidence[to] = trust
        origin[to] = from
        left -= 1
      }
    }
  }
  void height
  return origin
}

/** The border pixel of the open hole with the highest priority, moved inside to where a whole patch fits. */
function nextCentre(level: Level, open: Uint8Array, confidence: Float32Array): number {
  const { width, height } = level
  let [best, highest] = [-1, -1]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x
      if (!open[i]) continue
      const inner = (x === 0 || open[i - 1]) && (x === width - 1 || open[i + 1]) && (y === 0 || open[i - width]) && (y === height - 1 || open[i + width])
      if (inner) continue
      const centre = inside(level, x, y)
      const priority = patchConfidence(level, confidence, centre) * (edgeInto(level, open, x, y) + 0.002)
      if (priority > highest) {
        highest = priority
        best = centre
      }
    }
  }
  if (best >= 0) return best
  // the whole level is open
  return inside(level, width >> 1, height >> 1)
}

function inside(level: Level, x: number, y: number): number {
  const clamp = (value: number, side: number): number => Math.min(side - RADIUS - 1, Math.max(RADIUS, value))
  return clamp(y, level.height) * level.width + clamp(x, level.width)
}

function patchConfidence(level: Level, confidence: Float32Array, centre: number): number {
  let sum = 0
  for (let v = -RADIUS; v <= RADIUS; v++) for (let u = -RADIUS; u <= RADIUS; u++) sum += confidence[centre + v * level.width + u]!
  return sum / (2 * RADIUS + 1) ** 2
}

/** Strength of the strongest known edge nearby that runs across the hole's border at (x, y). */
function edgeInto(level: Level, open: Uint8Array, x: number, y: number): number {
  const { width, height, features, pixels } = level
  const isOpen = (u: number, v: number): number => (u < 0 || v < 0 || u >= width || v >= height ? 0 : open[v * width + u]!)
  const grey = (i: number): number => pixels[i * features]! + pixels[i * features + Math.min(1, features - 1)]! + pixels[i * features + Math.min(2, features - 1)]!
  let [nx, ny] = [0, 0]
  for (let v = -1; v <= 1; v++) {
    for (let u = -1; u <= 1; u++) {
      nx += u * isOpen(x + u, y + v)
      ny += v * isOpen(x + u, y + v)
    }
  }
  const length = Math.hypot(nx, ny) || 1
  let strongest = 0
  for (let v = Math.max(1, y - RADIUS); v <= Math.min(height - 2, y + RADIUS); v++) {
    for (let u = Math.max(1, x - RADIUS); u <= Math.min(width - 2, x + RADIUS); u++) {
      const i = v * width + u
      if (open[i] || open[i - 1] || open[i + 1] || open[i - width] || open[i + width]) continue
      const gx = grey(i + 1) - grey(i - 1)
      const gy = grey(i + width) - grey(i - width)
      // the isophote is the gradient turned by 90 degrees
      strongest = Math.max(strongest, Math.abs((-gy * nx + gx * ny) / length))
    }
  }
  return strongest
}

function bestSource(level: Level, open: Uint8Array, target: number, draws: number, random: SeededRandom): number {
  const { sources } = level
  let [best, least] = [sources[0]!, Number.POSITIVE_INFINITY]
  const all = draws >= sources.length
  for (let n = 0; n < draws; n++) {
    const source = sources[all ? n : random.next(sources.length)]!
    const distance = knownDistance(level, open, target, source, least)
    if (distance < least) {
      least = distance
      best = source
    }
  }
  return best
}

/** Sum of squares over the pixels of the target's patch that are filled already. */
function knownDistance(level: Level, open: Uint8Array, target: number, source: number, limit: number): number {
  const { width, features, pixels } = level
  let sum = 0
  for (let v = -RADIUS; v <= RADIUS; v++) {
    for (let u = -RADIUS; u <= RADIUS; u++) {
      const a = target + v * width + u
      if (open[a]) continue
      const b = source + v * width + u
      for (let f = 0; f < features; f++) {
        const difference = pixels[a * features + f]! - pixels[b * features + f]!
        sum += difference * difference
      }
    }
    if (sum >= limit) return sum
  }
  return sum
}
