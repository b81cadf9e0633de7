import { describe, expect, it } from 'vitest'
import { decodeSrgb, encodeSrgb, fromSrgb, greyToSrgb, srgbProfile, srgbToGrey, toSrgb } from '../../../../../main/engine/image/colour.ts'
import { parseProfile, profileFits } from '../../../../../main/engine/image/iccProfile.ts'
import { ADOBE_RGB, DISPLAY_P3, greyProfile, numbers, rgbProfile, tableProfile } from '../../../../support/pictures.ts'

const size = { width: 16, height: 16, channels: 3 as const }

function colours(seed: number, low = 0, high = 1): Float32Array {
  const next = numbers(seed)
  return Float32Array.from({ length: 16 * 16 * 3 }, () => low + (high - low) * next())
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)
}

describe('profiles of curves and a matrix', () => {
  it('leaves sRGB as it is, with and without its profile', async () => {
    const planes = colours(1)
    expect(await toSrgb(planes, size, undefined)).toEqual(planes)
    expect(await toSrgb(planes, size, await srgbProfile())).toEqual(planes)
    expect(await fromSrgb(planes, size, await srgbProfile())).toEqual(planes)
  })

  // the corners of sRGB in other spaces, 8-bit values as colour pickers show them
  it.each([
    { name: 'Adobe RGB', spec: ADOBE_RGB, srgb: [1, 0, 0], own: [219, 0, 0] },
    { name: 'Adobe RGB', spec: ADOBE_RGB, srgb: [0, 1, 0], own: [144, 255, 60] },
    { name: 'Display P3', spec: DISPLAY_P3, srgb: [1, 0, 0], own: [234, 51, 35] },
    { name: 'Display P3', spec: DISPLAY_P3, srgb: [0, 1, 0], own: [117, 251, 76] },
    { name: 'Display P3', spec: DISPLAY_P3, srgb: [0, 0, 1], own: [0, 0, 245] },
  ])('$name shows sRGB $srgb as $own', async ({ spec, srgb, own }) => {
    const converted = await fromSrgb(Float32Array.from(srgb), { width: 1, height: 1, channels: 3 }, rgbProfile(spec))
    for (let c = 0; c < 3; c++) expect(Math.abs(converted[c]! * 255 - own[c]!)).toBeLessThan(1.5)
  })

  it.each([{ name: 'Adobe RGB', spec: ADOBE_RGB }, { name: 'Display P3', spec: DISPLAY_P3 }])('sRGB through $name and back differs by less than 1e-4', async ({ spec }) => {
    const planes = colours(2)
    const back = await toSrgb(await fromSrgb(planes, size, rgbProfile(spec)), size, rgbProfile(spec))
    expect(largestDifference(planes, back)).toBeLessThan(1e-4)
  })

  it('clips what sRGB cannot show', async () => {
    const [red, green] = await toSrgb(Float32Array.from([0, 1, 0]), { width: 1, height: 1, channels: 3 }, rgbProfile(DISPLAY_P3))
    expect([red, green]).toEqual([0, 1])
  })
})

describe('profiles of tables go through libvips', () => {
  it('comes back after a round trip and follows the tables', async () => {
    const profile = tableProfile()
    expect(parseProfile(profile, 3)).toEqual({ kind: 'tables' })
    // colours well inside both gamuts
    const own = colours(3, 0.4, 0.6)
    const srgb = await toSrgb(own, size, profile)
    expect(largestDifference(own, srgb)).toBeGreaterThan(0.02)
    expect(largestDifference(own, await fromSrgb(srgb, size, profile))).toBeLessThan(0.01)
    // equal channels are Lab (100 v, 0, 0): L = 50 is sRGB 119
    const grey = await toSrgb(Float32Array.from([0.5, 0.5, 0.5]), { width: 1, height: 1, channels: 3 }, profile)
    for (const value of grey) expect(Math.abs(value * 255 - 118.9)).toBeLessThan(1.5)
  })
})

describe('grey', () => {
  it('applies the tone curve and inverts it', () => {
    const profile = greyProfile(1.8)
    const there = greyToSrgb(profile)
    const back = srgbToGrey(profile)
    expect(there(0.5)).toBeCloseTo(encodeSrgb(0.5 ** (Math.round(1.8 * 256) / 256)), 5)
    for (let value = 0; value <= 1; value += 0.05) expect(back(there(value))).toBeCloseTo(value, 3)
    expect(greyToSrgb(undefined)(0.3)).toBe(0.3)
  })

  it('gives three equal planes, and takes luminance on the way back', async () => {
    const planes = await toSrgb(Float32Array.from([0.2, 0.7]), { width: 2, height: 1, channels: 1 }, undefined)
    expect([...planes]).toEqual([0.2, 0.7, 0.2, 0.7, 0.2, 0.7].map(Math.fround))
    expect([...(await fromSrgb(planes, { width: 2, height: 1, channels: 1 }, undefined))]).toEqual([0.2, 0.7].map(Math.fround))
    const [green] = await fromSrgb(Float32Array.from([0, 1, 0]), { width: 1, height: 1, channels: 1 }, undefined)
    expect(green).toBeCloseTo(encodeSrgb(0.7152), 5)
  })
})

it('sRGB encoding and decoding are inverses', () => {
  for (let value = 0; value <= 1; value += 1 / 64) expect(encodeSrgb(decodeSrgb(value))).toBeCloseTo(value, 6)
})

it('does not take a profile for another kind of picture, nor a damaged one', async () => {
  expect(profileFits(greyProfile(2.2), 3)).toBe(false)
  expect(profileFits(rgbProfile(ADOBE_RGB), 1)).toBe(false)
  const planes = colours(4)
  expect(await toSrgb(planes, size, greyProfile(2.2))).toEqual(planes)
  const damaged = rgbProfile(ADOBE_RGB)
  damaged.writeUInt32BE(0xfffffff0, 132 + 4)
  expect(parseProfile(damaged, 3)).toBeNull()
  expect(await toSrgb(planes, size, damaged)).toEqual(planes)
  expect(parseProfile(damaged.subarray(0, 100), 3)).toBeNull()
})
