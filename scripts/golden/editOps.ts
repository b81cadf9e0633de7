/** Edit operation goldens: attention edits, time windows, local blend, consistency steps, regularisers. */
import { editCrossAttention, tokenScale } from '../../main/engine/methods/shared/attentionEdits.ts'
import type { MapEdit } from '../../main/engine/methods/shared/attentionEdits.ts'
import { consistencyBoundaries, consistencyWeights, guidanceEmbedding } from '../../main/engine/methods/shared/consistencyBoundary.ts'
import { blendLatents, localBlendMasks } from '../../main/engine/methods/shared/localBlend.ts'
import { autoCorrelationLoss, normalityLoss } from '../../main/engine/methods/shared/noiseRegularisers.ts'
import { refinementMapper, replacementMapper } from '../../main/engine/methods/shared/promptAlignment.ts'
import { proximalThreshold, softThreshold } from '../../main/engine/methods/shared/proximalThreshold.ts'
import { crossAttentionTable, isSelfAttentionStep } from '../../main/engine/methods/shared/timeWindows.ts'
import { createNoiseSchedule } from '../../main/engine/schedulers/noiseSchedule.ts'
import { commonDefaults } from '../../main/engine/schedulers/schedulerConfig.ts'
import type { Latents } from '../../main/engine/tensor/tensor.ts'
import { referenceWordPositions, wordPositions } from '../../main/engine/text/wordAlignment.ts'
import { clipTokenizer, tokenIds, wordPairs } from './alignment.ts'
import type { GoldenCase, GoldenFile } from './check.ts'
import { Miss, expectClose, expectEqual, hasKeys } from './check.ts'
import { inversionCases } from './inversionToy.ts'

const TOLERANCE = 1e-5
const TOKENS = 77
const BIRD = ['a photo of a bird standing on a branch', 'a photo of a lego bird standing on a branch'] as const

const stableDiffusion = createNoiseSchedule(
  { ...commonDefaults, betaStart: 0.00085, betaEnd: 0.012, betaSchedule: 'scaled_linear' },
  { owner: 'goldens', rescaleBetasZeroSnr: false },
)

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0)

/** Whether a parsed file holds edit operations. */
export function isEditFile(file: GoldenFile): boolean {
  return ['p2p_attention', 'local_blend', 'icd_coef', 'inversion_toy', 'prox', 'p2p_zero_reg'].some((key) => hasKeys(file[key]))
}

/** The cases of every entry; an entry of unknown name or shape fails. */
export function editCases(file: GoldenFile): GoldenCase[] {
  return Object.entries(file)
    .filter(([key]) => !key.startsWith('_'))
    .flatMap(([key, value]) => casesOf(key, value))
}

function casesOf(key: string, value: unknown): GoldenCase[] {
  const one = (run: () => string | Promise<string>): GoldenCase[] => [{ name: key, run }]
  const table = /^cross_alpha_(\d+)_([\d.]+)$/.exec(key)
  const embedding = /^w_embed_([\d.]+)$/.exec(key)
  if (key === 'p2p_attention' && hasKeys(value, 'cases') && Array.isArray(value.cases)) {
    return (value.cases as AttentionCase[]).map((golden, i) => ({ name: `${key}[${i}]`, run: () => runAttention(golden) }))
  }
  if (table) return one(() => runCrossTable(Number(table[1]), Number(table[2]), value))
  if (key === 'cross_alpha_word_lego') return one(() => runWordTable(value as Record<string, number>))
  if (key === 'local_blend') return one(() => runLocalBlend(value as LocalBlendCase))
  if (key === 'icd_coef') return one(() => runConsistency(value as Record<string, unknown>))
  if (embedding) return one(() => runEmbedding(Number(embedding[1]), value as EmbeddingCase))
  if (key === 'inversion_toy') return inversionCases(value)
  if (key === 'prox') return one(() => runProximal(value as Record<string, number[] | number>))
  if (key === 'p2p_zero_reg') return one(() => runRegularisers(value as Record<string, number>))
  return one(() => {
    throw new Miss('not a kind of edit operation that is known here')
  })
}

interface AttentionCase {
  kind: string
  prompts: [string, string]
  eq: [string[], number[]] | null
  step: number
  cross: boolean
  sums: number[]
  tgt_h0p0: number[]
}

/** attn[b,h,p,w] = softmax over w of sin(.37b + .11h + .07p + .53w), two heads and four pixels. */
function toyAttention(branch: number, keys: number): Float32Array {
  const maps = new Float32Array(2 * 4 * keys)
  for (let row = 0; row < 8; row++) {
    const [head, pixel] = [Math.floor(row / 4), row % 4]
    const raised = Array.from({ length: keys }, (_, w) => Math.exp(Math.sin(0.37 * branch + 0.11 * head + 0.07 * pixel + 0.53 * w)))
    const total = sum(raised)
    raised.forEach((value, w) => (maps[row * keys + w] = value / total))
  }
  return maps
}

