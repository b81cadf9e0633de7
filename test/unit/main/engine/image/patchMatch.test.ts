import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contextBox, fillHole } from '../../../../../main/engine/image/fillHole.ts'
import { editMasks, type Mask } from '../../../../../main/engine/image/mask.ts'
import { extendCanvas, prefillMargin } from '../../../../../main/engine/image/outpaint.ts'
import { patchMatchFill } from '../../../../../main/engine/image/patchMatch.ts'
import { singlePage } from '../../../../../main/engine/image/patchMatch/atlas.ts'
import { seededRandom } from '../../../../../main/engine/image/patchMatch/field.ts'
import { finestLevel } from '../../../../../main/engine/image/patchMatch/level.ts'
import { MinimumCut } from '../../../../../main/engine/image/patchMatch/maxFlow.ts'
import { dominantOffsets } from '../../../../../main/engine/image/patchMatch/offsets.ts'
import { pictureFromSamples, type Picture } from '../../../../../main/engine/image/picture.ts'
import { countChangedInside, countChangedOutside } from '../../../../../main/engine/image/verify.ts'
import { drawn, noisePicture, numbers } from '../../../../support/pictures.ts'

function disc(picture: Picture, cx: number, cy: number, radius: number): Mask {
  const data = new Uint8Array(picture.width * picture.height)
  for (let i = 0; i < data.length; i++) if (Math.hypot((i % picture.width) - cx, Math.floor(i / picture.width) - cy) <= radius) data[i] = 255
  return { width: picture.width, height: picture.height, data }
}

/** The picture with the mask painted over, so that nothing of what was there can leak into the fill. */
function spoiled(picture: Picture, mask: Mask): Picture {
  const samples = picture.samples.slice()
  mask.data.forEach((value, i) => {
    if (value) for (let c = 0; c < picture.channels; c++) samples[i * picture.channels + c] = c === 1 ? 0 : 255
  })
  return { ...picture, samples }
}

const whole = (mask: Mask) => ({ box: { x: 0, y: 0, width: mask.width, height: mask.height }, data: mask.data })

/** Root mean square difference inside the mask, in levels. */
function errorInside(a: Picture, b: Picture, mask: Mask): number {
  let [sum, count] = [0, 0]
  mask.data.forEach((value, i) => {
    if (!value) return
    for (let c = 0; c < a.channels; c++) sum += (a.samples[i * a.channels + c]! - b.samples[i * b.channels + c]!) ** 2
    count += a.channels
  })
  return Math.sqrt(sum / count)
}

/** Share of masked pixels that are off by more than 24 levels. */
function shareOff(a: Picture, b: Picture, mask: Mask): number {
  let [off, count] = [0, 0]
  mask.data.forEach((value, i) => {
    if (!value) return
    count += 1
    if ([0, 1, 2].some((c) => Math.abs(a.samples[i * 3 + c]! - b.samples[i * 3 + c]!) > 24)) off += 1
  })
  return off / count
}

const grain = (seed: number): (() => number) => {
  const next = numbers(seed)
  return () => (next() - 0.5) * 0.02
}

describe('what it continues', () => {
  it('stripes, to within their own grain', async () => {
    const noise = grain(1)
    const picture = drawn(180, 180, (x, y) => {
      const stripe = Math.min(1, Math.max(0, 0.5 + 4 * Math.sin((x * 0.8 + y * 0.6) / 5)))
      return [0.3 + 0.5 * stripe + noise(), 0.2 + 0.6 * stripe + noise(), 0.5 + noise()]
    })
    const mask = disc(picture, 90, 90, 30)
    const filled = await fillHole(spoiled(picture, mask), whole(mask))
    expect(errorInside(filled, picture, mask)).toBeLessThan(14)
    expect(countChangedOutside(spoiled(picture, mask), filled, whole(mask))).toBe(0)
  })

  it('a horizon and the light of the sky above it', async () => {
    const noise = grain(2)
    const picture = drawn(200, 160, (x, y) => (y < 82 ? [0.4 + y / 300 + noise(), 0.6 + y / 400 + noise(), 0.9 + noise()] : [0.1 + noise(), 0.3 + 0.03 * Math.sin(x / 3) + noise(), 0.4 + noise()]))
    const mask = disc(picture, 100, 84, 28)
    const filled = await fillHole(spoiled(picture, mask), whole(mask))
    expect(errorInside(filled, picture, mask)).toBeLessThan(9)
    // the horizon stands in its row in every column of the hole
    for (let x = 76; x < 124; x++) {
      const blue = (y: number): number => filled.samples[(y * 200 + x) * 3 + 2]!
      expect(blue(80) - blue(84)).toBeGreaterThan(90)
    }
  })

  it('the pattern of a wall, phase and all', async () => {
    const picture = drawn(220, 200, (x, y) => {
      const row = Math.floor(y / 20)
      const along = (x + (row % 2) * 20) % 40
      const mortar = along < 3 || y % 20 < 3
      return mortar ? [0.75, 0.72, 0.7] : [0.6, 0.3, 0.25]
    })
    const mask = disc(picture, 110, 100, 34)
    const filled = await fillHole(spoiled(picture, mask), whole(mask))
    // a joint may stand a pixel or two aside; a wall out of phase would be off in a quarter of its pixels
    expect(shareOff(filled, picture, mask)).toBeLessThan(0.04)
  })

  it('a smooth gradient without a visible patch', async () => {
    const noise = grain(3)
    const picture = drawn(160, 160, (x, y) => [0.2 + x / 400 + noise(), 0.4 + y / 500 + noise(), 0.8 - (x + y) / 900 + noise()])
    const mask = disc(picture, 80, 80, 26)
    const filled = await fillHole(spoiled(picture, mask), whole(mask))
    expect(errorInside(filled, picture, mask)).toBeLessThan(7)
  })
})

