/**
 * The recipe of a result: what is needed to make it again (prompt, seed, model hash, versions), as plain
 * JSON in a canonical spelling, so that equal recipes are equal bytes. No time, path or host belongs in it.
 */
import { failed } from '../errors.ts'

/** Plain JSON. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined }

/** The embedded record; its keys are the caller's (prompt, seed, steps, model, modelHash, versions ...). */
export type Recipe = Readonly<Record<string, JsonValue | undefined>>

/** Keyword of the PNG text chunk and prefix of the XMP property that hold the recipe. */
export const RECIPE_KEYWORD = 'palimpsest'

/** Longest recipe text that is embedded or read back, in characters. */
export const MAX_RECIPE_LENGTH = 60_000

const FORBIDDEN_KEYS = /^(time|date|timestamp|path|file|host|hostname|user|cwd)$/i

/**
 * The recipe as canonical JSON: keys sorted at every level, no spaces, undefined left out.
 * @throws EngineError recipe/private when a key names a time, path or host; recipe/too-long over
 *   {@link MAX_RECIPE_LENGTH} characters.
 */
export function serialiseRecipe(recipe: Recipe): string {
  const text = JSON.stringify(sorted(recipe))
  if (text.length > MAX_RECIPE_LENGTH) {
    throw failed('recipe/too-long', `Expected a recipe of at most ${MAX_RECIPE_LENGTH} characters but received ${text.length}.`)
  }
  return text
}

/** Parses what {@link serialiseRecipe} wrote; null when the text is not a JSON object. */
export function parseRecipe(text: string): Recipe | null {
  if (text.length > MAX_RECIPE_LENGTH * 2) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Recipe) : null
}

function sorted(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => sorted(item) ?? null)
  if (typeof value !== 'object' || value === null) return value
  const record = value as Readonly<Record<string, JsonValue | undefined>>
  const result: Record<string, JsonValue | undefined> = {}
  for (const key of Object.keys(record).sort()) {
    if (FORBIDDEN_KEYS.test(key)) throw failed('recipe/private', `A recipe may not hold "${key}": it would tell when, where or on which machine a picture was made.`)
    result[key] = sorted(record[key])
  }
  return result
}
