import { describe, expect, it, vi } from 'vitest'
import type { Download, ModelRow } from '../../../../preload/contract/models.ts'
import { createModelsScreenStore, firstChoice } from '../../../../renderer/stores/models.ts'
import { type FakeApi, fakeApi, JOB, jobIn, refusal } from './fakeApi.ts'

const DOWNLOAD = 'dwn_0123456789abcdef'
const file = { file: 'fil_0123456789abcdef', name: 'm.safetensors', bytes: 10, folder: false }
const config = { file: 'fil_fedcba9876543210', name: 'config', bytes: 0, folder: true }
const row: ModelRow = { id: 'm', name: 'm', source: 'added', kind: 'inpaint', family: 'sd1', size: 512, bytes: 10, licence: null, vocabulary: null, can: { describe: false, clip: false, tinyPreview: false }, problem: null }
const download = (state: Download['state'], received = 0): Download => ({ download: DOWNLOAD, name: 'sd', state, received, total: 100, bytesPerSecond: null, etaSeconds: null, error: null, model: null })

function open(more: FakeApi['answers'] = {}) {
  const api = fakeApi({
    'models.catalogue': () => ({ entries: [] }),
    'downloads.list': () => ({ downloads: [] }),
    'models.probe': () => ({ found: 'a text-to-image model of the SD1 family', usable: true, kind: 'text-to-image', family: 'sd1', notes: [] }),
    'models.add': () => row,
    'models.verify': () => ({ job: JOB }),
    ...more,
  })
  const refresh = vi.fn(() => Promise.resolve())
  return { api, refresh, state: createModelsScreenStore(api, refresh).getState }
}

describe('adding a model', () => {
  it('says what was found, and adds only when told to', async () => {
    const { state, api, refresh } = open()
    await state().offer([file, file])
    expect(state().adding).toMatchObject([{ found: { usable: true }, busy: false }])
    expect(api.asked.map(({ method }) => method)).toEqual(['models.probe'])
    state().setConfig(file.file, config)
    await state().add(file.file)
    expect(api.asked.at(-1)).toMatchObject({ method: 'models.add', input: { file: file.file, config: config.file } })
    expect(state().adding).toEqual([])
    expect(refresh).toHaveBeenCalledOnce()
  })

  it('keeps a file that was refused, with the sentence, until it is dismissed', async () => {
    const { state } = open({ 'models.add': () => { throw refusal('m.safetensors is cut off') } })
    await state().offer([file])
    await state().add(file.file)
    expect(state().adding).toMatchObject([{ problem: 'm.safetensors is cut off', busy: false }])
    state().dismiss(file.file)
    expect(state().adding).toEqual([])
  })

  it('keeps the sentence of a file that cannot be looked into', async () => {
    const { state } = open({ 'models.probe': () => { throw refusal('0 bytes') } })
    await state().offer([file])
    expect(state().adding).toMatchObject([{ found: null, problem: '0 bytes', busy: false }])
  })
})

describe('checking a model', () => {
  it('tells progress and the verdict', async () => {
    const { state, api } = open()
    const checking = state().verify('m')
    await vi.waitFor(() => expect(state().checks.get('m')).toMatchObject({ state: 'running', progress: { job: JOB } }))
    void state().verify('m')
    api.tell('job.changed', { job: jobIn('running', { step: 1, steps: 4 }) })
    expect(state().checks.get('m')).toMatchObject({ progress: { step: 1, steps: 4 } })
    api.tell('job.changed', { job: jobIn('done', { result: { files: 4 } }) })
    await checking
    expect(state().checks.get('m')).toEqual({ state: 'sound' })
    expect(api.asked.filter(({ method }) => method === 'models.verify')).toHaveLength(1)
  })

  it('says what is broken', async () => {
    const { state, api } = open()
    const checking = state().verify('m')
    await vi.waitFor(() => expect(state().checks.has('m')).toBe(true))
    api.tell('job.changed', { job: jobIn('failed', { error: { code: 'x/y', message: 'unet: wrong sha256', exitCode: 1, details: {} } }) })
    await checking
    expect(state().checks.get('m')).toEqual({ state: 'broken', problem: 'unet: wrong sha256' })
  })

  it('leaves nothing behind when it is cancelled', async () => {
    const { state, api } = open({ 'jobs.cancel': () => ({}) })
    const checking = state().verify('m')
    await vi.waitFor(() => expect(state().checks.get('m')).toMatchObject({ progress: { job: JOB } }))
    await state().cancelCheck('m')
    api.tell('job.changed', { job: jobIn('cancelled') })
    await checking
    expect(state().checks.size).toBe(0)
  })
})

