/** The nets at their real sizes: every tensor of a real checkpoint is used, and nothing else is asked for. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { listAttentionSites } from '../../../../../main/engine/nets/attentionSite.ts'
import { buildVaeDecoder, buildVaeEncoder } from '../../../../../main/engine/nets/autoencoderKl.ts'
import { buildClipText } from '../../../../../main/engine/nets/clipText.ts'
import { buildUNet2DCondition } from '../../../../../main/engine/nets/unet2dCondition.ts'
import { planUNet } from '../../../../../main/engine/nets/unetPlan.ts'
import type { Graph } from '../../../../../main/engine/graph/graph.ts'
import { clipTextShapes, SD15, unetShapes, vaeShapes } from '../../../../../scripts/bench/shapes.ts'
import { netFixtures } from '../../../../support/netFixtures.ts'
import { keymapShapes, keymapWeights } from '../../../../support/keymapWeights.ts'

const SD21_UNET = { ...SD15.unet, attention_head_dim: [5, 10, 20, 20], cross_attention_dim: 1024, use_linear_projection: true }
const OPENCLIP_H = { hidden_size: 1024, num_hidden_layers: 23, num_attention_heads: 16, hidden_act: 'gelu', max_position_embeddings: 77 }

const used = (...graphs: Graph[]) => [...new Set(graphs.flatMap((graph) => [...graph.weights.values()].map((entry) => entry.name.replace(/\[\d+:\d+\]$/, ''))))].sort()
const known = (name: string) => [...keymapShapes(name).keys()].sort()

describe('full-size nets', () => {
  test.each([
    ['unet_sd15', SD15.unet],
    ['unet_sd21', SD21_UNET],
  ])('%s reads every tensor of the checkpoint once', (name, config) => {
    const graph = buildUNet2DCondition(config, keymapWeights(name), { batch: 1, height: 64, width: 64, fused: true })
    expect(used(graph)).toEqual(known(name))
    expect(graph.outputs[0]!.value.dims).toEqual([1, 4, 64, 64])
  })

  test('the VAE encoder and decoder together read every tensor', () => {
    const weights = keymapWeights('vae_kl_f8')
    const encoder = buildVaeEncoder(SD15.vae, weights, { batch: 1, height: 512, width: 768 })
    const decoder = buildVaeDecoder(SD15.vae, weights, { batch: 1, height: 64, width: 96 })
    expect(used(encoder, decoder)).toEqual(known('vae_kl_f8'))
    expect(encoder.outputs.map((output) => output.value.dims)).toEqual([[1, 4, 64, 96], [1, 4, 64, 96]])
    expect(decoder.outputs[0]!.value.dims).toEqual([1, 3, 512, 768])
  })

  test.each([
    ['clip_l', SD15.text_encoder],
    ['openclip_h_sd2', OPENCLIP_H],
  ])('%s reads every tensor', (name, config) => {
    expect(used(buildClipText(config, keymapWeights(name), { batch: 1 }))).toEqual(known(name))
  })

  test('attention sites of SD1.5 are those of diffusers, in execution order', () => {
    const { modules } = JSON.parse(fs.readFileSync(path.join(netFixtures, 'attn_modules_sd15.json'), 'utf8')) as { modules: string[] }
    const sites = listAttentionSites(planUNet(SD15.unet), { height: 64, width: 64, tokens: 77 })
    expect(sites.map((site) => site.name)).toEqual(modules)
    expect(sites.map((site) => site.index)).toEqual(modules.map((_, index) => index))
    // 0-1 at 64, 2-3 at 32, 4-5 at 16, 6 (middle) at 8, 7-9 at 16, 10-12 at 32, 13-15 at 64 (attn1 of each)
    expect(sites.filter((site) => site.kind === 'attn1').map((site) => site.height)).toEqual([64, 64, 32, 32, 16, 16, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64])
    expect(sites.every((site) => site.keys === (site.isCross ? 77 : site.height * site.width))).toBe(true)
  })

  test('the benchmark writes checkpoints of exactly SD1.5\'s shapes', () => {
    expect(unetShapes(SD15.unet)).toEqual(keymapShapes('unet_sd15'))
    expect(vaeShapes(SD15.vae)).toEqual(keymapShapes('vae_kl_f8'))
    expect(clipTextShapes(SD15.text_encoder)).toEqual(keymapShapes('clip_l'))
  })
})
