/**
 * Key rules for single-file checkpoints: the names of CompVis' latent-diffusion and Stability's
 * generative-models code (UNet, VAE), of transformers' and OpenCLIP's text towers, to the names of diffusers.
 *
 * The UNet's numbering depends on how many layers a block has; it is read off the file itself (a block ends
 * where its down- or upsampler is) instead of being assumed, so unusual depths work too.
 */
import { type KeyRule, clipTextRule, squeezed } from './keyRules.ts'
import type { TensorEntry } from './weightIndex.ts'

/** Where the components of a single file live. */
export const LDM_PREFIX = {
  unet: 'model.diffusion_model.',
  vae: 'first_stage_model.',
  clip: 'cond_stage_model.transformer.',
  openClip: 'cond_stage_model.model.',
} as const

/** The entries whose name starts with `prefix`, without it. */
export function withoutPrefix(entries: Iterable<TensorEntry>, prefix: string): TensorEntry[] {
  const found: TensorEntry[] = []
  for (const entry of entries) {
    if (entry.name.startsWith(prefix)) found.push({ ...entry, name: entry.name.slice(prefix.length) })
  }
  return found
}

const UNET_FIXED: Readonly<Record<string, string>> = {
  'time_embed.0': 'time_embedding.linear_1',
  'time_embed.2': 'time_embedding.linear_2',
  'time_embed.cond_proj': 'time_embedding.cond_proj',
  'input_blocks.0.0': 'conv_in',
  'out.0': 'conv_norm_out',
  'out.2': 'conv_out',
}

const UNET_RESNET: Readonly<Record<string, string>> = {
  'in_layers.0': 'norm1',
  'in_layers.2': 'conv1',
  'emb_layers.1': 'time_emb_proj',
  'out_layers.0': 'norm2',
  'out_layers.3': 'conv2',
  skip_connection: 'conv_shortcut',
}

/** One more than the highest number N in names that start with `${stem}.N`. */
function countNumbered(names: Iterable<string>, stem: string): number {
  let count = 0
  for (const name of names) {
    if (!name.startsWith(`${stem}.`)) continue
    const number = Number.parseInt(name.slice(stem.length + 1), 10)
    if (number >= count && number < MAX_BLOCKS) count = number + 1
  }
  return count
}

/** Far more numbered blocks than any UNet has; bounds the tables a hostile file can ask for. */
const MAX_BLOCKS = 1000

/** `input_blocks.4.1` -> `down_blocks.1.attentions.0`, for every numbered module of this UNet. */
function unetModules(names: ReadonlySet<string>): Map<string, string> {
  const modules = new Map<string, string>()
  let block = 0
  let layer = 0
  for (let i = 1; i < countNumbered(names, 'input_blocks'); i++) {
    if (names.has(`input_blocks.${i}.0.op.weight`)) {
      modules.set(`input_blocks.${i}.0.op`, `down_blocks.${block++}.downsamplers.0.conv`)
      layer = 0
    } else {
      modules.set(`input_blocks.${i}.0`, `down_blocks.${block}.resnets.${layer}`)
      modules.set(`input_blocks.${i}.1`, `down_blocks.${block}.attentions.${layer++}`)
    }
  }
  modules.set('middle_block.0', 'mid_block.resnets.0')
  modules.set('middle_block.1', 'mid_block.attentions.0')
  modules.set('middle_block.2', 'mid_block.resnets.1')
  block = layer = 0
  for (let i = 0; i < countNumbered(names, 'output_blocks'); i++) {
    modules.set(`output_blocks.${i}.0`, `up_blocks.${block}.resnets.${layer}`)
    modules.set(`output_blocks.${i}.1`, `up_blocks.${block}.attentions.${layer++}`)
    for (const place of [1, 2]) {
      if (!names.has(`output_blocks.${i}.${place}.conv.weight`)) continue
      modules.set(`output_blocks.${i}.${place}.conv`, `up_blocks.${block++}.upsamplers.0.conv`)
      layer = 0
    }
  }
  return modules
}

/**
 * The rule for a UNet's tensors (prefix already removed). Keys that no module of a UNet explains are dropped.
 * @param names all stored names of the UNet: the numbering follows from them
 */
export function ldmUnetRule(names: Iterable<string>): KeyRule {
  const modules = unetModules(new Set(names))
  return (entry) => {
    const dot = entry.name.lastIndexOf('.')
    const stem = entry.name.slice(0, dot)
    const leaf = entry.name.slice(dot)
    const whole = UNET_FIXED[stem] ?? modules.get(stem)
    if (whole !== undefined) return { ...entry, name: whole + leaf }
    const match = /^((?:input_blocks|output_blocks)\.\d+\.\d+|middle_block\.\d+)\.(.+)$/.exec(stem)
    const module = modules.get(match?.[1] ?? '')
    if (module === undefined) return null
    const inner = match![2]!
    const part = module.includes('.resnets.') ? UNET_RESNET[inner] : inner // transformer blocks kept their names
    return part === undefined ? null : { ...entry, name: `${module}.${part}${leaf}` }
  }
}

