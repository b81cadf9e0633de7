import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { applyRule, clipTextRule, clipVisionRule, plainRule, vaeRule } from '../../../../../main/engine/weights/keyRules.ts'
import { LDM_PREFIX, ldmClipRule, ldmUnetRule, ldmVaeRule, openClipEntries, withoutPrefix } from '../../../../../main/engine/weights/ldmKeys.ts'
import type { TensorEntry } from '../../../../../main/engine/weights/weightIndex.ts'

type Row = [key: string, ldmKey: string, rows: string | null, shape: number[], ldmShape: number[]]

const keymap = (name: string): Row[] =>
  JSON.parse(zlib.gunzipSync(fs.readFileSync(path.join(import.meta.dirname, '../../../../fixtures/keymaps', `${name}.json.gz`))).toString()) as Row[]

const bytes = (shape: readonly number[]) => 4 * shape.reduce((a, b) => a * b, 1)

/** The single file's own entries, one after the other, as its header would list them. */
function stored(rows: Row[]): TensorEntry[] {
  const shapes = new Map(rows.map(([, ldmKey, , , ldmShape]) => [ldmKey, ldmShape]))
  let offset = 0
  return [...shapes].map(([name, shape]) => {
    const entry: TensorEntry = { name, dtype: 'F32', shape, file: '/x.safetensors', offset, length: bytes(shape) }
    offset += entry.length
    return entry
  })
}

