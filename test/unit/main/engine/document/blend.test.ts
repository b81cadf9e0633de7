import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { blendColour, blendOver } from '../../../../../main/engine/document/blend.ts'
import { BLEND_MODES, type BlendMode } from '../../../../../main/engine/requests.ts'

type Colour = [number, number, number]

/** Worked out by hand from the specification's formulas: backdrop (0.2, 0.6, 1), source (0.5, 0.8, 0.1). */
const BY_HAND: Readonly<Record<BlendMode, Colour>> = {
  normal: [0.5, 0.8, 0.1],
  multiply: [0.1, 0.48, 0.1],
  screen: [0.6, 0.92, 1],
  // hard light with the two exchanged: 2 b s below one half of the backdrop, else screen(s, 2 b - 1)
  overlay: [0.2, 0.84, 1],
  darken: [0.2, 0.6, 0.1],
  lighten: [0.5, 0.8, 1],
  'color-dodge': [0.4, 1, 1],
  'color-burn': [0, 0.5, 1],
  'hard-light': [0.2, 0.84, 0.2],
  // (1 - 2 s) b (1 - b) off below one half; above it (2 s - 1)(D(b) - b) on, D(0.6) = sqrt 0.6
  'soft-light': [0.2, 0.6 + 0.6 * (Math.sqrt(0.6) - 0.6), 1],
  difference: [0.3, 0.2, 0.9],
  exclusion: [0.5, 0.44, 0.9],
  // Lum(backdrop) = 0.06 + 0.354 + 0.11 = 0.524; Sat(backdrop) = 0.8; Lum(source) = 0.15 + 0.472 + 0.011 = 0.633; Sat(source) = 0.7
  // SetSat(source, 0.8): (0.8 * 4 / 7, 0.8, 0), of luminosity 0.609143; shifted by -0.085143, then ClipColor from below
  hue: hue(),
  // SetSat(backdrop, 0.7): (0, 0.35, 0.7), of luminosity 0.2835; shifted by 0.2405
  saturation: [0.2405, 0.5905, 0.9405],
  // source shifted by -0.109: (0.391, 0.691, -0.009); ClipColor scales about 0.524 by 0.524 / 0.533
  color: [0.524 + (0.391 - 0.524) * (0.524 / 0.533), 0.524 + (0.691 - 0.524) * (0.524 / 0.533), 0],
  // backdrop shifted by 0.109: (0.309, 0.709, 1.109); ClipColor scales about 0.633 by 0.367 / 0.476
  luminosity: [0.633 + (0.309 - 0.633) * (0.367 / 0.476), 0.633 + (0.709 - 0.633) * (0.367 / 0.476), 1],
}

function hue(): Colour {
  const light = 0.3 * 0.8 * (4 / 7) + 0.59 * 0.8
  const shifted = [0.8 * (4 / 7), 0.8, 0].map((value) => value + 0.524 - light) as Colour
  const scale = 0.524 / (0.524 - shifted[2])
  return shifted.map((value) => 0.524 + (value - 0.524) * scale) as Colour
}