describe('the hub', () => {
  it('chooses at first the files that a model is made of, once', () => {
    const files = ['model_index.json', 'unet/diffusion_pytorch_model.safetensors', 'unet/diffusion_pytorch_model.fp16.safetensors', 'unet/diffusion_pytorch_model.bin', 'tokenizer/merges.txt', 'README.md', 'v1.ckpt', 'flax_model.msgpack']
    expect([...firstChoice(files.map((name) => ({ name })))]).toEqual(['model_index.json', 'unet/diffusion_pytorch_model.safetensors', 'tokenizer/merges.txt'])
  })

  it('looks at a repository and downloads what was chosen, with the licence that was accepted', async () => {
    const { state, api } = open({
      'models.look': () => ({ files: [{ name: 'a.safetensors', bytes: 5, sha256: null }, { name: 'b.json', bytes: 1, sha256: null }], licence: 'mit' }),
      'models.download': () => ({ download: DOWNLOAD }),
    })
    state().setHub({ repository: ' someone/model ', revision: ' ' })
    await state().look()
    expect(api.asked.at(-1)?.input).toEqual({ repository: 'someone/model', revision: 'main' })
    state().choose('b.json', false)
    await state().download('hub', 'mit')
    expect(api.asked.find(({ method }) => method === 'models.download')?.input).toEqual({ repository: 'someone/model', revision: 'main', files: ['a.safetensors'], acceptedLicence: 'mit' })
    expect(state().hub.busy).toBe(false)
  })

  it('shows why it could not look: the lock, a name that is none', async () => {
    const { state } = open({ 'models.look': () => { throw refusal('the offline lock is on') } })
    state().setHub({ repository: 'a/b' })
    await state().look()
    expect(state().hub).toMatchObject({ problem: 'the offline lock is on', busy: false, answer: null })
    state().setHub({ repository: 'a/c' })
    expect(state().hub.problem).toBeNull()
  })
})

describe('downloads', () => {
  it('are those of the last session, followed by their news', async () => {
    const { state, api } = open({ 'downloads.list': () => ({ downloads: [download('paused', 40)] }), 'downloads.resume': () => ({}) })
    state().watch()
    await vi.waitFor(() => expect(state().downloads).toMatchObject([{ state: 'paused', received: 40 }]))
    await state().steer(DOWNLOAD, 'resume')
    api.tell('download.changed', { download: download('running', 60) })
    expect(state().downloads).toMatchObject([{ state: 'running', received: 60 }])
  })

  it('bring the catalogue up to date once when one is done', async () => {
    const { state, api } = open({ 'downloads.list': () => ({ downloads: [download('running')] }) })
    const stop = state().watch()
    await vi.waitFor(() => expect(state().downloads).toHaveLength(1))
    api.tell('download.changed', { download: download('done', 100) })
    api.tell('download.changed', { download: download('done', 100) })
    await vi.waitFor(() => expect(api.asked.filter(({ method }) => method === 'models.catalogue')).toHaveLength(2))
    stop()
    api.tell('download.changed', { download: download('failed') })
    expect(state().downloads).toMatchObject([{ state: 'done' }])
  })

  it('keep the sentence of a refusal', async () => {
    const { state } = open({ 'downloads.pause': () => { throw refusal('gone') } })
    await state().steer(DOWNLOAD, 'pause')
    expect(state().problem).toBe('gone')
  })
})
