/** Dense tensors as they pass between the engine's parts: row-major typed arrays with their dimensions. */
import { failed } from '../errors.ts'

declare const axes: unique symbol

/**
 * A float32 tensor, row-major. `Axes` is a phantom brand that names the axes for the reader and the type
 * checker ('batch 4 h/8 w/8'); at run time only `dims` counts.
 */
export interface Tensor<Axes extends string = string> {
  readonly data: Float32Array
  readonly dims: readonly number[]
  readonly [axes]?: Axes
}

/** An integer tensor (token ids, integer timesteps), row-major. */
export interface IntTensor {
  readonly data: BigInt64Array | Int32Array
  readonly dims: readonly number[]
}

/** VAE-space pictures, already times the VAE's scaling factor: [B,4,h/8,w/8]. */
export type Latents = Tensor<'batch channels h/8 w/8'>
/** RGB pictures in [-1,1]: [B,3,h,w]. */
export type Pixels = Tensor<'batch 3 h w'>
/** Text states: [B,tokens,features]. */
export type PromptEmbeds = Tensor<'batch tokens features'>

/** Number of elements of a shape; 1 for the empty shape (a scalar). */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1)
}

/**
 * Wraps `data` (borrowed, not copied) as a tensor.
 * @throws EngineError tensor/size when the number of elements does not fit `dims`.
 */
export function tensor<Axes extends string = string>(data: Float32Array, dims: readonly number[]): Tensor<Axes> {
  checkSize(data.length, dims)
  return { data, dims }
}

/** Wraps integer `data` (borrowed) as a tensor; same check as {@link tensor}. */
export function intTensor(data: BigInt64Array | Int32Array, dims: readonly number[]): IntTensor {
  checkSize(data.length, dims)
  return { data, dims }
}

/** A tensor of zeros. */
export function zeros<Axes extends string = string>(dims: readonly number[]): Tensor<Axes> {
  return { data: new Float32Array(elementCount(dims)), dims }
}

/** Row `index` of the first axis, as a view that shares memory: [1, ...rest]. */
export function row<Axes extends string>(source: Tensor<Axes>, index: number): Tensor<Axes> {
  const rest = source.dims.slice(1)
  const size = elementCount(rest)
  return { data: source.data.subarray(index * size, (index + 1) * size), dims: [1, ...rest] }
}

/**
 * Joins tensors of equal trailing shape along the first axis (copies).
 * @throws EngineError tensor/size when trailing shapes differ or the list is empty.
 */
export function concatRows<Axes extends string>(parts: readonly Tensor<Axes>[]): Tensor<Axes> {
  const first = parts[0]
  if (!first) throw failed('tensor/size', 'Expected at least one tensor to join but received none.')
  const rest = first.dims.slice(1)
  for (const part of parts) {
    if (part.dims.slice(1).join() !== rest.join()) {
      throw failed('tensor/size', `Expected rows of shape [${rest}] but received [${part.dims.slice(1)}].`)
    }
  }
  const rows = parts.reduce((sum, part) => sum + (part.dims[0] ?? 0), 0)
  const data = new Float32Array(rows * elementCount(rest))
  let offset = 0
  for (const part of parts) {
    data.set(part.data, offset)
    offset += part.data.length
  }
  return { data, dims: [rows, ...rest] }
}

/** Index of the first NaN or infinity, or -1 when every element is finite. */
export function firstNonFinite(source: Tensor): number {
  const { data } = source
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i
  return -1
}

function checkSize(length: number, dims: readonly number[]): void {
  const expected = elementCount(dims)
  if (length !== expected) {
    throw failed('tensor/size', `Expected ${expected} elements for a tensor of shape [${dims}] but received ${length}.`)
  }
}
