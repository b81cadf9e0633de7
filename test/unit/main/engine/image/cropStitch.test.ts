import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planCrop, planWhole, boundsOf } from '../../../../../main/engine/image/cropPlan.ts'
import { blendTiles, cropMask, cropPixels, cutTile, enlargeForRefinement, stitch } from '../../../../../main/engine/image/cropStitch.ts'
import { boxContains, intersectBoxes, wholeBox } from '../../../../../main/engine/image/geometry.ts'
import { editMasks, type EditMasks, type Mask } from '../../../../../main/engine/image/mask.ts'
import { pictureFromSamples, type Picture } from '../../../../../main/engine/image/picture.ts'
import { assertUnchangedOutside, borderStep, countChangedInside, countChangedOutside } from '../../../../../main/engine/image/verify.ts'
import type { Pixels } from '../../../../../main/engine/tensor/tensor.ts'
import { ADOBE_RGB, drawn, greyProfile, largestDifference, noisePicture, numbers, rgbProfile } from '../../../../support/pictures.ts'

function ellipse(size: { width: number; height: number }, cx: number, cy: number, rx: number, ry: number): Mask {
  const data = new Uint8Array(size.width * size.height)
  for (let y = 0; y < size.height; y++) for (let x = 0; x < size.width; x++) if (((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1) data[y * size.width + x] = 255
  return { width: size.width, height: size.height, data }
}

function noisePixels(width: number, height: number, seed = 9): Pixels {
  const next = numbers(seed)
  return { data: Float32Array.from({ length: 3 * width * height }, () => next() * 2.4 - 1.2), dims: [1, 3, height, width] }
}

const scenes = fc
  .record({ width: fc.integer({ min: 20, max: 260 }), height: fc.integer({ min: 20, max: 260 }), cx: fc.double({ min: 0, max: 1, noNaN: true }), cy: fc.double({ min: 0, max: 1, noNaN: true }), rx: fc.double({ min: 0.01, max: 0.6, noNaN: true }), ry: fc.double({ min: 0.01, max: 0.6, noNaN: true }), grow: fc.integer({ min: 0, max: 6 }), feather: fc.integer({ min: 0, max: 12 }), ring: fc.integer({ min: 0, max: 16 }), modelSize: fc.constantFrom(64, 128), maxAspect: fc.constantFrom(1, 1.5, 2) })
  .map((scene) => {
    const mask = ellipse(scene, Math.floor(scene.cx * scene.width), Math.floor(scene.cy * scene.height), Math.max(1, scene.rx * scene.width), Math.max(1, scene.ry * scene.height))
    return { ...scene, masks: editMasks(mask, scene) }
  })
  .filter((scene): scene is typeof scene & { masks: EditMasks } => scene.masks !== null)

describe('planning', () => {
  it('holds the blend mask, keeps to multiples and aspect, and covers every masked pixel with tiles', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const { masks, modelSize, maxAspect } = scene
        const plan = planCrop(masks, scene, { modelSize, maxAspect, multiple: 16 })
        const needed = boundsOf(masks.blend)
        expect(boxContains(plan.box, needed)).toBe(true)
        expect([plan.model.width % 16, plan.model.height % 16]).toEqual([0, 0])
        expect(plan.model.width * plan.model.height).toBeLessThanOrEqual(modelSize * modelSize * 1.3)
        expect(Math.abs(plan.box.width / plan.model.width - plan.scale)).toBeLessThan(1 / plan.model.width + 0.01)
        expect(JSON.stringify(plan).length).toBeLessThan(20_000)
        // never smaller than the picture allows: at least one side of the picture is inside
        const seen = intersectBoxes(plan.box, wholeBox(scene))
        expect(seen.width).toBe(Math.min(plan.box.width, scene.width))
        expect(seen.height).toBe(Math.min(plan.box.height, scene.height))
        if (!plan.refine) return
        const { box, tiles } = plan.refine
        expect(boxContains(box, plan.box)).toBe(true)
        const covered = new Uint8Array(box.width * box.height)
        for (const tile of tiles) {
          expect([tile.x % 8, tile.y % 8, tile.width % 8, tile.height % 8].every((rest) => rest === 0) || tile.width === box.width || tile.height === box.height).toBe(true)
          for (let y = tile.y; y < tile.y + tile.height; y++) covered.fill(1, y * box.width + tile.x, y * box.width + tile.x + tile.width)
        }
        masks.blend.data.forEach((value, i) => {
          if (value === 0) return
          const [x, y] = [masks.blend.box.x + (i % masks.blend.box.width) - box.x, masks.blend.box.y + Math.floor(i / masks.blend.box.width) - box.y]
          if (covered[y * box.width + x] !== 1) expect.fail(`pixel ${x},${y} lies in no tile`)
        })
      }),
      { numRuns: 60 },
    )
  })

  it('24 megapixels with a mask of 1 %: at most twice its box, at the full model size', () => {
    const picture = { width: 6000, height: 4000 }
    const mask: Mask = { ...picture, data: new Uint8Array(24_000_000) }
    for (let y = 1500; y < 1990; y++) mask.data.fill(255, y * 6000 + 3000, y * 6000 + 3490)
    const masks = editMasks(mask, { grow: 4, feather: 8, ring: 16 })!
    for (const modelSize of [256, 512, 768]) {
      const plan = planCrop(masks, picture, { modelSize })
      expect(plan.box.width).toBeLessThanOrEqual(980)
      expect(plan.box.height).toBeLessThanOrEqual(980)
      expect(plan.model).toEqual({ width: modelSize, height: modelSize })
    }
  })

  it('a picture of the model\'s own size is used as it is; one a little smaller is padded and said', () => {
    const masks = (size: { width: number; height: number }) => editMasks(ellipse(size, 128, 128, 60, 60), { grow: 4, feather: 8, ring: 16 })!
    const exact = { width: 256, height: 256 }
    expect(planCrop(masks(exact), exact, { modelSize: 256 })).toMatchObject({ box: { x: 0, y: 0, ...exact }, model: exact, scale: 1, refine: null, notes: [] })
    const smaller = { width: 250, height: 243 }
    const plan = planCrop(masks(smaller), smaller, { modelSize: 256 })
    expect(plan).toMatchObject({ box: { x: -3, y: -6, width: 256, height: 256 }, scale: 1 })
    expect(plan.notes).toEqual([expect.stringContaining('padded')])
  })

  it('whole pictures: padded to a multiple of 8 and said, large ones scaled', () => {
    expect(planWhole({ width: 512, height: 512 }, { modelSize: 512 })).toMatchObject({ model: { width: 512, height: 512 }, scale: 1, notes: [] })
    const odd = planWhole({ width: 500, height: 333 }, { modelSize: 512 })
    expect(odd.model).toEqual({ width: 504, height: 336 })
    expect(odd.notes).toHaveLength(1)
    const large = planWhole({ width: 6000, height: 4000 }, { modelSize: 512 })
    expect(large.model.width * large.model.height).toBeLessThan(512 * 512 * 1.85)
  })
})

