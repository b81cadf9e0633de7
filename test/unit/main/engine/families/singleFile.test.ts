import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import type { Component } from '../../../../../main/engine/families/checkpoint.ts'
import { inferUnetConfig } from '../../../../../main/engine/families/inferConfig.ts'
import { openCheckpoint } from '../../../../../main/engine/families/openCheckpoint.ts'
import { FAMILIES } from '../../../../../main/engine/families/registry.ts'
import { readSingleFile } from '../../../../../main/engine/families/singleFile.ts'
import { readTensor } from '../../../../../main/engine/weights/safetensors.ts'
import { writeSafetensors } from '../../../../../main/engine/weights/safetensorsWriter.ts'
import type { StoredWeights } from '../../../../../main/engine/weights/storedWeights.ts'
import type { TensorEntry } from '../../../../../main/engine/weights/weightIndex.ts'
import { makeCheckpointFolder, makeConfigDir, singleFileFixture, writeJson } from '../../../../support/checkpointFolders.ts'

const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'single-file-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))
const fixtures = path.join(import.meta.dirname, '../../../../fixtures')
const readJson = (file: string) => JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>

type Row = [key: string, ldmKey: string, rows: string | null, shape: number[], ldmShape: number[]]
const keymap = (name: string): Row[] => JSON.parse(zlib.gunzipSync(fs.readFileSync(path.join(fixtures, 'keymaps', `${name}.json.gz`))).toString()) as Row[]

/** A full-size checkpoint's header without its 4 GB. */
function fullSize(maps: string[], change: (shapes: Map<string, number[]>) => void = () => {}, metadata: Record<string, string> = {}): StoredWeights {
  const shapes = new Map<string, number[]>()
  for (const map of maps) for (const [, ldmKey, , , ldmShape] of keymap(map)) shapes.set(ldmKey, ldmShape)
  change(shapes)
  let offset = 1000
  const entries = [...shapes].map(([name, shape]): TensorEntry => {
    const length = 2 * shape.reduce((a, b) => a * b, 1)
    offset += length
    return { name, dtype: 'F16', shape, file: '/full.safetensors', offset: offset - length, length }
  })
  return { path: '/full.safetensors', entries: new Map(entries.map((e) => [e.name, e])), identities: [{ file: '/full.safetensors', contentHash: 'c', fingerprint: 'f' }], metadata }
}

describe('full-size single files, read from their shapes', () => {
  it('SD 1.5: the published configuration', () => {
    const { family, kind, predictionType, components, notes } = readSingleFile(fullSize(['unet_sd15', 'vae_kl_f8', 'clip_l']))
    expect([family.id, kind, predictionType, notes]).toEqual(['sd1', 'text-to-image', 'epsilon', []])
    expect(components.unet!.config).toMatchObject(readJson(path.join(fixtures, 'weights/sd15-unet-config.json')))
    expect(components.vae!.config).toMatchObject({ block_out_channels: [128, 256, 512, 512], latent_channels: 4, layers_per_block: 2, scaling_factor: 0.18215, in_channels: 3, out_channels: 3, sample_size: 512, norm_num_groups: 32 })
    expect(components.textEncoder!.config).toMatchObject({ hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072, hidden_act: 'quick_gelu', max_position_embeddings: 77, vocab_size: 49408 })
    expect([components.unet, components.vae, components.textEncoder].map((c) => c!.weights.entries.size)).toEqual([686, 248, 196])
  })

  it('SD 2.1: heads of 64 channels, linear projections, 23 layers', () => {
    const v = readSingleFile(fullSize(['unet_sd21', 'vae_kl_f8', 'openclip_h_sd2'], () => {}, { 'modelspec.prediction_type': 'v' }))
    expect([v.family.id, v.predictionType]).toEqual(['sd2', 'v_prediction'])
    expect(v.components.unet!.config).toMatchObject({ cross_attention_dim: 1024, attention_head_dim: [5, 10, 20, 20], use_linear_projection: true, sample_size: 96, block_out_channels: [320, 640, 1280, 1280], upcast_attention: true })
    expect(v.components.textEncoder!.config).toMatchObject({ hidden_size: 1024, num_hidden_layers: 23, num_attention_heads: 16, intermediate_size: 4096, hidden_act: 'gelu' })
    expect(v.components.textEncoder!.weights.entries.size).toBe(372)
    const base = readSingleFile(fullSize(['unet_sd21', 'vae_kl_f8', 'openclip_h_sd2'], () => {}, { 'modelspec.prediction_type': 'epsilon' }))
    expect([base.predictionType, base.components.unet!.config['sample_size']]).toEqual(['epsilon', 64])
  })

  it.each([['inpaint', 9], ['instruct', 8]])('%s from %i input channels', (kind, channels) => {
    const file = fullSize(['unet_sd15', 'vae_kl_f8', 'clip_l'], (shapes) => shapes.set('model.diffusion_model.input_blocks.0.0.weight', [320, channels, 3, 3]))
    const single = readSingleFile(file)
    expect([single.kind, single.components.unet!.config['in_channels']]).toEqual([kind, channels])
    const scheduler = single.family.schedulerConfig(single.kind, single.predictionType)
    expect(scheduler['_class_name']).toBe(kind === 'instruct' ? 'EulerAncestralDiscreteScheduler' : 'PNDMScheduler')
  })

  it.each([[5, 'depth-guided'], [7, 'an upscaler'], [6, '6']])('refuses %i input channels', (channels, what) => {
    const file = fullSize(['unet_sd15'], (shapes) => shapes.set('model.diffusion_model.input_blocks.0.0.weight', [320, channels, 3, 3]))
    expect(() => readSingleFile(file)).toThrow(new RegExp(`4, 8 or 9 input channels, found ${channels}.*${what === '6' ? '' : what}`))
  })

  it('an LCM keeps its guidance projection', () => {
    const { components } = readSingleFile(fullSize(['unet_sd15'], (shapes) => shapes.set('model.diffusion_model.time_embed.cond_proj.weight', [320, 256])))
    expect(components.unet!.config['time_cond_proj_dim']).toBe(256)
    expect(components.unet!.weights.entries.get('time_embedding.cond_proj.weight')?.shape).toEqual([320, 256])
  })

  it('EMA copies, schedules and other extras are left out; missing parts are noted', () => {
    const { components, notes } = readSingleFile(fullSize(['unet_sd15'], (shapes) => {
      for (const name of ['model_ema.decay', 'model_ema.diffusion_modelinput_blocks00weight', 'alphas_cumprod', 'betas']) shapes.set(name, [1])
    }))
    expect(Object.keys(components)).toEqual(['unet'])
    expect(components.unet!.weights.entries.size).toBe(686)
    expect(notes).toEqual(['The file holds no vae.', 'The file holds no text encoder.'])
  })

  it('heads and the like come from --config where shapes cannot tell', () => {
    const { components } = readSingleFile(fullSize(['unet_sd15']), { unet: { attention_head_dim: [4, 4, 8, 8] } })
    expect(components.unet!.config).toMatchObject({ attention_head_dim: [4, 4, 8, 8], block_out_channels: [320, 640, 1280, 1280] })
  })
})

