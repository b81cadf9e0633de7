/**
 * Plug-and-play (Tumanyan et al. 2023, arXiv 2211.12572): early in the run the target takes features of one decoder
 * resnet and the queries and keys of the decoder's self-attention from the source, and with them its layout.
 *
 * Parity: the method as in cure-lab/PnPInversion 07f97f4 (SD1.5: second resnet of the first decoder block with
 * attention; all decoder self-attention but the first). Other nets take the layers of the same description.
 */
import type { AttentionSite, MapSize, RowPair } from '../../nets/attentionSite.ts'
import type { AttentionMethod } from '../shared/attentionMethod.ts'
import type { EditRows } from '../shared/editRows.ts'
import { isSelfAttentionStep } from '../shared/timeWindows.ts'

/** Shares of the run, from its start, in which features and attention are taken. */
export const FEATURE_SHARE = 0.8
export const ATTENTION_SHARE = 0.5

/** One edit's choices. */
export interface PlugAndPlayOptions {
  readonly sites: readonly AttentionSite[]
  readonly rows: EditRows
  readonly numSteps: number
  readonly featureShare?: number
  readonly attentionShare?: number
  readonly observe?: readonly MapSize[]
}

/** Makes the method ready. */
export function plugAndPlay(options: PlugAndPlayOptions): AttentionMethod {
  const { rows, numSteps, featureShare = FEATURE_SHARE, attentionShare = ATTENTION_SHARE } = options
  const decoder = options.sites.filter((site) => site.place === 'up' && !site.isCross)
  const pairs: RowPair[] = [rows.target, rows.targetNegative].flatMap((row) => (row === null ? [] : [{ row, source: rows.source }]))
  const gate = (step: number, share: number) => ({ data: new Float32Array(pairs.length).fill(isSelfAttentionStep(step, numSteps, share) ? 1 : 0), dims: [pairs.length] })
  const observed = options.observe ?? []
  const first = decoder[0]
  return {
    control: {
      ...(first ? { features: { resnets: [`up_blocks.${first.block}.resnets.1`], pairs } } : {}),
      self: { swap: 'queriesAndKeys', sites: decoder.slice(1).map((site) => site.index), pairs },
      ...(observed.length > 0 ? { observe: { rows: [rows.source, rows.target], sizes: observed } } : {}),
    },
    feedsAt: ({ stepIndex }) => ({
      ...(first ? { feature_gate: gate(stepIndex, featureShare) } : {}),
      self_gate: gate(stepIndex, attentionShare),
    }),
  }
}
