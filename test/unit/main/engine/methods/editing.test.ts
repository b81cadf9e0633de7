/** Properties of the edit arithmetic; its numbers are compared with the references in test/parity/golden. */
import { describe, expect, test } from 'vitest'
import { editCrossAttention, tokenScale } from '../../../../../main/engine/methods/shared/attentionEdits.ts'
import { consistencyWeights, dynamicGuidance } from '../../../../../main/engine/methods/shared/consistencyBoundary.ts'
import { blendLatents, firstBlendStep, localBlendMasks } from '../../../../../main/engine/methods/shared/localBlend.ts'
import { autoCorrelationLoss, normalityLoss } from '../../../../../main/engine/methods/shared/noiseRegularisers.ts'
import { alignSequences, differingWords, refinementMapper, replacementMapper } from '../../../../../main/engine/methods/shared/promptAlignment.ts'
import { editedElements, pullEstimate, pullTowards } from '../../../../../main/engine/methods/shared/proximalGuide.ts'
import { hardThreshold, proximalThreshold, softThreshold } from '../../../../../main/engine/methods/shared/proximalThreshold.ts'
import { crossAttentionTable, isSelfAttentionStep } from '../../../../../main/engine/methods/shared/timeWindows.ts'
import { createNoiseSchedule } from '../../../../../main/engine/schedulers/noiseSchedule.ts'
import { commonDefaults } from '../../../../../main/engine/schedulers/schedulerConfig.ts'
import { TorchGenerator } from '../../../../../main/engine/tensor/random.ts'
import type { Latents } from '../../../../../main/engine/tensor/tensor.ts'

const noise = (seed: number, dims: number[]): Latents => new TorchGenerator(seed).randn(dims) as Latents

describe('refinement', () => {
  test('equal prompts map every token to itself', () => {
    const { mapper, alphas } = refinementMapper([1, 5, 6, 2], [1, 5, 6, 2], 8)
    expect(mapper).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(alphas).toEqual(Array(8).fill(1))
  })

  test('a new token is unmapped, and what follows keeps its source', () => {
    expect(refinementMapper([1, 5, 6, 2], [1, 5, 9, 6, 2], 7).mapper).toEqual([0, 1, -1, 2, 3, 5, 6])
  })

  test('a gap is preferred to a mismatch', () => {
    expect(alignSequences([1, 2, 3], [1, 9, 3])).toEqual({ score: 2, sourceOf: [0, -1, 2] })
    expect(alignSequences([], [4])).toEqual({ score: 0, sourceOf: [-1] })
  })
})

describe('replacement', () => {
  const columns = (matrix: Float32Array, length: number): number[] =>
    Array.from({ length }, (_, j) => Array.from({ length }, (__, i) => matrix[i * length + j]).reduce((sum, value) => sum + value, 0))

  test('one word of one token for one of three: the attention is spread, the rest stays in step', () => {
    const matrix = replacementMapper([{ source: [2], target: [2, 3, 4] }], 8)
    expect([2, 3, 4].map((j) => matrix[2 * 8 + j])).toEqual([1 / 3, 1 / 3, 1 / 3].map(Math.fround))
    // behind the word, source i feeds target i + 2
    expect([matrix[3 * 8 + 5], matrix[4 * 8 + 6], matrix[5 * 8 + 7]]).toEqual([1, 1, 1])
  })

  test('the reference’s slip puts what follows on the diagonal', () => {
    const matrix = replacementMapper([{ source: [2], target: [2, 3, 4] }], 8, true)
    expect([matrix[5 * 8 + 5], matrix[3 * 8 + 5]]).toEqual([1, 0])
  })

  test('words of equally many tokens give a permutation', () => {
    expect(columns(replacementMapper([{ source: [1, 2], target: [1, 2] }, { source: [4], target: [4] }], 8), 8)).toEqual(Array(8).fill(1))
  })

  test('refusals are sentences', () => {
    expect(() => differingWords(['a', 'cat'], ['a', 'big', 'cat'])).toThrow(/2 and 3; use --align refine/)
    expect(() => replacementMapper([{ source: [], target: [2] }])).toThrow(/use --align refine/)
    expect(differingWords(['a', 'cat', 'sat'], ['a', 'dog', 'sat'])).toEqual([1])
  })
})

