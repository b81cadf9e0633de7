/**
 * Colour match of a patch to its surroundings, from the ring around the mask alone: a global histogram match
 * would let the edit's own colours shift everything.
 *
 * Two corrections, both measured on 8 x 8 cells of the ring where the patch should equal the picture:
 * 1. an affine one (gain and offset) in luma and chroma of the encoded values, where the drift of an
 *    autoencoder arises, so that a constant offset is removed exactly;
 * 2. the smooth remainder: what is left in the ring's cells, spread into the mask as a membrane
 *    (Laplace's equation, as Poisson editing does, but on cells, so that texture is not touched).
 */

/** Side of a cell in pixels. */
const CELL = 8
/** Bounds of the corrections: beyond them the patch is not drifted but different. */
const GAIN_LIMITS = [0.8, 1.25] as const
const OFFSET_LIMIT = 0.15
const MEMBRANE_LIMIT = 0.08
/** Variance below which contrast says nothing (2 of 255, squared). */
const FLAT = (2 / 255) ** 2

/** Options of {@link ringColourMatch}. */
export interface ColourMatchOptions {
  /** also spread the smooth remainder into the mask; default true */
  readonly membrane?: boolean
}

/** One channel's correction: value -> value * gain + offset. */
export interface ChannelMatch {
  readonly gain: number
  readonly offset: number
}

/** What was corrected; channels are luma, blue-luma, red-luma of encoded sRGB. */
export interface ColourMatchReport {
  /** cells that the correction rests on */
  readonly cells: number
  readonly channels: readonly ChannelMatch[]
  /** largest value of the membrane, 0..1 */
  readonly membrane: number
}

/**
 * Corrects `patch` so that it fits `original` on the ring.
 *
 * @param patch generated planes [3,h,w], encoded sRGB 0..1
 * @param original the picture's planes of the same box
 * @param ring h*w values; where > 0 the patch should equal the picture
 * @returns the corrected planes (a copy; equal to `patch` when the two agree on the ring, or the ring is empty)
 */
export function ringColourMatch(
  patch: Float32Array,
  original: Float32Array,
  ring: Uint8Array,
  size: { width: number; height: number },
  options: ColourMatchOptions = {},
): { planes: Float32Array; report: ColourMatchReport } {
  const cells = ringCells(patch, original, ring, size)
  const kept = trim(cells)
  const channels = [0, 1, 2].map((c) => affine(kept.map((cell) => cell.patch[c]!), kept.map((cell) => cell.original[c]!), c === 0))
  if (kept.length === 0) return { planes: patch.slice(), report: { cells: 0, channels, membrane: 0 } }
  const planes = applyAffine(patch, size, channels)
  let membrane = 0
  if (options.membrane ?? true) membrane = applyMembrane(planes, kept, channels, size)
  return { planes, report: { cells: kept.length, channels, membrane } }
}

interface Cell {
  readonly column: number
  readonly row: number
  /** means over the cell's ring pixels in luma, blue-luma, red-luma */
  readonly patch: readonly [number, number, number]
  readonly original: readonly [number, number, number]
}

function ringCells(patch: Float32Array, original: Float32Array, ring: Uint8Array, size: { width: number; height: number }): Cell[] {
  const { width, height } = size
  const plane = width * height
  const [columns, rows] = [Math.ceil(width / CELL), Math.ceil(height / CELL)]
  const sums = new Float64Array(columns * rows * 7)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x
      if (ring[i] === 0) continue
      const at = (Math.floor(y / CELL) * columns + Math.floor(x / CELL)) * 7
      sums[at]! += 1
      addLumaChroma(sums, at + 1, patch[i]!, patch[plane + i]!, patch[2 * plane + i]!)
      addLumaChroma(sums, at + 4, original[i]!, original[plane + i]!, original[2 * plane + i]!)
    }
  }
  const cells: Cell[] = []
  for (let at = 0, index = 0; at < sums.length; at += 7, index++) {
    const count = sums[at]!
    if (count < (CELL * CELL) / 4) continue
    const mean = (k: number): number => sums[at + k]! / count
    cells.push({ column: index % columns, row: Math.floor(index / columns), patch: [mean(1), mean(2), mean(3)], original: [mean(4), mean(5), mean(6)] })
  }
  return cells
}

