/** Finds the tokenizer of a checkpoint and the token its prompts are padded with. */
import fs from 'node:fs'
import path from 'node:path'
import { badInput } from '../errors.ts'
import { MAX_LARGE_JSON_BYTES, readJsonObject } from '../weights/jsonFile.ts'
import { type JsonObject, type JsonValue, isJsonObject } from '../weights/strictJson.ts'
import type { PadToken, TokenizerSource } from './checkpoint.ts'
import type { Family } from './family.ts'

/** Prompt length of every CLIP text encoder. */
const CLIP_LENGTH = 77
/** What transformers' CLIPTokenizer pads with when no file says otherwise. */
const CLIP_PAD = '<|endoftext|>'

/** The tokenizer of a single file: CLIP's vocabulary, padded as the family does. */
export function clipDefaultTokenizer(family: Family, maxPositions = CLIP_LENGTH): TokenizerSource {
  return { kind: 'clip-default', files: {}, padToken: { token: family.padToken, source: 'family' }, modelMaxLength: maxPositions }
}

/**
 * The tokenizer in a folder; undefined when the folder is not there or holds none.
 * @param maxPositions positions of the text encoder, an upper bound of the prompt's length
 * @throws EngineError weights/bad-json, tokenizer/incomplete (exit 2)
 */
export function readTokenizerFolder(folder: string, maxPositions = CLIP_LENGTH): TokenizerSource | undefined {
  if (!fs.existsSync(folder)) return undefined
  const at = (name: string): string | undefined => {
    const file = path.join(folder, name)
    return fs.existsSync(file) ? file : undefined
  }
  const found = {
    tokenizerJson: at('tokenizer.json'),
    vocab: at('vocab.json'),
    merges: at('merges.txt'),
    tokenizerConfig: at('tokenizer_config.json'),
    specialTokensMap: at('special_tokens_map.json'),
    addedTokens: at('added_tokens.json'),
  }
  const files: TokenizerSource['files'] = Object.fromEntries(Object.entries(found).filter(([, file]) => file !== undefined))
  if (files.tokenizerJson === undefined && (files.vocab === undefined || files.merges === undefined)) {
    const have = Object.values(files).map((file) => path.basename(file)).join(', ')
    throw badInput('tokenizer/incomplete', { thing: folder, expected: 'tokenizer.json, or vocab.json and merges.txt', found: have || 'neither' })
  }
  const config = files.tokenizerConfig === undefined ? undefined : readJsonObject(files.tokenizerConfig, 'a tokenizer configuration')
  return {
    kind: files.tokenizerJson === undefined ? 'vocab-merges' : 'tokenizer.json',
    files,
    padToken: findPadToken(files, config),
    modelMaxLength: promptLength(config?.['model_max_length'], maxPositions),
  }
}

/** transformers writes 10^30 for "no limit". */
function promptLength(written: JsonValue | undefined, maxPositions: number): number {
  return typeof written === 'number' && written >= 2 && written <= maxPositions ? Math.floor(written) : maxPositions
}

/** special_tokens_map, else tokenizer_config, else tokenizer.json, else what CLIPTokenizer itself defaults to. */
function findPadToken(files: TokenizerSource['files'], config: JsonObject | undefined): PadToken {
  const map = files.specialTokensMap === undefined ? undefined : readJsonObject(files.specialTokensMap, 'a special tokens map')
  const fromMap = tokenText(map?.['pad_token'])
  if (fromMap !== undefined) return { token: fromMap, source: 'special_tokens_map' }
  const fromConfig = tokenText(config?.['pad_token'])
  if (fromConfig !== undefined) return { token: fromConfig, source: 'tokenizer_config' }
  const padding = files.tokenizerJson === undefined ? undefined : readJsonObject(files.tokenizerJson, 'a tokenizer', MAX_LARGE_JSON_BYTES)['padding']
  const fromTokenizer = isJsonObject(padding) ? tokenText(padding['pad_token']) : undefined
  if (fromTokenizer !== undefined) return { token: fromTokenizer, source: 'tokenizer.json' }
  return { token: CLIP_PAD, source: 'default' }
}

/** A token is written as its text, or as an object with `content`. */
function tokenText(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value
  return isJsonObject(value) && typeof value['content'] === 'string' ? value['content'] : undefined
}
