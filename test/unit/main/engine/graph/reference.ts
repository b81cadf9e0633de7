/** The closed op set in plain TypeScript, double precision, no cleverness: what the op table is tested against. */
import type { OpAttributes, OpName } from '../../../../../main/engine/graph/ops.ts'

/** A tensor of numbers. */
export interface Numbers {
  readonly data: readonly number[]
  readonly dims: readonly number[]
}

type Reference<K extends OpName> = (inputs: readonly Numbers[], attributes: OpAttributes[K]) => Numbers[]

const size = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1)

/** Every index of a shape, in row-major order. */
export function* indices(dims: readonly number[]): Generator<number[]> {
  for (let flat = 0; flat < size(dims); flat++) {
    const index: number[] = new Array(dims.length)
    let rest = flat
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = rest % dims[axis]!
      rest = Math.floor(rest / dims[axis]!)
    }
    yield index
  }
}

/** Element at an index; axes of size 1 and missing leading axes broadcast. */
export function at(tensor: Numbers, index: readonly number[]): number {
  let flat = 0
  const lead = index.length - tensor.dims.length
  tensor.dims.forEach((dim, axis) => {
    flat = flat * dim + (dim === 1 ? 0 : index[axis + lead]!)
  })
  return tensor.data[flat]!
}

function make(dims: readonly number[], element: (index: number[]) => number): Numbers {
  return { dims: [...dims], data: [...indices(dims)].map(element) }
}

function broadcast(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((dims) => dims.length))
  return Array.from({ length: rank }, (_, axis) => Math.max(...shapes.map((dims) => dims[axis - rank + dims.length] ?? 1)))
}

function map(compute: (x: number) => number) {
  return ([x]: readonly Numbers[]): Numbers[] => [{ dims: x!.dims, data: x!.data.map(compute) }]
}