/** The attention goldens' controller: 50 steps, cross-attention window 0.4, self-attention window 0.5. */
async function runAttention(golden: AttentionCase): Promise<string> {
  const keys = golden.cross ? TOKENS : 4
  const branches = [0, 1, 2, 3].map((branch) => toyAttention(branch, keys))
  const [source, target] = [branches[2], branches[3]]
  let edited = target
  if (golden.cross) {
    const clip = await clipTokenizer()
    const [from, to] = golden.prompts
    const edit: MapEdit =
      golden.kind === 'replace'
        ? { kind: 'replace', matrix: replacementMapper(wordPairs(clip, from, to), TOKENS, true) }
        : golden.kind === 'refine'
          ? { kind: 'refine', mapper: refinementMapper(tokenIds(clip, from), tokenIds(clip, to), TOKENS) }
          : { kind: 'refine', mapper: { mapper: Array.from({ length: TOKENS }, (_, i) => i), alphas: Array<number>(TOKENS).fill(1) } }
    if (!['refine', 'replace', 'reweight'].includes(golden.kind)) throw new Miss(`unknown kind ${golden.kind}`)
    const weights = golden.eq?.[0].map((word, i) => ({ positions: referenceWordPositions(clip, to, word), value: golden.eq?.[1][i] ?? 1 }))
    const window = crossAttentionTable(50, 0.4)[golden.step]
    edited = editCrossAttention(source, target, { edit, window, scale: weights && tokenScale(weights) })
  } else if (isSelfAttentionStep(golden.step, 50, 0.5)) {
    edited = source
  }
  const error = expectClose('target head 0 pixel 0', edited.subarray(0, golden.tgt_h0p0.length), golden.tgt_h0p0, TOLERANCE)
  expectClose('sums', [branches[0], branches[1], source, edited].map(sum), golden.sums, TOLERANCE)
  return `${golden.kind}, ${golden.cross ? 'cross' : 'self'}, step ${golden.step}, within ${error.toExponential(1)}`
}

function runCrossTable(steps: number, window: number, value: unknown): string {
  const rows = crossAttentionTable(steps, window)
  if (Array.isArray(value)) {
    expectEqual('rows', rows.map((row) => row[0]), value)
  } else if (hasKeys(value, 'rows', 'first_zero_row')) {
    expectEqual('number of rows', rows.length, value.rows)
    expectEqual('first row of zeros', rows.findIndex((row) => row.every((weight) => weight === 0)), value.first_zero_row)
  } else {
    throw new Miss('not a table of a known shape')
  }
  return `${rows.length} rows`
}

async function runWordTable(golden: Record<string, number>): Promise<string> {
  const clip = await clipTokenizer()
  const rows = crossAttentionTable(50, 1, [{ positions: referenceWordPositions(clip, BIRD[1], 'lego'), window: 0.2 }])
  const columns = Object.entries(golden).filter(([key]) => /^col\d+_sum$/.test(key))
  if (columns.length === 0) throw new Miss('no column sums in the golden')
  for (const [key, expected] of columns) expectEqual(key, sum(rows.map((row) => row[Number(/\d+/.exec(key)?.[0])])), expected)
  return columns.map(([key]) => key).join(', ')
}

interface LocalBlendCase {
  token_inds: number[][]
  mask_count: number[]
  rows_any: [number, number]
  cols_any: [number, number]
  out_sum: number
  out_tgt_sum: number
}

async function runLocalBlend(golden: LocalBlendCase): Promise<string> {
  const clip = await clipTokenizer()
  const words = [wordPositions(clip, BIRD[0], 'bird'), wordPositions(clip, BIRD[1], 'lego bird')]
  expectEqual('token indices', words, golden.token_inds)
  const maps = [0, 1].map((branch) => ({ data: toyMaps(branch), height: 16, width: 16 }))
  const masks = localBlendMasks(maps, { words, threshold: 0.3 }, 64, 64)
  expectEqual('mask counts', masks.map(sum), golden.mask_count)
  const rows = Array.from({ length: 64 }, (_, y) => y).filter((y) => masks.some((mask) => mask.subarray(y * 64, y * 64 + 64).some(Boolean)))
  const columns = Array.from({ length: 64 }, (_, x) => x).filter((x) => masks.some((mask) => mask.some((inside, i) => inside === 1 && i % 64 === x)))
  expectEqual('rows', [rows[0], rows.at(-1)], golden.rows_any)
  expectEqual('columns', [columns[0], columns.at(-1)], golden.cols_any)
  const latents: Latents = { data: Float32Array.from({ length: 2 * 4 * 64 * 64 }, (_, i) => Math.sin(0.01 * i)), dims: [2, 4, 64, 64] }
  const blended = blendLatents(latents, masks)
  expectClose('sum', sum(blended.data), golden.out_sum, TOLERANCE)
  expectClose('target sum', sum(blended.data.subarray(blended.data.length / 2)), golden.out_tgt_sum, TOLERANCE)
  return `masks of ${golden.mask_count.join(' and ')} pixels`
}

