/**
 * Names and shapes of every tensor of the nets that the benchmark times, from their configurations alone, so that
 * checkpoints of SD1.5's shape can be made on the spot instead of being downloaded.
 */
import { planUNet } from '../../main/engine/nets/unetPlan.ts'
import type { TransformerPlan, UNetPlan } from '../../main/engine/nets/unetPlan.ts'

/** Tensor name -> shape, in the order they are written. */
export type Shapes = Map<string, readonly number[]>

/** SD1.5's configurations, as its config.json files say (fields at their defaults left out). */
export const SD15 = {
  unet: { _class_name: 'UNet2DConditionModel', cross_attention_dim: 768, attention_head_dim: 8, sample_size: 64 },
  vae: {
    _class_name: 'AutoencoderKL', block_out_channels: [128, 256, 512, 512], layers_per_block: 2, sample_size: 512, scaling_factor: 0.18215,
    down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
    up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
  },
  text_encoder: {
    architectures: ['CLIPTextModel'], model_type: 'clip_text_model', hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 12,
    max_position_embeddings: 77, vocab_size: 49408, hidden_act: 'quick_gelu', eos_token_id: 2, projection_dim: 768,
  },
} as const

class ShapeWriter {
  readonly shapes: Shapes = new Map()
  linear(name: string, from: number, to: number, bias = true): void {
    this.shapes.set(`${name}.weight`, [to, from])
    if (bias) this.shapes.set(`${name}.bias`, [to])
  }
  conv(name: string, from: number, to: number, kernel: number): void {
    this.shapes.set(`${name}.weight`, [to, from, kernel, kernel])
    this.shapes.set(`${name}.bias`, [to])
  }
  norm(name: string, channels: number): void {
    this.shapes.set(`${name}.weight`, [channels])
    this.shapes.set(`${name}.bias`, [channels])
  }
  resnet(name: string, from: number, to: number, time: number | null): void {
    this.norm(`${name}.norm1`, from)
    this.conv(`${name}.conv1`, from, to, 3)
    if (time !== null) this.linear(`${name}.time_emb_proj`, time, to)
    this.norm(`${name}.norm2`, to)
    this.conv(`${name}.conv2`, to, to, 3)
    if (from !== to) this.conv(`${name}.conv_shortcut`, from, to, 1)
  }
  transformer(name: string, channels: number, transformer: TransformerPlan, plan: UNetPlan): void {
    const inner = transformer.innerChannels
    const project = (at: string, from: number, to: number) => (plan.linearProjection ? this.linear(at, from, to) : this.conv(at, from, to, 1))
    this.norm(`${name}.norm`, channels)
    project(`${name}.proj_in`, channels, inner)
    for (let depth = 0; depth < transformer.depth; depth++) {
      const block = `${name}.transformer_blocks.${depth}`
      for (const [kind, source] of [['attn1', transformer.onlyCrossAttention ? plan.crossAttentionDim : inner], ['attn2', plan.crossAttentionDim]] as const) {
        this.linear(`${block}.${kind}.to_q`, inner, inner, false)
        this.linear(`${block}.${kind}.to_k`, source, inner, false)
        this.linear(`${block}.${kind}.to_v`, source, inner, false)
        this.linear(`${block}.${kind}.to_out.0`, inner, inner)
      }
      this.linear(`${block}.ff.net.0.proj`, inner, 8 * inner)
      this.linear(`${block}.ff.net.2`, 4 * inner, inner)
      for (const norm of ['norm1', 'norm2', 'norm3']) this.norm(`${block}.${norm}`, inner)
    }
    project(`${name}.proj_out`, inner, channels)
  }
}