describe('attention edits', () => {
  const [source, target] = [Float32Array.of(0.1, 0.2, 0.7, 0.3, 0.3, 0.4), Float32Array.of(0.5, 0.25, 0.25, 0.2, 0.2, 0.6)]
  const mapper = { mapper: [0, -1, 1], alphas: [1, 0, 1] }
  const all = Float32Array.of(1, 1, 1)

  test('refine takes mapped columns from the source and keeps new ones', () => {
    const edited = editCrossAttention(source, target, { edit: { kind: 'refine', mapper }, window: all })
    expect([...edited]).toEqual([0.1, 0.25, 0.2, 0.3, 0.2, 0.3].map(Math.fround))
  })

  test('outside the window nothing changes', () => {
    const edited = editCrossAttention(source, target, { edit: { kind: 'refine', mapper }, window: new Float32Array(3), scale: Float32Array.of(9, 9, 9) })
    expect([...edited]).toEqual([...target])
  })

  test('reweighting scales tokens inside the window', () => {
    const scale = tokenScale([{ positions: [2], value: 3 }], 3)
    const edited = editCrossAttention(source, target, { edit: { kind: 'keep' }, window: all, scale })
    edited.forEach((value, i) => expect(value).toBeCloseTo(target[i] * (i % 3 === 2 ? 3 : 1), 6))
  })

  test('the identity replacement gives the source', () => {
    const edited = editCrossAttention(source, target, { edit: { kind: 'replace', matrix: replacementMapper([], 3) }, window: all })
    expect([...edited]).toEqual([...source])
  })
})

describe('time windows', () => {
  test('fractions are cut down to whole steps; cross counts one step more', () => {
    expect(crossAttentionTable(4, 0.3).map((row) => row[0])).toEqual([1, 0, 0, 0, 0])
    expect(crossAttentionTable(10, [0.2, 0.5], [{ positions: [3], window: 1 }], 5).map((row) => [row[0], row[3]].join(''))).toEqual([
      '01', '01', '11', '11', '11', '01', '01', '01', '01', '01', '01',
    ])
    expect([0, 1, 2, 3].filter((step) => isSelfAttentionStep(step, 4, 0.5))).toEqual([0, 1])
    expect([0, 1, 2, 3].filter((step) => isSelfAttentionStep(step, 4, 0.2))).toEqual([])
  })
})

describe('local blend', () => {
  const blob = (cy: number, cx: number): { data: Float32Array; height: number; width: number } => ({
    data: Float32Array.from({ length: 8 * 8 * 3 }, (_, i) => {
      const [y, x, token] = [Math.floor(i / 24), Math.floor(i / 3) % 8, i % 3]
      return token === 1 ? Math.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 2) : 0.5
    }),
    height: 8,
    width: 8,
  })

  test('a branch may change where its own or the source’s words look', () => {
    const masks = localBlendMasks([blob(1, 1), blob(6, 6)], { words: [[1], [1]] }, 16, 16)
    const inside = (mask: Uint8Array, y: number, x: number): number => mask[y * 16 + x]
    expect([inside(masks[0], 2, 2), inside(masks[0], 12, 12)]).toEqual([1, 0])
    expect([inside(masks[1], 2, 2), inside(masks[1], 12, 12), inside(masks[1], 2, 13)]).toEqual([1, 1, 0])
  })

  test('subtracted words are kept out', () => {
    const masks = localBlendMasks([blob(1, 1), blob(6, 6)], { words: [[1], [1]], subtract: [[1], []] }, 8, 8)
    expect(masks[0][9]).toBe(0)
    expect(masks[1][6 * 8 + 6]).toBe(1)
  })

  test('words with no token blend nowhere', () => {
    expect(localBlendMasks([blob(1, 1), blob(6, 6)], { words: [[], []] }, 8, 8).map((mask) => mask.some(Boolean))).toEqual([false, false])
  })

  test('outside its mask a branch is the source, and the source is never touched', () => {
    const latents = noise(1, [2, 4, 4, 4])
    const mask = Uint8Array.from({ length: 16 }, (_, i) => (i < 8 ? 1 : 0))
    const blended = blendLatents(latents, [new Uint8Array(16), mask])
    expect([...blended.data.subarray(0, 64)]).toEqual([...latents.data.subarray(0, 64)])
    for (let i = 0; i < 64; i++) expect(blended.data[64 + i]).toBe(latents.data[i % 16 < 8 ? 64 + i : i])
  })

  test('it starts after its share of the steps', () => {
    expect([firstBlendStep(50, 0.2), firstBlendStep(4, 0)]).toEqual([11, 1])
  })
})

describe('proximal thresholds', () => {
  const delta = noise(2, [1, 4, 5, 5])

  test('quantile or fixed', () => {
    const sorted = [...delta.data].map(Math.abs).sort((a, b) => a - b)
    expect(proximalThreshold(delta, 1)).toBe(sorted.at(-1))
    expect(proximalThreshold(delta, -0.4)).toBe(0.4)
  })

  test('soft shrinks, hard cuts', () => {
    softThreshold(delta, 0.5).data.forEach((value, i) => {
      expect(value).toBeCloseTo(Math.sign(delta.data[i]) * Math.max(0, Math.abs(delta.data[i]) - 0.5), 6)
    })
    hardThreshold(delta, 0.5).data.forEach((value, i) => expect(value).toBe(Math.abs(delta.data[i]) > 0.5 ? delta.data[i] : 0))
  })
})

