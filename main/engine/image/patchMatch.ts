/**
 * Exemplar fill of holes ("remove", and the first guess of outpainting): no model, only pieces of the picture
 * itself. Multi-scale patch-based optimisation: on each level of a pyramid, patches over the hole look for
 * their like in the known part (PatchMatch), then the hole is repainted by their votes, and again.
 *
 * Wexler, Shechtman, Irani 2007 (the energy and the alternation); Barnes et al. 2009 (the search); Newson et al.
 * 2014 (texture channels, relative weights); Criminisi et al. 2004 (first guess); He, Sun 2012 (shifts at which
 * a picture repeats itself, as candidates); Perez et al. 2003 (seamless tones). Deterministic for a seed.
 */
import { failed, throwIfCancelled } from '../errors.ts'
import { squaredDistances } from './morphology.ts'
import { singlePage, withScaledPages, type FillImage } from './patchMatch/atlas.ts'
import { dominantOffsets, type Offset } from './patchMatch/offsets.ts'
import { refreshDistances, search, seededRandom, type Field, type SeededRandom } from './patchMatch/field.ts'
import { firstFill } from './patchMatch/firstFill.ts'
import { coarserLevel, finestLevel, RADIUS, type Level } from './patchMatch/level.ts'
import { shiftMapField } from './patchMatch/shiftMap.ts'
import { blendTones } from './patchMatch/tones.ts'
import { bestProposals, vote } from './patchMatch/vote.ts'

/** Options of {@link patchMatchFill}. */
export interface FillOptions {
  /** seed of the random search; default 0 */
  readonly seed?: number
  /** 1 = pixels that patches may be taken from; default: all that are not hole */
  readonly usable?: Uint8Array
  /** try copies of the picture at other sizes where nothing fits well; default true */
  readonly otherSizes?: boolean
  readonly signal?: AbortSignal
  /** called with values from 0 to 1 */
  readonly onProgress?: (share: number) => void
}

/** A filled hole. */
export interface Filled {
  /** interleaved copy of the picture with the hole filled; known pixels are as they were */
  readonly picture: Float32Array
  /** for every hole pixel the known pixel it was copied from; -1 elsewhere and where it came from a copy at another size */
  readonly proposals: Int32Array
  /** what was added to the copied pixels to even out tones, interleaved */
  readonly correction: Float32Array
}

/** The coarsest level's hole is at most this deep (pixels to the nearest known one) and this large. */
const COARSEST_DEPTH = 5
const COARSEST_PIXELS = 900
const SMALLEST_SIDE = 24
/** Target patches on the level where guesses are compared, at most. */
const GUESS_TARGETS = 3000
/** Mean distance of a patch above which a guess counts as poor, and how much better copies at other sizes must be. */
const POOR_ENERGY = 0.06
const WORTHWHILE = 0.92
/** Further guesses where the first are poor. */
const MORE_GUESSES = 3
/** Largest change of a value by a vote after which more rounds change nothing to be seen. */
const SETTLED = 2 / 255
/** Shifts given to the assembly of large pieces. */
const SHIFTS = 30

/**
 * Fills the hole of a picture.
 *
 * @param picture interleaved values 0..1, all channels alike
 * @param hole 1 (or any non-zero) = fill
 * @throws EngineError fill/no-source when no whole 7 x 7 patch is known; CancelledError
 */
