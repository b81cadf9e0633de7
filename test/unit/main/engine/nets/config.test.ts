/** What configurations may not say, and how that is reported. */
import { describe, expect, test } from 'vitest'
import { EngineError } from '../../../../../main/engine/errors.ts'
import { buildVaeDecoder } from '../../../../../main/engine/nets/autoencoderKl.ts'
import { buildTinyDecoder } from '../../../../../main/engine/nets/autoencoderTiny.ts'
import { buildClipText } from '../../../../../main/engine/nets/clipText.ts'
import { buildUNet2DCondition } from '../../../../../main/engine/nets/unet2dCondition.ts'
import { levelSizes, planUNet } from '../../../../../main/engine/nets/unetPlan.ts'
import { SD15 } from '../../../../../scripts/bench/shapes.ts'
import { keymapWeights } from '../../../../support/keymapWeights.ts'

function refusal(build: () => unknown): EngineError {
  try {
    build()
  } catch (error) {
    if (error instanceof EngineError) return error
    throw error
  }
  throw new Error('expected a refusal')
}

describe('UNet configurations', () => {
  test.each([
    ['class_embed_type', 'timestep'],
    ['num_class_embeds', 1000],
    ['addition_embed_type', 'text_time'],
    ['encoder_hid_dim_type', 'image_proj'],
    ['dual_cross_attention', true],
    ['cross_attention_norm', 'layer_norm'],
    ['time_embedding_type', 'fourier'],
    ['attention_type', 'gated'],
    ['mid_block_type', 'UNetMidBlock2DSimpleCrossAttn'],
    ['act_fn', 'tanh'],
    ['resnet_time_scale_shift', 'spatial'],
    ['block_out_channels', []],
    ['attention_head_dim', [8, 8]],
    ['attention_head_dim', 'many'],
    ['norm_num_groups', 7],
    ['in_channels', 0],
    ['layers_per_block', 1.5],
    ['cross_attention_dim', [768, 768, 768, 1024]],
    ['only_cross_attention', 'yes'],
    ['freq_shift', '0'],
  ])('%s = %j is refused by name and value', (key, value) => {
    const error = refusal(() => planUNet({ ...SD15.unet, [key]: value }))
    expect(error.code).toBe('nets/unsupported-config')
    expect(error.exitCode).toBe(2)
    expect(error.message).toMatch(/^UNet2DConditionModel: expected .+ but received .+\.$/)
    expect(error.message).toContain(key)
  })

  test('as many block types as widths are needed', () => {
    expect(refusal(() => planUNet({ ...SD15.unet, block_out_channels: [320, 640] })).message).toContain('2 entries, one per entry of block_out_channels, for down_block_types')
  })

  test('a block type that is not supported names itself', () => {
    const error = refusal(() => planUNet({ ...SD15.unet, down_block_types: ['AttnDownBlock2D', 'DownBlock2D', 'DownBlock2D', 'DownBlock2D'] }))
    expect(error.message).toContain('"AttnDownBlock2D"')
    expect(error.message).toContain('down_block_types')
  })

  test('absent keys and nulls take the defaults of diffusers', () => {
    const plan = planUNet({ mid_block_type: undefined, time_cond_proj_dim: null, class_embed_type: null })
    expect(plan.down.map((block) => block.channels)).toEqual([320, 640, 1280, 1280])
    expect(plan.crossAttentionDim).toBe(1280)
    expect(plan.mid?.transformer?.heads).toBe(8)
  })

  test('an explicit null middle block means none', () => {
    expect(planUNet({ ...SD15.unet, mid_block_type: null }).mid).toBeNull()
  })

  test('odd sizes halve upwards with symmetric padding and downwards without', () => {
    expect(levelSizes(planUNet(SD15.unet), 45)).toEqual([45, 23, 12, 6])
    expect(levelSizes(planUNet({ ...SD15.unet, downsample_padding: 0 }), 45)).toEqual([45, 22, 11, 5])
  })
})

describe('other configurations', () => {
  test('a VAE with blocks of another kind is refused', () => {
    const error = refusal(() => buildVaeDecoder({ ...SD15.vae, up_block_types: ['AttnUpDecoderBlock2D'] }, keymapWeights('vae_kl_f8'), { batch: 1, height: 8, width: 8 }))
    expect(error.message).toBe('AutoencoderKL: expected only UpDecoderBlock2D for up_block_types in the configuration but received "AttnUpDecoderBlock2D".')
  })

  test('a tiny VAE with smooth upsampling is refused', () => {
    const error = refusal(() => buildTinyDecoder({ upsample_fn: 'bilinear' }, keymapWeights('vae_kl_f8'), { batch: 1, height: 8, width: 8 }))
    expect(error.message).toContain('upsample_fn')
  })

  test('clip skip may not leave an encoder without layers', () => {
    const error = refusal(() => buildClipText(SD15.text_encoder, keymapWeights('clip_l'), { batch: 1, clipSkip: 12 }))
    expect(error.message).toContain('clip skip 12')
  })

  test('a checkpoint that lacks a tensor is reported with the tensor', () => {
    const weights = keymapWeights('unet_sd15')
    const entries = new Map(weights.entries)
    entries.delete('mid_block.resnets.0.conv1.weight')
    const error = refusal(() => buildUNet2DCondition(SD15.unet, { ...weights, entries }, { batch: 1, height: 8, width: 8, fused: true }))
    expect(error.code).toBe('weights/missing-key')
    expect(error.message).toContain('mid_block.resnets.0.conv1.weight')
  })
})