/** Every key of the map must be there, with its shape, on the right bytes; and nothing else. */
function expectMapped(rows: Row[], mapped: TensorEntry[]): void {
  const offsets = new Map(stored(rows).map((entry) => [entry.name, entry.offset]))
  const found = new Map(mapped.map((entry) => [entry.name, entry]))
  expect([...found.keys()].sort()).toEqual(rows.map(([key]) => key).sort())
  for (const [key, ldmKey, part, shape] of rows) {
    const entry = found.get(key)!
    expect(entry.shape, key).toEqual(shape)
    expect(entry.length, key).toBe(bytes(shape))
    const third = Number(/^rows\[(\d)/.exec(part ?? '')?.[1] ?? 0)
    expect(entry.offset, key).toBe(offsets.get(ldmKey)! + third * bytes(shape))
  }
}

describe('single-file key rules against the maps of the full-size nets', () => {
  it.each(['unet_sd15', 'unet_sd21'])('%s', (name) => {
    const rows = keymap(name)
    expect(rows).toHaveLength(686)
    const entries = withoutPrefix(stored(rows), LDM_PREFIX.unet)
    expectMapped(rows, applyRule(entries, ldmUnetRule(entries.map((entry) => entry.name))))
  })

  it('vae_kl_f8, attention projections read as matrices', () => {
    const rows = keymap('vae_kl_f8')
    expect(rows).toHaveLength(248)
    const entries = withoutPrefix(stored(rows), LDM_PREFIX.vae)
    expectMapped(rows, applyRule(entries, ldmVaeRule(entries.map((entry) => entry.name))))
  })

  it('clip_l', () => {
    const rows = keymap('clip_l')
    expect(rows).toHaveLength(196)
    expectMapped(rows, applyRule(withoutPrefix(stored(rows), LDM_PREFIX.clip), ldmClipRule))
  })

  it('clip_l without the text_model prefix and with position_ids', () => {
    const rows = keymap('clip_l').map(([key, ldmKey, ...rest]): Row => [key, ldmKey.replace('.text_model.', '.'), ...rest])
    const extra: TensorEntry = { name: `${LDM_PREFIX.clip}embeddings.position_ids`, dtype: 'I64', shape: [1, 77], file: '/x.safetensors', offset: 0, length: 616 }
    expectMapped(rows, applyRule(withoutPrefix([extra, ...stored(rows)], LDM_PREFIX.clip), ldmClipRule))
  })

  it('openclip_h_sd2: q, k and v as row ranges of the joined projection; layer 24 and the projection left out', () => {
    const rows = keymap('openclip_h_sd2')
    expect(rows).toHaveLength(372)
    const unused = stored(rows)
      .filter((entry) => entry.name.includes('.resblocks.22.'))
      .map((entry) => ({ ...entry, name: entry.name.replace('.22.', '.23.') }))
    expect(unused.length).toBe(12)
    const projection: TensorEntry = { ...unused[0]!, name: `${LDM_PREFIX.openClip}text_projection` }
    expectMapped(rows, openClipEntries(withoutPrefix([...stored(rows), ...unused, projection], LDM_PREFIX.openClip)))
  })
})

describe('key rules of older libraries', () => {
  const entry = (name: string, shape: number[] = [4]): TensorEntry => ({ name, dtype: 'F16', shape, file: '/x', offset: 0, length: 8 })

  it('name the projections of an old VAE anew and squeeze 1x1 convolutions', () => {
    const place = 'decoder.mid_block.attentions.0'
    const old = [entry(`${place}.query.weight`, [4, 4]), entry(`${place}.key.weight`, [4, 4, 1, 1]), entry(`${place}.value.bias`), entry(`${place}.proj_attn.weight`, [4, 4]), entry(`${place}.group_norm.weight`)]
    expect(applyRule(old, vaeRule).map(({ name, shape }) => [name, shape])).toEqual([
      [`${place}.to_q.weight`, [4, 4]], [`${place}.to_k.weight`, [4, 4]], [`${place}.to_v.bias`, [4]], [`${place}.to_out.0.weight`, [4, 4]], [`${place}.group_norm.weight`, [4]],
    ])
    expect(vaeRule(entry('decoder.conv_in.weight', [4, 4, 1, 1]))?.shape, 'real 1x1 convolutions keep their shape').toEqual([4, 4, 1, 1])
  })

  it('prefix CLIP keys of transformers 5 and drop position buffers', () => {
    const names = (rule: typeof clipTextRule, ...stored: string[]) => applyRule(stored.map((name) => entry(name)), rule).map(({ name }) => name)
    expect(names(clipTextRule, 'embeddings.token_embedding.weight', 'encoder.layers.0.mlp.fc1.bias', 'final_layer_norm.bias', 'text_model.final_layer_norm.weight', 'text_projection.weight', 'text_model.embeddings.position_ids'))
      .toEqual(['text_model.embeddings.token_embedding.weight', 'text_model.encoder.layers.0.mlp.fc1.bias', 'text_model.final_layer_norm.bias', 'text_model.final_layer_norm.weight', 'text_projection.weight'])
    expect(names(clipVisionRule, 'embeddings.class_embedding', 'pre_layrnorm.weight', 'visual_projection.weight', 'vision_model.post_layernorm.bias', 'embeddings.position_ids'))
      .toEqual(['vision_model.embeddings.class_embedding', 'vision_model.pre_layrnorm.weight', 'visual_projection.weight', 'vision_model.post_layernorm.bias'])
    expect(names(plainRule, 'conv_in.weight', 'x.position_ids')).toEqual(['conv_in.weight'])
  })

  it('read the UNet numbering off the file: one layer per block, LCM projection', () => {
    const names = ['input_blocks.0.0.weight', 'input_blocks.1.0.in_layers.0.weight', 'input_blocks.2.0.op.bias', 'input_blocks.2.0.op.weight', 'input_blocks.3.0.in_layers.2.weight', 'input_blocks.3.1.proj_in.weight',
      'output_blocks.0.0.skip_connection.weight', 'output_blocks.1.0.emb_layers.1.bias', 'output_blocks.1.1.conv.weight', 'output_blocks.2.0.out_layers.3.weight', 'output_blocks.3.1.norm.weight', 'time_embed.cond_proj.weight', 'label_emb.0.0.weight']
    expect(applyRule(names.map((name) => entry(name)), ldmUnetRule(names)).map(({ name }) => name)).toEqual([
      'conv_in.weight', 'down_blocks.0.resnets.0.norm1.weight', 'down_blocks.0.downsamplers.0.conv.bias', 'down_blocks.0.downsamplers.0.conv.weight', 'down_blocks.1.resnets.0.conv1.weight', 'down_blocks.1.attentions.0.proj_in.weight',
      'up_blocks.0.resnets.0.conv_shortcut.weight', 'up_blocks.0.resnets.1.time_emb_proj.bias', 'up_blocks.0.upsamplers.0.conv.weight', 'up_blocks.1.resnets.0.conv2.weight', 'up_blocks.1.attentions.1.norm.weight', 'time_embedding.cond_proj.weight',
    ])
  })
})
