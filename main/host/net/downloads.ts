/**
 * Downloads of models: looked up, licence accepted, fetched one after another, checked, put in their place and added to
 * the model store. They survive restarts: what was running is paused then, since a program that has just started asks
 * nothing of the network by itself.
 */
import fs from 'node:fs'
import path from 'node:path'
import { randomBytes } from 'node:crypto'
import type { CatalogueEntry, Download } from '../../../preload/contract/models.ts'
import { EngineError, badInput } from '../../engine/errors.ts'
import { type CatalogueModel, catalogueModel, catalogueModels } from './catalogue.ts'
import { RETRY_POLICY, type RetryPolicy, fetchFile } from './fetchFile.ts'
import { type HubRepository, fileAddress, hubAddress, lookAtRepository } from './hub.ts'
import { type Journal, type JournalFile, keepJournal, partOf, readJournals, receivedBytes, totalBytes } from './journal.ts'
import { licenceText } from './licences.ts'
import { downloadedRepositories, freeBytes, freeFolder, placeModel, removeParts, requireRoom } from './modelFolder.ts'
import type { Network } from './network.ts'
import { selectFiles } from './selectFiles.ts'
import { Speed } from './speed.ts'

/** How to build {@link Downloads}. */
export interface DownloadsOptions {
  readonly network: Network
  /** the person's data folder: models come into `models`, parts lie in `downloads` */
  readonly dataDir: string
  /** the setting `mirror`; empty for the hub itself */
  readonly mirror: () => string
  /** adds a folder or file to the model store (the engine's `models` task, action `add`) and gives back its id */
  readonly addModel: (target: string) => Promise<string>
  /** told on every change, about four times a second while bytes come */
  readonly onChange: (download: Download) => void
  readonly onLog?: (text: string) => void
  readonly retry?: Partial<RetryPolicy>
  readonly freeBytes?: (folder: string) => Promise<number>
}

/** What to download: an entry of the catalogue, or a repository by its name. */
export interface DownloadRequest {
  readonly entry?: string | undefined
  readonly repository?: string | undefined
  readonly revision?: string | undefined
  readonly files?: readonly string[] | undefined
  /** id of the licence the person accepted; null where the publisher names none */
  readonly acceptedLicence: string | null
}

type State = Download['state']
interface Entry {
  journal: Journal
  state: State
  error: EngineError | null
  readonly speed: Speed
  stop: AbortController | undefined
  told: number
}

const TELL_EVERY_MS = 250
/** Reason of an abort by a person, or by the program's end. */
const PAUSED = new Error('paused')

/** See the file's head. Made by {@link createDownloads}. */
export class Downloads {
  readonly #options: DownloadsOptions
  readonly #retry: RetryPolicy
  readonly #entries = new Map<string, Entry>()
  /** bytes of catalogue entries the hub has told so far, by id */
  readonly #bytes = new Map<string, number>()
  #working: Promise<void> | undefined
  #closed = false

