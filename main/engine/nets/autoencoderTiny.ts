/**
 * AutoencoderTiny (TAESD): a small VAE for previews and for machines short of memory.
 * Parity: diffusers 0.42 models/autoencoders/{autoencoder_tiny,vae}.py; deliberate differences: none.
 */
import { GraphBuilder } from '../graph/builder.ts'
import type { Graph, Value } from '../graph/graph.ts'
import type { WeightIndex } from '../weights/weightIndex.ts'
import type { VaeSpec } from './autoencoderKl.ts'
import { ConfigReader, unsupportedConfig } from './config.ts'
import type { NetConfig } from './config.ts'
import { activate, conv2d } from './layers/modules.ts'
import type { ActivationName } from './unetPlan.ts'

interface TinyPlan {
  readonly inChannels: number
  readonly latentChannels: number
  /** Blocks per stage. */
  readonly encoderBlocks: readonly number[]
  readonly decoderBlocks: readonly number[]
  readonly activation: ActivationName
  readonly scale: number
}

function planTiny(config: NetConfig): TinyPlan {
  const read = new ConfigReader('AutoencoderTiny', config)
  read.refuse('upsample_fn', 'nearest', 'only nearest upsampling is supported')
  const encoderBlocks = read.counts('num_encoder_blocks', [1, 3, 3, 3])
  const decoderBlocks = read.counts('num_decoder_blocks', [3, 3, 3, 1])
  for (const [key, blocks] of [['encoder_block_out_channels', encoderBlocks], ['decoder_block_out_channels', decoderBlocks]] as const) {
    const channels = read.counts(key, blocks.map(() => 64))
    if (channels.length !== blocks.length) throw unsupportedConfig(read.net, key, channels, `${blocks.length} entries, one per stage,`)
  }
  return {
    inChannels: read.count('in_channels', 3),
    latentChannels: read.count('latent_channels', 4),
    encoderBlocks,
    decoderBlocks,
    activation: read.oneOf('act_fn', ['relu', 'silu', 'swish', 'gelu', 'mish'], 'relu'),
    scale: read.count('upsampling_scaling_factor', 2),
  }
}

/** The tiny encoder. Input: sample [B,3,H,W] in [-1,1]. Output: latents [B,4,h,w], already times the scaling factor of the big VAE. */
export function buildTinyEncoder(config: NetConfig, weights: WeightIndex, spec: VaeSpec): Graph {
  const plan = planTiny(config)
  const b = new GraphBuilder('tiny-vae-encoder', weights)
  const sample = b.input('sample', 'f32', [spec.batch, plan.inChannels, spec.height, spec.width])
  const latents = b.scope('encoder', () => {
    const sequence = new Sequence()
    let hidden = b.mul(b.add(sample, 1), 0.5)
    plan.encoderBlocks.forEach((blocks, stage) => {
      hidden = conv2d(b, sequence.next(), hidden, { padding: 1, stride: stage === 0 ? 1 : 2 })
      for (let block = 0; block < blocks; block++) hidden = tinyBlock(b, sequence.next(), hidden, plan.activation)
    })
    return conv2d(b, sequence.next(), hidden, { padding: 1 })
  })
  b.output('latents', latents)
  return b.build()
}

/** The tiny decoder. Input: latent_sample [B,4,h,w], times the big VAE's scaling factor. Output: sample [B,3,H,W] in about [-1,1], not clamped. */
export function buildTinyDecoder(config: NetConfig, weights: WeightIndex, spec: VaeSpec): Graph {
  const plan = planTiny(config)
  const b = new GraphBuilder('tiny-vae-decoder', weights)
  const latents = b.input('latent_sample', 'f32', [spec.batch, plan.latentChannels, spec.height, spec.width])
  const pixels = b.scope('decoder', () => {
    const sequence = new Sequence()
    // 3 tanh(x / 3) bounds the latents softly
    let hidden = conv2d(b, sequence.next(), b.mul(b.tanh(b.div(latents, 3)), 3), { padding: 1 })
    sequence.next() // the activation has a place of its own in the checkpoint's numbering
    hidden = activate(b, plan.activation, hidden)
    let { height, width } = spec
    plan.decoderBlocks.forEach((blocks, stage) => {
      for (let block = 0; block < blocks; block++) hidden = tinyBlock(b, sequence.next(), hidden, plan.activation)
      if (stage < plan.decoderBlocks.length - 1) {
        sequence.next() // so has the upsampler
        height *= plan.scale
        width *= plan.scale
        hidden = b.resizeNearest(hidden, height, width)
      }
      hidden = conv2d(b, sequence.next(), hidden, { padding: 1 })
    })
    return hidden
  })
  b.output('sample', b.sub(b.mul(pixels, 2), 1))
  return b.build()
}

/** Three convolutions, a skip and a final ReLU: diffusers' AutoencoderTinyBlock. */
function tinyBlock(b: GraphBuilder, name: string, x: Value, activation: ActivationName): Value {
  return b.scope(name, () => {
    const first = activate(b, activation, conv2d(b, 'conv.0', x, { padding: 1 }))
    const second = activate(b, activation, conv2d(b, 'conv.2', first, { padding: 1 }))
    const third = conv2d(b, 'conv.4', second, { padding: 1 })
    const skip = b.hasWeight(b.path('skip.weight')) ? conv2d(b, 'skip', x) : x
    return b.relu(b.add(third, skip))
  })
}

/** Names `layers.0`, `layers.1`, ... of an nn.Sequential. */
class Sequence {
  #index = 0
  next(): string {
    return `layers.${this.#index++}`
  }
}
