/**
 * What a UNet2DConditionModel's configuration means, block by block: the single reading that both the graph and the
 * list of attention sites are made from. Parity: diffusers models/unets/unet_2d_condition.py and unet_2d_blocks.py.
 */
import { ConfigReader, unsupportedConfig } from './config.ts'
import type { NetConfig } from './config.ts'

/** Activations that configurations name. */
export type ActivationName = 'silu' | 'swish' | 'gelu' | 'relu' | 'mish'
const ACTIVATIONS = ['silu', 'swish', 'gelu', 'relu', 'mish'] as const

/** The attention part of one block. */
export interface TransformerPlan {
  /** Number of heads (the configuration's misnamed `attention_head_dim`). */
  readonly heads: number
  /** heads * floor(channels / heads): the width inside. */
  readonly innerChannels: number
  /** Transformer blocks per attention layer. */
  readonly depth: number
  /** Whether attn1 looks at the prompt as well. */
  readonly onlyCrossAttention: boolean
}

/** One entry of down_blocks or up_blocks. */
export interface BlockPlan {
  /** Resnets in it (an up block has one more than its level's layers_per_block). */
  readonly layers: number
  readonly channels: number
  /** Null for blocks without attention. */
  readonly transformer: TransformerPlan | null
  /** Whether a down- or upsampler follows. */
  readonly resamples: boolean
}

/** How the resnets of a net behave. */
export interface ResnetPlan {
  readonly groups: number
  readonly epsilon: number
  readonly activation: ActivationName
  /** 'scale_shift': the time embedding scales and shifts after norm2 instead of being added before it. */
  readonly timeScaleShift: 'default' | 'scale_shift'
}

/** A whole UNet. */
export interface UNetPlan {
  readonly inChannels: number
  readonly outChannels: number
  readonly baseChannels: number
  readonly crossAttentionDim: number
  readonly convInKernel: number
  readonly convOutKernel: number
  readonly centerInputSample: boolean
  readonly linearProjection: boolean
  readonly downsamplePadding: number
  readonly resnet: ResnetPlan
  readonly time: {
    readonly flipSinToCos: boolean
    readonly freqShift: number
    readonly activation: ActivationName
    readonly postActivation: ActivationName | null
    readonly blockActivation: ActivationName | null
    /** Width of the extra `timestep_cond` input, or null without one. */
    readonly conditionChannels: number | null
  }
  readonly down: readonly BlockPlan[]
  readonly mid: { readonly transformer: TransformerPlan | null; readonly scale: number } | null
  readonly up: readonly BlockPlan[]
}

const NET = 'UNet2DConditionModel'
const REFUSED: readonly (readonly [string, unknown, string])[] = [
  ['class_embed_type', null, 'class-conditional UNets are not supported'],
  ['num_class_embeds', null, 'class-conditional UNets are not supported'],
  ['class_embeddings_concat', false, 'class-conditional UNets are not supported'],
  ['addition_embed_type', null, 'added conditions such as those of SDXL are not supported'],
  ['encoder_hid_dim', null, 'projected encoder states are not supported'],
  ['encoder_hid_dim_type', null, 'projected encoder states are not supported'],
  ['dual_cross_attention', false, 'dual cross-attention is not supported'],
  ['cross_attention_norm', null, 'normalised cross-attention is not supported'],
  ['num_attention_heads', null, 'diffusers reads the heads from attention_head_dim'],
  ['reverse_transformer_layers_per_block', null, 'asymmetric transformer depths are not supported'],
  ['time_embedding_type', 'positional', 'Fourier time embeddings are not supported'],
  ['attention_type', 'default', 'gated attention is not supported'],
]

/**
 * Reads a UNet's config.json.
 * @throws EngineError nets/unsupported-config naming the key and the value.
 */