describe('how it behaves', () => {
  const picture = drawn(120, 100, (x, y) => [0.5 + 0.4 * Math.sin(x / 4), 0.5 + 0.4 * Math.cos(y / 5), ((x * 7 + y * 13) % 11) / 11])

  it('the same seed gives the same fill', async () => {
    const mask = disc(picture, 60, 50, 14)
    const [first, second] = [await fillHole(picture, whole(mask), { seed: 5 }), await fillHole(picture, whole(mask), { seed: 5 })]
    expect(Buffer.from(first.samples).equals(Buffer.from(second.samples))).toBe(true)
  })

  it('holes at corners, thin lines, and alpha and 16 bits are filled; what is masked does not matter', async () => {
    for (const [cx, cy, radius] of [[0, 0, 16], [119, 50, 12], [60, 99, 9]] as const) {
      const mask = disc(picture, cx, cy, radius)
      const filled = await fillHole(spoiled(picture, mask), whole(mask))
      expect(countChangedOutside(spoiled(picture, mask), filled, whole(mask))).toBe(0)
      // no pixel of the magenta that stood in the hole
      mask.data.forEach((value, i) => {
        if (value && filled.samples[i * 3] === 255 && filled.samples[i * 3 + 1] === 0 && filled.samples[i * 3 + 2] === 255) expect.fail(`pixel ${i} was not filled`)
      })
    }
    const deep = noisePicture({ width: 90, height: 70, channels: 4, depth: 16 })
    const line: Mask = { width: 90, height: 70, data: new Uint8Array(6300).map((_, i) => (Math.abs(Math.floor(i / 90) - 30) < 2 ? 255 : 0)) }
    const masks = editMasks(line, { grow: 2, feather: 3, ring: 0 })!
    const filled = await fillHole(deep, masks.effective)
    expect(countChangedOutside(deep, filled, masks.effective)).toBe(0)
    expect(filled.depth).toBe(16)
  })

  it('large holes are searched on a reduced crop and copied at full resolution', async () => {
    const mask = disc(picture, 60, 50, 20)
    const filled = await fillHole(spoiled(picture, mask), whole(mask), { maxPixels: 4000 })
    expect(countChangedOutside(spoiled(picture, mask), filled, whole(mask))).toBe(0)
    // full resolution: neighbouring pixels differ as much as they do outside
    const roughness = (inside: boolean): number => {
      let [sum, count] = [0, 0]
      for (let i = 0; i < mask.data.length - 1; i++) {
        if ((mask.data[i]! > 0 && mask.data[i + 1]! > 0) !== inside || (i + 1) % 120 === 0) continue
        sum += Math.abs(filled.samples[i * 3 + 2]! - filled.samples[(i + 1) * 3 + 2]!)
        count += 1
      }
      return sum / count
    }
    expect(roughness(true)).toBeGreaterThan(0.6 * roughness(false))
  })

  it('says when nothing is left to copy from, and stops when cancelled', async () => {
    const all: Mask = { width: 40, height: 40, data: new Uint8Array(1600).fill(255) }
    const small = noisePicture({ width: 40, height: 40, channels: 3, depth: 8 })
    await expect(fillHole(small, whole(all))).rejects.toMatchObject({ code: 'fill/no-source' })
    const controller = new AbortController()
    controller.abort()
    await expect(fillHole(picture, whole(disc(picture, 60, 50, 10)), { signal: controller.signal })).rejects.toMatchObject({ exitCode: 130 })
    const tiny = noisePicture({ width: 5, height: 5, channels: 3, depth: 8 })
    await expect(fillHole(tiny, whole({ width: 5, height: 5, data: new Uint8Array(25).fill(255, 12, 13) }))).rejects.toMatchObject({ code: 'fill/no-source' })
  })

  it('an empty mask gives a copy', async () => {
    const none: Mask = { width: 120, height: 100, data: new Uint8Array(12_000) }
    const same = await fillHole(picture, whole(none))
    expect(Buffer.from(same.samples).equals(Buffer.from(picture.samples))).toBe(true)
    expect(same.samples).not.toBe(picture.samples)
    const planes = Float32Array.from(picture.samples, (value) => value / 255)
    expect((await patchMatchFill(planes, picture, new Uint8Array(12_000))).picture).toEqual(planes)
  })

  it('takes its context on the other side where the picture ends', () => {
    expect(contextBox({ width: 1000, height: 800 }, { x: 0, y: 300, width: 100, height: 100 })).toEqual({ x: 0, y: 204, width: 292, height: 292 })
    expect(contextBox({ width: 200, height: 150 }, { x: 50, y: 50, width: 60, height: 40 })).toEqual({ x: 0, y: 0, width: 200, height: 150 })
  })
})

