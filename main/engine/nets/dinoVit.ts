/**
 * The structure distance of PIE-Bench (Tumanyan et al. 2022, "Splicing ViT Features for Semantic Appearance Transfer",
 * arXiv 2201.00424): how far apart two pictures are in the self-similarity of the keys of DINO's last layer, which hold
 * the layout and not the looks.
 *
 * S_ij = cos(k_i, k_j) over all tokens, the class token included; distance = mean (S(a) - S(b))^2.
 *
 * Weights of a ViT as DINO's own code and timm name them (`blocks.N.attn.qkv`), or as transformers does
 * (`encoder.layer.N.attention.attention.key`); every size is told by the tensors.
 */
import { badInput } from '../errors.ts'
import { GraphBuilder } from '../graph/builder.ts'
import type { Graph, Value } from '../graph/graph.ts'
import type { WeightIndex } from '../weights/weightIndex.ts'
import { conv2d, layerNorm, linear } from './layers/modules.ts'

/** Features per attention head of every DINO ViT. */
const HEAD_WIDTH = 64
/** Least product of two lengths that a cosine is divided by. */
const LEAST_LENGTH = 1e-8

/** Names that differ between the layouts. */
interface Names {
  readonly cls: string
  readonly positions: string
  readonly patches: string
  readonly block: (index: number) => string
  readonly norms: readonly [string, string]
  readonly mlp: readonly [string, string]
  readonly attentionOut: string
  /** one layer for queries, keys and values, or one each */
  readonly qkv: string | readonly [string, string, string]
  readonly epsilon: number
}

const DINO: Names = {
  cls: 'cls_token', positions: 'pos_embed', patches: 'patch_embed.proj', block: (index) => `blocks.${index}`, norms: ['norm1', 'norm2'], mlp: ['mlp.fc1', 'mlp.fc2'],
  attentionOut: 'attn.proj', qkv: 'attn.qkv', epsilon: 1e-6,
}
const TRANSFORMERS: Names = {
  cls: 'embeddings.cls_token', positions: 'embeddings.position_embeddings', patches: 'embeddings.patch_embeddings.projection', block: (index) => `encoder.layer.${index}`,
  norms: ['layernorm_before', 'layernorm_after'], mlp: ['intermediate.dense', 'output.dense'], attentionOut: 'attention.output.dense',
  qkv: ['attention.attention.query', 'attention.attention.key', 'attention.attention.value'], epsilon: 1e-12,
}
const TRANSFORMERS_5: Names = {
  ...TRANSFORMERS, block: (index) => `layers.${index}`, mlp: ['mlp.fc1', 'mlp.fc2'], attentionOut: 'attention.o_proj', qkv: ['attention.q_proj', 'attention.k_proj', 'attention.v_proj'],
}

/** What a file of weights says of its ViT. */
export interface DinoPlan {
  readonly names: Names
  readonly prefix: string
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly patch: number
  /** side in pixels of the pictures it looks at */
  readonly side: number
}

/** Reads a file's ViT. @throws EngineError nets/dino (exit 2) for another file */
export function planDino(weights: WeightIndex, file: string): DinoPlan {
  for (const prefix of ['', 'vit.', 'dino.']) {
    for (const names of [DINO, TRANSFORMERS, TRANSFORMERS_5]) {
      const patches = weights.entries.get(`${prefix}${names.patches}.weight`)
      const positions = weights.entries.get(prefix + names.positions)
      if (!patches || !positions) continue
      const [width = 0, , patch = 0] = patches.shape
      const grid = Math.round(Math.sqrt((positions.shape[1] ?? 0) - 1))
      let layers = 0
      while (weights.entries.has(`${prefix}${names.block(layers)}.${names.norms[0]}.weight`)) layers += 1
      const heads = Math.max(1, Math.round(width / HEAD_WIDTH))
      if (layers > 0 && patch > 0 && grid ** 2 + 1 === positions.shape[1] && width % heads === 0) return { names, prefix, width, layers, heads, patch, side: grid * patch }
    }
  }
  throw badInput('nets/dino', {
    thing: file,
    expected: 'a DINO ViT (patch_embed.proj, blocks.N.attn.qkv; or the names of transformers)',
    found: `a file whose first tensor is ${[...weights.entries.keys()][0] ?? 'missing'}`,
    todo: 'use dino_vitb8 or dino_vits16 as .safetensors',
  })
}

/**
 * The graph of the distance. Inputs: a, b [1,3,side,side], normalised. Output: distance [1].
 * @throws EngineError weights/missing-key; graph/shape
 */
export function buildStructureDistance(plan: DinoPlan, weights: WeightIndex, fused = true): Graph {
  const { names, side, layers } = plan
  const b = new GraphBuilder('dino', weights, { fusedAttention: fused })
  const pixels = b.concat(['a', 'b'].map((name) => b.input(name, 'f32', [1, 3, side, side])), 0)
  const keys = inScope(b, plan.prefix.replace(/\.$/, ''), () => {
    let hidden = embed(b, plan, pixels)
    for (let layer = 0; layer < layers - 1; layer++) hidden = b.scope(names.block(layer), () => block(b, plan, hidden))
    return b.scope(names.block(layers - 1), () => attentionInputs(b, plan, layerNorm(b, names.norms[0], hidden, names.epsilon))[1])
  })
  const length = b.sqrt(b.reduceSum(b.mul(keys, keys), [2], true)) // [2,T,1]
  const products = b.matmul(keys, b.transpose(keys, [0, 2, 1]))
  const similarity = b.div(products, b.maximum(b.matmul(length, b.transpose(length, [0, 2, 1])), LEAST_LENGTH)) // [2,T,T]
  const [one, other] = b.split(similarity, 0, 2) as [Value, Value]
  const difference = b.sub(one, other)
  b.output('distance', b.reshape(b.reduceMean(b.mul(difference, difference), [1, 2]), [1]))
  return b.build()
}

function embed(b: GraphBuilder, { names, width, patch, side }: DinoPlan, pixels: Value): Value {
  const count = (side / patch) ** 2
  const patches = conv2d(b, names.patches, pixels, { stride: patch }) // [2,C,g,g]
  const rows = b.transpose(b.reshape(patches, [2, width, count]), [0, 2, 1])
  const classRow = b.expand(b.reshape(b.parameter(names.cls), [1, 1, width]), [2, 1, width])
  return b.add(b.concat([classRow, rows], 1), b.reshape(b.parameter(names.positions), [1, count + 1, width]))
}

function block(b: GraphBuilder, plan: DinoPlan, hidden: Value): Value {
  const { names, heads } = plan
  const [q, k, v] = attentionInputs(b, plan, layerNorm(b, names.norms[0], hidden, names.epsilon))
  const attended = b.add(hidden, linear(b, names.attentionOut, b.attention(q, k, v, { heads })))
  const wide = b.gelu(linear(b, names.mlp[0], layerNorm(b, names.norms[1], attended, names.epsilon)))
  return b.add(attended, linear(b, names.mlp[1], wide))
}

/** Queries, keys and values [2,T,C], heads side by side. */
function attentionInputs(b: GraphBuilder, { names }: DinoPlan, normal: Value): [Value, Value, Value] {
  if (typeof names.qkv === 'string') return b.split(linear(b, names.qkv, normal), 2, 3) as [Value, Value, Value]
  return names.qkv.map((name) => linear(b, name, normal)) as [Value, Value, Value]
}

function inScope<T>(b: GraphBuilder, name: string, build: () => T): T {
  return name === '' ? build() : b.scope(name, build)
}
