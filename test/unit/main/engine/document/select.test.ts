import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ColourMixture } from '../../../../../main/engine/document/colourMixture.ts'
import { selectByScribble } from '../../../../../main/engine/document/scribble.ts'
import { selectByColour } from '../../../../../main/engine/document/wand.ts'
import { openPicture } from '../../../../../main/engine/image/codec.ts'
import { squaredDistances, type Plane } from '../../../../../main/engine/image/morphology.ts'
import { pictureFromSamples } from '../../../../../main/engine/image/picture.ts'
import { documentBench, type DocumentBench } from '../../../../support/documents.ts'
import { ADOBE_RGB, drawn, numbers, rgbProfile } from '../../../../support/pictures.ts'

const planeOf = (width: number, height: number, inside: (x: number, y: number) => boolean): Plane => ({ width, height, data: Uint8Array.from({ length: width * height }, (_, i) => (inside(i % width, Math.floor(i / width)) ? 255 : 0)) })

/** Intersection over union of what is at least half selected. */
function overlap(mask: Plane, truth: Plane): number {
  let [both, either] = [0, 0]
  for (let i = 0; i < truth.data.length; i++) {
    const [a, b] = [mask.data[i]! >= 128, truth.data[i]! >= 128]
    if (a && b) both++
    if (a || b) either++
  }
  return both / either
}

