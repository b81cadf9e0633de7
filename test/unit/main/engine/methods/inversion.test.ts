/** Properties of the inversions on an analytic net; their numbers are compared in test/parity/golden. */
import { describe, expect, test } from 'vitest'
import { directOffsets, sourceSample } from '../../../../../main/engine/methods/inversion/directInversion.ts'
import { invertDdim, sampleDdim } from '../../../../../main/engine/methods/inversion/ddimInversion.ts'
import { invertEdict, sampleEdict } from '../../../../../main/engine/methods/inversion/edict.ts'
import { negativeEmbeds } from '../../../../../main/engine/methods/inversion/negativePromptInversion.ts'
import { replayedReconstruction } from '../../../../../main/engine/methods/inversion/replay.ts'
import { invertRenoise } from '../../../../../main/engine/methods/inversion/renoise.ts'
import type { EpsilonModel } from '../../../../../main/engine/methods/shared/ddimPath.ts'
import { createDdimPath, stepDown, stepUp } from '../../../../../main/engine/methods/shared/ddimPath.ts'
import { createScheduler } from '../../../../../main/engine/schedulers/registry.ts'
import { combine } from '../../../../../main/engine/tensor/elementwise.ts'
import { TorchGenerator } from '../../../../../main/engine/tensor/random.ts'
import type { Latents, PromptEmbeds } from '../../../../../main/engine/tensor/tensor.ts'

const SD = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear', clip_sample: false, set_alpha_to_one: false, steps_offset: 1 }
const path = createDdimPath(SD, 20)
const clean = new TorchGenerator(1).randn([1, 4, 4, 4]) as Latents
const prompt = (value: number): PromptEmbeds => ({ data: new Float32Array(6).fill(value), dims: [1, 2, 3] })

const model: EpsilonModel = async (sample, timestep, embeds) => ({
  data: sample.data.map((x) => Math.tanh(0.7 * x + embeds.data[0]) * (0.4 + (0.6 * timestep) / 1000)),
  dims: sample.dims,
})
const guided = (negative: PromptEmbeds, scale: number): EpsilonModel => async (sample, timestep, embeds) =>
  combine([1 - scale, await model(sample, timestep, negative)], [scale, await model(sample, timestep, embeds)])

const worst = (a: Latents, b: Latents): number => a.data.reduce((max, value, i) => Math.max(max, Math.abs(value - b.data[i])), 0)

describe('the DDIM path', () => {
  test('is the DDIM sampler’s', async () => {
    const scheduler = createScheduler('ddim', SD)
    scheduler.setTimesteps(20)
    let sample = clean
    for (const [i, timestep] of scheduler.timesteps.entries()) sample = scheduler.step(await model(sample, timestep, prompt(0.1)), i, sample).prevSample
    expect(worst(await sampleDdim(path, model, clean, prompt(0.1)), sample)).toBeLessThan(2e-5)
  })

  test('is the inverse DDIM sampler’s, the other way', async () => {
    const scheduler = createScheduler('DDIMInverseScheduler', SD)
    scheduler.setTimesteps(20)
    let sample = clean
    for (const [i, timestep] of scheduler.timesteps.entries()) sample = scheduler.step(await model(sample, timestep, prompt(0.1)), i, sample).prevSample
    expect(worst((await invertDdim(path, model, clean, prompt(0.1))).at(-1)!, sample)).toBeLessThan(2e-6)
  })

  test('a step down undoes a step up along the same noise', () => {
    const epsilon = new TorchGenerator(2).randn([1, 4, 4, 4]) as Latents
    for (const timestep of path.timesteps) {
      expect(worst(stepDown(path, stepUp(path, clean, epsilon, timestep), epsilon, timestep), clean)).toBeLessThan(1e-5)
    }
  })
})

describe('the way back, told from the predictions of the inversion', () => {
  const error = (value: Latents): number => value.data.reduce((sum, x, i) => sum + (x - clean.data[i]) ** 2, 0) / value.data.length

  test.each([20, 50])('with %i steps it misses the picture about as much as sampling does', async (steps) => {
    const own = createDdimPath(SD, steps)
    const trajectory = await invertDdim(own, model, clean, prompt(0.2))
    const [told, sampled] = [error(replayedReconstruction(own, trajectory)), error(await sampleDdim(own, model, trajectory.at(-1)!, prompt(0.2)))]
    expect(Math.abs(10 * Math.log10(told / sampled))).toBeLessThan(4) // dB; the decision it serves is about whole dB
  })

  test('a net that says the same everywhere is undone exactly', async () => {
    const epsilon = new TorchGenerator(3).randn([1, 4, 4, 4]) as Latents
    const trajectory = await invertDdim(path, async () => epsilon, clean, prompt(0))
    expect(worst(replayedReconstruction(path, trajectory), clean)).toBeLessThan(1e-3)
  })

  test('a first step between two levels of the same noise is no step', async () => {
    const own = createDdimPath({ ...SD, steps_offset: 0 }, 10)
    const trajectory = await invertDdim(own, model, clean, prompt(0.2))
    expect(replayedReconstruction(own, trajectory).data.every(Number.isFinite)).toBe(true)
  })
})

