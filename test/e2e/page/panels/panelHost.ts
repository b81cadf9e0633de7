/**
 * The stand-in host with words, models, batches and settings. Its questions and answers go through the contract's schemas,
 * so that what the window is tried with has the shape that the real host has.
 */
import type { Bridge } from '../../../../preload/contract/bridge.ts'
import { type InputOf, type Method, type OutputOf, isMethod, methods } from '../../../../preload/contract/channels.ts'
import type { Job } from '../../../../preload/contract/edits.ts'
import { FakeHost, type HostOptions } from '../window/fakeHost.ts'
import type { Pictures } from '../window/fakePicture.ts'
import { BATCH, RECIPE, STEPS, itemsOf, viewOf } from './batchRows.ts'
import { CATALOGUE, DOWNLOADS, MODELS } from './modelRows.ts'
import { FIDELITY, MAP_SIDE, attentionOf, chipsOf, mapOf } from './wordRows.ts'

/** What more the host can be told to begin with. `run`: how the batch stands; `wordsMs`: how long looking and inverting take. */
export interface PanelOptions extends HostOptions {
  readonly description: string
  readonly wordsMs: number
  readonly pictures: number
  readonly run: 'none' | 'planned' | 'running' | 'done'
  readonly downloads: boolean
}

type Handler = (input: never) => unknown
type Failure = { code: string; message: string }
const MAPS = 'map_aaaaaaaaaaaaaaaaaaaa'

/** See the file's head. */
export class PanelHost {
  readonly base: FakeHost
  readonly calls: { method: string; input: Record<string, unknown> }[] = []
  /** the next call of a method fails with this sentence */
  readonly failures = new Map<string, Failure>()
  ready = false
  items
  state: 'planned' | 'running' | 'paused' | 'done' | 'cancelled'
  models = [...MODELS]
  downloads
  #next = 1
  readonly #options: PanelOptions
  readonly #bridge: Bridge
  #network = { locked: true, requests: 0, refused: 0, last: null as string | null }

  constructor(options: PanelOptions, pictures: Pictures) {
    this.#options = options
    this.base = new FakeHost(options, pictures)
    this.#bridge = this.base.bridge()
    this.state = options.run === 'none' || options.run === 'planned' ? 'planned' : options.run
    this.items = itemsOf(options.pictures, this.state === 'planned')
    this.downloads = options.downloads ? [...DOWNLOADS] : []
  }

  /** The door that the window finds. */
  bridge(): Bridge {
    const own = this.#handlers as Partial<Record<string, Handler>>
    return {
      ...this.#bridge,
      call: async (method, input) => {
        if (!isMethod(method)) throw new Error(`the contract has no "${method}"`)
        const checked = methods[method].input.parse(input) as Record<string, unknown>
        this.calls.push({ method, input: checked })
        const failure = this.failures.get(method)
        this.failures.delete(method)
        if (failure) return { ok: false, error: { ...failure, exitCode: 2, details: {} } }
        const handler = own[method]
        if (!handler) return this.#bridge.call(method, input)
        return { ok: true, value: methods[method].output.parse(await handler(checked as never)) }
      },
      pickFiles: async ({ kind, multiple }) => [
        kind === 'folder' ? { file: `fil_folder0000000000${this.#next++}`, name: `Cats ${this.#next - 1}`, bytes: 0, folder: true }
          : kind === 'csv' ? { file: 'fil_prompts0000000000', name: 'prompts.csv', bytes: 900, folder: false }
          : { file: `fil_model00000000000${this.#next++}`, name: multiple ? 'portrait-v2.safetensors' : 'harbour.png', bytes: 2_100_000_000, folder: false },
      ],
    }
  }

  /** Sends an event to the window. */
  emit(event: string, data: unknown): void {
    this.base.emit(event, data)
  }