describe('stitching', () => {
  const layouts: readonly { name: string; make: (width: number, height: number) => Picture }[] = [
    { name: 'RGB', make: (width, height) => noisePicture({ width, height, channels: 3, depth: 8 }) },
    { name: 'RGBA of 16 bits', make: (width, height) => noisePicture({ width, height, channels: 4, depth: 16 }) },
    { name: 'grey with alpha', make: (width, height) => noisePicture({ width, height, channels: 2, depth: 8 }) },
    { name: 'grey of 16 bits with a profile', make: (width, height) => noisePicture({ width, height, channels: 1, depth: 16 }, 3, { icc: greyProfile(1.8) }) },
    { name: 'Adobe RGB', make: (width, height) => noisePicture({ width, height, channels: 3, depth: 8 }, 4, { icc: rgbProfile(ADOBE_RGB) }) },
  ]
  it.each(layouts)('changes no sample outside the blend mask, and changes inside: $name', async ({ make }) => {
    await fc.assert(
      fc.asyncProperty(scenes, async (scene) => {
        const picture = make(scene.width, scene.height)
        const plan = planCrop(scene.masks, scene, { modelSize: scene.modelSize, multiple: 16, maxAspect: scene.maxAspect })
        const before = picture.samples.slice()
        const size = plan.refine ? plan.refine.box : plan.model
        const { picture: result } = await stitch(picture, plan, scene.masks, noisePixels(size.width, size.height))
        expect(countChangedOutside(picture, result, scene.masks.blend)).toBe(0)
        expect(Buffer.compare(Buffer.from(before.buffer), Buffer.from(picture.samples.buffer, picture.samples.byteOffset, picture.samples.byteLength))).toBe(0)
        const nothing = { ...scene.masks.blend, data: new Uint8Array(scene.masks.blend.data.length) }
        expect(countChangedOutside(picture, result, nothing)).toBeGreaterThan(0)
        if (picture.hasAlpha) for (let i = picture.channels - 1; i < result.samples.length; i += picture.channels) if (result.samples[i] !== picture.samples[i]) expect.fail(`alpha ${i} changed`)
      }),
      { numRuns: 8 },
    )
  })

  it('the crop itself as a patch gives the picture back, sample by sample', async () => {
    for (const picture of [noisePicture({ width: 90, height: 80, channels: 3, depth: 8 }), noisePicture({ width: 90, height: 80, channels: 1, depth: 8 }), noisePicture({ width: 90, height: 80, channels: 3, depth: 8 }, 6, { icc: rgbProfile(ADOBE_RGB) })]) {
      const masks = editMasks(ellipse(picture, 40, 40, 15, 12), { grow: 2, feather: 4, ring: 6 })!
      const plan = planCrop(masks, picture, { modelSize: 64 })
      expect(plan.scale).toBe(1)
      const { picture: result } = await stitch(picture, plan, masks, await cropPixels(picture, plan.box, plan.model))
      const nothing = { ...masks.blend, data: new Uint8Array(masks.blend.data.length) }
      const changed = countChangedOutside(picture, result, nothing)
      // Adobe RGB is wider than sRGB: noise outside sRGB comes back clipped, but only under the mask
      if (picture.metadata.icc) expect(countChangedOutside(picture, result, masks.blend)).toBe(0)
      else expect(changed).toBe(0)
    }
  })

  it('a patch whose colours are off by a constant is brought back to within one level', async () => {
    const picture = drawn(256, 256, (x, y) => [0.3 + 0.3 * Math.sin(x / 20), 0.5 + 0.2 * Math.cos(y / 25), 0.4 + 0.1 * Math.sin((x + y) / 30)])
    const masks = editMasks(ellipse(picture, 128, 128, 50, 40), { grow: 4, feather: 8, ring: 16 })!
    const plan = planCrop(masks, picture, { modelSize: 256 })
    const pixels = await cropPixels(picture, plan.box, plan.model)
    const plane = 256 * 256
    const shifted = pixels.data.map((value, i) => value + 2 * [0.06, -0.04, 0.05][Math.floor(i / plane)]!)
    const { picture: result, colourMatch } = await stitch(picture, plan, masks, { data: shifted, dims: pixels.dims })
    expect(largestDifference(result, picture)).toBeLessThanOrEqual(1)
    expect(colourMatch!.cells).toBeGreaterThan(50)
    const { picture: raw } = await stitch(picture, plan, masks, { data: shifted, dims: pixels.dims }, { colourMatch: false })
    expect(largestDifference(raw, picture)).toBeGreaterThan(8)
  })

  it('leaves no step at the border of the mask', async () => {
    const picture = drawn(256, 256, (x, y) => [0.6 - y / 900, 0.7 - y / 700, 0.9 - x / 3000])
    const masks = editMasks(ellipse(picture, 128, 120, 45, 45), { grow: 4, feather: 8, ring: 16 })!
    const plan = planCrop(masks, picture, { modelSize: 256 })
    const pixels = await cropPixels(picture, plan.box, plan.model)
    // darker, less contrast, a cast: what an autoencoder does
    const drifted = pixels.data.map((value, i) => value * 0.93 - 0.05 + (i < 65536 ? 0.03 : 0))
    const { picture: result } = await stitch(picture, plan, masks, { data: drifted, dims: pixels.dims })
    expect(borderStep(result, masks.effective)).toBeLessThanOrEqual(1.5 * borderStep(picture, masks.effective))
    expect(borderStep(result, masks.blend)).toBeLessThanOrEqual(1.5 * borderStep(picture, masks.blend))
  })

  it('refuses a patch of another size', async () => {
    const picture = noisePicture({ width: 64, height: 64, channels: 3, depth: 8 })
    const masks = editMasks(ellipse(picture, 30, 30, 9, 9), { grow: 0, feather: 0, ring: 0 })!
    await expect(stitch(picture, planCrop(masks, picture, { modelSize: 64 }), masks, noisePixels(40, 40))).rejects.toMatchObject({ code: 'stitch/size' })
  })
})

