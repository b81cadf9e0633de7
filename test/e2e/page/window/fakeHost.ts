/**
 * A host inside of the page: documents, history, runs and models as the contract has them, kept in plain values. It lets
 * tests and screenshots put the window into any state at once; what it answers is the contract's shape, not its truth.
 */
import { settings } from '../../../../preload/contract/app.ts'
import type { Bridge } from '../../../../preload/contract/bridge.ts'
import type { InputOf, Method, OutputOf } from '../../../../preload/contract/channels.ts'
import type { DocumentChange, DocumentView, LayerView } from '../../../../preload/contract/documents.ts'
import type { Job, StagedEdit } from '../../../../preload/contract/edits.ts'
import type { OperationRow } from '../../../../preload/contract/history.ts'
import { type Pictures, PICTURE, maskTile, pictureTile, pngOf } from './fakePicture.ts'
import { firstDocument, historyOf, modelRows, projectRows } from './fakeRows.ts'

/** What the host is to begin with; times in milliseconds. */
export interface HostOptions {
  readonly theme: 'dark' | 'system'
  readonly textZoom: number
  readonly level: 'simple' | 'advanced' | 'expert'
  readonly recent: number
  readonly steps: number
  readonly open: boolean
  readonly mask: boolean
  readonly results: number
  readonly runMs: number
  readonly unlike: boolean
  readonly onboarded: boolean
}

type Handler = (input: never) => unknown
const PROJECT = 'prj_aaaaaaaaaaaaaaaaaaaa'

/** See the file's head. */
export class FakeHost {
  readonly calls: { method: string; input: unknown }[] = []
  /** the next call of a method fails with this sentence */
  readonly failures = new Map<string, { code: string; message: string }>()
  view: DocumentView
  history: OperationRow[]
  jobs: Job[] = []
  staged: StagedEdit[] = []
  readonly #options: HostOptions
  readonly #pictures: Pictures
  #settings: OutputOf<'settings.get'>
  #network = { locked: true, requests: 0, refused: 0, last: null as string | null }
  #tell: (event: string, data: unknown) => void = () => undefined
  #connection: (connected: boolean) => void = () => undefined
  #next = 5000

  constructor(options: HostOptions, pictures: Pictures) {
    this.#options = options
    this.#pictures = pictures
    this.#settings = settings.parse({ theme: options.theme, textZoom: options.textZoom, level: options.level, onboarded: options.onboarded, reducedMotion: 'on' })
    this.view = firstDocument(PROJECT, options.mask, options.steps)
    this.history = historyOf(options.steps)
    if (options.results > 0) this.stage(options.results)
  }

  /** The door that the window finds. */
  bridge(): Bridge {
    return {
      shell: 'browser',
      call: (method, input) => this.#call(method, input),
      onEvent: (listener) => {
        this.#tell = listener
        return () => undefined
      },
      onConnection: (listener) => {
        this.#connection = listener
        return () => undefined
      },
      pickFiles: async () => [{ file: 'fil_picked0000000000000', name: 'harbour.png', bytes: 4_000_000, folder: false }],
      pickTarget: async ({ name }) => ({ target: 'tgt_aaaaaaaaaaaaaaaaaaaa', name, download: true }),
      takeFiles: async (files) => files.map((file, index) => ({ file: `fil_taken00000000000000${index}`, name: file.name, bytes: file.size, folder: false })),
      targetWritten: async () => undefined,
      onCommand: () => () => undefined,
      setMenu: () => undefined,
      startDrag: () => false,
    }
  }

  /** Sends an event to the window. */
  emit(event: string, data: unknown): void {
    this.#tell(event, data)
  }

  /** The line to the host goes down or comes back. */
  connection(connected: boolean): void {
    this.#connection(connected)
  }

  /** Puts results into the strip. */
  stage(count: number): void {
    const operation = this.#next++
    const box = { x: 850, y: 90, width: 400, height: 330 }
    const results = Array.from({ length: count }, (_, ordinal) => ({ ordinal, media: `result-${ordinal % 3}-0`, seed: 4711 + ordinal, box, changedOutside: 0, metrics: {} }))
    this.staged = [...this.staged, { operation, kind: 'fill', title: 'Fill: a full moon', createdAt: Date.now(), results }]
    this.emit('staging.changed', { project: PROJECT, document: 1, edits: this.staged })
  }

