/**
 * CLIPTextModel and CLIPTextModelWithProjection, the prompt encoders of SD1.x (CLIP-L) and SD2.x (OpenCLIP-H).
 * Parity: transformers 5 models/clip/modeling_clip.py; deliberate differences: clip skip is compiled in.
 */
import { GraphBuilder } from '../graph/builder.ts'
import type { Graph, Value } from '../graph/graph.ts'
import type { WeightIndex } from '../weights/weightIndex.ts'
import { ConfigReader, unsupportedConfig } from './config.ts'
import type { NetConfig } from './config.ts'
import { clipEncoder, planClip } from './layers/clipEncoder.ts'
import { layerNorm, linear } from './layers/modules.ts'

/** What one text-encoder graph is for. */
export interface ClipTextSpec {
  readonly batch: number
  /** How many last layers are left out, 0 for none (diffusers' clip_skip: states of layer -(skip + 1), then the final norm). */
  readonly clipSkip?: number
  readonly fused?: boolean
}

/** Where the encoder's tensors live: transformers 5 writes CLIPTextModel without the `text_model.` prefix that all before it used. */
function textPrefix(weights: WeightIndex): string {
  return weights.entries.has('embeddings.token_embedding.weight') ? '' : 'text_model'
}

/**
 * The graph of a text encoder. Input: input_ids [B, positions] i64. Outputs: last_hidden_state [B, positions, hidden] and,
 * where the checkpoint has a projection and no layer is skipped, text_embeds [B, projection] of the end-of-text token.
 * @throws EngineError nets/unsupported-config; nets/clip-skip; weights/missing-key; graph/shape.
 */
export function buildClipText(config: NetConfig, weights: WeightIndex, spec: ClipTextSpec): Graph {
  const read = new ConfigReader('CLIPTextModel', config)
  const plan = planClip(read, { hiddenSize: 512, layers: 12, heads: 8 })
  const positions = read.count('max_position_embeddings', 77)
  const clipSkip = spec.clipSkip ?? 0
  if (clipSkip < 0 || clipSkip >= plan.layers) throw unsupportedConfig('CLIPTextModel', 'num_hidden_layers', plan.layers, `more than ${clipSkip} layers (clip skip ${clipSkip})`)
  const b = new GraphBuilder('text-encoder', weights, { fusedAttention: spec.fused ?? true })
  const ids = b.input('input_ids', 'i64', [spec.batch, positions])
  const prefix = textPrefix(weights)
  const inModel = <T>(build: () => T): T => (prefix === '' ? build() : b.scope(prefix, build))

  const last = inModel(() => {
    const tokens = b.gather(b.parameter('embeddings.token_embedding.weight'), ids) // [B,S,C]
    const table = b.parameter('embeddings.position_embedding.weight')
    const embedded = b.add(tokens, b.reshape(table, [1, positions, plan.hiddenSize]))
    const hidden = clipEncoder(b, plan, embedded, plan.layers - clipSkip, causalMask(b, positions))
    return layerNorm(b, 'final_layer_norm', hidden, plan.epsilon)
  })
  b.output('last_hidden_state', last)
  if (clipSkip === 0 && b.hasWeight('text_projection.weight')) {
    const end = endOfText(b, ids, read.number('eos_token_id', 49407))
    b.output('text_embeds', linear(b, 'text_projection', pickToken(b, last, end, positions)))
  }
  return b.build()
}

/** 0 on and below the diagonal, the lowest float above it: [1,1,S,S]. */
function causalMask(b: GraphBuilder, positions: number): Value {
  const mask = new Float32Array(positions * positions)
  for (let row = 0; row < positions; row++) mask.fill(-3.4028234663852886e38, row * positions + row + 1, (row + 1) * positions)
  return b.constant(mask, [1, 1, positions, positions])
}

/** Position of the first end-of-text token [B]; configurations that say 2 mean "the greatest id" (an old mistake kept by transformers). */
function endOfText(b: GraphBuilder, ids: Value, eosTokenId: number): Value {
  if (eosTokenId === 2) return b.argmax(b.cast(ids, 'f32'), 1)
  const isEnd = b.equal(ids, b.constant(BigInt64Array.of(BigInt(eosTokenId)), [1, 1]))
  return b.argmax(b.cast(isEnd, 'f32'), 1)
}

/** Row `index[n]` of states[n]: [B,S,C] and [B] -> [B,C]. */
function pickToken(b: GraphBuilder, states: Value, index: Value, positions: number): Value {
  const [batch, , width] = states.dims as readonly number[]
  const rows = b.reshape(states, [batch! * positions, width!])
  const starts = b.constant(BigInt64Array.from({ length: batch! }, (_, n) => BigInt(n * positions)), [batch!])
  return b.gather(rows, b.add(index, starts))
}