describe('its parts', () => {
  it('minimum cuts are those of an exhaustive search', () => {
    const graphs = fc.record({
      terminals: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 2, maxLength: 7 }),
      edges: fc.array(fc.tuple(fc.nat(6), fc.nat(6), fc.nat(9), fc.nat(9)), { maxLength: 14 }),
    })
    fc.assert(
      fc.property(graphs, ({ terminals, edges }) => {
        const count = terminals.length
        const used = edges.map(([a, b, forwards, backwards]) => [a % count, b % count, forwards, backwards] as const).filter(([a, b]) => a !== b)
        const cost = (side: (node: number) => number): number => {
          let sum = 0
          // a positive terminal costs when its node lies on the sink's side, a negative one when it does not
          terminals.forEach((capacity, node) => (sum += side(node) ? Math.max(0, capacity) : Math.max(0, -capacity)))
          for (const [a, b, forwards, backwards] of used) {
            if (!side(a) && side(b)) sum += forwards
            if (side(a) && !side(b)) sum += backwards
          }
          return sum
        }
        const cut = new MinimumCut(count, used.map(([a, b]) => [a, b] as const))
        used.forEach(([, , forwards, backwards], edge) => cut.setEdge(edge, forwards, backwards))
        terminals.forEach((capacity, node) => cut.setTerminal(node, capacity))
        const sides = new Uint8Array(count)
        cut.solve(sides)
        let least = Number.POSITIVE_INFINITY
        for (let bits = 0; bits < 1 << count; bits++) least = Math.min(least, cost((node) => (bits >> node) & 1))
        expect(cost((node) => sides[node]!)).toBe(least)
      }),
      { numRuns: 300 },
    )
  })

  it('finds the shifts at which a pattern repeats', () => {
    const tile = numbers(4)
    const pattern = Float32Array.from({ length: 17 * 13 * 3 }, () => tile())
    const picture = Float32Array.from({ length: 120 * 90 * 3 }, (_, i) => pattern[((Math.floor(i / 360) % 13) * 17 + (Math.floor(i / 3) % 120) % 17) * 3 + (i % 3)]!)
    const level = finestLevel(singlePage(picture, { width: 120, height: 90, channels: 3 }, new Uint8Array(10_800), null))
    const offsets = dominantOffsets(level, seededRandom(1), 6)
    expect(offsets.length).toBeGreaterThan(0)
    for (const { dx, dy } of offsets) expect([Math.abs(dx) % 17, Math.abs(dy) % 13]).toEqual([0, 0])
  })
})

describe('outpaint', () => {
  it('keeps the source sample by sample and masks the rest', () => {
    for (const channels of [1, 2, 3, 4] as const) {
      const source = noisePicture({ width: 30, height: 20, channels, depth: 16 })
      const { picture, place, mask } = extendCanvas(source, { left: 5, right: 7, top: 3, bottom: 0 })
      expect([picture.width, picture.height]).toEqual([42, 23])
      expect(countChangedInside(source, picture, place)).toBe(0)
      expect(mask.data.filter((value) => value === 0)).toHaveLength(600)
      expect(picture.samples[0]).toBe(source.samples[0])
      if (source.hasAlpha) expect(picture.samples[channels - 1]).toBe(65535)
    }
  })

  it('refuses nothing and too much', () => {
    const source = noisePicture({ width: 30, height: 20, channels: 3, depth: 8 })
    expect(() => extendCanvas(source, { left: 0, right: 0, top: 0, bottom: 0 })).toThrow(/at least one side/)
    expect(() => extendCanvas(source, { left: 100, right: 0, top: 0, bottom: 0 }, 2000)).toThrow(/megapixels/)
  })

  it('fills the margin from the picture and leaves the source alone', async () => {
    const source = drawn(90, 80, (x, y) => [y < 40 ? 0.4 : 0.1, 0.5, 0.5 + 0.2 * Math.sin(x / 3)])
    const extended = extendCanvas(source, { left: 24, right: 0, top: 0, bottom: 16 })
    const filled = await prefillMargin(extended)
    expect(countChangedInside(source, filled, extended.place)).toBe(0)
    // the line at row 40 goes on to the left
    for (let x = 0; x < 24; x++) expect(filled.samples[(36 * 114 + x) * 3]! - filled.samples[(44 * 114 + x) * 3]!).toBeGreaterThan(40)
  })

  it('a margin may be filled from a picture in memory', () => {
    const source = pictureFromSamples(new Uint8Array(12), { width: 2, height: 2, channels: 3 })
    expect(extendCanvas(source, { left: 1, right: 0, top: 0, bottom: 0 }).picture.path).toBe('')
  })
})
