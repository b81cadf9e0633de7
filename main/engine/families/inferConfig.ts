/**
 * Configurations of single files, which carry none: sizes are read off tensor shapes (diffusers' key names),
 * what shapes cannot tell comes from the family.
 */
import { badInput } from '../errors.ts'
import type { TensorEntry } from '../weights/weightIndex.ts'
import type { ConfigValues, Family } from './family.ts'

/** Entries of one component by name. */
export type Entries = ReadonlyMap<string, TensorEntry>

/** More levels than any net has; bounds the loops a hostile file can ask for. */
const MAX_LEVELS = 64

/** One dimension of a tensor that must be there. @throws EngineError checkpoint/incomplete (exit 2) */
function dim(entries: Entries, name: string, axis: number): number {
  const size = entries.get(name)?.shape[axis]
  if (size !== undefined) return size
  const [some] = entries.values()
  throw badInput('checkpoint/incomplete', {
    thing: some?.file ?? 'the checkpoint',
    expected: `a tensor ${name} with at least ${axis + 1} dimensions`,
    found: entries.has(name) ? `shape [${entries.get(name)!.shape.join(', ')}]` : 'none',
    todo: 'the checkpoint is incomplete, so fetch it again or give its configuration with --config DIR',
  })
}

/** How many of `stem.0.`, `stem.1.`, ... are there in a row. */
function count(entries: Entries, stem: string): number {
  const present = new Set<number>()
  for (const name of entries.keys()) {
    if (name.startsWith(`${stem}.`)) present.add(Number.parseInt(name.slice(stem.length + 1), 10))
  }
  let n = 0
  while (n < MAX_LEVELS && present.has(n)) n++
  return n
}

/** A list whose elements are all equal is written as the one value, as diffusers' files do. */
function collapsed(values: readonly number[]): number | number[] {
  return values.every((value) => value === values[0]) ? (values[0] ?? 1) : [...values]
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/**
 * The config of a UNet2DConditionModel from its tensors and its family.
 * @param entries diffusers' key names
 * @throws EngineError checkpoint/incomplete (exit 2)
 */
export function inferUnetConfig(entries: Entries, family: Family, size: number): ConfigValues {
  const levels = range(count(entries, 'down_blocks'))
  const channels = levels.map((i) => dim(entries, `down_blocks.${i}.resnets.0.conv1.weight`, 0))
  const has = (stem: string): boolean => count(entries, stem) > 0
  const depth = (place: string): number => Math.max(1, count(entries, `${place}.attentions.0.transformer_blocks`))
  const crossKey = [...entries.keys()].find((name) => name.endsWith('.attn2.to_k.weight'))
  const projection = [...entries].find(([name]) => /\.attentions\.0\.proj_in\.weight$/.test(name))?.[1]
  const timeCondition = entries.get('time_embedding.cond_proj.weight')?.shape[1]
  return {
    ...family.unet,
    sample_size: size / 8,
    in_channels: dim(entries, 'conv_in.weight', 1),
    out_channels: dim(entries, 'conv_out.weight', 0),
    conv_in_kernel: dim(entries, 'conv_in.weight', 2),
    conv_out_kernel: dim(entries, 'conv_out.weight', 2),
    block_out_channels: channels,
    layers_per_block: collapsed(levels.map((i) => count(entries, `down_blocks.${i}.resnets`))),
    down_block_types: levels.map((i) => (has(`down_blocks.${i}.attentions`) ? 'CrossAttnDownBlock2D' : 'DownBlock2D')),
    mid_block_type: has('mid_block.attentions') ? 'UNetMidBlock2DCrossAttn' : has('mid_block.resnets') ? 'UNetMidBlock2D' : null,
    up_block_types: levels.map((i) => (has(`up_blocks.${i}.attentions`) ? 'CrossAttnUpBlock2D' : 'UpBlock2D')),
    transformer_layers_per_block: collapsed(levels.map((i) => depth(`down_blocks.${i}`))),
    cross_attention_dim: crossKey === undefined ? family.crossAttentionDim : dim(entries, crossKey, 1),
    attention_head_dim: family.attentionHeads(channels),
    use_linear_projection: projection?.shape.length === 2,
    ...(timeCondition === undefined ? {} : { time_cond_proj_dim: timeCondition }),
  }
}

/**
 * The config of an AutoencoderKL from its tensors and its family; see {@link inferUnetConfig}.
 * @throws EngineError checkpoint/incomplete (exit 2)
 */
export function inferVaeConfig(entries: Entries, family: Family, size: number): ConfigValues {
  const levels = range(count(entries, 'encoder.down_blocks'))
  return {
    ...family.vae,
    sample_size: size,
    in_channels: dim(entries, 'encoder.conv_in.weight', 1),
    out_channels: dim(entries, 'decoder.conv_out.weight', 0),
    latent_channels: dim(entries, 'decoder.conv_in.weight', 1),
    block_out_channels: levels.map((i) => dim(entries, `encoder.down_blocks.${i}.resnets.0.conv1.weight`, 0)),
    layers_per_block: count(entries, 'encoder.down_blocks.0.resnets'),
    down_block_types: levels.map(() => 'DownEncoderBlock2D'),
    up_block_types: levels.map(() => 'UpDecoderBlock2D'),
    ...(entries.has('decoder.mid_block.attentions.0.to_q.weight') ? {} : { mid_block_add_attention: false }),
    ...(entries.has('quant_conv.weight') ? {} : { use_quant_conv: false }),
    ...(entries.has('post_quant_conv.weight') ? {} : { use_post_quant_conv: false }),
  }
}

/**
 * The config of a CLIPTextModel from its tensors and its family; see {@link inferUnetConfig}.
 * @throws EngineError checkpoint/incomplete (exit 2)
 */
export function inferTextConfig(entries: Entries, family: Family): ConfigValues {
  const hiddenSize = dim(entries, 'text_model.embeddings.token_embedding.weight', 1)
  return {
    ...family.textEncoder,
    vocab_size: dim(entries, 'text_model.embeddings.token_embedding.weight', 0),
    max_position_embeddings: dim(entries, 'text_model.embeddings.position_embedding.weight', 0),
    hidden_size: hiddenSize,
    num_hidden_layers: count(entries, 'text_model.encoder.layers'),
    intermediate_size: dim(entries, 'text_model.encoder.layers.0.mlp.fc1.weight', 0),
    num_attention_heads: Math.max(1, Math.round(hiddenSize / family.textHeadDim)),
  }
}