/** Mean over layers l = 1..5 and heads of exp(-((y-(5+b+.2l))^2 + (x-(8-b))^2)/(6+h)) (1 + .1 sin(w+l)). */
function toyMaps(branch: number): Float32Array {
  const data = new Float32Array(16 * 16 * TOKENS)
  for (let i = 0; i < data.length; i++) {
    const [y, x, w] = [Math.floor(i / TOKENS / 16), Math.floor(i / TOKENS) % 16, i % TOKENS]
    let total = 0
    for (let layer = 1; layer <= 5; layer++) {
      const distance = (y - (5 + branch + 0.2 * layer)) ** 2 + (x - (8 - branch)) ** 2
      for (let head = 0; head < 8; head++) total += Math.exp(-distance / (6 + head)) * (1 + 0.1 * Math.sin(w + layer))
    }
    data[i] = total / 40
  }
  return data
}

function runConsistency(golden: Record<string, unknown>): string {
  const { alphasCumprod } = stableDiffusion
  let steps = 0
  for (const [key, value] of Object.entries(golden)) {
    if (!Array.isArray(value)) continue
    if (key.startsWith('start_noise_')) {
      const alpha = alphasCumprod[Number(key.slice('start_noise_'.length))]
      expectClose(key, [Math.sqrt(alpha), Math.sqrt(1 - alpha)], value as number[], TOLERANCE)
      continue
    }
    const known = Object.values(consistencyBoundaries).flatMap(({ forward, reverse }) => [...forward, ...reverse])
    for (const { t, s, cx, ce } of value as { t: number; s: number; cx: number; ce: number }[]) {
      if (!known.some(([from, to]) => from === t && to === s)) throw new Miss(`${key}: no released model steps from ${t} to ${s}`)
      const weights = consistencyWeights(alphasCumprod, [t, s])
      expectClose(`${key} ${t}->${s}`, [weights.sample, weights.epsilon], [cx, ce], TOLERANCE)
      steps += 1
    }
  }
  return `${steps} steps`
}

interface EmbeddingCase { first4_sin: number[]; last2_sin: number[]; first4_cos: number[]; sum: number }

function runEmbedding(guidance: number, golden: EmbeddingCase): string {
  const embedding = guidanceEmbedding(guidance)
  expectClose('first sines', embedding.subarray(0, 4), golden.first4_sin, TOLERANCE)
  expectClose('last sines', embedding.subarray(254, 256), golden.last2_sin, TOLERANCE)
  expectClose('first cosines', embedding.subarray(256, 260), golden.first4_cos, TOLERANCE)
  expectClose('sum', sum(embedding), golden.sum, TOLERANCE)
  return `512 numbers`
}

function runProximal(golden: Record<string, number[] | number>): string {
  const delta = golden['delta'] as number[]
  const difference: Latents = { data: Float32Array.from(delta), dims: [1, 1, 1, delta.length] }
  const notes: string[] = []
  for (const [key, expected] of Object.entries(golden)) {
    if (/^q[\d.]+$/.test(key)) {
      const threshold = proximalThreshold(difference, Number(key.slice(1)))
      expectClose(key, threshold, expected, TOLERANCE)
      expectClose('l0', softThreshold(difference, threshold).data, golden['l0'] as number[], TOLERANCE)
      notes.push(key)
    }
  }
  if (notes.length === 0) throw new Miss('no quantile in the golden')
  return notes.join(', ')
}

function runRegularisers(golden: Record<string, number>): string {
  const noise: Latents = { data: Float32Array.from({ length: 4 * 64 * 64 }, (_, i) => Math.sin(0.37 * i) + 0.1), dims: [1, 4, 64, 64] }
  const correlation = autoCorrelationLoss(noise, () => 1)
  const normality = normalityLoss(noise)
  expectClose('auto_corr', correlation.loss, golden['auto_corr'], TOLERANCE)
  expectClose('auto_corr_grad_abs_sum', sum(correlation.gradient.map(Math.abs)), golden['auto_corr_grad_abs_sum'], TOLERANCE)
  expectClose('kl', normality.loss, golden['kl'], TOLERANCE)
  expectClose('kl_grad_abs_sum', sum(normality.gradient.map(Math.abs)), golden['kl_grad_abs_sum'], TOLERANCE)
  return 'auto-correlation and normality with gradients'
}
