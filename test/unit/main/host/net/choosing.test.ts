import { describe, expect, it } from 'vitest'
import { catalogueModel, catalogueModels } from '../../../../../main/host/net/catalogue.ts'
import { retryAfterMs } from '../../../../../main/host/net/fetchFile.ts'
import { fileAddress, hubAddress, type HubFile } from '../../../../../main/host/net/hub.ts'
import { isSafeName, selectFiles } from '../../../../../main/host/net/selectFiles.ts'
import { Speed } from '../../../../../main/host/net/speed.ts'

const files = (...names: string[]): HubFile[] => names.map((name) => ({ name, bytes: 1, sha256: null, gitOid: null }))
const chosen = (names: string[], variant: '' | 'fp16' = ''): string[] => selectFiles('a/b', files(...names), undefined, variant).map(({ name }) => name)

describe('choosing files', () => {
  it('takes one form of each component, full precision where the wanted one is missing', () => {
    const names = ['model_index.json', 'unet/config.json', 'unet/diffusion_pytorch_model.fp16.safetensors', 'unet/diffusion_pytorch_model.safetensors', 'unet/diffusion_pytorch_model.non_ema.safetensors', 'vae/diffusion_pytorch_model.safetensors', 'vae/diffusion_pytorch_model.bin', 'tokenizer/merges.txt', 'feature_extractor/preprocessor_config.json', 'v1-5.ckpt']
    expect(chosen(names, 'fp16')).toEqual(['model_index.json', 'unet/config.json', 'unet/diffusion_pytorch_model.fp16.safetensors', 'vae/diffusion_pytorch_model.safetensors', 'tokenizer/merges.txt'])
    expect(chosen(names)).toContain('unet/diffusion_pytorch_model.safetensors')
    expect(chosen(names)).not.toContain('unet/diffusion_pytorch_model.fp16.safetensors')
  })

  it('takes shards with their index, and no index beside whole weights', () => {
    const shards = ['unet/diffusion_pytorch_model-00001-of-00002.safetensors', 'unet/diffusion_pytorch_model-00002-of-00002.safetensors']
    const index = 'unet/diffusion_pytorch_model.safetensors.index.json'
    expect(chosen(['model_index.json', index, ...shards])).toEqual(['model_index.json', index, ...shards])
    expect(chosen(['model_index.json', index, ...shards, 'unet/diffusion_pytorch_model.safetensors'])).toEqual(['model_index.json', 'unet/diffusion_pytorch_model.safetensors'])
  })

  it('takes a lone checkpoint, and asks when there are several or none', () => {
    expect(chosen(['x.safetensors', 'LICENSE', 'x.ckpt'])).toEqual(['x.safetensors', 'LICENSE'])
    expect(() => chosen(['x.safetensors', 'y.safetensors'])).toThrow(/2 checkpoints; choose one/)
    expect(() => chosen(['x.ckpt'])).toThrow(/no .safetensors weights/)
    expect(() => selectFiles('a/b', files('x'), ['y'], '')).toThrow(/none of this name/)
  })

  it.each(['../x', 'a/../b', '/etc/passwd', 'a//b', 'C:/x', 'a\\b', 'nul', 'unet/con.json', 'x.', 'x ', 'a\u0000b', ''])('refuses the name %j', (name) => {
    expect(isSafeName(name)).toBe(false)
    expect(() => selectFiles('a/b', files(name), [name], '')).toThrow(/plain file names/)
  })

  it('refuses two names that are one file on some systems', () => {
    expect(() => selectFiles('a/b', files('A.json', 'a.json'), ['A.json', 'a.json'], '')).toThrow(/case/)
  })
})

describe('the catalogue', () => {
  it('gives each model once, with a licence a person can read', () => {
    const models = catalogueModels()
    expect(new Set(models.map(({ id }) => id)).size).toBe(models.length)
    for (const { licence } of models) {
      expect(licence.text).toContain(licence.url)
      expect(licence.text).not.toMatch(/chosen by whoever/)
    }
    expect(() => catalogueModel('nothing')).toThrow(/stable-diffusion-1.5/)
  })
})

describe('small parts', () => {
  it('reads Retry-After as seconds or as a date', () => {
    expect(retryAfterMs('3')).toBe(3000)
    expect(retryAfterMs('Thu, 01 Jan 1970 00:00:10 GMT', 4000)).toBe(6000)
    expect(retryAfterMs('Thu, 01 Jan 1970 00:00:10 GMT', 20_000)).toBe(0)
    expect([retryAfterMs('soon'), retryAfterMs(undefined)]).toEqual([undefined, undefined])
  })

  it('builds addresses from a mirror', () => {
    expect(hubAddress('')).toBe('https://huggingface.co')
    expect(fileAddress(hubAddress('https://mirror.example/hub/ '), 'a/b', 'c', 'x y/#.json')).toBe('https://mirror.example/hub/a/b/resolve/c/x%20y/%23.json')
  })

  it('tells the speed of the last seconds, nothing at first, and zero in a stall', () => {
    const speed = new Speed()
    speed.note(0, 0)
    expect(speed.bytesPerSecond(10)).toBeNull()
    speed.note(1000, 1000)
    expect(speed.bytesPerSecond(1000)).toBe(1000)
    expect(speed.etaSeconds(500, 1000)).toBe(0.5)
    speed.note(1000, 20_000)
    speed.note(1000, 26_000)
    expect(speed.etaSeconds(500, 26_000)).toBeNull()
    speed.note(10, 27_000)
    expect(speed.bytesPerSecond(27_000)).toBeNull()
  })
})
