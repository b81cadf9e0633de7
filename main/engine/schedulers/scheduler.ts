/** The interface of every sampler, and what the samplers of one noise schedule have in common. */
import { badInput } from '../errors.ts'
import type { Latents } from '../tensor/tensor.ts'
import type { NoiseSchedule } from './noiseSchedule.ts'
import { addNoiseAt, noiseLevel } from './prediction.ts'
import { beginIndexForStrength, checkStrength } from './timestepSpacing.ts'

/** What one scheduler call gives. */
export interface StepResult {
  /** x_(t-1): the sample at the next, lower noise level */
  readonly prevSample: Latents
  /** the estimate of the clean latents x_0 that the step went by; for previews */
  readonly predOriginalSample: Latents
}

/** Choices of one run. */
export interface RunOptions {
  /** 0..1: how much of the run image-to-image does; 1 (the default) is all of it */
  readonly strength?: number
  /** DDIM only: 0 (the default) is deterministic, 1 adds as much noise as DDPM */
  readonly eta?: number
}

/** Draws standard normal noise of the sample's shape; called once per noisy step, in diffusers' order. */
export type DrawNoise = () => Latents

/**
 * A sampler. Make one per run with `createScheduler`, call `setTimesteps`, then per entry of `timesteps`:
 * run the network on `scaleModelInput(sample, stepIndex)` and pass its output to `step`.
 *
 * Step indices count the entries of `timesteps`, from 0, and must ascend by one: multistep samplers remember
 * past outputs (`setTimesteps` forgets them). A timestep may occur twice (PNDM), so entries count scheduler
 * calls, not steps asked for.
 */
export interface Scheduler {
  /** diffusers' class name */
  readonly className: string
  /** training timesteps to evaluate the network at, one per scheduler call; fractional for some of Euler's */
  readonly timesteps: readonly number[]
  /** the factor that turns unit noise into the first sample of a full run */
  readonly initNoiseSigma: number
  /** whether `step` may ask for noise */
  readonly isStochastic: boolean
  /** noise in units of the picture at the start of every step of the full run, then the final one; Euler and DPM */
  readonly sigmas?: Float32Array

  /**
   * Lays out a run of `numInferenceSteps` (1..N) steps.
   * @throws EngineError input/steps, input/strength, scheduler/config in a person's words.
   */
  setTimesteps(numInferenceSteps: number, options?: RunOptions): void

  /** What the network is to see in place of the sample: the same, or divided by sqrt(sigma^2 + 1) for Euler. */
  scaleModelInput(sample: Latents, stepIndex: number): Latents

  /**
   * x_t to x_(t-1).
   * @param modelOutput the network's (guided) output, of the sample's shape
   * @param noise required when `isStochastic`
   */
  step(modelOutput: Latents, stepIndex: number, sample: Latents, noise?: DrawNoise): StepResult

  /** Noises clean latents to the level at which step `stepIndex` begins. */
  addNoise(original: Latents, noise: Latents, stepIndex: number): Latents
}

/**
 * Common part of the samplers that live on the variance-preserving path x = a x_0 + s eps; Euler's, which
 * live in x = x_0 + sigma eps, override the input scaling and the noising.
 */
export abstract class BaseScheduler implements Scheduler {
  abstract readonly className: string
  abstract readonly isStochastic: boolean
  protected readonly schedule: NoiseSchedule
  protected numInferenceSteps = 0
  /** position of `timesteps[0]` in the full list of the run; above 0 for image-to-image */
  protected beginIndex = 0
  private visited: readonly number[] = []

  constructor(schedule: NoiseSchedule) {
    this.schedule = schedule
  }

  get timesteps(): readonly number[] {
    return this.visited
  }

  /** alpha-bar of every training timestep: the share of the picture's variance that is left */
  get alphasCumprod(): Float32Array {
    return this.schedule.alphasCumprod
  }

  get initNoiseSigma(): number {
    return 1
  }

  setTimesteps(numInferenceSteps: number, options: RunOptions = {}): void {
    this.checkStepCount(numInferenceSteps)
    const strength = options.strength ?? 1
    checkStrength(strength)
    const begin = this.strengthIsInLayout ? 0 : beginIndexForStrength(numInferenceSteps, strength)
    const all = this.layOut(numInferenceSteps, options)
    this.numInferenceSteps = numInferenceSteps
    this.beginIndex = begin
    this.visited = all.slice(this.beginIndex)
  }

  /**
   * All timesteps of a run at full strength, most noise first. Called by `setTimesteps`, so this is also
   * where a multistep sampler forgets the last run.
   */
  protected abstract layOut(numInferenceSteps: number, options: RunOptions): readonly number[]

  /** Whether `layOut` itself spread the steps over the part that the strength leaves (LCM). */
  protected get strengthIsInLayout(): boolean {
    return false
  }

  scaleModelInput(sample: Latents, _stepIndex: number): Latents {
    return sample
  }

  abstract step(modelOutput: Latents, stepIndex: number, sample: Latents, noise?: DrawNoise): StepResult

  addNoise(original: Latents, noise: Latents, stepIndex: number): Latents {
    return addNoiseAt(original, noise, noiseLevel(this.alphaCumprodAt(this.timestepAt(stepIndex))))
  }

  /** @throws EngineError scheduler/step when the run has no such step. */
  protected timestepAt(stepIndex: number): number {
    const timestep = this.visited[stepIndex]
    if (timestep !== undefined) return timestep
    throw new RangeError(`Step ${stepIndex} of ${this.visited.length}: setTimesteps lays out the steps of a run.`)
  }

  /** alpha-bar of a training timestep; of a negative one, what the caller says lies beyond the end. */
  protected alphaCumprodAt(timestep: number, beyondEnd = 1): number {
    if (timestep < 0) return beyondEnd
    const alpha = this.schedule.alphasCumprod[timestep]
    if (alpha !== undefined) return alpha
    throw badInput('input/steps', {
      thing: `${this.numInferenceSteps} steps of ${this.className}`,
      expected: `timesteps from 0 to ${this.schedule.alphasCumprod.length - 1}`,
      found: `timestep ${timestep}`,
      todo: 'ask for fewer steps',
    })
  }

  private checkStepCount(count: number): void {
    const most = this.schedule.alphasCumprod.length
    if (Number.isInteger(count) && count >= 1 && count <= most) return
    throw badInput('input/steps', { thing: 'The number of steps', expected: `an integer from 1 to ${most}`, found: String(count) })
  }
}

/** Calls the noise source, or says that one is needed. */
export function drawNoise(owner: string, noise: DrawNoise | undefined): Latents {
  if (noise) return noise()
  throw new TypeError(`${owner} adds noise at this step and was given no noise source.`)
}