describe('what SD2 predicts', () => {
  let made = 0
  /** Small but complete enough: the one tensor that matters, real data. */
  function sd2(tensors: Record<string, { data: Float32Array; dims: number[] }>, metadata = {}): StoredWeights {
    const file = path.join(folder, `sd2-${made++}.safetensors`)
    writeSafetensors(file, tensors, metadata)
    const base = fullSize(['unet_sd21'])
    const real = Object.keys(tensors).map((name): [string, TensorEntry] => [name, { name, dtype: 'F32', shape: tensors[name]!.dims, file, offset: 0, length: 4 * tensors[name]!.data.length }])
    // offsets as the writer laid them out
    let offset = fs.statSync(file).size
    for (const [, entry] of real.toReversed()) Object.assign(entry, { offset: (offset -= entry.length) })
    return { ...base, entries: new Map([...base.entries, ...real]), metadata }
  }
  const SPREAD = 'model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias'
  const norm = (spread: number) => ({ [SPREAD]: { data: Float32Array.from({ length: 320 }, (_, i) => (i % 2 ? spread : -spread)), dims: [320] } })
  const step = (value: number) => ({ global_step: { data: Float32Array.of(value), dims: [] } })

  it.each([
    ['the file\'s own word', sd2(norm(0.2), { 'modelspec.prediction_type': 'epsilon' }), 'epsilon', /modelspec/],
    ['global_step 875000', sd2({ ...step(875000), ...norm(0.2) }), 'epsilon', /875000/],
    ['another global_step, then the weights', sd2({ ...step(110000), ...norm(0.2) }), 'v_prediction', /rule of thumb/],
    ['a wide norm', sd2(norm(0.12)), 'v_prediction', /rule of thumb/],
    ['a narrow norm', sd2(norm(0.05)), 'epsilon', /rule of thumb/],
  ])('%s', (_name, file, expected, source) => {
    const single = readSingleFile(file)
    expect(single.predictionType).toBe(expected)
    expect(single.predictionSource).toMatch(source)
  })

  it('inpainting SD2 predicts noise; a choice wins over every sign', () => {
    const inpaint = fullSize(['unet_sd21'], (shapes) => shapes.set('model.diffusion_model.input_blocks.0.0.weight', [320, 9, 3, 3]))
    expect(readSingleFile(inpaint).predictionType).toBe('epsilon')
    expect(readSingleFile(sd2(norm(0.2)), {}, 'epsilon')).toMatchObject({ predictionType: 'epsilon', predictionSource: 'chosen' })
  })

  it('a v_pred mark makes SD1 predict v', () => {
    expect(readSingleFile(fullSize(['unet_sd15'], (shapes) => shapes.set('v_pred', [0]))).predictionType).toBe('v_prediction')
  })
})

