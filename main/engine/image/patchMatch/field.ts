/**
 * The nearest-neighbour field of a level: for every target patch a source patch that looks like it, found by
 * random search and propagation (Barnes et al. 2009, "PatchMatch"), with a seeded generator.
 */
import type { Page } from './atlas.ts'
import { RADIUS, type Level } from './level.ts'

/** For each target centre the index of its source's centre and their distance (sum of squares over the patch). */
export interface Field {
  readonly source: Int32Array
  readonly distance: Float32Array
}

/** Small seeded generator (xorshift32): the same seed gives the same fill. */
export interface SeededRandom {
  /** integer in [0, below) */
  next(below: number): number
}

/** Makes a {@link SeededRandom}. */
export function seededRandom(seed: number): SeededRandom {
  let state = (Math.imul(seed | 0, 0x9e3779b1) ^ 0x85ebca6b) | 0 || 1
  return {
    next(below) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return Math.floor(((state >>> 0) / 4294967296) * below)
    },
  }
}

/** Sum of squared differences of two patches; stops early once it reaches `limit`. */
export function patchDistance(level: Level, target: number, source: number, limit: number): number {
  const { pixels, features, width } = level
  const length = (2 * RADIUS + 1) * features
  const step = width * features
  let a = (target - RADIUS * width - RADIUS) * features
  let b = (source - RADIUS * width - RADIUS) * features
  let sum = 0
  for (let row = 0; row <= 2 * RADIUS; row++) {
    for (let k = 0; k < length; k++) {
      const difference = pixels[a + k]! - pixels[b + k]!
      sum += difference * difference
    }
    if (sum >= limit) return sum
    a += step
    b += step
  }
  return sum
}

/** How a search goes. */
export interface SearchOptions {
  readonly iterations: number
  /** first radius of the random search in pixels */
  readonly radius: number
  /** offsets that are tried from every patch: shifts at which the known picture repeats itself */
  readonly offsets: readonly { readonly dx: number; readonly dy: number }[]
}

/** Copies at another size are a little blurred or a little sharp: they must be better by this to be taken. */
const OTHER_SIZE_PENALTY = 1.15

/** Penalty factor of a source place. */
function penaltyAt(level: Level, source: number): number {
  return level.pages.length > 1 && source >= level.pages[1]!.y * level.width ? OTHER_SIZE_PENALTY : 1
}

/** {@link patchDistance} times the penalty of the place. */
function placeDistance(level: Level, target: number, source: number, limit: number): number {
  const penalty = penaltyAt(level, source)
  return penalty * patchDistance(level, target, source, limit / penalty)
}

/** The page that holds a place. */
function pageAt(level: Level, place: number): Page {
  const { pages, width } = level
  for (let k = pages.length - 1; k > 0; k--) if (place >= pages[k]!.y * width) return pages[k]!
  return pages[0]!
}

/** Refreshes the distances of a field after the pixels of the hole have changed. */
export function refreshDistances(level: Level, field: Field): void {
  for (const target of level.targets) field.distance[target] = placeDistance(level, target, field.source[target]!, Number.POSITIVE_INFINITY)
}

/** Improves a field in place. */
export function search(level: Level, field: Field, random: SeededRandom, options: SearchOptions): void {
  for (let iteration = 0; iteration < options.iterations; iteration++) sweep(level, field, random, options, iteration % 2 === 0)
}

function sweep(level: Level, field: Field, random: SeededRandom, options: SearchOptions, forward: boolean): void {
  const { width, height, targets, isTarget, isSource } = level
  const { source, distance } = field
  const step = forward ? 1 : -1
  const count = targets.length
  for (let n = 0; n < count; n++) {
    const target = targets[forward ? n : count - 1 - n]!
    let best = source[target]!
    let least = distance[target]!
    const attempt = (candidate: number): void => {
      if (candidate === best) return
      const value = placeDistance(level, target, candidate, least)
      if (value < least) {
        best = candidate
        least = value
      }
    }
    // propagation: the neighbour's source, moved by one
    const beside = target - step
    if (isTarget[beside]) {
      const candidate = source[beside]! + step
      if (isSource[candidate]) attempt(candidate)
    }
    const above = target - step * width
    if (isTarget[above]) {
      const candidate = source[above]! + step * width
      if (isSource[candidate]) attempt(candidate)
    }
    const tx = target % width
    const ty = (target - tx) / width
    if (options.offsets.length > 0) {
      const offset = options.offsets[random.next(options.offsets.length)]!
      const [x, y] = [tx + offset.dx, ty + offset.dy]
      if (x >= 0 && y >= 0 && x < width && y < height && isSource[y * width + x]) attempt(y * width + x)
    }
    let page = pageAt(level, best)
    if (level.pages.length > 1) {
      // the same place at another size
      const other = level.pages[random.next(level.pages.length)]!
      const ratio = other.scale / page.scale
      const x = Math.round(other.x + ((best % width) - page.x) * ratio) + random.next(5) - 2
      const y = Math.round(other.y + (Math.floor(best / width) - page.y) * ratio) + random.next(5) - 2
      if (x >= 0 && y >= 0 && x < width && y < height && isSource[y * width + x]) attempt(y * width + x)
      page = pageAt(level, best)
    }
    // random search around the best in shrinking windows
    for (let radius = options.radius; radius >= 1; radius = radius >> 1) {
      const bx = best % width
      const by = (best - bx) / width
      const left = Math.max(page.x + RADIUS, bx - radius)
      const right = Math.min(page.x + page.width - RADIUS - 1, bx + radius)
      const top = Math.max(page.y + RADIUS, by - radius)
      const bottom = Math.min(page.y + page.height - RADIUS - 1, by + radius)
      const candidate = (top + random.next(bottom - top + 1)) * width + left + random.next(right - left + 1)
      if (isSource[candidate]) attempt(candidate)
    }
    source[target] = best
    distance[target] = least
  }
}
