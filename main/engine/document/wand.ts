/** The colour-range wand: what is near a pixel's colour in OKLab, everywhere or hanging together with it. */
import { okLab } from '../image/colourRange.ts'
import type { Plane } from '../image/morphology.ts'
import type { Picture } from '../image/picture.ts'
import { rowsInSpace, SRGB_SPACE } from './workingSpace.ts'

/** Rows converted at a time. */
const STRIP_ROWS = 256
/** Distances are kept as whole numbers of this many to one OKLab unit. */
const STEPS = 20_000
/** Distance of transparent pixels: farther than anything. */
const NOWHERE = 65_535

/** What the wand picks. */
export interface WandOptions {
  readonly point: { readonly x: number; readonly y: number }
  /** OKLab distance, black to white is 1 */
  readonly tolerance: number
  /** only what hangs together with the point (sideways and up and down) */
  readonly contiguous: boolean
  /** pixels on the edge get the share of the colour that they hold */
  readonly antialias: boolean
}

/** Selects; the point lies inside the picture. @returns 255 selected, 0 not, between on a soft edge */
export async function selectByColour(picture: Picture, options: WandOptions): Promise<Plane> {
  const { width, height } = picture
  const distances = await colourDistances(picture, options.point)
  const limit = Math.round(options.tolerance * STEPS)
  const data = options.contiguous ? flood(distances, width, height, options.point, limit) : Uint8Array.from(distances, (distance) => (distance <= limit ? 255 : 0))
  if (options.antialias) softenEdge(data, distances, width, height)
  return { width, height, data }
}

/** OKLab distance of every pixel to the colour at a point, in {@link STEPS}; alpha does not change a colour. */
async function colourDistances(picture: Picture, point: { readonly x: number; readonly y: number }): Promise<Uint16Array> {
  const { width, height } = picture
  const rowsAt = rowsInSpace(picture, SRGB_SPACE)
  const at = await rowsAt(point.y, 1)
  const wanted = okLab(...bytesAt(at.samples, point.x * at.channels, at.channels))
  // each colour is worked out once; 0 means not yet
  const known = new Uint16Array(1 << 24)
  const result = new Uint16Array(width * height)
  for (let y = 0; y < height; y += STRIP_ROWS) {
    const { samples, channels } = await rowsAt(y, Math.min(STRIP_ROWS, height - y))
    const scale = samples instanceof Uint16Array ? 1 / 257 : 1
    const [green, blue, alpha] = [channels >= 3 ? 1 : 0, channels >= 3 ? 2 : 0, channels % 2 === 0 ? channels - 1 : -1]
    for (let from = 0, i = y * width; from < samples.length; from += channels, i++) {
      if (alpha >= 0 && samples[from + alpha] === 0) {
        result[i] = NOWHERE
        continue
      }
      const [r, g, b] = [Math.round(samples[from]! * scale), Math.round(samples[from + green]! * scale), Math.round(samples[from + blue]! * scale)]
      const key = (r << 16) | (g << 8) | b
      if (known[key] === 0) {
        const [l, m, n] = okLab(r, g, b)
        known[key] = 1 + Math.min(NOWHERE - 2, Math.round(Math.hypot(l - wanted[0], m - wanted[1], n - wanted[2]) * STEPS))
      }
      result[i] = known[key]! - 1
    }
  }
  return result
}

function bytesAt(samples: Uint8Array | Uint16Array, at: number, channels: number): [number, number, number] {
  const byte = (c: number): number => Math.round(samples[at + c]! * (samples instanceof Uint16Array ? 1 / 257 : 1))
  return channels >= 3 ? [byte(0), byte(1), byte(2)] : [byte(0), byte(0), byte(0)]
}

/** Scanline flood fill over four neighbours. */
function flood(distances: Uint16Array, width: number, height: number, { x, y }: { readonly x: number; readonly y: number }, limit: number): Uint8Array {
  const data = new Uint8Array(distances.length)
  const open = [y * width + x]
  while (open.length > 0) {
    const start = open.pop()!
    if (data[start] !== 0) continue
    const row = start - (start % width)
    let [left, right] = [start, start]
    while (left > row && distances[left - 1]! <= limit && data[left - 1] === 0) left--
    while (right < row + width - 1 && distances[right + 1]! <= limit && data[right + 1] === 0) right++
    data.fill(255, left, right + 1)
    if (row > 0) seedRow(left - width, right - width)
    if (row < (height - 1) * width) seedRow(left + width, right + width)
  }
  return data

  function seedRow(from: number, to: number): void {
    for (let i = from; i <= to; i++) {
      const wanted = distances[i]! <= limit && data[i] === 0
      if (wanted && (i === from || distances[i - 1]! > limit || data[i - 1] !== 0)) open.push(i)
    }
  }
}

/**
 * An unselected pixel beside a selected one is usually a mixture of the two sides: it gets the share by which it is nearer
 * to the wanted colour than the farthest of its neighbours, which stands for the other side.
 */
function softenEdge(data: Uint8Array, distances: Uint16Array, width: number, height: number): void {
  const hard = data.slice()
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x
      if (hard[i] !== 0 || distances[i] === NOWHERE) continue
      const [x0, x1, y0, y1] = [x > 0 ? -1 : 0, x < width - 1 ? 1 : 0, y > 0 ? -width : 0, y < height - 1 ? width : 0]
      if (hard[i + x0] === 0 && hard[i + x1] === 0 && hard[i + y0] === 0 && hard[i + y1] === 0) continue
      let farthest = 0
      for (let row = y0; row <= y1; row += width) for (let at = i + row + x0; at <= i + row + x1; at++) if (distances[at] !== NOWHERE) farthest = Math.max(farthest, distances[at]!)
      if (farthest > 0) data[i] = Math.min(254, Math.round(255 * (1 - distances[i]! / farthest)))
    }
  }
}
