/**
 * Cuts a picture into a display pyramid while it is read row by row: 256 x 256 tiles in sRGB, each level half the one
 * before by a 2 x 2 box in premultiplied values (at odd sides the last pixel averages what there is). Every level comes
 * from unrounded values of the level before, so nothing drifts. Memory: the rows of one tile per level.
 */
import { throwIfCancelled } from '../errors.ts'
import type { Picture } from '../image/picture.ts'
import { levelSize, pyramidLevels, TILE_EDGE, tileBytes, TileFileWriter } from './tileFile.ts'
import { maskPlane, rowsInSpace, SRGB_SPACE, type RowSamples } from './workingSpace.ts'

/** How a pyramid is written. */
export interface PyramidOptions {
  /** picture: rgba8; mask: grey8 */
  readonly kind: 'picture' | 'mask'
  readonly signal?: AbortSignal | undefined
  /** called with the share done, 0..1 */
  readonly onProgress?: (share: number) => void
}

/** What was written. */
export interface PyramidReport {
  readonly width: number
  readonly height: number
  readonly levels: number
  readonly tiles: number
  readonly bytes: number
}

/**
 * Writes the pyramid of a picture to a `.tiles` file, whole or not at all.
 * @throws EngineError output/not-writable; CancelledError
 */
export async function writePyramid(picture: Picture, out: string, options: PyramidOptions): Promise<PyramidReport> {
  const { width, height } = picture
  const levels = pyramidLevels(picture)
  const writer = new TileFileWriter(out, { width, height, levels })
  try {
    const channels = options.kind === 'picture' ? 4 : 1
    const mask = options.kind === 'mask' ? maskPlane(picture) : null
    const rowsAt = mask
      ? async (y: number, rows: number): Promise<RowSamples> => ({ samples: mask.samples.subarray(y * width, (y + rows) * width), channels: 1 })
      : rowsInSpace(picture, SRGB_SPACE)
    const chain = buildLevels(writer, picture, levels, channels)
    for (let y = 0; y < height; y += TILE_EDGE) {
      throwIfCancelled(options.signal)
      await new Promise(setImmediate) // messages and cancellation get their turn
      const rows = Math.min(TILE_EDGE, height - y)
      chain.take(spread(await rowsAt(y, rows), width * rows, channels), rows)
      options.onProgress?.((y + rows) / height)
    }
    chain.end()
    return { width, height, levels, ...writer.finish() }
  } catch (error) {
    writer.abort()
    throw error
  }
}

function buildLevels(writer: TileFileWriter, size: { width: number; height: number }, levels: number, channels: 1 | 4): Level {
  let next: Level | null = null
  for (let level = levels - 1; level >= 0; level--) next = new Level(writer, level, levelSize(size, level), channels, next)
  return next!
}

/** Rows as premultiplied values 0..255, one or four a pixel. */
function spread({ samples, channels }: RowSamples, pixels: number, wide: 1 | 4): Float32Array {
  const scale = samples instanceof Uint16Array ? 1 / 257 : 1
  const result = new Float32Array(pixels * wide)
  if (wide === 1) {
    for (let i = 0; i < pixels; i++) result[i] = samples[i]! * scale
    return result
  }
  const [green, blue, alphaAt] = [channels >= 3 ? 1 : 0, channels >= 3 ? 2 : 0, channels % 2 === 0 ? channels - 1 : -1]
  for (let i = 0, from = 0, at = 0; i < pixels; i++, from += channels, at += 4) {
    const alpha = alphaAt < 0 ? 255 : samples[from + alphaAt]! * scale
    const weight = alpha === 255 ? scale : (scale * alpha) / 255
    result[at] = samples[from]! * weight
    result[at + 1] = samples[from + green]! * weight
    result[at + 2] = samples[from + blue]! * weight
    result[at + 3] = alpha
  }
  return result
}

/** One level: takes rows from above in order, writes each full row of tiles, hands halved rows on. */
class Level {
  readonly #writer: TileFileWriter
  readonly #level: number
  readonly #size: { readonly width: number; readonly height: number }
  readonly #channels: 1 | 4
  readonly #next: Level | null
  readonly #rows: Float32Array
  #held = 0
  #tileRow = 0

  constructor(writer: TileFileWriter, level: number, size: { width: number; height: number }, channels: 1 | 4, next: Level | null) {
    this.#writer = writer
    this.#level = level
    this.#size = size
    this.#channels = channels
    this.#next = next
    this.#rows = new Float32Array(TILE_EDGE * size.width * channels)
  }

  /** @param rows at most a tile's edge, and never across one */
  take(values: Float32Array, rows: number): void {
    this.#rows.set(values.subarray(0, rows * this.#size.width * this.#channels), this.#held * this.#size.width * this.#channels)
    this.#held += rows
    if (this.#held === TILE_EDGE) this.#flush()
  }

  /** Writes what is left. */
  end(): void {
    if (this.#held > 0) this.#flush()
    this.#next?.end()
  }

  #flush(): void {
    const rows = this.#held
    for (let x = 0; x * TILE_EDGE < this.#size.width; x++) this.#writeTile(x, rows)
    this.#tileRow += 1
    this.#held = 0
    if (this.#next) this.#next.take(halve(this.#rows, this.#size.width, rows, this.#channels), Math.ceil(rows / 2))
  }

  #writeTile(x: number, rows: number): void {
    const format = this.#channels === 4 ? 'rgba8' : 'grey8'
    const bytes = new Uint8Array(tileBytes(format))
    const width = Math.min(TILE_EDGE, this.#size.width - x * TILE_EDGE)
    for (let y = 0; y < rows; y++) {
      const from = (y * this.#size.width + x * TILE_EDGE) * this.#channels
      const at = y * TILE_EDGE * this.#channels
      if (this.#channels === 1) for (let i = 0; i < width; i++) bytes[at + i] = Math.round(this.#rows[from + i]!)
      else straight(this.#rows, from, bytes, at, width)
    }
    this.#writer.add({ level: this.#level, x, y: this.#tileRow }, { format, bytes }, format === 'grey8')
  }
}

/** Premultiplied values back to straight bytes; what rounds to full transparency is all 0. */
function straight(values: Float32Array, from: number, bytes: Uint8Array, at: number, pixels: number): void {
  for (let i = 0; i < pixels; i++, from += 4, at += 4) {
    const alpha = values[from + 3]!
    if (alpha < 0.5) continue
    const scale = alpha === 255 ? 1 : 255 / alpha
    for (let c = 0; c < 3; c++) bytes[at + c] = Math.min(255, Math.round(values[from + c]! * scale))
    bytes[at + 3] = Math.round(alpha)
  }
}

function halve(values: Float32Array, width: number, rows: number, channels: number): Float32Array {
  const [wide, high] = [Math.ceil(width / 2), Math.ceil(rows / 2)]
  const result = new Float32Array(wide * high * channels)
  for (let y = 0; y < high; y++) {
    const upper = 2 * y * width * channels
    const lower = Math.min(2 * y + 1, rows - 1) * width * channels
    for (let x = 0; x < wide; x++) {
      const left = 2 * x * channels
      const right = Math.min(2 * x + 1, width - 1) * channels
      const at = (y * wide + x) * channels
      // at an odd edge the same row or column counts twice, which is the average of what there is
      for (let c = 0; c < channels; c++) result[at + c] = (values[upper + left + c]! + values[upper + right + c]! + values[lower + left + c]! + values[lower + right + c]!) / 4
    }
  }
  return result
}
