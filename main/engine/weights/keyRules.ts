/**
 * Names under which libraries of different years store the same tensors, brought to one form: the keys of
 * today's diffusers for UNet and VAE, `text_model.` / `vision_model.` prefixed transformers keys for CLIP.
 * Every rule renames, drops, or reinterprets bytes in place; none needs the data.
 */
import type { TensorEntry } from './weightIndex.ts'

/** Renames one stored tensor; `null` drops it. */
export type KeyRule = (entry: TensorEntry) => TensorEntry | null

/** Applies a rule to every entry. A later entry of the same name wins, as in diffusers. */
export function applyRule(entries: Iterable<TensorEntry>, rule: KeyRule): TensorEntry[] {
  const named = new Map<string, TensorEntry>()
  for (const entry of entries) {
    const renamed = rule(entry)
    if (renamed) named.set(renamed.name, renamed)
  }
  return [...named.values()]
}

/** Stored as [c,c,1,1], a 1x1 convolution, where the net wants the matrix [c,c]: the same bytes. */
export function squeezed(entry: TensorEntry): TensorEntry {
  const [rows, columns, height, width] = entry.shape
  return entry.shape.length === 4 && height === 1 && width === 1 ? { ...entry, shape: [rows!, columns!] } : entry
}

/** Buffers that older transformers stored though they are only 0..76. */
function isPositionBuffer(name: string): boolean {
  return name.endsWith('position_ids')
}

/** diffusers before 0.15 called the VAE's attention projections so. */
const OLD_VAE_ATTENTION: Readonly<Record<string, string>> = { query: 'to_q', key: 'to_k', value: 'to_v', proj_attn: 'to_out.0' }

/** VAE keys of every diffusers version -> today's. */
export const vaeRule: KeyRule = (entry) => {
  const match = /^(.*\.attentions\.\d+\.)(query|key|value|proj_attn|to_q|to_k|to_v|to_out\.0)\.(weight|bias)$/.exec(entry.name)
  if (!match) return entry
  const [, place, part, leaf] = match as unknown as [string, string, string, string]
  return { ...squeezed(entry), name: `${place}${OLD_VAE_ATTENTION[part] ?? part}.${leaf}` }
}

/** CLIP text encoders: with `text_model.` (transformers up to 4) or without (5, and some early SD1 files). */
export const clipTextRule: KeyRule = (entry) => {
  if (isPositionBuffer(entry.name) || entry.name === 'logit_scale') return null
  return /^(embeddings|encoder|final_layer_norm)\./.test(entry.name) ? { ...entry, name: `text_model.${entry.name}` } : entry
}

/** CLIP image encoders; same history of the prefix. */
export const clipVisionRule: KeyRule = (entry) => {
  if (isPositionBuffer(entry.name) || entry.name === 'logit_scale') return null
  return /^(embeddings|encoder|pre_layrnorm|post_layernorm)\./.test(entry.name) ? { ...entry, name: `vision_model.${entry.name}` } : entry
}

/** UNets, tiny autoencoders, probes: stored under the names they are used by. */
export const plainRule: KeyRule = (entry) => (isPositionBuffer(entry.name) ? null : entry)
