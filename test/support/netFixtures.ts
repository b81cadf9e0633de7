/** The tiny components of test/fixtures/nets (made by scripts/fixtures/make_nets.py) and their PyTorch references. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Graph } from '../../main/engine/graph/graph.ts'
import type { SerializeOptions } from '../../main/engine/graph/serialize.ts'
import { openSession } from '../../main/engine/runtime/session.ts'
import type { IntTensor, Tensor } from '../../main/engine/tensor/tensor.ts'
import { readIntTensor, readTensor } from '../../main/engine/weights/safetensors.ts'
import { writeSafetensors } from '../../main/engine/weights/safetensorsWriter.ts'
import { openWeights } from '../../main/engine/weights/storedWeights.ts'
import type { WeightIndex } from '../../main/engine/weights/weightIndex.ts'

export const netFixtures = path.resolve(import.meta.dirname, '../fixtures/nets')

export interface NetCase {
  readonly label: string
  readonly spec: Readonly<Record<string, number>>
  readonly inputs: Readonly<Record<string, Tensor | IntTensor>>
  readonly outputs: Readonly<Record<string, Tensor>>
}

export interface NetFixture {
  readonly config: Readonly<Record<string, unknown>>
  /** float32 copies of the F16 weights, in a folder that {@link cleanUp} removes. */
  readonly weights: WeightIndex
  readonly cases: readonly NetCase[]
}

const scratch: string[] = []

/** Removes the float32 copies; call it in afterAll. */
export function cleanUp(): void {
  for (const folder of scratch.splice(0)) fs.rmSync(folder, { recursive: true, force: true })
}

/** Loads a component and its cases. */
export function loadNetFixture(name: string): NetFixture {
  const folder = path.join(netFixtures, name)
  const file = fs.readdirSync(folder).find((entry) => entry.endsWith('.safetensors') && entry !== 'cases.safetensors')!
  const config = JSON.parse(fs.readFileSync(path.join(folder, 'config.json'), 'utf8')) as Record<string, unknown>
  const { cases: specs } = JSON.parse(fs.readFileSync(path.join(folder, 'cases.json'), 'utf8')) as { cases: Record<string, Record<string, number>> }
  const stored = openWeights(path.join(folder, 'cases.safetensors'))
  const pick = (label: string, part: string) =>
    Object.fromEntries(
      [...stored.entries].filter(([key]) => key.startsWith(`${label}/${part}/`)).map(([key, entry]) => [key.split('/')[2]!, entry.dtype.startsWith('I') ? readIntTensor(entry) : readTensor(entry)]),
    )
  const cases = Object.entries(specs).map(([label, spec]) => ({ label, spec, inputs: pick(label, 'inputs'), outputs: pick(label, 'outputs') as Record<string, Tensor> }))
  return { config, weights: upcast(path.join(folder, file)), cases }
}

/** A float32 copy of a weights file. */
export function upcast(file: string): WeightIndex {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-nets-'))
  scratch.push(folder)
  const copy = path.join(folder, 'weights.safetensors')
  writeSafetensors(copy, Object.fromEntries([...openWeights(file).entries].map(([key, entry]) => [key, readTensor(entry)])))
  return openWeights(copy)
}

/** Runs a graph once on the CPU. */
export async function runGraph(graph: Graph, feeds: NetCase['inputs'], form?: SerializeOptions): Promise<Record<string, Tensor>> {
  const session = await openSession(graph, { device: 'cpu', threads: 1, ...(form ? { form } : {}) })
  try {
    return await session.run(feeds)
  } finally {
    await session.dispose()
  }
}

/** max |a - b| / max |b|; infinite where shapes differ or a value is not finite. */
export function relativeError(actual: Tensor | undefined, expected: Tensor): number {
  if (!actual || actual.dims.join() !== expected.dims.join()) return Infinity
  let difference = 0
  let largest = 0
  for (let i = 0; i < expected.data.length; i++) {
    const gap = Math.abs(actual.data[i]! - expected.data[i]!)
    if (!Number.isFinite(gap)) return Infinity
    difference = Math.max(difference, gap)
    largest = Math.max(largest, Math.abs(expected.data[i]!))
  }
  return difference / largest
}
