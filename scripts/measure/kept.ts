/** Findings of a long measurement on disk, so that it can be run in pieces. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Engine } from '../../main/engine/index.ts'

/** A list of findings, one JSON line each. */
export class Kept<T> {
  readonly #file: string
  readonly #found: T[] = []

  /** @param file made with its folder when the first finding comes; a line that an interruption cut short is dropped */
  constructor(file: string) {
    this.#file = file
    if (!existsSync(file)) return
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      try {
        if (line !== '') this.#found.push(JSON.parse(line) as T)
      } catch {
        continue
      }
    }
  }

  /** What was found so far, in the order it was found. */
  get all(): readonly T[] {
    return this.#found
  }

  /** Keeps a finding, on disk before anything else happens. */
  add(one: T): void {
    this.#found.push(one)
    mkdirSync(path.dirname(this.#file), { recursive: true })
    // a newline first: it ends a line that was cut short
    appendFileSync(this.#file, `\n${JSON.stringify(one)}`)
  }
}

/** A model's weights as a part of a file's name: findings of other weights are never mixed in. */
export async function weightsName(engine: Engine, model: string): Promise<string> {
  const { hash } = (await engine.run({ task: 'models', action: 'show', target: model }))['model'] as { hash: string }
  return `${model.replace(/[^\w.-]/g, '_')}-${hash.slice(0, 12)}`
}
