/**
 * Selecting a thing from a few strokes, without a model: colour mixtures of inside and outside and a contrast-sensitive
 * minimum cut, in turn, as GrabCut does (Rother, Kolmogorov, Blake 2004), on a small copy; the border is then cut again in
 * a narrow band on larger copies (Lombaert et al. 2005, "A Multilevel Banded Graph Cuts Method"), and at full size each
 * pixel near it gets the share of the inner colour that it holds. No chance is involved: the same strokes give the same
 * mask.
 */
import { badInput, throwIfCancelled } from '../errors.ts'
import { convertPlanes } from '../image/colour.ts'
import { wholeBox, type Box } from '../image/geometry.ts'
import { squaredDistances, type Plane } from '../image/morphology.ts'
import { colourChannels, maxSample, type Picture } from '../image/picture.ts'
import { cutPlanes, resizePlanes } from '../image/resize.ts'
import { ColourMixture } from './colourMixture.ts'
import { cutLevel } from './levelCut.ts'
import { okLabPlanes } from './okLabPlanes.ts'
import { softBorder } from './softBorder.ts'
import { spaceOfPicture, SRGB_SPACE } from './workingSpace.ts'

/** Longest sides of the copies, from where the whole is cut to where only the border is. */
const LEVEL_SIDES = [320, 700, 1400] as const
/** Rounds of fitting and cutting on the smallest copy. */
const ROUNDS = 5
/** Gaussians of each mixture. */
const PARTS = 5
/** Half the width of the band that is cut again on a larger copy, in its pixels. */
const BAND = 5
/** How much a stroke speaks for what is near it, where there are strokes on both sides: as much as a likelihood of e^3. */
const NEARNESS = 3

/** The strokes. */
export interface ScribbleOptions {
  /** values from 128 on: surely inside */
  readonly foreground: Plane | null
  /** surely outside */
  readonly background: Plane | null
  /** nothing outside is selected */
  readonly box: Box | null
  readonly signal?: AbortSignal | undefined
}

/** Seeds as {@link cutLevel} reads them; 0 is unknown. */
const INSIDE = 1
const OUTSIDE = 2

/**
 * Selects. With strokes inside, only what hangs together with them is selected.
 * @returns 255 inside, 0 outside, between on the border
 * @throws EngineError select/scribble (exit 2) without a stroke inside and without a box; CancelledError
 */
export async function selectByScribble(picture: Picture, options: ScribbleOptions): Promise<Plane> {
  if (!options.box && !options.foreground?.data.some((value) => value >= 128)) {
    throw badInput('select/scribble', { thing: 'smart select', expected: 'a stroke over the thing or a box around it', found: 'neither', todo: 'paint a stroke over what is to be selected' })
  }
  const longest = Math.max(picture.width, picture.height)
  const sides = [...new Set(LEVEL_SIDES.map((side) => Math.min(side, longest)))]
  const sizes = sides.map((side) => ({ width: Math.max(1, Math.round((picture.width * side) / longest)), height: Math.max(1, Math.round((picture.height * side) / longest)) }))
  const finest = await colourLevel(picture, sizes.at(-1)!)
  throwIfCancelled(options.signal)
  let models: Models | null = null
  let inside: Uint8Array = new Uint8Array(0)
  for (const [index, size] of sizes.entries()) {
    await new Promise(setImmediate) // messages and cancellation get their turn
    throwIfCancelled(options.signal)
    const colours = index === sizes.length - 1 ? finest : resizePlanes(finest, { ...sizes.at(-1)!, channels: 3 }, size, 'area')
    const seeds = seedsAt(size, picture, options)
    const pull = options.foreground && options.background ? pullOf(seeds, size) : null
    if (models === null) {
      ;({ models, inside } = cutWhole(colours, size, seeds, pull))
    } else {
      const before = enlarge(inside, sizes[index - 1]!, size)
      const fixed = outsideBand(before, size)
      inside = cutLevel({ ...size, colours, seeds, unary: models.unary(colours, pull, fixed), fixed, start: before })
    }
    if (options.foreground) inside = connected(inside, seeds, size)
  }
  return softBorder(picture, { ...sizes.at(-1)!, colours: finest, inside })
}

