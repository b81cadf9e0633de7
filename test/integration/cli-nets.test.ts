/** `palimpsest net` and `palimpsest graph`: raw modules as PyTorch computes them, from folders and single files. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../main/engine/index.ts'
import type { Engine } from '../../main/engine/index.ts'
import type { IntTensor, Tensor } from '../../main/engine/tensor/tensor.ts'
import { readSafetensorsHeader, readTensor } from '../../main/engine/weights/safetensors.ts'
import { writeSafetensors } from '../../main/engine/weights/safetensorsWriter.ts'
import { makeCheckpointFolder, makeConfigDir, singleFileFixture } from '../support/checkpointFolders.ts'
import { cleanUp, loadNetFixture } from '../support/netFixtures.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Max abs error / max abs that the product promises for every module. */
const PROMISED = 3e-5
let folder = ''
let engine: Engine

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-nets-'))
  engine = createEngine({ bundledModels: path.join(root, 'models'), dataDir: folder, cacheDir: path.join(folder, 'cache') })
})
afterAll(async () => {
  await engine.dispose()
  cleanUp()
  rmSync(folder, { recursive: true, force: true })
})

function palimpsest(...args: string[]): { code: number | null; out: string; err: string } {
  const ended = spawnSync(process.execPath, [path.join(root, 'main', 'cli', 'index.ts'), ...args], { cwd: folder, encoding: 'utf8', env: { ...process.env, PALIMPSEST_HOME: folder } })
  return { code: ended.status, out: ended.stdout, err: ended.stderr }
}

/** Adds the single file with its configurations: a net this small has sizes that the family's own would not guess. */
async function addSingleFile(family: 'sd1' | 'sd2'): Promise<string> {
  const configDir = makeConfigDir(path.join(folder, `${family}-config`), folderPlans[family])
  const { added } = await engine.run({ task: 'models', action: 'add', target: singleFileFixture(family), configDir })
  return (added as { id: string }).id
}

/** fixture -> component of `net` */
const families = {
  sd1: { 'unet-sd1': 'unet', 'vae-kl': ['vae-encoder', 'vae-decoder'], 'clip-text-sd1': 'text-encoder', 'clip-vision': 'image-encoder' },
  sd2: { 'unet-sd2': 'unet', 'clip-text-sd2': 'text-encoder' },
} as const
const folderPlans = {
  sd1: { unet: 'unet-sd1', vae: 'vae-kl', text_encoder: 'clip-text-sd1', image_encoder: 'clip-vision' },
  sd2: { unet: 'unet-sd2', vae: 'vae-kl', text_encoder: 'clip-text-sd2' },
}

interface ModuleCase { component: string; label: string; inputs: Record<string, Tensor | IntTensor>; outputs: Record<string, Tensor>; clipSkip: number }

function moduleCases(family: 'sd1' | 'sd2'): ModuleCase[] {
  return Object.entries(families[family]).flatMap(([fixture, components]) =>
    loadNetFixture(fixture).cases.flatMap((one) =>
      [components].flat().map((component) => {
        // The VAE's cases hold the pictures and the latents of both directions.
        const inputs = Object.fromEntries(Object.entries(one.inputs).filter(([name]) => belongs(component, name)))
        const outputs = Object.fromEntries(Object.entries(one.outputs).filter(([name]) => !component.startsWith('vae') || (name === 'sample') === (component === 'vae-decoder')))
        return { component, label: `${component} ${one.label}`, inputs, outputs, clipSkip: one.spec['clipSkip'] ?? 0 }
      }),
    ),
  ).filter(({ inputs, outputs }) => Object.keys(inputs).length > 0 && Object.keys(outputs).length > 0)
}

function belongs(component: string, input: string): boolean {
  if (component === 'vae-encoder') return input === 'sample'
  return component !== 'vae-decoder' || input === 'latent_sample'
}

function relativeError(actual: Tensor, expected: Tensor): number {
  expect(actual.dims).toEqual(expected.dims)
  const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return expected.data.reduce((most, value, i) => Math.max(most, Math.abs((actual.data[i] ?? NaN) - value)), 0) / largest
}

function readOutputs(file: string): Record<string, Tensor> {
  return Object.fromEntries([...readSafetensorsHeader(file).tensors].map(([name, entry]) => [name, readTensor(entry)]))
}

