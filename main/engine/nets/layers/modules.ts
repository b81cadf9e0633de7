/** The smallest modules: a checkpoint's `NAME.weight` and `NAME.bias` applied to a value, named as in PyTorch. */
import type { GraphBuilder } from '../../graph/builder.ts'
import type { Value } from '../../graph/graph.ts'
import type { ActivationName } from '../unetPlan.ts'

/** nn.Linear `name` over the last axis of x [..., in] -> [..., out]; its bias is optional. */
export function linear(b: GraphBuilder, name: string, x: Value): Value {
  return b.scope(name, () => b.linear(x, b.parameter('weight'), b.optionalParameter('bias')))
}

/** nn.Conv2d `name` over x [B,C,H,W]; padding one number or [top, left, bottom, right]; its bias is optional. */
export function conv2d(b: GraphBuilder, name: string, x: Value, o: { stride?: number; padding?: number | readonly [number, number, number, number] } = {}): Value {
  return b.scope(name, () => b.conv2d(x, b.parameter('weight'), b.optionalParameter('bias'), o))
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

/** A stride-2 3x3 convolution: diffusers' Downsample2D. Padding 0 means one row below and one column to the right. */
export function downsample2d(b: GraphBuilder, name: string, x: Value, padding: number): Value {
  return b.scope(name, () => conv2d(b, 'conv', x, { stride: 2, padding: padding === 0 ? [0, 0, 1, 1] : padding }))
}
