import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gaussianBlur } from '../../../../../main/engine/document/boxBlur.ts'
import { applyMaskOperation } from '../../../../../main/engine/document/maskOperations.ts'
import type { Plane } from '../../../../../main/engine/image/morphology.ts'
import type { MaskOperation } from '../../../../../main/engine/requests.ts'
import { documentBench, type DocumentBench } from '../../../../support/documents.ts'

const apply = (mask: Plane, operation: MaskOperation, other?: Plane): Promise<Plane> => applyMaskOperation(mask, operation, async () => other!)
const plane = (width: number, height: number, data: readonly number[]): Plane => ({ width, height, data: Uint8Array.from(data) })

/** Planes of up to 14 x 14 that are black or white, or of any grey, mostly empty. */
function planes(grey: boolean) {
  const value = grey ? fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.constant(255) }, fc.integer({ min: 1, max: 254 })) : fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.constant(255))
  return fc.tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 14 })).chain(([width, height]) => fc.array(value, { minLength: width * height, maxLength: width * height }).map((data) => plane(width, height, data)))
}

/** The definition: the largest (or smallest) value within a disc, pixel by pixel; beyond the plane nothing counts. */
function byDefinition({ width, height, data }: Plane, radius: number, pick: (a: number, b: number) => number): Uint8Array {
  return data.map((value, i) => {
    let result = value
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) if ((x - (i % width)) ** 2 + (y - Math.floor(i / width)) ** 2 <= radius * radius) result = pick(result, data[y * width + x]!)
    return result
  })
}

const radii = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(1.5, 2.3, 4.25))

describe('growing and shrinking', () => {
  it.each([['black and white', false], ['grey', true]] as const)('are the largest and the smallest value within a disc: %s masks', async (_name, grey) => {
    await fc.assert(
      fc.asyncProperty(planes(grey), radii, async (mask, pixels) => {
        expect([...(await apply(mask, { op: 'grow', pixels })).data]).toEqual([...byDefinition(mask, pixels, Math.max)])
        expect([...(await apply(mask, { op: 'shrink', pixels })).data]).toEqual([...byDefinition(mask, pixels, Math.min)])
      }),
      { numRuns: 150 },
    )
  })

  it('keep the greys of a soft edge', async () => {
    const ramp = plane(9, 1, [0, 0, 0, 0, 60, 120, 180, 240, 255])
    expect([...(await apply(ramp, { op: 'grow', pixels: 2 })).data]).toEqual([0, 0, 60, 120, 180, 240, 255, 255, 255])
    expect([...(await apply(ramp, { op: 'shrink', pixels: 2 })).data]).toEqual([0, 0, 0, 0, 0, 0, 60, 120, 180])
  })
})

describe('feathering', () => {
  it('has the variance of the gaussian it stands for, and keeps the sum', () => {
    for (const sigma of [0.5, 1, 2.5, 7, 20]) {
      const size = 201
      const data = new Uint8Array(size)
      data.fill(255, 90, 111)
      const blurred = gaussianBlur({ width: size, height: 1, data }, sigma).data
      const moment = (power: number, values: Uint8Array): number => values.reduce((sum, value, i) => sum + value * (i - 100) ** power, 0) / values.reduce((sum, value) => sum + value, 0)
      expect(moment(2, blurred) - moment(2, data)).toBeCloseTo(sigma * sigma, sigma < 10 ? 0 : -1)
    }
  })

  it('is close to a true gaussian everywhere', () => {
    const data = new Uint8Array(301).fill(255, 150)
    const sigma = 12
    const blurred = gaussianBlur({ width: 301, height: 1, data }, sigma).data
    // an edge becomes the error function
    const step = (x: number): number => {
      let [sum, all] = [0, 0]
      for (let k = -80; k <= 80; k++) {
        const weight = Math.exp(-(k * k) / (2 * sigma * sigma))
        all += weight
        if (x + k >= 150) sum += weight
      }
      return (255 * sum) / all
    }
    for (let x = 80; x < 220; x++) expect(Math.abs(blurred[x]! - step(x))).toBeLessThan(3)
  })

  it('softens the edge around its middle, leaves flat parts alone and does not fade at the border of the picture', async () => {
    const mask: Plane = { width: 80, height: 40, data: Uint8Array.from({ length: 3200 }, (_, i) => (i % 80 < 40 ? 255 : 0)) }
    const { data } = await apply(mask, { op: 'feather', pixels: 10 })
    for (const y of [0, 20, 39]) {
      expect(data[y * 80]).toBe(255)
      expect(data[y * 80 + 79]).toBe(0)
      expect(data[y * 80 + 39]! + data[y * 80 + 40]!).toBeCloseTo(255, -1)
      for (let x = 1; x < 80; x++) expect(data[y * 80 + x]!).toBeLessThanOrEqual(data[y * 80 + x - 1]!)
    }
  })
})