/** OKLab planes [3,h,w] of the picture at a size. */
async function colourLevel(picture: Picture, size: { width: number; height: number }): Promise<Float32Array> {
  const much = picture.width >= 2 * size.width
  const own = much ? meanPlanes(picture, size) : cutPlanes(picture.samples, picture, wholeBox(picture), size, colourChannels(picture))
  return okLabPlanes(await convertPlanes(spaceOfPicture(picture), SRGB_SPACE)(own, size))
}

/** Means of the pixels whose centres fall into each place, 0..1: at this reduction as good as any kernel, and fast. */
function meanPlanes(picture: Picture, size: { width: number; height: number }): Float32Array {
  const { width, height, channels, samples } = picture
  const colours = colourChannels(picture)
  const count = size.width * size.height
  const result = new Float32Array(colours * count)
  const hits = new Int32Array(count)
  const column = Int32Array.from({ length: width }, (_, x) => Math.min(size.width - 1, Math.floor(((x + 0.5) * size.width) / width)))
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.min(size.height - 1, Math.floor(((y + 0.5) * size.height) / height)) * size.width
    for (let x = 0; x < width; x++, at += channels) {
      const to = row + column[x]!
      hits[to]!++
      for (let c = 0; c < colours; c++) result[c * count + to]! += samples[at + c]!
    }
  }
  for (let i = 0; i < result.length; i++) result[i]! /= hits[i % count]! * maxSample(picture.depth)
  return result
}

/** What the strokes and the box say at a size: a place is a stroke's when any of its pixels is. */
function seedsAt(size: { width: number; height: number }, picture: { width: number; height: number }, { foreground, background, box }: ScribbleOptions): Uint8Array {
  const seeds = new Uint8Array(size.width * size.height)
  const [across, down] = [size.width / picture.width, size.height / picture.height]
  if (box) {
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        const [px, py] = [(x + 0.5) / across, (y + 0.5) / down]
        if (px < box.x || py < box.y || px >= box.x + box.width || py >= box.y + box.height) seeds[y * size.width + x] = OUTSIDE
      }
    }
  }
  for (const [plane, seed] of [[background, OUTSIDE], [foreground, INSIDE]] as const) {
    if (!plane) continue
    for (let y = 0; y < plane.height; y++) {
      const row = Math.min(size.height - 1, Math.floor((y + 0.5) * down)) * size.width
      for (let x = 0, at = y * plane.width; x < plane.width; x++, at++) if (plane.data[at]! >= 128) seeds[row + Math.min(size.width - 1, Math.floor((x + 0.5) * across))] = seed
    }
  }
  return seeds
}

/** From -{@link NEARNESS} on a stroke inside to +{@link NEARNESS} on one outside, by how near each is: colours that both sides share go to the nearer. */
function pullOf(seeds: Uint8Array, size: { width: number; height: number }): Float32Array {
  const distance = (seed: number): Int32Array => squaredDistances({ ...size, data: seeds.map((value) => (value === seed ? 255 : 0)) })
  const [inner, outer] = [distance(INSIDE), distance(OUTSIDE)]
  return Float32Array.from(inner, (squared, i) => {
    const [near, far] = [Math.sqrt(squared), Math.sqrt(outer[i]!)]
    return (NEARNESS * (near - far)) / Math.max(1, near + far)
  })
}

/** The mixtures of both sides. */
class Models {
  readonly #inner: ColourMixture
  readonly #outer: ColourMixture

  constructor(colours: Float32Array, seeds: Uint8Array, inside: (i: number) => boolean, outside: (i: number) => boolean) {
    const count = colours.length / 3
    const members = (wanted: (i: number) => boolean, seed: number): Int32Array => withStrokes(indices(count, wanted), indices(count, (i) => seeds[i] === seed))
    this.#inner = new ColourMixture(colours, members(inside, INSIDE), PARTS)
    this.#outer = new ColourMixture(colours, members(outside, OUTSIDE), PARTS)
  }

  /** Cost of being inside minus cost of being outside, per pixel, `pull` added; 0 where `fixed` is 1. */
  unary(colours: Float32Array, pull: Float32Array | null, fixed: Uint8Array | null = null): Float32Array {
    const count = colours.length / 3
    const result = new Float32Array(count)
    for (let i = 0; i < count; i++) {
      if (fixed?.[i] === 1) continue
      const [l, a, b] = [colours[i]!, colours[count + i]!, colours[2 * count + i]!]
      result[i] = this.#inner.cost(l, a, b) - this.#outer.cost(l, a, b) + (pull ? pull[i]! : 0)
    }
    return result
  }
}