function zip(compute: (...elements: number[]) => number) {
  return (inputs: readonly Numbers[]): Numbers[] => [
    make(broadcast(inputs.map((input) => input.dims)), (index) => compute(...inputs.map((input) => at(input, index)))),
  ]
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

/** 2-D cross-correlation, element by element. */
function conv2d([x, weight, bias]: readonly Numbers[], { stride, padding, dilation, groups }: OpAttributes['conv2d']): Numbers[] {
  const [batch, , height, width] = x!.dims as [number, number, number, number]
  const [out, perGroup, kernelHeight, kernelWidth] = weight!.dims as [number, number, number, number]
  const outHeight = Math.floor((height + padding[0] + padding[2] - (kernelHeight - 1) * dilation[0] - 1) / stride[0]) + 1
  const outWidth = Math.floor((width + padding[1] + padding[3] - (kernelWidth - 1) * dilation[1] - 1) / stride[1]) + 1
  return [
    make([batch, out, outHeight, outWidth], ([b, o, y, z]) => {
      const group = Math.floor(o! / (out / groups))
      let sum = bias ? bias.data[o!]! : 0
      for (const [c, i, j] of indices([perGroup, kernelHeight, kernelWidth])) {
        const row = y! * stride[0] - padding[0] + i! * dilation[0]
        const column = z! * stride[1] - padding[1] + j! * dilation[1]
        if (row < 0 || row >= height || column < 0 || column >= width) continue
        sum += at(x!, [b!, group * perGroup + c!, row, column]) * at(weight!, [o!, c!, i!, j!])
      }
      return sum
    }),
  ]
}

/** Each sample of x as u8 sees it: over the sample's own range, which always includes 0, with a whole zero point. */
function quantised(x: Numbers): Numbers {
  const perSample = x.data.length / x.dims[0]!
  const samples = Array.from({ length: x.dims[0]! }, (_, sample) => {
    const elements = x.data.slice(sample * perSample, (sample + 1) * perSample)
    const least = Math.min(0, ...elements)
    const step = (Math.max(0, ...elements) - least) / 255
    const zero = Math.round(-least / step)
    return elements.map((element) => (Math.min(255, Math.max(0, roundHalfEven(element / step) + zero)) - zero) * step)
  })
  return { data: samples.flat(), dims: x.dims }
}

/** Error function by its Taylor series: exact to double precision for |x| < 4, +-1 beyond. */
function erf(x: number): number {
  if (Math.abs(x) > 4) return Math.sign(x)
  let term = x
  let sum = x
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

function reduce(combine: (elements: number[]) => number) {
  return ([x]: readonly Numbers[], { axes, keepDims }: { axes: readonly number[]; keepDims: boolean }): Numbers[] => {
    const dropped = axes.map((axis) => (axis < 0 ? axis + x!.dims.length : axis))
    const kept = x!.dims.map((dim, axis) => (dropped.includes(axis) ? 1 : dim))
    const result = make(kept, (index) => {
      const span = x!.dims.map((dim, axis) => (dropped.includes(axis) ? dim : 1))
      return combine([...indices(span)].map((offset) => at(x!, index.map((start, axis) => start + offset[axis]!))))
    })
    return [keepDims ? result : { data: result.data, dims: x!.dims.filter((_, axis) => !dropped.includes(axis)) }]
  }
}

function normalise(elements: readonly number[], epsilon: number): number[] {
  const mean = elements.reduce((sum, x) => sum + x, 0) / elements.length
  const variance = elements.reduce((sum, x) => sum + (x - mean) ** 2, 0) / elements.length
  return elements.map((x) => (x - mean) / Math.sqrt(variance + epsilon))
}

function softmaxOf(elements: readonly number[]): number[] {
  const top = Math.max(...elements)
  const powers = elements.map((x) => Math.exp(x - top))
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map((power) => power / sum)
}

function linear([x, weight, bias]: readonly Numbers[]): Numbers[] {
  const [out, width] = weight!.dims as [number, number]
  return [
    make([...x!.dims.slice(0, -1), out], (index) => {
      const row = index.slice(0, -1)
      let sum = bias ? bias.data[index.at(-1)!]! : 0
      for (let k = 0; k < width; k++) sum += at(x!, [...row, k]) * at(weight!, [index.at(-1)!, k])
      return sum
    }),
  ]
}

function attention([q, k, v, mask]: readonly Numbers[], { heads, scale }: OpAttributes['attention']): Numbers[] {
  const [, , width] = q!.dims as [number, number, number]
  const [, keys, outWidth] = v!.dims as [number, number, number]
  const head = width / heads
  const outHead = outWidth / heads
  return [
    make([q!.dims[0]!, q!.dims[1]!, outWidth], ([b, s, feature]) => {
      const h = Math.floor(feature! / outHead)
      const scores = Array.from({ length: keys }, (_, t) => {
        let dot = 0
        for (let d = 0; d < head; d++) dot += at(q!, [b!, s!, h * head + d]) * at(k!, [b!, t, h * head + d])
        return dot * scale + (mask ? at(mask, [b!, h, s!, t]) : 0)
      })
      return softmaxOf(scores).reduce((sum, weight, t) => sum + weight * at(v!, [b!, t, feature!]), 0)
    }),
  ]
}

/** Reference of every op; a new op without one does not compile. */
export const REFERENCES: { readonly [K in OpName]: Reference<K> } = {
  neg: map((x) => -x),
  abs: map(Math.abs),
  exp: map(Math.exp),
  log: map(Math.log),
  sqrt: map(Math.sqrt),
  sin: map(Math.sin),
  cos: map(Math.cos),
  erf: map(erf),
  tanh: map(Math.tanh),
  sigmoid: map(sigmoid),
  relu: map((x) => Math.max(x, 0)),
  silu: map((x) => x * sigmoid(x)),
  quickGelu: map((x) => x * sigmoid(1.702 * x)),
  gelu: ([x], { approximate }) =>
    map(
      approximate === 'none'
        ? (e) => (e / 2) * (1 + erf(e / Math.SQRT2))
        : (e) => (e / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (e + 0.044715 * e ** 3))),
    )([x!]),
  clip: ([x], { min, max }) => map((e) => Math.min(Math.max(e, min), max))([x!]),
  cast: ([x], { to }) => map(to === 'bool' ? (e) => (e === 0 ? 0 : 1) : to.startsWith('i') ? Math.trunc : (e) => e)([x!]),
  add: zip((a, b) => a! + b!),
  sub: zip((a, b) => a! - b!),
  mul: zip((a, b) => a! * b!),
  div: zip((a, b) => a! / b!),
  pow: zip((a, b) => a! ** b!),
  minimum: zip((a, b) => Math.min(a!, b!)),
  maximum: zip((a, b) => Math.max(a!, b!)),
  greater: zip((a, b) => (a! > b! ? 1 : 0)),
  equal: zip((a, b) => (a === b ? 1 : 0)),
  where: zip((condition, a, b) => (condition ? a! : b!)),
  matmul: ([a, b]) => {
    const outer = broadcast([a!.dims.slice(0, -2), b!.dims.slice(0, -2)])
    const inner = a!.dims.at(-1)!
    return [
      make([...outer, a!.dims.at(-2)!, b!.dims.at(-1)!], (index) => {
        const lead = index.slice(0, -2)
        let sum = 0
        for (let k = 0; k < inner; k++) sum += at(a!, [...lead, index.at(-2)!, k]) * at(b!, [...lead, k, index.at(-1)!])
        return sum
      }),
    ]
  },
  linear,
  linearInt8: ([x, weight, scale, bias]) => {
    const [width, out] = weight!.dims as [number, number]
    const dequantised = make([out, width], ([o, i]) => at(weight!, [i!, o!]) * scale!.data[o!]!)
    return linear([quantised(x!), dequantised, ...(bias ? [bias] : [])])
  },
  conv2dInt8: ([x, weight, scale, bias], { stride, padding }) => {
    const [kernelHeight, kernelWidth, channels, out] = weight!.dims as [number, number, number, number]
    const dequantised = make([out, channels, kernelHeight, kernelWidth], ([o, c, i, j]) => at(weight!, [i!, j!, c!, o!]) * scale!.data[o!]!)
    return conv2d([quantised(x!), dequantised, ...(bias ? [bias] : [])], { stride: [stride, stride], padding, dilation: [1, 1], groups: 1 })
  },
  conv2d,
  softmax: ([x], { axis }) => {
    const front = axis < 0 ? axis + x!.dims.length : axis
    return [
      make(x!.dims, (index) => {
        const line = Array.from({ length: x!.dims[front]! }, (_, step) => at(x!, index.with(front, step)))
        return softmaxOf(line)[index[front]!]!
      }),
    ]
  },
  layerNorm: ([x, scale, bias], { epsilon }) => {
    const width = x!.dims.at(-1)!
    const data: number[] = []
    for (let start = 0; start < x!.data.length; start += width) {
      data.push(...normalise(x!.data.slice(start, start + width), epsilon).map((e, i) => e * scale!.data[i]! + bias!.data[i]!))
    }
    return [{ data, dims: x!.dims }]
  },
  groupNorm: ([x, scale, bias], { groups, epsilon, activation }) => {
    const channels = x!.dims[1]!
    const plane = size(x!.dims.slice(2))
    const span = (channels / groups) * plane
    const data: number[] = []
    for (let start = 0; start < x!.data.length; start += span) {
      normalise(x!.data.slice(start, start + span), epsilon).forEach((e, offset) => {
        const channel = Math.floor((start + offset) / plane) % channels
        const result = e * scale!.data[channel]! + bias!.data[channel]!
        data.push(activation === 'silu' ? result * sigmoid(result) : result)
      })
    }
    return [{ data, dims: x!.dims }]
  },
  attention,
  reshape: ([x], { dims }) => {
    const known = size((dims as number[]).filter((dim) => dim !== -1))
    return [{ data: x!.data, dims: (dims as number[]).map((dim) => (dim === -1 ? x!.data.length / known : dim)) }]
  },
  transpose: ([x], { permutation }) => [
    make(permutation.map((axis) => x!.dims[axis]!), (index) => {
      const source: number[] = []
      permutation.forEach((axis, position) => (source[axis] = index[position]!))
      return at(x!, source)
    }),
  ],
  expand: ([x], { dims }) => [make(dims as number[], (index) => at(x!, index))],
  concat: (values, { axis }) => {
    const front = axis < 0 ? axis + values[0]!.dims.length : axis
    const total = values.reduce((sum, value) => sum + value.dims[front]!, 0)
    return [
      make(values[0]!.dims.with(front, total), (index) => {
        let position = index[front]!
        const value = values.find((candidate) => {
          if (position < candidate.dims[front]!) return true
          position -= candidate.dims[front]!
          return false
        })!
        return at(value, index.with(front, position))
      }),
    ]
  },
  slice: ([x], { axis, start, end, step }) => {
    const front = axis < 0 ? axis + x!.dims.length : axis
    return [make(x!.dims.with(front, Math.ceil((end - start) / step)), (index) => at(x!, index.with(front, start + index[front]! * step)))]
  },
  split: ([x], { axis, sizes }) => {
    const front = axis < 0 ? axis + x!.dims.length : axis
    let start = 0
    return sizes.map((part) => {
      const from = start
      start += part
      return make(x!.dims.with(front, part), (index) => at(x!, index.with(front, from + index[front]!)))
    })
  },
  pad: ([x], { before, after, value }) => [
    make(x!.dims.map((dim, axis) => dim + before[axis]! + after[axis]!), (index) => {
      const source = index.map((position, axis) => position - before[axis]!)
      return source.every((position, axis) => position >= 0 && position < x!.dims[axis]!) ? x!.data[source.reduce((flat, position, axis) => flat * x!.dims[axis]! + position, 0)]! : value
    }),
  ],
  gather: ([table, rows], { axis }) => {
    const front = axis < 0 ? axis + table!.dims.length : axis
    const rank = rows!.dims.length
    return [
      make([...table!.dims.slice(0, front), ...rows!.dims, ...table!.dims.slice(front + 1)], (index) => {
        const row = rank === 0 ? rows!.data[0]! : at(rows!, index.slice(front, front + rank))
        return at(table!, [...index.slice(0, front), row, ...index.slice(front + rank)])
      }),
    ]
  },
  resizeNearest: ([x], { height, width }) => {
    const [batch, channels, fromHeight, fromWidth] = x!.dims as [number, number, number, number]
    return [
      make([batch, channels, height as number, width as number], ([b, c, y, z]) =>
        at(x!, [b!, c!, Math.floor((y! * fromHeight) / (height as number)), Math.floor((z! * fromWidth) / (width as number))]),
      ),
    ]
  },
  averagePool: ([x], { window, stride }) => {
    const [batch, channels, height, width] = x!.dims as [number, number, number, number]
    const outHeight = Math.floor((height - window[0]) / stride[0]) + 1
    const outWidth = Math.floor((width - window[1]) / stride[1]) + 1
    return [
      make([batch, channels, outHeight, outWidth], ([b, c, y, z]) => {
        let sum = 0
        for (const [i, j] of indices(window)) sum += at(x!, [b!, c!, y! * stride[0] + i!, z! * stride[1] + j!])
        return sum / size(window)
      }),
    ]
  },
  reduceMean: reduce((elements) => elements.reduce((sum, x) => sum + x, 0) / elements.length),
  reduceSum: reduce((elements) => elements.reduce((sum, x) => sum + x, 0)),
  reduceMax: reduce((elements) => Math.max(...elements)),
  argmax: ([x], { axis }) => {
    const front = axis < 0 ? axis + x!.dims.length : axis
    return [
      make(x!.dims.toSpliced(front, 1), (index) => {
        const line = Array.from({ length: x!.dims[front]! }, (_, step) => at(x!, index.toSpliced(front, 0, step)))
        return line.indexOf(Math.max(...line))
      }),
    ]
  },
}

function roundHalfEven(x: number): number {
  const rounded = Math.round(x)
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}
