/**
 * Prompt alignment goldens: the reference's `seq_aligner` with CLIP's vocabulary. Token ids are checked too: those
 * in the file must be what the engine's tokenizer gives.
 */
import type { WordPair } from '../../main/engine/methods/shared/promptAlignment.ts'
import { alignSequences, differingWords, refinementMapper, replacementMapper } from '../../main/engine/methods/shared/promptAlignment.ts'
import type { ClipTokenizer } from '../../main/engine/text/clipTokenizer.ts'
import { clipDefault, loadClipTokenizer } from '../../main/engine/text/clipTokenizer.ts'
import { referenceWordPositions } from '../../main/engine/text/wordAlignment.ts'
import type { GoldenCase, GoldenFile } from './check.ts'
import { Miss, expectClose, expectEqual, hasKeys } from './check.ts'

const LENGTH = 77

let loading: Promise<ClipTokenizer> | undefined

/** CLIP's tokenizer, loaded once. */
export function clipTokenizer(): Promise<ClipTokenizer> {
  return (loading ??= loadClipTokenizer(clipDefault))
}

/** Tokens with begin and end, without padding. */
export function tokenIds(clip: ClipTokenizer, text: string): number[] {
  return [clip.beginId, ...clip.encode(text).ids, clip.endId]
}

/** The words that differ, with their token positions, counted as the reference counts. */
export function wordPairs(clip: ClipTokenizer, source: string, target: string): WordPair[] {
  return differingWords(source.split(' '), target.split(' ')).map((i) => ({
    source: referenceWordPositions(clip, source, i),
    target: referenceWordPositions(clip, target, i),
  }))
}

interface PromptPair { src: string; tgt: string; src_ids: number[]; tgt_ids: number[] }
interface Refine extends PromptPair { mapper: number[]; alphas: number[] }
interface Replace extends PromptPair { nonzero: [number, number, number][] }
interface WordIndices { text: string; word: string; tokens: string[]; inds: number[] }
interface Aligned { x: number[]; y: number[]; score: number; mapper_base: [number, number][] }

const groups: Readonly<Record<string, { readonly keys: string[]; readonly run: (value: never) => Promise<string> }>> = {
  refine: { keys: ['src', 'tgt', 'mapper'], run: runRefine },
  replace: { keys: ['src', 'tgt', 'nonzero'], run: runReplace },
  word_inds: { keys: ['text', 'word', 'inds'], run: runWordIndices },
  align: { keys: ['x', 'y', 'mapper_base'], run: runAlign },
}

/** Whether a parsed file holds alignment goldens. */
export function isAlignmentFile(file: GoldenFile): boolean {
  return Object.keys(groups).some((group) => Array.isArray(file[group]))
}

/** One case per entry of each group; a group of unknown name or shape fails. */
export function alignmentCases(file: GoldenFile): GoldenCase[] {
  return Object.entries(file)
    .filter(([key]) => !key.startsWith('_'))
    .flatMap(([key, value]) => {
      const entries: unknown[] = Array.isArray(value) ? value : [value]
      return entries.map((entry, i) => ({
        name: `${key}[${i}]`,
        run: async (): Promise<string> => {
          const group = groups[key]
          if (!group || !hasKeys(entry, ...group.keys)) throw new Miss('not a kind of alignment that is known here')
          return group.run(entry as never)
        },
      }))
    })
}

async function checkTokens(clip: ClipTokenizer, pair: PromptPair): Promise<void> {
  expectEqual('source tokens', tokenIds(clip, pair.src), pair.src_ids)
  expectEqual('target tokens', tokenIds(clip, pair.tgt), pair.tgt_ids)
}

async function runRefine(golden: Refine): Promise<string> {
  await checkTokens(await clipTokenizer(), golden)
  const { mapper, alphas } = refinementMapper(golden.src_ids, golden.tgt_ids, LENGTH)
  expectEqual('mapper', mapper, golden.mapper)
  expectEqual('alphas', alphas, golden.alphas)
  return `"${golden.src}" -> "${golden.tgt}"`
}

async function runReplace(golden: Replace): Promise<string> {
  const clip = await clipTokenizer()
  await checkTokens(clip, golden)
  const matrix = replacementMapper(wordPairs(clip, golden.src, golden.tgt), LENGTH, true)
  const expected = new Float32Array(LENGTH * LENGTH)
  for (const [i, j, value] of golden.nonzero) expected[i * LENGTH + j] = value
  expectClose('matrix', matrix, expected, 1e-5)
  return `"${golden.src}" -> "${golden.tgt}"`
}

async function runWordIndices(golden: WordIndices): Promise<string> {
  const clip = await clipTokenizer()
  const spelled = clip.encode(golden.text).tokens.map((token) => token.replace('</w>', ''))
  if (/^[\x20-\x7e]*$/.test(golden.text)) expectEqual('tokens', spelled, golden.tokens.slice(1, -1))
  expectEqual('indices', referenceWordPositions(clip, golden.text, golden.word), golden.inds)
  return `"${golden.word}" in "${golden.text}"`
}

async function runAlign(golden: Aligned): Promise<string> {
  const { score, sourceOf } = alignSequences(golden.x, golden.y)
  expectEqual('score', score, golden.score)
  expectEqual('mapping', sourceOf.map((source, target) => [target, source]), golden.mapper_base)
  return `score ${score}`
}