function addLumaChroma(sums: Float64Array, at: number, red: number, green: number, blue: number): void {
  const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
  sums[at]! += luma
  sums[at + 1]! += blue - luma
  sums[at + 2]! += red - luma
}

/** Leaves out cells whose difference lies over 3 median deviations off: there the patch shows something else. */
function trim(cells: readonly Cell[]): readonly Cell[] {
  let kept = cells
  for (let c = 0; c < 3; c++) {
    const differences = cells.map((cell) => cell.original[c]! - cell.patch[c]!)
    const middle = median(differences)
    const deviation = Math.max(1.5 / 255, median(differences.map((value) => Math.abs(value - middle))))
    kept = kept.filter((cell) => Math.abs(cell.original[c]! - cell.patch[c]! - middle) <= 3 * deviation)
  }
  return kept
}

/** Gain from the ratio of spreads, offset from the means; `signed` chroma keeps 0 where it is only by the offset. */
function affine(patch: readonly number[], original: readonly number[], isLuma: boolean): ChannelMatch {
  if (patch.length === 0) return { gain: 1, offset: 0 }
  const [meanPatch, meanOriginal] = [mean(patch), mean(original)]
  const [spreadPatch, spreadOriginal] = [variance(patch, meanPatch), variance(original, meanOriginal)]
  let covariance = 0
  for (let i = 0; i < patch.length; i++) covariance += (patch[i]! - meanPatch) * (original[i]! - meanOriginal)
  covariance /= patch.length
  // unless the two go up and down together, their spreads are not those of the same thing
  const related = covariance > 0.8 * Math.sqrt(spreadPatch * spreadOriginal) && patch.length >= 8
  const ratio = related ? Math.sqrt((spreadOriginal + FLAT) / (spreadPatch + FLAT)) : 1
  const gain = Math.min(GAIN_LIMITS[1], Math.max(GAIN_LIMITS[0], ratio))
  const limit = isLuma ? OFFSET_LIMIT : OFFSET_LIMIT / 2
  const shift = Math.min(limit, Math.max(-limit, meanOriginal - meanPatch))
  return { gain, offset: meanPatch + shift - gain * meanPatch }
}

function applyAffine(patch: Float32Array, size: { width: number; height: number }, channels: readonly ChannelMatch[]): Float32Array {
  const plane = size.width * size.height
  const result = patch.slice()
  const [y, b, r] = channels as [ChannelMatch, ChannelMatch, ChannelMatch]
  if (channels.every(({ gain, offset }) => gain === 1 && offset === 0)) return result
  for (let i = 0; i < plane; i++) {
    const [red, green, blue] = [patch[i]!, patch[plane + i]!, patch[2 * plane + i]!]
    const luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    writeRgb(result, plane, i, y.gain * luma + y.offset, b.gain * (blue - luma) + b.offset, r.gain * (red - luma) + r.offset)
  }
  return result
}

function writeRgb(planes: Float32Array, plane: number, i: number, luma: number, blueMinusLuma: number, redMinusLuma: number): void {
  const [red, blue] = [luma + redMinusLuma, luma + blueMinusLuma]
  planes[i] = red
  planes[plane + i] = (luma - 0.2126 * red - 0.0722 * blue) / 0.7152
  planes[2 * plane + i] = blue
}

