import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EngineError } from '../../../../../main/engine/errors.ts'
import { editMasks, fullMask, loadMask, maskBounds, maskFromPicture, maskToLatent, resizeMask, windowOf, type Mask } from '../../../../../main/engine/image/mask.ts'
import { dilate, erode, squaredDistances, type Plane } from '../../../../../main/engine/image/morphology.ts'
import { pictureFromSamples } from '../../../../../main/engine/image/picture.ts'
import { writePicture } from '../../../../../main/engine/image/writePicture.ts'
import { noisePicture } from '../../../../support/pictures.ts'

/** Small planes of mask values; `values` are what their pixels are drawn from. */
function planes(values: fc.Arbitrary<number>, largest = 14): fc.Arbitrary<Plane> {
  return fc.tuple(fc.integer({ min: 1, max: largest }), fc.integer({ min: 1, max: largest })).chain(([width, height]) =>
    fc.uint8Array({ minLength: width * height, maxLength: width * height }).chain((noise) =>
      fc.array(values, { minLength: 1, maxLength: 6 }).map((palette) => ({ width, height, data: noise.map((value) => palette[value % palette.length]!) })),
    ),
  )
}
const grey = fc.constantFrom(0, 0, 0, 40, 128, 200, 255)
const binary = fc.constantFrom(0, 0, 0, 255)

/** Largest value within a disc, by looking at every pair. */
function discMaximum(plane: Plane, radius: number): Uint8Array {
  const { width, data } = plane
  return data.map((_, i) => {
    let most = 0
    for (let j = 0; j < data.length; j++) {
      const [dx, dy] = [(i % width) - (j % width), Math.floor(i / width) - Math.floor(j / width)]
      if (dx * dx + dy * dy <= radius * radius) most = Math.max(most, data[j]!)
    }
    return most
  })
}

describe('morphology', () => {
  it('distances are those of the nearest set pixel', () => {
    fc.assert(
      fc.property(planes(binary), (plane) => {
        const distances = squaredDistances(plane)
        const set = [...plane.data.keys()].filter((i) => plane.data[i]! > 0)
        plane.data.forEach((_, i) => {
          const nearest = Math.min(1 << 30, ...set.map((j) => ((i % plane.width) - (j % plane.width)) ** 2 + (Math.floor(i / plane.width) - Math.floor(j / plane.width)) ** 2))
          expect(distances[i]).toBe(nearest)
        })
      }),
    )
  })

  it('dilation is the maximum over a disc, for grey masks and for two-valued ones', () => {
    const radius = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.double({ min: 0.5, max: 6, noNaN: true }))
    for (const values of [grey, binary]) {
      fc.assert(
        fc.property(planes(values), radius, (plane, r) => {
          expect([...dilate(plane, r).data]).toEqual([...discMaximum(plane, r)])
        }),
      )
    }
  })

  it('erosion never grows, dilation never shrinks, and opening stays inside', () => {
    fc.assert(
      fc.property(planes(grey), fc.integer({ min: 1, max: 4 }), (plane, radius) => {
        const [smaller, larger] = [erode(plane, radius).data, dilate(plane, radius).data]
        const opened = dilate(erode(plane, radius), radius).data
        plane.data.forEach((value, i) => {
          expect(smaller[i]).toBeLessThanOrEqual(value)
          expect(larger[i]).toBeGreaterThanOrEqual(value)
          expect(opened[i]).toBeLessThanOrEqual(value)
        })
      }),
    )
  })
})

