/**
 * Prompt-to-prompt (Hertz et al. 2022, arXiv 2208.01626): the target's cross-attention maps are made from the
 * source's, word by word, and in part of the run its self-attention maps are the source's.
 *
 * Parity: google/prompt-to-prompt 9c472e4 as used by cure-lab/PnPInversion 07f97f4. Differences: the maps of
 * self-attention are replaced by swapping queries and keys in front of the fused kernel, which is the same product.
 */
import type { AttentionControl, AttentionSite, MapSize } from '../../nets/attentionSite.ts'
import { crossMapSizes } from '../../nets/attentionSite.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { MapEdit } from '../shared/attentionEdits.ts'
import type { AttentionMethod } from '../shared/attentionMethod.ts'
import { biasFeeds, type DrawnWord } from '../shared/drawnBias.ts'
import type { EditRows } from '../shared/editRows.ts'
import { foldMapper } from '../shared/foldedMapper.ts'
import { isSelfAttentionStep, type StepWindow } from '../shared/timeWindows.ts'

/** Self-attention maps of at most this many queries are replaced (32 x 32; the first notebook had 16 x 16). */
export const SELF_MAX_QUERIES = 32 * 32

/** One edit's choices. */
export interface PromptToPromptOptions {
  readonly sites: readonly AttentionSite[]
  readonly rows: EditRows
  readonly tokens: number
  readonly numSteps: number
  readonly edit: MapEdit
  /** factor per target token; absent: none */
  readonly scale?: Float32Array
  /** the window table of timeWindows.ts */
  readonly crossTable: readonly Float32Array[]
  readonly selfWindow: StepWindow
  readonly selfMaxQueries?: number
  /** sizes of maps that the run shows (for a local blend); rows source and target */
  readonly observe?: readonly MapSize[]
  readonly drawn?: { readonly words: readonly DrawnWord[]; readonly strength: number }
}

/** Makes the method ready. */
export function promptToPrompt(options: PromptToPromptOptions): AttentionMethod {
  const { sites, rows, tokens, numSteps, crossTable, selfWindow, drawn } = options
  const most = options.selfMaxQueries ?? SELF_MAX_QUERIES
  const pairs = [{ row: rows.target, source: rows.source }]
  const selfSites = sites.filter((site) => !site.isCross && site.height * site.width <= most).map((site) => site.index)
  const selfSteps = Array.from({ length: numSteps }, (_, step) => isSelfAttentionStep(step, numSteps, selfWindow))
  const hasSelf = selfSites.length > 0 && selfSteps.includes(true)
  const observed = options.observe ?? []
  const control: AttentionControl = {
    cross: { pairs, bias: drawn !== undefined },
    ...(hasSelf ? { self: { swap: 'queriesAndKeys', sites: selfSites, pairs } } : {}),
    ...(observed.length > 0 ? { observe: { rows: [rows.source, rows.target], sizes: observed } } : {}),
  }
  const sizes = drawn ? crossMapSizes(sites) : []
  const folded = new Map<string, Record<string, Tensor>>()
  return {
    control,
    feedsAt({ stepIndex, sigma }) {
      const window = crossTable[stepIndex]!
      const key = window.join('')
      let cross = folded.get(key)
      if (!cross) {
        const { mapper, keep } = foldMapper({ edit: options.edit, scale: options.scale, window })
        cross = { cross_mapper: { data: mapper, dims: [1, tokens, tokens] }, cross_keep: { data: keep, dims: [1, tokens] } }
        folded.set(key, cross)
      }
      return {
        ...cross,
        ...(hasSelf ? { self_gate: { data: Float32Array.of(selfSteps[stepIndex] ? 1 : 0), dims: [1] } } : {}),
        ...(drawn ? biasFeeds(drawn.words, sizes, tokens, drawn.strength, sigma) : {}),
      }
    },
  }
}
