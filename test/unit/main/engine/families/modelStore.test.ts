import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../../../../main/engine/errors.ts'
import { ModelStore } from '../../../../../main/engine/families/modelStore.ts'
import { nearestNames } from '../../../../../main/engine/families/nearestNames.ts'
import { readSafetensorsHeader } from '../../../../../main/engine/weights/safetensors.ts'
import { makeCheckpointFolder, singleFileFixture, writeJson } from '../../../../support/checkpointFolders.ts'

const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'store-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))
let root = ''
let made = 0
let store: ModelStore
const bundledRoot = () => path.join(root, 'models')
const dataDir = () => path.join(root, 'data')

/** A consistent tiny model: CLIP states of 16 features would not fit the UNet fixture, so it goes without a text encoder. */
const PLAN = { unet: 'unet-sd1', vae: 'vae-kl' }

function makeBundled(id: string, files: 'listed' | 'none' = 'listed'): string {
  const dir = makeCheckpointFolder(path.join(bundledRoot(), id), PLAN)
  const listed = ['unet', 'vae'].map((part) => `${part}/diffusion_pytorch_model.safetensors`).map((name) => {
    const bytes = fs.readFileSync(path.join(dir, name))
    return { path: name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  })
  writeJson(path.join(dir, 'model.json'), { id, name: `The ${id}`, family: 'sd1', kind: 'text-to-image', size: 64, licence: 'MIT', files: files === 'listed' ? listed : [] })
  return dir
}

beforeEach(() => {
  root = path.join(folder, String(made++))
  makeBundled('starter')
  store = new ModelStore({ bundledRoot: bundledRoot(), dataDir: dataDir() })
})

const download = (name = 'Dream Paper v3.safetensors') => {
  const file = path.join(root, 'downloads', name)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.copyFileSync(singleFileFixture('sd1'), file)
  return file
}
const ids = async () => (await store.list()).map(({ id }) => id)

describe('the list of models', () => {
  it('begins with those that come with the program', async () => {
    const [row] = await store.list()
    expect(row).toMatchObject({ id: 'starter', name: 'The starter', source: 'bundled', kind: 'text-to-image', family: 'sd1', size: 64 })
    expect(row!.bytes).toBeGreaterThan(100_000)
    expect(fs.existsSync(dataDir()), 'listing writes nothing').toBe(false)
  })

  it('adds a file where it lies and forgets it without touching it', async () => {
    const file = download()
    const before = fs.readFileSync(file)
    const row = await store.add(file)
    expect(row).toMatchObject({ id: 'dream-paper-v3', path: file, source: 'added', kind: 'text-to-image' })
    expect(await ids()).toEqual(['starter', 'dream-paper-v3'])
    expect((await store.open('dream-paper-v3')).id).toBe('dream-paper-v3')
    expect(await store.remove('dream-paper-v3')).toEqual({ id: 'dream-paper-v3', path: file })
    expect(await ids()).toEqual(['starter'])
    expect(fs.readFileSync(file).equals(before)).toBe(true)
  })

  it('keeps the id of a path added twice, and gives another file of the same name its own', async () => {
    const file = download('starter.safetensors')
    expect((await store.add(file)).id).toBe('starter-2')
    expect((await store.add(file)).id).toBe('starter-2')
    fs.mkdirSync(path.join(root, 'other'))
    fs.copyFileSync(file, path.join(root, 'other/starter.safetensors'))
    expect((await store.add(path.join(root, 'other/starter.safetensors'))).id).toBe('starter-3')
    expect(await ids()).toEqual(['starter', 'starter-2', 'starter-3'])
  })

  it('answers with the bundled model when its folder is added', async () => {
    expect((await store.add(path.join(bundledRoot(), 'starter'))).source).toBe('bundled')
    expect(await ids()).toEqual(['starter'])
  })

  it('remembers the configuration folder', async () => {
    const configDir = path.join(root, 'config')
    writeJson(path.join(configDir, 'scheduler/scheduler_config.json'), { _class_name: 'DDIMScheduler', prediction_type: 'v_prediction' })
    await store.add(download(), { configDir })
    expect((await store.open('dream-paper-v3')).predictionType).toBe('v_prediction')
  })

  it('refuses to add what it cannot open, and remembers nothing', async () => {
    fs.writeFileSync(path.join(root, 'x.ckpt'), 'PK\x03\x04')
    await expect(store.add(path.join(root, 'x.ckpt'))).rejects.toMatchObject({ exitCode: 2 })
    expect(fs.existsSync(dataDir())).toBe(false)
  })

  it('shows a model whose file is gone with its problem, and can forget it', async () => {
    const file = download()
    await store.add(file)
    fs.rmSync(file)
    const row = (await store.list())[1]!
    expect(row).toMatchObject({ id: 'dream-paper-v3', problem: expect.stringContaining('nothing at that path') as string })
    await store.remove('dream-paper-v3')
    expect(await ids()).toEqual(['starter'])
  })

  it('bundled models cannot be removed, nor be shadowed by an added one', async () => {
    await expect(store.remove('starter')).rejects.toThrow(/found one that comes with the program/)
    writeJson(path.join(dataDir(), 'models.json'), { version: 1, models: [{ id: 'starter', path: download() }] })
    expect((await store.open('starter')).layout).toBe('diffusers')
  })

  it('loses nothing when models are added at the same time', async () => {
    const files = Array.from({ length: 6 }, (_, i) => download(`m${i}.safetensors`))
    await Promise.all(files.map((file) => new ModelStore({ bundledRoot: bundledRoot(), dataDir: dataDir() }).add(file)))
    expect((await ids()).sort()).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'starter'])
    expect(fs.readdirSync(dataDir())).toEqual(['models.json'])
  })

  it('says what is wrong with a broken list or card', async () => {
    writeJson(path.join(dataDir(), 'models.json'), { version: 2 })
    await expect(store.list()).rejects.toThrow(/models\.json: expected the list of added models/)
    fs.rmSync(dataDir(), { recursive: true })
    fs.writeFileSync(path.join(bundledRoot(), 'starter/model.json'), '{')
    expect((await store.list())[0]).toMatchObject({ id: 'starter', problem: expect.stringContaining('a model card (JSON)') as string })
  })
})