/** Adds the membrane to `planes`; returns its largest absolute value in luma. */
function applyMembrane(planes: Float32Array, cells: readonly Cell[], channels: readonly ChannelMatch[], size: { width: number; height: number }): number {
  const { width, height } = size
  const [columns, rows] = [Math.ceil(width / CELL), Math.ceil(height / CELL)]
  const fields = [0, 1, 2].map((c) => {
    const known = new Uint8Array(columns * rows)
    const field = new Float64Array(columns * rows)
    for (const cell of cells) {
      const { gain, offset } = channels[c]!
      const rest = cell.original[c]! - (gain * cell.patch[c]! + offset)
      known[cell.row * columns + cell.column] = 1
      field[cell.row * columns + cell.column] = Math.min(MEMBRANE_LIMIT, Math.max(-MEMBRANE_LIMIT, rest))
    }
    relax(field, known, columns, rows)
    return field
  }) as [Float64Array, Float64Array, Float64Array]
  const largest = fields[0].reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  if (fields.every((field) => field.every((value) => value === 0))) return 0
  addMembrane(planes, fields, { columns, rows }, size)
  return largest
}

/** Adds the three fields, bilinear between cell centres, to the planes. */
function addMembrane(planes: Float32Array, fields: readonly [Float64Array, Float64Array, Float64Array], grid: { columns: number; rows: number }, size: { width: number; height: number }): void {
  const { width, height } = size
  const { columns, rows } = grid
  const plane = width * height
  const lefts = new Int32Array(width)
  const shares = new Float64Array(width)
  for (let x = 0; x < width; x++) {
    const u = Math.min(columns - 1, Math.max(0, (x + 0.5) / CELL - 0.5))
    lefts[x] = Math.min(Math.max(0, columns - 2), Math.floor(u))
    shares[x] = u - lefts[x]!
  }
  const line = [new Float64Array(columns), new Float64Array(columns), new Float64Array(columns)] as const
  for (let y = 0; y < height; y++) {
    const v = Math.min(rows - 1, Math.max(0, (y + 0.5) / CELL - 0.5))
    const top = Math.min(Math.max(0, rows - 2), Math.floor(v))
    const below = Math.min(rows - 1, top + 1)
    for (let f = 0; f < 3; f++) {
      for (let x = 0; x < columns; x++) line[f]![x] = fields[f]![top * columns + x]! + (fields[f]![below * columns + x]! - fields[f]![top * columns + x]!) * (v - top)
    }
    for (let x = 0; x < width; x++) {
      const left = lefts[x]!
      const right = left + 1 < columns ? left + 1 : left
      const share = shares[x]!
      const luma = line[0][left]! + (line[0][right]! - line[0][left]!) * share
      const blue = line[1][left]! + (line[1][right]! - line[1][left]!) * share
      const red = line[2][left]! + (line[2][right]! - line[2][left]!) * share
      const i = y * width + x
      planes[i]! += luma + red
      planes[plane + i]! += luma - (0.2126 * red + 0.0722 * blue) / 0.7152
      planes[2 * plane + i]! += luma + blue
    }
  }
}

/** Solves Laplace's equation on the unknown cells (successive over-relaxation; borders reflect). */
function relax(field: Float64Array, known: Uint8Array, columns: number, rows: number): void {
  let [sum, count] = [0, 0]
  for (let i = 0; i < field.length; i++) if (known[i]) [sum, count] = [sum + field[i]!, count + 1]
  for (let i = 0; i < field.length; i++) if (!known[i]) field[i] = count > 0 ? sum / count : 0
  const sweeps = 4 * Math.max(columns, rows)
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let largest = 0
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const i = y * columns + x
        if (known[i]) continue
        const left = field[x > 0 ? i - 1 : i]!
        const right = field[x < columns - 1 ? i + 1 : i]!
        const up = field[y > 0 ? i - columns : i]!
        const down = field[y < rows - 1 ? i + columns : i]!
        const change = 1.8 * ((left + right + up + down) / 4 - field[i]!)
        field[i]! += change
        if (Math.abs(change) > largest) largest = Math.abs(change)
      }
    }
    if (largest < 1e-5) return
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function variance(values: readonly number[], centre: number): number {
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
