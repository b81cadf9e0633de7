/**
 * The store of the models screen: adding, checking, the catalogue, a look at a repository of the hub, downloads. The list
 * of installed models itself is `modelsStore`, which the whole window reads.
 */
import { createStore, type StoreApi } from 'zustand/vanilla'
import { json } from '../../preload/contract/ids.ts'
import type { CatalogueEntry, Download } from '../../preload/contract/models.ts'
import type { OutputOf } from '../../preload/contract/channels.ts'
import type { FileInfo } from '../../preload/contract/files.ts'
import { call, on } from '../api/client.ts'
import { type Api, awaitJob, type JobProgress, sentenceOf } from './awaitJob.ts'
import { refreshModels } from './modelsStore.ts'

/** A file that is about to be added: what was found in it, and what the person says about it. */
export interface Adding {
  readonly file: FileInfo
  readonly found: OutputOf<'models.probe'> | null
  /** folder with the configuration to read it by, where it does not tell itself what it is */
  readonly config: FileInfo | null
  readonly busy: boolean
  readonly problem: string | null
}

/** How a check of a model's files went. */
export type Check = { readonly state: 'running'; readonly progress: JobProgress } | { readonly state: 'sound' } | { readonly state: 'broken'; readonly problem: string }

/** What is known of a repository of the hub. */
export interface HubLook {
  readonly repository: string
  readonly revision: string
  readonly busy: boolean
  readonly problem: string | null
  readonly answer: OutputOf<'models.look'> | null
  readonly chosen: ReadonlySet<string>
}

/** See the head of this file. */
export interface ModelsScreenState {
  readonly adding: readonly Adding[]
  readonly checks: ReadonlyMap<string, Check>
  readonly catalogue: readonly CatalogueEntry[]
  readonly downloads: readonly Download[]
  readonly hub: HubLook
  readonly problem: string | null
}

/** What a person can do. */
export interface ModelsScreenActions {
  /** reads catalogue and downloads, and listens to them; returns how to stop */
  watch(): () => void
  /** looks into files that were dropped or picked; none of them is moved */
  offer(files: readonly FileInfo[]): Promise<void>
  setConfig(file: string, config: FileInfo | null): void
  add(file: string): Promise<void>
  dismiss(file: string): void
  verify(model: string): Promise<void>
  cancelCheck(model: string): Promise<void>
  /** takes a model off the list; its files stay where they are */
  remove(model: string): Promise<void>
  setDefault(model: string, task: 'draw' | 'fill'): Promise<void>
  setHub(change: Partial<Pick<HubLook, 'repository' | 'revision'>>): void
  look(): Promise<void>
  choose(file: string, chosen: boolean): void
  /** downloads an entry of the catalogue, or the chosen files of the repository; the licence was accepted */
  download(what: { readonly entry: string } | 'hub', acceptedLicence: string | null): Promise<void>
  steer(download: string, how: 'pause' | 'resume' | 'cancel'): Promise<void>
}

/** The models screen's store. */
export type ModelsScreenStore = StoreApi<ModelsScreenState & ModelsScreenActions>

/** Endings of files that a model is made of; the others of a repository are left out at first. */
const MODEL_FILES = /\.(safetensors|json|txt|model)$|^tokenizer/i
/** Files that would be a second copy of the same weights. */
const DOUBLES = /(\.fp16\.|\.non_ema\.|^flax|^tf_|openvino|\.onnx|\.msgpack|\.ckpt$|\.bin$)/i

/** The files of a repository that are chosen at first. */
export function firstChoice(files: readonly { readonly name: string }[]): Set<string> {
  return new Set(files.map(({ name }) => name).filter((name) => MODEL_FILES.test(name) && !DOUBLES.test(name)))
}

/** Creates the store. `refresh` reads the list of installed models again. */
export function createModelsScreenStore(api: Api, refresh: () => Promise<void>): ModelsScreenStore {
  return createStore<ModelsScreenState & ModelsScreenActions>()((set, get) => {
    const tried = async (work: () => Promise<void>): Promise<void> => {
      set({ problem: null })
      try {
        await work()
      } catch (error) {
        set({ problem: sentenceOf(error) })
      }
    }
    const setCheck = (model: string, check: Check | null): void => set(({ checks }) => {
      const next = new Map(checks)
      if (check) next.set(model, check)
      else next.delete(model)
      return { checks: next }
    })
    return {
      adding: [], checks: new Map(), catalogue: [], downloads: [], problem: null,
      ...addingActions(api, set, get, refresh),
      ...hubActions(api, set, get, tried),
      watch() {
        const stop = api.on('download.changed', ({ download }) => {
          const finished = download.state === 'done' && get().downloads.find((old) => old.download === download.download)?.state !== 'done'
          set(({ downloads }) => ({ downloads: downloads.some((old) => old.download === download.download) ? downloads.map((old) => (old.download === download.download ? download : old)) : [...downloads, download] }))
          if (finished) void tried(async () => set({ catalogue: (await api.call('models.catalogue', {})).entries }))
        })
        void tried(async () => {
          const [catalogue, downloads] = await Promise.all([api.call('models.catalogue', {}), api.call('downloads.list', {})])
          set({ catalogue: catalogue.entries, downloads: downloads.downloads })
        })
        return stop
      },
      async verify(model) {
        if (get().checks.get(model)?.state === 'running') return
        try {
          const result = await awaitJob(api, () => api.call('models.verify', { id: model }), { result: json, onProgress: (progress) => setCheck(model, { state: 'running', progress }) })
          setCheck(model, result === null ? null : { state: 'sound' })
        } catch (error) {
          setCheck(model, { state: 'broken', problem: sentenceOf(error) })
        }
      },
      cancelCheck: (model) => tried(async () => {
        const check = get().checks.get(model)
        if (check?.state === 'running' && check.progress.job !== '') await api.call('jobs.cancel', { job: check.progress.job })
      }),
      remove: (model) => tried(async () => {
        await api.call('models.remove', { id: model })
        setCheck(model, null)
        await refresh()
      }),
      setDefault: (model, task) => tried(async () => {
        await api.call('models.setDefault', { id: model, task })
        await refresh()
      }),
      steer: (download, how) => tried(async () => {
        await api.call(`downloads.${how}`, { download })
        if (how === 'cancel') set({ downloads: (await api.call('downloads.list', {})).downloads })
      }),
    }
  })
}