describe.each(['sd1', 'sd2'] as const)('%s', (family) => {
  it.each(['single file', 'folder'])('every module from a %s is as PyTorch computes it', async (form) => {
    const model = form === 'single file' ? await addSingleFile(family) : makeCheckpointFolder(path.join(folder, family), folderPlans[family])
    const seen = new Set<string>()
    for (const { component, label, inputs, outputs, clipSkip } of moduleCases(family)) {
      if (form === 'single file' && component === 'image-encoder') continue // single files hold none
      const files = { in: path.join(folder, 'in.safetensors'), out: path.join(folder, 'out.safetensors') }
      await writeSafetensors(files.in, inputs)
      await engine.run({ task: 'net', component: component as 'unet', model, device: 'cpu', clipSkip, ...files })
      const actual = readOutputs(files.out)
      for (const [name, expected] of Object.entries(outputs)) {
        const output = actual[name]
        if (!output) continue // PyTorch's reference may say more than `net` promises
        expect(relativeError(output, expected), `${label} ${name}`).toBeLessThan(PROMISED)
        seen.add(`${component} ${name}`)
      }
    }
    const wanted = ['unet sample', 'text-encoder last_hidden_state', ...(family === 'sd1' ? ['vae-encoder mean', 'vae-encoder std', 'vae-decoder sample'] : [])]
    expect([...seen]).toEqual(expect.arrayContaining(form === 'folder' && family === 'sd1' ? [...wanted, 'image-encoder image_embeds'] : wanted))
  })
})

describe('through the command', () => {
  beforeAll(() => {
    const config = makeConfigDir(path.join(folder, 'config'), folderPlans.sd1)
    expect(palimpsest('models', 'add', singleFileFixture('sd1'), '--config', path.relative(folder, config))).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Use it with --model sd1.') })
  })

  it('net takes an I64 timestep without axes and I32 ids, relative paths, and writes F32', () => {
    const unet = moduleCases('sd1').find(({ component, inputs }) => component === 'unet' && inputs['sample']?.dims[0] === 1)
    const timestep = unet?.inputs['timestep']
    if (!unet || !timestep) throw new Error('the fixture has no case of batch 1')
    expect(Number.isInteger(Number(timestep.data[0]))).toBe(true)
    writeSafetensors(path.join(folder, 'unet-in.safetensors'), { ...unet.inputs, timestep: { data: BigInt64Array.of(BigInt(Number(timestep.data[0]))), dims: [] } })
    const { code, out, err } = palimpsest('net', 'unet', '--model', 'sd1', '--in', 'unet-in.safetensors', '--out', 'unet-out.safetensors', '--device', 'cpu')
    expect({ code, out, err }).toMatchObject({ code: 0, out: expect.stringMatching(/^Wrote .*unet-out\.safetensors/) })
    const { sample } = readOutputs(path.join(folder, 'unet-out.safetensors'))
    const expected = unet.outputs['sample']
    if (!sample || !expected) throw new Error('no sample')
    expect(relativeError(sample, expected)).toBeLessThan(PROMISED)

    const text = moduleCases('sd1').find(({ component }) => component === 'text-encoder')
    const ids = text?.inputs['input_ids']
    if (!text || !ids) throw new Error('the fixture has no text case')
    writeSafetensors(path.join(folder, 'text-in.safetensors'), { input_ids: { data: Int32Array.from(ids.data, Number), dims: ids.dims } })
    expect(palimpsest('net', 'text-encoder', '--model', 'sd1', '--in', 'text-in.safetensors', '--out', 'text-out.safetensors', '--device', 'cpu').code).toBe(0)
    const states = readOutputs(path.join(folder, 'text-out.safetensors'))['last_hidden_state']
    const wanted = text.outputs['last_hidden_state']
    if (!states || !wanted) throw new Error('no last_hidden_state')
    expect(relativeError(states, wanted)).toBeLessThan(PROMISED)
  })

  it('net names what its input file lacks, exit 2, nothing written', () => {
    writeSafetensors(path.join(folder, 'wrong.safetensors'), { picture: { data: new Float32Array(4), dims: [4] } })
    const { code, err } = palimpsest('net', 'vae-decoder', '--model', 'sd1', '--in', 'wrong.safetensors', '--out', 'never.safetensors')
    expect(code).toBe(2)
    expect(err).toMatch(/^Error: .*wrong\.safetensors: expected the tensors latent_sample, found picture\.\n$/m)
    expect(readdirSync(folder)).not.toContain('never.safetensors')
  })

  it('graph prints the graph as text', () => {
    const { code, out } = palimpsest('graph', 'unet', '--model', 'sd1')
    expect(code).toBe(0)
    expect(out).toMatch(/^graph unet: \d+ nodes/)
    expect(out).toContain('encoder_hidden_states')
  })
})
