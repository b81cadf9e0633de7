/** The pre-norm transformer that CLIP's text and vision towers share. */
import type { GraphBuilder } from '../../graph/builder.ts'
import type { Value } from '../../graph/graph.ts'
import { unsupportedConfig } from '../config.ts'
import type { ConfigReader } from '../config.ts'
import { layerNorm, linear } from './modules.ts'

/** Sizes of one tower. */
export interface ClipPlan {
  readonly hiddenSize: number
  readonly layers: number
  readonly heads: number
  readonly epsilon: number
  readonly activation: 'quick_gelu' | 'gelu' | 'gelu_pytorch_tanh' | 'gelu_new'
}

/** The fields that both towers' configurations have. @throws EngineError nets/unsupported-config */
export function planClip(read: ConfigReader, defaults: { hiddenSize: number; layers: number; heads: number }): ClipPlan {
  const hiddenSize = read.count('hidden_size', defaults.hiddenSize)
  const heads = read.count('num_attention_heads', defaults.heads)
  if (hiddenSize % heads !== 0) throw unsupportedConfig(read.net, 'num_attention_heads', heads, `a divisor of ${hiddenSize}`)
  return {
    hiddenSize,
    layers: read.count('num_hidden_layers', defaults.layers),
    heads,
    epsilon: read.number('layer_norm_eps', 1e-5),
    activation: read.oneOf('hidden_act', ['quick_gelu', 'gelu', 'gelu_pytorch_tanh', 'gelu_new'], 'quick_gelu'),
  }
}

/** Layers `encoder.layers.0` to `count - 1` over hidden [B,S,C]; `mask` [S,S] is added to the scores. */
export function clipEncoder(b: GraphBuilder, plan: ClipPlan, hidden: Value, count: number, mask: Value | null): Value {
  for (let layer = 0; layer < count; layer++) {
    hidden = b.scope(`encoder.layers.${layer}`, () => {
      const normal = layerNorm(b, 'layer_norm1', hidden, plan.epsilon)
      const attended = b.add(selfAttention(b, plan, normal, mask), hidden)
      return b.add(perceptron(b, plan, layerNorm(b, 'layer_norm2', attended, plan.epsilon)), attended)
    })
  }
  return hidden
}

function selfAttention(b: GraphBuilder, plan: ClipPlan, hidden: Value, mask: Value | null): Value {
  return b.scope('self_attn', () => {
    const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((name) => linear(b, name, hidden)) as [Value, Value, Value]
    return linear(b, 'out_proj', b.attention(q, k, v, { heads: plan.heads, ...(mask ? { mask } : {}) }))
  })
}

function perceptron(b: GraphBuilder, plan: ClipPlan, hidden: Value): Value {
  return b.scope('mlp', () => {
    const wide = linear(b, 'fc1', hidden)
    const active = plan.activation === 'quick_gelu' ? b.quickGelu(wide) : b.gelu(wide, plan.activation === 'gelu' ? 'none' : 'tanh')
    return linear(b, 'fc2', active)
  })
}