export async function patchMatchFill(
  picture: Float32Array,
  size: { width: number; height: number; channels: number },
  hole: Uint8Array,
  options: FillOptions = {},
): Promise<Filled> {
  if (!hole.some((value) => value > 0)) {
    return { picture: picture.slice(), proposals: new Int32Array(hole.length).fill(-1), correction: new Float32Array(picture.length) }
  }
  const image = singlePage(picture, size, hole.map((value) => (value ? 1 : 0)), options.usable ?? null)
  const run: Run = { random: seededRandom(options.seed ?? 0), offsets: [], options }
  let levels = buildLevels(image)
  if (levels.at(-1)!.sources.length === 0) {
    throw failed('fill/no-source', `Expected some of the ${size.width} x ${size.height} pixels around the hole to copy from, but none is left outside the mask.`)
  }
  // the level on which guesses are compared: fine enough to see patterns, coarse enough to try several
  const middle = Math.max(0, levels.findIndex((level) => level.targets.length <= GUESS_TARGETS))
  let guess = await bestGuess(levels, middle, run)
  options.onProgress?.(0.25)
  if (guess.energy > POOR_ENERGY && (options.otherSizes ?? true)) {
    // nothing fits well: try with copies of the picture at other sizes
    const atlasLevels = buildLevels(withScaledPages(image, 2 ** (levels.length - 1)), levels.length)
    const scaled = await guessWithPages(atlasLevels, middle, levels[middle]!, guess, run)
    if (scaled.energy < WORTHWHILE * guess.energy) {
      levels = atlasLevels
      guess = scaled
    }
  }
  options.onProgress?.(0.4)
  let { field } = guess
  levels[middle]!.pixels.set(guess.pixels)
  for (let index = middle - 1; index >= 0; index--) {
    const level = levels[index]!
    field = refineField(levels[index + 1]!, field, level, run.random)
    await optimise(level, field, { ...run, offsets: scaleOffsets(run.offsets, 2 ** (middle - index)) }, roundsFor(level))
    options.onProgress?.(1 - (0.6 * index) / Math.max(1, middle))
  }
  return finish(picture, size, levels[0]!, field)
}

/** Copies the best proposals and evens out their tones. */
function finish(picture: Float32Array, size: { width: number; height: number; channels: number }, level: Level, field: Field): Filled {
  const { width, height, channels } = size
  const best = bestProposals(level, field)
  // tones are evened out on the atlas, where every proposal is an address
  const atlas = new Float32Array(level.width * level.height * channels)
  for (let i = 0; i < level.width * level.height; i++) for (let c = 0; c < channels; c++) atlas[i * channels + c] = level.pixels[i * level.features + c]!
  const unknown = level.gap ? level.hole.map((value, i) => value | level.gap![i]!) : level.hole
  const blended = blendTones(atlas, { width: level.width, height: level.height, channels }, level.hole, unknown, best, touchesBorder(level))
  const result = picture.slice()
  const proposals = new Int32Array(width * height).fill(-1)
  const correction = new Float32Array(picture.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = y * level.width + x
      if (!level.hole[from]) continue
      const to = y * width + x
      const [sx, sy] = [best[from]! % level.width, Math.floor(best[from]! / level.width)]
      if (sx < width && sy < height) proposals[to] = sy * width + sx
      for (let c = 0; c < channels; c++) {
        result[to * channels + c] = blended.picture[from * channels + c]!
        correction[to * channels + c] = blended.correction[from * channels + c]!
      }
    }
  }
  return { picture: result, proposals, correction }
}

/** Whether the hole reaches the first page's border. */
function touchesBorder({ hole, pages, width }: Level): boolean {
  const page = pages[0]!
  for (let x = 0; x < page.width; x++) if (hole[x] || hole[(page.height - 1) * width + x]) return true
  for (let y = 0; y < page.height; y++) if (hole[y * width] || hole[y * width + page.width - 1]) return true
  return false
}

/** What the levels of one fill share. */
interface Run {
  readonly random: SeededRandom
  /** shifts at which the picture repeats itself, in pixels of the level at hand */
  offsets: readonly Offset[]
  readonly options: FillOptions
}

/** A field on the level where guesses are compared, the pixels it gives, and how well it fits. */
interface Guess {
  readonly field: Field
  readonly pixels: Float32Array
  /** mean distance of the patches over the hole to their sources, weighted by their confidence */
  readonly energy: number
}

