/** One folder of a diffusers checkpoint: config.json and weights, whatever variant or shard layout they come in. */
import fs from 'node:fs'
import path from 'node:path'
import { badInput } from '../errors.ts'
import { listFolder } from '../weights/fileFormat.ts'
import { readJsonObject } from '../weights/jsonFile.ts'
import { type KeyRule, applyRule, clipTextRule, clipVisionRule, plainRule, vaeRule } from '../weights/keyRules.ts'
import { type StoredWeights, readStoredWeights } from '../weights/storedWeights.ts'
import { makeWeightIndex } from '../weights/weightIndex.ts'
import type { Component, ComponentName } from './checkpoint.ts'
import type { ConfigValues } from './family.ts'
import type { Entries } from './inferConfig.ts'

/** Folder of each component in a checkpoint, and the names its tensors may have had. */
export const COMPONENTS: Readonly<Record<ComponentName, { readonly folder: string; readonly rule: KeyRule }>> = {
  unet: { folder: 'unet', rule: plainRule },
  vae: { folder: 'vae', rule: vaeRule },
  tinyVae: { folder: 'tiny_vae', rule: plainRule },
  textEncoder: { folder: 'text_encoder', rule: clipTextRule },
  imageEncoder: { folder: 'image_encoder', rule: clipVisionRule },
  probe: { folder: 'probe', rule: plainRule },
}

/** Weight files by the variant in their name; lower is taken first. Full precision is exact, so it wins. */
const VARIANT_ORDER = ['', 'fp32', 'fp16', 'bf16']

/** A file that can stand for a component's weights. */
interface Candidate { readonly file: string; readonly variant: string; readonly sharded: boolean }

function candidateOf(name: string): Candidate | undefined {
  if (/-\d{5}-of-\d{5}\.safetensors$/.test(name)) return undefined // a shard; its index stands for it
  const whole = /^(?:diffusion_pytorch_model|pytorch_model|model)(?:\.([\w-]+))?\.safetensors$/.exec(name)
  if (whole) return { file: name, variant: whole[1] ?? '', sharded: false }
  const index = /^(?:diffusion_pytorch_model|pytorch_model|model)(?:\.([\w-]+))?\.safetensors\.index(?:\.([\w-]+))?\.json$/.exec(name)
  return index ? { file: name, variant: index[1] ?? index[2] ?? '', sharded: true } : undefined
}

/**
 * The weight file (or shard index) of a component folder.
 * @throws EngineError checkpoint/pickle, checkpoint/no-weights, weights/bad-index (exit 2)
 */
export function findWeightFile(folder: string): string {
  const names = listFolder(folder, 'a folder with .safetensors weights').filter((name) => !name.startsWith('.'))
  const rank = ({ variant }: Candidate): number => {
    const known = VARIANT_ORDER.indexOf(variant)
    return known >= 0 ? known : variant.startsWith('non') ? VARIANT_ORDER.length + 1 : VARIANT_ORDER.length
  }
  const [best] = names
    .flatMap((name) => candidateOf(name) ?? [])
    .sort((a, b) => rank(a) - rank(b) || Number(a.sharded) - Number(b.sharded) || (a.file < b.file ? -1 : 1))
  if (best) return path.join(folder, best.file)
  const shard = names.find((name) => /-\d{5}-of-\d{5}\.safetensors$/.test(name))
  if (shard !== undefined) {
    const index = shard.replace(/-\d{5}-of-\d{5}\.safetensors$/, '.safetensors.index.json')
    throw badInput('weights/bad-index', { thing: folder, expected: `${index} beside the shards`, found: `only shards such as ${shard}`, todo: 'fetch the index file into the same folder' })
  }
  const others = names.filter((name) => name.endsWith('.safetensors'))
  if (others.length === 1) return path.join(folder, others[0]!)
  const pickle = names.find((name) => /\.(bin|ckpt|pt|pth|msgpack|h5)$/.test(name))
  if (pickle !== undefined) {
    throw badInput('checkpoint/pickle', {
      thing: folder, expected: '.safetensors weights', found: `only ${pickle}`,
      todo: 'a pickle can run any program when it is opened, so fetch the .safetensors version of the model',
    })
  }
  throw badInput('checkpoint/no-weights', { thing: folder, expected: '.safetensors weights', found: others.length === 0 ? 'none' : `${others.length} of unknown names`, todo: 'fetch the missing file' })
}

/** Makes a config from tensors where config.json is missing; undefined where that cannot be done. */
export type InferConfig = (name: ComponentName, entries: Entries) => ConfigValues | undefined

/**
 * Opens one component's folder.
 * @param infer used where config.json is missing
 * @throws EngineError of {@link findWeightFile} and the weight readers; checkpoint/no-config (exit 2)
 */
export function openComponentFolder(name: ComponentName, folder: string, infer: InferConfig): Component {
  const stored = readStoredWeights(findWeightFile(folder))
  const configFile = path.join(folder, 'config.json')
  const component = makeComponent(name, stored, {})
  const config = fs.existsSync(configFile) ? readJsonObject(configFile, `the configuration of ${COMPONENTS[name].folder}`) : infer(name, component.weights.entries)
  if (config === undefined) throw badInput('checkpoint/no-config', { thing: folder, expected: 'config.json', found: 'none', todo: 'fetch the missing file' })
  return { ...component, config }
}

/** A component of stored tensors under their final names. */
export function makeComponent(name: ComponentName, stored: StoredWeights, config: ConfigValues): Component {
  return { name, config, weights: makeWeightIndex(applyRule(stored.entries.values(), COMPONENTS[name].rule), stored.identities) }
}
