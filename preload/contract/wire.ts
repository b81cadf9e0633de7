/**
 * Messages as bytes, for the served host: JSON with every Uint8Array taken out and put behind it.
 *
 *     u32 little-endian: length of the JSON | JSON | u32 length of piece 0 | piece 0 | ...
 *
 * In the JSON a piece is `{"$bytes": n}`. An object that itself has the single key `$bytes` is written as
 * `{"$value": {...}}`, likewise one with the single key `$value`.
 */

/** Largest message accepted, bytes. */
export const MESSAGE_BYTES = 256 * 2 ** 20

/** Writes a message. */
export function encodeMessage(message: unknown): Uint8Array {
  const pieces: Uint8Array[] = []
  const take = (value: unknown): unknown => {
    if (value instanceof Uint8Array) return { $bytes: pieces.push(value) - 1 }
    if (Array.isArray(value)) return value.map(take)
    if (value === null || typeof value !== 'object') return value
    const entries = Object.entries(value).map(([key, item]) => [key, take(item)] as const)
    const plain = Object.fromEntries(entries)
    return entries.length === 1 && (entries[0]![0] === '$bytes' || entries[0]![0] === '$value') ? { $value: plain } : plain
  }
  const json = new TextEncoder().encode(JSON.stringify(take(message)))
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + 4 + piece.length, 4 + json.length))
  const view = new DataView(out.buffer)
  let at = 0
  for (const piece of [json, ...pieces]) {
    view.setUint32(at, piece.length, true)
    out.set(piece, at + 4)
    at += 4 + piece.length
  }
  return out
}

/**
 * Reads a message. Its Uint8Arrays borrow the given buffer.
 * @throws Error when the bytes are no message
 */
export function decodeMessage(message: Uint8Array): unknown {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < message.length; ) {
    if (at + 4 > message.length) throw new Error('a message ended in the middle of a length')
    const length = view.getUint32(at, true)
    if (at + 4 + length > message.length) throw new Error('a message ended in the middle of a piece')
    pieces.push(message.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  const json = pieces.shift()
  if (!json) throw new Error('a message was empty')
  const put = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(put)
    if (value === null || typeof value !== 'object') return value
    const keys = Object.keys(value)
    if (keys.length === 1 && keys[0] === '$bytes') {
      const piece = pieces[(value as { $bytes: number }).$bytes] // an index that is none gives undefined, refused below
      if (!piece) throw new Error('a message names bytes that it does not carry')
      return piece
    }
    const inner = keys.length === 1 && keys[0] === '$value' ? (value as { $value: object }).$value : value // as encodeMessage wrote it
    return Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, put(item)]))
  }
  return put(JSON.parse(new TextDecoder().decode(json)))
}

/** Client to host. */
export type ToHost = { readonly type: 'call'; readonly id: number; readonly method: string; readonly input: unknown }
/** Host to client. */
export type FromHost =
  | { readonly type: 'hello'; readonly contract: number; readonly version: string }
  | { readonly type: 'answer'; readonly id: number; readonly result: unknown }
  | { readonly type: 'event'; readonly event: string; readonly data: unknown }