describe('proximal guidance', () => {
  const field = (values: Record<number, number>): Latents => {
    const data = new Float32Array(2 * 4 * 5)
    for (const [at, value] of Object.entries(values)) data[Number(at)] = value
    return { data, dims: [1, 2, 4, 5] }
  }

  test('edited is what is beyond the threshold and its neighbours in the same channel', () => {
    const difference = field({ 7: -0.6, 39: 0.5, 20: 0.3 })
    expect([...editedElements(difference, 0.4, 0)].flatMap((value, i) => (value ? [i] : []))).toEqual([7, 39])
    // 7 is row 1, column 2 of channel 0; 39 the last corner of channel 1
    expect([...editedElements(difference, 0.4, 1)].flatMap((value, i) => (value ? [i] : []))).toEqual([1, 2, 3, 6, 7, 8, 11, 12, 13, 33, 34, 38, 39])
  })

  test('inversion guidance brings everything else back to the inverted latents', () => {
    const [sample, goal] = [noise(4, [1, 2, 4, 5]), noise(5, [1, 2, 4, 5])]
    const edited = editedElements(field({ 7: 1 }), 0.5, 1)
    pullTowards(sample, goal, edited, 0.25).data.forEach((value, i) => {
      expect(value).toBeCloseTo(edited[i] ? sample.data[i] : 0.75 * sample.data[i] + 0.25 * goal.data[i], 6)
    })
  })

  test('reconstruction guidance equals a DDIM step from the pulled estimate', () => {
    const shape = [1, 2, 4, 5]
    const [estimate, epsilon, clean] = [noise(6, shape), noise(7, shape), noise(8, shape)]
    const [signal, deviation] = [Math.sqrt(0.7), Math.sqrt(0.3)]
    const stepFrom = (x0: Latents): Latents => ({ data: x0.data.map((value, i) => signal * value + deviation * epsilon.data[i]), dims: shape })
    const edited = editedElements(field({ 7: 1 }), 0.5, 1)
    const expected = stepFrom(pullTowards(estimate, clean, edited, 0.6))
    pullEstimate(stepFrom(estimate), { estimate, clean, signal }, edited, 0.6).data.forEach((value, i) => expect(value).toBeCloseTo(expected.data[i], 5))
  })
})

describe('noise regularisers', () => {
  const sample = noise(3, [1, 2, 16, 16])

  test.each([
    ['auto-correlation', (value: Latents) => autoCorrelationLoss(value, (size) => size / 4)],
    ['normality', normalityLoss],
  ] as const)('%s: the gradient is the slope of the loss', (_, loss) => {
    const { gradient } = loss(sample)
    for (const at of [0, 37, 255, 300, 511]) {
      const moved = (by: number): number => {
        const data = sample.data.slice()
        data[at] = Math.fround(data[at] + by)
        return loss({ data, dims: sample.dims }).loss / 1
      }
      const up = Math.fround(sample.data[at] + 0.01) - Math.fround(sample.data[at] - 0.01)
      const slope = (moved(0.01) - moved(-0.01)) / up
      expect(Math.abs(slope - gradient[at])).toBeLessThan(1e-3 * Math.max(...gradient.map(Math.abs)))
    }
  })

  test('white noise scores lower than a smooth picture', () => {
    const smooth = { data: sample.data.map((_, i) => Math.sin(i / 40) * 1.4), dims: sample.dims }
    const roll = (): number => 2
    expect(autoCorrelationLoss(sample, roll).loss).toBeLessThan(0.1 * autoCorrelationLoss(smooth, roll).loss)
    expect(normalityLoss(sample).loss).toBeLessThan(0.05)
    expect(normalityLoss({ data: sample.data.map((value) => 2 * value + 1), dims: sample.dims }).loss).toBeGreaterThan(1)
  })
})

describe('consistency steps', () => {
  const { alphasCumprod } = createNoiseSchedule(
    { ...commonDefaults, betaStart: 0.00085, betaEnd: 0.012, betaSchedule: 'scaled_linear' },
    { owner: 'test', rescaleBetasZeroSnr: false },
  )

  test('there and back along the same noise is the identity', () => {
    const up = consistencyWeights(alphasCumprod, [259, 519])
    const down = consistencyWeights(alphasCumprod, [519, 259])
    expect(up.sample * down.sample).toBeCloseTo(1, 12)
    expect(down.sample * up.epsilon + down.epsilon).toBeCloseTo(0, 12)
  })

  test('dynamic guidance falls from tau1 to tau2', () => {
    expect([999, 700, 500, 100].map((t) => dynamicGuidance(t, 0.6, 0.8))).toEqual([0, expect.closeTo(0.5, 9), 1, 1])
    expect([999, 779].map((t) => dynamicGuidance(t, 0.8, 0.8))).toEqual([0, 1])
  })
})
