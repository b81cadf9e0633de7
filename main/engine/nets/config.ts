/** Reads the fields of a component's config.json; everything it cannot honour is refused by key and value. */
import { EngineError } from '../errors.ts'

/** A component's config.json as parsed. */
export type NetConfig = Readonly<Record<string, unknown>>

/**
 * The error for a configuration that no net here implements.
 * @param net class name as diffusers and transformers spell it
 */
export function unsupportedConfig(net: string, key: string, value: unknown, expected: string): EngineError {
  const text = JSON.stringify(value) ?? 'nothing'
  const received = text.length > 100 ? `${text.slice(0, 100)}...` : text // a damaged file may hold anything
  return new EngineError('nets/unsupported-config', `${net}: expected ${expected} for ${key} in the configuration but received ${received}.`, {
    exitCode: 2,
    details: { net, key, value: value ?? null },
  })
}

/** Typed access to one configuration; absent keys and null take the given default, as the Python classes do. */
export class ConfigReader {
  readonly net: string
  readonly #config: NetConfig

  constructor(net: string, config: NetConfig) {
    this.net = net
    this.#config = config
  }

  /** The raw value, null when absent. */
  raw(key: string): unknown {
    return this.#config[key] ?? null
  }

  /** A whole number >= 1. @throws EngineError nets/unsupported-config */
  count(key: string, fallback: number): number {
    return this.#checkCount(key, this.raw(key) ?? fallback)
  }

  /** A whole number >= 1, or null when absent. */
  optionalCount(key: string): number | null {
    const value = this.raw(key)
    return value === null ? null : this.#checkCount(key, value)
  }

  /** A finite number. */
  number(key: string, fallback: number): number {
    const value = this.raw(key) ?? fallback
    if (typeof value !== 'number' || !Number.isFinite(value)) throw unsupportedConfig(this.net, key, value, 'a number')
    return value
  }

  /** true or false. */
  flag(key: string, fallback: boolean): boolean {
    const value = this.raw(key) ?? fallback
    if (typeof value !== 'boolean') throw unsupportedConfig(this.net, key, value, 'true or false')
    return value
  }

  /** One of a list of words. An explicit null counts as the word 'null' where that is allowed. */
  oneOf<const Word extends string>(key: string, words: readonly Word[], fallback: Word): Word {
    const given = this.#config[key]
    const value = given === undefined ? fallback : given === null ? (words.includes('null' as Word) ? 'null' : fallback) : given
    const word = words.find((candidate) => candidate === value)
    if (word === undefined) throw unsupportedConfig(this.net, key, value, words.length === 1 ? words[0]! : `one of ${words.join(', ')}`)
    return word
  }

  /** A list of words, each from `words`. */
  words<const Word extends string>(key: string, words: readonly Word[], fallback: readonly Word[]): Word[] {
    const value = this.raw(key) ?? fallback
    if (!Array.isArray(value) || value.length === 0) throw unsupportedConfig(this.net, key, value, 'a list of block types')
    return value.map((item: unknown) => {
      const word = words.find((candidate) => candidate === item)
      if (word === undefined) throw unsupportedConfig(this.net, key, item, words.length === 1 ? `only ${words[0]!}` : `only ${words.join(', ')}`)
      return word
    })
  }

  /** A list of whole numbers >= 1; its length is free unless `length` is given. A single number is repeated `length` times. */
  counts(key: string, fallback: number | readonly number[], length?: number): number[] {
    const value = this.raw(key) ?? fallback
    if (typeof value === 'number' && length !== undefined) return new Array<number>(length).fill(this.#checkCount(key, value))
    this.#checkLength(key, value, length)
    return (value as unknown[]).map((item) => this.#checkCount(key, item))
  }

  /** Like {@link counts} for true and false. */
  flags(key: string, fallback: boolean, length: number): boolean[] {
    const value = this.raw(key) ?? fallback
    if (typeof value === 'boolean') return new Array<boolean>(length).fill(value)
    this.#checkLength(key, value, length)
    return (value as unknown[]).map((item) => {
      if (typeof item !== 'boolean') throw unsupportedConfig(this.net, key, item, 'true or false')
      return item
    })
  }

  /** Refuses a feature: the value must be absent, null or `neutral`. */
  refuse(key: string, neutral: unknown, why: string): void {
    const value = this.raw(key)
    if (value !== null && value !== neutral) throw unsupportedConfig(this.net, key, value, `${JSON.stringify(neutral)} (${why})`)
  }

  #checkCount(key: string, value: unknown): number {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) throw unsupportedConfig(this.net, key, value, 'a whole number above 0')
    return value
  }

  #checkLength(key: string, value: unknown, length: number | undefined): void {
    if (!Array.isArray(value) || value.length === 0) throw unsupportedConfig(this.net, key, value, 'a list')
    if (length !== undefined && value.length !== length) throw unsupportedConfig(this.net, key, value, `a list of ${length}, one per block,`)
  }
}