describe('the wand', () => {
  const options = { tolerance: 0.1, contiguous: true, antialias: false }
  // two red squares on a blue ground
  const squares = drawn(60, 30, (x, y) => ((x >= 5 && x < 15) || (x >= 40 && x < 50)) && y >= 10 && y < 20 ? [0.8, 0.1, 0.1] : [0.1, 0.2, 0.7])
  const left = planeOf(60, 30, (x, y) => x >= 5 && x < 15 && y >= 10 && y < 20)
  const both = planeOf(60, 30, (x, y) => ((x >= 5 && x < 15) || (x >= 40 && x < 50)) && y >= 10 && y < 20)

  it('takes what hangs together with the point, or the colour everywhere', async () => {
    expect((await selectByColour(squares, { ...options, point: { x: 8, y: 12 } })).data).toEqual(left.data)
    expect((await selectByColour(squares, { ...options, contiguous: false, point: { x: 8, y: 12 } })).data).toEqual(both.data)
    expect((await selectByColour(squares, { ...options, point: { x: 0, y: 0 } })).data).toEqual(both.data.map((value) => 255 - value))
  })

  it('goes round corners and through a spiral, to the last pixel', async () => {
    const size = 41
    const wall = (x: number, y: number): boolean => {
      const ring = Math.min(x, y, size - 1 - x, size - 1 - y)
      return ring % 2 === 1 && !(y === ring && x === ring + 1)
    }
    const maze = drawn(size, size, (x, y) => (wall(x, y) ? [0, 0, 0] : [1, 1, 1]))
    const open = planeOf(size, size, (x, y) => !wall(x, y))
    expect((await selectByColour(maze, { ...options, point: { x: 0, y: 0 } })).data).toEqual(open.data)
  })

  it('measures in OKLab: the distance from black to white is 1', async () => {
    const ramp = pictureFromSamples(Uint8Array.of(0, 0, 0, 255, 255, 255), { width: 2, height: 1, channels: 3 })
    const selected = async (tolerance: number): Promise<number[]> => [...(await selectByColour(ramp, { ...options, contiguous: false, tolerance, point: { x: 0, y: 0 } })).data]
    expect(await selected(0.999)).toEqual([255, 0])
    expect(await selected(1)).toEqual([255, 255])
  })

  it('gives edge pixels the share of the colour that they hold', async () => {
    // columns: red, three quarters red, one quarter red, blue; far enough apart for the tolerance to take only red
    const mix = (share: number): [number, number, number] => [0.8 * share + 0.1 * (1 - share), 0.1 * share + 0.2 * (1 - share), 0.1 * share + 0.7 * (1 - share)]
    const edge = drawn(12, 5, (x) => mix(x < 5 ? 1 : x === 5 ? 0.5 : 0))
    const row = [...(await selectByColour(edge, { ...options, antialias: true, point: { x: 0, y: 2 } })).data].slice(24, 36)
    expect(row.slice(0, 5)).toEqual([255, 255, 255, 255, 255])
    expect(row[5]).toBeGreaterThan(90)
    expect(row[5]).toBeLessThan(165)
    expect(row.slice(6)).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('never selects what is fully transparent, and sees colours as sRGB whatever the profile', async () => {
    const clear = pictureFromSamples(Uint8Array.of(9, 9, 9, 255, 9, 9, 9, 0, 9, 9, 9, 255), { width: 3, height: 1, channels: 4 })
    expect([...(await selectByColour(clear, { ...options, point: { x: 0, y: 0 } })).data]).toEqual([255, 0, 0])
    // 219, 0, 0 in Adobe RGB and 255, 0, 0 in sRGB are one red; beside it a red that only looks like it as numbers
    const adobe = pictureFromSamples(Uint8Array.of(219, 0, 0, 255, 0, 0), { width: 2, height: 1, channels: 3 }, { metadata: { icc: rgbProfile(ADOBE_RGB) } })
    expect([...(await selectByColour(adobe, { ...options, tolerance: 0.01, point: { x: 0, y: 0 } })).data]).toEqual([255, 255])
  })
})

describe('a colour mixture', () => {
  it('finds two clouds, and a colour is the likelier the nearer it is to one', () => {
    const next = numbers(3)
    const count = 400
    const colours = new Float32Array(3 * count)
    for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) colours[c * count + i] = (i % 2 ? 0.2 : 0.7) + 0.02 * (next() - 0.5)
    const mixture = new ColourMixture(colours, Int32Array.from({ length: count }, (_, i) => i), 2)
    expect(mixture.cost(0.2, 0.2, 0.2)).toBeLessThan(mixture.cost(0.3, 0.3, 0.3) - 5)
    expect(mixture.cost(0.7, 0.7, 0.7)).toBeLessThan(mixture.cost(0.45, 0.45, 0.45) - 5)
    // clouds of one size and share: both centres are equally likely
    expect(mixture.cost(0.2, 0.2, 0.2)).toBeCloseTo(mixture.cost(0.7, 0.7, 0.7), 0)
  })
})

/** A photograph of sorts: a fruit with light and shade and a texture, on a blurred ground of other colours with grain. */
function fruit(width: number, height: number) {
  const next = numbers(5)
  const [cx, cy, r] = [width * 0.45, height * 0.5, Math.min(width, height) * 0.27]
  const inside = (x: number, y: number): boolean => Math.hypot(x + 0.5 - cx, (y + 0.5 - cy) * (1 + 0.15 * Math.sin(Math.atan2(y - cy, x - cx) * 3))) < r
  const picture = drawn(width, height, (x, y) => {
    // four samples a pixel, so that edges are mixtures as a camera's are
    let sum = [0, 0, 0]
    for (const [u, v] of [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]] as const) {
      const [px, py] = [x + u - 0.5, y + v - 0.5]
      const light = 0.75 + 0.35 * ((cx - px) / r) * 0.6 + 0.25 * ((cy - py) / r) * 0.6
      const skin = 0.06 * Math.sin(px / (r / 14)) * Math.sin(py / (r / 11))
      const ground = [0.35 + 0.15 * Math.sin(px / (width / 5)), 0.42 + 0.12 * Math.cos(py / (height / 4)), 0.3 + 0.1 * Math.sin((px + py) / (width / 7))]
      const colour = inside(px, py) ? [0.85 * light + skin, 0.38 * light + skin, 0.12 * light] : ground
      sum = sum.map((value, c) => value + colour[c]! / 4)
    }
    const grain = 0.05 * (next() - 0.5)
    return [sum[0]! + grain, sum[1]! + grain, sum[2]! + grain]
  })
  return { picture, truth: planeOf(width, height, inside), stroke: planeOf(width, height, (x, y) => Math.abs(x - cx) < r * 0.5 && Math.abs(y - cy) < r * 0.06) }
}

