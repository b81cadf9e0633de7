/**
 * Copies the proposed pixels and evens out their tones: where two pieces meet, or a piece meets the known
 * picture, the step in tone is measured over a few pixels and spread out over the hole as a membrane
 * (Perez et al. 2003, on the correction instead of the colours). Texture and edges are copied as they are; only
 * slow changes of light are added, so that a sky that darkens across the hole goes on darkening.
 */

import { placesOf } from './level.ts'

/** Half side of the window over which steps are averaged: finer differences are texture, not tone. */
const WINDOW = 4
/** Largest step that is taken for a change of light. */
const LARGEST_STEP = 0.3
/** A remaining step of this size halves the weight of a pair; how often the weights are found. */
const UNEXPLAINED = 0.06
const ROUNDS = 2
/** Pull of the correction towards 0. */
const PULL = 2e-5
const PULL_AT_BORDER = 4e-3

/**
 * @param unknown 1 where the array holds no picture: the hole, and between pages
 * @param open whether the hole reaches the picture's border, where nothing holds the correction
 * @param proposals for every hole pixel the index of the known pixel to copy
 * @returns the filled picture, a copy with known pixels unchanged, and what was added to the copied pixels
 */
export function blendTones(picture: Float32Array, size: { width: number; height: number; channels: number }, hole: Uint8Array, unknown: Uint8Array, proposals: Int32Array, open: boolean): { picture: Float32Array; correction: Float32Array } {
  const { channels } = size
  const result = picture.slice()
  const corrections = new Float32Array(picture.length)
  for (let i = 0; i < proposals.length; i++) {
    const from = proposals[i]!
    if (from >= 0) for (let c = 0; c < channels; c++) result[i * channels + c] = picture[from * channels + c]!
  }
  const across = stepsOf(picture, size, unknown, seams(size, hole, proposals, 1))
  const down = stepsOf(picture, size, unknown, seams(size, hole, proposals, size.width))
  const pull = open ? PULL_AT_BORDER : PULL
  for (let c = 0; c < channels; c++) {
    const correction = membrane(size, hole, across[c]!, down[c]!, pull)
    for (let i = 0; i < hole.length; i++) {
      if (!hole[i]) continue
      corrections[i * channels + c] = correction[i]!
      result[i * channels + c] = Math.min(1, Math.max(0, result[i * channels + c]! + correction[i]!))
    }
  }
  return { picture: result, correction: corrections }
}

/** A pair (i, i + step) whose two pixels come from places that are not neighbours. */
interface Seam {
  readonly i: number
  /** places the two are copied from */
  readonly from: number
  readonly to: number
}

interface Seams {
  readonly step: number
  readonly list: readonly Seam[]
}

function seams(size: { width: number; height: number }, hole: Uint8Array, proposals: Int32Array, step: number): Seams {
  const { width, height } = size
  const list: Seam[] = []
  for (let i = 0; i + step < width * height; i++) {
    if (step === 1 && (i + 1) % width === 0) continue
    if (!hole[i] && !hole[i + step]) continue
    const from = hole[i] ? proposals[i]! : i
    const to = hole[i + step] ? proposals[i + step]! : i + step
    if (to - from !== step) list.push({ i, from, to })
  }
  return { step, list }
}

/**
 * Step in tone at every seam, 0 elsewhere: around the seam both pieces foretell the same pixels, each from its
 * own place, and the step is the mean of their differences over a window. Texture, which both share, cancels out.
 */
function stepsOf(picture: Float32Array, size: { width: number; height: number; channels: number }, unknown: Uint8Array, { step, list }: Seams): Float32Array[] {
  const { width, height, channels } = size
  const steps = Array.from({ length: channels }, () => new Float32Array(width * height))
  const sums = new Float64Array(channels)
  for (const { i, from, to } of list) {
    // both places as they lie over pixel i
    const other = to - step
    const [fx, fy] = [from % width, Math.floor(from / width)]
    const [ox, oy] = [(to % width) - (step === 1 ? 1 : 0), Math.floor(to / width) - (step === 1 ? 0 : 1)]
    const [left, right] = [Math.max(-WINDOW, -fx, -ox), Math.min(WINDOW, width - 1 - fx, width - 1 - ox)]
    const [top, bottom] = [Math.max(-WINDOW, -fy, -oy), Math.min(WINDOW, height - 1 - fy, height - 1 - oy)]
    sums.fill(0)
    let count = 0
    for (let v = top; v <= bottom; v++) {
      for (let u = left; u <= right; u++) {
        const a = from + v * width + u
        const b = other + v * width + u
        if (unknown[a] || unknown[b]) continue
        for (let c = 0; c < channels; c++) sums[c]! += picture[b * channels + c]! - picture[a * channels + c]!
        count += 1
      }
    }
    if (count < WINDOW) continue
    for (let c = 0; c < channels; c++) steps[c]![i] = Math.min(LARGEST_STEP, Math.max(-LARGEST_STEP, sums[c]! / count))
  }
  return steps
}

