/** Single-file checkpoints as people download them: SD1.x and SD2.x in one .safetensors. */
import fs from 'node:fs'
import path from 'node:path'
import { badInput } from '../errors.ts'
import { readJsonObject } from '../weights/jsonFile.ts'
import { applyRule } from '../weights/keyRules.ts'
import { LDM_PREFIX, ldmClipRule, ldmUnetRule, ldmVaeRule, openClipEntries, withoutPrefix } from '../weights/ldmKeys.ts'
import { readTensor } from '../weights/safetensors.ts'
import type { StoredWeights } from '../weights/storedWeights.ts'
import { type TensorEntry, makeWeightIndex } from '../weights/weightIndex.ts'
import type { CheckpointKind, Component, ComponentName, PredictionType } from './checkpoint.ts'
import { COMPONENTS } from './componentFolder.ts'
import type { ConfigValues, Family } from './family.ts'
import { inferTextConfig, inferUnetConfig, inferVaeConfig } from './inferConfig.ts'
import { FAMILIES, familyOfCrossAttentionDim } from './registry.ts'
import { kindOfUnet } from './shapeChecks.ts'
import { notACheckpoint, refuseForeign } from './unsupported.ts'

/** Other places where programs that save single files put the text encoder. */
const CLIP_PREFIXES = [LDM_PREFIX.clip, 'conditioner.embedders.0.transformer.']
const OPEN_CLIP_PREFIXES = [LDM_PREFIX.openClip, 'conditioner.embedders.0.model.']

/** What a single file says about itself. */
export interface SingleFile {
  readonly family: Family
  readonly kind: CheckpointKind
  readonly predictionType: PredictionType
  readonly predictionSource: string
  readonly components: Partial<Record<ComponentName, Component>>
  readonly notes: readonly string[]
}

/** The configuration files of `--config DIR` by component; what they say wins over what was inferred. */
export function readConfigDir(dir: string): Partial<Record<ComponentName | 'scheduler', ConfigValues>> {
  const found: Partial<Record<ComponentName | 'scheduler', ConfigValues>> = {}
  for (const [name, { folder }] of Object.entries(COMPONENTS)) {
    const file = path.join(dir, folder, 'config.json')
    if (fs.existsSync(file)) found[name as ComponentName] = readJsonObject(file, `the configuration of ${folder}`)
  }
  const scheduler = path.join(dir, 'scheduler', 'scheduler_config.json')
  if (fs.existsSync(scheduler)) found.scheduler = readJsonObject(scheduler, 'a scheduler configuration')
  if (Object.keys(found).length > 0) return found
  throw badInput('checkpoint/no-config', { thing: dir, expected: 'a folder laid out as diffusers does, with unet/config.json or others', found: 'none of them', todo: "pass the folder with the model's configuration files" })
}

/** The first prefix under which entries exist, with those entries. */
function firstPresent(entries: readonly TensorEntry[], prefixes: readonly string[]): TensorEntry[] {
  for (const prefix of prefixes) {
    const found = withoutPrefix(entries, prefix)
    if (found.length > 0) return found
  }
  return []
}

function ruled(entries: TensorEntry[], rule: (names: string[]) => (entry: TensorEntry) => TensorEntry | null): TensorEntry[] {
  return applyRule(entries, rule(entries.map(({ name }) => name)))
}

/**
 * Reads the parts of a single-file checkpoint.
 * @param configs values that replace what shapes and family say
 * @throws EngineError checkpoint/unsupported, checkpoint/incomplete (exit 2)
 */
