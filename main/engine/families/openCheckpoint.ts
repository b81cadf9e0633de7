/** Opens whatever a person calls their model: a diffusers folder, a single file, a folder with a model card. */
import fs from 'node:fs'
import path from 'node:path'
import { badInput } from '../errors.ts'
import { listFolder, readFileHead, sniffFormat, statOrRefuse } from '../weights/fileFormat.ts'
import { readJsonObject, textOf } from '../weights/jsonFile.ts'
import { readStoredWeights } from '../weights/storedWeights.ts'
import { hashParts } from '../weights/weightIndex.ts'
import type { Checkpoint, Component, ComponentName, FamilyId, PredictionType, TokenizerSource } from './checkpoint.ts'
import { COMPONENTS, openComponentFolder } from './componentFolder.ts'
import type { ConfigValues, Family } from './family.ts'
import { inferTextConfig, inferUnetConfig, inferVaeConfig } from './inferConfig.ts'
import { CARD_NAME, type ModelCard, readModelCard, sharedFolder } from './modelCard.ts'
import { FAMILIES, familyOfCrossAttentionDim } from './registry.ts'
import { checkShapes, kindOfUnet, partsMisfit } from './shapeChecks.ts'
import { readConfigDir, readSingleFile } from './singleFile.ts'
import { clipDefaultTokenizer, readTokenizerFolder } from './tokenizerSource.ts'
import { classNameOf, notACheckpoint, refusalByFormat, refuseForeignClass, refuseForeignPart } from './unsupported.ts'

/** Options of {@link openCheckpoint}. */
export interface OpenOptions {
  /** Folder with configuration files (and a tokenizer) for a single-file checkpoint. */
  readonly configDir?: string
  /** What the UNet predicts, where the file's own signs are wrong. */
  readonly predictionType?: PredictionType
  /** Store id; made from the path when absent. */
  readonly id?: string
}

/**
 * Opens a checkpoint: reads headers and configurations, renames tensors, checks that the parts fit.
 * @param target a diffusers folder, a folder with a model card, a downloaded hub cache folder, or a .safetensors file
 * @throws EngineError (exit 2): checkpoint/* for what is not a checkpoint this engine runs, weights/* for damaged files
 */
export async function openCheckpoint(target: string, options: OpenOptions = {}): Promise<Checkpoint> {
  const absolute = path.resolve(target)
  const place = locate(absolute)
  return place.file === undefined ? openFolder(place.folder, absolute, options) : openFile(place.file, absolute, options)
}

/** A folder to open as such, or a single file. */
type Place = { readonly folder: string; readonly file?: undefined } | { readonly file: string; readonly folder?: undefined }

function locate(target: string): Place {
  const stat = statOrRefuse(target, 'a checkpoint')
  if (!stat.isDirectory()) {
    const name = path.basename(target)
    return name === 'model_index.json' || name === CARD_NAME ? { folder: path.dirname(target) } : { file: target }
  }
  const has = (...names: string[]): boolean => fs.existsSync(path.join(target, ...names))
  if (has('snapshots')) return { folder: hubSnapshot(target) }
  if (has(CARD_NAME) || has('model_index.json') || has('unet')) return { folder: target }
  return insideFolder(target)
}

/** A hub cache folder (`models--owner--name`): the snapshot that `refs/main` names, or the only one. */
function hubSnapshot(folder: string): string {
  const snapshots = path.join(folder, 'snapshots')
  const names = listFolder(snapshots, 'downloaded snapshots')
  const main = path.join(folder, 'refs', 'main')
  const wanted = fs.statSync(main, { throwIfNoEntry: false })?.isFile() ? fs.readFileSync(main, 'utf8').trim() : undefined
  const name = names.find((candidate) => candidate === wanted) ?? (names.length === 1 ? names[0] : undefined)
  if (name !== undefined) return path.join(snapshots, name)
  throw badInput('checkpoint/unsupported', { thing: folder, expected: 'one downloaded snapshot', found: `${names.length}`, todo: `pass one of the folders in ${snapshots}` })
}

/** A folder that is no checkpoint itself: it may hold one single file, or say what else it is. */
function insideFolder(folder: string): Place {
  const names = listFolder(folder, 'a checkpoint folder')
  const config = path.join(folder, 'config.json')
  if (fs.existsSync(config)) {
    refuseForeignClass(folder, classNameOf(readJsonObject(config, 'a configuration')))
  }
  if (names.includes('adapter_config.json')) throw badInput('checkpoint/unsupported', { thing: folder, expected: 'a checkpoint', found: 'a LoRA folder', todo: 'pass the checkpoint it was made for', details: { kind: 'lora' } })
  const singles = names.filter((name) => /\.safetensors$/i.test(name))
  if (singles.length === 1) return { file: path.join(folder, singles[0]!) }
  const other = names.find((name) => /\.(ckpt|pt|pth|bin|gguf)$/i.test(name))
  if (singles.length === 0 && other !== undefined) return { file: path.join(folder, other) }
  throw badInput('checkpoint/unsupported', {
    thing: folder,
    expected: 'a checkpoint folder (model_index.json with unet, vae, text_encoder and tokenizer folders)',
    found: singles.length > 1 ? `${singles.length} .safetensors files (${singles.slice(0, 3).join(', ')})` : names.length === 0 ? 'an empty folder' : `no weights (${names.slice(0, 4).join(', ')})`,
    todo: singles.length > 1 ? 'pass one of the files' : 'pass the folder or file of a checkpoint',
    details: { kind: 'folder' },
  })
}

