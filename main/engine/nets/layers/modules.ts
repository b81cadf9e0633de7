/** The smallest modules: a checkpoint's `NAME.weight` and `NAME.bias` applied to a value, named as in PyTorch. */
import type { GraphBuilder } from '../../graph/builder.ts'
import type { Value } from '../../graph/graph.ts'
import type { ActivationName } from '../unetPlan.ts'

/** Whether the checkpoint holds an int8 form of module `name`'s weight; see weights/quantisedWeights.ts. */
export function hasInt8(b: GraphBuilder, name: string): boolean {
  return b.hasWeight(b.path(`${name}.weight.int8`))
}

/** nn.Linear `name` over the last axis of x [..., in] -> [..., out]; its bias is optional. Int8 where the weights are. */
export function linear(b: GraphBuilder, name: string, x: Value): Value {
  const isInt8 = hasInt8(b, name)
  return b.scope(name, () => {
    const bias = b.optionalParameter('bias')
    if (!isInt8) return b.linear(x, b.parameter('weight'), bias)
    const weight = b.parameter('weight.int8')
    // a 1x1 convolution read as a linear layer
    const matrix = weight.dims.length === 2 ? weight : b.reshape(weight, weight.dims.slice(-2))
    return b.linearInt8(x, matrix, b.parameter('weight.scale'), bias)
  })
}

/** Whether the checkpoint has a module `name` below the current one. */
export function hasModule(b: GraphBuilder, name: string): boolean {
  return b.hasWeight(b.path(`${name}.weight`)) || hasInt8(b, name)
}

/** nn.Conv2d `name` over x [B,C,H,W]; padding one number or [top, left, bottom, right]; its bias is optional. Int8 where the weights are. */
export function conv2d(b: GraphBuilder, name: string, x: Value, o: { stride?: number; padding?: number | readonly [number, number, number, number] } = {}): Value {
  const isInt8 = hasInt8(b, name)
  return b.scope(name, () => {
    const bias = b.optionalParameter('bias')
    return isInt8 ? b.conv2dInt8(x, b.parameter('weight.int8'), b.parameter('weight.scale'), bias, o) : b.conv2d(x, b.parameter('weight'), bias, o)
  })
}

/** nn.LayerNorm `name` over the last axis. */
export function layerNorm(b: GraphBuilder, name: string, x: Value, epsilon = 1e-5): Value {
  return b.scope(name, () => b.layerNorm(x, b.parameter('weight'), b.parameter('bias'), epsilon))
}

/** nn.GroupNorm `name` over x [B,C,...], then the activation when one is given. */
export function groupNorm(b: GraphBuilder, name: string, x: Value, o: { groups: number; epsilon: number; activation?: ActivationName }): Value {
  return b.scope(name, () => {
    const isSilu = o.activation === 'silu' || o.activation === 'swish'
    const normal = b.groupNorm(x, b.parameter('weight'), b.parameter('bias'), { groups: o.groups, epsilon: o.epsilon, activation: isSilu ? 'silu' : 'none' })
    return o.activation && !isSilu ? activate(b, o.activation, normal) : normal
  })
}

/** An activation by the name that configurations use; gelu is the exact one. */
export function activate(b: GraphBuilder, name: ActivationName, x: Value): Value {
  switch (name) {
    case 'silu':
    case 'swish':
      return b.silu(x)
    case 'gelu':
      return b.gelu(x)
    case 'relu':
      return b.relu(x)
    case 'mish':
      // x tanh(ln(1 + e^x)); ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|) does not overflow
      return b.mul(x, b.tanh(b.add(b.relu(x), b.log(b.add(b.exp(b.neg(b.abs(x))), 1)))))
  }
}

/** nearest x2 (or to the given size) and a 3x3 convolution: diffusers' Upsample2D. */
export function upsample2d(b: GraphBuilder, name: string, x: Value, height: number, width: number): Value {
  return b.scope(name, () => conv2d(b, 'conv', b.resizeNearest(x, height, width), { padding: 1 }))
}

/**
 * {@link upsample2d} to exactly twice the size, with 4/9 of its arithmetic. Behind a nearest x2 the nine taps of the
 * convolution fall on only 2x2 different pixels, so each parity of the output is a 2x2 convolution of x with sums of the
 * taps; the sums are constants, made once when the net is loaded (their kernels take 16/9 of the weight's memory).
 */
export function upsample2dBySubpixels(b: GraphBuilder, name: string, x: Value): Value {
  return b.scope(`${name}.conv`, () => {
    const weight = b.parameter('weight') // [out,in,3,3]
    const bias = b.optionalParameter('bias')
    const [batch, , height, width] = x.dims as readonly [number, number, number, number]
    const out = weight.dims[0] as number
    const parities = [0, 1] as const
    const phases = parities.flatMap((row) =>
      parities.map((column) => {
        const kernel = sumTaps(b, sumTaps(b, weight, 2, row), 3, column) // [out,in,2,2]
        return b.conv2d(x, kernel, bias, { padding: [1 - row, 1 - column, row, column] }) // [B,out,H,W]
      }),
    )
    const grid = b.reshape(b.concat(phases, 1), [batch, 2, 2, out, height, width])
    return b.reshape(b.transpose(grid, [0, 3, 4, 1, 5, 2]), [batch, out, 2 * height, 2 * width])
  })
}

/** Three taps along `axis` to two: an even output sees [w0, w1 + w2] of the pixels before and at it, an odd one [w0 + w1, w2]. */
function sumTaps(b: GraphBuilder, weight: Value, axis: number, parity: 0 | 1): Value {
  const [first, second, third] = [0, 1, 2].map((tap) => b.slice(weight, axis, tap, tap + 1)) as [Value, Value, Value]
  return parity === 0 ? b.concat([first, b.add(second, third)], axis) : b.concat([b.add(first, second), third], axis)
}

/** A stride-2 3x3 convolution: diffusers' Downsample2D. Padding 0 means one row below and one column to the right. */
export function downsample2d(b: GraphBuilder, name: string, x: Value, padding: number): Value {
  return b.scope(name, () => conv2d(b, 'conv', x, { stride: 2, padding: padding === 0 ? [0, 0, 1, 1] : padding }))
}

/**
 * The largest of each window of x [B,C,H,W], as nn.MaxPool2d without padding: by comparing every stride-th row, then
 * column. With `ceil` a last window that reaches over the edge counts; x must not be negative then (it comes from a ReLU).
 */
export function maxPool2d(b: GraphBuilder, x: Value, { window, stride, ceil = false }: { window: number; stride: number; ceil?: boolean }): Value {
  return [2, 3].reduce((values, axis) => {
    const size = values.dims[axis] as number
    const count = (ceil ? Math.ceil((size - window) / stride) : Math.floor((size - window) / stride)) + 1
    const missing = Math.max(0, (count - 1) * stride + window - size)
    const whole = missing > 0 ? b.pad(values, values.dims.map((_, other) => (other === axis ? ([0, missing] as const) : ([0, 0] as const)))) : values
    const shifted = Array.from({ length: window }, (_, at) => b.slice(whole, axis, at, at + (count - 1) * stride + 1, stride))
    return shifted.reduce((largest, next) => b.maximum(largest, next))
  }, x)
}
