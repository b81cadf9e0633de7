/** Anchors and refusals; whole runs are compared with diffusers in test/parity/schedulers. */
import { describe, expect, test } from 'vitest'
import { createNoiseSchedule, sigmaTable } from '../../../../../main/engine/schedulers/noiseSchedule.ts'
import { createOwnScheduler, createScheduler, schedulerEntries, schedulerNames } from '../../../../../main/engine/schedulers/registry.ts'
import { commonDefaults } from '../../../../../main/engine/schedulers/schedulerConfig.ts'
import { roundHalfToEven, spacedTimesteps } from '../../../../../main/engine/schedulers/timestepSpacing.ts'
import { TorchGenerator } from '../../../../../main/engine/tensor/random.ts'
import type { Latents } from '../../../../../main/engine/tensor/tensor.ts'

const SD = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear', clip_sample: false, set_alpha_to_one: false, steps_offset: 1 }
const sd = { ...commonDefaults, betaStart: 0.00085, betaEnd: 0.012, betaSchedule: 'scaled_linear' }

function timestepsOf(name: string, file: Record<string, unknown>, steps: number, strength?: number): number[] {
  const scheduler = createScheduler(name, file)
  scheduler.setTimesteps(steps, strength === undefined ? {} : { strength })
  return [...scheduler.timesteps]
}

describe('noise schedule', () => {
  test('Stable Diffusion’s anchors', () => {
    const schedule = createNoiseSchedule(sd, { owner: 'test', rescaleBetasZeroSnr: false })
    const anchors: [number, number][] = [
      [0, 0.999149978], [1, 0.998296022], [19, 0.982243955], [100, 0.894223154], [259, 0.658975244], [500, 0.276332468],
      [519, 0.251577526], [699, 0.083128266], [779, 0.044200413], [981, 0.005775496], [999, 0.004660095],
    ]
    for (const [t, alpha] of anchors) expect(Math.abs(schedule.alphasCumprod[t] / alpha - 1)).toBeLessThan(1e-6)
    const sigmas = sigmaTable(schedule)
    expect(sigmas[0]).toBeCloseTo(0.029168, 6)
    expect(sigmas[999]).toBeCloseTo(14.614647, 5)
  })

  test('the cosine schedule’s anchors', () => {
    const { alphasCumprod, betas } = createNoiseSchedule({ ...sd, betaSchedule: 'squaredcos_cap_v2' }, { owner: 'test', rescaleBetasZeroSnr: false })
    expect(alphasCumprod[0]).toBeCloseTo(0.999958694, 7)
    expect(alphasCumprod[500]).toBeCloseTo(0.492285043, 7)
    expect(alphasCumprod[999] / 2.42873e-9).toBeCloseTo(1, 4)
    expect(betas[999]).toBeCloseTo(0.999, 6)
  })

  test('zero terminal SNR ends at 0 and keeps the first entry', () => {
    const { alphasCumprod } = createNoiseSchedule(sd, { owner: 'test', rescaleBetasZeroSnr: true })
    expect(alphasCumprod[999]).toBe(0)
    expect(alphasCumprod[998] / 1.96796e-7).toBeCloseTo(1, 3)
    expect(alphasCumprod[500]).toBeCloseTo(0.241018638, 6)
    const finite = createNoiseSchedule(sd, { owner: 'test', rescaleBetasZeroSnr: true, finiteTerminalSigma: true })
    expect(finite.alphasCumprod[999]).toBe(2 ** -24)
  })

  test('given betas replace the formula', () => {
    const { betas } = createNoiseSchedule({ ...sd, trainedBetas: [0.1, 0.2] }, { owner: 'test', rescaleBetasZeroSnr: false })
    expect([...betas]).toEqual([Math.fround(0.1), Math.fround(0.2)])
  })
})

