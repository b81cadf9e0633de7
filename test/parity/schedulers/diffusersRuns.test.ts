/**
 * Whole runs of every sampler against diffusers' `X.from_config`. The relative tolerance of 1e-5 of the row's
 * largest value is what float32 leaves over a run; most cases agree to 1e-6.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createNoiseSchedule } from '../../../main/engine/schedulers/noiseSchedule.ts'
import { createScheduler } from '../../../main/engine/schedulers/registry.ts'
import { commonDefaults } from '../../../main/engine/schedulers/schedulerConfig.ts'
import type { Latents } from '../../../main/engine/tensor/tensor.ts'

interface Run {
  name: string
  scheduler: string
  file: Record<string, unknown>
  steps: number
  strength: number
  eta: number
  initNoiseSigma: number
  timesteps: number[]
  draws: number
  start: string
  trajectory: string
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../fixtures/schedulers/${name}`, import.meta.url), 'utf8')) as T
}

function unpack(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64')
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

const { cases, shape } = read<{ cases: Run[]; shape: number[] }>('diffusers_runs.json')
const count = shape.reduce((product, dim) => product * dim, 1)

function fill(value: (index: number) => number): Latents {
  return { data: Float32Array.from({ length: count }, (_, i) => value(i)), dims: shape }
}
const toyNoise = (draw: number): Latents => fill((i) => Math.SQRT2 * Math.sin(1.7 * i + 2.3 * draw + 0.5))
const toyModel = (sample: Latents, timestep: number): Latents =>
  fill((i) => Math.tanh(0.7 * sample.data[i] + 0.3 * Math.sin(i)) * (0.4 + (0.6 * timestep) / 1000))

function largestError(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length)
  const scale = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-6)
  return actual.reduce((max, value, i) => Math.max(max, Number.isFinite(value) ? Math.abs(value - expected[i]) / scale : Infinity), 0)
}

/**
 * Euler with zero terminal SNR starts at sigma = 4096 and comes down to 7 in one step: float32 leaves 4096 x 6e-8
 * there, and torch's square root (MKL's, off by up to 0.75 ulp) decides which way; nobody has the fifth digit.
 */
function toleranceOf(golden: Run): number {
  return golden.scheduler.startsWith('euler') && golden.file['rescale_betas_zero_snr'] === true ? 1e-4 : 1e-5
}

describe('runs of diffusers', () => {
  for (const golden of cases) {
    test(golden.name, () => {
      const scheduler = createScheduler(golden.scheduler, golden.file)
      scheduler.setTimesteps(golden.steps, { strength: golden.strength, eta: golden.eta })
      expect([...scheduler.timesteps]).toHaveLength(golden.timesteps.length)
      scheduler.timesteps.forEach((timestep, i) => expect(timestep).toBeCloseTo(golden.timesteps[i], 3))
      expect(Math.abs(scheduler.initNoiseSigma / golden.initNoiseSigma - 1)).toBeLessThan(1e-6)

      let draws = 0
      const clean = fill((i) => 0.8 * Math.cos(0.9 * i))
      let sample: Latents =
        golden.strength < 1
          ? scheduler.addNoise(clean, toyNoise(0), 0)
          : { data: toyNoise(0).data.map((value) => value * scheduler.initNoiseSigma), dims: shape }
      expect(largestError(sample.data, unpack(golden.start))).toBeLessThan(1e-6)

      const expected = unpack(golden.trajectory)
      let worst = 0
      scheduler.timesteps.forEach((timestep, stepIndex) => {
        const output = toyModel(scheduler.scaleModelInput(sample, stepIndex), timestep)
        sample = scheduler.step(output, stepIndex, sample, () => toyNoise(++draws)).prevSample
        worst = Math.max(worst, largestError(sample.data, expected.subarray(stepIndex * count, (stepIndex + 1) * count)))
      })
      expect(worst).toBeLessThan(toleranceOf(golden))
      expect(draws).toBe(golden.draws)
    })
  }
})

interface Table { schedule: string; zeroTerminalSnr: boolean; at: number[]; betas: string; alphasCumprod: string; sum: number }

describe('noise schedules of diffusers', () => {
  for (const table of read<{ tables: Table[] }>('noise_schedules.json').tables) {
    test(`${table.schedule}${table.zeroTerminalSnr ? ', zero terminal SNR' : ''}`, () => {
      const config = { ...commonDefaults, betaStart: 0.00085, betaEnd: 0.012, betaSchedule: table.schedule }
      const { betas, alphasCumprod } = createNoiseSchedule(config, {
        owner: 'test',
        rescaleBetasZeroSnr: table.zeroTerminalSnr,
        ddpmSchedules: true,
      })
      // torch's vector sigmoid and square root are approximate; everything else is equal in every bit
      const tolerance = table.schedule === 'sigmoid' ? 5e-6 : table.zeroTerminalSnr ? 1e-6 : 0
      for (const [actual, text] of [[betas, table.betas], [alphasCumprod, table.alphasCumprod]] as const) {
        const picked = Float32Array.from(table.at, (t) => actual[t])
        expect(largestError(picked, unpack(text))).toBeLessThanOrEqual(tolerance)
      }
      expect(Math.abs(alphasCumprod.reduce((sum, value) => sum + value, 0) / table.sum - 1)).toBeLessThan(1e-6)
    })
  }
})
