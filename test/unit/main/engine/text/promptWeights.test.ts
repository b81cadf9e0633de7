import { describe, expect, test } from 'vitest'
import type { PromptEmbeds } from '../../../../../main/engine/tensor/tensor.ts'
import { TorchGenerator } from '../../../../../main/engine/tensor/random.ts'
import { applyTokenWeights, parsePromptWeights, plainPrompt } from '../../../../../main/engine/text/promptWeights.ts'

/** [text, weight] pairs per part, weights rounded. */
function parsed(prompt: string): [string, number][][] {
  return parsePromptWeights(prompt).map((part) => part.map(({ text, weight }) => [text, Math.round(weight * 1e6) / 1e6]))
}

describe('parsePromptWeights', () => {
  test.each<[string, [string, number][]]>([
    ['a cat', [['a cat', 1]]],
    ['', [['', 1]]],
    ['a (red) cat', [['a ', 1], ['red', 1.1], [' cat', 1]]],
    ['a [red] cat', [['a ', 1], ['red', 0.909091], [' cat', 1]]],
    ['a (red:1.3) cat', [['a ', 1], ['red', 1.3], [' cat', 1]]],
    ['a (red : 0.5 ) cat', [['a ', 1], ['red ', 0.5], [' cat', 1]]],
    ['((very)) ((red:2))', [['very', 1.21], [' ', 1], ['red', 2.2]]],
    ['(a (b:2) c:3)', [['a ', 3], ['b', 6], [' c', 3]]],
    ['[a (b) c]', [['a ', 0.909091], ['b', 1], [' c', 0.909091]]],
    ['a \\(literal\\) \\[mark\\] \\\\', [['a (literal) [mark] \\', 1]]],
    ['(unclosed red', [['unclosed red', 1.1]]],
    ['[unclosed (red', [['unclosed ', 0.909091], ['red', 1]]],
    ['stray) marks] here', [['stray) marks] here', 1]]],
    ['no group: 1.5) here', [['no group: 1.5) here', 1]]],
    ['ratio 16:9, (cat:1.2)', [['ratio 16:9, ', 1], ['cat', 1.2]]],
    ['(minus:-1) (plus:+2)', [['minus', -1], [' ', 1], ['plus', 2]]],
    ['(word:.) end', [['word:.) end', 1.1]]],
    ['(a)(b)', [['ab', 1.1]]],
    ['()', [['', 1]]],
  ])('%j', (prompt, expected) => {
    expect(parsed(prompt)).toEqual([expected])
  })

  test('BREAK parts the prompt, keeping weights', () => {
    expect(parsed('a cat BREAK (a dog BREAK a bird:1.2)')).toEqual([[['a cat', 1]], [['a dog', 1.2]], [['a bird', 1.2]]])
    expect(parsed('BREAKFAST at dawn')).toEqual([[['BREAKFAST at dawn', 1]]])
  })

  test('plainPrompt drops marks and keeps words', () => {
    expect(plainPrompt('a ((red:1.2)) [cat] \\(1\\) BREAK dog')).toBe('a red cat (1) dog')
  })
})

describe('applyTokenWeights', () => {
  const states = new TorchGenerator(4).randn([1, 5, 8]) as PromptEmbeds
  const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

  test('weights of 1 change nothing', () => {
    expect(applyTokenWeights(states, [1, 1, 1, 1, 1])).toBe(states)
  })

  test('tokens are scaled against each other and the mean is restored', () => {
    const weights = [1, 1.5, 1, 0.5, 1]
    const weighted = applyTokenWeights(states, weights)
    expect(mean(weighted.data)).toBeCloseTo(mean(states.data), 6)
    const ratio = (token: number): number => weighted.data[token * 8 + 3] / states.data[token * 8 + 3]
    weights.forEach((weight, token) => expect(ratio(token) / ratio(0)).toBeCloseTo(weight, 5))
    expect(ratio(0)).not.toBeCloseTo(1, 3)
  })

  test('a mean that cannot be restored is left', () => {
    const zeroed = applyTokenWeights({ data: Float32Array.of(1, 2), dims: [1, 2, 1] }, [0, 0])
    expect([...zeroed.data]).toEqual([0, 0])
  })
})