  async #call(method: string, input: unknown): Promise<unknown> {
    this.calls.push({ method, input })
    const failure = this.failures.get(method)
    if (failure) {
      this.failures.delete(method)
      return { ok: false, error: { ...failure, exitCode: 2, details: {} } }
    }
    const handler = (this.#handlers as Partial<Record<string, Handler>>)[method] // methods come as text
    if (!handler) return { ok: false, error: { code: 'fake/unknown', message: `The stand-in host knows no "${method}".`, exitCode: 1, details: {} } }
    return { ok: true, value: await handler(input as never) }
  }

  /** The open project as the contract tells it. */
  #project(): OutputOf<'projects.open'> {
    return { project: PROJECT, name: 'Evening hills', documents: [{ document: 1, name: 'Evening hills', ...PICTURE, thumbnail: 'picture-00', operations: this.history.length, createdAt: 0 }], readOnly: null, notices: [] }
  }

  /** A new view, one operation further. */
  #advance(title: string, change: Partial<DocumentView>): DocumentView {
    const id = this.#next++
    const parent = this.view.head
    const depth = (this.history.find((row) => row.id === parent)?.depth ?? 0) + 1
    this.history.push({ id, parent, depth, lane: 0, state: 'applied', kind: 'edit', title, name: null, starred: false, thumbnail: 'picture-00', createdAt: Date.now(), replayable: true })
    this.view = { ...this.view, ...change, head: id, undo: title, redo: null, version: this.view.version + 1 }
    this.emit('document.changed', { view: this.view, tiles: [], cause: title })
    return this.view
  }

  #change(change: DocumentChange): DocumentView {
    const { layers } = this.view
    const set = (id: number, values: Partial<LayerView>): LayerView[] => layers.map((layer) => (layer.id === id ? { ...layer, ...values } : layer))
    switch (change.change) {
      case 'layer.set': return this.#advance('Layer settings', { layers: set(change.layer, change.set as Partial<LayerView>) }) // undefined values are never sent
      case 'layer.add': {
        const layer: LayerView = { ...layers[0]!, id: this.#next++, kind: change.kind, name: change.name ?? `New ${change.kind}`, parent: null, position: layers.length, size: null, extent: null, colour: null, operation: null, locked: false, opacity: 1, blend: 'normal' }
        return this.#advance('New layer', { layers: [...layers, layer], ...(change.kind === 'mask' && { activeMask: layer.id }) })
      }
      case 'layer.remove': return this.#advance('Delete layer', { layers: layers.filter(({ id }) => !change.layers.includes(id)) })
      case 'layer.place': return this.#advance('Move layer', { layers: set(change.layer, { parent: change.parent, position: change.index + 0.5 }) })
      default: return this.#advance(change.change, {})
    }
  }

  /** A run: a few steps, then results in the strip. */
  #run(intent: string): OutputOf<'edit.run'> {
    const id = `job_${String(this.#next++).padStart(20, '0')}`
    const job: Job = {
      job: id, kind: intent, title: 'Fill: a full moon', project: PROJECT, document: 1, state: 'queued', phase: 'sampling', step: 0, steps: 20, etaSeconds: 8, operation: null, warnings: [], error: null, result: null,
      queuedAt: Date.now(), startedAt: null, endedAt: null,
    }
    this.jobs = [...this.jobs, job]
    const tell = (change: Partial<Job>): void => {
      this.jobs = this.jobs.map((one) => (one.job === id ? { ...one, ...change } : one))
      this.emit('job.changed', { job: this.jobs.find((one) => one.job === id)! })
    }
    tell({ state: 'running', step: 7 })
    setTimeout(() => {
      if (this.jobs.find((one) => one.job === id)?.state !== 'running') return
      tell({ state: 'done', step: 20, etaSeconds: 0 })
      this.stage(3)
    }, this.#options.runMs)
    return { job: id }
  }

  readonly #handlers: { readonly [M in Method]?: (input: InputOf<M>) => OutputOf<M> | Promise<OutputOf<M>> } = {
    'app.info': () => ({ version: '0.1.0', shell: 'browser', platform: 'linux', engineVersion: '0.1.0', devices: [{ name: 'CPU, 8 cores', usable: true, chosen: true, note: '' }], memoryBytes: 16e9, notices: [] }),
    'app.notices': () => ({ text: 'react, MIT\nkonva, MIT' }),
    'settings.get': () => this.#settings,
    'settings.set': ({ change }) => (this.#settings = settings.parse({ ...this.#settings, ...change })),
    'network.status': () => this.#network,
    'network.lock': ({ locked }) => (this.#network = { ...this.#network, locked }),
    'engine.memory': () => ({ rssBytes: 1.31e9, peakRssBytes: 1.9e9, running: true }),
    'engine.unload': () => ({}),
    'projects.list': () => ({ projects: projectRows(this.#options.recent) }),
    'projects.open': () => this.#project(),
    'projects.create': ({ name }) => ({ project: PROJECT, name, documents: [], readOnly: null, notices: [] }),
    'projects.view': () => this.#project(),
    'projects.close': () => ({}),
    'projects.repair': () => ({ report: ['1 missing tile was taken from the step before.'] }),
    'projects.zip': () => ({ bytes: 1000 }),
    'documents.create': () => this.view,
    'documents.open': () => this.view,
    'document.change': ({ change }) => this.#change(change as DocumentChange),
    'document.activeMask': ({ layer }) => this.#advance('Mask', { activeMask: layer }),
    'document.masks': () => ({ masks: [] }),
    'document.saveMask': () => ({ mask: 1 }),
    'document.export': () => ({ bytes: 1000, ...PICTURE, notes: [] }),
    'document.copy': async () => ({ bytes: await pngOf(this.#pictures.plain, 768), media: 'image/png' }),
    'document.pick': () => ({ colour: '#c98a63', samples: [201, 138, 99], depth: 8 }),
    'tiles.read': ({ tiles }) => ({ version: this.view.version, tiles: tiles.map((place) => ({ ...place, bytes: this.#tile(place.layer, place.level, place.x, place.y) })) }),
    'tiles.staged': ({ tiles, ordinal }) => ({ tiles: tiles.map((place) => ({ ...place, bytes: pictureTile(this.#pictures.filled[ordinal % 3]!, place.level, place.x, place.y) })) }),
    'stroke.begin': ({ start }) => ({ stroke: this.#next++, layer: start.layer ?? 3 }),
    'stroke.save': () => ({}),
    'stroke.commit': ({ start }) => this.#advance(start.title, {}),
    'stroke.discard': () => ({}),
    'stroke.recovered': () => ({ strokes: [] }),
    'history.list': ({ after, limit }) => {
      const from = after === undefined ? this.history : this.history.filter(({ id }) => id > after)
      return { operations: from.slice(0, limit), head: this.view.head, more: from.length > (limit ?? Infinity) }
    },
    'history.goTo': ({ operation }) => {
      this.view = { ...this.view, head: operation, version: this.view.version + 1 }
      this.emit('document.changed', { view: this.view, tiles: [], cause: 'goTo' })
      return this.view
    },
    'history.undo': () => {
      const parent = this.history.find(({ id }) => id === this.view.head)?.parent ?? this.view.head
      this.view = { ...this.view, head: parent, redo: this.view.undo, version: this.view.version + 1 }
      this.emit('document.changed', { view: this.view, tiles: [], cause: 'undo' })
      return this.view
    },
    'history.label': ({ operation, ...label }) => {
      this.history = this.history.map((row) => (row.id === operation ? { ...row, ...(label.name !== undefined && { name: label.name }), ...(label.starred !== undefined && { starred: label.starred }) } : row))
      return this.history.find(({ id }) => id === operation)!
    },
    'history.show': ({ operation }) => ({ ...this.history.find(({ id }) => id === operation)!, engineVersion: '0.1.0', model: 'Starter', modelHash: null, device: 'CPU', seed: 4711, params: { prompt: 'a full moon' }, durationMs: 8300, replayOf: null, results: [] }),
    'history.compare': () => ({ a: 'picture-00', b: 'result-0-0', difference: 'difference0', changedPixels: 28954, largest: 141, psnr: 27.4, box: { x: 948, y: 150, width: 192, height: 192 } }),
    'history.recipe': () => ({ text: '{}', masks: [], leftOut: 1 }),
    'history.trash': () => ({}),
    'history.replay': () => this.#run('replay'),
    'edit.run': ({ intent }) => this.#run(intent.intent),
    'edit.predict': () => ({
      seconds: 8.2, peakBytes: 1.4e9, availableBytes: 9e9, fits: true, device: 'CPU, 8 cores',
      warnings: this.#options.unlike ? [{ code: 'model/unlike', message: 'This photograph is unlike what the starter model has learnt: expect paper cut-outs.' }] : [],
    }),
    'jobs.list': () => ({ jobs: this.jobs }),
    'jobs.cancel': ({ job }) => {
      this.jobs = this.jobs.map((one) => (one.job === job ? { ...one, state: 'cancelled' } : one))
      this.emit('job.changed', { job: this.jobs.find((one) => one.job === job)! })
      return {}
    },
    'jobs.clear': () => ({ jobs: (this.jobs = this.jobs.filter(({ state }) => state === 'queued' || state === 'running')) }),
    'staging.list': () => ({ edits: this.staged }),
    'staging.accept': ({ operation }) => {
      this.staged = this.staged.filter((edit) => edit.operation !== operation)
      this.emit('staging.changed', { project: PROJECT, document: 1, edits: this.staged })
      return this.#advance('Fill: a full moon', {})
    },
    'staging.reject': ({ operation }) => {
      this.staged = this.staged.filter((edit) => edit.operation !== operation)
      this.emit('staging.changed', { project: PROJECT, document: 1, edits: this.staged })
      return this.view
    },
    'models.list': () => ({ models: modelRows(), default: 'starter', defaultInpaint: 'starter-inpaint' }),
    'models.catalogue': () => ({ entries: [] }),
    'downloads.list': () => ({ downloads: [] }),
    'batch.list': () => ({ batches: [] }),
    'words.describe': () => ({ text: 'hills under an evening sky', from: 'recipe', note: '', source: 1 }),
    'words.chips': ({ text }) => ({ chips: text.split(' ').map((word) => ({ text: word, word, known: true, tokens: 1 })), lost: [] }),
    'words.ready': () => ({ ready: false, fidelity: null, predictedSeconds: 12 }),
    'files.inspect': ({ file }) => ({ format: 'png', width: file.includes('mask') ? 768 : PICTURE.width, height: PICTURE.height, depth: 8, channels: 3, alpha: false, profile: null, bytes: 1e6, recipe: null, thumbnail: 'mask-thumb' }),
    'files.folders': () => ({ folders: [] }),
    'media.read': async ({ key }) => ({ bytes: await this.#media(key), media: 'image/png' }),
  }

  #tile(layer: number, level: number, x: number, y: number): Uint8Array<ArrayBuffer> | null {
    const kind = this.view.layers.find(({ id }) => id === layer)?.kind
    if (kind === 'image') return pictureTile(this.#pictures.plain, level, x, y)
    return kind === 'mask' && layer === 3 ? maskTile(level, x, y) : null
  }

  async #media(key: string): Promise<Uint8Array<ArrayBuffer>> {
    if (key.startsWith('result')) {
      const crop = new OffscreenCanvas(330, 330)
      crop.getContext('2d')!.drawImage(this.#pictures.filled[Number(key.split('-')[1])]!, 880, 90, 330, 330, 0, 0, 330, 330)
      return pngOf(crop, 330)
    }
    if (key === 'mask-thumb') {
      const mask = new OffscreenCanvas(384, 256)
      const context = mask.getContext('2d')!
      context.fillRect(0, 0, 384, 256)
      context.fillStyle = '#fff'
      context.beginPath()
      context.ellipse(262, 64, 48, 40, 0, 0, 7)
      context.fill()
      return pngOf(mask, 384)
    }
    return pngOf(this.#pictures.plain, key.startsWith('picture') ? 256 : 512)
  }
}
