/**
 * CLIP's tokenizer: text to token ids.
 *
 * The byte-pair encoding is the `tokenizers` library's; begin, end and padding are added here, where the
 * rules for them can be seen. A checkpoint brings a `tokenizer.json`, or a vocabulary with its merges, or, as
 * a single file, nothing: then CLIP's own vocabulary of 49,408 tokens is used.
 */
import { readFile } from 'node:fs/promises'
import { Tokenizer } from '@huggingface/tokenizers'
import { badInput } from '../errors.ts'
import type { ByteLevelModel } from './clipVocabulary.ts'
import { clipModel, clipTokenizerJson, readVocabularyAndMerges } from './clipVocabulary.ts'

/** What a tokenizer is loaded from; a checkpoint's TokenizerSource is one. */
export interface TokenizerFiles {
  readonly kind: 'tokenizer.json' | 'vocab-merges' | 'clip-default'
  readonly files: {
    readonly tokenizerJson?: string
    readonly vocab?: string
    readonly merges?: string
    readonly tokenizerConfig?: string
    readonly specialTokensMap?: string
  }
  /** the token that fills a prompt up to its length: its text in the vocabulary */
  readonly padToken: { readonly token: string }
  /** longest prompt in tokens, begin and end included */
  readonly modelMaxLength: number
}

/** Text as content tokens: no begin, no end, no padding. */
export interface EncodedText {
  readonly ids: readonly number[]
  /** the vocabulary's spelling of each token, as `mountain</w>` */
  readonly tokens: readonly string[]
}

/** CLIP's own vocabulary with SD1's padding; for checkpoints that bring no tokenizer. */
export const clipDefault: TokenizerFiles = {
  kind: 'clip-default',
  files: {},
  padToken: { token: '<|endoftext|>' },
  modelMaxLength: 77,
}

/** A loaded tokenizer. Encoding is pure: the same text gives the same ids. */
export class ClipTokenizer {
  readonly beginId: number
  readonly endId: number
  readonly padId: number
  /** tokens of a window, begin and end included: 77 for CLIP */
  readonly maxLength: number
  private readonly library: Tokenizer
  private readonly lowercases: boolean

  constructor(library: Tokenizer, special: { begin: string; end: string; pad: string }, maxLength: number, source: string) {
    this.library = library
    this.beginId = idOf(library, special.begin, 'begin', source)
    this.endId = idOf(library, special.end, 'end', source)
    this.padId = idOf(library, special.pad, 'padding', source)
    this.maxLength = maxLength
    this.lowercases = library.normalizer?.('A') === 'a'
  }

  /** The text as the vocabulary sees it: composed, single spaces, lower case (as the checkpoint's file says). */
  normalize(text: string): string {
    const prepared = this.prepare(text)
    return this.library.normalizer ? this.library.normalizer(prepared) : prepared
  }

  /** The text's content tokens. */
  encode(text: string): EncodedText {
    if (text === '') return { ids: [], tokens: [] }
    const { ids, tokens } = this.library.encode(this.prepare(text), { add_special_tokens: false })
    return { ids, tokens }
  }

  /**
   * A whole window of `maxLength` ids: begin, as much content as fits, end, padding. Equals
   * `tokenizer(text, padding="max_length", truncation=True)` of transformers.
   */
  encodeWindow(text: string): number[] {
    return this.window(this.encode(text).ids)
  }

  /** Wraps content ids as a window; what does not fit is cut off. */
  window(content: readonly number[]): number[] {
    const kept = content.slice(0, this.maxLength - 2)
    const ids = [this.beginId, ...kept, this.endId]
    return [...ids, ...Array<number>(this.maxLength - ids.length).fill(this.padId)]
  }

  /** Lower-casing letter by letter, as the reference does: JavaScript would write a word's last sigma as a final one. */
  private prepare(text: string): string {
    return this.lowercases ? text.replaceAll('Σ', 'σ') : text
  }
}

/**
 * Loads a checkpoint's tokenizer.
 * @throws EngineError tokenizer/file naming a file that cannot be read or is not a tokenizer;
 *   tokenizer/special-token when the vocabulary lacks the begin, end or padding token.
 */