describe('smart select from a scribble', () => {
  it('finds a shaded, textured thing on a busy ground from one short stroke', async () => {
    const { picture, truth, stroke } = fruit(600, 400)
    const mask = await selectByScribble(picture, { foreground: stroke, background: null, box: null })
    const found = overlap(mask, truth)
    process.stdout.write(`shaded fruit, one stroke: IoU ${found.toFixed(4)}\n`)
    // what may be missing is half a pixel along the border: 340 of 36,600 pixels
    expect(found).toBeGreaterThan(0.98)
  })

  it('finds it at full size with a border finer than the copy that was cut', async () => {
    const { picture, truth, stroke } = fruit(2400, 1600)
    const mask = await selectByScribble(picture, { foreground: stroke, background: null, box: null })
    expect(overlap(mask, truth)).toBeGreaterThan(0.99)
    // the copy's pixels are 1.7 wide, and each border pixel that is a mixture counts with its share
    let [off, border] = [0, 0]
    const distances = squaredDistances({ ...truth, data: truth.data.map((value, i) => (value !== truth.data[i + 1] || value !== truth.data[i + truth.width] ? 255 : 0)) })
    for (let i = 0; i < distances.length; i++) {
      if (distances[i] === 0) border++
      off += Math.abs(mask.data[i]! - truth.data[i]!) / 255
    }
    process.stdout.write(`at full size: ${(off / border).toFixed(3)} pixels off along the border\n`)
    expect(off / border).toBeLessThan(1)
  }, 120_000)

  it('finds what a box is drawn around, and nothing beyond the box', async () => {
    const { picture, truth } = fruit(600, 400)
    const box = { x: 130, y: 60, width: 280, height: 280 }
    const mask = await selectByScribble(picture, { foreground: null, background: null, box })
    expect(overlap(mask, truth)).toBeGreaterThan(0.95)
    expect(mask.data.every((value, i) => value === 0 || (i % 600 >= 130 && i % 600 < 410))).toBe(true)
  })

  it('keeps to strokes: what is marked as outside is not selected, and the same strokes give the same mask', async () => {
    // two fruit-coloured discs that touch
    const picture = drawn(300, 200, (x, y) => (Math.hypot(x - 110, y - 100) < 50 || Math.hypot(x - 205, y - 100) < 50 ? [0.8, 0.4, 0.2] : [0.2, 0.3, 0.5]))
    const strokes = { foreground: planeOf(300, 200, (x, y) => Math.hypot(x - 110, y - 100) < 12), background: planeOf(300, 200, (x, y) => Math.hypot(x - 205, y - 100) < 12), box: null }
    const mask = await selectByScribble(picture, strokes)
    expect(overlap(mask, planeOf(300, 200, (x, y) => Math.hypot(x - 110, y - 100) < 50))).toBeGreaterThan(0.93)
    expect((await selectByScribble(picture, strokes)).data).toEqual(mask.data)
  })

  it('finds the things of drawn scenes from a stroke on them and strokes on the others', async () => {
    const { precision, recall, count } = await measureBench(10)
    process.stdout.write(`papercut-pie: ${count} things, mean share of the selection on the thing ${precision.toFixed(3)}, of the thing's core selected ${recall.toFixed(3)}\n`)
    expect(precision).toBeGreaterThan(0.9)
    expect(recall).toBeGreaterThan(0.85)
  }, 180_000)

  it('asks for a stroke or a box', async () => {
    const { picture } = fruit(60, 40)
    await expect(selectByScribble(picture, { foreground: null, background: null, box: null })).rejects.toMatchObject({ code: 'select/scribble', exitCode: 2 })
  })
})

/**
 * Every `step`th scene of models/bench/papercut-pie. Its masks are 64 x 64 and hold outline and shadow as well, about a
 * place more than what one would select on every side: so what is measured is how much of the selection lies on the mask,
 * and how much of the mask's core (two and a half places in) is selected.
 */
async function measureBench(step: number): Promise<{ precision: number; recall: number; count: number }> {
  const root = path.join(import.meta.dirname, '../../../../../models/bench/papercut-pie')
  const bench = JSON.parse(fs.readFileSync(path.join(root, 'object_masks.json'), 'utf8')) as { size: number; pictures: Record<string, { mask: number[] }[]> }
  const files = Object.keys(bench.pictures).filter((file) => file.startsWith('annotation')).filter((_, i) => i % step === 0)
  const scores: [number, number][] = []
  for (const file of files) {
    const picture = await openPicture(path.join(root, file))
    const things = bench.pictures[file]!.map(({ mask }) => thingOf(mask, bench.size, picture.width))
    for (const thing of things) {
      if (thing.area < 60) continue
      const others = things.filter((other) => other !== thing)
      const background = others.length > 0 ? planeOf(picture.width, picture.height, (x, y) => others.some((other) => other.stroke.data[y * picture.width + x]! > 0)) : null
      const selected = await selectByScribble(picture, { foreground: thing.stroke, background, box: null })
      scores.push([shareOf(selected, thing.whole), shareOf(thing.core, selected)])
    }
  }
  const mean = (k: 0 | 1): number => scores.reduce((sum, score) => sum + score[k], 0) / scores.length
  return { precision: mean(0), recall: mean(1), count: scores.length }
}

