/**
 * From labels on a small copy to a mask at full size: near the border each pixel is placed between the mean colours of the
 * two sides around it. Where the two sides look alike there, or vary more than they differ, the smoothed labels decide.
 */
import { convertPlanes } from '../image/colour.ts'
import { intersectBoxes, wholeBox, type Box } from '../image/geometry.ts'
import { dilate, squaredDistances, type Plane } from '../image/morphology.ts'
import { colourChannels, type Picture } from '../image/picture.ts'
import { cutPlanes } from '../image/resize.ts'
import { okLabPlanes } from './okLabPlanes.ts'
import { spaceOfPicture, SRGB_SPACE } from './workingSpace.ts'

/** Labels on a copy of the picture. */
export interface LabelLevel {
  readonly width: number
  readonly height: number
  /** OKLab planes [3,h,w] */
  readonly colours: Float32Array
  /** 1 inside, 0 outside */
  readonly inside: Uint8Array
}

/** Pixels of the copy on either side of the border that are worked out anew. */
const REACH = 2
/** Half the side of the window whose mean colours stand for the two sides, in pixels of the copy. */
const WINDOW = 6
/** Variance of a side that is taken for granted, OKLab units squared. */
const NOISE = 4e-4
/** Full-size pixels that are worked on at a time. */
const TILE = 256

/** The mask of a picture from the labels of its copy. */
export async function softBorder(picture: Picture, level: LabelLevel): Promise<Plane> {
  const { width, height } = picture
  const data = new Uint8Array(width * height)
  const [across, down] = [level.width / width, level.height / height]
  for (let y = 0; y < height; y++) {
    const row = Math.min(level.height - 1, Math.floor((y + 0.5) * down)) * level.width
    for (let x = 0; x < width; x++) if (level.inside[row + Math.min(level.width - 1, Math.floor((x + 0.5) * across))] === 1) data[y * width + x] = 255
  }
  const band = bandOf(level)
  const sides = { inner: sideOf(level, 1), outer: sideOf(level, 0), labels: smoothed(level) }
  for (let y = 0; y < height; y += TILE) {
    await new Promise(setImmediate) // messages and cancellation get their turn
    for (let x = 0; x < width; x += TILE) {
      const box = intersectBoxes({ x, y, width: TILE, height: TILE }, wholeBox(picture))
      if (meets(band, level, { across, down }, box)) await refineTile(data, picture, box, { level, band, across, down, ...sides })
    }
  }
  return { width, height, data }
}

/** 255 within {@link REACH} of the border. */
function bandOf({ width, height, inside }: LabelLevel): Uint8Array {
  const border = new Uint8Array(inside.length)
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (x + 1 < width && inside[i] !== inside[i + 1]) border[i] = border[i + 1] = 255
      if (y + 1 < height && inside[i] !== inside[i + width]) border[i] = border[i + width] = 255
    }
  }
  return dilate({ width, height, data: border }, REACH - 1).data
}

function meets(band: Uint8Array, level: LabelLevel, { across, down }: { across: number; down: number }, box: Box): boolean {
  const last = Math.min(level.width - 1, Math.ceil((box.x + box.width) * across))
  for (let v = Math.floor(box.y * down); v <= Math.min(level.height - 1, Math.ceil((box.y + box.height) * down)); v++) {
    for (let u = Math.floor(box.x * across); u <= last; u++) if (band[v * level.width + u]! > 0) return true
  }
  return false
}

/** Mean colour and variance of one side around each place; weight 0 where the side is too far away. */
interface Side {
  readonly weight: Float32Array
  /** planes: three means, then the variance of all three together */
  readonly values: readonly [Float32Array, Float32Array, Float32Array, Float32Array]
}

/** Window sums over the pixels of a side that lie at least a pixel and a half from the border, which are no mixtures. */
function sideOf({ width, height, colours, inside }: LabelLevel, label: 0 | 1): Side {
  const count = width * height
  const depths = squaredDistances({ width, height, data: Uint8Array.from(inside, (value) => (value === label ? 0 : 255)) })
  const weight = new Float32Array(count)
  const planes = [0, 1, 2, 3].map(() => new Float32Array(count)) as [Float32Array, Float32Array, Float32Array, Float32Array]
  for (let i = 0; i < count; i++) {
    if (depths[i]! < 3) continue
    weight[i] = 1
    for (let c = 0; c < 3; c++) {
      const value = colours[c * count + i]!
      planes[c]![i] = value
      planes[3][i]! += value * value
    }
  }
  const counts = boxSums(weight, width, height)
  const values = planes.map((plane) => boxSums(plane, width, height)) as [Float32Array, Float32Array, Float32Array, Float32Array]
  for (let i = 0; i < count; i++) {
    const n = Math.max(1, counts[i]!)
    for (const plane of values) plane[i]! /= n
    values[3][i] = Math.max(0, values[3][i]! - values[0][i]! ** 2 - values[1][i]! ** 2 - values[2][i]! ** 2)
  }
  return { weight: counts, values }
}

