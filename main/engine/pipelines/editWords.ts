/** The words of an edit: descriptions before and after, which tokens are which, where the edit may show. */
import { badInput } from '../errors.ts'
import type { MapEdit } from '../methods/shared/attentionEdits.ts'
import { tokenScale } from '../methods/shared/attentionEdits.ts'
import { alignSequences, differingWords, refinementMapper, replacementMapper } from '../methods/shared/promptAlignment.ts'
import { windowedRefinement, windowedReplacement } from '../methods/shared/windowedMapper.ts'
import type { ClipTokenizer } from '../text/clipTokenizer.ts'
import { placesAt, placesOf, type PromptPlaces } from '../text/promptPlaces.ts'
import { plainPrompt } from '../text/promptWeights.ts'
import type { LongPrompt } from '../text/promptWindows.ts'
import { deriveTarget, parseSwap, parseWeight, unknownWord } from '../text/targetPrompt.ts'
import { alignWords, referenceWordPositions, splitWords, wordPositions } from '../text/wordAlignment.ts'

/** What a person asked to change. */
export interface WordRequest {
  readonly target?: string | undefined
  readonly swap: readonly string[]
  readonly add: readonly string[]
  readonly remove: readonly string[]
  readonly weight: readonly string[]
  readonly blendWords: readonly string[]
  readonly align: 'refine' | 'replace'
  readonly referenceExact: boolean
  /** descriptions over a window: cut, or spread over several; cut when absent */
  readonly longPrompt?: LongPrompt
  /** windows that the negative prompt takes, when long prompts are spread; default 1 */
  readonly leastWindows?: number
}

/** A word of a prompt and its tokens' places (text/promptPlaces.ts). */
export interface PromptWord {
  readonly word: string
  readonly positions: readonly number[]
}

/** A prepared edit of words. */
export interface WordEdit {
  readonly source: string
  readonly target: string
  readonly edit: MapEdit
  /** factor per target token; absent when no word is weighted */
  readonly scale?: Float32Array
  /** tokens where the edit may show, of the source and of the target; null when nothing tells */
  readonly blend: readonly [readonly number[], readonly number[]] | null
  /** words of the target that the edit is about */
  readonly changed: readonly PromptWord[]
  readonly words: { readonly source: readonly PromptWord[]; readonly target: readonly PromptWord[] }
  /** keys of cross-attention: 77 per window */
  readonly tokens: number
}

/** Words that say nothing of what is seen; they change with others and look nowhere in particular. */
const LITTLE_WORDS = new Set(['a', 'an', 'the', 'of', 'in', 'on', 'at', 'to', 'and', 'or', 'with', 'by', 'for', 'from', 'is', 'are', 'its', 'his', 'her', 'some', 'as'])

/** A prompt as the text encoder is to read it: its parentheses and brackets are themselves, not weights. */
export function literalPrompt(text: string): string {
  return text.replace(/[()[\]\\]/g, '\\$&')
}

/** A description without its weight marks: what words are counted and aligned in. */
export function prepareDescription(description: string): string {
  return plainPrompt(description).trim()
}

/**
 * Reads the edit.
 * @param description of the picture as it is, with or without weight marks
 * @throws EngineError swap/... (exit 2): a word that is not there (lists those that are), unequal word counts for
 *   replace, an empty target, nothing to change.
 */
