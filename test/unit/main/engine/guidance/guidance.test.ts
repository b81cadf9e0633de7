import { describe, expect, test } from 'vitest'
import { rescaleGuidance } from '../../../../../main/engine/guidance/cfgRescale.ts'
import { combineGuidance } from '../../../../../main/engine/guidance/classifierFree.ts'
import { combineInstruct } from '../../../../../main/engine/guidance/instructPix2Pix.ts'
import { findGuidance, guidances } from '../../../../../main/engine/guidance/registry.ts'
import { rowStandardDeviations } from '../../../../../main/engine/tensor/elementwise.ts'
import { TorchGenerator } from '../../../../../main/engine/tensor/random.ts'
import type { Latents } from '../../../../../main/engine/tensor/tensor.ts'

const generator = new TorchGenerator(5)
const draw = (): Latents => generator.randn([2, 4, 3, 3]) as Latents
const [a, b, c] = [draw(), draw(), draw()]

function expectClose(actual: Latents, expected: ArrayLike<number>, tolerance = 1e-6): void {
  expect(actual.data.length).toBe(expected.length)
  actual.data.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(tolerance))
}

describe('classifier-free guidance', () => {
  test('scale 1 is the conditional prediction, 0 the unconditional one', () => {
    expectClose(combineGuidance(a, b, 1), b.data)
    expectClose(combineGuidance(a, b, 0), a.data)
  })

  test('scale g goes g times the difference', () => {
    expectClose(combineGuidance(a, b, 7.5), a.data.map((value, i) => value + 7.5 * (b.data[i] - value)), 1e-5)
  })

  test('shapes must agree', () => {
    expect(() => combineGuidance(a, { data: b.data.subarray(36), dims: [1, 4, 3, 3] }, 2)).toThrow(/one shape/)
  })
})

describe('CFG rescale', () => {
  test('phi 1 gives each row the deviation of its conditional prediction', () => {
    const guided = combineGuidance(a, b, 9)
    const rescaled = rescaleGuidance(guided, b, 1)
    const wanted = rowStandardDeviations(b)
    rowStandardDeviations(rescaled).forEach((deviation, row) => expect(deviation).toBeCloseTo(wanted[row], 5))
    expect(wanted[0]).not.toBeCloseTo(wanted[1], 3)
  })

  test('phi 0.7 mixes', () => {
    const guided = combineGuidance(a, b, 9)
    const full = rescaleGuidance(guided, b, 1)
    expectClose(combineGuidance(a, b, 9, 0.7), guided.data.map((value, i) => 0.7 * full.data[i] + 0.3 * value), 1e-5)
  })
})

describe('InstructPix2Pix guidance', () => {
  const passes = { text: a, image: b, unconditional: c }

  test('scales of 1 leave the fully conditional pass', () => {
    expectClose(combineInstruct(passes, 1, 1), a.data)
  })

  test('the three-way sum', () => {
    const expected = c.data.map((none, i) => none + 1.5 * (b.data[i] - none) + 7.5 * (a.data[i] - b.data[i]))
    expectClose(combineInstruct(passes, 7.5, 1.5), expected, 1e-5)
  })
})

describe('registry', () => {
  test('every entry names its passes and joins them', () => {
    for (const guidance of guidances) {
      const outputs = Object.fromEntries(guidance.passes.map((pass) => [pass, a]))
      // passes that agree leave nothing to guide by
      expectClose(guidance.combine(outputs, {}), a.data, 1e-5)
      expect(findGuidance(guidance.name)).toBe(guidance)
    }
    expect(() => findGuidance('none')).toThrow(/classifier-free, instruct-pix2pix/)
  })
})