export async function loadClipTokenizer(source: TokenizerFiles): Promise<ClipTokenizer> {
  const config = await readOptional(source.files.tokenizerConfig)
  const map = await readOptional(source.files.specialTokensMap)
  const name = source.files.tokenizerJson ?? source.files.vocab ?? "CLIP's vocabulary"
  const definition = await readDefinition(source)
  const special = {
    begin: tokenText(config['bos_token']) ?? tokenText(map['bos_token']) ?? wrapperToken(definition, 'cls') ?? '<|startoftext|>',
    end: tokenText(config['eos_token']) ?? tokenText(map['eos_token']) ?? wrapperToken(definition, 'sep') ?? '<|endoftext|>',
    pad: source.padToken.token,
  }
  let library: Tokenizer
  try {
    library = new Tokenizer(withSpecialTokens(definition, Object.values(special)), config)
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause)
    throw badInput('tokenizer/file', { thing: name, expected: 'a tokenizer of the BPE kind', found, cause })
  }
  return new ClipTokenizer(library, special, source.modelMaxLength, name)
}

async function readDefinition(source: TokenizerFiles): Promise<Record<string, unknown>> {
  if (source.kind === 'tokenizer.json' && source.files.tokenizerJson) return readJson(source.files.tokenizerJson)
  let model: ByteLevelModel
  if (source.kind === 'vocab-merges' && source.files.vocab && source.files.merges) {
    model = await readVocabularyAndMerges(source.files.vocab, source.files.merges)
  } else {
    model = await clipModel()
  }
  return clipTokenizerJson(model)
}

/**
 * Marks the special tokens as ones that text is split at before anything else. A padding token of "!" (SD2) then
 * also stands for every "!" of the prompt, in place of the word's own token: so it is in transformers.
 */
function withSpecialTokens(definition: Record<string, unknown>, tokens: readonly string[]): Record<string, unknown> {
  const model = definition['model']
  const vocab: unknown = typeof model === 'object' && model !== null && 'vocab' in model ? model.vocab : undefined
  const listed = Array.isArray(definition['added_tokens']) ? (definition['added_tokens'] as { content?: unknown }[]) : []
  if (typeof vocab !== 'object' || vocab === null) return definition
  const ids = vocab as Record<string, number>
  const missing = [...new Set(tokens)].filter((token) => Object.hasOwn(ids, token) && !listed.some(({ content }) => content === token))
  const added = missing.map((content) => {
    return { id: ids[content], content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
  })
  return { ...definition, added_tokens: [...listed, ...added] }
}

async function readOptional(file: string | undefined): Promise<Record<string, unknown>> {
  return file === undefined ? {} : readJson(file)
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw badInput('tokenizer/file', { thing: file, expected: 'a readable JSON file', found: (cause as Error).message, cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw badInput('tokenizer/file', { thing: file, expected: 'a JSON object', found: JSON.stringify(value).slice(0, 40) })
}

/** A special token's text: written as a string, or as an object with `content`. */
function tokenText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null && 'content' in value && typeof value.content === 'string') return value.content
  return undefined
}

/** The token that a tokenizer.json's Roberta-style post-processor puts first (cls) or last (sep). */
function wrapperToken(definition: Record<string, unknown>, place: 'cls' | 'sep'): string | undefined {
  const processor = definition['post_processor']
  if (typeof processor !== 'object' || processor === null) return undefined
  if (place in processor) {
    const pair = (processor as Record<string, unknown>)[place]
    return Array.isArray(pair) ? tokenText(pair[0]) : undefined
  }
  const single = (processor as Record<string, unknown>)['single']
  if (!Array.isArray(single)) return undefined
  const edge: unknown = place === 'cls' ? single[0] : single[single.length - 1]
  const token = typeof edge === 'object' && edge !== null && 'SpecialToken' in edge ? edge.SpecialToken : undefined
  return typeof token === 'object' && token !== null && 'id' in token && typeof token.id === 'string' ? token.id : undefined
}

function idOf(library: Tokenizer, token: string, role: string, source: string): number {
  for (const [id, added] of library.get_added_tokens_decoder()) if (added.content === token) return id
  const id = library.token_to_id(token)
  if (id !== undefined) return id
  throw badInput('tokenizer/special-token', {
    thing: source,
    expected: `the ${role} token ${JSON.stringify(token)} in its vocabulary`,
    found: 'none',
    todo: "check special_tokens_map.json and tokenizer_config.json beside it",
  })
}
