/** Shifts at which the known part of a picture repeats itself (He, Sun 2012): bricks, fences, stripes, windows. */
import { patchDistance, type SeededRandom } from './field.ts'
import { RADIUS, type Level } from './level.ts'

/** A shift in pixels of a level. */
export interface Offset {
  readonly dx: number
  readonly dy: number
}

/** Sweeps of the search among known patches. */
const SWEEPS = 5

/**
 * The most frequent shifts between alike patches of the known part, most frequent first, each with its
 * opposite. A patch and its like must lie apart by more than a patch, else every smooth area would vote for a
 * shift of one pixel.
 *
 * @param count number of shifts wanted, opposites not counted
 */
export function dominantOffsets(level: Level, random: SeededRandom, count: number): readonly Offset[] {
  if (level.sources.length < 200) return []
  const likes = selfField(level, random, Math.max(2 * RADIUS + 2, Math.round(Math.max(level.width, level.height) / 15)))
  const { width, height } = level
  const [spanX, spanY] = [2 * width + 1, 2 * height + 1]
  const counts = new Float32Array(spanX * spanY)
  for (const source of level.sources) {
    const like = likes[source]!
    if (like < 0) continue
    const dx = (like % width) - (source % width)
    const dy = Math.floor(like / width) - Math.floor(source / width)
    // a shift and its opposite are the same repetition
    const sign = dy < 0 || (dy === 0 && dx < 0) ? -1 : 1
    counts[(sign * dy + height) * spanX + sign * dx + width]! += 1
  }
  return peaks(counts, spanX, spanY, count).flatMap(({ x, y }) => {
    const [dx, dy] = [x - width, y - height]
    return [{ dx, dy }, { dx: -dx, dy: -dy }]
  })
}

/** For every known patch its best like at least `apart` pixels away (-1: none found), by PatchMatch. */
function selfField(level: Level, random: SeededRandom, apart: number): Int32Array {
  const { width, height, sources, isSource } = level
  const likes = new Int32Array(width * height).fill(-1)
  const distances = new Float32Array(width * height).fill(Number.POSITIVE_INFINITY)
  const attempt = (patch: number, px: number, py: number, x: number, y: number): void => {
    if (x < 0 || y < 0 || x >= width || y >= height || !isSource[y * width + x]) return
    if (Math.abs(x - px) < apart && Math.abs(y - py) < apart) return
    const value = patchDistance(level, patch, y * width + x, distances[patch]!)
    if (value < distances[patch]!) {
      distances[patch] = value
      likes[patch] = y * width + x
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const step = sweep % 2 === 0 ? 1 : -1
    for (let n = 0; n < sources.length; n++) {
      const patch = sources[step > 0 ? n : sources.length - 1 - n]!
      const [px, py] = [patch % width, Math.floor(patch / width)]
      for (const [nx, ny] of [[step, 0], [0, step]] as const) {
        const like = isSource[patch - ny * width - nx] ? likes[patch - ny * width - nx]! : -1
        if (like >= 0) attempt(patch, px, py, (like % width) + nx, Math.floor(like / width) + ny)
      }
      for (let k = 0; k < 2; k++) {
        const any = sources[random.next(sources.length)]!
        attempt(patch, px, py, any % width, Math.floor(any / width))
      }
      for (let radius = Math.max(width, height) >> 1; radius >= 1; radius >>= 2) {
        const like = likes[patch]!
        if (like < 0) break
        attempt(patch, px, py, (like % width) + random.next(2 * radius + 1) - radius, Math.floor(like / width) + random.next(2 * radius + 1) - radius)
      }
    }
  }
  void height
  return likes
}

/** Highest places of a smoothed histogram, at least two apart. */
function peaks(counts: Float32Array, width: number, height: number, count: number): { x: number; y: number }[] {
  const smooth = new Float32Array(width * height)
  const places: { x: number; y: number; value: number }[] = []
  const weights = [1, 2, 1] as const
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      let sum = 0
      for (let v = -1; v <= 1; v++) for (let u = -1; u <= 1; u++) sum += weights[v + 1]! * weights[u + 1]! * counts[(y + v) * width + x + u]!
      smooth[y * width + x] = sum
    }
  }
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const value = smooth[y * width + x]!
      if (value < 12) continue
      let highest = true
      for (let v = -1; v <= 1 && highest; v++) {
        for (let u = -1; u <= 1; u++) {
          const other = smooth[(y + v) * width + x + u]!
          if (other > value || (other === value && (v < 0 || (v === 0 && u < 0)))) highest = false
        }
      }
      if (highest) places.push({ x, y, value })
    }
  }
  return places.sort((a, b) => b.value - a.value || a.y - b.y || a.x - b.x).slice(0, count)
}