type SetState = ModelsScreenStore['setState']
type GetState = ModelsScreenStore['getState']

/** Adding files: probe, say what was found, let the person decide. */
function addingActions(api: Api, set: SetState, get: GetState, refresh: () => Promise<void>) {
  const change = (file: string, what: Partial<Adding>): void => set(({ adding }) => ({ adding: adding.map((one) => (one.file.file === file ? { ...one, ...what } : one)) }))
  return {
    async offer(files: readonly FileInfo[]) {
      const fresh = files.filter(({ file }, at) => files.findIndex((other) => other.file === file) === at && !get().adding.some((one) => one.file.file === file))
      set(({ adding }) => ({ adding: [...adding, ...fresh.map((file): Adding => ({ file, found: null, config: null, busy: true, problem: null }))] }))
      await Promise.all(fresh.map(async ({ file }) => {
        try {
          change(file, { found: await api.call('models.probe', { file }), busy: false })
        } catch (error) {
          change(file, { problem: sentenceOf(error), busy: false })
        }
      }))
    },
    setConfig: (file: string, config: FileInfo | null) => change(file, { config, problem: null }),
    async add(file: string) {
      const one = get().adding.find((candidate) => candidate.file.file === file)
      if (!one || one.busy) return
      change(file, { busy: true, problem: null })
      try {
        await api.call('models.add', { file, ...(one.config ? { config: one.config.file } : {}) })
        set(({ adding }) => ({ adding: adding.filter((other) => other.file.file !== file) }))
        await refresh()
      } catch (error) {
        change(file, { busy: false, problem: sentenceOf(error) })
      }
    },
    dismiss: (file: string) => set(({ adding }) => ({ adding: adding.filter((one) => one.file.file !== file) })),
  } satisfies Partial<ModelsScreenActions>
}

/** The hub: a look at a repository, and downloads. */
function hubActions(api: Api, set: SetState, get: GetState, tried: (work: () => Promise<void>) => Promise<void>) {
  const change = (what: Partial<HubLook>): void => set(({ hub }) => ({ hub: { ...hub, ...what } }))
  return {
    hub: { repository: '', revision: 'main', busy: false, problem: null, answer: null, chosen: new Set<string>() } as HubLook, // the literal's own type would be narrower
    setHub: (what: Partial<Pick<HubLook, 'repository' | 'revision'>>) => change({ ...what, answer: null, problem: null, chosen: new Set() }),
    async look() {
      const { repository, revision, busy } = get().hub
      if (busy || repository.trim() === '') return
      change({ busy: true, problem: null, answer: null })
      try {
        const answer = await api.call('models.look', { repository: repository.trim(), revision: revision.trim() === '' ? 'main' : revision.trim() })
        if (get().hub.repository === repository) change({ answer, chosen: firstChoice(answer.files) })
      } catch (error) {
        if (get().hub.repository === repository) change({ problem: sentenceOf(error) })
      } finally {
        change({ busy: false })
      }
    },
    choose(file: string, chosen: boolean) {
      const next = new Set(get().hub.chosen)
      if (chosen) next.add(file)
      else next.delete(file)
      change({ chosen: next })
    },
    download: (what: { readonly entry: string } | 'hub', acceptedLicence: string | null) => tried(async () => {
      const { repository, revision, chosen } = get().hub
      const wanted = what === 'hub' ? { repository: repository.trim(), revision: revision.trim() === '' ? 'main' : revision.trim(), files: [...chosen] } : { entry: what.entry }
      await api.call('models.download', { ...wanted, acceptedLicence })
      set({ downloads: (await api.call('downloads.list', {})).downloads })
    }),
  }
}

/** The window's store of the models screen. */
export const modelsScreenStore = createModelsScreenStore({ call, on }, refreshModels)