/**
 * The correction e, 0 on known pixels, that undoes the steps as smoothly as it can: least sum of
 * w_ab (e_b - e_a + step_ab)^2 over neighbours plus a weak pull to 0. The weights fall where a step stays that
 * the correction does not explain (there two different things meet, and neither is to be tinted); they are
 * found by solving again. Successive over-relaxation.
 */
function membrane(size: { width: number; height: number }, hole: Uint8Array, across: Float32Array, down: Float32Array, pull: number): Float32Array {
  const { width, height } = size
  const total = width * height
  const nodes = placesOf(hole)
  // one cell of padding on either side stands for what lies beyond the array, with weight 0
  const e = new Float32Array(total + 2 * width)
  const [weightsAcross, weightsDown] = [new Float32Array(total + 2 * width), new Float32Array(total + 2 * width)]
  const [constant, inverse] = [new Float32Array(nodes.length), new Float32Array(nodes.length)]
  const sweeps = Math.min(220, 40 + 2 * Math.ceil(Math.sqrt(nodes.length)))
  const relaxation = 2 / (1 + Math.PI / (Math.sqrt(nodes.length) + 8))
  const at = (i: number): number => i + width
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < total; i++) {
      if (!hole[i] && !hole[i + 1] && !hole[i + width]) continue
      const explained = (other: number): number => (round === 0 ? 0 : e[at(other)]! - e[at(i)]!)
      weightsAcross[at(i)] = (i + 1) % width === 0 ? 0 : trust(across[i]!, explained(i + 1) + across[i]!)
      weightsDown[at(i)] = i + width >= total ? 0 : trust(down[i]!, explained(i + width) + down[i]!)
    }
    for (let n = 0; n < nodes.length; n++) {
      const i = nodes[n]!
      const [right, below, left, above] = [weightsAcross[at(i)]!, weightsDown[at(i)]!, weightsAcross[at(i) - 1]!, weightsDown[at(i) - width]!]
      constant[n] = right * across[i]! + below * down[i]! - (left > 0 ? left * across[i - 1]! : 0) - (above > 0 ? above * down[i - width]! : 0)
      inverse[n] = relaxation / (pull + right + below + left + above)
    }
    relax(e, nodes, width, weightsAcross, weightsDown, constant, inverse, relaxation, sweeps)
  }
  return e.subarray(width, width + total)
}

/** Sweeps over the nodes until nothing changes by more than a twentieth of an 8-bit level. */
function relax(
  e: Float32Array, nodes: Int32Array, width: number, weightsAcross: Float32Array, weightsDown: Float32Array,
  constant: Float32Array, inverse: Float32Array, relaxation: number, sweeps: number,
): void {
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let largest = 0
    for (let n = 0; n < nodes.length; n++) {
      const k = nodes[n]! + width
      const old = e[k]!
      const sum = constant[n]! + weightsAcross[k]! * e[k + 1]! + weightsAcross[k - 1]! * e[k - 1]! + weightsDown[k]! * e[k + width]! + weightsDown[k - width]! * e[k - width]!
      const change = inverse[n]! * sum - relaxation * old
      e[k] = old + change
      if (change > largest) largest = change
      else if (-change > largest) largest = -change
    }
    if (largest < 2e-4) return
  }
}

/** Weight of a pair: 1 without a seam, else falling with what is left unexplained. */
function trust(step: number, rest: number): number {
  return step === 0 ? 1 : 1 / (1 + (rest / UNEXPLAINED) ** 4)
}