const VAE_PARTS: readonly (readonly [RegExp, string])[] = [
  [/^(encoder|decoder)\.mid\.block_1\./, '$1.mid_block.resnets.0.'],
  [/^(encoder|decoder)\.mid\.block_2\./, '$1.mid_block.resnets.1.'],
  [/^(encoder|decoder)\.mid\.attn_1\.norm\./, '$1.mid_block.attentions.0.group_norm.'],
  [/^(encoder|decoder)\.mid\.attn_1\.(q|k|v)\./, '$1.mid_block.attentions.0.to_$2.'],
  [/^(encoder|decoder)\.mid\.attn_1\.proj_out\./, '$1.mid_block.attentions.0.to_out.0.'],
  [/^(encoder|decoder)\.norm_out\./, '$1.conv_norm_out.'],
  [/^encoder\.down\.(\d+)\.block\.(\d+)\./, 'encoder.down_blocks.$1.resnets.$2.'],
  [/^encoder\.down\.(\d+)\.downsample\./, 'encoder.down_blocks.$1.downsamplers.0.'],
]

/**
 * The rule for a KL autoencoder's tensors (prefix already removed). The decoder numbers its levels from the
 * finest up, diffusers from the coarsest: level i of n becomes up_blocks.(n-1-i).
 */
export function ldmVaeRule(names: Iterable<string>): KeyRule {
  const levels = countNumbered(names, 'decoder.up')
  return (entry) => {
    let name = entry.name
    for (const [pattern, replacement] of VAE_PARTS) name = name.replace(pattern, replacement)
    name = name.replace(/^decoder\.up\.(\d+)\.(?:block\.(\d+)|upsample)\./, (_all, level: string, block: string | undefined) =>
      `decoder.up_blocks.${levels - 1 - Number(level)}.${block === undefined ? 'upsamplers.0' : `resnets.${block}`}.`)
    name = name.replace('.nin_shortcut.', '.conv_shortcut.')
    if (!/^(encoder|decoder|quant_conv|post_quant_conv)\./.test(name)) return null // training losses and the like
    return { ...(name.includes('.attentions.') ? squeezed(entry) : entry), name }
  }
}

/** The rule for CLIP-L as SD1.x files carry it (prefix already removed): transformers' own names, any prefix. */
export const ldmClipRule: KeyRule = (entry) => {
  const renamed = clipTextRule(entry)
  return renamed?.name.startsWith('text_model.') ? renamed : null
}

/** SD2.x conditions on the last layer but one; diffusers leaves OpenCLIP-H's 24th out, and so do we. */
const FIRST_UNUSED_RESBLOCK = 23

const OPEN_CLIP: Readonly<Record<string, string>> = {
  'token_embedding.weight': 'text_model.embeddings.token_embedding.weight',
  positional_embedding: 'text_model.embeddings.position_embedding.weight',
  'ln_final.weight': 'text_model.final_layer_norm.weight',
  'ln_final.bias': 'text_model.final_layer_norm.bias',
}

const OPEN_CLIP_BLOCK: Readonly<Record<string, string>> = {
  'attn.out_proj': 'self_attn.out_proj',
  ln_1: 'layer_norm1',
  ln_2: 'layer_norm2',
  'mlp.c_fc': 'mlp.fc1',
  'mlp.c_proj': 'mlp.fc2',
}

/**
 * OpenCLIP's text tower -> transformers' keys (prefix already removed). The joined in_proj becomes three
 * entries: its rows are q, k and v one after the other, so each is a run of the same bytes. text_projection
 * is left out: SD2.x does not use it.
 * @param layers resblocks to keep; the first 23 when absent
 */
export function openClipEntries(entries: Iterable<TensorEntry>, layers = FIRST_UNUSED_RESBLOCK): TensorEntry[] {
  const out: TensorEntry[] = []
  for (const entry of entries) {
    const whole = OPEN_CLIP[entry.name]
    if (whole !== undefined) out.push({ ...entry, name: whole })
    const match = /^transformer\.resblocks\.(\d+)\.(.+)$/.exec(entry.name)
    if (!match || Number(match[1]) >= layers) continue
    const layer = `text_model.encoder.layers.${Number(match[1])}`
    const joined = /^attn\.in_proj_(weight|bias)$/.exec(match[2]!)
    if (joined) {
      const rows = thirds(entry)
      rows.forEach((third, i) => out.push({ ...third, name: `${layer}.self_attn.${'qkv'[i]}_proj.${joined[1]}` }))
      continue
    }
    const dot = match[2]!.lastIndexOf('.')
    const part = OPEN_CLIP_BLOCK[match[2]!.slice(0, dot)]
    if (part !== undefined) out.push({ ...entry, name: `${layer}.${part}${match[2]!.slice(dot)}` })
  }
  return out
}

/** A tensor of 3d rows as its three runs of d rows; none when the rows do not divide by three. */
function thirds(entry: TensorEntry): TensorEntry[] {
  const [rows = 0, ...rest] = entry.shape
  if (rows % 3 !== 0) return []
  const length = entry.length / 3
  return [0, 1, 2].map((i) => ({ ...entry, shape: [rows / 3, ...rest], offset: entry.offset + i * length, length }))
}
