/**
 * MasaCtrl (Cao et al. 2023, arXiv 2304.08465): from some step and layer on, the target's queries look at the
 * source's keys and values, so that it keeps the source's things in a pose of its own.
 *
 * Parity: TencentARC/MasaCtrl d0ba16b, class MutualSelfAttentionControl. Its layers are counted in SD1.x's 16; other
 * nets start at the same share of theirs.
 */
import type { AttentionSite, MapSize, RowPair } from '../../nets/attentionSite.ts'
import type { AttentionMethod } from '../shared/attentionMethod.ts'
import type { EditRows } from '../shared/editRows.ts'

/** Step (0-based) from which the original acts. */
export const START_STEP = 4
/** Self-attention layer from which the original acts, of SD1.x's 16. */
const START_LAYER = 10
const LAYERS = 16

/** One edit's choices. */
export interface MasaCtrlOptions {
  readonly sites: readonly AttentionSite[]
  readonly rows: EditRows
  /** default {@link START_STEP} */
  readonly startStep?: number
  /** index among the self-attention layers; default the share that 10 is of 16 */
  readonly startLayer?: number
  readonly observe?: readonly MapSize[]
}

/** Makes the method ready. */
export function masaCtrl(options: MasaCtrlOptions): AttentionMethod {
  const { rows } = options
  const selfSites = options.sites.filter((site) => !site.isCross)
  const startLayer = options.startLayer ?? Math.round((selfSites.length * START_LAYER) / LAYERS)
  const startStep = options.startStep ?? START_STEP
  const pairs: RowPair[] = [{ row: rows.target, source: rows.source }]
  // without an unconditional source row its prompt is the negative one: both halves look at the same row
  if (rows.targetNegative !== null) pairs.push({ row: rows.targetNegative, source: rows.sourceNegative ?? rows.source })
  const observed = options.observe ?? []
  return {
    control: {
      self: { swap: 'keysAndValues', sites: selfSites.slice(startLayer).map((site) => site.index), pairs },
      ...(observed.length > 0 ? { observe: { rows: [rows.source, rows.target], sizes: observed } } : {}),
    },
    feedsAt: ({ stepIndex }) => ({ self_gate: { data: new Float32Array(pairs.length).fill(stepIndex >= startStep ? 1 : 0), dims: [pairs.length] } }),
  }
}
