/**
 * Whole sampling runs against diffusers (scripts/fixtures/make_pipelines.py): same weights, same noise, latents compared
 * after every scheduler call.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../main/engine/index.ts'
import { readSafetensorsHeader, readTensor } from '../../main/engine/weights/safetensors.ts'
import { writeSafetensors } from '../../main/engine/weights/safetensorsWriter.ts'

/** float32 sums in another order, over 7 guided steps of a random net */
const TOLERANCE = 1e-3

interface Run {
  readonly name: string
  readonly task: 'txt2img' | 'img2img' | 'inpaint'
  readonly model?: string
  readonly prompt: string
  readonly negative: string
  readonly steps: number
  readonly guidance: number
  readonly scheduler: string
  readonly latents?: string
  readonly seed: number
  readonly strength?: number
  readonly width: number
  readonly height: number
}

const fixtures = path.join(import.meta.dirname, '..', 'fixtures', 'pipelines')
const runs = JSON.parse(readFileSync(path.join(fixtures, 'runs.json'), 'utf8')) as Run[]
const { tensors } = readSafetensorsHeader(path.join(fixtures, 'runs.safetensors'))
const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-parity-'))
const engine = createEngine({ bundledModels: fixtures, dataDir: path.join(folder, 'data'), cacheDir: path.join(folder, 'cache') })

afterAll(async () => {
  await engine.dispose()
  rmSync(folder, { recursive: true, force: true })
})

describe('sampling equals diffusers', () => {
  it('has every kind of run among the references', () => {
    expect(new Set(runs.map((run) => run.task))).toEqual(new Set(['txt2img', 'img2img', 'inpaint']))
    expect(runs.length).toBeGreaterThanOrEqual(14)
  })

  for (const run of runs) {
    it(run.name, async () => {
      const out = path.join(folder, `${run.name}.png`)
      const trace = path.join(folder, `${run.name}.safetensors`)
      const latents = path.join(folder, `${run.name}-noise.safetensors`)
      if (run.latents) await writeSafetensors(latents, { latents: readTensor(tensors.get(run.latents)!) })
      const { task, prompt, negative, steps, guidance, scheduler, seed, strength } = run
      const picture = { image: path.join(fixtures, 'picture.png'), mask: path.join(fixtures, 'mask.png') }
      await engine.run({
        task, prompt, negative, steps, guidance, scheduler, seed, out, trace,
        model: run.model ?? 'tiny',
        device: 'cpu',
        ...(run.latents ? { latents } : {}),
        ...(task === 'txt2img' ? { size: { width: run.width, height: run.height } } : { strength, ...picture }),
        // the model sees exactly the drawn mask, as diffusers does
        ...(task === 'inpaint' ? { grow: 0, feather: 0, ring: 4 } : {}),
      })
      const expected = readTensor(tensors.get(`${run.name}/trace`)!)
      const actual = readTensor(readSafetensorsHeader(trace).tensors.get('latents')!)
      expect(actual.dims).toEqual(expected.dims)
      const size = expected.data.length / expected.dims[0]!
      for (let step = 0; step < expected.dims[0]!; step++) {
        const [a, b] = [actual, expected].map(({ data }) => data.subarray(step * size, (step + 1) * size))
        let [difference, largest] = [0, 0]
        for (let i = 0; i < size; i++) {
          difference = Math.max(difference, Math.abs(a![i]! - b![i]!))
          largest = Math.max(largest, Math.abs(b![i]!))
        }
        expect(difference / largest, `scheduler call ${step + 1}`).toBeLessThanOrEqual(TOLERANCE)
      }
    })
  }
})