function thingOf(runs: readonly number[], size: number, side: number): { whole: Plane; core: Plane; stroke: Plane; area: number } {
  const small = new Uint8Array(size * size)
  for (let i = 0; i < runs.length; i += 2) small.fill(255, runs[i], runs[i]! + runs[i + 1]!)
  const depth = squaredDistances({ width: size, height: size, data: small.map((value) => 255 - value) })
  const most = depth.reduce((largest, value, i) => (small[i] ? Math.max(largest, value) : largest), 0)
  const large = (wanted: (i: number) => boolean): Plane => planeOf(side, side, (x, y) => wanted(Math.floor((y * size) / side) * size + Math.floor((x * size) / side)))
  return { whole: large((i) => small[i] !== 0), core: large((i) => small[i] !== 0 && depth[i]! > 6), stroke: large((i) => small[i] !== 0 && depth[i]! >= 0.36 * most), area: small.filter((value) => value > 0).length }
}

/** Share of `of` that lies within `within` (both at least half). */
function shareOf(of: Plane, within: Plane): number {
  let [part, whole] = [0, 0]
  for (let i = 0; i < of.data.length; i++) {
    if (of.data[i]! < 128) continue
    whole++
    if (within.data[i]! >= 128) part++
  }
  return whole === 0 ? 0 : part / whole
}

describe('the task', () => {
  let bench: DocumentBench
  beforeAll(() => {
    bench = documentBench()
  })
  afterAll(() => bench.close())

  it("selects a layer's alpha and a picture's luminance, in a picture or in a flattened document", async () => {
    const size = { width: 40, height: 30 }
    await bench.write('clear.png', pictureFromSamples(Uint8Array.from({ length: 4800 }, (_, i) => (i % 4 === 3 ? (i >> 2) % 40 : 200)), { ...size, channels: 4 }))
    await bench.run({ task: 'select', kind: 'alpha', image: bench.at('clear.png'), out: bench.at('mask.png') })
    expect([...(await bench.open('mask.png')).samples.subarray(0, 40)]).toEqual(Array.from({ length: 40 }, (_, x) => x))
    const document = { canvas: size, layers: [{ kind: 'image', picture: bench.at('clear.png') }, { kind: 'image', picture: bench.at('clear.png'), transform: [1, 0, 0, 1, 0, 100] }] }
    await bench.run({ task: 'select', kind: 'alpha', document, out: bench.at('mask.png') })
    expect([...(await bench.open('mask.png')).samples.subarray(0, 40)]).toEqual(Array.from({ length: 40 }, (_, x) => x))
    await bench.write('ramp.png', drawn(40, 30, (x) => [x / 40, x / 40, x / 40]))
    await bench.run({ task: 'select', kind: 'luminance', image: bench.at('ramp.png'), out: bench.at('mask.png') })
    expect([...(await bench.open('mask.png')).samples.subarray(0, 40)]).toEqual(Array.from({ length: 40 }, (_, x) => Math.round((255 * x) / 40)))
  })

  it('refuses a point outside, a scribble of another size, and both or neither of picture and document', async () => {
    const request = { task: 'select', kind: 'wand', image: bench.at('ramp.png'), out: bench.at('mask.png') }
    await expect(bench.run({ ...request, point: { x: 40, y: 0 } })).rejects.toMatchObject({ code: 'select/point', exitCode: 2 })
    await bench.mask('small.png', 8, 8, () => 255)
    await expect(bench.run({ ...request, kind: 'scribble', foreground: bench.at('small.png') })).rejects.toMatchObject({ code: 'mask/size', exitCode: 2 })
    await expect(bench.run({ task: 'select', kind: 'alpha', out: bench.at('mask.png') })).rejects.toMatchObject({ code: 'input/request', exitCode: 2 })
    await expect(bench.run({ ...request, out: bench.at('mask.jpg'), point: { x: 0, y: 0 } })).rejects.toMatchObject({ code: 'output/format', exitCode: 2 })
  })
})