describe('inversions', () => {
  const source = prompt(0.2)

  test('DDIM comes back close, ReNoise closer', async () => {
    const plain = await sampleDdim(path, model, (await invertDdim(path, model, clean, source)).at(-1)!, source)
    const renoised = await invertRenoise(path, model, clean, source, { renoisingSteps: 4, average: [1, 5] })
    const better = await sampleDdim(path, model, renoised.at(-1)!, source)
    expect(worst(plain, clean)).toBeLessThan(0.5)
    expect(worst(better, clean)).toBeLessThan(0.1 * worst(plain, clean))
  })

  test('negative-prompt inversion takes guidance away from the source branch', async () => {
    const noise = (await invertDdim(path, model, clean, source)).at(-1)!
    const unguided = await sampleDdim(path, model, noise, source)
    const npi = await sampleDdim(path, guided(negativeEmbeds(source, prompt(0)), 7.5), noise, source)
    expect(worst(npi, unguided)).toBeLessThan(1e-4)
    expect(worst(await sampleDdim(path, guided(prompt(0), 7.5), noise, source), unguided)).toBeGreaterThan(0.05)
  })

  test('direct inversion’s offsets put the source branch on the inverted path', async () => {
    const trajectory = await invertDdim(path, model, clean, source)
    const offsets = await directOffsets(path, guided(prompt(0), 7.5), trajectory, source)
    let sample = trajectory.at(-1)!
    for (const [i, timestep] of path.timesteps.entries()) {
      sample = combine([1, stepDown(path, sample, await guided(prompt(0), 7.5)(sample, timestep, source), timestep)], [1, offsets[i]])
      expect(worst(sample, sourceSample(trajectory, i))).toBeLessThan(1e-5)
    }
    expect(worst(sample, clean)).toBeLessThan(1e-5)
  })

  test('EDICT is exact, guided and at any strength', async () => {
    const start = Float64Array.from(clean.data)
    const coupled = async (sample: Float64Array, timestep: number): Promise<Float64Array> =>
      sample.map((x) => 3 * Math.tanh(0.7 * x + 0.3) * (0.4 + (0.6 * timestep) / 1000) - 2 * Math.tanh(0.7 * x) * 0.5)
    for (const timesteps of [path.timesteps, path.timesteps.slice(4), path.timesteps.slice(7)]) {
      const noise = await invertEdict(path, coupled, { x: start, y: start }, timesteps)
      const back = await sampleEdict(path, coupled, noise, timesteps)
      for (const values of [back.x, back.y]) values.forEach((value, i) => expect(Math.abs(value - start[i])).toBeLessThan(1e-11))
      expect(Math.abs(noise.x[0] - start[0])).toBeGreaterThan(0.01)
    }
  })
})

describe('negativeEmbeds', () => {
  const [a, b] = [new TorchGenerator(5).randn([1, 3, 8]) as PromptEmbeds, new TorchGenerator(6).randn([1, 3, 8]) as PromptEmbeds]
  const close = (actual: PromptEmbeds, expected: PromptEmbeds): void => actual.data.forEach((value, i) => expect(value).toBeCloseTo(expected.data[i], 5))

  test('goes from the source prompt to the empty one', () => {
    expect(negativeEmbeds(a, b)).toBe(a)
    close(negativeEmbeds(a, b, 1), b)
    close(negativeEmbeds(a, a, 0.4), a)
  })

  test('keeps to the arc: halfway, both ends are equally far', () => {
    const middle = negativeEmbeds(a, b, 0.5)
    const cosine = (x: PromptEmbeds, y: PromptEmbeds): number => {
      const dot = (p: Float32Array, q: Float32Array): number => p.reduce((sum, value, i) => sum + value * q[i], 0)
      return dot(x.data, y.data) / Math.sqrt(dot(x.data, x.data) * dot(y.data, y.data))
    }
    // equal only when both have one length; here they differ by chance, so the halves are compared by the formula
    const angle = Math.acos(cosine(a, b))
    const weight = Math.sin(angle / 2) / Math.sin(angle)
    middle.data.forEach((value, i) => expect(value).toBeCloseTo(weight * (a.data[i] + b.data[i]), 5))
  })
})
