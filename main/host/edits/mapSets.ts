/** Attention maps kept for the session: a file of the engine's for each time somebody looked. */
import fs from 'node:fs'
import { badInput, failed } from '../../engine/errors.ts'
import { Registry } from '../ids.ts'

/** A set of maps: one for each word, width x height cells. */
export interface MapSet {
  /** maps.safetensors as the engine's `attention` wrote it */
  readonly file: string
  readonly words: readonly { readonly word: string; readonly index: number; readonly diffuse: boolean }[]
  readonly width: number
  readonly height: number
  /** values row by row, word after word */
  readonly data: Float32Array
}

/** From this share of the cells on, a word looks everywhere and so nowhere. */
const DIFFUSE_SHARE = 0.5
/** A cell counts as looked at from this share of the word's largest value on. */
const SEEN_FROM = 0.3

/** The sets of this session by id. */
export class MapSets {
  readonly #sets = new Registry<MapSet>('map', 'set of attention maps')

  /** Keeps the maps in a file. @returns their id @throws EngineError words/maps when the file holds none */
  add(file: string): { readonly id: string; readonly set: MapSet } {
    const set = readMaps(file)
    return { id: this.#sets.mint(set), set }
  }

  /** A set. @throws EngineError host/unknown-id (exit 2) */
  get(id: string): MapSet {
    return this.#sets.get(id)
  }

  /** One word's map as grey values, its largest value white. @throws EngineError words/no-word (exit 2) */
  grey(id: string, index: number): { readonly width: number; readonly height: number; readonly bytes: Uint8Array } {
    const { width, height, data, words } = this.get(id)
    if (index >= words.length) throw badInput('words/no-word', { thing: `Word ${index}`, expected: `one of ${words.length}`, found: 'none' })
    const map = data.subarray(index * width * height, (index + 1) * width * height)
    const largest = map.reduce((most, value) => Math.max(most, value), 0) || 1
    return { width, height, bytes: Uint8Array.from(map, (value) => Math.round((255 * Math.max(0, value)) / largest)) }
  }
}

/** Reads tensor `words` [words, height, width] of a safetensors file: u64 length, JSON header, raw little-endian floats. */
function readMaps(file: string): MapSet {
  const bytes = fs.readFileSync(file)
  const head = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + head)) as Record<string, { dtype?: string; shape?: number[]; data_offsets?: [number, number] } & Record<string, string>> // checked below
  const entry = header['words']
  if (entry?.dtype !== 'F32' || entry.shape?.length !== 3 || !entry.data_offsets) throw failed('words/maps', 'The engine wrote no maps of words; please report it.')
  const [count, height, width] = entry.shape as [number, number, number]
  const from = 8 + head + entry.data_offsets[0]
  const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset + from, bytes.byteOffset + from + count * height * width * 4))
  const names = JSON.parse(header['__metadata__']?.['words'] ?? '[]') as { word: string }[] // as the engine writes it
  const words = names.slice(0, count).map(({ word }, index) => ({ word, index, diffuse: isDiffuse(data.subarray(index * height * width, (index + 1) * height * width)) }))
  return { file, words, width, height, data }
}

function isDiffuse(map: Float32Array): boolean {
  const largest = map.reduce((most, value) => Math.max(most, value), 0)
  return map.filter((value) => value > SEEN_FROM * largest).length > DIFFUSE_SHARE * map.length
}
