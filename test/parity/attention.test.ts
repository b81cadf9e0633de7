/**
 * Edits with words against diffusers with attention processors (scripts/fixtures/make_attention.py): same weights,
 * same noise; the target's latents are compared after every step, as a share of what the edit itself changes.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../main/engine/index.ts'
import { readSafetensorsHeader, readTensor } from '../../main/engine/weights/safetensors.ts'
import { writeSafetensors } from '../../main/engine/weights/safetensorsWriter.ts'

/** of the edit's own effect, at every step */
const TOLERANCE = 0.02
/** of the source's latents, which no edit touches */
const SOURCE_TOLERANCE = 1e-3

interface Run {
  readonly name: string
  readonly method: 'p2p' | 'masactrl' | 'pnp'
  readonly prompt: string
  readonly target: string
  readonly size: number
  readonly cross?: number
  readonly self?: number
  readonly align?: 'replace'
  readonly weights?: Readonly<Record<string, number>>
  readonly blendWords?: readonly string[]
  readonly blendThreshold?: number
  readonly startStep?: number
  readonly startLayer?: number
  readonly bias?: Readonly<Record<string, string>>
  readonly biasStrength?: number
  readonly image?: string
}

const fixtures = path.join(import.meta.dirname, '..', 'fixtures')
const reference = JSON.parse(readFileSync(path.join(fixtures, 'attention', 'runs.json'), 'utf8')) as { steps: number; guidance: number; negative: string; runs: Run[] }
const { tensors } = readSafetensorsHeader(path.join(fixtures, 'attention', 'runs.safetensors'))
const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-attention-'))
const engine = createEngine({ bundledModels: path.join(fixtures, 'pipelines'), dataDir: path.join(folder, 'data'), cacheDir: path.join(folder, 'cache') })

afterAll(async () => {
  await engine.dispose()
  rmSync(folder, { recursive: true, force: true })
})

function requestOf(run: Run): Record<string, unknown> {
  const { method, prompt, target, cross, self, align, startStep, startLayer, blendWords, blendThreshold, biasStrength } = run
  const drawn = { size: { width: run.size, height: run.size }, latents: path.join(folder, `${run.name}-noise.safetensors`) }
  return {
    task: 'swap', model: 'tiny', device: 'cpu', scheduler: 'ddim', seed: 1,
    steps: reference.steps, guidance: reference.guidance, negative: reference.negative,
    method, prompt, target, cross, self, align, startStep, startLayer, biasStrength,
    ...(blendWords ? { blendWords: [...blendWords], blendThreshold } : { localBlend: false }),
    weight: Object.entries(run.weights ?? {}).map(([word, value]) => `${word}=${value}`),
    bias: Object.entries(run.bias ?? {}).map(([word, file]) => `${word}=${path.join(fixtures, 'attention', file)}`),
    ...(run.image ? { image: path.join(fixtures, 'pipelines', run.image), inversion: 'direct' } : drawn),
    out: path.join(folder, `${run.name}.png`),
    trace: path.join(folder, `${run.name}.safetensors`),
  }
}

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
const minus = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value - b[i]!)

describe('edits with words equal diffusers with attention processors', () => {
  it('covers every method', () => {
    expect(reference.runs.map(({ name }) => name)).toEqual([
      'refine', 'refine-added-words', 'cross-only', 'replace', 'reweight', 'local-blend', 'masactrl', 'plug-and-play', 'paint-with-words', 'direct-inversion',
    ])
  })

  for (const run of reference.runs) {
    it(run.name, async () => {
      if (!run.image) writeSafetensors(path.join(folder, `${run.name}-noise.safetensors`), { latents: readTensor(tensors.get(`${run.name}/noise`)!) })
      const request = Object.fromEntries(Object.entries(requestOf(run)).filter(([, value]) => value !== undefined))
      const result = await engine.run(request)
      const [edited, plain] = ['edited', 'plain'].map((kind) => readTensor(tensors.get(`${run.name}/${kind}`)!)) as [{ data: Float32Array; dims: readonly number[] }, { data: Float32Array }]
      const actual = readTensor(readSafetensorsHeader(String(request['trace'])).tensors.get('latents')!)
      expect(actual.dims).toEqual(edited.dims)
      const size = edited.data.length / reference.steps / 2
      const shares: number[] = []
      for (let step = 0; step < reference.steps; step++) {
        const part = (data: Float32Array, branch: number): Float32Array => data.subarray((step * 2 + branch) * size, (step * 2 + branch + 1) * size)
        const source = norm(minus(part(actual.data, 0), part(edited.data, 0))) / norm(part(edited.data, 0))
        expect(source, `source after step ${step + 1}`).toBeLessThanOrEqual(SOURCE_TOLERANCE)
        const effect = norm(minus(part(edited.data, 1), part(plain.data, 1)))
        const error = norm(minus(part(actual.data, 1), part(edited.data, 1)))
        // before a method's first step there is no effect to compare with
        if (effect === 0) expect(error / norm(part(edited.data, 1)), `target after step ${step + 1}`).toBeLessThanOrEqual(SOURCE_TOLERANCE)
        else shares.push(error / effect)
      }
      expect(Math.max(...shares)).toBeLessThanOrEqual(TOLERANCE)
      expect(shares.length).toBeGreaterThanOrEqual(reference.steps - 1)
      // source, target, target negative; the source's own negative only where its way is not known
      expect(result['rowForwardsEdit']).toBe(reference.steps * (run.image ? 3 : 4))
      if (process.env['SHOW_ERRORS']) console.log(run.name, shares.map((share) => share.toExponential(1)).join(' '))
    })
  }
})