export function prepareWords(tokenizer: ClipTokenizer, description: string, request: WordRequest): WordEdit {
  const source = prepareDescription(description)
  const target = targetOf(source, request)
  const weights = request.weight.map(parseWeight)
  const longPrompt = request.longPrompt ?? 'truncate'
  const [from, to] = [source, target].map((prompt) => placesOf(tokenizer, literalPrompt(prompt), longPrompt)) as [PromptPlaces, PromptPlaces]
  const windows = Math.max(from.counts.length, to.counts.length, request.leastWindows ?? 1)
  const length = tokenizer.maxLength * windows
  const find = (prompt: string, word: string): number[] =>
    placesAt(prompt === source ? from : to, request.referenceExact ? referenceWordPositions(tokenizer, prompt, word) : wordPositions(tokenizer, prompt, word))

  const edit = mapEdit(tokenizer, request, { source, target, from, to, windows })
  const weighted = weights.map(({ word, value }) => {
    const positions = find(target, word)
    if (positions.length === 0) throw unknownWord(`--weight "${word}=${value}"`, word, splitWords(target))
    return { positions, value, word }
  })
  const words = { source: listWords(tokenizer, source, longPrompt), target: listWords(tokenizer, target, longPrompt) }
  const changes = changedTokens(from, to)
  const [changedSource, changedTarget] = [seen(words.source, changes.source), seen(words.target, changes.target)]
  const asked = [...changedTarget, ...weighted.map(({ word, positions }) => ({ word, positions }))]
  const thingsOf = (prompt: string, places: PromptPlaces, told: readonly PromptWord[]): number[] => positionsOf(told.flatMap((word) => describedBy(alignedWords(tokenizer, prompt, places), word)))
  const blend = request.blendWords.length > 0 ? namedBlend(request.blendWords, source, target, find) : ([thingsOf(source, from, changedSource), thingsOf(target, to, asked)] as const)
  return {
    source,
    target,
    edit,
    ...(weighted.length > 0 ? { scale: tokenScale(weighted, length) } : {}),
    blend: blend[0].length + blend[1].length > 0 ? blend : null,
    changed: asked,
    words,
    tokens: length,
  }
}

interface Descriptions {
  readonly source: string
  readonly target: string
  readonly from: PromptPlaces
  readonly to: PromptPlaces
  readonly windows: number
}

/** How the target's maps are made from the source's. */
function mapEdit(tokenizer: ClipTokenizer, { align, referenceExact }: WordRequest, { source, target, from, to, windows }: Descriptions): MapEdit {
  const length = tokenizer.maxLength
  if (align === 'replace') {
    const pairs = wordPairs(tokenizer, source, target, referenceExact)
    return { kind: 'replace', matrix: windows === 1 ? replacementMapper(pairs, length, referenceExact) : windowedReplacement(pairs, from, to, windows) }
  }
  return { kind: 'refine', mapper: windows === 1 ? refinementMapper(from.ids, to.ids, length) : windowedRefinement(from, to, windows) }
}

/** Begin, the tokens that fit one window, end. */
export function contentIds(tokenizer: ClipTokenizer, prompt: string): readonly number[] {
  return placesOf(tokenizer, literalPrompt(prompt), 'truncate').ids
}

/** The words of a prompt that the text encoder reads. */
export function listWords(tokenizer: ClipTokenizer, prompt: string, longPrompt: LongPrompt = 'truncate'): PromptWord[] {
  return alignedWords(tokenizer, prompt, placesOf(tokenizer, literalPrompt(prompt), longPrompt)).map(({ word, positions }) => ({ word, positions }))
}

/** A word, and whether a mark behind it ends what it belongs to. */
interface SentenceWord extends PromptWord {
  readonly endsPhrase: boolean
}

function alignedWords(tokenizer: ClipTokenizer, prompt: string, places: PromptPlaces): SentenceWord[] {
  return alignWords(tokenizer, prompt)
    .map(({ word, positions }) => ({ word: word.replace(/^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu, ''), positions: placesAt(places, positions), endsPhrase: /[,.;:!?)\]]$/.test(word) }))
    .filter(({ word, positions }) => word !== '' && positions.length > 0)
}

/**
 * Where a changed word shows. "Blue" in "a blue striped cat on a mat" looks anywhere; what it says shows where the words
 * behind it look, up to the end of the phrase: striped, cat. The last word of a phrase stands for itself.
 */
