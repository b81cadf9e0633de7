/** Arithmetic on whole tensors: every function returns a new tensor and leaves its arguments as they are. */
import { failed } from '../errors.ts'
import type { Tensor } from './tensor.ts'

/** One term of a {@link combine} sum: a number times a tensor. */
export type Term<Axes extends string = string> = readonly [coefficient: number, value: Tensor<Axes>]

/**
 * The sum of coefficient x tensor over all terms, added in double precision and rounded once.
 *
 * @throws EngineError tensor/shape when shapes differ or there is no term.
 */
export function combine<Axes extends string>(...terms: readonly Term<Axes>[]): Tensor<Axes> {
  const first = terms[0]
  if (!first) throw failed('tensor/shape', 'Expected at least one tensor to add but received none.')
  const { dims } = first[1]
  for (const [, value] of terms) requireSameShape(first[1], value)
  const data = new Float32Array(first[1].data.length)
  for (let i = 0; i < data.length; i++) {
    let sum = 0
    for (const [coefficient, value] of terms) sum += coefficient * value.data[i]
    data[i] = sum
  }
  return { data, dims }
}

/** The tensor times a number. */
export function scale<Axes extends string>(value: Tensor<Axes>, factor: number): Tensor<Axes> {
  return { data: value.data.map((element) => factor * element), dims: value.dims }
}

/** Every element limited to [low, high]; NaN stays NaN. */
export function clamp<Axes extends string>(value: Tensor<Axes>, low: number, high: number): Tensor<Axes> {
  return { data: value.data.map((element) => (element < low ? low : element > high ? high : element)), dims: value.dims }
}

/**
 * The unbiased standard deviation of each row of the first axis, over all its elements: what
 * `tensor.std(dim=[1..])` gives in torch. One number per row; NaN for rows of a single element.
 */
export function rowStandardDeviations(value: Tensor): number[] {
  const rows = value.dims[0] ?? 1
  const size = value.data.length / rows
  const result: number[] = []
  for (let start = 0; start < value.data.length; start += size) {
    const row = value.data.subarray(start, start + size)
    let sum = 0
    for (const element of row) sum += element
    const mean = sum / size
    let squares = 0
    for (const element of row) squares += (element - mean) ** 2
    result.push(Math.sqrt(squares / (size - 1)))
  }
  return result
}

/**
 * The q-quantile (0..1) of numbers by linear interpolation between order statistics, as `torch.quantile`.
 * @throws EngineError tensor/shape for an empty list.
 */
export function quantile(values: Float32Array, q: number): number {
  if (values.length === 0) throw failed('tensor/shape', 'Expected at least one number for a quantile but received none.')
  const sorted = values.slice().sort()
  const rank = q * (sorted.length - 1)
  const below = Math.floor(rank)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (rank - below) * (sorted[above] - sorted[below])
}

/** @throws EngineError tensor/shape when the two shapes differ. */
export function requireSameShape(a: Tensor, b: Tensor): void {
  const same = a.dims.length === b.dims.length && a.dims.every((dim, axis) => dim === b.dims[axis])
  if (!same) throw failed('tensor/shape', `Expected two tensors of one shape but received [${a.dims}] and [${b.dims}].`)
}
