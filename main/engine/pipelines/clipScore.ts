/** CLIP-score: how well a picture fits a text by the checkpoint's own image tower, or by a CLIP model; max(0, cosine) times 100. */
import fs from 'node:fs'
import path from 'node:path'
import { wholeBox } from '../image/geometry.ts'
import { cropPixels } from '../image/cropStitch.ts'
import type { Picture } from '../image/picture.ts'
import { badInput } from '../errors.ts'
import { findWeightFile } from '../families/componentFolder.ts'
import { readTokenizerFolder } from '../families/tokenizerSource.ts'
import { buildClipText } from '../nets/clipText.ts'
import { buildClipVision } from '../nets/clipVision.ts'
import type { NetConfig } from '../nets/config.ts'
import { openSession } from '../runtime/session.ts'
import type { PromptEmbeds, Tensor } from '../tensor/tensor.ts'
import { clipDefault, loadClipTokenizer } from '../text/clipTokenizer.ts'
import { ensureFloat32, type WeightCache } from '../weights/convertedWeights.ts'
import { readJsonObject } from '../weights/jsonFile.ts'
import { readSafetensorsHeader, readTensor } from '../weights/safetensors.ts'
import { openWeights } from '../weights/storedWeights.ts'
import { isJsonObject } from '../weights/strictJson.ts'
import type { RunContext } from './context.ts'
import { contentIds, literalPrompt } from './editWords.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { encodePrompt, tokenizerOf } from './prompt.ts'

/** Mean and deviation of CLIP's pictures in 0..1 (Radford et al. 2021); a small world's tower takes -1..1. */
const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073]
const CLIP_DEVIATION = [0.26862954, 0.26130258, 0.27577711]

/** Scores pictures against texts. */
export interface ClipScorer {
  text(prompt: string): Promise<Float32Array>
  picture(picture: Picture): Promise<Float32Array>
  /** what the scores depend on besides the checkpoint; null for its own tower */
  readonly hash: string | null
  dispose(): Promise<void>
}

/** The cosine in percent, not below 0. */
export function clipScore(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!
    aa += a[i]! ** 2
    bb += b[i]! ** 2
  }
  return Math.max(0, (100 * dot) / Math.sqrt(aa * bb))
}

/** A scorer, or null for a checkpoint that has no image tower or no text projection to go with it. */
export async function createClipScorer(context: RunContext, loaded: LoadedCheckpoint): Promise<ClipScorer | null> {
  const vision = loaded.checkpoint.components.imageEncoder
  if (!vision) return null
  const projection = textProjection(vision.weights.root)
  if (!projection) return null
  const side = typeof vision.config['image_size'] === 'number' ? vision.config['image_size'] : 224
  const isOwnWorld = loaded.checkpoint.card?.vocabulary !== undefined
  const tokenizer = await tokenizerOf(loaded)
  return {
    hash: null,
    dispose: async () => {}, // the nets are the checkpoint's
    async text(prompt) {
      const [states] = await encodePrompt(context, loaded, [literalPrompt(prompt)], { clipSkip: 0, longPrompt: 'truncate' })
      return project(endState(states!, contentIds(tokenizer, prompt).length - 1), projection)
    },
    async picture(picture) {
      const pixels = await cropPixels(picture, wholeBox(picture), { width: side, height: side })
      const values = isOwnWorld ? pixels.data : normalised(pixels.data)
      const session = await loaded.open('imageEncoder', 'one', (config, weights) => buildClipVision(config, weights, { batch: 1 }))
      const { image_embeds: embeds } = await session.run({ pixel_values: { data: values, dims: [1, 3, side, side] } })
      return embeds!.data
    },
  }
}

/**
 * A scorer by a CLIP model as transformers saves it: config.json, weights, and a tokenizer unless it is CLIP's own.
 * @throws EngineError of the folder: checkpoint/..., weights/..., tokenizer/..., nets/... (exit 2)
 */
export async function openClipModel(folder: string, cache: WeightCache): Promise<ClipScorer> {
  const config = clipConfig(folder)
  const stored = openWeights(findWeightFile(folder))
  const weights = await ensureFloat32(stored, cache)
  const hasTokenizer = ['tokenizer.json', 'vocab.json'].some((name) => fs.existsSync(path.join(folder, name)))
  const tokenizer = await loadClipTokenizer((hasTokenizer ? readTokenizerFolder(folder) : undefined) ?? clipDefault)
  const [text, vision] = await Promise.all([
    openSession(buildClipText(config.text, weights, { batch: 1 }), { device: 'cpu' }),
    openSession(buildClipVision(config.vision, weights, { batch: 1 }), { device: 'cpu' }),
  ])
  const side = typeof config.vision['image_size'] === 'number' ? config.vision['image_size'] : 224
  return {
    hash: stored.contentHash,
    async text(prompt) {
      const ids = tokenizer.encodeWindow(prompt)
      return (await text.run({ input_ids: { data: BigInt64Array.from(ids, BigInt), dims: [1, ids.length] } }))['text_embeds']!.data
    },
    async picture(picture) {
      const pixels = await cropPixels(picture, wholeBox(picture), { width: side, height: side })
      return (await vision.run({ pixel_values: { data: normalised(pixels.data), dims: [1, 3, side, side] } }))['image_embeds']!.data
    },
    async dispose() {
      await text.dispose()
      await vision.dispose()
    },
  }
}

/** The two towers' configurations. @throws EngineError evaluate/clip (exit 2) */
function clipConfig(folder: string): { readonly text: NetConfig; readonly vision: NetConfig } {
  const file = path.join(folder, 'config.json')
  const refuse = (found: string): Error => badInput('evaluate/clip', { thing: folder, expected: 'a CLIP model as transformers saves it (config.json with text_config and vision_config, model.safetensors)', found, todo: 'fetch for example openai/clip-vit-large-patch14' })
  if (!fs.existsSync(file)) throw refuse(fs.existsSync(folder) ? 'a folder without config.json' : 'no such folder')
  const config = readJsonObject(file, 'a configuration')
  const { text_config: text, vision_config: vision } = config
  if (!isJsonObject(text) || !isJsonObject(vision)) throw refuse(`a configuration of ${JSON.stringify(config['model_type'] ?? 'another model')}`)
  return { text, vision }
}

/** The projection that stands with the image tower; the text encoder of a diffusion model has none. */
function textProjection(folder: string): Tensor | null {
  const file = path.join(folder, 'text_projection.safetensors')
  if (!fs.existsSync(file)) return null
  const entry = readSafetensorsHeader(file).tensors.get('text_projection.weight')
  return entry ? readTensor(entry) : null
}

function endState(states: PromptEmbeds, position: number): Float32Array {
  const features = states.dims[2]!
  return states.data.subarray(position * features, (position + 1) * features)
}

/** W x for W [out, in]. */
function project(vector: Float32Array, { data, dims }: Tensor): Float32Array {
  const [out, width] = dims as [number, number]
  return Float32Array.from({ length: out }, (_, row) => {
    let sum = 0
    for (let i = 0; i < width; i++) sum += data[row * width + i]! * vector[i]!
    return sum
  })
}

function normalised(values: Float32Array): Float32Array {
  const plane = values.length / 3
  return values.map((value, i) => {
    const channel = Math.floor(i / plane)
    return (value / 2 + 0.5 - CLIP_MEAN[channel]!) / CLIP_DEVIATION[channel]!
  })
}
