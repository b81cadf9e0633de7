/** Ids for the other side of the border: random, bound to this session, saying nothing about what they stand for. */
import { createHmac, randomBytes } from 'node:crypto'
import { badInput } from '../engine/errors.ts'

/** 144 bits: nobody guesses one. */
const ID_BYTES = 18

/** Things by the ids that were minted for them. */
export class Registry<T> {
  readonly #prefix: string
  readonly #what: string
  readonly #things = new Map<string, T>()

  /**
   * @param prefix as in preload/contract/ids.ts
   * @param what a thing's name in the sentence for an unknown id, for example "file"
   */
  constructor(prefix: string, what: string) {
    this.#prefix = prefix
    this.#what = what
  }

  /** Gives a thing an id. */
  mint(thing: T): string {
    const id = `${this.#prefix}_${randomBytes(ID_BYTES).toString('base64url')}`
    this.#things.set(id, thing)
    return id
  }

  /** The thing behind an id. @throws EngineError host/unknown-id (exit 2) */
  get(id: string): T {
    const thing = this.#things.get(id)
    if (thing === undefined) throw unknownId(this.#what)
    return thing
  }

  /** The thing behind an id, if it is one of ours. */
  find(id: string): T | undefined {
    return this.#things.get(id)
  }

  /** Forgets an id; returns what it stood for. */
  remove(id: string): T | undefined {
    const thing = this.#things.get(id)
    this.#things.delete(id)
    return thing
  }

  /** Every id with its thing, oldest first. */
  entries(): [string, T][] {
    return [...this.#things]
  }
}

/** The error for an id that this session did not mint, or no longer knows. */
export function unknownId(what: string): Error {
  return badInput('host/unknown-id', { thing: `This ${what}`, expected: 'one that was opened or chosen since the program started', found: 'an id that is not known', todo: 'open or choose it again' })
}

/** Names that are the same for the same text throughout one session and cannot be made up without its secret. */
export class SessionNames {
  readonly #secret = randomBytes(32)

  /** A name of 32 characters for a text. */
  nameOf(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url').slice(0, 32)
  }
}