describe('blend modes', () => {
  it.each(BLEND_MODES)('%s follows the formula of the specification', (mode) => {
    const result = blendColour(mode, [0.2, 0.6, 1], [0.5, 0.8, 0.1])
    result.forEach((value, c) => expect(value).toBeCloseTo(BY_HAND[mode][c]!, 9))
  })

  it('dodge and burn keep black black and white white, whatever lies over them', () => {
    for (const s of [0, 0.3, 1]) {
      expect(blendColour('color-dodge', [0, 0, 0], [s, s, s])).toEqual([0, 0, 0])
      expect(blendColour('color-burn', [1, 1, 1], [s, s, s])).toEqual([1, 1, 1])
    }
  })

  it('a half-transparent layer over a half-transparent one mixes as the compositing formula says', () => {
    const target = Float32Array.of(0.2, 0.6, 1, 0.5)
    blendOver(target, Float32Array.of(0.5, 0.8, 0.1, 0.8), Float32Array.of(0.5), { mode: 'multiply', opacity: 0.5, replace: false })
    // as = 0.8 * 0.5 * 0.5 = 0.2, ab = 0.5: alpha = 0.6; C = (0.1 Cs + 0.1 Cs Cb + 0.4 Cb) / 0.6
    const expected = [0.2, 0.6, 1].map((b, c) => (0.1 * [0.5, 0.8, 0.1][c]! + 0.1 * b * [0.5, 0.8, 0.1][c]! + 0.4 * b) / 0.6)
    expected.forEach((value, c) => expect(target[c]).toBeCloseTo(value, 6))
    expect(target[3]).toBeCloseTo(0.6, 6)
  })

  it('where the mask is 1 or 0 colours are copied bit for bit; replacing takes over transparency too', () => {
    const exact = Math.fround(12345 / 65535)
    const below = Float32Array.of(exact, exact, exact, 1, exact, exact, exact, 1)
    const above = Float32Array.of(0.25, 0.5, 0.75, 0.125, 0.25, 0.5, 0.75, 0.125)
    blendOver(below, above, Float32Array.of(1, 0), { mode: 'normal', opacity: 1, replace: true })
    expect([...below]).toEqual([0.25, 0.5, 0.75, 0.125, exact, exact, exact, 1])
  })

  it('a layer over nothing is itself in every mode', () => {
    for (const mode of BLEND_MODES) {
      const target = new Float32Array(4)
      blendOver(target, Float32Array.of(0.1, 0.2, 0.3, 0.4), null, { mode, opacity: 1, replace: false })
      expect([...target]).toEqual([...Float32Array.of(0.1, 0.2, 0.3, 0.4)])
    }
  })
})

describe('beside a 2D canvas', () => {
  interface Fixture { pairs: number[][]; opaquePairs: number; modes: Record<BlendMode, number[][][]> }
  const fixture = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, '../../../../fixtures/document/canvas-blend.json'), 'utf8')) as Fixture

  /** Largest and mean difference of channels and alphas over the pairs `from` to `to`. */
  function compared(mode: BlendMode, index: 0 | 1, from: number, to: number): { largest: number; mean: number } {
    let [largest, sum] = [0, 0]
    for (let i = from; i < to; i++) {
      const pair = fixture.pairs[i]!
      const target = Float32Array.from(pair.slice(0, 4), (value) => value / 255)
      blendOver(target, Float32Array.from(pair.slice(4), (value) => value / 255), null, { mode, opacity: [1, 0.6][index]!, replace: false })
      target.forEach((value, c) => {
        const difference = Math.abs(Math.round(255 * value) - fixture.modes[mode][index]![i]![c]!)
        largest = Math.max(largest, difference)
        sum += difference
      })
    }
    return { largest, mean: sum / (to - from) / 4 }
  }

  it.each(BLEND_MODES)('%s of opaque colours is what the canvas shows, to 1 of 255', (mode) => {
    // exclusion doubles a product that the canvas has rounded to a byte
    expect(compared(mode, 0, 0, fixture.opaquePairs).largest).toBeLessThanOrEqual(mode === 'exclusion' ? 2 : 1)
  })

  it.each(BLEND_MODES)('%s at 60 %% opacity over an opaque colour, to 2 of 255', (mode) => {
    // one more: the canvas rounds the faded source to premultiplied bytes before it blends
    expect(compared(mode, 1, 0, fixture.opaquePairs).largest).toBeLessThanOrEqual(2)
  })

  it.each(BLEND_MODES)('%s of half-transparent colours is the same but for the bytes that a canvas keeps', (mode) => {
    for (const index of [0, 1] as const) {
      const { largest, mean } = compared(mode, index, fixture.opaquePairs, fixture.pairs.length)
      // premultiplied bytes of colours at half alpha are known to +-1, which dodge and burn divide by small numbers
      expect(mean).toBeLessThan(1)
      expect(largest).toBeLessThanOrEqual(mode === 'color-burn' || mode === 'color-dodge' ? 12 : 4)
    }
  })
})