describe('the other steps', () => {
  it('inverting twice and a threshold of a threshold change nothing', async () => {
    await fc.assert(
      fc.asyncProperty(planes(true), fc.integer({ min: 1, max: 255 }), async (mask, at) => {
        const twice = await apply(await apply(mask, { op: 'invert' }), { op: 'invert' })
        expect([...twice.data]).toEqual([...mask.data])
        const hard = await apply(mask, { op: 'threshold', at })
        expect([...hard.data]).toEqual([...mask.data].map((value) => (value >= at ? 255 : 0)))
        expect([...(await apply(hard, { op: 'threshold', at })).data]).toEqual([...hard.data])
      }),
    )
  })

  it('combinations are those of fuzzy sets: adding what was taken away and its part gives the whole', async () => {
    await fc.assert(
      fc.asyncProperty(planes(false), async (mask) => {
        const other: Plane = { ...mask, data: mask.data.map((_, i) => ((i * 7) % 3 === 0 ? 255 : 0)) }
        const how = (kind: 'add' | 'subtract' | 'intersect' | 'replace', a: Plane, b: Plane): Promise<Plane> => apply(a, { op: 'combine', mask: 'other.png', how: kind }, b)
        const [part, rest] = [await how('intersect', mask, other), await how('subtract', mask, other)]
        expect([...(await how('add', part, rest)).data]).toEqual([...mask.data])
        expect([...(await how('replace', mask, other)).data]).toEqual([...other.data])
        expect([...(await how('add', mask, other)).data]).toEqual([...(await how('add', other, mask)).data])
      }),
    )
  })

  it('greys combine by the larger and the smaller value', async () => {
    const [a, b] = [plane(4, 1, [0, 100, 200, 255]), plane(4, 1, [50, 150, 100, 255])]
    const values = async (how: 'add' | 'subtract' | 'intersect'): Promise<number[]> => [...(await apply(a, { op: 'combine', mask: 'b.png', how }, b)).data]
    expect(await values('add')).toEqual([50, 150, 200, 255])
    expect(await values('intersect')).toEqual([0, 100, 100, 255])
    expect(await values('subtract')).toEqual([0, 100, 155, 0])
  })

  it('refuses a mask of another size by its name', async () => {
    await expect(apply(plane(2, 1, [0, 0]), { op: 'combine', mask: 'other.png', how: 'add' }, plane(3, 1, [0, 0, 0]))).rejects.toThrow('other.png: expected a mask of 2 x 1 pixels, found 3 x 1; resize one of them first.')
  })
})

describe('the task', () => {
  let bench: DocumentBench
  beforeAll(() => {
    bench = documentBench()
  })
  afterAll(() => bench.close())

  it('runs its steps in order on a file with painted tiles over it, and tells where the mask is', async () => {
    await bench.mask('mask.png', 300, 260, (x) => (x < 10 ? 90 : 0))
    const maskTiles = bench.tiles('mask.tiles', 'grey8', [[1, 0]], (x, y) => [x === 270 && y === 100 ? 255 : 0])
    const result = await bench.run({ task: 'mask-edit', mask: bench.at('mask.png'), maskTiles, width: 300, height: 260, operations: [{ op: 'grow', pixels: 3 }], out: bench.at('out.png') })
    expect(result).toMatchObject({ width: 300, height: 260, box: { x: 0, y: 0, width: 274, height: 260 } })
    const out = await bench.open('out.png')
    expect([out.channels, out.depth]).toEqual([1, 8])
    const value = (x: number, y: number): number => out.samples[y * 300 + x]!
    // the grey that a file says is kept as it is
    expect([value(12, 5), value(13, 5), value(273, 100), value(270, 103), value(274, 100)]).toEqual([90, 0, 255, 255, 0])
  })

  it('begins with a black mask when none is given, refuses one of another size', async () => {
    const request = { task: 'mask-edit', width: 30, height: 20, out: bench.at('out.png') }
    expect(await bench.run({ ...request, operations: [] })).toMatchObject({ box: null, coverage: 0 })
    expect(await bench.run({ ...request, operations: [{ op: 'invert' }, { op: 'resize', width: 60, height: 50 }] })).toMatchObject({ width: 60, height: 50, coverage: 1 })
    await bench.mask('small.png', 10, 10, () => 255)
    await expect(bench.run({ ...request, mask: bench.at('small.png'), operations: [] })).rejects.toMatchObject({ code: 'mask/size', exitCode: 2 })
  })
})
