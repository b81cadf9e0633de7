/** From a field back to pixels: every patch that covers a hole pixel votes for its colour. */
import type { Field } from './field.ts'
import { RADIUS, type Level } from './level.ts'

/**
 * Repaints the hole as the weighted mean of what the patches over each pixel propose. A patch's weight falls
 * with its distance above the best one over that pixel, in units of the mean distance there, so that the result
 * does not depend on contrast; `softness` 1 averages, small values pick the best (which keeps grain and edges).
 *
 * @returns largest change of a value
 */
export function vote(level: Level, field: Field, softness: number): number {
  const { width, height, features, pixels, hole, isTarget, confidence } = level
  const result = new Float32Array(features)
  const side = 2 * RADIUS + 1
  const weights = new Float64Array(side * side)
  const proposals = new Int32Array(side * side)
  const trusts = new Float64Array(side * side)
  // colours are read from known pixels only, so writing while reading is safe
  let largest = 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x
      if (!hole[i]) continue
      let [count, least, sum, most] = [0, Number.POSITIVE_INFINITY, 0, 0]
      for (let v = Math.max(RADIUS, y - RADIUS); v <= Math.min(height - RADIUS - 1, y + RADIUS); v++) {
        for (let u = Math.max(RADIUS, x - RADIUS); u <= Math.min(width - RADIUS - 1, x + RADIUS); u++) {
          const centre = v * width + u
          if (!isTarget[centre]) continue
          const distance = field.distance[centre]!
          weights[count] = distance
          const trust = confidence[centre]!
          trusts[count] = trust
          if (trust > most) most = trust
          proposals[count] = field.source[centre]! + i - centre
          count += 1
          sum += distance
          if (distance < least) least = distance
        }
      }
      const scale = softness * (sum / count) + 1e-9
      let total = 0
      result.fill(0)
      for (let k = 0; k < count; k++) {
        const weight = (trusts[k]! / most) * Math.exp((least - weights[k]!) / scale)
        if (weight < 1e-5) continue
        total += weight
        const from = proposals[k]! * features
        for (let f = 0; f < features; f++) result[f]! += weight * pixels[from + f]!
      }
      for (let f = 0; f < features; f++) {
        const value = result[f]! / total
        const change = Math.abs(value - pixels[i * features + f]!)
        if (change > largest) largest = change
        pixels[i * features + f] = value
      }
    }
  }
  return largest
}

/** For every hole pixel the known pixel that the best patch over it proposes; -1 elsewhere. */
export function bestProposals(level: Level, field: Field): Int32Array {
  const { width, height, hole, isTarget } = level
  const result = new Int32Array(width * height).fill(-1)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x
      if (!hole[i]) continue
      let least = Number.POSITIVE_INFINITY
      for (let v = Math.max(RADIUS, y - RADIUS); v <= Math.min(height - RADIUS - 1, y + RADIUS); v++) {
        for (let u = Math.max(RADIUS, x - RADIUS); u <= Math.min(width - RADIUS - 1, x + RADIUS); u++) {
          const centre = v * width + u
          if (isTarget[centre] && field.distance[centre]! < least) {
            least = field.distance[centre]!
            result[i] = field.source[centre]! + i - centre
          }
        }
      }
    }
  }
  return result
}