describe('refinement', () => {
  it('tiles cut from the canvas and blended again give the canvas back', () => {
    const picture = { width: 400, height: 380 }
    const masks = editMasks(ellipse(picture, 200, 190, 120, 110), { grow: 2, feather: 4, ring: 8 })!
    const plan = planCrop(masks, picture, { modelSize: 128 })
    const refine = plan.refine!
    expect(refine.tiles.length).toBeGreaterThan(3)
    const canvas = enlargeForRefinement({ ...plan, refine }, noisePixels(plan.model.width, plan.model.height))
    expect(canvas.dims).toEqual([1, 3, refine.box.height, refine.box.width])
    const blended = blendTiles(refine, canvas, refine.tiles.map((tile) => cutTile(canvas, refine, tile)))
    expect(blended.data.reduce((most, value, i) => Math.max(most, Math.abs(value - canvas.data[i]!)), 0)).toBeLessThan(1e-5)
  })
})

describe('crops', () => {
  it('repeat the edge outside the picture and are white in the mask there', async () => {
    const picture = noisePicture({ width: 10, height: 10, channels: 3, depth: 8 })
    const pixels = await cropPixels(picture, { x: -4, y: -4, width: 18, height: 18 }, { width: 18, height: 18 })
    expect(pixels.data[0]).toBeCloseTo((picture.samples[0]! / 255) * 2 - 1, 6)
    expect(pixels.data[0]).toBe(pixels.data[4 * 18 + 4])
    const masks = editMasks(ellipse(picture, 5, 5, 2, 2), { grow: 0, feather: 0, ring: 0 })!
    const mask = cropMask(masks.effective, picture, { x: -4, y: -4, width: 18, height: 18 }, { width: 18, height: 18 })
    expect([mask.data[0], mask.data[4 * 18 + 4], mask.data[9 * 18 + 9]]).toEqual([255, 0, 255])
  })

  it('scaling down a flat picture keeps its value', async () => {
    const flat = pictureFromSamples(new Uint8Array(300 * 200 * 3).fill(77), { width: 300, height: 200, channels: 3 })
    const pixels = await cropPixels(flat, { x: 10, y: 10, width: 250, height: 170 }, { width: 64, height: 48 })
    for (const value of pixels.data) expect(value).toBeCloseTo((77 / 255) * 2 - 1, 5)
  })
})