describe('timestep spacing', () => {
  test('halves round to even', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4, 2.6].map(roundHalfToEven).map((value) => value + 0)).toEqual([0, 2, 2, 0, -2, 2, 3])
  })

  test('anchors', () => {
    const spaced = (spacing: 'leading' | 'trailing' | 'linspace', numInferenceSteps: number, stepsOffset = 1): number[] =>
      spacedTimesteps(spacing, { numInferenceSteps, numTrainTimesteps: 1000, stepsOffset })
    expect(spaced('leading', 10)).toEqual([901, 801, 701, 601, 501, 401, 301, 201, 101, 1])
    expect(spaced('leading', 30).slice(0, 2)).toEqual([958, 925])
    expect(spaced('trailing', 4)).toEqual([999, 749, 499, 249])
    expect(spaced('trailing', 30).slice(0, 4)).toEqual([999, 966, 932, 899])
    expect(spaced('linspace', 10)).toEqual([999, 888, 777, 666, 555, 444, 333, 222, 111, 0])
  })

  test('per sampler', () => {
    expect(timestepsOf('dpmpp2m', { ...SD, timestep_spacing: 'leading' }, 10)).toEqual([901, 811, 721, 631, 541, 451, 361, 271, 181, 91])
    expect(timestepsOf('dpmpp2m-karras', SD, 20)).toEqual([
      999, 962, 921, 876, 827, 772, 710, 640, 561, 474, 380, 285, 197, 123, 69, 35, 15, 6, 2, 0,
    ])
    expect(timestepsOf('pndm', { ...SD, skip_prk_steps: true }, 10)).toEqual([901, 801, 801, 701, 601, 501, 401, 301, 201, 101, 1])
    expect(timestepsOf('lcm', SD, 8)).toEqual([999, 879, 759, 639, 499, 379, 259, 139])
    expect(timestepsOf('lcm', SD, 2)).toEqual([999, 499])
    expect(timestepsOf('lcm', SD, 4, 0.5)).toEqual([499, 379, 259, 139])
    expect(timestepsOf('DDIMInverseScheduler', SD, 4)).toEqual([1, 251, 501, 751])
  })

  test('image-to-image runs int(n s) of the steps', () => {
    expect(timestepsOf('ddim', SD, 10, 0.8)).toEqual([701, 601, 501, 401, 301, 201, 101, 1])
    expect(timestepsOf('ddim', SD, 2, 0.5)).toEqual([1])
    expect(timestepsOf('ddim', SD, 100, 0.29)).toHaveLength(28)
    expect(timestepsOf('ddim', SD, 51, 0.4)).toHaveLength(20)
  })
})

describe('Euler’s noise levels', () => {
  test('initNoiseSigma', () => {
    const at = (spacing: string): number => {
      const scheduler = createScheduler('euler', { ...SD, timestep_spacing: spacing })
      scheduler.setTimesteps(10)
      return scheduler.initNoiseSigma
    }
    expect(at('leading')).toBeCloseTo(8.4500666, 5)
    expect(at('trailing')).toBeCloseTo(14.614647, 5)
  })
})

describe('configuration', () => {
  test('keys of the file are kept, absent ones take the class’s default, unknown ones are ignored', () => {
    const file = { ...SD, timestep_spacing: 'trailing', something_else: 3 }
    expect(timestepsOf('euler', file, 4)).toEqual([999, 749, 499, 249])
    expect(timestepsOf('euler', SD, 4)).toEqual([999, 666, 333, 0])
  })

  test('null stands for absent', () => {
    expect(timestepsOf('ddim', { ...SD, trained_betas: null, prediction_type: null }, 2)).toEqual([501, 1])
  })

  test.each([
    ['ddim', { beta_schedule: 'spline' }, /"beta_schedule".*linear, scaled_linear, squaredcos_cap_v2.*"spline"/],
    ['ddim', { beta_start: 'low' }, /"beta_start".*like 0.0001.*"low"/],
    ['ddim', { num_train_timesteps: 0 }, /num_train_timesteps/],
    ['ddim', { prediction_type: 'flow_prediction' }, /epsilon, v_prediction, sample/],
    ['ddim', { timestep_spacing: 'random' }, /leading, trailing, linspace/],
    ['pndm', { prediction_type: 'sample' }, /epsilon, v_prediction/],
    ['euler', { use_beta_sigmas: true }, /use_beta_sigmas/],
    ['dpmpp2m', { solver_order: 4 }, /solver_order/],
    ['dpmpp2m', { algorithm_type: 'dpmsolver' }, /sigma_min/],
    ['ddpm', { variance_type: 'learned_range' }, /fixed_small/],
  ])('%s refuses %j', (name, file, message) => {
    expect(() => createScheduler(name, { ...SD, ...file })).toThrow(message)
  })

  test.each([
    ['ddim', 0, {}, /from 1 to 1000.*found 0/],
    ['ddim', 2000, {}, /from 1 to 1000.*found 2000/],
    ['ddim', 2.5, {}, /an integer/],
    ['ddim', 10, { strength: 0.05 }, /at least one of 10 steps/],
    ['ddim', 10, { strength: 1.5 }, /from 0 to 1/],
    ['lcm', 60, {}, /at most 50/],
    ['lcm', 10, { strength: 0.1 }, /at most 5/],
    ['pndm', 3, {}, /at least 4/],
  ])('%s refuses %d steps %j', (name, steps, options, message) => {
    expect(() => createScheduler(name, { ...SD, skip_prk_steps: false }).setTimesteps(steps, options)).toThrow(message)
  })

  test('a run that needs a timestep beyond the table says so', () => {
    const scheduler = createScheduler('ddim', SD)
    scheduler.setTimesteps(1000)
    const sample = { data: new Float32Array(4), dims: [1, 1, 2, 2] } as Latents
    expect(() => scheduler.step(sample, 0, sample)).toThrow(/timestep 1000/)
  })
})

