/**
 * Addresses of a UNet's attention layers, and the one place where attention is computed, so that prompt-to-prompt,
 * MasaCtrl and their like can be compiled into the graph without touching the net.
 */
import type { GraphBuilder } from '../graph/builder.ts'
import type { Value } from '../graph/graph.ts'
import { levelSizes } from './unetPlan.ts'
import type { BlockPlan, UNetPlan } from './unetPlan.ts'

/** Which third of the UNet (prompt-to-prompt's `place_in_unet`). */
export type PlaceInUnet = 'down' | 'mid' | 'up'

/** One attention layer. Sites are numbered in execution order: down, mid, up; attn1 before attn2. */
export interface AttentionSite {
  /** Position in execution order, from 0. */
  readonly index: number
  /** Module path as in diffusers, e.g. `up_blocks.1.attentions.0.transformer_blocks.0.attn2`. */
  readonly name: string
  readonly place: PlaceInUnet
  /** Index in down_blocks or up_blocks; 0 for the middle block. */
  readonly block: number
  /** attn1 is self-attention (unless the configuration says only_cross_attention), attn2 looks at the prompt. */
  readonly kind: 'attn1' | 'attn2'
  /** Whether keys and values come from the prompt. */
  readonly isCross: boolean
  readonly heads: number
  /** Latent rows and columns at this level; height * width queries. */
  readonly height: number
  readonly width: number
  /** Number of keys: prompt tokens, or height * width. */
  readonly keys: number
}

/** Everything an attention strategy may use. q [B,S,C], k and v [B,T,C], heads side by side in C. */
export interface AttentionCall {
  readonly builder: GraphBuilder
  readonly site: AttentionSite
  readonly q: Value
  readonly k: Value
  readonly v: Value
}

/** Computes attention at a site: returns [B,S,C], before the output projection. */
export type AttentionStrategy = (call: AttentionCall) => Value

/** Attention as the net defines it; one fused kernel where the builder's device allows it. */
export const plainAttention: AttentionStrategy = ({ builder, site, q, k, v }) => builder.attention(q, k, v, { heads: site.heads })

/**
 * What is compiled into a UNet's graph to steer or show its attention: plain data, so that equal specifications give
 * equal graphs. Rows are rows of the batch. The numbers that steer (mappers, windows, biases) are inputs of the graph
 * and may change at every step; see attentionControl.ts for their names.
 */
export interface AttentionControl {
  /** Cross-attention of some rows made from the maps of others; explicit (not fused) at every resolution. */
  readonly cross?: CrossControl
  /** Outputs with the cross-attention maps, averaged over heads and sites of one size. */
  readonly observe?: { readonly rows: readonly number[]; readonly sizes: readonly MapSize[] }
  /**
   * Self-attention with parts of another row. `queriesAndKeys`: the row attends as the other one does (its maps are
   * replaced, prompt-to-prompt and plug-and-play); `keysAndValues`: it looks at the other row (MasaCtrl). Swapping in
   * front of the fused kernel costs a copy and never shows a map. `sites` are {@link AttentionSite.index} numbers.
   */
  readonly self?: { readonly swap: 'queriesAndKeys' | 'keysAndValues'; readonly sites: readonly number[]; readonly pairs: readonly RowPair[] }
  /** Resnets (module paths) whose result before the shortcut is taken from another row (plug-and-play). */
  readonly features?: { readonly resnets: readonly string[]; readonly pairs: readonly RowPair[] }
}

/** A row that follows another one. */
export interface RowPair {
  readonly row: number
  readonly source: number
}

/** Which rows have their cross-attention edited. */
export interface CrossControl {
  readonly pairs: readonly RowPair[]
  /** Whether maps of a person's drawing raise the scores of some tokens (paint with words). */
  readonly bias: boolean
}

/** Rows and columns of attention maps. */
export type MapSize = readonly [height: number, width: number]

/** Name of the input with the bias of maps of one size. */
export function biasInput([height, width]: MapSize): string {
  return `cross_bias_${height}x${width}`
}

/** Name of the input that frees pixels of maps of one size from the mapper. */
export function freeInput([height, width]: MapSize): string {
  return `cross_free_${height}x${width}`
}

/** Name of the output with the maps of one size. */
export function mapsOutput([height, width]: MapSize): string {
  return `cross_maps_${height}x${width}`
}

/** Sizes of the cross-attention maps of a net, finest first, each once. */
export function crossMapSizes(sites: readonly AttentionSite[]): MapSize[] {
  const sizes = new Map(sites.filter((site) => site.isCross).map((site) => [`${site.height}x${site.width}`, [site.height, site.width] as const]))
  return [...sizes.values()].sort((a, b) => b[0] * b[1] - a[0] * a[1])
}

/** The attention sites of a UNet for latents of height x width and prompts of `tokens`, in execution order. */
export function listAttentionSites(plan: UNetPlan, size: { readonly height: number; readonly width: number; readonly tokens: number }): AttentionSite[] {
  const heights = levelSizes(plan, size.height)
  const widths = levelSizes(plan, size.width)
  const sites: AttentionSite[] = []
  const addBlock = (place: PlaceInUnet, block: number, path: string, level: number, layers: number, transformer: BlockPlan['transformer']) => {
    if (!transformer) return
    const height = heights[level]!
    const width = widths[level]!
    for (let layer = 0; layer < layers; layer++) {
      for (let depth = 0; depth < transformer.depth; depth++) {
        for (const kind of ['attn1', 'attn2'] as const) {
          const isCross = kind === 'attn2' || transformer.onlyCrossAttention
          const name = `${path}.attentions.${layer}.transformer_blocks.${depth}.${kind}`
          const keys = isCross ? size.tokens : height * width
          sites.push({ index: sites.length, name, place, block, kind, isCross, heads: transformer.heads, height, width, keys })
        }
      }
    }
  }
  const levels = plan.down.length
  plan.down.forEach((block, level) => addBlock('down', level, `down_blocks.${level}`, level, block.layers, block.transformer))
  if (plan.mid) addBlock('mid', 0, 'mid_block', levels - 1, 1, plan.mid.transformer)
  plan.up.forEach((block, index) => addBlock('up', index, `up_blocks.${index}`, levels - 1 - index, block.layers, block.transformer))
  return sites
}
