import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { TorchGenerator } from '../../../../../main/engine/tensor/random.ts'

interface Draw { dims: number[]; data: string }
interface Sequence { kind: 'randn' | 'rand'; seed: string; draws: Draw[] }
interface Long { kind: 'long'; seed: string; count: number; stride: number; samples: string; sum: number }

const fixture: { origin: string; cases: (Sequence | Long)[] } = JSON.parse(
  readFileSync(new URL('../../../../fixtures/random/torch_randn.json', import.meta.url), 'utf8'),
)

function unpack(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64')
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

/** Sixteen or more numbers must match in every bit; fewer go through the platform's log1p, sin and cos in double. */
function expectSame(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length)
  if (actual.length >= 16) expect([...actual]).toEqual([...expected])
  else for (let i = 0; i < actual.length; i++) expect(Math.abs(actual[i] - expected[i])).toBeLessThanOrEqual(2.5e-7 * Math.max(1, Math.abs(expected[i])))
}

describe('TorchGenerator', () => {
  for (const [index, golden] of fixture.cases.entries()) {
    if (golden.kind === 'long') continue
    test(`case ${index}: torch.${golden.kind}, seed ${golden.seed}, shapes ${golden.draws.map((draw) => `[${draw.dims}]`).join(' ')}`, () => {
      const generator = new TorchGenerator(BigInt(golden.seed))
      for (const draw of golden.draws) {
        const drawn = generator[golden.kind](draw.dims)
        expect(drawn.dims).toEqual(draw.dims)
        expectSame(drawn.data, unpack(draw.data))
      }
    })
  }

  test('a quarter of a million numbers equal torch’s', () => {
    const golden = fixture.cases.find((item) => item.kind === 'long')
    if (golden?.kind !== 'long') throw new Error('the fixture has no long case')
    const { data } = new TorchGenerator(BigInt(golden.seed)).randn([golden.count])
    const expected = unpack(golden.samples)
    expect([...data.filter((_, i) => i % golden.stride === 0)]).toEqual([...expected])
    expect(data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(golden.sum, 6)
  })

  test('a seed is an integer of 64 bits', () => {
    expect(() => new TorchGenerator(1.5)).toThrow(/expected an integer/)
    expect(() => new TorchGenerator(2n ** 64n)).toThrow(/expected an integer/)
    expect(new TorchGenerator(12).seed).toBe(12n)
  })
})
