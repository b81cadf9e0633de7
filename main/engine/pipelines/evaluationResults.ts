/** Results of an evaluation on disk: one line per finished case, behind a line of the settings that they hold for. */
import fs from 'node:fs'
import path from 'node:path'
import { badInput } from '../errors.ts'
import type { RequestOf } from '../requests.ts'
import { writeFileAtomic } from '../weights/atomicFile.ts'
import type { Measures } from './evaluationMeasures.ts'
import type { CaseResult } from './evaluationTable.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'

/** Whatever changes the results, as one line of JSON. */
export function settingsOf(request: RequestOf<'evaluate'>, loaded: LoadedCheckpoint, seed: number, { lpips, structure, clip }: Measures): string {
  const {
    steps, guidance, guidanceRescale, negative, cross, self, composite, localBlend, proximal, proximalQuantile, proximalGuide, proximalUntil, proximalRate, proximalDilate, emptyShare, strength,
    renoiseSteps, clipSkip, longPrompt, fast,
  } = request
  return JSON.stringify({
    modelHash: loaded.checkpoint.hash, seed, steps, guidance, guidanceRescale, negative, cross, self, composite, localBlend, proximal, proximalQuantile, proximalGuide, proximalUntil, proximalRate,
    proximalDilate, emptyShare, strength, renoiseSteps, clipSkip, longPrompt, fast, lpips: lpips?.hash, structure: structure?.hash, clip: clip?.hash ?? undefined,
  })
}

/** A line that says how long an inversion took. */
interface InversionLine {
  readonly inversion: string
  readonly seconds: number
}

/** Finished results, one JSON line each, so that an interrupted run continues; among them what each inversion took, which is made once. */
export class ResultFile {
  readonly #file: string
  readonly #results = new Map<string, CaseResult>()
  readonly #inversions = new Map<string, number>()

  /** @throws EngineError evaluate/settings (exit 2) when the folder holds results of other settings */
  constructor(folder: string, settings: string) {
    this.#file = path.join(folder, 'results.jsonl')
    const lines = fs.existsSync(this.#file) ? fs.readFileSync(this.#file, 'utf8').split('\n').filter((line) => line !== '') : []
    const first = lines.shift()
    if (first !== undefined && first !== settings) {
      throw badInput('evaluate/settings', { thing: this.#file, expected: 'results of a run with these settings and this model', found: 'those of another', todo: 'choose another folder with --out, or delete it' })
    }
    const kept: string[] = []
    for (const line of lines) {
      try {
        const result = JSON.parse(line) as CaseResult | InversionLine
        if ('inversion' in result) this.#inversions.set(result.inversion, result.seconds)
        else this.#results.set(`${result.method} ${result.id}`, result)
        kept.push(line)
      } catch {
        continue // the line that an interruption cut short
      }
    }
    writeFileAtomic(this.#file, Buffer.from([settings, ...kept, ''].join('\n')))
  }

  /** All finished results, in the order they were made. */
  get results(): CaseResult[] {
    return [...this.#results.values()]
  }

  /** Whether a case is finished. */
  has(method: string, id: string): boolean {
    return this.#results.has(`${method} ${id}`)
  }

  /** Keeps a finished case, on disk before anything else happens. */
  add(result: CaseResult): void {
    this.#results.set(`${result.method} ${result.id}`, result)
    fs.appendFileSync(this.#file, `${JSON.stringify(result)}\n`)
  }

  /** Seconds that an inversion took, in this run or an earlier one; null when it is not known. */
  inversionSeconds(key: string): number | null {
    return this.#inversions.get(key) ?? null
  }

  /** Keeps what an inversion took. */
  addInversion(key: string, seconds: number): void {
    this.#inversions.set(key, seconds)
    fs.appendFileSync(this.#file, `${JSON.stringify({ inversion: key, seconds } satisfies InversionLine)}\n`)
  }
}