describe.each(['sd1', 'sd2'] as const)('the tiny %s checkpoint as a single file and as a folder', (family) => {
  const plan = { unet: `unet-${family}`, vae: 'vae-kl', text_encoder: `clip-text-${family}` }

  it('holds the same tensors under the same names', async () => {
    const configDir = makeConfigDir(path.join(folder, `${family}-config`), plan)
    const single = await openCheckpoint(singleFileFixture(family), { configDir, predictionType: 'epsilon' })
    const whole = await openCheckpoint(makeCheckpointFolder(path.join(folder, family), plan))
    expect([single.layout, whole.layout, single.family, whole.family]).toEqual(['single-file', 'diffusers', family, family])
    for (const name of ['unet', 'vae', 'textEncoder'] as const) {
      const [a, b] = [single.components[name]!, whole.components[name]!]
      expect([...a.weights.entries.keys()].sort()).toEqual([...b.weights.entries.keys()].sort())
      for (const [key, entry] of a.weights.entries) {
        const other = b.weights.entries.get(key)!
        expect(entry.shape, key).toEqual(other.shape)
        expect(Buffer.from(readTensor(entry).data.buffer).equals(Buffer.from(readTensor(other).data.buffer)), key).toBe(true)
      }
      expect(a.config).toMatchObject(readJson(path.join(fixtures, 'nets', plan[({ unet: 'unet', vae: 'vae', textEncoder: 'text_encoder' } as const)[name]], 'config.json')))
    }
    expect(single.tokenizer).toEqual({ kind: 'clip-default', files: {}, padToken: { token: family === 'sd1' ? '<|endoftext|>' : '!', source: 'family' }, modelMaxLength: 77 })
    expect(single.id).toBe(family)
  })

  it('infers from shapes what the configuration says of sizes', async () => {
    const { components } = await openCheckpoint(singleFileFixture(family), { predictionType: 'epsilon' })
    const config = readJson(path.join(fixtures, 'nets', plan.unet, 'config.json'))
    for (const key of ['in_channels', 'out_channels', 'block_out_channels', 'layers_per_block', 'down_block_types', 'up_block_types', 'mid_block_type', 'cross_attention_dim', 'use_linear_projection', 'transformer_layers_per_block', 'conv_in_kernel']) {
      expect(components.unet!.config[key], key).toEqual(config[key])
    }
  })
})

it.each(['unet-sd1', 'unet-sd2', 'unet-inpaint', 'unet-lcm', 'unet-instruct', 'unet-wide', 'unet-attentionless-mid'])('sizes of %s follow from its tensors', async (name) => {
  const config = readJson(path.join(fixtures, 'nets', name, 'config.json'))
  const { components } = await openCheckpoint(makeCheckpointFolder(path.join(folder, `infer-${name}`), { unet: name }))
  const { entries } = (components.unet as Component).weights
  const inferred = inferUnetConfig(entries, FAMILIES.sd1, 64)
  const depths = config['transformer_layers_per_block']
  for (const key of ['in_channels', 'block_out_channels', 'layers_per_block', 'down_block_types', 'up_block_types', 'mid_block_type', 'cross_attention_dim', 'use_linear_projection', 'conv_in_kernel', 'conv_out_kernel']) {
    expect(inferred[key], key).toEqual(config[key])
  }
  expect(inferred['time_cond_proj_dim'] ?? null).toEqual(config['time_cond_proj_dim'])
  expect(inferred['transformer_layers_per_block']).toEqual(depths)
})

it('--config: a scheduler file decides what is predicted, a tokenizer folder is used, an empty folder is refused', async () => {
  const dir = path.join(folder, 'only-scheduler')
  writeJson(path.join(dir, 'scheduler/scheduler_config.json'), { _class_name: 'DDIMScheduler', prediction_type: 'v_prediction' })
  writeJson(path.join(dir, 'tokenizer/tokenizer.json'), { version: '1.0' })
  const opened = await openCheckpoint(singleFileFixture('sd1'), { configDir: dir })
  expect(opened).toMatchObject({ predictionType: 'v_prediction', schedulerConfig: { _class_name: 'DDIMScheduler' }, tokenizer: { kind: 'tokenizer.json', padToken: { source: 'default' } } })
  fs.mkdirSync(path.join(folder, 'empty'))
  await expect(openCheckpoint(singleFileFixture('sd1'), { configDir: path.join(folder, 'empty') })).rejects.toThrow(/laid out as diffusers does.*found none of them/)
})
