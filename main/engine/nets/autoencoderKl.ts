/**
 * AutoencoderKL, the VAE of SD1.x and SD2.x: encoder to a diagonal Gaussian, decoder to pixels.
 * Parity: diffusers 0.42 models/autoencoders/{autoencoder_kl,vae}.py; deliberate differences: none.
 */
import { GraphBuilder } from '../graph/builder.ts'
import type { Graph, Value } from '../graph/graph.ts'
import type { WeightIndex } from '../weights/weightIndex.ts'
import { ConfigReader } from './config.ts'
import type { NetConfig } from './config.ts'
import { conv2d, downsample2d, groupNorm, linear, upsample2dBySubpixels } from './layers/modules.ts'
import { resnetBlock } from './layers/resnetBlock.ts'
import type { ResnetPlan } from './unetPlan.ts'

/** What one VAE graph is for: `height` and `width` are rows and columns of its own input. */
export interface VaeSpec {
  readonly batch: number
  readonly height: number
  readonly width: number
  /** Whether the device's fused attention kernel is used. Default true. */
  readonly fused?: boolean
}

interface KlPlan {
  readonly inChannels: number
  readonly outChannels: number
  readonly latentChannels: number
  readonly levels: number
  readonly layers: number
  readonly resnet: ResnetPlan
  readonly midAttention: boolean
  readonly quantConv: boolean
  readonly postQuantConv: boolean
}

function planKl(config: NetConfig): KlPlan {
  const read = new ConfigReader('AutoencoderKL', config)
  const channels = read.counts('block_out_channels', [64])
  read.words('down_block_types', ['DownEncoderBlock2D'], channels.map(() => 'DownEncoderBlock2D' as const))
  read.words('up_block_types', ['UpDecoderBlock2D'], channels.map(() => 'UpDecoderBlock2D' as const))
  return {
    inChannels: read.count('in_channels', 3),
    outChannels: read.count('out_channels', 3),
    latentChannels: read.count('latent_channels', 4),
    levels: channels.length,
    layers: read.count('layers_per_block', 1),
    resnet: {
      groups: read.count('norm_num_groups', 32),
      epsilon: 1e-6,
      activation: read.oneOf('act_fn', ['silu', 'swish', 'gelu', 'relu', 'mish'], 'silu'),
      timeScaleShift: 'default',
    },
    midAttention: read.flag('mid_block_add_attention', true),
    quantConv: read.flag('use_quant_conv', true),
    postQuantConv: read.flag('use_post_quant_conv', true),
  }
}

/**
 * The encoder. Input: sample [B,3,H,W] in [-1,1], H and W divisible by 2^(levels-1). Outputs: mean and std
 * [B,latentChannels,h,w] of the posterior, before the scaling factor.
 * @throws EngineError nets/unsupported-config; weights/missing-key; graph/shape.
 */
export function buildVaeEncoder(config: NetConfig, weights: WeightIndex, spec: VaeSpec): Graph {
  const plan = planKl(config)
  const b = new GraphBuilder('vae-encoder', weights, { fusedAttention: spec.fused ?? true })
  const pixels = b.input('sample', 'f32', [spec.batch, plan.inChannels, spec.height, spec.width])
  const moments = b.scope('encoder', () => {
    let hidden = conv2d(b, 'conv_in', pixels, { padding: 1 })
    for (let level = 0; level < plan.levels; level++) {
      hidden = b.scope(`down_blocks.${level}`, () => {
        for (let layer = 0; layer < plan.layers; layer++) hidden = resnetBlock(b, `resnets.${layer}`, hidden, null, plan.resnet)
        // Padding 0 stands for one row below and one column to the right, unlike the UNet's symmetric 1.
        return level < plan.levels - 1 ? downsample2d(b, 'downsamplers.0', hidden, 0) : hidden
      })
    }
    return endOfStack(b, midBlock(b, hidden, plan), plan)
  })
  const quantised = plan.quantConv ? conv2d(b, 'quant_conv', moments) : moments
  const [mean, logVariance] = b.split(quantised, 1, [plan.latentChannels, plan.latentChannels]) as [Value, Value]
  b.output('mean', mean)
  b.output('std', b.exp(b.mul(b.clip(logVariance, -30, 20), 0.5)))
  return b.build()
}

/**
 * The decoder. Input: latent_sample [B,latentChannels,h,w], already divided by the scaling factor. Output: sample
 * [B,3,8h,8w] (for four levels), not clamped.
 * @throws EngineError nets/unsupported-config; weights/missing-key; graph/shape.
 */
export function buildVaeDecoder(config: NetConfig, weights: WeightIndex, spec: VaeSpec): Graph {
  const plan = planKl(config)
  const b = new GraphBuilder('vae-decoder', weights, { fusedAttention: spec.fused ?? true })
  const latents = b.input('latent_sample', 'f32', [spec.batch, plan.latentChannels, spec.height, spec.width])
  const start = plan.postQuantConv ? conv2d(b, 'post_quant_conv', latents) : latents
  const pixels = b.scope('decoder', () => {
    let hidden = midBlock(b, conv2d(b, 'conv_in', start, { padding: 1 }), plan)
    for (let level = 0; level < plan.levels; level++) {
      hidden = b.scope(`up_blocks.${level}`, () => {
        for (let layer = 0; layer <= plan.layers; layer++) hidden = resnetBlock(b, `resnets.${layer}`, hidden, null, plan.resnet)
        return level < plan.levels - 1 ? upsample2dBySubpixels(b, 'upsamplers.0', hidden) : hidden
      })
    }
    return endOfStack(b, hidden, plan)
  })
  b.output('sample', pixels)
  return b.build()
}

/** conv_norm_out, activation, conv_out. */
function endOfStack(b: GraphBuilder, hidden: Value, plan: KlPlan): Value {
  return conv2d(b, 'conv_out', groupNorm(b, 'conv_norm_out', hidden, plan.resnet), { padding: 1 })
}

/** Resnet, single-head attention over the pixels (when configured), resnet. */
function midBlock(b: GraphBuilder, hidden: Value, plan: KlPlan): Value {
  return b.scope('mid_block', () => {
    const first = resnetBlock(b, 'resnets.0', hidden, null, plan.resnet)
    const attended = plan.midAttention ? pixelAttention(b, 'attentions.0', first, plan) : first
    return resnetBlock(b, 'resnets.1', attended, null, plan.resnet)
  })
}

/** x [B,C,H,W] -> [B,C,H,W]: one head over all pixels, with its residual. */
function pixelAttention(b: GraphBuilder, name: string, x: Value, plan: KlPlan): Value {
  return b.scope(name, () => {
    const [batch, channels, height, width] = x.dims as readonly number[]
    const normal = groupNorm(b, 'group_norm', x, { groups: plan.resnet.groups, epsilon: plan.resnet.epsilon })
    const rows = b.transpose(b.reshape(normal, [batch!, channels!, height! * width!]), [0, 2, 1]) // [B,HW,C]
    const attended = b.attention(linear(b, 'to_q', rows), linear(b, 'to_k', rows), linear(b, 'to_v', rows), { heads: 1 })
    const out = b.transpose(linear(b, 'to_out.0', attended), [0, 2, 1])
    return b.add(b.reshape(out, [batch!, channels!, height!, width!]), x)
  })
}
