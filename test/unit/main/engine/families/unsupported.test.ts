import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../../../../main/engine/errors.ts'
import { openCheckpoint } from '../../../../../main/engine/families/openCheckpoint.ts'
import type { Dtype } from '../../../../../main/engine/weights/dtypes.ts'
import { safetensorsPreamble } from '../../../../../main/engine/weights/safetensorsWriter.ts'
import { makeCheckpointFolder, writeJson } from '../../../../support/checkpointFolders.ts'

const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'unsupported-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))
let at = ''
let made = 0
beforeEach(() => { at = path.join(folder, String(made++)); fs.mkdirSync(at) })

/** A safetensors file of empty tensors with these names. */
function named(names: readonly string[], shape = [0], dtype: Dtype = 'F16'): string {
  const file = path.join(at, 'model.safetensors')
  fs.writeFileSync(file, safetensorsPreamble(names.map((name) => ({ name, dtype, shape, length: 0 }))))
  return file
}

async function refusal(target: string): Promise<{ message: string; kind: unknown }> {
  try {
    await openCheckpoint(target)
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError)
    const { exitCode, message, details } = error as EngineError
    expect(exitCode).toBe(2)
    expect(message, 'one sentence that says what to do').toMatch(/^[^\n]+: expected [^\n]+, found [^\n]+; [^\n]+\.$/)
    expect(message.startsWith(target.split(path.sep)[0]!)).toBe(true)
    return { message, kind: details['kind'] }
  }
  throw new Error('it was accepted')
}

const UNET = ['model.diffusion_model.input_blocks.0.0.weight', 'model.diffusion_model.time_embed.0.weight']

describe('files of other kinds are recognised by their tensors', () => {
  it.each<[string, string[]]>([
    ['sdxl', [...UNET, 'conditioner.embedders.1.model.token_embedding.weight', 'model.diffusion_model.label_emb.0.0.weight']],
    ['sdxl', ['add_embedding.linear_1.weight', 'conv_in.weight']],
    ['sd3', ['model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight']],
    ['sd3', ['transformer_blocks.0.attn.add_q_proj.weight']],
    ['flux', ['double_blocks.0.img_attn.qkv.weight', 'single_blocks.0.linear1.weight']],
    ['flux', ['model.diffusion_model.double_blocks.0.img_attn.qkv.weight']],
    ['controlnet', ['control_model.input_blocks.0.0.weight', ...UNET]],
    ['controlnet', ['controlnet_cond_embedding.conv_in.weight', 'down_blocks.0.resnets.0.conv1.weight']],
    ['lora', ['lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight', 'lora_te_text_model_encoder_layers_0_mlp_fc1.alpha']],
    ['lora', ['unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight']],
    ['lora', ['unet.base_model.model.conv_in.lora_B.weight']],
    ['lora', ['unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.down.weight']],
    ['lora', ['lora_unet_input_blocks_1_1_proj_in.hada_w1_a']],
    ['vae-alone', ['encoder.conv_in.weight', 'decoder.conv_out.weight']],
    ['vae-alone', ['first_stage_model.encoder.conv_in.weight']],
    ['vae-alone', ['decoder.layers.0.weight', 'encoder.layers.0.weight']],
    ['unet-alone', ['conv_in.weight', 'time_embedding.linear_1.weight', 'down_blocks.0.resnets.0.conv1.weight']],
    ['text-encoder-alone', ['text_model.embeddings.token_embedding.weight']],
    ['awq', ['model.layers.0.self_attn.q_proj.qweight', 'model.layers.0.self_attn.q_proj.scales']],
    ['bitsandbytes', ['model.layers.0.mlp.weight.absmax']],
    ['language-model', ['model.embed_tokens.weight', 'model.layers.0.self_attn.q_proj.weight']],
    ['ip-adapter', ['image_proj.proj.weight', 'ip_adapter.1.to_k_ip.weight']],
    ['motion-module', ['down_blocks.0.motion_modules.0.temporal_transformer.proj_in.weight']],
    ['transformer', ['transformer_blocks.0.attn2.to_k.weight', 'transformer_blocks.0.scale_shift_table']],
    ['upscaler', ['conv_first.weight', 'body.0.rdb1.conv1.weight']],
    ['stable-cascade', ['clip_txt_mapper.weight']],
    ['hypernetwork', ['768.0.linear1.weight']],
    ['t2i-adapter', ['adapter.body.0.block1.weight']],
  ])('%s: %s', async (kind, names) => {
    expect((await refusal(named(names))).kind).toBe(kind)
  })

  it.each([['emb_params', [4, 768]], ['*', [2, 1024]], ['my-token', [768]]])('an embedding: %s', async (name, shape) => {
    const data = Buffer.alloc(2 * shape.reduce((a, b) => a * b, 1))
    const file = path.join(at, 'e.safetensors')
    fs.writeFileSync(file, Buffer.concat([safetensorsPreamble([{ name, dtype: 'F16', shape, length: data.length }]), data]))
    expect(await refusal(file)).toMatchObject({ kind: 'embedding', message: expect.stringContaining('textual-inversion') as string })
  })

  it('fp8, by its number type', async () => {
    expect(await refusal(named(UNET, [0], 'F8_E4M3'))).toMatchObject({ kind: 'fp8', message: expect.stringMatching(/found F8_E4M3 weights.*fp16 version/) as string })
  })

  it('an unknown one says what was probed', async () => {
    const { kind, message } = await refusal(named(['alpha.0.w', 'alpha.1.w', 'beta.w', 'gamma.delta.w', 'omega.w']))
    expect(kind).toBe('unknown')
    expect(message).toMatch(/an unknown architecture \(5 tensors, such as alpha\.1\.w, beta\.w, gamma\.delta\.w\); looked for model\.diffusion_model\./)
    expect((await refusal(named([]))).message).toMatch(/no tensors at all/)
  })

  it('a real SD1 or SD2 checkpoint is none of them', async () => {
    for (const family of ['sd1', 'sd2']) await openCheckpoint(path.join(import.meta.dirname, `../../../../fixtures/nets/checkpoints/${family}.safetensors`))
  })
})

