/** Small JSON files of a checkpoint (configurations, shard indexes, cards), read with the strict reader. */
import { badInput } from '../errors.ts'
import { readFileHead } from './fileFormat.ts'
import { readBytes } from './safetensors.ts'
import { type JsonObject, JsonSyntaxError, isJsonObject, parseStrictJson } from './strictJson.ts'

/** Largest configuration; the longest in use, tokenizer_config.json, stays below 0.1 MB. */
const MAX_CONFIG_BYTES = 1_000_000
/** Largest shard index or tokenizer.json: CLIP's is 3.6 MB, an index of 400,000 tensors stays below it. */
export const MAX_LARGE_JSON_BYTES = 25_000_000
/** Deepest nesting; tokenizer.json, the deepest file in use, has 6 levels. */
const MAX_JSON_DEPTH = 32

/**
 * Reads a JSON file that must hold an object. Objects come without prototypes.
 * @param what how the file is called in a sentence, as "a shard index"
 * @param maxBytes {@link MAX_LARGE_JSON_BYTES} for the two kinds of file that are long
 * @throws EngineError weights/no-file, weights/bad-json (exit 2)
 */
export function readJsonObject(file: string, what: string, maxBytes = MAX_CONFIG_BYTES): JsonObject {
  const { size } = readFileHead(file)
  const refuse = (found: string): Error => badInput('weights/bad-json', { thing: file, expected: `${what} (JSON)`, found, todo: 'fetch the file again' })
  if (size > maxBytes) throw refuse(`a file of ${size} bytes, over the limit of ${maxBytes}`)
  if (size === 0) throw refuse('an empty file')
  try {
    const value = parseStrictJson(readBytes(file, 0, size), MAX_JSON_DEPTH, true)
    if (isJsonObject(value)) return value
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw refuse(error.message)
  }
  throw refuse('a value that is not an object')
}

/** A member that must be text or absent; anything else counts as absent. */
export function textOf(object: JsonObject, key: string): string | undefined {
  const value = object[key]
  return typeof value === 'string' ? value : undefined
}