describe('the two masks of an edit', () => {
  const shapes = fc.record({ grow: fc.integer({ min: 0, max: 5 }), feather: fc.integer({ min: 0, max: 9 }), ring: fc.integer({ min: 0, max: 6 }) })

  it('keep what was painted, and end exactly where they should', () => {
    fc.assert(
      fc.property(planes(grey, 24), shapes, (mask, shape) => {
        const masks = editMasks(mask, shape)
        if (!masks) {
          expect(mask.data.every((value) => value === 0)).toBe(true)
          return
        }
        const effective = fullMask(masks.effective, mask).data
        const blend = fullMask(masks.blend, mask).data
        const grown = shape.grow > 0 ? dilate(mask, shape.grow).data : mask.data
        const fromGrown = squaredDistances({ ...mask, data: grown })
        const fromEffective = squaredDistances({ ...mask, data: effective })
        mask.data.forEach((_, i) => {
          expect(effective[i]).toBeGreaterThanOrEqual(grown[i]!)
          if (fromGrown[i]! > shape.feather ** 2) expect(effective[i]).toBe(0)
          if (effective[i]! > 0) expect(blend[i]).toBe(255)
          else expect(blend[i]! > 0).toBe(fromEffective[i]! <= shape.ring ** 2)
        })
      }),
    )
  })

  it('the soft edge falls evenly, also where the mask touches the border of the picture', () => {
    const mask: Mask = { width: 60, height: 40, data: new Uint8Array(2400).map((_, i) => (i % 60 < 20 ? 255 : 0)) }
    const { effective } = editMasks(mask, { grow: 0, feather: 16, ring: 0 })!
    const full = fullMask(effective, mask).data
    for (let y = 0; y < 40; y++) {
      const row = [...full.subarray(y * 60, y * 60 + 60)]
      expect(row, `row ${y}`).toEqual([...full.subarray(0, 60)])
      expect(row.slice(0, 20).every((value) => value === 255)).toBe(true)
      for (let x = 20; x < 36; x++) expect(row[x]).toBeLessThanOrEqual(row[x - 1]!)
      expect(Math.abs(row[27]! - 127)).toBeLessThan(20)
      expect(row.slice(37).every((value) => value === 0)).toBe(true)
    }
  })

  it('a shrunk mask may vanish', () => {
    const dot: Mask = { width: 9, height: 9, data: new Uint8Array(81).fill(255, 40, 41) }
    expect(editMasks(dot, { grow: -2, feather: 0, ring: 0 })).toBeNull()
    expect(editMasks({ ...dot, data: new Uint8Array(81) }, { grow: 2, feather: 2, ring: 2 })).toBeNull()
  })

  it('works on a window, not on the picture', () => {
    const mask: Mask = { width: 2000, height: 1500, data: new Uint8Array(3_000_000) }
    mask.data.fill(255, 700 * 2000 + 900, 700 * 2000 + 910)
    const masks = editMasks(mask, { grow: 4, feather: 8, ring: 16 })!
    expect(masks.blend.box.width).toBeLessThan(100)
    expect(maskBounds(fullMask(masks.blend, mask))).toEqual({ x: 872, y: 672, width: 66, height: 57 })
  })
})

describe('latent masks', () => {
  it('are the top-left pixel, the mean or the maximum of each block', () => {
    fc.assert(
      fc.property(planes(fc.integer({ min: 0, max: 255 }), 30), (plane) => {
        const [width, height] = [Math.ceil(plane.width / 8), Math.ceil(plane.height / 8)]
        const area = maskToLatent(plane, { method: 'area' })
        const max = maskToLatent(plane, { method: 'max' })
        expect(area.dims).toEqual([1, 1, height, width])
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const block: number[] = []
            for (let v = y * 8; v < Math.min(plane.height, y * 8 + 8); v++) for (let u = x * 8; u < Math.min(plane.width, x * 8 + 8); u++) block.push(plane.data[v * plane.width + u]! / 255)
            expect(area.data[y * width + x]).toBeCloseTo(block.reduce((sum, value) => sum + value, 0) / block.length, 5)
            expect(max.data[y * width + x]).toBeCloseTo(Math.max(...block), 6)
          }
        }
      }),
      { numRuns: 40 },
    )
    const exact: Plane = { width: 16, height: 8, data: new Uint8Array(128).map((_, i) => (i === 0 ? 255 : i === 9 ? 200 : 0)) }
    expect([...maskToLatent(exact, { method: 'nearest' }).data]).toEqual([1, 0])
    expect([...maskToLatent({ ...exact, data: exact.data.map((_, i) => (i === 8 ? 127 : i === 0 ? 128 : 0)) }, { method: 'nearest', binarise: true }).data]).toEqual([1, 0])
  })
})