describe('files that are no safetensors are refused by their first bytes or name, unread', () => {
  it.each<[string, string, Buffer | string, RegExp]>([
    ['pickle-zip', 'm.ckpt', Buffer.from('PK\x03\x04 archive/data.pkl'), /PyTorch pickle.*can run any program.*\.safetensors version/],
    ['pickle-zip', 'renamed.safetensors', Buffer.from('PK\x03\x04 archive/data.pkl'), /PyTorch pickle/],
    ['pickle', 'old.pt', Buffer.from([0x80, 2, 0x8a, 0x0a]), /a Python pickle/],
    ['pickle', 'odd.bin', 'anything', /a Python pickle/],
    ['gguf', 'm.gguf', Buffer.from('GGUF\x03\0\0\0'), /GGUF/],
    ['html', 'm.safetensors', '<!doctype html><title>Sign in</title>', /web page.*sign in/],
    ['lfs-pointer', 'm.safetensors', 'version https://git-lfs.github.com/spec/v1\n', /git lfs pull/],
    ['archive', 'm.zip', Buffer.from('PK\x03\x04 m.safetensors'), /compressed archive; unpack it/],
    ['picture', 'm.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10]), /a picture/],
    ['onnx', 'm.onnx', Buffer.from([8, 7, 0x12, 4, 1, 1, 1, 1, 1]), /an ONNX model/],
    ['hdf5', 'm.h5', Buffer.from('\x89HDF', 'latin1'), /HDF5/],
  ])('%s: %s', async (kind, name, bytes, sentence) => {
    fs.writeFileSync(path.join(at, name), bytes)
    const refused = await refusal(path.join(at, name))
    expect(refused.kind).toBe(kind)
    expect(refused.message).toMatch(sentence)
  })

  it('an empty file and a text', async () => {
    fs.writeFileSync(path.join(at, 'e.safetensors'), '')
    expect((await refusal(path.join(at, 'e.safetensors'))).message).toMatch(/an empty file/)
    fs.writeFileSync(path.join(at, 't.safetensors'), '{"just": "a text file"}')
    expect((await refusal(path.join(at, 't.safetensors'))).message).toMatch(/a JSON text/)
  })
})

describe('folders of other kinds', () => {
  it.each<[string, string, unknown, string]>([
    ['sdxl', 'model_index.json', { _class_name: 'StableDiffusionXLPipeline' }, 'StableDiffusionXLPipeline'],
    ['sd3', 'model_index.json', { _class_name: 'StableDiffusion3Pipeline' }, 'Stable Diffusion 3'],
    ['flux', 'model_index.json', { _class_name: 'FluxPipeline' }, 'Flux'],
    ['unknown', 'model_index.json', { _class_name: 'AudioLDMPipeline' }, 'AudioLDMPipeline'],
    ['controlnet', 'config.json', { _class_name: 'ControlNetModel' }, 'ControlNet'],
    ['vae-alone', 'config.json', { _class_name: 'AutoencoderKL' }, 'folder above'],
    ['language-model', 'config.json', { architectures: ['LlamaForCausalLM'] }, 'language model'],
    ['upscaler', 'model_index.json', { _class_name: 'StableDiffusionUpscalePipeline' }, 'an upscaler'],
    ['transformer', 'model_index.json', { _class_name: 'PixArtAlphaPipeline' }, 'another architecture'],
    ['lora', 'adapter_config.json', {}, 'LoRA'],
  ])('%s', async (kind, name, value, words) => {
    writeJson(path.join(at, name), value)
    const refused = await refusal(at)
    expect(refused.kind).toBe(kind)
    expect(refused.message).toContain(words)
  })

  it('an SDXL UNet in a folder that does not say so', async () => {
    const dir = makeCheckpointFolder(path.join(at, 'x'), { unet: 'unet-sd1' })
    const config = path.join(dir, 'unet/config.json')
    writeJson(config, { ...JSON.parse(fs.readFileSync(config, 'utf8')) as object, addition_embed_type: 'text_time' })
    expect((await refusal(dir)).kind).toBe('sdxl')
  })

  it('a part of another class in an otherwise right folder', async () => {
    const dir = makeCheckpointFolder(path.join(at, 'x'), { unet: 'unet-sd1', text_encoder: 'clip-text-sd1' })
    writeJson(path.join(dir, 'text_encoder/config.json'), { architectures: ['ClapTextModelWithProjection'] })
    expect((await refusal(dir)).message).toMatch(/text_encoder: .*found a ClapTextModelWithProjection as textEncoder/)
  })

  it('a class that nobody knows is tried by its parts, and noted', async () => {
    const { notes } = await openCheckpoint(makeCheckpointFolder(path.join(at, 'x'), { unet: 'unet-sd1' }, 'MyOwnPipeline'))
    expect(notes[0]).toBe('The folder names the unknown class MyOwnPipeline; its parts are taken for those of Stable Diffusion.')
    await openCheckpoint(makeCheckpointFolder(path.join(at, 'y'), { unet: 'unet-sd1' }, 'StableDiffusionControlNetPipeline'))
  })

  it('an empty folder, two files to choose from, only a pickle, nothing at all', async () => {
    expect((await refusal(at)).message).toMatch(/found an empty folder; pass the folder or file/)
    fs.writeFileSync(path.join(at, 'x.ckpt'), 'PK')
    expect((await refusal(at)).kind).toBe('pickle')
    fs.writeFileSync(path.join(at, 'a.safetensors'), '')
    fs.writeFileSync(path.join(at, 'b.safetensors'), '')
    expect((await refusal(at)).message).toMatch(/2 \.safetensors files \(a\.safetensors, b\.safetensors\); pass one/)
    await expect(openCheckpoint(path.join(at, 'gone'))).rejects.toThrow(/gone: expected a checkpoint, found nothing at that path\.$/)
  })
})
