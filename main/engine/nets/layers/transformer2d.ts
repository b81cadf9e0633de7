/** diffusers' Transformer2DModel with BasicTransformerBlock, for continuous inputs. */
import type { GraphBuilder } from '../../graph/builder.ts'
import type { Value } from '../../graph/graph.ts'
import type { AttentionSite, AttentionStrategy } from '../attentionSite.ts'
import { conv2d, groupNorm, hasInt8, layerNorm, linear } from './modules.ts'

/** What the transformers of one UNet share. */
export interface TransformerContext {
  /** Prompt states [B, tokens, crossAttentionDim]. */
  readonly encoderHiddenStates: Value
  /** Whether proj_in and proj_out are linear layers instead of 1x1 convolutions. */
  readonly linearProjection: boolean
  readonly groups: number
  /** The site with this module path. */
  readonly siteAt: (name: string) => AttentionSite
  readonly attentionAt: AttentionStrategy
}

/** Attention layer `name` over x [B,C,H,W] -> [B,C,H,W], with its residual. */
export function transformer2d(b: GraphBuilder, name: string, x: Value, depth: number, context: TransformerContext): Value {
  return b.scope(name, () => {
    const [batch, , height, width] = x.dims as readonly number[]
    const pixels = height! * width!
    const normal = groupNorm(b, 'norm', x, { groups: context.groups, epsilon: 1e-6 })
    const toRows = (value: Value) => b.transpose(b.reshape(value, [batch!, value.dims[1]!, pixels]), [0, 2, 1])
    const toMaps = (value: Value) => b.reshape(b.transpose(value, [0, 2, 1]), [batch!, value.dims[2]!, height!, width!])
    // An int8 product wants channels last, so a 1x1 convolution is one linear layer there as well.
    const asLinear = context.linearProjection || hasInt8(b, 'proj_in')
    let hidden = asLinear ? linear(b, 'proj_in', toRows(normal)) : toRows(conv2d(b, 'proj_in', normal)) // [B,HW,C]
    for (let index = 0; index < depth; index++) hidden = transformerBlock(b, `transformer_blocks.${index}`, hidden, context)
    const out = asLinear ? toMaps(linear(b, 'proj_out', hidden)) : conv2d(b, 'proj_out', toMaps(hidden)) // [B,C,H,W]
    return b.add(out, x)
  })
}

/** Self-attention, cross-attention, feed-forward, each behind a layer norm and with a residual. hidden [B,S,C] -> [B,S,C]. */
function transformerBlock(b: GraphBuilder, name: string, hidden: Value, context: TransformerContext): Value {
  return b.scope(name, () => {
    for (const [norm, kind] of [['norm1', 'attn1'], ['norm2', 'attn2']] as const) {
      hidden = b.add(attentionLayer(b, kind, layerNorm(b, norm, hidden), context), hidden)
    }
    return b.add(feedForward(b, 'ff', layerNorm(b, 'norm3', hidden)), hidden)
  })
}

/** q, k, v and output projections around the attention of one site. hidden [B,S,C] -> [B,S,C]. */
function attentionLayer(b: GraphBuilder, kind: 'attn1' | 'attn2', hidden: Value, context: TransformerContext): Value {
  const site = context.siteAt(b.path(kind))
  return b.scope(kind, () => {
    const source = site.isCross ? context.encoderHiddenStates : hidden
    const q = linear(b, 'to_q', hidden)
    const k = linear(b, 'to_k', source)
    const v = linear(b, 'to_v', source)
    return linear(b, 'to_out.0', context.attentionAt({ builder: b, site, q, k, v }))
  })
}

/** Gated feed-forward: the first half of net.0.proj times the exact gelu of its second half, then net.2. */
function feedForward(b: GraphBuilder, name: string, hidden: Value): Value {
  return b.scope(name, () => {
    const both = linear(b, 'net.0.proj', hidden) // [B,S,8C]
    const [values, gate] = b.split(both, 2, 2) as [Value, Value]
    return linear(b, 'net.2', b.mul(values, b.gelu(gate))) // [B,S,C]
  })
}