/** Sums over a square window, cut off at the picture's edge; running sums along rows, then along columns. */
function boxSums(values: Float32Array, width: number, height: number): Float32Array {
  const rows = new Float32Array(values.length)
  for (let y = 0; y < height; y++) {
    let sum = 0
    for (let x = -WINDOW; x < width; x++) {
      if (x + WINDOW < width) sum += values[y * width + x + WINDOW]!
      if (x - WINDOW - 1 >= 0) sum -= values[y * width + x - WINDOW - 1]!
      if (x >= 0) rows[y * width + x] = sum
    }
  }
  const result = new Float32Array(values.length)
  const sums = new Float64Array(width)
  for (let y = -WINDOW; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (y + WINDOW < height) sums[x]! += rows[(y + WINDOW) * width + x]!
      if (y - WINDOW - 1 >= 0) sums[x]! -= rows[(y - WINDOW - 1) * width + x]!
      if (y >= 0) result[y * width + x] = sums[x]!
    }
  }
  return result
}

/** The labels averaged over 3 x 3. */
function smoothed({ width, height, inside }: LabelLevel): Float32Array {
  const result = new Float32Array(inside.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0
      for (let v = -1; v <= 1; v++) for (let u = -1; u <= 1; u++) sum += inside[Math.min(height - 1, Math.max(0, y + v)) * width + Math.min(width - 1, Math.max(0, x + u))]!
      result[y * width + x] = sum / 9
    }
  }
  return result
}

interface Refinement {
  readonly level: LabelLevel
  readonly band: Uint8Array
  readonly across: number
  readonly down: number
  readonly inner: Side
  readonly outer: Side
  readonly labels: Float32Array
}

async function refineTile(data: Uint8Array, picture: Picture, box: Box, refinement: Refinement): Promise<void> {
  const { level, band, across, down, inner, outer, labels } = refinement
  const own = cutPlanes(picture.samples, picture, box, box, colourChannels(picture))
  const colours = okLabPlanes(await convertPlanes(spaceOfPicture(picture), SRGB_SPACE)(own, box))
  const count = box.width * box.height
  for (let y = 0, i = 0; y < box.height; y++) {
    const v = (box.y + y + 0.5) * down
    for (let x = 0; x < box.width; x++, i++) {
      const u = (box.x + x + 0.5) * across
      const cell = Math.min(level.height - 1, Math.floor(v)) * level.width + Math.min(level.width - 1, Math.floor(u))
      if (band[cell] === 0) continue
      const label = bilinear(labels, level, u, v)
      data[(box.y + y) * picture.width + box.x + x] = Math.round(255 * share([colours[i]!, colours[count + i]!, colours[2 * count + i]!], label, cell, inner, outer))
    }
  }
}

/** How much of the inner side's colour a pixel holds, 0..1. */
function share(colour: readonly [number, number, number], label: number, cell: number, inner: Side, outer: Side): number {
  if (inner.weight[cell]! < 1 || outer.weight[cell]! < 1) return sharpened(label)
  let [along, apart] = [0, 0]
  for (let c = 0; c < 3; c++) {
    const step = inner.values[c]![cell]! - outer.values[c]![cell]!
    along += (colour[c]! - outer.values[c]![cell]!) * step
    apart += step * step
  }
  if (apart < 1e-9) return sharpened(label)
  const trust = apart / (apart + 4 * (inner.values[3][cell]! + outer.values[3][cell]! + NOISE))
  const mixed = Math.min(1, Math.max(0, along / apart))
  return trust * mixed + (1 - trust) * sharpened(label)
}

/** Labels fade over three pixels of the copy; a border fades over about one. */
function sharpened(label: number): number {
  return Math.min(1, Math.max(0, 3 * (label - 0.5) + 0.5))
}

function bilinear(values: Float32Array, { width, height }: LabelLevel, u: number, v: number): number {
  const [x, y] = [Math.min(width - 1, Math.max(0, u - 0.5)), Math.min(height - 1, Math.max(0, v - 0.5))]
  const [x0, y0] = [Math.floor(x), Math.floor(y)]
  const [x1, y1] = [Math.min(width - 1, x0 + 1), Math.min(height - 1, y0 + 1)]
  const [fx, fy] = [x - x0, y - y0]
  const upper = values[y0 * width + x0]! * (1 - fx) + values[y0 * width + x1]! * fx
  const lower = values[y1 * width + x0]! * (1 - fx) + values[y1 * width + x1]! * fx
  return upper * (1 - fy) + lower * fy
}