function describedBy(sentence: readonly SentenceWord[], changed: PromptWord): PromptWord[] {
  const isLittle = ({ word }: PromptWord): boolean => LITTLE_WORDS.has(word.toLowerCase())
  return changed.positions.flatMap((position): PromptWord[] => {
    const at = sentence.findIndex(({ positions }) => positions.includes(position))
    if (at < 0) return [{ word: changed.word, positions: [position] }]
    let end = at
    while (!sentence[end]!.endsPhrase && !isLittle(sentence[at]!) && sentence[end + 1] && !isLittle(sentence[end + 1]!)) end += 1
    return end === at ? [sentence[at]!] : sentence.slice(at + 1, end + 1)
  })
}

/** Places of a word, or of several in a row, in a description. */
export function wordPlaces(tokenizer: ClipTokenizer, prompt: string, word: string, longPrompt: LongPrompt): number[] {
  return placesAt(placesOf(tokenizer, literalPrompt(prompt), longPrompt), wordPositions(tokenizer, prompt, word))
}

function targetOf(source: string, request: WordRequest): string {
  const derives = request.swap.length + request.add.length + request.remove.length > 0
  if (request.target !== undefined) {
    if (derives) throw badInput('swap/twice', { thing: '--target', expected: 'either the whole description or the changes to it', found: 'both', todo: 'leave out --target or leave out --swap, --add and --remove' })
    const target = plainPrompt(request.target).trim()
    if (target === '') throw badInput('swap/empty', { thing: '--target', expected: 'the description of the edited picture', found: 'an empty text', todo: 'say what the picture is to show, or use --swap "cat=>dog"' })
    return target
  }
  return deriveTarget(source, { swaps: request.swap.map(parseSwap), adds: request.add, removes: request.remove })
}

/** The differing words of two prompts, one for one. */
function wordPairs(tokenizer: ClipTokenizer, source: string, target: string, referenceExact: boolean) {
  const places = differingWords(splitWords(source), splitWords(target))
  const tokensOf = (prompt: string, place: number): readonly number[] =>
    referenceExact ? referenceWordPositions(tokenizer, prompt, place) : (alignWords(tokenizer, prompt)[place]?.positions ?? [])
  return places.map((place) => ({ source: tokensOf(source, place), target: tokensOf(target, place) }))
}

/** Places of the tokens of each prompt that the other does not have, by the longest common subsequence. */
function changedTokens(from: PromptPlaces, to: PromptPlaces): { source: Set<number>; target: Set<number> } {
  const { sourceOf } = alignSequences(from.ids, to.ids)
  const kept = new Set(sourceOf.filter((index) => index >= 0))
  return {
    source: new Set(placesAt(from, from.ids.flatMap((_, index) => (kept.has(index) ? [] : [index])))),
    target: new Set(placesAt(to, sourceOf.flatMap((index, position) => (index < 0 ? [position] : [])))),
  }
}

/** The words that hold any of the tokens, without the little ones where others are left. */
function seen(words: readonly PromptWord[], tokens: ReadonlySet<number>): PromptWord[] {
  const touched = words.filter(({ positions }) => positions.some((position) => tokens.has(position)))
  const telling = touched.filter(({ word }) => !LITTLE_WORDS.has(word.toLowerCase()))
  return telling.length > 0 ? telling : touched
}

function positionsOf(words: readonly PromptWord[]): number[] {
  return [...new Set(words.flatMap(({ positions }) => positions))].sort((a, b) => a - b)
}

function namedBlend(names: readonly string[], source: string, target: string, find: (prompt: string, word: string) => number[]): readonly [number[], number[]] {
  const all: [number[], number[]] = [[], []]
  for (const name of names) {
    const found = [find(source, name), find(target, name)]
    if (found.every((positions) => positions.length === 0)) throw unknownWord(`--blend-words ${name}`, name, [...splitWords(source), ...splitWords(target)])
    found.forEach((positions, branch) => all[branch]!.push(...positions))
  }
  return all
}