describe('verification', () => {
  it('counts every changed sample outside, and none inside', () => {
    fc.assert(
      fc.property(scenes, fc.array(fc.nat(), { maxLength: 12 }), (scene, places) => {
        const picture = noisePicture({ width: scene.width, height: scene.height, channels: 3, depth: 8 })
        const changed = { ...picture, samples: picture.samples.slice() }
        const { box, data } = scene.masks.blend
        let expected = 0
        for (const sample of new Set(places.map((place) => place % picture.samples.length))) {
          changed.samples[sample]! ^= 1
          const [x, y] = [Math.floor(sample / 3) % scene.width - box.x, Math.floor(sample / 3 / scene.width) - box.y]
          const inside = x >= 0 && y >= 0 && x < box.width && y < box.height && data[y * box.width + x]! > 0
          if (!inside) expected += 1
        }
        expect(countChangedOutside(picture, changed, scene.masks.blend)).toBe(expected)
        if (expected > 0) expect(() => assertUnchangedOutside(picture, changed, scene.masks.blend)).toThrow(/Expected no sample to change/)
        else assertUnchangedOutside(picture, changed, scene.masks.blend)
      }),
      { numRuns: 40 },
    )
  })

  it('counts samples that a larger canvas changed', () => {
    const source = noisePicture({ width: 4, height: 3, channels: 3, depth: 8 })
    const canvas = pictureFromSamples(new Uint8Array(6 * 5 * 3), { width: 6, height: 5, channels: 3 })
    for (let y = 0; y < 3; y++) canvas.samples.set(source.samples.subarray(y * 12, y * 12 + 12) as Uint8Array, ((y + 1) * 6 + 2) * 3)
    const place = { x: 2, y: 1, width: 4, height: 3 }
    expect(countChangedInside(source, canvas, place)).toBe(0)
    canvas.samples[(1 * 6 + 2) * 3]! ^= 1
    expect(countChangedInside(source, canvas, place)).toBe(1)
  })
})
