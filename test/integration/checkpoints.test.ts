/** One tiny checkpoint in every form people have it in, through the real runtime: the same numbers, and PyTorch's. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Checkpoint } from '../../main/engine/families/checkpoint.ts'
import { openCheckpoint } from '../../main/engine/families/openCheckpoint.ts'
import { buildVaeDecoder } from '../../main/engine/nets/autoencoderKl.ts'
import { buildClipText } from '../../main/engine/nets/clipText.ts'
import { buildUNet2DCondition } from '../../main/engine/nets/unet2dCondition.ts'
import type { Tensor } from '../../main/engine/tensor/tensor.ts'
import { ensureFloat32, needsConversion } from '../../main/engine/weights/convertedWeights.ts'
import { readSafetensorsHeader, readTensor } from '../../main/engine/weights/safetensors.ts'
import { safetensorsPreamble, writeSafetensors } from '../../main/engine/weights/safetensorsWriter.ts'
import { makeCheckpointFolder, makeConfigDir, singleFileFixture, writeJson } from '../support/checkpointFolders.ts'
import { cleanUp, loadNetFixture, relativeError, runGraph } from '../support/netFixtures.ts'

const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'checkpoint-forms-'))
afterAll(() => {
  cleanUp()
  fs.rmSync(folder, { recursive: true })
})
const at = (...names: string[]) => path.join(folder, ...names)
const cache = { dir: at('cache'), maxBytes: 1e9 }

/** Rewrites every weights file below a folder. */
function rewrite(dir: string, change: (file: string) => void): string {
  for (const entry of fs.readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (entry.name.endsWith('.safetensors')) change(path.join(entry.parentPath, entry.name))
  }
  return dir
}

function upcastFile(file: string): void {
  writeSafetensors(file, Object.fromEntries([...readSafetensorsHeader(file).tensors].map(([name, entry]) => [name, readTensor(entry)])))
}

function shardFile(file: string): void {
  const bytes = fs.readFileSync(file)
  const entries = [...readSafetensorsHeader(file).tensors.values()]
  const third = Math.ceil(entries.length / 3)
  const map: Record<string, string> = {}
  for (let i = 0; i < 3; i++) {
    const part = entries.slice(i * third, (i + 1) * third)
    const name = path.basename(file).replace('.safetensors', `-0000${i + 1}-of-00003.safetensors`)
    fs.writeFileSync(path.join(path.dirname(file), name), Buffer.concat([safetensorsPreamble(part), ...part.map((e) => bytes.subarray(e.offset, e.offset + e.length))]))
    for (const entry of part) map[entry.name] = name
  }
  fs.rmSync(file)
  writeJson(`${file}.index.json`, { weight_map: map })
}

/** transformers 4 names in the text encoder, diffusers 0.10 names in the VAE. */
function oldNames(dir: string): string {
  const rename = (file: string, names: (name: string) => string): void => {
    const bytes = fs.readFileSync(file)
    const entries = [...readSafetensorsHeader(file).tensors.values()]
    fs.writeFileSync(file, Buffer.concat([safetensorsPreamble(entries.map((e) => ({ ...e, name: names(e.name) }))), ...entries.map((e) => bytes.subarray(e.offset, e.offset + e.length))]))
  }
  const old: Record<string, string> = { to_q: 'query', to_k: 'key', to_v: 'value', 'to_out.0': 'proj_attn' }
  rename(path.join(dir, 'vae/diffusion_pytorch_model.safetensors'), (name) => name.replace(/(attentions\.0\.)(to_q|to_k|to_v|to_out\.0)\./, (_all, place: string, part: string) => `${place}${old[part]!}.`))
  rename(path.join(dir, 'text_encoder/model.safetensors'), (name) => (name.startsWith('text_model.') ? name : `text_model.${name}`))
  return dir
}

describe.each(['sd1', 'sd2'] as const)('a tiny %s checkpoint', (family) => {
  const plan = { unet: `unet-${family}`, vae: 'vae-kl', text_encoder: `clip-text-${family}` }
  const forms = new Map<string, () => Promise<Checkpoint>>([
    ['F16 folder', () => openCheckpoint(makeCheckpointFolder(at(family, 'f16'), plan))],
    ['F32 folder', () => openCheckpoint(rewrite(makeCheckpointFolder(at(family, 'f32'), plan), upcastFile))],
    ['sharded folder', () => openCheckpoint(rewrite(makeCheckpointFolder(at(family, 'sharded'), plan), shardFile))],
    ['folder with old names', () => openCheckpoint(oldNames(makeCheckpointFolder(at(family, 'old'), plan)))],
    ['single file', () => openCheckpoint(singleFileFixture(family), { configDir: makeConfigDir(at(family, 'config'), plan) })],
    ['F32 single file', async () => {
      const file = at(family, 'single32.safetensors')
      fs.copyFileSync(singleFileFixture(family), file)
      upcastFile(file)
      return openCheckpoint(file, { configDir: at(family, 'config') })
    }],
  ])
  const opened = new Map<string, Checkpoint>()
  beforeAll(async () => {
    for (const [form, open] of forms) opened.set(form, await open())
  })

  /** The component's output for the first case of a fixture, and PyTorch's. */
  async function outputs(checkpoint: Checkpoint, net: 'unet' | 'vae' | 'textEncoder'): Promise<[Tensor, Tensor]> {
    const { config, weights } = checkpoint.components[net]!
    const converted = await ensureFloat32(weights, cache)
    const { cases } = loadNetFixture({ unet: plan.unet, vae: plan.vae, textEncoder: plan.text_encoder }[net])
    const reference = cases.find(({ label }) => net !== 'vae' || label.startsWith('decode'))!
    const { batch, height, width, tokens, clipSkip } = reference.spec as Record<string, number>
    const graph = net === 'unet'
      ? buildUNet2DCondition(config, converted, { batch: batch!, height: height!, width: width!, tokens: tokens!, fused: true })
      : net === 'vae' ? buildVaeDecoder(config, converted, { batch: batch!, height: height!, width: width!, fused: true }) : buildClipText(config, converted, { batch: batch!, clipSkip: clipSkip!, fused: true })
    const [name, expected] = Object.entries(reference.outputs)[0]!
    return [(await runGraph(graph, reference.inputs))[name]!, expected]
  }

  it.each(['unet', 'vae', 'textEncoder'] as const)('%s: every form gives the same bits, within 3e-5 of PyTorch', async (net) => {
    const [first, expected] = await outputs(opened.get('F16 folder')!, net)
    expect(relativeError(first, expected)).toBeLessThan(3e-5)
    for (const [form, checkpoint] of opened) {
      const [again] = await outputs(checkpoint, net)
      expect(Buffer.from(again.data.buffer).equals(Buffer.from(first.data.buffer)), `${form} differs`).toBe(true)
    }
  })

  it('F32 forms run from the files themselves, without a copy', async () => {
    for (const form of ['F32 folder', 'F32 single file']) {
      for (const { weights } of Object.values(opened.get(form)!.components)) {
        expect(needsConversion(weights), form).toBe(false)
        expect(await ensureFloat32(weights, cache)).toBe(weights)
      }
    }
  })

  it('half-precision forms share converted weights: the same content is stored once', async () => {
    const files = new Set<string>()
    for (const form of ['F16 folder', 'sharded folder', 'folder with old names', 'single file']) {
      const converted = await ensureFloat32(opened.get(form)!.components.vae!.weights, cache)
      files.add([...converted.entries.values()][0]!.file)
    }
    expect([...files]).toHaveLength(1)
  })
})
