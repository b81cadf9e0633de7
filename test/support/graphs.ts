/** Small graphs and weights that graph and runtime tests share. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readSafetensorsHeader } from '../../main/engine/weights/safetensors.ts'
import { writeSafetensors } from '../../main/engine/weights/safetensorsWriter.ts'
import { makeWeightIndex } from '../../main/engine/weights/weightIndex.ts'
import type { WeightIndex } from '../../main/engine/weights/weightIndex.ts'
import type { Tensor } from '../../main/engine/tensor/tensor.ts'

/** Reproducible normal numbers: sums of twelve uniforms from a small linear congruential generator. */
export function normals(count: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  return Float32Array.from({ length: count }, () => {
    let sum = -6
    for (let i = 0; i < 12; i++) sum += uniform()
    return sum
  })
}

/** A reproducible normal tensor. */
export function normalTensor(dims: readonly number[], seed: number): Tensor {
  return { data: normals(dims.reduce((product, dim) => product * dim, 1), seed), dims }
}

/** Runs `use` with an index over these tensors, written to a folder that is removed afterwards. */
export async function withWeights<T>(tensors: Readonly<Record<string, Tensor>>, use: (weights: WeightIndex, folder: string) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'weights-'))
  try {
    const file = path.join(folder, 'weights.safetensors')
    writeSafetensors(file, tensors)
    const header = readSafetensorsHeader(file)
    return await use(makeWeightIndex(header.tensors.values(), [{ file: header.file, contentHash: 'content', fingerprint: 'fingerprint' }]), folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