/**
 * The best of several guesses on the level `middle`, each improved there by a few rounds: grown from the coarsest
 * level, put together from large shifted pieces, and filled patch by patch. Best is the least distance of all
 * patches over the hole to their sources.
 */
async function bestGuess(levels: readonly Level[], middle: number, run: Run): Promise<Guess> {
  const { random } = run
  const level = levels[middle]!
  const offsets = dominantOffsets(level, random, SHIFTS)
  run.offsets = offsets
  const before = level.pixels.slice()
  const guesses: Guess[] = []
  const judge = async (field: Field): Promise<void> => {
    guesses.push(await improve(level, field, run))
    level.pixels.set(before)
  }
  // 1. from the coarsest level up
  let field = firstField(levels.at(-1)!, random)
  for (let index = levels.length - 1; index > middle; index--) {
    await optimise(levels[index]!, field, { ...run, offsets: scaleOffsets(offsets, 2 ** (middle - index)) }, roundsFor(levels[index]!))
    field = refineField(levels[index]!, field, levels[index - 1]!, random)
  }
  await judge(field)
  // 2. few large pieces
  const shifted = emptyField(level)
  if (shiftMapField(level, offsets, shifted)) {
    vote(level, shifted, 1)
    await judge(shifted)
  }
  // 3. patch by patch
  if (levels.length - 1 > middle) await judge(firstField(level, random))
  // where nothing fits well, luck counts: more of the kind that came out best most often in trials
  for (let more = 0; more < MORE_GUESSES && leastEnergy(guesses).energy > POOR_ENERGY; more++) await judge(firstField(level, random))
  return leastEnergy(guesses)
}

/** The better of two guesses with copies at other sizes: grown from the coarsest level, and the plain guess improved. */
async function guessWithPages(levels: readonly Level[], middle: number, plainLevel: Level, plain: Guess, run: Run): Promise<Guess> {
  const level = levels[middle]!
  const before = level.pixels.slice()
  const place = (i: number): number => Math.floor(i / plainLevel.width) * level.width + (i % plainLevel.width)
  let field = firstField(levels.at(-1)!, run.random)
  for (let index = levels.length - 1; index > middle; index--) {
    await optimise(levels[index]!, field, { ...run, offsets: scaleOffsets(run.offsets, 2 ** (middle - index)) }, roundsFor(levels[index]!))
    field = refineField(levels[index]!, field, levels[index - 1]!, run.random)
  }
  const grown = await improve(level, field, run)
  level.pixels.set(before)
  const taken = emptyField(level)
  for (const target of plainLevel.targets) taken.source[place(target)] = place(plain.field.source[target]!)
  for (const target of level.targets) if (taken.source[target] === 0) taken.source[target] = level.sources[0]!
  vote(level, taken, 1)
  return leastEnergy([grown, await improve(level, taken, run)])
}

async function improve(level: Level, field: Field, run: Run): Promise<Guess> {
  await optimise(level, field, run, roundsFor(level))
  let [energy, trust] = [0, 0]
  for (const target of level.targets) {
    energy += level.confidence[target]! * field.distance[target]!
    trust += level.confidence[target]!
  }
  energy /= trust
  return { field, pixels: level.pixels.slice(), energy }
}

function leastEnergy(guesses: readonly Guess[]): Guess {
  return guesses.reduce((least, guess) => (guess.energy < least.energy ? guess : least))
}

function scaleOffsets(offsets: readonly Offset[], factor: number): readonly Offset[] {
  return offsets.map(({ dx, dy }) => ({ dx: Math.round(dx * factor), dy: Math.round(dy * factor) }))
}

function roundsFor(level: Level): number {
  const size = level.targets.length
  return size > 60_000 ? 1 : size > 15_000 ? 2 : size > 4000 ? 3 : 8
}