function openFile(file: string, given: string, options: OpenOptions): Checkpoint {
  const { head } = readFileHead(file)
  const refusal = refusalByFormat(file, sniffFormat(head, file))
  if (refusal) throw refusal
  const above = path.dirname(path.dirname(file))
  if (fs.existsSync(path.join(above, 'model_index.json'))) {
    throw badInput('checkpoint/unsupported', { thing: file, expected: 'a whole checkpoint', found: 'one part of a diffusers folder', todo: `pass ${above} instead`, details: { kind: 'part' } })
  }
  const { configDir } = options
  const configs = configDir === undefined ? {} : readConfigDir(configDir)
  const { scheduler, ...componentConfigs } = configs
  const written = scheduler === undefined ? undefined : (predictionTypeOf(scheduler) ?? 'epsilon')
  const single = readSingleFile(readStoredWeights(file), componentConfigs, options.predictionType ?? written)
  const { family, kind, predictionType } = single
  const maxPositions = single.components.textEncoder?.config['max_position_embeddings'] as number | undefined
  const tokenizer = configDir === undefined ? undefined : readTokenizerFolder(path.join(configDir, 'tokenizer'), maxPositions)
  return assemble({
    path: given,
    layout: 'single-file',
    id: options.id ?? idFromPath(file),
    family, kind, predictionType,
    predictionSource: written !== undefined && options.predictionType === undefined ? `scheduler_config.json in ${configDir}` : single.predictionSource,
    size: sizeOf(single.components, family.size(predictionType)),
    components: single.components,
    tokenizer: tokenizer ?? clipDefaultTokenizer(family, maxPositions),
    schedulerConfig: scheduler ?? family.schedulerConfig(kind, predictionType),
    notes: single.notes,
  })
}

function openFolder(folder: string, given: string, options: OpenOptions): Checkpoint {
  const cardFile = path.join(folder, CARD_NAME)
  const card = fs.existsSync(cardFile) ? readModelCard(cardFile) : undefined
  const indexFile = path.join(folder, 'model_index.json')
  const notes: string[] = []
  if (fs.existsSync(indexFile)) {
    const note = refuseForeignClass(indexFile, textOf(readJsonObject(indexFile, 'a model index'), '_class_name'), fs.existsSync(path.join(folder, 'unet')))
    if (note !== undefined) notes.push(note)
  }
  const place = (name: string, component = name): string | undefined => findPart(folder, card, [name, component])
  const unetFolder = place('unet')
  if (unetFolder === undefined) throw notACheckpoint(folder, [])
  const components: Partial<Record<ComponentName, Component>> = {}
  let family: Family | undefined = card && FAMILIES[card.family]
  const infer = (name: ComponentName, entries: Component['weights']['entries']): ConfigValues | undefined => {
    const known = family ?? FAMILIES.sd1
    notes.push(`${COMPONENTS[name].folder} has no config.json; its sizes were read off its tensors.`)
    if (name === 'unet') return inferUnetConfig(entries, known, known.size('epsilon'))
    if (name === 'vae') return inferVaeConfig(entries, known, known.size('epsilon'))
    return name === 'textEncoder' ? inferTextConfig(entries, known) : undefined
  }
  for (const name of Object.keys(COMPONENTS) as ComponentName[]) {
    const at = place(COMPONENTS[name].folder, name)
    if (at === undefined) continue
    const component = openComponentFolder(name, at, infer)
    refuseForeignPart(at, name, component.config)
    family ??= familyOf(component)
    components[name] = component
  }
  for (const name of ['vae', 'textEncoder'] as const) if (!components[name]) notes.push(`The checkpoint has no ${COMPONENTS[name].folder} folder.`)
  const scheduler = place('scheduler')
  const schedulerFile = scheduler === undefined ? undefined : path.join(scheduler, 'scheduler_config.json')
  const kind = kindOfUnet(components.unet!)
  const known = family ?? FAMILIES.sd1
  const schedulerConfig = schedulerFile !== undefined && fs.existsSync(schedulerFile) ? readJsonObject(schedulerFile, 'a scheduler configuration') : known.schedulerConfig(kind, known.predictionType(kind))
  const predictionType = options.predictionType ?? predictionTypeOf(schedulerConfig) ?? 'epsilon'
  return assemble({
    path: given,
    layout: 'diffusers',
    id: options.id ?? card?.id ?? idFromPath(given),
    family: known, kind, predictionType,
    predictionSource: options.predictionType === undefined ? 'scheduler_config.json' : 'chosen',
    size: card?.size ?? sizeOf(components, known.size(predictionType)),
    components,
    tokenizer: tokenizerOfFolder(place('tokenizer'), components.textEncoder, known),
    schedulerConfig,
    notes,
    ...(card ? { card } : {}),
  })
}