function indices(count: number, wanted: (i: number) => boolean): Int32Array {
  const result = new Int32Array(count)
  let length = 0
  for (let i = 0; i < count; i++) if (wanted(i)) result[length++] = i
  return result.subarray(0, length)
}

/** A side's pixels with its strokes repeated until they make up half: what a person marked counts as much as all the rest. */
function withStrokes(members: Int32Array, strokes: Int32Array): Int32Array {
  const rest = members.length - strokes.length
  const times = strokes.length > 0 ? Math.max(1, Math.floor(rest / strokes.length)) : 0
  const result = new Int32Array(members.length + times * strokes.length)
  result.set(members)
  for (let k = 0; k < times; k++) result.set(strokes, members.length + k * strokes.length)
  return result.length > 0 ? result : Int32Array.of(0)
}

/** Fits and cuts in turn until nothing moves. */
function cutWhole(colours: Float32Array, size: { width: number; height: number }, seeds: Uint8Array, pull: Float32Array | null): { models: Models; inside: Uint8Array } {
  const strokes = seeds.includes(INSIDE)
  // strokes outside name only what must not come along; what the rest looks like is first guessed from the picture's frame
  let models = new Models(colours, seeds, (i) => (strokes ? seeds[i] === INSIDE : seeds[i] !== OUTSIDE), (i) => seeds[i] === OUTSIDE || (seeds[i] !== INSIDE && onFrame(i, size)))
  let inside: Uint8Array = new Uint8Array(seeds.length)
  const cut = { ...size, colours, seeds, fixed: null, start: inside }
  for (let round = 0; round < ROUNDS; round++) {
    const next = cutLevel({ ...cut, unary: models.unary(colours, pull) })
    const kept = strokes ? connected(next, seeds, size) : next
    let moved = 0
    for (let i = 0; i < kept.length; i++) if (kept[i] !== inside[i]) moved++
    inside = kept
    if (moved === 0 || !inside.includes(1)) break
    models = new Models(colours, seeds, (i) => inside[i] === 1, (i) => inside[i] === 0)
    if (moved < kept.length / 2000) break
  }
  return { models, inside }
}

function onFrame(i: number, { width, height }: { width: number; height: number }): boolean {
  const border = Math.max(1, Math.round(Math.min(width, height) * 0.03))
  const [x, y] = [i % width, Math.floor(i / width)]
  return x < border || y < border || x >= width - border || y >= height - border
}

function enlarge(inside: Uint8Array, from: { width: number; height: number }, to: { width: number; height: number }): Uint8Array {
  const smooth = resizePlanes(Float32Array.from(inside), { ...from, channels: 1 }, to, 'bilinear')
  return Uint8Array.from(smooth, (value) => (value >= 0.5 ? 1 : 0))
}

/** 1 where a place is too far from the border to be cut again. */
function outsideBand(inside: Uint8Array, size: { width: number; height: number }): Uint8Array {
  const { width, height } = size
  const border = new Uint8Array(inside.length)
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if ((x + 1 < width && inside[i] !== inside[i + 1]) || (y + 1 < height && inside[i] !== inside[i + width])) border[i] = 255
    }
  }
  return Uint8Array.from(squaredDistances({ ...size, data: border }), (distance) => (distance > BAND * BAND ? 1 : 0))
}

/** Only the parts of the inside that a stroke touches. */
function connected(inside: Uint8Array, seeds: Uint8Array, { width, height }: { width: number; height: number }): Uint8Array {
  const result = new Uint8Array(inside.length)
  const open: number[] = []
  const take = (i: number): void => {
    if (inside[i] !== 1 || result[i] === 1) return
    result[i] = 1
    open.push(i)
  }
  for (let i = 0; i < seeds.length; i++) if (seeds[i] === INSIDE) take(i)
  while (open.length > 0) {
    const i = open.pop()!
    const x = i % width
    if (x > 0) take(i - 1)
    if (x < width - 1) take(i + 1)
    if (i >= width) take(i - width)
    if (i < (height - 1) * width) take(i + width)
  }
  return result
}