export function readSingleFile(stored: StoredWeights, configs: Partial<Record<ComponentName, ConfigValues>> = {}, predictionType?: PredictionType): SingleFile {
  const entries = [...stored.entries.values()]
  refuseForeign(stored.path, entries)
  if (!stored.entries.has(`${LDM_PREFIX.unet}input_blocks.0.0.weight`)) throw notACheckpoint(stored.path, entries)
  const notes: string[] = []
  const unetEntries = ruled(withoutPrefix(entries, LDM_PREFIX.unet), ldmUnetRule)
  const vaeEntries = ruled(withoutPrefix(entries, LDM_PREFIX.vae), ldmVaeRule)
  const openClip = firstPresent(entries, OPEN_CLIP_PREFIXES)
  const layers = configs.textEncoder?.['num_hidden_layers']
  const textEntries = openClip.length > 0
    ? openClipEntries(openClip, typeof layers === 'number' ? layers : undefined)
    : applyRule(firstPresent(entries, CLIP_PREFIXES), ldmClipRule)
  const family = familyOf(unetEntries, openClip.length > 0, notes)
  const part = (name: ComponentName, named: TensorEntry[], infer: (entries: ReadonlyMap<string, TensorEntry>) => ConfigValues): Component | undefined => {
    if (named.length === 0) {
      notes.push(`The file holds no ${COMPONENTS[name].folder.replace('_', ' ')}.`)
      return undefined
    }
    const weights = makeWeightIndex(named, stored.identities)
    return { name, config: { ...infer(weights.entries), ...configs[name] }, weights }
  }
  const unetAt = (size: number) => part('unet', unetEntries, (named) => inferUnetConfig(named, family, size))
  const kind = kindOfUnet(unetAt(512)!)
  const prediction = predictionType === undefined ? findPrediction(stored, family, kind) : { type: predictionType, source: 'chosen' }
  const size = family.size(prediction.type)
  const vae = part('vae', vaeEntries, (named) => inferVaeConfig(named, family, size))
  const textEncoder = part('textEncoder', textEntries, (named) => inferTextConfig(named, family))
  return {
    family, kind, notes,
    predictionType: prediction.type,
    predictionSource: prediction.source,
    components: { unet: unetAt(size)!, ...(vae ? { vae } : {}), ...(textEncoder ? { textEncoder } : {}) },
  }
}

function familyOf(unet: readonly TensorEntry[], openClip: boolean, notes: string[]): Family {
  const width = unet.find(({ name }) => name.endsWith('.attn2.to_k.weight'))?.shape[1]
  const family = familyOfCrossAttentionDim(width)
  if (family) return family
  const guess = openClip ? FAMILIES.sd2 : FAMILIES.sd1
  notes.push(`Text states of ${width ?? 'no'} features belong to no known family; taken for ${guess.title} by the names of its text encoder, so give its configuration with --config DIR if pictures come out wrong.`)
  return guess
}

/** Diffusers' rule for Stability's own files: training stopped at this step for the 512 px "base" models. */
const BASE_GLOBAL_STEP = 875_000
/**
 * ComfyUI's rule for merges: this norm's biases spread wider in v-prediction models. Threshold on their
 * population standard deviation; a fact about SD2.x at its full width only.
 */
const SPREAD_TENSOR = `${LDM_PREFIX.unet}output_blocks.11.1.transformer_blocks.0.norm1.bias`
const SPREAD_THRESHOLD = 0.09
const SPREAD_WIDTH = 320

/** What the UNet predicts: the file's own words, else marks that programs left, else its weights, else the family. */
function findPrediction(stored: StoredWeights, family: Family, kind: CheckpointKind): { type: PredictionType; source: string } {
  const written = stored.metadata['modelspec.prediction_type']
  if (written === 'v' || written === 'v_prediction') return { type: 'v_prediction', source: "the file's modelspec.prediction_type" }
  if (written === 'epsilon') return { type: 'epsilon', source: "the file's modelspec.prediction_type" }
  if (stored.entries.has('v_pred')) return { type: 'v_prediction', source: "the file's v_pred mark" }
  const usual = family.predictionType(kind)
  if (usual === 'epsilon') return { type: 'epsilon', source: `usual for ${family.title} (${kind})` }
  const step = stored.entries.get('global_step')
  if (step !== undefined && step.length <= 8 && readTensor(step).data[0] === BASE_GLOBAL_STEP) return { type: 'epsilon', source: 'global_step 875000, as in the 512 px base models' }
  const norm = stored.entries.get(SPREAD_TENSOR)
  if (norm !== undefined && norm.shape.length === 1 && norm.shape[0] === SPREAD_WIDTH) {
    const v = standardDeviation(readTensor(norm).data) > SPREAD_THRESHOLD
    return { type: v ? 'v_prediction' : 'epsilon', source: 'the spread of one norm in its weights, a rule of thumb: --config DIR overrides it' }
  }
  return { type: usual, source: `usual for ${family.title} (${kind}): --config DIR overrides it` }
}

function standardDeviation(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}
