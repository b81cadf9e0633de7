/**
 * A colour model: a mixture of full gaussians, fitted by splitting along the widest axis (Orchard, Bouman 1991, "Color
 * Quantization of Images"), so that the same colours always give the same model. As in GrabCut (Rother, Kolmogorov, Blake
 * 2004, "GrabCut: Interactive Foreground Extraction using Iterated Graph Cuts").
 */

/** Added to every variance: 8-bit noise, and flat drawings would otherwise have none. OKLab units squared. */
const SMALLEST_VARIANCE = 1.5e-4

interface Gaussian {
  readonly mean: readonly [number, number, number]
  /** inverse covariance: xx, xy, xz, yy, yz, zz */
  readonly inverse: readonly [number, number, number, number, number, number]
  /** log weight minus half the log determinant */
  readonly constant: number
}

/** Pixels of a plane set [3,h,w] that make up one cluster. */
interface Cluster {
  readonly members: Int32Array
  readonly mean: [number, number, number]
  /** covariance: xx, xy, xz, yy, yz, zz */
  readonly spread: [number, number, number, number, number, number]
  readonly axis: [number, number, number]
  readonly width: number
}

/** A fitted mixture. */
export class ColourMixture {
  readonly #parts: readonly Gaussian[]

  /**
   * @param colours planes [3,count]
   * @param members indices of the pixels to fit; at least one
   */
  constructor(colours: Float32Array, members: Int32Array, parts: number) {
    const clusters = [describe(colours, members)]
    while (clusters.length < parts) {
      const widest = clusters.reduce((best, cluster, i) => (cluster.width * cluster.members.length > clusters[best]!.width * clusters[best]!.members.length ? i : best), 0)
      const halves = split(colours, clusters[widest]!)
      if (!halves) break
      clusters.splice(widest, 1, ...halves.map((half) => describe(colours, half)))
    }
    this.#parts = clusters.map((cluster) => gaussian(cluster, cluster.members.length / members.length))
  }

  /** -log p of a colour, up to a constant that is the same for every mixture. */
  cost(x: number, y: number, z: number): number {
    let [most, sum] = [-Infinity, 0]
    for (const { mean, inverse, constant } of this.#parts) {
      const [a, b, c] = [x - mean[0], y - mean[1], z - mean[2]]
      const value = constant - 0.5 * (inverse[0] * a * a + inverse[3] * b * b + inverse[5] * c * c) - inverse[1] * a * b - inverse[2] * a * c - inverse[4] * b * c
      if (value > most) {
        sum = sum * Math.exp(most - value) + 1
        most = value
      } else sum += Math.exp(value - most)
    }
    return -(most + Math.log(sum))
  }
}

function describe(colours: Float32Array, members: Int32Array): Cluster {
  const count = colours.length / 3
  const [mean, spread]: [Cluster['mean'], Cluster['spread']] = [[0, 0, 0], [0, 0, 0, 0, 0, 0]]
  for (const i of members) for (let c = 0; c < 3; c++) mean[c]! += colours[c * count + i]!
  for (let c = 0; c < 3; c++) mean[c]! /= members.length
  for (const i of members) {
    const [a, b, c] = [colours[i]! - mean[0], colours[count + i]! - mean[1], colours[2 * count + i]! - mean[2]]
    spread[0] += a * a
    spread[1] += a * b
    spread[2] += a * c
    spread[3] += b * b
    spread[4] += b * c
    spread[5] += c * c
  }
  for (let k = 0; k < 6; k++) spread[k]! /= members.length
  const { axis, width } = widestAxis(spread)
  return { members, mean, spread, axis, width }
}

/** Largest eigenvalue and its vector by power iteration. */
function widestAxis([xx, xy, xz, yy, yz, zz]: Cluster['spread']): { axis: [number, number, number]; width: number } {
  let axis: [number, number, number] = [1, 0.7, 0.4]
  let width = 0
  for (let round = 0; round < 24; round++) {
    const [a, b, c] = axis
    const next: [number, number, number] = [xx * a + xy * b + xz * c, xy * a + yy * b + yz * c, xz * a + yz * b + zz * c]
    width = Math.hypot(...next)
    if (width < 1e-12) return { axis, width: 0 }
    axis = [next[0] / width, next[1] / width, next[2] / width]
  }
  return { axis, width }
}

function split(colours: Float32Array, { members, mean, axis }: Cluster): [Int32Array, Int32Array] | null {
  const count = colours.length / 3
  const [left, right] = [new Int32Array(members.length), new Int32Array(members.length)]
  let [l, r] = [0, 0]
  for (const i of members) {
    const along = (colours[i]! - mean[0]) * axis[0] + (colours[count + i]! - mean[1]) * axis[1] + (colours[2 * count + i]! - mean[2]) * axis[2]
    if (along <= 0) left[l++] = i
    else right[r++] = i
  }
  return l === 0 || r === 0 ? null : [left.subarray(0, l), right.subarray(0, r)]
}

function gaussian({ mean, spread }: Cluster, weight: number): Gaussian {
  const [xx, xy, xz, yy, yz, zz] = [spread[0] + SMALLEST_VARIANCE, spread[1], spread[2], spread[3] + SMALLEST_VARIANCE, spread[4], spread[5] + SMALLEST_VARIANCE]
  const [a, b, c] = [yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy]
  const determinant = xx * a + xy * b + xz * c
  const [d, e, f] = [xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy]
  return {
    mean,
    inverse: [a / determinant, b / determinant, c / determinant, d / determinant, e / determinant, f / determinant],
    constant: Math.log(weight) - 0.5 * Math.log(determinant),
  }
}
