import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { idFromPath, openCheckpoint } from '../../../../../main/engine/families/openCheckpoint.ts'
import { partsMisfit } from '../../../../../main/engine/families/shapeChecks.ts'
import { readSafetensorsHeader } from '../../../../../main/engine/weights/safetensors.ts'
import { safetensorsPreamble } from '../../../../../main/engine/weights/safetensorsWriter.ts'
import { SD15_SCHEDULER, makeCheckpointFolder, singleFileFixture, writeJson } from '../../../../support/checkpointFolders.ts'

const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'open-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))
let root = ''
let made = 0
beforeEach(() => { root = path.join(folder, String(made++)); fs.mkdirSync(root) })

const SD1 = { unet: 'unet-sd1', vae: 'vae-kl', tiny_vae: 'vae-tiny', text_encoder: 'clip-text-sd1', image_encoder: 'clip-vision' }
const sd1 = (name = 'sd1') => makeCheckpointFolder(path.join(root, name), SD1)

describe('a diffusers folder', () => {
  it('opens with all its parts under canonical names', async () => {
    const checkpoint = await openCheckpoint(sd1())
    expect(checkpoint).toMatchObject({ id: 'sd1', layout: 'diffusers', family: 'sd1', kind: 'text-to-image', predictionType: 'epsilon', size: 64, schedulerConfig: SD15_SCHEDULER })
    expect(Object.keys(checkpoint.components).sort()).toEqual(['imageEncoder', 'textEncoder', 'tinyVae', 'unet', 'vae'])
    expect(checkpoint.components.textEncoder!.weights.entries.has('text_model.embeddings.token_embedding.weight')).toBe(true)
    expect(checkpoint.components.imageEncoder!.weights.entries.has('visual_projection.weight')).toBe(true)
    expect(checkpoint.tokenizer).toMatchObject({ kind: 'vocab-merges', padToken: { token: '<|endoftext|>', source: 'special_tokens_map' }, modelMaxLength: 77 })
  })

  it('has the same hash wherever it lies, and another when a weight changes', async () => {
    const { hash } = await openCheckpoint(sd1())
    expect((await openCheckpoint(sd1('copy'))).hash).toBe(hash)
    const file = path.join(sd1('changed'), 'unet/diffusion_pytorch_model.safetensors')
    const bytes = fs.readFileSync(file)
    bytes[bytes.length - 1]! ^= 1
    fs.writeFileSync(file, bytes)
    expect((await openCheckpoint(path.join(root, 'changed'))).hash).not.toBe(hash)
  })

  it.each([['unet-sd1', 'text-to-image'], ['unet-inpaint', 'inpaint'], ['unet-instruct', 'instruct']])('%s is for %s', async (unet, kind) => {
    expect((await openCheckpoint(makeCheckpointFolder(path.join(root, 'm'), { ...SD1, unet }))).kind).toBe(kind)
  })

  it('prefers full precision, then fp16, then others; ignores non-EMA copies', async () => {
    const vae = path.join(sd1(), 'vae')
    const name = (variant: string) => path.join(vae, `diffusion_pytorch_model${variant}.safetensors`)
    const used = async () => path.basename([...(await openCheckpoint(path.join(root, 'sd1'))).components.vae!.weights.entries.values()][0]!.file)
    fs.copyFileSync(name(''), name('.fp16'))
    fs.copyFileSync(name(''), name('.non_ema'))
    expect(await used()).toBe('diffusion_pytorch_model.safetensors')
    fs.rmSync(name(''))
    expect(await used()).toBe('diffusion_pytorch_model.fp16.safetensors')
    fs.rmSync(name('.fp16'))
    expect(await used()).toBe('diffusion_pytorch_model.non_ema.safetensors')
  })

  it.each(['diffusion_pytorch_model.safetensors.index.json', 'diffusion_pytorch_model.safetensors.index.fp16.json', 'diffusion_pytorch_model.fp16.safetensors.index.json'])('reads shards by %s', async (indexName) => {
    const unet = path.join(sd1(), 'unet')
    const file = path.join(unet, 'diffusion_pytorch_model.safetensors')
    const header = readSafetensorsHeader(file)
    const bytes = fs.readFileSync(file)
    const map: Record<string, string> = {}
    const halves = [[...header.tensors.values()].slice(0, 100), [...header.tensors.values()].slice(100)]
    halves.forEach((entries, i) => {
      const shard = `diffusion_pytorch_model-0000${i + 1}-of-00002.safetensors`
      fs.writeFileSync(path.join(unet, shard), Buffer.concat([safetensorsPreamble(entries), ...entries.map((e) => bytes.subarray(e.offset, e.offset + e.length))]))
      for (const { name } of entries) map[name] = shard
    })
    fs.rmSync(file)
    await expect(openCheckpoint(path.join(root, 'sd1')), 'shards without an index').rejects.toThrow(/expected diffusion_pytorch_model\.safetensors\.index\.json beside the shards/)
    writeJson(path.join(unet, indexName), { weight_map: map })
    expect((await openCheckpoint(path.join(root, 'sd1'))).components.unet!.weights.entries.size).toBe(header.tensors.size)
    fs.rmSync(path.join(unet, 'diffusion_pytorch_model-00002-of-00002.safetensors'))
    await expect(openCheckpoint(path.join(root, 'sd1'))).rejects.toThrow(/found no diffusion_pytorch_model-00002-of-00002\.safetensors/)
  })

  it('refuses a part whose weights are a pickle, or missing, or whose configuration is broken', async () => {
    const dir = sd1()
    const weights = path.join(dir, 'text_encoder/model.safetensors')
    fs.renameSync(weights, path.join(dir, 'text_encoder/pytorch_model.bin'))
    await expect(openCheckpoint(dir)).rejects.toThrow(/text_encoder: expected \.safetensors weights, found only pytorch_model\.bin; a pickle can run any program/)
    fs.rmSync(path.join(dir, 'text_encoder/pytorch_model.bin'))
    await expect(openCheckpoint(dir)).rejects.toThrow(/text_encoder: expected \.safetensors weights, found none/)
    const other = sd1('other')
    fs.writeFileSync(path.join(other, 'unet/config.json'), '{"in_channels": 4')
    await expect(openCheckpoint(other)).rejects.toThrow(/unet\/config\.json: expected the configuration of unet \(JSON\), found/)
  })

  it('refuses a configuration of megabytes unread', async () => {
    const dir = sd1()
    writeJson(path.join(dir, 'unet/config.json'), { padding: 'x'.repeat(1_000_000) })
    await expect(openCheckpoint(dir)).rejects.toThrow(/found a file of 10000\d\d bytes, over the limit of 1000000/)
  })

  it('reads sizes off the tensors where config.json is missing, and says so', async () => {
    const dir = sd1()
    fs.rmSync(path.join(dir, 'unet/config.json'))
    const { components, notes } = await openCheckpoint(dir)
    expect(components.unet!.config).toMatchObject({ block_out_channels: [4, 4, 8, 8], cross_attention_dim: 8 })
    expect(notes.join()).toMatch(/unet has no config\.json/)
  })

  it('refuses a configuration that its weights contradict', async () => {
    const dir = sd1()
    const config = path.join(dir, 'unet/config.json')
    writeJson(config, { ...JSON.parse(fs.readFileSync(config, 'utf8')) as object, in_channels: 9 })
    await expect(openCheckpoint(dir)).rejects.toThrow(/in_channels 9 as the configuration says.*found shape \[4, 4, 3, 3\]/)
  })

  it('notes parts of different models, which sampling then refuses', async () => {
    const { notes, components } = await openCheckpoint(sd1())
    expect(partsMisfit(components)?.message).toMatch(/hidden_size 8, as the unet's cross_attention_dim, found 16/)
    expect(notes).toContain(partsMisfit(components)!.message)
  })

  it('works without optional parts and files, and notes what is missing', async () => {
    const dir = makeCheckpointFolder(path.join(root, 'bare'), { unet: 'unet-sd2' })
    for (const part of ['scheduler', 'tokenizer', 'model_index.json']) fs.rmSync(path.join(dir, part), { recursive: true })
    const checkpoint = await openCheckpoint(dir)
    expect(checkpoint).toMatchObject({ family: 'sd2', tokenizer: { kind: 'clip-default', padToken: { token: '!' } }, schedulerConfig: { _class_name: 'DDIMScheduler', prediction_type: 'v_prediction' } })
    expect(checkpoint.notes).toEqual(['The checkpoint has no vae folder.', 'The checkpoint has no text_encoder folder.'])
  })

  it('needs a tokenizer where the vocabulary is not CLIP\'s', async () => {
    const dir = sd1()
    fs.rmSync(path.join(dir, 'tokenizer'), { recursive: true })
    await expect(openCheckpoint(dir)).rejects.toThrow(/a tokenizer folder beside the text encoder, found none, and its 120 tokens are not CLIP's 49408/)
  })
})

describe('paths that people give', () => {
  it('model_index.json stands for its folder; a part of it does not stand for the whole', async () => {
    const dir = sd1()
    expect((await openCheckpoint(path.join(dir, 'model_index.json'))).layout).toBe('diffusers')
    await expect(openCheckpoint(path.join(dir, 'unet/diffusion_pytorch_model.safetensors'))).rejects.toThrow(`one part of a diffusers folder; pass ${dir} instead`)
  })

  it('a folder with one single file in it', async () => {
    fs.copyFileSync(singleFileFixture('sd2'), path.join(root, 'My Model v2.safetensors'))
    expect(await openCheckpoint(root)).toMatchObject({ layout: 'single-file', family: 'sd2', id: 'my-model-v2' })
  })

  it('a hub cache folder, whose files are links into blobs: real paths below one root', async () => {
    const dir = sd1('plain')
    const cache = path.join(root, 'models--me--tiny')
    const snapshot = path.join(cache, 'snapshots/abc123')
    fs.mkdirSync(path.join(cache, 'blobs'), { recursive: true })
    fs.mkdirSync(path.join(cache, 'refs'))
    fs.writeFileSync(path.join(cache, 'refs/main'), 'abc123')
    let blob = 0
    for (const file of fs.readdirSync(dir, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue
      const inside = path.relative(dir, path.join(file.parentPath, file.name))
      const target = path.join(cache, 'blobs', String(blob++))
      fs.copyFileSync(path.join(dir, inside), target)
      fs.mkdirSync(path.join(snapshot, path.dirname(inside)), { recursive: true })
      fs.symlinkSync(target, path.join(snapshot, inside))
    }
    for (const given of [cache, snapshot]) {
      const { components } = await openCheckpoint(given)
      expect(components.unet!.weights.root).toBe(path.join(cache, 'blobs'))
    }
  })

  it.each([['/a/My Model (v1.5).safetensors', 'my-model-v1.5'], ['/models/x/', 'x'], ['/a/unet.safetensors.index.json', 'unet'], ['/a/___', 'model']])('%s is called %s', (target, id) => {
    expect(idFromPath(target)).toBe(id)
  })
})

describe('a model card', () => {
  const card = (more: object = {}) => ({ id: 'tiny-inpaint', name: 'Tiny inpaint', family: 'sd1', kind: 'inpaint', size: 32, ...more })
  function inpaint(shares: unknown): string {
    sd1('starter')
    const dir = makeCheckpointFolder(path.join(root, 'starter-inpaint'), { unet: 'unet-inpaint' })
    for (const part of ['scheduler', 'tokenizer', 'model_index.json']) fs.rmSync(path.join(dir, part), { recursive: true })
    writeJson(path.join(dir, 'model.json'), card({ shares }))
    return dir
  }

  it.each<[string, unknown]>([
    ['one folder for everything', '../starter'],
    ['a folder per part', { vae: '../starter/vae', text_encoder: '../starter/text_encoder', tokenizer: '../starter/tokenizer', scheduler: '../starter/scheduler' }],
    ['component names', { vae: '../starter/vae', textEncoder: '../starter/text_encoder', tokenizer: '../starter/tokenizer', scheduler: '../starter/scheduler' }],
  ])('shares parts of another model: %s', async (_name, shares) => {
    const checkpoint = await openCheckpoint(inpaint(shares))
    expect(checkpoint).toMatchObject({ id: 'tiny-inpaint', kind: 'inpaint', size: 32, schedulerConfig: SD15_SCHEDULER, tokenizer: { kind: 'vocab-merges' }, card: { name: 'Tiny inpaint' } })
    expect(checkpoint.components.vae!.weights.root).toBe(path.join(root, 'starter/vae'))
    expect(checkpoint.components.unet!.weights.root).toBe(path.join(root, 'starter-inpaint/unet'))
  })

  it('cannot reach outside the models folder, by path or by link', async () => {
    const dir = inpaint({ vae: '../../etc' })
    await expect(openCheckpoint(dir)).rejects.toThrow(/expected folders below .* under shares, found \.\.\/\.\.\/etc/)
    writeJson(path.join(dir, 'model.json'), card({ shares: { vae: '/etc' } }))
    await expect(openCheckpoint(dir)).rejects.toThrow(/under shares, found \/etc/)
    const outside = makeCheckpointFolder(path.join(folder, `outside-${made}`), { vae: 'vae-kl' })
    fs.symlinkSync(outside, path.join(root, 'link'))
    writeJson(path.join(dir, 'model.json'), card({ shares: { vae: '../link/vae' } }))
    await expect(openCheckpoint(dir)).rejects.toThrow(/under shares, found/)
  })

  it('names the shared folder that is missing, and a card that is none', async () => {
    const dir = inpaint({ vae: '../gone/vae' })
    await expect(openCheckpoint(dir)).rejects.toThrow(/expected the shared folder .*gone\/vae, found nothing there; put the model/)
    for (const [bad, words] of [[{}, 'id'], [card({ family: 'sd9' }), 'family'], [card({ size: 'big' }), 'size'], [card({ files: [{ path: 'x' }] }), 'files.0.sha256']] as const) {
      writeJson(path.join(dir, 'model.json'), bad)
      await expect(openCheckpoint(dir)).rejects.toThrow(new RegExp(`a model card .*found ${words}`))
    }
  })
})
