/** Weight indexes without weights: names and shapes of the full-size nets, from test/fixtures/keymaps. */
import fs from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { makeWeightIndex } from '../../main/engine/weights/weightIndex.ts'
import type { WeightIndex } from '../../main/engine/weights/weightIndex.ts'

const folder = path.resolve(import.meta.dirname, '../fixtures/keymaps')

/** Names and shapes in diffusers' form. */
export function keymapShapes(name: string): Map<string, readonly number[]> {
  const rows = JSON.parse(gunzipSync(fs.readFileSync(path.join(folder, `${name}.json.gz`))).toString()) as [string, string, string | null, number[], number[]][]
  return new Map(rows.map((row) => [row[0], row[3]]))
}

/** An index that graphs can be built over, but not run. */
export function keymapWeights(name: string): WeightIndex {
  const file = path.join(folder, `${name}.safetensors`)
  const entries = [...keymapShapes(name)].map(([key, shape]) => ({ name: key, dtype: 'F32' as const, shape, file, offset: 0, length: 4 * shape.reduce((product, dim) => product * dim, 1) }))
  return makeWeightIndex(entries, [{ file, contentHash: name, fingerprint: name }])
}
