/**
 * The models a person can name: those that come with the program (`models/ID/model.json`) and those they added
 * (a list in their data folder). Adding notes where the files are; nothing is copied, moved or deleted.
 */
import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { type EngineError, badInput } from '../errors.ts'
import { writeFileAtomic } from '../weights/atomicFile.ts'
import { withFileLock } from '../weights/fileLock.ts'
import { readJsonObject } from '../weights/jsonFile.ts'
import type { Checkpoint } from './checkpoint.ts'
import { CARD_NAME, readModelCard } from './modelCard.ts'
import { nearestNames } from './nearestNames.ts'
import { type OpenOptions, openCheckpoint } from './openCheckpoint.ts'
import { classNameOf } from './unsupported.ts'
import { type VerifyOptions, type VerifyReport, verifyCheckpoint } from './verifyCheckpoint.ts'

/** Where models are. */
export interface ModelStoreOptions {
  /** Folder of the models that come with the program. */
  readonly bundledRoot: string
  /** The person's data folder; the list of added models is `models.json` in it. */
  readonly dataDir: string
}

/** One line of the list. */
export interface ModelRow {
  readonly id: string
  readonly name: string
  readonly path: string
  readonly source: 'bundled' | 'added'
  /** The rest is absent when the model cannot be opened. */
  readonly kind?: string
  readonly family?: string
  /** Native side in pixels. */
  readonly size?: number
  /** Bytes of its weight files. */
  readonly bytes?: number
  /** Why it cannot be opened, as a sentence. */
  readonly problem?: string
}

/** A model that is known by id. */
interface Known { readonly id: string; readonly name: string; readonly path: string; readonly source: 'bundled' | 'added'; readonly configDir?: string }

const registrySchema = z.object({
  version: z.literal(1),
  models: z.array(z.looseObject({ id: z.string().min(1), name: z.string().optional(), path: z.string().min(1), configDir: z.string().optional() })),
})
type Registration = z.output<typeof registrySchema>['models'][number]

/** Lists, opens, checks and remembers models. */
export class ModelStore {
  readonly #options: ModelStoreOptions

  constructor(options: ModelStoreOptions) {
    this.#options = options
  }