/** Where a part of a folder checkpoint lies: in it, or where its card says. */
function findPart(folder: string, card: ModelCard | undefined, names: readonly [folder: string, component: string]): string | undefined {
  const own = path.join(folder, names[0])
  if (fs.existsSync(own)) return own
  const shared = card && sharedFolder(card, folder, names)
  if (shared === undefined || !fs.existsSync(shared)) {
    // a folder for every part (`"shares": "../starter"`) may lack some of them; one named for this part must be there
    if (shared === undefined || typeof card?.shares === 'string') return undefined
    throw badInput('model/shared-missing', { thing: path.join(folder, CARD_NAME), expected: `the shared folder ${shared}`, found: 'nothing there', todo: 'put the model that it belongs to beside it' })
  }
  const root = fs.realpathSync(path.dirname(folder))
  if (!fs.realpathSync(shared).startsWith(root + path.sep)) {
    throw badInput('model/outside', { thing: path.join(folder, CARD_NAME), expected: `folders below ${root} under shares`, found: fs.realpathSync(shared) })
  }
  return shared
}

function tokenizerOfFolder(folder: string | undefined, textEncoder: Component | undefined, family: Family): TokenizerSource {
  const positions = textEncoder?.config['max_position_embeddings']
  const maxPositions = typeof positions === 'number' ? positions : undefined
  const found = folder === undefined ? undefined : readTokenizerFolder(folder, maxPositions)
  if (found) return found
  const vocabulary = textEncoder?.config['vocab_size']
  if (textEncoder !== undefined && vocabulary !== undefined && vocabulary !== CLIP_VOCABULARY) {
    throw badInput('tokenizer/missing', {
      thing: textEncoder.weights.root, expected: 'a tokenizer folder beside the text encoder', found: `none, and its ${String(vocabulary)} tokens are not CLIP's ${CLIP_VOCABULARY}`, todo: 'fetch the tokenizer folder',
    })
  }
  return clipDefaultTokenizer(family, maxPositions)
}

const CLIP_VOCABULARY = 49408

function familyOf(component: Component): Family | undefined {
  if (component.name !== 'unet') return undefined
  const { cross_attention_dim: width, use_linear_projection: linear } = component.config
  return familyOfCrossAttentionDim(width) ?? (linear === true ? FAMILIES.sd2 : FAMILIES.sd1)
}

function predictionTypeOf(config: ConfigValues): PredictionType | undefined {
  const value = config['prediction_type']
  return value === 'epsilon' || value === 'v_prediction' || value === 'sample' ? value : undefined
}

/** Native side in pixels: the UNet's latent side times what the VAE shrinks by. */
function sizeOf(components: Partial<Record<ComponentName, Component>>, fallback: number): number {
  const written = components.unet?.config['sample_size']
  const latent = Array.isArray(written) ? Math.max(...written.map(Number)) : written
  const levels = components.vae?.config['block_out_channels']
  const scale = Array.isArray(levels) ? 2 ** (Math.min(levels.length, 16) - 1) : 8
  return typeof latent === 'number' && latent >= 1 ? latent * scale : fallback
}

/** A name from a path: `~/Models/My Model v1.safetensors` -> `my-model-v1`. */
export function idFromPath(target: string): string {
  const base = path.basename(target).replace(/\.(safetensors|index\.json|json)$/gi, '').replace(/\.safetensors$/i, '')
  return base.toLowerCase().replace(/[^a-z0-9._]+/g, '-').replace(/^[-._]+|[-._]+$/g, '').slice(0, 64) || 'model'
}

type Parts = Omit<Checkpoint, 'family' | 'hash' | 'defaultNegative'> & { readonly family: Family }

function assemble({ family, ...parts }: Parts): Checkpoint {
  for (const component of Object.values(parts.components)) checkShapes(component)
  const misfit = partsMisfit(parts.components)
  const notes = misfit === undefined ? parts.notes : [...parts.notes, misfit.message]
  const id: FamilyId = family.id
  const hashes = Object.values(parts.components).map(({ name, weights }) => `${name}:${weights.contentHash}`)
  return { ...parts, notes, family: id, defaultNegative: family.defaultNegative, hash: hashParts(hashes.sort()) }
}
