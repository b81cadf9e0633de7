/** Arithmetic on dimensions that may be numbers or symbols, and the shape rules several ops share. */
import { EngineError } from '../errors.ts'

/** A dimension: a number, or a symbol such as 'height' or 'batch*height'. Equal text means equal size. */
export type Dim = number | string

/** `[1, 'tokens', 768]` as people read it: `1 x tokens x 768`; a scalar is `scalar`. */
export function formatDims(dims: readonly Dim[]): string {
  return dims.length === 0 ? 'scalar' : dims.join(' x ')
}

/** The error for a shape that an op cannot take. */
export function shapeError(op: string, message: string): EngineError {
  return new EngineError('graph/shape', `${op}: ${message}`)
}

/** a * b in canonical form: number first, then factors in alphabetical order. */
export function multiplyDims(a: Dim, b: Dim): Dim {
  if (a === 1) return b
  if (b === 1) return a
  let factor = 1
  const symbols: string[] = []
  for (const part of [a, b].flatMap((dim) => (typeof dim === 'number' ? [dim] : splitProduct(dim)))) {
    if (typeof part === 'number') factor *= part
    else symbols.push(part)
  }
  if (factor === 0 || symbols.length === 0) return factor
  const product = symbols.sort().join('*')
  return factor === 1 ? product : `${factor}*${product}`
}

/** a / b where it divides exactly (also symbolically), otherwise null. */
export function divideDims(a: Dim, b: Dim): Dim | null {
  if (b === 1) return a
  const numerator = asFactors(a)
  const denominator = asFactors(b)
  for (const symbol of denominator.symbols) {
    const at = numerator.symbols.indexOf(symbol)
    if (at < 0) return null
    numerator.symbols.splice(at, 1)
  }
  if (denominator.factor === 0 || numerator.factor % denominator.factor !== 0) return null
  return numerator.symbols.reduce<Dim>((product, symbol) => multiplyDims(product, symbol), numerator.factor / denominator.factor)
}

/** Product of all dimensions; 1 for a scalar. */
export function countElements(dims: readonly Dim[]): Dim {
  return dims.reduce<Dim>((product, dim) => multiplyDims(product, dim), 1)
}

/** Sum of dimensions; symbols are joined with '+'. */
export function addDims(dims: readonly Dim[]): Dim {
  const constant = dims.reduce<number>((sum, dim) => sum + (typeof dim === 'number' ? dim : 0), 0)
  const symbols = dims.filter((dim) => typeof dim === 'string').sort()
  if (symbols.length === 0) return constant
  const text = symbols.map((symbol) => (/[+-]/.test(symbol) ? `(${symbol})` : symbol)).join('+')
  return constant === 0 ? text : constant > 0 ? `${text}+${constant}` : `${text}${constant}`
}

/** Whether two shapes are equal, symbol for symbol. */
export function sameDims(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis])
}

/** The dimensions as numbers, or null when one of them is symbolic. */
export function fixedDims(dims: readonly Dim[]): number[] | null {
  return dims.every((dim) => typeof dim === 'number') ? [...dims] : null
}

/**
 * numpy broadcasting of two shapes.
 * @throws EngineError graph/shape when an axis differs and neither side is 1.
 */
export function broadcastDims(op: string, a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1
    const right = b[axis - rank + b.length] ?? 1
    if (left === right || right === 1) return left
    if (left === 1) return right
    throw shapeError(op, `shapes ${formatDims(a)} and ${formatDims(b)} do not broadcast: axis ${axis} has ${left} against ${right}.`)
  })
}

/**
 * Axis counted from the front; negative axes count from the back.
 * @throws EngineError graph/shape when it is out of range.
 */
export function normaliseAxis(op: string, axis: number, rank: number): number {
  const front = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || front < 0 || front >= rank) {
    throw shapeError(op, `expected an axis from ${-rank} to ${rank - 1} but received ${axis}.`)
  }
  return front
}

/** Size of a window op's result along one axis: floor((size + before + after - window) / stride) + 1. */
export function windowedDim(op: string, size: Dim, before: number, after: number, window: number, stride: number): Dim {
  if (typeof size === 'number') {
    const result = Math.floor((size + before + after - window) / stride) + 1
    if (result < 1) throw shapeError(op, `a window of ${window} does not fit into ${size} with padding ${before} and ${after}.`)
    return result
  }
  if (stride === 1) return addDims([size, before + after - window + 1])
  return `floor((${addDims([size, before + after - window])})/${stride})+1`
}

/**
 * Target shape of a reshape with at most one -1 filled in.
 * @throws EngineError graph/shape when the element counts differ.
 */
export function resolveReshape(op: string, from: readonly Dim[], to: readonly Dim[]): Dim[] {
  const total = countElements(from)
  const unknown = to.filter((dim) => dim === -1).length
  if (unknown > 1) throw shapeError(op, `expected at most one -1 but received [${to.join(', ')}].`)
  const known = countElements(to.filter((dim) => dim !== -1))
  const rest = divideDims(total, known)
  if (unknown === 1 && rest !== null) return to.map((dim) => (dim === -1 ? rest : dim))
  if (unknown === 0 && total === known) return [...to]
  throw shapeError(op, `cannot view ${formatDims(from)} (${total} elements) as [${to.join(', ')}].`)
}

/** The factors of a symbol: 'a*(b+1)' -> a, (b+1). A bare sum is one factor, in parentheses. */
function splitProduct(symbol: string): (string | number)[] {
  const parts: string[] = ['']
  let depth = 0
  for (const character of symbol) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (depth === 0 && '+-/'.includes(character)) return [`(${symbol})`]
    if (depth === 0 && character === '*') parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}

function asFactors(dim: Dim): { factor: number; symbols: string[] } {
  const parts = typeof dim === 'number' ? [dim] : splitProduct(dim)
  return {
    factor: parts.reduce<number>((product, part) => product * (typeof part === 'number' ? part : 1), 1),
    symbols: parts.filter((part) => typeof part === 'string'),
  }
}