describe('loading', () => {
  let folder: string
  const at = (name: string): string => path.join(folder, name)
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-mask-'))
  })
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
  const refusal = async (action: Promise<unknown>): Promise<EngineError> => action.then(() => expect.fail('expected an error'), (error: unknown) => error as EngineError)

  it('white is change; grey, RGB and 16 bits are read alike; alpha is ignored', async () => {
    const values = [0, 5, 90, 250, 255]
    const files: Record<string, Parameters<typeof pictureFromSamples>> = {
      'grey.png': [Uint8Array.from(values), { width: 5, height: 1, channels: 1 }],
      'rgb.png': [Uint8Array.from(values.flatMap((v) => [v, v, v])), { width: 5, height: 1, channels: 3 }],
      'rgba.png': [Uint8Array.from(values.flatMap((v, i) => [v, v, v, i * 60])), { width: 5, height: 1, channels: 4 }],
      'deep.png': [Uint16Array.from(values.map((v) => v * 257)), { width: 5, height: 1, channels: 1 }],
    }
    for (const [name, [samples, size]] of Object.entries(files)) {
      await writePicture(pictureFromSamples(samples, size), at(name))
      expect([...(await loadMask(at(name), { width: 5, height: 1 })).data], name).toEqual([0, 0, 90, 255, 255])
    }
  })

  it('a mask of another size is refused with the way out, and resized when asked', async () => {
    await writePicture(pictureFromSamples(new Uint8Array(40 * 20).fill(255, 0, 400), { width: 40, height: 20, channels: 1 }), at('half.png'))
    const error = await refusal(loadMask(at('half.png'), { width: 80, height: 40 }))
    expect(error).toMatchObject({ code: 'mask/size', exitCode: 2 })
    expect(error.message).toContain('--resize-mask')
    expect(error.message).toContain('80 x 40')
    const turned = await refusal(loadMask(at('half.png'), { width: 20, height: 40 }))
    expect(turned.message).toContain('upright')
    const mask = await loadMask(at('half.png'), { width: 80, height: 40 }, { resize: true })
    expect([mask.width, mask.height, mask.data[0], mask.data[80 * 40 - 1]]).toEqual([80, 40, 255, 0])
  })

  it('an all-black mask is refused, and one that is drawn in its alpha is told so', async () => {
    await writePicture(pictureFromSamples(new Uint8Array(100), { width: 10, height: 10, channels: 1 }), at('black.png'))
    expect(await refusal(loadMask(at('black.png'), { width: 10, height: 10 }))).toMatchObject({ code: 'mask/black', exitCode: 2 })
    await writePicture(pictureFromSamples(new Uint8Array(400).map((_, i) => (i % 4 === 3 ? 255 : 0)), { width: 10, height: 10, channels: 4 }), at('alpha.png'))
    expect((await refusal(loadMask(at('alpha.png'), { width: 10, height: 10 }))).message).toContain('transparency is not used')
  })

  it('resizing keeps the share that is white', () => {
    const mask = maskFromPicture(noisePicture({ width: 64, height: 48, channels: 1, depth: 8 }))
    const mean = ({ data }: Mask): number => data.reduce((sum, value) => sum + value, 0) / data.length
    expect(mean(resizeMask(mask, { width: 16, height: 12 }))).toBeCloseTo(mean(mask), 0)
    expect(mean(resizeMask(mask, { width: 128, height: 96 }))).toBeCloseTo(mean(mask), -0.5)
  })
})

it('windows cut and pad', () => {
  const mask: Mask = { width: 3, height: 2, data: Uint8Array.from([1, 2, 3, 4, 5, 6]) }
  const window = windowOf(mask, { x: 1, y: -1, width: 3, height: 3 })
  expect([...window.data]).toEqual([0, 0, 0, 2, 3, 0, 5, 6, 0])
  expect([...windowOf(window, { x: 0, y: 0, width: 3, height: 2 }).data]).toEqual([0, 2, 3, 0, 5, 6])
  // beside the window: found by the crop planner's property test
  expect([...windowOf(window, { x: 40, y: 0, width: 2, height: 2 }).data]).toEqual([0, 0, 0, 0])
})
