import { expect, test } from 'vitest'
import { clamp, combine, quantile, rowStandardDeviations, scale } from '../../../../../main/engine/tensor/elementwise.ts'
import { tensor } from '../../../../../main/engine/tensor/tensor.ts'

const x = tensor(Float32Array.of(1, -2, 3, 4), [2, 2])
const y = tensor(Float32Array.of(10, 20, 30, 40), [2, 2])

test('combine adds weighted tensors and leaves them as they are', () => {
  expect([...combine([2, x], [-0.5, y]).data]).toEqual([-3, -14, -9, -12])
  expect([...x.data]).toEqual([1, -2, 3, 4])
})

test('combine rounds once: a large cancelling pair leaves the small term whole', () => {
  const big = tensor(Float32Array.of(1e8), [1])
  const small = tensor(Float32Array.of(0.25), [1])
  expect(combine([1, big], [1, small], [-1, big]).data[0]).toBe(0.25)
})

test('combine refuses shapes that differ and an empty sum', () => {
  expect(() => combine([1, x], [1, tensor(Float32Array.of(1, 2, 3, 4), [4])])).toThrow(/one shape/)
  expect(() => combine()).toThrow(/at least one/)
})

test('scale and clamp', () => {
  expect([...scale(x, 2).data]).toEqual([2, -4, 6, 8])
  expect([...clamp(x, -1, 3).data]).toEqual([1, -1, 3, 3])
})

test('standard deviations are per row and unbiased', () => {
  const [first, second] = rowStandardDeviations(x)
  expect(first).toBeCloseTo(Math.sqrt(4.5), 12)
  expect(second).toBeCloseTo(Math.sqrt(0.5), 12)
})

test('quantiles interpolate between order statistics', () => {
  const values = Float32Array.of(4, 1, 3, 2)
  expect(quantile(values, 0)).toBe(1)
  expect(quantile(values, 0.5)).toBe(2.5)
  expect(quantile(values, 1)).toBe(4)
  expect(quantile(values, 0.9)).toBeCloseTo(3.7, 12)
})