  constructor(options: DownloadsOptions) {
    this.#options = options
    this.#retry = { ...RETRY_POLICY, ...options.retry }
    for (const journal of readJournals(this.#root, (file, reason) => options.onLog?.(`${file} could not be read: ${reason}`))) {
      this.#entries.set(journal.id, makeEntry(journal, journal.state === 'done' ? 'done' : 'paused'))
    }
  }

  get #root(): string {
    return path.join(this.#options.dataDir, 'downloads')
  }

  get #models(): string {
    return path.join(this.#options.dataDir, 'models')
  }

  /** Every download of this and earlier runs, oldest first. */
  list(): Download[] {
    return [...this.#entries.values()].map((entry) => this.#view(entry))
  }

  /** The curated models. `bytes` is 0 until the hub has been asked for it. */
  catalogue(): CatalogueEntry[] {
    const installed = downloadedRepositories(this.#models)
    return catalogueModels().map(({ id, name, about, kind, repository, licence }) => ({ id, name, about, kind, repository, bytes: this.#bytes.get(id) ?? 0, licence, installed: installed.has(repository) }))
  }

  /**
   * Asks the hub which files a repository has; remembers the size of a catalogue entry.
   * @throws EngineError as {@link lookAtRepository}
   */
  async look(repository: string, revision = 'main'): Promise<HubRepository> {
    const found = await lookAtRepository(this.#options.network, hubAddress(this.#options.mirror()), repository, revision)
    for (const model of catalogueModels()) {
      if (model.repository === repository) this.#bytes.set(model.id, sum(selectFiles(repository, found.files, undefined, model.variant)))
    }
    return found
  }

  /**
   * Looks a model up and queues its download; resolves with the id as soon as that is done.
   * @throws EngineError download/licence, download/no-file, download/no-weights (exit 2), download/no-room; as {@link look}
   */
  async start(request: DownloadRequest): Promise<string> {
    const model = request.entry === undefined ? undefined : catalogueModel(request.entry)
    const repository = model?.repository ?? request.repository
    if (repository === undefined) throw badInput('download/nothing', { thing: 'the download', expected: 'an entry of the catalogue or a repository', found: 'neither' })
    const found = await this.look(repository, request.revision ?? 'main')
    const files = selectFiles(repository, found.files, request.files, model?.variant ?? '')
    const licence = acceptedLicence(repository, model?.licence ?? found.licence, request.acceptedLicence)
    fs.mkdirSync(this.#root, { recursive: true })
    await requireRoom(this.#root, model?.name ?? repository, sum(files), this.#options.freeBytes ?? freeBytes)
    const taken = new Set([...this.#entries.values()].map(({ journal }) => journal.folder))
    const journal: Journal = {
      version: 1, id: `dwn_${randomBytes(15).toString('base64url')}`, name: model?.name ?? repository, entry: model?.id ?? null, repository, commit: found.commit, licence,
      folder: freeFolder(this.#models, repository, taken), files: files.map((file) => ({ ...file, done: false })), state: 'open', model: null,
    }
    keepJournal(this.#root, journal)
    const entry = makeEntry(journal, 'waiting')
    this.#entries.set(journal.id, entry)
    this.#tell(entry)
    this.#pump()
    return journal.id
  }

  /** Stops a download and keeps what has come. @throws EngineError download/unknown (exit 2) */
  pause(id: string): void {
    const entry = this.#find(id)
    if (entry.state === 'waiting') this.#set(entry, 'paused')
    else entry.stop?.abort(PAUSED)
  }

  /** Goes on with a paused or failed download. @throws EngineError download/unknown, network/locked (exit 2) */
  resume(id: string): void {
    const entry = this.#find(id)
    if (entry.state !== 'paused' && entry.state !== 'failed') return
    this.#set(entry, 'waiting')
    this.#pump()
  }

  /** Gives a download up and removes what has come; one that is done only leaves the list, its model stays. */
  async cancel(id: string): Promise<void> {
    const entry = this.#find(id)
    this.#entries.delete(id)
    entry.stop?.abort(PAUSED)
    if (entry.stop) await this.#working
    fs.rmSync(path.join(this.#root, id), { recursive: true, force: true })
  }

  /** Stops everything, so that it can go on after a restart. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { stop } of this.#entries.values()) stop?.abort(PAUSED)
    await this.#working
  }

  #pump(): void {
    if (this.#closed || this.#working) return
    const next = [...this.#entries.values()].find(({ state }) => state === 'waiting')
    if (!next) return
    this.#working = this.#work(next).finally(() => {
      this.#working = undefined
      this.#pump()
    })
  }

  /** Never rejects: what goes wrong becomes the download's state. */
  async #work(entry: Entry): Promise<void> {
    entry.stop = new AbortController()
    this.#set(entry, 'running')
    try {
      const missing = totalBytes(entry.journal) - receivedBytes(this.#root, entry.journal)
      await requireRoom(this.#root, entry.journal.name, missing, this.#options.freeBytes ?? freeBytes)
      for (const file of entry.journal.files) if (!file.done) await this.#fetch(entry, file, entry.stop.signal)
      await this.#finish(entry)
    } catch (error) {
      const byPerson = entry.stop.signal.aborted
      entry.error = byPerson ? null : asEngineError(error, entry.journal.name)
      this.#set(entry, byPerson || entry.error?.code === 'network/locked' ? 'paused' : 'failed')
    } finally {
      entry.stop = undefined
    }
  }

  async #fetch(entry: Entry, file: JournalFile, signal: AbortSignal): Promise<void> {
    const { journal } = entry
    const part = partOf(this.#root, journal, file)
    fs.mkdirSync(path.dirname(part), { recursive: true })
    const before = receivedBytes(this.#root, journal) - (fs.statSync(part, { throwIfNoEntry: false })?.size ?? 0)
    await fetchFile({
      network: this.#options.network, repository: journal.repository, file, part, signal, retry: this.#retry,
      address: fileAddress(hubAddress(this.#options.mirror()), journal.repository, journal.commit, file.name),
      onBytes: (bytes) => {
        entry.speed.note(before + bytes)
        if (entry.state !== 'running') this.#set(entry, 'running')
        else if (Date.now() - entry.told >= TELL_EVERY_MS) this.#tell(entry)
      },
      onChecking: () => this.#set(entry, 'checking'),
    })
    fs.renameSync(part, partOf(this.#root, journal, { ...file, done: true }))
    file.done = true
    keepJournal(this.#root, journal)
  }

  async #finish(entry: Entry): Promise<void> {
    const { journal } = entry
    this.#set(entry, 'checking')
    const target = placeModel(this.#root, this.#models, journal)
    journal.model = await this.#options.addModel(target)
    journal.state = 'done'
    keepJournal(this.#root, journal)
    removeParts(this.#root, journal)
    this.#set(entry, 'done')
  }

  #find(id: string): Entry {
    const entry = this.#entries.get(id)
    if (!entry) throw badInput('download/unknown', { thing: `download ${id}`, expected: 'one of the list', found: 'none of this id' })
    return entry
  }

  #set(entry: Entry, state: State): void {
    entry.state = state
    if (state === 'waiting' || state === 'running' || state === 'done') entry.error = null
    this.#tell(entry)
  }

  #tell(entry: Entry): void {
    if (!this.#entries.has(entry.journal.id)) return
    entry.told = Date.now()
    this.#options.onChange(this.#view(entry))
  }

  #view({ journal, state, error, speed }: Entry): Download {
    const received = receivedBytes(this.#root, journal)
    const total = totalBytes(journal)
    return {
      download: journal.id, name: journal.name, state, received, total, model: journal.model,
      bytesPerSecond: state === 'running' ? speed.bytesPerSecond() : null,
      etaSeconds: state === 'running' ? speed.etaSeconds(total - received) : null,
      error: error && { code: error.code, message: error.message, exitCode: error.exitCode, details: { ...error.details } },
    }
  }
}

/** Makes the downloads of a host; reads what earlier runs left. */
export function createDownloads(options: DownloadsOptions): Downloads {
  return new Downloads(options)
}

function makeEntry(journal: Journal, state: State): Entry {
  return { journal, state, error: null, speed: new Speed(), stop: undefined, told: 0 }
}

function asEngineError(error: unknown, name: string): EngineError {
  return error instanceof EngineError ? error : new EngineError('download/failed', `${name}: expected the download to go on, found ${(error as Error).message}; resume it.`, { cause: error })
}

function sum(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0)
}

/** The licence as it is kept, once accepted by its id or name (a look at a repository tells its name). @throws EngineError download/licence (exit 2) */
function acceptedLicence(repository: string, licence: CatalogueModel['licence'] | HubRepository['licence'], accepted: string | null): Journal['licence'] {
  if (licence === null) return null
  if (accepted !== licence.id && accepted !== licence.name) {
    throw badInput('download/licence', {
      thing: repository, expected: `its licence "${licence.name}" to be accepted`, found: accepted === null ? 'that it has not been' : `that "${accepted}" has been`, todo: 'read it and accept it',
      details: { licence: { ...licence, text: licenceText(licence) } },
    })
  }
  return { id: licence.id, name: licence.name, url: licence.url, text: licenceText(licence), accepted: new Date().toISOString() }
}