export function planUNet(config: NetConfig): UNetPlan {
  const read = new ConfigReader(NET, config)
  for (const [key, neutral, why] of REFUSED) read.refuse(key, neutral, why)
  const channels = read.counts('block_out_channels', [320, 640, 1280, 1280])
  const levels = channels.length
  const downTypes = read.words('down_block_types', ['CrossAttnDownBlock2D', 'DownBlock2D'], ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'])
  const upTypes = read.words('up_block_types', ['CrossAttnUpBlock2D', 'UpBlock2D'], ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'])
  for (const [key, types] of [['down_block_types', downTypes], ['up_block_types', upTypes]] as const) {
    if (types.length !== levels) throw unsupportedConfig(NET, key, types, `${levels} entries, one per entry of block_out_channels,`)
  }
  const layers = read.counts('layers_per_block', 2, levels)
  const heads = read.counts('attention_head_dim', 8, levels)
  const depths = read.counts('transformer_layers_per_block', 1, levels)
  const onlyCross = read.flags('only_cross_attention', false, levels)
  const crossDims = read.counts('cross_attention_dim', 1280, levels)
  const crossAttentionDim = crossDims[0]!
  if (crossDims.some((dim) => dim !== crossAttentionDim)) throw unsupportedConfig(NET, 'cross_attention_dim', crossDims, 'one width for all blocks')
  const groups = read.count('norm_num_groups', 32)
  const transformer = (level: number, onlyCrossAttention: boolean): TransformerPlan => {
    const perHead = Math.floor(channels[level]! / heads[level]!)
    if (perHead < 1) throw unsupportedConfig(NET, 'attention_head_dim', heads[level], `at most ${channels[level]} heads at level ${level}`)
    return { heads: heads[level]!, innerChannels: heads[level]! * perHead, depth: depths[level]!, onlyCrossAttention }
  }
  for (const width of channels) if (width % groups !== 0) throw unsupportedConfig(NET, 'norm_num_groups', groups, `a divisor of ${width}`)
  const activation = (key: string) => (read.raw(key) === null ? null : read.oneOf(key, ACTIVATIONS, 'silu'))
  const midType = read.oneOf('mid_block_type', ['UNetMidBlock2DCrossAttn', 'UNetMidBlock2D', 'null'], 'UNetMidBlock2DCrossAttn')
  return {
    inChannels: read.count('in_channels', 4),
    outChannels: read.count('out_channels', 4),
    baseChannels: channels[0]!,
    crossAttentionDim,
    convInKernel: read.count('conv_in_kernel', 3),
    convOutKernel: read.count('conv_out_kernel', 3),
    centerInputSample: read.flag('center_input_sample', false),
    linearProjection: read.flag('use_linear_projection', false),
    downsamplePadding: read.number('downsample_padding', 1),
    resnet: {
      groups,
      epsilon: read.number('norm_eps', 1e-5),
      activation: read.oneOf('act_fn', ACTIVATIONS, 'silu'),
      timeScaleShift: read.oneOf('resnet_time_scale_shift', ['default', 'scale_shift'], 'default'),
    },
    time: {
      flipSinToCos: read.flag('flip_sin_to_cos', true),
      freqShift: read.number('freq_shift', 0),
      activation: read.oneOf('act_fn', ACTIVATIONS, 'silu'),
      postActivation: activation('timestep_post_act'),
      blockActivation: activation('time_embedding_act_fn'),
      conditionChannels: read.optionalCount('time_cond_proj_dim'),
    },
    down: downTypes.map((type, level) => ({
      layers: layers[level]!,
      channels: channels[level]!,
      transformer: type === 'CrossAttnDownBlock2D' ? transformer(level, onlyCross[level]!) : null,
      resamples: level < levels - 1,
    })),
    mid:
      midType === 'null'
        ? null
        : {
            // The middle block never takes only_cross_attention in diffusers.
            transformer: midType === 'UNetMidBlock2DCrossAttn' ? transformer(levels - 1, false) : null,
            scale: read.number('mid_block_scale_factor', 1),
          },
    up: upTypes.map((type, index) => {
      const level = levels - 1 - index
      return {
        layers: layers[level]! + 1,
        channels: channels[level]!,
        transformer: type === 'CrossAttnUpBlock2D' ? transformer(level, onlyCross[level]!) : null,
        resamples: index < levels - 1,
      }
    }),
  }
}

/**
 * Heights (or widths) of each level for a latent of `size`: a stride-2 convolution with padding 1 gives ceil(n / 2).
 * With downsample_padding 0 diffusers pads right and below by 1, which gives floor((n - 2) / 2) + 1 = floor(n / 2).
 */
export function levelSizes(plan: UNetPlan, size: number): number[] {
  const sizes = [size]
  for (let level = 1; level < plan.down.length; level++) {
    const above = sizes[level - 1]!
    sizes.push(plan.downsamplePadding === 0 ? Math.floor(above / 2) : Math.floor((above + 2 * plan.downsamplePadding - 3) / 2) + 1)
  }
  return sizes
}
