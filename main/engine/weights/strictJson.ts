/**
 * A strict JSON reader for files that strangers made: repeated keys, deep nesting and non-UTF-8 bytes are
 * errors with a position instead of being resolved silently (JSON.parse keeps the last of two equal keys, so
 * two programs could read two different tensors from one file).
 */

/** What {@link parseStrictJson} returns; objects have no prototype, so `__proto__` is a key like any other. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject
/** A JSON object without a prototype. */
export interface JsonObject { [key: string]: JsonValue }

/** A syntax error; the message says what was found and at which character (UTF-16 index). */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError'
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

interface Cursor { readonly text: string; at: number; readonly maxDepth: number; readonly pythonNumbers: boolean }

/**
 * Parses UTF-8 JSON bytes. Surrounding JSON white space is allowed, a byte-order mark is not.
 * @param maxDepth deepest nesting of arrays and objects that is accepted
 * @param pythonNumbers accept bare Infinity, -Infinity and NaN, which Python's json module writes (diffusers saves
 *   DPM-Solver's `lambda_min_clipped` as -Infinity)
 * @throws JsonSyntaxError with a clause that completes "found ..." (no capital, no full stop)
 */
export function parseStrictJson(bytes: Uint8Array, maxDepth: number, pythonNumbers = false): JsonValue {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new JsonSyntaxError('bytes that are not UTF-8 text')
  }
  const cursor: Cursor = { text, at: 0, maxDepth, pythonNumbers }
  const value = parseValue(cursor, 0)
  skipSpace(cursor)
  if (cursor.at < text.length) fail(cursor, 'more text after the end of the value')
  return value
}

/** True for a JSON object (not null, not an array). */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fail(cursor: Cursor, what: string): never {
  throw new JsonSyntaxError(`${what} at character ${cursor.at}`)
}

function skipSpace(cursor: Cursor): void {
  const { text } = cursor
  for (;;) {
    const code = text.charCodeAt(cursor.at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
    cursor.at++
  }
}

function parseValue(cursor: Cursor, depth: number): JsonValue {
  skipSpace(cursor)
  const { text } = cursor
  const first = text[cursor.at]
  if (first === '{') return parseObject(cursor, depth + 1)
  if (first === '[') return parseArray(cursor, depth + 1)
  if (first === '"') return parseString(cursor)
  for (const [word, value] of [['true', true], ['false', false], ['null', null]] as const) {
    if (text.startsWith(word, cursor.at)) {
      cursor.at += word.length
      return value
    }
  }
  const bare = cursor.pythonNumbers ? ['-Infinity', 'Infinity', 'NaN'].find((word) => text.startsWith(word, cursor.at)) : undefined
  if (bare !== undefined) {
    cursor.at += bare.length
    return Number(bare)
  }
  NUMBER.lastIndex = cursor.at
  const match = NUMBER.exec(text)
  if (!match) return fail(cursor, first === undefined ? 'the end of the text in the middle of a value' : 'text that is not JSON')
  cursor.at += match[0].length
  return Number(match[0])
}

function enter(cursor: Cursor, depth: number): void {
  if (depth > cursor.maxDepth) fail(cursor, `values nested deeper than ${cursor.maxDepth} levels`)
  cursor.at++
  skipSpace(cursor)
}

function parseObject(cursor: Cursor, depth: number): JsonObject {
  enter(cursor, depth)
  const object: JsonObject = Object.create(null) as JsonObject // no prototype: keys come from a stranger
  const { text } = cursor
  if (text[cursor.at] === '}') return cursor.at++, object
  for (;;) {
    skipSpace(cursor)
    if (text[cursor.at] !== '"') fail(cursor, 'an object key that is not a string')
    const key = parseString(cursor)
    if (key in object) fail(cursor, `the key ${JSON.stringify(key.slice(0, 80))} twice`)
    skipSpace(cursor)
    if (text[cursor.at] !== ':') fail(cursor, 'a key without a colon')
    cursor.at++
    object[key] = parseValue(cursor, depth)
    skipSpace(cursor)
    const next = text[cursor.at++]
    if (next === '}') return object
    if (next !== ',') fail(cursor, 'an object that is not closed')
  }
}

function parseArray(cursor: Cursor, depth: number): JsonValue[] {
  enter(cursor, depth)
  const array: JsonValue[] = []
  const { text } = cursor
  if (text[cursor.at] === ']') return cursor.at++, array
  for (;;) {
    array.push(parseValue(cursor, depth))
    skipSpace(cursor)
    const next = text[cursor.at++]
    if (next === ']') return array
    if (next !== ',') fail(cursor, 'an array that is not closed')
  }
}

function parseString(cursor: Cursor): string {
  const { text } = cursor
  let start = ++cursor.at
  let result = ''
  for (;;) {
    const code = text.charCodeAt(cursor.at)
    if (code === 0x22) return (result += text.slice(start, cursor.at)), cursor.at++, result
    if (Number.isNaN(code)) fail(cursor, 'a string that is not closed')
    if (code < 0x20) fail(cursor, 'a control character inside a string')
    if (code !== 0x5c) {
      cursor.at++
      continue
    }
    result += text.slice(start, cursor.at)
    const escape = text[cursor.at + 1] ?? ''
    if (escape === 'u') {
      const digits = text.slice(cursor.at + 2, cursor.at + 6)
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) fail(cursor, 'a malformed \\u escape')
      result += String.fromCharCode(parseInt(digits, 16))
      cursor.at += 6
    } else {
      const char = ESCAPES[escape]
      if (char === undefined) fail(cursor, 'an unknown escape in a string')
      result += char
      cursor.at += 2
    }
    start = cursor.at
  }
}