  /** A job that runs for a while in a few steps and gives a result. */
  #job(kind: string, ms: number, result: Job['result'], error: Job['error'] = null): { job: string } {
    const id = `job_panel${String(this.#next++).padStart(16, '0')}`
    const job: Job = { job: id, kind, title: kind, project: null, document: null, state: 'running', phase: 'invert', step: 0, steps: 10, etaSeconds: ms / 1000, operation: null, warnings: [], error: null, result: null, queuedAt: Date.now(), startedAt: Date.now(), endedAt: null }
    const tell = (change: Partial<Job>): void => this.emit('job.changed', { job: { ...job, ...change } })
    setTimeout(() => tell({ step: 4 }), 0)
    const end = setTimeout(() => tell(error ? { state: 'failed', error } : { state: 'done', step: 10, result }), ms)
    this.#running.set(id, () => {
      clearTimeout(end)
      tell({ state: 'cancelled' })
    })
    return { job: id }
  }

  readonly #running = new Map<string, () => void>()

  #view(): OutputOf<'batch.start'> {
    return viewOf(this.items, this.state)
  }

  #turn(state: PanelHost['state']): OutputOf<'batch.start'> {
    this.state = state
    this.emit('batch.changed', { view: this.#view() })
    return this.#view()
  }

  readonly #handlers: { readonly [M in Method]?: (input: InputOf<M>) => OutputOf<M> | Promise<OutputOf<M>> } = {
    'app.info': () => ({
      version: '0.1.0', shell: 'browser', platform: 'linux', engineVersion: '0.1.0', memoryBytes: 16e9, notices: [],
      devices: [{ name: 'cpu', usable: true, chosen: true, note: '8 cores' }, { name: 'webgpu', usable: false, chosen: false, note: 'the self-test differed by 0.31' }],
    }),
    'app.notices': () => ({ text: 'react 19.3.1, MIT\nCopyright (c) Meta Platforms, Inc. and affiliates.\n\nkonva 10.9.1, MIT\n'.repeat(9) }),
    'app.log': () => ({ text: Array.from({ length: 60 }, (_, line) => `2026-11-24T09:00:${String(line).padStart(2, '0')}Z host ready`).join('\n') }),
    'network.status': () => this.#network,
    'network.lock': ({ locked }) => (this.#network = { ...this.#network, locked }),
    'words.describe': () => ({ text: this.#options.description === '' ? null : this.#options.description, from: this.#options.description === '' ? 'none' : 'recipe', note: this.#options.description === '' ? 'The picture carries no recipe and this model cannot describe.' : '', source: null }),
    'words.chips': ({ text }) => ({ chips: chipsOf(text), lost: chipsOf(text).slice(40).map(({ word }) => word) }),
    'words.ready': () => ({ ready: this.ready, fidelity: this.ready ? FIDELITY : null, predictedSeconds: this.ready ? null : 12 }),
    'words.attention': ({ description }) => {
      this.ready = true
      return this.#job('words.attention', this.#options.wordsMs, attentionOf(description, MAPS) as never)
    },
    'words.map': ({ index }) => ({ width: MAP_SIDE, height: MAP_SIDE, bytes: mapOf(index) }),
    'words.invert': () => {
      this.ready = true
      return this.#job('words.invert', this.#options.wordsMs, FIDELITY as never)
    },
    'jobs.cancel': ({ job }) => {
      this.#running.get(job)?.()
      return {}
    },
    'models.list': () => ({ models: this.models, default: 'starter', defaultInpaint: 'starter-inpaint' }),
    'models.catalogue': () => ({ entries: [...CATALOGUE] }),
    'models.probe': () => ({ found: 'a text-to-image model of the SD1 family, 512 pixels, weights as F16', usable: true, kind: 'text-to-image', family: 'sd1', notes: ['It brings no licence file.'] }),
    'models.add': ({ file }) => {
      const row = { ...MODELS[2]!, id: file, name: 'portrait-v2', source: 'added' as const, licence: null }
      this.models = [...this.models, row]
      return row
    },
    'models.verify': () => this.#job('models.verify', this.#options.wordsMs, { files: 9 }),
    'models.remove': ({ id }) => {
      this.models = this.models.filter((model) => model.id !== id)
      return {}
    },
    'models.setDefault': () => ({}),
    'models.look': () => ({ files: [{ name: 'model_index.json', bytes: 543, sha256: null }, { name: 'unet/diffusion_pytorch_model.safetensors', bytes: 1_720_000_000, sha256: null }, { name: 'unet/diffusion_pytorch_model.bin', bytes: 1_720_000_000, sha256: null }, { name: 'README.md', bytes: 4000, sha256: null }], licence: 'openrail++' }),
    'models.download': () => {
      const fresh = { ...DOWNLOADS[0]!, download: 'dwn_cccccccccccccccccccc', name: CATALOGUE[1]!.name, received: 0 }
      this.downloads = [...this.downloads, fresh]
      return { download: fresh.download }
    },
    'downloads.list': () => ({ downloads: this.downloads }),
    'downloads.pause': ({ download }) => this.#steer(download, 'paused'),
    'downloads.resume': ({ download }) => this.#steer(download, 'running'),
    'downloads.cancel': ({ download }) => {
      this.downloads = this.downloads.filter((one) => one.download !== download)
      return {}
    },
    'batch.check': ({ recipe }) => {
      if (!recipe.trim().startsWith('{')) throw new Error('unreachable: tests set a failure for texts that are no recipe')
      return { steps: STEPS, name: 'Cats to dogs' }
    },
    'batch.plan': () => this.#turn('planned'),
    'batch.start': () => this.#turn('running'),
    'batch.pause': () => this.#turn('paused'),
    'batch.cancel': () => this.#turn('cancelled'),
    'batch.list': () => ({ batches: this.#options.run === 'none' ? [] : [this.#view(), { ...this.#view(), batch: 'bat_bbbbbbbbbbbbbbbbbbbb', name: 'Dust and scratches', state: 'done', etaSeconds: null }] }),
    'batch.items': ({ from = 0, count = 200 }) => ({ items: this.items.slice(from, from + count), total: this.items.length }),
    'batch.review': ({ index, verdict }) => {
      const item = { ...this.items[index]!, state: verdict === 'accept' ? 'accepted' as const : verdict === 'reject' ? 'rejected' as const : 'waiting' as const }
      this.items = this.items.map((one) => (one.index === index ? item : one))
      this.emit('batch.changed', { view: this.#view() })
      return item
    },
    'batch.media': ({ index, which }) => ({ key: which === 'before' ? 'picture-00' : `result-${index % 3}-1` }),
  }

  #steer(download: string, state: 'paused' | 'running'): Record<string, never> {
    this.downloads = this.downloads.map((one) => (one.download === download ? { ...one, state } : one))
    this.emit('download.changed', { download: this.downloads.find((one) => one.download === download) })
    return {}
  }
}

export { BATCH, RECIPE }