describe('naming a model', () => {
  it('an id, a path, or neither: then the known ids, nearest first', async () => {
    makeBundled('starter-inpaint')
    makeBundled('zebra')
    expect((await store.open(download())).layout).toBe('single-file')
    await expect(store.open('startr')).rejects.toMatchObject({
      exitCode: 2, code: 'model/unknown', message: expect.stringMatching(/^model startr: expected one of starter, zebra, starter-inpaint, or a path, found neither; see "palimpsest models list"/) as string,
    })
    await expect(store.open('./gone.safetensors')).rejects.toThrow(/nothing at that path/)
    await expect(store.remove('nobody')).rejects.toMatchObject({ code: 'model/unknown' })
  })

  it('nearestNames puts prefixes and small slips first', () => {
    expect(nearestNames('star', ['abc', 'starter-inpaint', 'starter'])).toEqual(['starter', 'starter-inpaint', 'abc'])
    expect(nearestNames('euler_a', ['ddim', 'euler-a', 'euler'])).toEqual(['euler-a', 'euler', 'ddim'])
  })
})

it('show prints parts, types, sampling and padding as plain JSON', async () => {
  const shown = await store.show('starter')
  expect(shown).toMatchObject({
    id: 'starter', name: 'The starter', licence: 'MIT', layout: 'diffusers', predictionType: 'epsilon', scheduler: 'PNDMScheduler', tokenizer: { padToken: '<|endoftext|>', padTokenFrom: 'special_tokens_map' },
    components: { unet: { class: 'UNet2DConditionModel', dtypes: 'F16' }, vae: { class: 'AutoencoderKL' } },
  })
  expect(JSON.parse(JSON.stringify(shown))).toEqual(shown)
})

describe('verify', () => {
  const weights = (part = 'unet') => path.join(bundledRoot(), 'starter', part, 'diffusion_pytorch_model.safetensors')

  it('reads every byte of a healthy model', async () => {
    const phases = new Map<string, number>()
    const report = await store.verify('starter', { onProgress: ({ phase, done, total }) => phases.set(phase, done / total) })
    expect(report).toMatchObject({ id: 'starter', checksums: 2, checks: ['sha256 of 2 files against the card', expect.stringMatching(/^no NaN or infinity in \d+ tensors$/) as string, 'parts fit each other'] })
    expect(Object.fromEntries(phases)).toEqual({ checksums: 1, numbers: 1 })
  })

  it('finds a flipped bit by its checksum', async () => {
    const bytes = fs.readFileSync(weights())
    bytes[bytes.length - 2]! ^= 1
    fs.writeFileSync(weights(), bytes)
    await expect(store.verify('starter')).rejects.toMatchObject({ exitCode: 2, code: 'model/damaged', message: expect.stringMatching(/unet\/.*expected \d+ bytes with sha256 [0-9a-f]{12}\.\.\., as the card says, found sha256 /) as string })
  })

  it('finds NaN by tensor, and lists every problem', async () => {
    const entry = [...readSafetensorsHeader(weights()).tensors.values()].find(({ name }) => name === 'mid_block.resnets.0.conv1.weight')!
    const bytes = fs.readFileSync(weights())
    bytes.writeUInt16LE(0x7e00, entry.offset + 6)
    fs.writeFileSync(weights(), bytes)
    fs.rmSync(path.join(bundledRoot(), 'starter/scheduler'), { recursive: true })
    const error = await store.verify('starter').catch((e: unknown) => e as EngineError)
    const { problems } = (error as EngineError).details as { problems: string[] }
    expect(problems).toHaveLength(2)
    expect(problems[1]).toMatch(/found NaN or infinity in tensor mid_block\.resnets\.0\.conv1\.weight at element 3;/)
    expect((error as EngineError).message).toMatch(/\(and 1 more problem\)\.$/)
    await expect(store.verify(weights().replace(/unet.*/, 'unet/none.safetensors'))).rejects.toThrow(/nothing at that path/)
  })

  it('asks the engine to build every net, and reports what it finds', async () => {
    const seen: string[] = []
    await store.verify('starter', { buildNets: (checkpoint) => { seen.push(...Object.keys(checkpoint.components)) } })
    expect(seen).toEqual(['unet', 'vae'])
    const refuse = () => { throw new EngineError('graph/shape', 'conv_in: a sentence.', { exitCode: 2 }) }
    await expect(store.verify('starter', { buildNets: refuse })).rejects.toThrow('conv_in: a sentence.')
  })

  it('checks models without a card, and can be cancelled', async () => {
    const report = await store.verify(makeCheckpointFolder(path.join(root, 'plain'), { unet: 'unet-lcm' }))
    expect(report.checks[0]).toBe('no card with checksums')
    await expect(store.verify('starter', { signal: AbortSignal.abort() })).rejects.toMatchObject({ exitCode: 130 })
  })
})