describe('registry', () => {
  test('the command line’s names', () => {
    expect(schedulerNames).toEqual(['ddim', 'euler', 'euler-a', 'dpmpp2m', 'dpmpp2m-karras', 'dpmpp2m-sde', 'pndm', 'ddpm', 'lcm'])
  })

  test('an unknown name lists what there is, nearest first', () => {
    expect(() => createScheduler('dpm++2m', SD)).toThrow(/one of dpmpp2m,/)
    expect(() => createScheduler('eular', SD)).toThrow(/one of euler,/)
    expect(() => createScheduler('constructor', SD)).toThrow(/found "constructor"/)
  })

  test('a checkpoint’s own sampler is the class its file names', () => {
    expect(createOwnScheduler({ ...SD, _class_name: 'PNDMScheduler' }).className).toBe('PNDMScheduler')
    expect(() => createOwnScheduler({ ...SD, _class_name: 'UniPCMultistepScheduler' })).toThrow(/UniPCMultistepScheduler.*--scheduler/)
    expect(() => createOwnScheduler(SD)).toThrow(/_class_name/)
  })
})

describe('what every sampler keeps to', () => {
  const clean = new TorchGenerator(1).randn([1, 4, 4, 4]) as Latents

  for (const { name } of schedulerEntries) {
    test(`${name}: a network that knows the picture ends at the picture`, () => {
      const file = { ...SD, set_alpha_to_one: true, prediction_type: 'epsilon', skip_prk_steps: true }
      const scheduler = createScheduler(name, file)
      scheduler.setTimesteps(name === 'lcm' ? 4 : 25)
      const generator = new TorchGenerator(2)
      const noise = (): Latents => generator.randn(clean.dims) as Latents
      const start = scheduler.addNoise(clean, noise(), 0)
      let sample = start
      scheduler.timesteps.forEach((timestep, stepIndex) => {
        const input = scheduler.scaleModelInput(sample, stepIndex)
        const alpha = createNoiseSchedule(sd, { owner: 'test', rescaleBetasZeroSnr: false }).alphasCumprod
        const below = Math.floor(timestep)
        const ratio = (t: number): number => (1 - alpha[t]) / alpha[t]
        const sigma = Math.sqrt(ratio(below)) + (timestep - below) * (Math.sqrt(ratio(Math.min(below + 1, 999))) - Math.sqrt(ratio(below)))
        const share = 1 / (sigma ** 2 + 1)
        // the noise that, taken away at this level, leaves exactly the clean picture
        const output = { data: input.data.map((value, i) => (value - Math.sqrt(share) * clean.data[i]) / Math.sqrt(1 - share)), dims: clean.dims } as Latents
        sample = scheduler.step(output, stepIndex, sample, noise).prevSample
      })
      const error = Math.max(...sample.data.map((value, i) => Math.abs(value - clean.data[i])))
      const before = Math.max(...start.data.map((value, i) => Math.abs(value - clean.data[i])))
      expect(before).toBeGreaterThan(0.5)
      // PNDM's last transfer and karras' rounded timesteps leave a little of the last noise level
      expect(error).toBeLessThan(name === 'pndm' || name === 'dpmpp2m-karras' ? 0.12 : 1e-3)
    })

    test(`${name}: setTimesteps starts afresh`, () => {
      const scheduler = createScheduler(name, { ...SD, skip_prk_steps: true })
      const run = (): number[] => {
        scheduler.setTimesteps(5)
        const generator = new TorchGenerator(3)
        let sample = clean
        scheduler.timesteps.forEach((_, stepIndex) => {
          sample = scheduler.step(scheduler.scaleModelInput(sample, stepIndex), stepIndex, sample, () => generator.randn(clean.dims) as Latents).prevSample
        })
        return [...sample.data]
      }
      expect(run()).toEqual(run())
    })

    test(`${name}: asks for noise exactly when it says so`, () => {
      const scheduler = createScheduler(name, { ...SD, skip_prk_steps: true })
      scheduler.setTimesteps(4)
      const run = (): void => {
        let sample = clean
        scheduler.timesteps.forEach((_, stepIndex) => (sample = scheduler.step(sample, stepIndex, sample).prevSample))
      }
      if (scheduler.isStochastic) expect(run).toThrow(/noise source/)
      else run()
    })
  }
})
