/** Small JSON files of a checkpoint (configurations, shard indexes, cards), read with the strict reader. */
import { badInput } from '../errors.ts'
import { readFileHead } from './fileFormat.ts'
import { readBytes } from './safetensors.ts'
import { type JsonObject, JsonSyntaxError, isJsonObject, parseStrictJson } from './strictJson.ts'

/** Largest JSON file of a checkpoint: a shard index of 400,000 tensors stays below it. */
const MAX_JSON_BYTES = 25_000_000
/** Deepest nesting; tokenizer.json, the deepest file in use, has 6 levels. */
const MAX_JSON_DEPTH = 32

/**
 * Reads a JSON file that must hold an object. Objects come without prototypes.
 * @param what how the file is called in a sentence, as "a shard index"
 * @throws EngineError weights/no-file, weights/bad-json (exit 2)
 */
export function readJsonObject(file: string, what: string): JsonObject {
  const { size } = readFileHead(file)
  const refuse = (found: string): Error => badInput('weights/bad-json', { thing: file, expected: `${what} (JSON)`, found, todo: 'fetch the file again' })
  if (size > MAX_JSON_BYTES) throw refuse(`a file of ${size} bytes`)
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
