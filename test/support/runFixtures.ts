/** The tiny whole checkpoints of test/fixtures/runs and the runs that diffusers made of them. */
import fs from 'node:fs'
import path from 'node:path'
import { readSafetensorsHeader, readTensor } from '../../main/engine/weights/safetensors.ts'
import type { Tensor } from '../../main/engine/tensor/tensor.ts'

const fixtures = path.resolve(import.meta.dirname, '../fixtures')

/** One sampling run by diffusers; see scripts/fixtures/make_runs.py. */
export interface RunCase {
  readonly name: string
  readonly scheduler: string | null
  readonly width: number
  readonly height: number
  /** null when the starting noise is given */
  readonly seed: number | null
  readonly prompt: string
  readonly negative: string
  readonly steps: number
  readonly guidance: number
}

/** The cases of a family. */
export function runCases(family: 'sd1' | 'sd2'): RunCase[] {
  return (JSON.parse(fs.readFileSync(path.join(fixtures, 'runs', `${family}.json`), 'utf8')) as { cases: RunCase[] }).cases
}

/** A tensor of a case: `noise`, `trace` or `picture` (0..255, [h,w,3]). */
export function runTensor(family: 'sd1' | 'sd2', name: string, key: 'noise' | 'trace' | 'picture'): Tensor {
  const entry = readSafetensorsHeader(path.join(fixtures, 'runs', `${family}.safetensors`)).tensors.get(`${name}.${key}`)
  if (!entry) throw new Error(`the fixture has no ${name}.${key}`)
  return readTensor(entry)
}

/** Puts the family's checkpoint, tokenizer included, into a folder and gives back its path. */
export function makeRunCheckpoint(folder: string, family: 'sd1' | 'sd2'): string {
  const target = path.join(folder, `tiny-${family}`)
  fs.cpSync(path.join(fixtures, 'runs', family), target, { recursive: true })
  fs.cpSync(path.join(fixtures, 'text', 'small'), path.join(target, 'tokenizer'), { recursive: true })
  return target
}