/** Shapes of a UNet2DConditionModel. */
export function unetShapes(config: Readonly<Record<string, unknown>>): Shapes {
  const plan = planUNet(config)
  const write = new ShapeWriter()
  const time = 4 * plan.baseChannels
  write.conv('conv_in', plan.inChannels, plan.baseChannels, plan.convInKernel)
  write.linear('time_embedding.linear_1', plan.baseChannels, time)
  write.linear('time_embedding.linear_2', time, time)
  if (plan.time.conditionChannels !== null) write.linear('time_embedding.cond_proj', plan.time.conditionChannels, plan.baseChannels, false)
  const skips = [plan.baseChannels]
  let width = plan.baseChannels
  plan.down.forEach((block, index) => {
    for (let layer = 0; layer < block.layers; layer++) {
      write.resnet(`down_blocks.${index}.resnets.${layer}`, width, block.channels, time)
      if (block.transformer) write.transformer(`down_blocks.${index}.attentions.${layer}`, block.channels, block.transformer, plan)
      skips.push((width = block.channels))
    }
    if (!block.resamples) return
    write.conv(`down_blocks.${index}.downsamplers.0.conv`, width, width, 3)
    skips.push(width)
  })
  if (plan.mid) {
    write.resnet('mid_block.resnets.0', width, width, time)
    if (plan.mid.transformer) {
      write.transformer('mid_block.attentions.0', width, plan.mid.transformer, plan)
      write.resnet('mid_block.resnets.1', width, width, time)
    }
  }
  plan.up.forEach((block, index) => {
    for (let layer = 0; layer < block.layers; layer++) {
      write.resnet(`up_blocks.${index}.resnets.${layer}`, width + skips.pop()!, block.channels, time)
      if (block.transformer) write.transformer(`up_blocks.${index}.attentions.${layer}`, block.channels, block.transformer, plan)
      width = block.channels
    }
    if (block.resamples) write.conv(`up_blocks.${index}.upsamplers.0.conv`, width, width, 3)
  })
  write.norm('conv_norm_out', width)
  write.conv('conv_out', width, plan.outChannels, plan.convOutKernel)
  return write.shapes
}

/** Shapes of an AutoencoderKL with attention in the middle and both quant convolutions. */
export function vaeShapes(config: typeof SD15.vae): Shapes {
  const write = new ShapeWriter()
  const channels = config.block_out_channels
  const deepest = channels.at(-1)!
  const latent = 4
  const middle = (side: string) => {
    write.resnet(`${side}.mid_block.resnets.0`, deepest, deepest, null)
    write.norm(`${side}.mid_block.attentions.0.group_norm`, deepest)
    for (const part of ['to_q', 'to_k', 'to_v', 'to_out.0']) write.linear(`${side}.mid_block.attentions.0.${part}`, deepest, deepest)
    write.resnet(`${side}.mid_block.resnets.1`, deepest, deepest, null)
  }
  write.conv('encoder.conv_in', 3, channels[0], 3)
  let width: number = channels[0]
  channels.forEach((to, level) => {
    for (let layer = 0; layer < config.layers_per_block; layer++, width = to) write.resnet(`encoder.down_blocks.${level}.resnets.${layer}`, width, to, null)
    if (level < channels.length - 1) write.conv(`encoder.down_blocks.${level}.downsamplers.0.conv`, to, to, 3)
  })
  middle('encoder')
  write.norm('encoder.conv_norm_out', deepest)
  write.conv('encoder.conv_out', deepest, 2 * latent, 3)
  write.conv('quant_conv', 2 * latent, 2 * latent, 1)
  write.conv('post_quant_conv', latent, latent, 1)
  write.conv('decoder.conv_in', latent, deepest, 3)
  middle('decoder')
  channels.toReversed().forEach((to, level) => {
    for (let layer = 0; layer <= config.layers_per_block; layer++, width = to) write.resnet(`decoder.up_blocks.${level}.resnets.${layer}`, width, to, null)
    if (level < channels.length - 1) write.conv(`decoder.up_blocks.${level}.upsamplers.0.conv`, to, to, 3)
  })
  write.norm('decoder.conv_norm_out', width)
  write.conv('decoder.conv_out', width, 3, 3)
  return write.shapes
}

/** Shapes of a CLIPTextModel. */
export function clipTextShapes(config: typeof SD15.text_encoder): Shapes {
  const write = new ShapeWriter()
  const width = config.hidden_size
  write.shapes.set('text_model.embeddings.token_embedding.weight', [config.vocab_size, width])
  write.shapes.set('text_model.embeddings.position_embedding.weight', [config.max_position_embeddings, width])
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const layer = `text_model.encoder.layers.${index}`
    for (const part of ['q_proj', 'k_proj', 'v_proj', 'out_proj']) write.linear(`${layer}.self_attn.${part}`, width, width)
    write.norm(`${layer}.layer_norm1`, width)
    write.norm(`${layer}.layer_norm2`, width)
    write.linear(`${layer}.mlp.fc1`, width, config.intermediate_size)
    write.linear(`${layer}.mlp.fc2`, config.intermediate_size, width)
  }
  write.norm('text_model.final_layer_norm', width)
  return write.shapes
}
