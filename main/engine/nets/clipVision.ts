/**
 * CLIPVisionModelWithProjection.
 * Parity: transformers 5 models/clip/modeling_clip.py; deliberate differences: none.
 */
import { GraphBuilder } from '../graph/builder.ts'
import type { Graph } from '../graph/graph.ts'
import type { WeightIndex } from '../weights/weightIndex.ts'
import { ConfigReader } from './config.ts'
import type { NetConfig } from './config.ts'
import { clipEncoder, planClip } from './layers/clipEncoder.ts'
import { conv2d, layerNorm, linear } from './layers/modules.ts'

/** What one image-encoder graph is for. */
export interface ClipVisionSpec {
  readonly batch: number
  readonly fused?: boolean
}

/**
 * The graph of an image encoder. Input: pixel_values [B,3,S,S], normalised as the checkpoint's feature extractor says,
 * S = image_size. Output: image_embeds [B, projection].
 * @throws EngineError nets/unsupported-config; weights/missing-key; graph/shape.
 */
export function buildClipVision(config: NetConfig, weights: WeightIndex, spec: ClipVisionSpec): Graph {
  const read = new ConfigReader('CLIPVisionModelWithProjection', config)
  const plan = planClip(read, { hiddenSize: 768, layers: 12, heads: 12 })
  const size = read.count('image_size', 224)
  const patch = read.count('patch_size', 32)
  const grid = Math.floor(size / patch)
  const b = new GraphBuilder('image-encoder', weights, { fusedAttention: spec.fused ?? true })
  const pixels = b.input('pixel_values', 'f32', [spec.batch, read.count('num_channels', 3), size, size])
  const embeds = b.scope('vision_model', () => {
    const embedded = b.scope('embeddings', () => {
      const patches = conv2d(b, 'patch_embedding', pixels, { stride: patch }) // [B,C,g,g]
      const rows = b.transpose(b.reshape(patches, [spec.batch, plan.hiddenSize, grid * grid]), [0, 2, 1])
      const classRow = b.expand(b.reshape(b.parameter('class_embedding'), [1, 1, plan.hiddenSize]), [spec.batch, 1, plan.hiddenSize])
      const positions = b.parameter('position_embedding.weight')
      return b.add(b.concat([classRow, rows], 1), b.reshape(positions, [1, grid * grid + 1, plan.hiddenSize])) // [B,1+gg,C]
    })
    const hidden = clipEncoder(b, plan, layerNorm(b, 'pre_layrnorm', embedded, plan.epsilon), plan.layers, null)
    const pooled = b.reshape(b.slice(hidden, 1, 0, 1), [spec.batch, plan.hiddenSize])
    return layerNorm(b, 'post_layernorm', pooled, plan.epsilon)
  })
  b.output('image_embeds', linear(b, 'visual_projection', embeds))
  return b.build()
}
