/** Seeded damage to files: bytes, safetensors headers, JSON values, and what stands where a file should. */
import fs from 'node:fs'
import path from 'node:path'

/** A seeded source of choices; the same seed makes the same choices on every machine. */
export class Chooser {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number in [0, n): mulberry32's output, scaled. */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n)
  }

  /** One of the list's elements. */
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }
}

/** Values that break assumptions about JSON, as source text so that no writer tidies them. */
const JUNK = [
  'null', 'true', 'false', '-1', '0', '1', '3', '-0', '1.5', '1e308', '1e400', '9007199254740993', '18446744073709551616', '4294967296', '""', '"x"', '"F64"', '"BF16"', '"F8_E4M3"',
  '"../../etc/passwd"', '"/dev/zero"', '"\\u0000"', '"\\ud800"', '[]', '{}', '[0]', '[-1]', '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]', '[1e9]', '[[[[[[[[]]]]]]]]', '{"a":{"b":{"c":{}}}}', 'NaN', 'undefined', '"' + 'y'.repeat(70_000) + '"',
  '['.repeat(5000), '{"__proto__":1}', '[4,4,8,8]', '"CrossAttnDownBlock2D"', '["DownBlock2D"]', '1000000', '[1000000,1000000]', '2', '7', '64', '[2,2]',
]

/** Damages a JSON text: three times in four one value of it, so that it stays JSON; else its characters. */
export function mutateJson(text: string, choose: Chooser): string {
  return choose.below(4) === 0 ? mutateText(text, choose) : mutateValue(text, choose)
}

/** Stands for the value that junk replaces, whatever the junk's own syntax. */
const HOLE = '@@hole@@'

function mutateValue(text: string, choose: Chooser): string {
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch {
    return mutateText(text, choose) // damaged before
  }
  const holders: (Record<string, unknown> | unknown[])[] = []
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (Object.keys(value).length > 0) holders.push(value as Record<string, unknown>)
    for (const inner of Object.values(value)) collect(inner)
  }
  collect(root)
  if (holders.length === 0) return choose.of(JUNK)
  const holder = choose.of(holders) as Record<string, unknown>
  const key = choose.of(Object.keys(holder))
  const other = choose.of(holders) as Record<string, unknown>
  switch (choose.below(6)) {
    case 0: // removed
      if (Array.isArray(holder)) holder.splice(Number(key), 1)
      else delete holder[key]
      return JSON.stringify(root)
    case 1: // something else of the same file in its place
      holder[key] = structuredClone(other[choose.of(Object.keys(other))])
      return JSON.stringify(root)
    case 2: // under another name
      if (!Array.isArray(holder)) holder[choose.of([`${key}x`, '__metadata__', '__proto__', 'constructor', '', key.slice(1)])] = structuredClone(holder[key])
      return JSON.stringify(root)
    case 3: // a number a little off
      holder[key] = typeof holder[key] === 'number' ? holder[key] + choose.of([-1, 1, 2, 1024, -1024]) : HOLE
      return JSON.stringify(root).replace(`"${HOLE}"`, () => choose.of(JUNK))
    default:
      holder[key] = HOLE
      return JSON.stringify(root).replace(`"${HOLE}"`, () => choose.of(JUNK))
  }
}

/** Replaces, repeats or removes one token of a text, or cuts it. */
function mutateText(text: string, choose: Chooser): string {
  const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[[\]{}:,]/g)]
  if (tokens.length === 0) return choose.of(JUNK)
  const at = choose.of(tokens)
  const [before, after] = [text.slice(0, at.index), text.slice(at.index + at[0].length)]
  switch (choose.below(5)) {
    case 0: return before + after
    case 1: return before + at[0] + at[0] + after
    case 2: return text.slice(0, choose.below(text.length))
    case 3: return before + choose.of(tokens)[0] + after
    default: return before + choose.of(JUNK) + after
  }
}

/** Damages bytes anywhere: flips, cuts, insertions, repetitions, a new header length. */
export function mutateBytes(bytes: Buffer, choose: Chooser): Buffer {
  const spot = (): number => (choose.below(2) === 0 ? choose.below(Math.min(bytes.length, 64)) : choose.below(bytes.length))
  switch (choose.below(7)) {
    case 0: return bytes.subarray(0, spot())
    case 1: {
      const changed = Buffer.from(bytes)
      for (let n = 1 + choose.below(8); n > 0; n--) changed[spot()] = choose.below(256)
      return changed
    }
    case 2: {
      const at = spot()
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1 + choose.below(100), choose.below(256)), bytes.subarray(at)])
    }
    case 3: {
      const at = spot()
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + choose.below(100)))])
    }
    case 4: {
      const changed = Buffer.from(bytes)
      changed.writeBigUInt64LE(choose.of([0n, 1n, 2n, 7n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 24_999_999n, 25_000_001n, BigInt(bytes.length), BigInt(bytes.length - 8), BigInt(bytes.length - 7)]), 0)
      return changed
    }
    case 5: return Buffer.concat([bytes, bytes.subarray(0, choose.below(200))])
    default: {
      const changed = Buffer.from(bytes) // a run of NaN halves somewhere in the data
      const at = spot()
      changed.fill(0x7e, at, Math.min(bytes.length, at + 2 + choose.below(64)))
      return changed
    }
  }
}

/** Damages a safetensors file's header as JSON and keeps its length right, so that the checks behind the first are reached. */
export function mutateHeader(bytes: Buffer, choose: Chooser): Buffer {
  const length = Number(bytes.readBigUInt64LE(0))
  let header = bytes.subarray(8, 8 + length).toString('utf8')
  for (let n = 1 + choose.below(3); n > 0; n--) header = mutateJson(header, choose)
  const json = Buffer.from(header)
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([size, json, bytes.subarray(8 + length)])
}

/** Puts something else where a file was. */
export function replaceFile(file: string, choose: Chooser): string {
  fs.rmSync(file)
  const kind = choose.of(['nothing', 'a folder', 'an empty file', 'a link to itself', 'a device', 'a pickle', 'the folder above', 'a web page'])
  if (kind === 'a folder') fs.mkdirSync(file)
  if (kind === 'an empty file') fs.writeFileSync(file, '')
  if (kind === 'a link to itself') fs.symlinkSync(path.basename(file), file)
  if (kind === 'a device') fs.symlinkSync('/dev/zero', file)
  if (kind === 'a pickle') fs.writeFileSync(file, Buffer.from('PK\x03\x04\0\0archive/data.pkl'))
  if (kind === 'the folder above') fs.symlinkSync('..', file)
  if (kind === 'a web page') fs.writeFileSync(file, '<!DOCTYPE html>')
  return kind
}
