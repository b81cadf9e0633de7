/**
 * Scheduler goldens: whole runs of diffusers' classes with a toy network.
 * x_init = arange(16)/16 as (1,4,2,2) times init_noise_sigma; model(x, t) = x t/(t+1); every noise draw is
 * 0.5 - arange(16)/16; traj[i] is the sample after call i. Image-to-image cases start from add_noise of
 * arange(16)/16, which is their traj[0].
 */
import { createScheduler } from '../../main/engine/schedulers/registry.ts'
import type { Scheduler } from '../../main/engine/schedulers/scheduler.ts'
import type { Latents } from '../../main/engine/tensor/tensor.ts'
import type { GoldenCase, GoldenFile } from './check.ts'
import { Miss, expectClose, hasKeys } from './check.ts'

const TOLERANCE = 1e-5
const SHAPE = [1, 4, 2, 2]
/** What the goldens' image-to-image cases, which carry no configuration of their own, were made with. */
const STABLE_DIFFUSION = {
  num_train_timesteps: 1000,
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  clip_sample: false,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  prediction_type: 'epsilon',
  timestep_spacing: 'leading',
}

interface Run {
  readonly class: string
  readonly config?: Record<string, unknown>
  readonly num_inference_steps?: number
  readonly step_kwargs?: { readonly eta?: number }
  readonly init_noise_sigma?: number
  readonly t_start?: number
  readonly timesteps: number[]
  readonly sigmas?: number[] | null
  readonly final?: number[]
  readonly sum_abs?: number
  readonly traj: number[][]
}

function ramp(value: (sixteenth: number) => number): Latents {
  return { data: Float32Array.from({ length: 16 }, (_, i) => value(i / 16)), dims: SHAPE }
}

/** Whether a parsed file holds scheduler runs. */
export function isSchedulerFile(file: GoldenFile): boolean {
  return Object.values(file).some(isRun)
}

/** One case per run. */
export function schedulerCases(file: GoldenFile): GoldenCase[] {
  return Object.entries(file)
    .filter(([key]) => !key.startsWith('_'))
    .map(([name, value]) => ({
      name,
      run: () => {
        if (isRun(value)) return runOne(name, value as unknown as Run)
        throw new Miss('not a run of a scheduler: expected class, timesteps and traj')
      },
    }))
}

function isRun(value: unknown): boolean {
  return hasKeys(value, 'class', 'timesteps', 'traj')
}

function layOut(name: string, golden: Run): Scheduler {
  const scheduler = createScheduler(golden.class, golden.config ?? STABLE_DIFFUSION)
  const eta = golden.step_kwargs?.eta ?? 0
  if (golden.t_start === undefined) {
    scheduler.setTimesteps(golden.num_inference_steps ?? golden.timesteps.length, { eta })
    return scheduler
  }
  const strength = Number(/_s(0?\.\d+|1(?:\.0)?)/.exec(name)?.[1] ?? golden.timesteps.length / (golden.timesteps.length + golden.t_start))
  // PNDM's list is one call longer than the steps asked for, except when its doubled start is skipped
  const steps = golden.num_inference_steps ?? golden.t_start + golden.timesteps.length - (golden.class.startsWith('PNDM') ? 1 : 0)
  scheduler.setTimesteps(steps, { strength, eta })
  return scheduler
}

function runOne(name: string, golden: Run): string {
  const scheduler = layOut(name, golden)
  expectClose('timesteps', scheduler.timesteps, golden.timesteps, 1e-6)
  if (golden.sigmas) expectClose('sigmas', scheduler.sigmas ?? [], golden.sigmas, TOLERANCE)
  if (golden.init_noise_sigma !== undefined) expectClose('init_noise_sigma', scheduler.initNoiseSigma, golden.init_noise_sigma, TOLERANCE)

  const noise = (): Latents => ramp((x) => 0.5 - x)
  const startsNoised = golden.t_start !== undefined
  let sample = startsNoised ? scheduler.addNoise(ramp((x) => x), noise(), 0) : ramp((x) => x * scheduler.initNoiseSigma)
  const rows: Latents[] = startsNoised ? [sample] : []
  scheduler.timesteps.forEach((timestep, stepIndex) => {
    const input = scheduler.scaleModelInput(sample, stepIndex)
    const output: Latents = { data: input.data.map((x) => (x * timestep) / (timestep + 1)), dims: SHAPE }
    sample = scheduler.step(output, stepIndex, sample, noise).prevSample
    rows.push(sample)
  })
  expectClose('number of rows', rows.length, golden.traj.length, 0)
  const worst = Math.max(...rows.map((row, i) => expectClose(`row ${i}`, row.data, golden.traj[i], TOLERANCE)))
  if (golden.final) expectClose('final', sample.data, golden.final, TOLERANCE)
  if (golden.sum_abs !== undefined) {
    expectClose('sum_abs', sample.data.reduce((sum, x) => sum + Math.abs(x), 0), golden.sum_abs, TOLERANCE)
  }
  return `${rows.length} rows within ${worst.toExponential(1)}`
}