/** Levels from fine to coarse; `count` fixes how many. */
function buildLevels(image: FillImage, count?: number): Level[] {
  const levels = [finestLevel(image)]
  const depth = count === undefined ? Math.sqrt(largestDistance(image)) : 0
  for (;;) {
    const level = levels.at(-1)!
    const area = level.hole.reduce((sum, value) => sum + value, 0)
    const coarseEnough = depth / 2 ** (levels.length - 1) <= COARSEST_DEPTH && area <= COARSEST_PIXELS
    if (count === undefined ? coarseEnough || Math.min(level.width, level.height) / 2 < SMALLEST_SIDE : levels.length === count) return levels
    const next = coarserLevel(level)
    // a level without sources is of no use: stop above it
    if (next.sources.length < 16) return levels
    levels.push(next)
  }
}

function largestDistance({ width, height, hole }: FillImage): number {
  const distances = squaredDistances({ width, height, data: hole.map((value) => (value ? 0 : 255)) })
  let largest = 0
  for (const distance of distances) if (distance > largest && distance < 1 << 29) largest = distance
  return largest
}

/** Field of the coarsest level after the first guess. */
function firstField(level: Level, random: SeededRandom): Field {
  const origin = firstFill(level, random)
  const field = emptyField(level)
  for (const target of level.targets) {
    const from = origin[target]!
    field.source[target] = from >= 0 && level.isSource[from] ? from : level.sources[random.next(level.sources.length)]!
  }
  return field
}

/** A coarse field doubled: each patch looks where its coarse one did; the hole is painted from it. */
function refineField(coarse: Level, coarseField: Field, fine: Level, random: SeededRandom): Field {
  const field = emptyField(fine)
  for (const target of fine.targets) {
    const [x, y] = [target % fine.width, Math.floor(target / fine.width)]
    const cx = Math.min(coarse.width - RADIUS - 1, Math.max(RADIUS, x >> 1))
    const cy = Math.min(coarse.height - RADIUS - 1, Math.max(RADIUS, y >> 1))
    const parent = cy * coarse.width + cx
    let source = -1
    if (coarse.isTarget[parent]) {
      const from = coarseField.source[parent]!
      const sx = 2 * (from % coarse.width) + (x - 2 * cx)
      const sy = 2 * Math.floor(from / coarse.width) + (y - 2 * cy)
      source = nearestSource(fine, sx, sy)
    }
    field.source[target] = source >= 0 ? source : fine.sources[random.next(fine.sources.length)]!
  }
  // distances are unknown until the hole has been painted once: equal votes
  vote(fine, field, 1)
  return field
}

function nearestSource(level: Level, x: number, y: number): number {
  for (let reach = 0; reach <= 3; reach++) {
    for (let v = -reach; v <= reach; v++) {
      for (let u = -reach; u <= reach; u++) {
        if (Math.max(Math.abs(u), Math.abs(v)) !== reach) continue
        const [sx, sy] = [x + u, y + v]
        if (sx >= 0 && sy >= 0 && sx < level.width && sy < level.height && level.isSource[sy * level.width + sx]) return sy * level.width + sx
      }
    }
  }
  return -1
}

/** Alternates search and vote on one level. */
async function optimise(level: Level, field: Field, run: Run, rounds: number): Promise<void> {
  const size = level.targets.length
  for (let round = 0; round < rounds; round++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    throwIfCancelled(run.options.signal)
    refreshDistances(level, field)
    search(level, field, run.random, {
      iterations: size > 4000 ? 2 : 3,
      radius: size > 60_000 ? 16 : size > 15_000 ? 64 : Math.max(level.width, level.height),
      offsets: run.offsets,
    })
    // from averaging, which lets patches agree, to choosing, which keeps grain
    const change = vote(level, field, 0.5 * (1 - round / rounds) + 0.05)
    if (change < SETTLED && round >= 1) break
  }
  refreshDistances(level, field)
}

function emptyField(level: Level): Field {
  return { source: new Int32Array(level.width * level.height), distance: new Float32Array(level.width * level.height) }
}