  /** Every known model, bundled ones first; one that cannot be opened has a `problem` instead of stopping the list. */
  async list(): Promise<ModelRow[]> {
    return Promise.all(this.#known().map((known) => this.#row(known)))
  }

  /**
   * Opens a model.
   * @param model store id, or a path
   * @throws EngineError model/unknown (exit 2) listing the known ids, nearest first; else as {@link openCheckpoint}
   */
  async open(model: string, options: OpenOptions = {}): Promise<Checkpoint> {
    const known = this.#find(model)
    if (known) return openCheckpoint(known.path, { id: known.id, ...(known.configDir === undefined ? {} : { configDir: known.configDir }), ...options })
    if (looksLikePath(model)) return openCheckpoint(model, options)
    throw this.#unknown(model)
  }

  /**
   * Remembers a checkpoint where it lies, after opening it. A path that is already known keeps its id.
   * @throws EngineError as {@link openCheckpoint}; output/not-writable (exit 2)
   */
  async add(target: string, options: { configDir?: string; id?: string } = {}): Promise<ModelRow> {
    const absolute = path.resolve(target)
    const bundled = this.#bundled().find((model) => model.path === absolute)
    if (bundled) return this.#row(bundled)
    const configDir = options.configDir === undefined ? undefined : path.resolve(options.configDir)
    const config = configDir === undefined ? {} : { configDir }
    const checkpoint = await openCheckpoint(absolute, config)
    const known = await this.#change((models) => {
      const before = models.find((model) => model.path === absolute)
      const id = before?.id ?? this.#freeId(options.id ?? checkpoint.id, models)
      const model: Registration = { id, name: checkpoint.card?.name ?? path.basename(absolute), path: absolute, ...config }
      return { models: [...models.filter((other) => other !== before), model], result: model }
    })
    return this.#row({ id: known.id, name: known.name ?? known.id, path: known.path, source: 'added', ...config })
  }

  /**
   * Everything `models show` prints, as plain JSON.
   * @throws EngineError as {@link open}
   */
  async show(model: string): Promise<Readonly<Record<string, unknown>>> {
    return describeCheckpoint(await this.open(model))
  }

  /**
   * Reads every byte of a model: checksums of its card, NaN and infinities, sizes against its configuration.
   * @throws EngineError model/damaged (exit 2) with the first problem in its sentence and all in `details.problems`
   */
  async verify(model: string, options: VerifyOptions = {}): Promise<VerifyReport> {
    return verifyCheckpoint(await this.open(model), options)
  }

  /**
   * Forgets a model that was added. Its files stay where they are.
   * @throws EngineError model/bundled, model/unknown, output/not-writable (exit 2)
   */
  async remove(id: string): Promise<{ readonly id: string; readonly path: string }> {
    const known = this.#find(id) ?? this.#known().find((candidate) => candidate.path === path.resolve(id))
    if (!known) throw this.#unknown(id)
    if (known.source === 'bundled') {
      throw badInput('model/bundled', { thing: known.id, expected: 'a model that was added', found: 'one that comes with the program', todo: 'it stays on the list' })
    }
    await this.#change((models) => ({ models: models.filter((model) => model.id !== known.id), result: undefined }))
    return { id: known.id, path: known.path }
  }

  #find(id: string): Known | undefined {
    return this.#known().find((known) => known.id === id)
  }

  #known(): Known[] {
    const bundled = this.#bundled()
    const added = this.#registrations().map((model): Known => ({
      id: model.id, name: model.name ?? model.id, path: model.path, source: 'added', ...(model.configDir === undefined ? {} : { configDir: model.configDir }),
    }))
    return [...bundled, ...added.filter(({ id }) => !bundled.some((known) => known.id === id))]
  }

  /** Folders of the bundled root that hold a card; the folder's name stands in for a card that cannot be read. */
  #bundled(): Known[] {
    const { bundledRoot } = this.#options
    if (!fs.existsSync(bundledRoot)) return []
    return fs.readdirSync(bundledRoot).sort().flatMap((folder) => {
      const card = path.join(bundledRoot, folder, CARD_NAME)
      if (!fs.existsSync(card)) return []
      const common = { path: path.join(bundledRoot, folder), source: 'bundled' as const }
      try {
        const { id, name } = readModelCard(card)
        return [{ ...common, id, name }]
      } catch {
        return [{ ...common, id: folder, name: folder }] // opening it says what is wrong with the card
      }
    })
  }

  get #registryFile(): string {
    return path.join(this.#options.dataDir, 'models.json')
  }

  #registrations(): Registration[] {
    if (!fs.existsSync(this.#registryFile)) return []
    const parsed = registrySchema.safeParse(readJsonObject(this.#registryFile, 'the list of added models'))
    if (parsed.success) return parsed.data.models
    throw badInput('model/bad-registry', {
      thing: this.#registryFile, expected: 'the list of added models', found: parsed.error.issues[0]?.message ?? 'something else', todo: 'move the file away and add the models again',
    })
  }

  /** Changes the list under a lock, so that two programs do not lose each other's models. */
  async #change<T>(edit: (models: Registration[]) => { models: Registration[]; result: T }): Promise<T> {
    fs.mkdirSync(this.#options.dataDir, { recursive: true })
    return withFileLock(`${this.#registryFile}.lock`, {}, async () => {
      const { models, result } = edit(this.#registrations())
      writeFileAtomic(this.#registryFile, `${JSON.stringify({ version: 1, models }, null, 2)}\n`)
      return result
    })
  }

  #freeId(wanted: string, models: readonly Registration[]): string {
    const taken = new Set([...this.#bundled().map(({ id }) => id), ...models.map(({ id }) => id)])
    let id = wanted
    for (let n = 2; taken.has(id); n++) id = `${wanted}-${n}`
    return id
  }

  async #row(known: Known): Promise<ModelRow> {
    const { id, name, path: place, source } = known
    try {
      const checkpoint = await this.open(id)
      return { id, name, path: place, source, kind: checkpoint.kind, family: checkpoint.family, size: checkpoint.size, bytes: weightBytes(checkpoint) }
    } catch (error) {
      return { id, name, path: place, source, problem: (error as Error).message }
    }
  }

  #unknown(model: string): EngineError {
    const known = this.#known().map(({ id }) => id)
    return badInput('model/unknown', {
      thing: `model ${model}`,
      expected: known.length === 0 ? 'the path of a checkpoint' : `one of ${nearestNames(model, known).slice(0, 12).join(', ')}, or a path`,
      found: 'neither',
      todo: 'see "palimpsest models list", or add it with "palimpsest models add PATH"',
      details: { known },
    })
  }
}

function looksLikePath(model: string): boolean {
  return /[\\/]/.test(model) || /\.(safetensors|ckpt|pt|pth|bin|gguf|onnx|json)$/i.test(model) || fs.existsSync(model)
}

/** Files of a checkpoint's weights, each once. */
export function weightFiles(checkpoint: Checkpoint): string[] {
  const files = new Set<string>()
  for (const component of Object.values(checkpoint.components)) for (const { file } of component.weights.entries.values()) files.add(file)
  return [...files].sort()
}

function weightBytes(checkpoint: Checkpoint): number {
  return weightFiles(checkpoint).reduce((sum, file) => sum + fs.statSync(file).size, 0)
}

/** The words a model knows, where its card lists them; null where it does not. */
export function vocabularyOf({ card }: Pick<Checkpoint, 'card'>): readonly string[] | null {
  const words = card?.vocabulary
  return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : null
}

/** A checkpoint as plain JSON for people: parts, sizes, number types, how it samples, what was assumed. */
export function describeCheckpoint(checkpoint: Checkpoint): Readonly<Record<string, unknown>> {
  const components = Object.fromEntries(Object.values(checkpoint.components).map(({ name, config, weights }) => {
    const entries = [...weights.entries.values()]
    return [name, {
      class: classNameOf(config),
      tensors: entries.length,
      parameters: entries.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0),
      bytes: entries.reduce((sum, { length }) => sum + length, 0),
      dtypes: [...new Set(entries.map(({ dtype }) => dtype))].sort().join(', '),
    }]
  }))
  const { tokenizer, card } = checkpoint
  return {
    id: checkpoint.id,
    ...(card ? { name: card.name, ...(card.licence === undefined ? {} : { licence: card.licence }) } : {}),
    path: checkpoint.path,
    layout: checkpoint.layout,
    family: checkpoint.family,
    kind: checkpoint.kind,
    size: checkpoint.size,
    predictionType: checkpoint.predictionType,
    predictionSource: checkpoint.predictionSource,
    scheduler: checkpoint.schedulerConfig['_class_name'],
    ...(vocabularyOf(checkpoint) ? { vocabulary: vocabularyOf(checkpoint) } : {}),
    tokenizer: { kind: tokenizer.kind, padToken: tokenizer.padToken.token, padTokenFrom: tokenizer.padToken.source, maxLength: tokenizer.modelMaxLength },
    components,
    bytes: weightBytes(checkpoint),
    hash: checkpoint.hash,
    notes: checkpoint.notes,
  }
}
